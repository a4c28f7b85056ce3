# SPDX-License-Identifier: Apache-2.0
"""The real servers of the story, on free ports of 127.0.0.1."""
import os
import signal
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# What each server's command is started by: nothing, or env with variables.
PREFIX = []


class Server:
    """A child process that listens on a port, ended by its own id."""

    def __init__(self, label, command, port, log):
        self.label, self.port, self.log = label, port, log
        self.process = subprocess.Popen(
            PREFIX + command, stdin=subprocess.DEVNULL, stdout=open(log, "ab"),
            stderr=subprocess.STDOUT, start_new_session=True)
        self._wait_until_it_listens(15)

    def _wait_until_it_listens(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with socket.socket() as s:
                s.settimeout(0.2)
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.03)
        self.stop()
        raise RuntimeError("%s does not listen on port %d: see %s" %
                           (self.label, self.port, self.log))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)


MOSQUITTO = """\
user {user}
allow_anonymous false
persistence false
log_type all
listener {port} 127.0.0.1
cafile {client_ca}
certfile {server}.pem
keyfile {server}.key
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
acl_file {acl}
{crl}
"""

# Each device has its own topics and no others; the operator has them all.
ACL = """\
user operator
topic readwrite pawl/#

pattern readwrite pawl/%u/#
"""


def mosquitto(folder, port, server, client_ca, crl=None):
    """A broker that demands a certificate of client_ca."""
    acl = os.path.join(folder, "mosquitto.acl")
    conf = os.path.join(folder, "mosquitto.conf")
    with open(acl, "w") as f:
        f.write(ACL)
    os.chmod(acl, 0o600)
    with open(conf, "w") as f:
        f.write(MOSQUITTO.format(
            user="root" if os.geteuid() == 0 else "mosquitto", port=port,
            client_ca=client_ca, server=server, acl=acl,
            crl="crlfile " + crl if crl else ""))
    return Server("mosquitto", [which("mosquitto"), "-c", conf], port,
                  os.path.join(folder, "mosquitto.log"))


NGINX = """\
daemon off;
pid {folder}/nginx-{tag}.pid;
error_log {folder}/nginx-{tag}.error.log info;
worker_processes 1;
{user}
events {{ worker_connections 64; }}
http {{
  log_format pawl '$request_uri $status $http_range $body_bytes_sent '
                  '$ssl_client_s_dn';
  access_log {folder}/nginx-{tag}.access.log pawl;
  client_body_temp_path {folder}/tmp;
  proxy_temp_path {folder}/tmp;
  fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp;
  scgi_temp_path {folder}/tmp;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {server}.pem;
    ssl_certificate_key {server}.key;
    ssl_protocols TLSv1.3;
    {client}
    root {root};
    limit_rate {rate};
  }}
}}
"""


def nginx(folder, tag, port, server, client_ca, root, rate="0"):
    """An HTTPS server; without client_ca it asks for no certificate."""
    conf = os.path.join(folder, "nginx-%s.conf" % tag)
    os.makedirs(os.path.join(folder, "tmp"), exist_ok=True)
    client = ""
    if client_ca:
        client = ("ssl_verify_client on; ssl_client_certificate \"%s\";" %
                  client_ca)
    with open(conf, "w") as f:
        f.write(NGINX.format(
            folder=folder, tag=tag, port=port, server=server, root=root,
            client=client, rate=rate,
            user="user root;" if os.geteuid() == 0 else ""))
    return Server("nginx", [which("nginx"), "-e",
                            os.path.join(folder, "nginx-start.log"),
                            "-c", conf], port,
                  os.path.join(folder, "nginx-%s.log" % tag))


def which(program):
    for folder in os.environ.get("PATH", "").split(":") + ["/usr/sbin"]:
        path = os.path.join(folder, program)
        if os.access(path, os.X_OK):
            return path
    raise RuntimeError("%s is not installed" % program)


def est(source, folder, port, server, issuer, factory, *more):
    """The tests' EST server: takes IDevIDs of factory, issues LDevIDs."""
    return Server("the EST server", [
        sys.executable, os.path.join(source, "test/servers/est_server.py"),
        "--port", str(port), "--cert", server + ".pem",
        "--key", server + ".key", "--ca-cert", issuer.pem,
        "--ca-key", issuer.key_pem, "--idevid-ca", factory.pem, *more], port,
        os.path.join(folder, "est.log"))
