# SPDX-License-Identifier: Apache-2.0
"""Real servers of the distribution's packages, and the rows with them.

Each is started on a free port of the loopback and ended by its own process
id. openssl's s_server is in test/session/peers.py, libcoap's servers are in
coap.py.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import peers
import pki

ROWS = []
BODY = "The quick brown fox jumps over the lazy dog"
PALINDROME = "racecar"  # gnutls-serv sends it back as it is
SPOKEN = {"call": "speak", "status": "PAWL_OK", "signatures": 1, "leaked": 0}


def row(kind, title, expected, options=(), **more):
    if not kind.is_there():
        kind.missing.add(kind.package)
        return
    ROWS.append(peers.Row(title, expected, options, kind=kind, **more))


class Packaged(peers.Server):
    """A server in a folder of its own. What subclasses set: program, package,
    command()."""

    program = package = None
    missing = set()

    @classmethod
    def is_there(cls):
        return shutil.which(cls.program, path=os.environ["PATH"] +
                            ":/usr/sbin") is not None

    def __init__(self, world, client_ca=None, revoked=None, datagram=False,
                 **options):
        self.world, self.options = world, options
        self.datagram = datagram
        self.log = world.write(b"")
        self.folder = tempfile.mkdtemp(dir=world.folder)
        os.chmod(world.folder, 0o755)
        os.chmod(self.folder, 0o755)
        self.client_ca = client_ca or world.client_ca
        self.save("ca.pem", self.client_ca.pem())
        self.save("cert.pem", world.server.pem())
        self.save("key.pem", world.server.key_pem())
        self.crl = revoked is not None
        if self.crl:
            self.save("crl.pem", pki.make_crl(self.client_ca, revoked))

    def save(self, name, data):
        path = pathlib.Path(self.folder, name)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return str(path)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, log):
        return subprocess.Popen(
            self.command(self.port), cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self):
        """Some listen at all addresses, or at IPv6's alone."""
        state = "07" if self.datagram else "0A"
        tables = ("udp", "udp6") if self.datagram else ("tcp", "tcp6")
        for _ in range(250):
            if self.process.poll() is not None:
                return False
            for table in tables:
                lines = pathlib.Path("/proc/net", table).read_text()
                for _, local, _, now, *_ in map(
                        str.split, lines.splitlines()[1:]):
                    if now == state and int(local[-4:], 16) == self.port:
                        return True
            time.sleep(0.02)
        return False

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Mosquitto(Packaged):
    program, package = "mosquitto", "mosquitto"

    def command(self, port):
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true",
                 "require_certificate true", "use_identity_as_username true",
                 f"cafile {self.path('ca.pem')}",
                 f"certfile {self.path('cert.pem')}",
                 f"keyfile {self.path('key.pem')}"]
        if os.geteuid() == 0:
            lines.insert(0, "user root")
        if self.crl:
            lines.append(f"crlfile {self.path('crl.pem')}")
        return ["mosquitto", "-v", "-c",
                self.save("mosquitto.conf", "\n".join(lines) + "\n")]


class Nginx(Packaged):
    program, package = "nginx", "nginx"

    def command(self, port):
        os.makedirs(self.path("www"), exist_ok=True)
        self.save("www/file", BODY)
        os.chmod(self.path("www/file"), 0o644)
        crl = f"ssl_crl {self.path('crl.pem')};" if self.crl else ""
        user = "user root;" if os.geteuid() == 0 else ""
        return ["nginx", "-e", self.path("error.log"), "-c",
                self.save("nginx.conf", f"""
daemon off; master_process off; {user} pid {self.path("pid")};
error_log {self.path("error.log")}; events {{ }}
http {{
    access_log off;
    client_body_temp_path {self.path("t1")};
    proxy_temp_path {self.path("t2")}; fastcgi_temp_path {self.path("t3")};
    uwsgi_temp_path {self.path("t4")}; scgi_temp_path {self.path("t5")};
    server {{
        listen 127.0.0.1:{port} ssl;
        root {self.path("www")};
        ssl_certificate {self.path("cert.pem")};
        ssl_certificate_key {self.path("key.pem")};
        ssl_client_certificate {self.path("ca.pem")};
        ssl_verify_client on; {crl}
        ssl_protocols {self.options.get("version", "TLSv1.3")};
        # The same reason as in peers.py: CCM_8 needs level 0.
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0;
    }}
}}
""")]


class Gnutls(Packaged):
    program, package = "gnutls-serv", "gnutls-bin"

    def command(self, port):
        return ["gnutls-serv", "--echo", "--port", str(port),
                "--x509certfile", self.path("cert.pem"),
                "--x509keyfile", self.path("key.pem"),
                "--x509cafile", self.path("ca.pem"),
                "--require-client-cert", "--verify-client-cert",
                *(["--udp"] if self.datagram else []),
                "--priority", "NORMAL" + self.options.get("version", "")]


def mosquitto_rows(w, stranger, revoked):
    speak = ["--speak", "mqtt:pawl/test:hello"]
    good = {**SPOKEN, "stage": "ACCEPTED", "body": "hello"}
    row(Mosquitto, "mosquitto: a message there and back, TLS 1.3",
        {**good, "version": 0x0304}, speak)
    row(Mosquitto, "mosquitto with a CRL: a device that is not on it", good,
        speak, revoked=[revoked])
    refused = {"status": "PAWL_ERR_REFUSED", "refused": True,
               "stage": "ESTABLISHED", "leaked": 0}
    row(Mosquitto, "mosquitto with a CRL: a device that was revoked",
        {**refused, "alert": "certificate_revoked"},
        [*speak, *own(w, revoked)], revoked=[revoked])
    row(Mosquitto, "mosquitto: a device of another CA",
        {**refused, "alert": "unknown_ca"}, [*speak, *own(w, stranger)])


def own(w, client):
    """The probe's options for another certificate of ours."""
    return ["--chain", w.write(client.der()),
            "--key", w.write(client.key_der())]


def nginx_rows(w, stranger, revoked):
    good = {**SPOKEN, "stage": "ACCEPTED", "http": 200, "body": BODY}
    row(Nginx, "nginx: GET, TLS 1.3", {**good, "version": 0x0304},
        ["--speak", "http:/file"])
    row(Nginx, "nginx: GET, TLS 1.2", {**good, "version": 0x0303},
        ["--speak", "http:/file", "--tls12"], version="TLSv1.2")
    row(Nginx, "nginx: GET with Range",
        {**good, "http": 206, "partial": True, "body": BODY[4:9]},
        ["--speak", "http:/file:4:5"])
    row(Nginx, "nginx: a Range behind the end",
        {**SPOKEN, "http": 416, "stage": "CONFIRMED"},
        ["--speak", "http:/file:999:5"])
    row(Nginx, "nginx: a file that is none",
        {**SPOKEN, "http": 404, "stage": "CONFIRMED"},
        ["--speak", "http:/none"])
    # The handshake is confirmed; the refusal comes as an answer.
    refused = {**SPOKEN, "http": 400, "stage": "CONFIRMED"}
    row(Nginx, "nginx: 400 for a device of another CA", refused,
        ["--speak", "http:/file", *own(w, stranger)])
    row(Nginx, "nginx with a CRL: 400 for a device that was revoked", refused,
        ["--speak", "http:/file", *own(w, revoked)], revoked=[revoked])
    row(Nginx, "nginx with a CRL: a device that is not on it", good,
        ["--speak", "http:/file"], revoked=[revoked])


def gnutls_rows(w, stranger):
    text = ["--text", PALINDROME]
    good = peers.GOOD
    ccm = "-CIPHER-ALL:+AES-128-CCM"
    row(Gnutls, "gnutls-serv: TLS 1.3", {**good, "version": 0x0304}, text)
    row(Gnutls, "gnutls-serv: TLS 1.3, CCM", {**good, "suite": 0x1304}, text,
        version=":-VERS-ALL:+VERS-TLS1.3:" + ccm)
    row(Gnutls, "gnutls-serv: TLS 1.3, X25519",
        {**good, "group": "x25519", "round_trips": 2}, text,
        version=":-GROUP-ALL:+GROUP-X25519")
    row(Gnutls, "gnutls-serv: TLS 1.2", {**good, "version": 0x0303},
        [*text, "--tls12"], version=":-VERS-ALL:+VERS-TLS1.2")
    row(Gnutls, "gnutls-serv: TLS 1.2, CCM_8",
        {**good, "version": 0x0303, "suite": 0xC0AE}, [*text, "--tls12"],
        version=":-VERS-ALL:+VERS-TLS1.2:" + ccm + "-8")
    row(Gnutls, "gnutls-serv: a device of another CA",
        {"status": "PAWL_ERR_REFUSED", "refused": True, "leaked": 0,
         "stage": "ESTABLISHED"}, [*text, *own(w, stranger)])
    datagram = [*text, "--datagram", "--tls12"]
    row(Gnutls, "gnutls-serv: DTLS 1.2", {**good, "version": 0xFEFD},
        datagram, datagram=True)
    row(Gnutls, "gnutls-serv: DTLS 1.2, CCM_8",
        {**good, "version": 0xFEFD, "suite": 0xC0AE}, datagram, datagram=True,
        version=":-VERS-ALL:+VERS-DTLS1.2:" + ccm + "-8")


def all_rows(world):
    stranger = world.make_client(world.other_ca)
    revoked = world.make_client(world.client_ca)
    mosquitto_rows(world, stranger, revoked)
    nginx_rows(world, stranger, revoked)
    gnutls_rows(world, stranger)
    return ROWS
