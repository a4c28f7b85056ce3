#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Enrols a device with a real EST server over TLS: once well, then once for
each way in which the server misbehaves.

    est_peers.py PATH-OF-est_probe

Prints a table; the exit code is 0 only if every row ended as it must.
"""
import datetime
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "..", "servers", "est_server.py")
sys.path.insert(0, os.path.dirname(SERVER))
sys.dont_write_bytecode = True
from est_server import key_usage  # noqa: E402  (found by the line above)

# What the server does, what the device must answer.
ROWS = (
    ("none", "PAWL_OK 200"),
    ("adds-to-name", "PAWL_OK 200"),
    ("with-chain", "PAWL_OK 200"),  # renews what the CA has added to
    ("wrong-key", "PAWL_ERR_CERTIFICATE 200"),
    ("wrong-name", "PAWL_ERR_CERTIFICATE 200"),
    ("no-client-auth", "PAWL_ERR_CERTIFICATE 200"),
    ("two-leaves", "PAWL_ERR_CERTIFICATE 200"),
    ("no-leaf", "PAWL_ERR_CERTIFICATE 200"),
    ("other-ca", "PAWL_ERR_UNTRUSTED 200"),
    ("expired", "PAWL_ERR_EXPIRED 200"),
    ("truncated", "PAWL_ERR_MALFORMED 200"),
    ("bad-base64", "PAWL_ERR_MALFORMED 200"),
    ("content-type", "PAWL_ERR_MALFORMED 200"),
    ("oversized", "PAWL_ERR_LIMIT 200"),
    ("202-forever", "PAWL_ERR_BUSY 202"),
    ("401", "PAWL_ERR_REFUSED 401"),
    ("500", "PAWL_ERR_REFUSED 500"),
    ("cut", "PAWL_ERR_PROTOCOL 200"),
)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def make(folder, name, issuer=None, host=None):
    """A CA, or a server's certificate; returns (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by, by_key = issuer if issuer else (None, key)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(host is None, None),
                       critical=True)
        .add_extension(key_usage(ca=host is None), critical=True))
    if host:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        ).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            critical=False)
    certificate = builder.sign(by_key, hashes.SHA256())
    base = os.path.join(folder, name)
    write(base + ".pem", certificate.public_bytes(serialization.Encoding.PEM))
    write(base + ".der", certificate.public_bytes(serialization.Encoding.DER))
    write(base + ".key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return certificate, key


class Server:
    """The EST server as long as a `with` lasts."""

    def __init__(self, folder, server="server", mode="none"):
        def path(name):
            return os.path.join(folder, name)
        self.command = [
            sys.executable, SERVER, "--cert", path(server + ".pem"),
            "--key", path(server + ".key"), "--ca-cert",
            path("anchor-ldevid.pem"), "--ca-key", path("anchor-ldevid.key"),
            "--idevid-ca", path("idevid-ca.pem"), "--misbehave", mode]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the EST server did not start")
        # What it says is not of interest, but a full pipe would stop it.
        self.drain = threading.Thread(target=self.process.stdout.read)
        self.drain.start()
        return json.loads(line)["port"]

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait(10)
        self.drain.join(10)
        self.process.stdout.close()


class Cutter:
    """Between device and server: the connection is gone after so many bytes
    of the server's."""

    def __init__(self, port, limit):
        self.port, self.limit, self.passed = port, limit, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self.socket.getsockname()[1]

    def run(self):
        inner, _ = self.socket.accept()
        with inner, socket.create_connection(("127.0.0.1",
                                              self.port)) as outer:
            inner.settimeout(20)
            outer.settimeout(20)
            while self.passed < self.limit:
                for ready in select.select([inner, outer], [], [], 20)[0]:
                    data = ready.recv(self.limit - self.passed if ready is outer
                                      else 4096)
                    if not data:
                        return
                    try:
                        (inner if ready is outer else outer).sendall(data)
                    except OSError:
                        return
                    self.passed += len(data) if ready is outer else 0

    def __exit__(self, *ignored):
        self.thread.join(30)
        self.socket.close()


def cut_everywhere(device, port, stride):
    """Cuts after 0, stride, 2 stride .. bytes, until all come through. What
    went wrong, or "" and the number of cuts."""
    cuts, limit = 0, 0
    while True:
        cutter = Cutter(port, limit)
        with cutter as between:
            got = device.ask("enroll %d" % between)
        if got.startswith("PAWL_OK"):
            return "", cuts
        who = device.ask("who")
        if who != "idevid":
            return "after %d bytes it is %s" % (limit, who), cuts
        if not got.startswith("PAWL_ERR_") or cutter.passed < limit:
            return "after %d bytes: %s" % (limit, got), cuts
        cuts, limit = cuts + 1, limit + stride


class Device:
    def __init__(self, probe, folder):
        self.process = subprocess.Popen(
            [probe, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=10)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    rows = []

    def row(name, got, expected):
        good = got.startswith(expected)
        rows.append(good)
        print("%-32s %-6s %s" % (name, "passed" if good else "FAILED", got))

    with tempfile.TemporaryDirectory() as folder:
        root = make(folder, "anchor-server")
        make(folder, "anchor-ldevid")
        make(folder, "server", root, "localhost")
        make(folder, "other-name", root, "elsewhere.example")
        stranger = make(folder, "stranger")
        make(folder, "unknown", stranger, "localhost")
        device = Device(sys.argv[1], folder)
        row("a new device", device.ask("who"), "idevid")
        with open(os.path.join(folder, "idevid-ca.b64"), "rb") as file:
            text = file.read()
        write(os.path.join(folder, "idevid-ca.pem"),
              b"-----BEGIN CERTIFICATE-----\n" +
              b"\n".join(text[i:i + 64] for i in range(0, len(text), 64)) +
              b"\n-----END CERTIFICATE-----\n")

        with Server(folder, "other-name") as port:
            row("server of another name", device.ask("enroll %d" % port),
                "PAWL_ERR_NAME 0")
        with Server(folder, "unknown") as port:
            row("server of an unknown CA", device.ask("enroll %d" % port),
                "PAWL_ERR_UNTRUSTED 0")
        for mode, expected in ROWS:
            with Server(folder, mode=mode) as port:
                row("enroll: " + mode, device.ask("enroll %d" % port),
                    expected)
            good = expected.startswith("PAWL_OK")
            row("  who it is then", device.ask("who"),
                "idevid next" if good else "idevid")
            if good:
                row("  dropped", device.ask("drop"), "PAWL_OK")
        with Server(folder, mode="202") as port:
            row("enroll: come later", device.ask("enroll %d" % port),
                "PAWL_ERR_BUSY 202")
            row("  come again", device.ask("enroll %d" % port), "PAWL_OK 200")
        row("  dropped", device.ask("drop"), "PAWL_OK")
        signatures, arena, stack = (int(n) for n in device.ask("cost").split())
        row("signatures of an enrolment", str(signatures), "2")
        print("%-32s %-6s %d bytes of arena, %d of stack (this host)" %
              ("  its peaks", "", arena, stack))
        # All bytes in the full run; a prime, so that no field is passed over.
        stride = 1 if os.environ.get("PAWL_EST_EVERY_BYTE") else 31
        with Server(folder) as port:
            wrong, cuts = cut_everywhere(device, port, stride)
            row("enroll: cut at each %d. byte" % stride,
                wrong or "refused %d cuts" % cuts, "refused")
        row("promote", device.ask("promote"), "PAWL_OK")
        for mode, expected in ROWS:
            with Server(folder, mode=mode) as port:
                row("reenroll: " + mode, device.ask("reenroll %d" % port),
                    expected)
            if mode == "none":
                row("  signatures of a renewal",
                    device.ask("cost").split()[0], "2")
            good = expected.startswith("PAWL_OK")
            row("  who it is then", device.ask("who"),
                "idevid ldevid next" if good else "idevid ldevid")
            if good:
                row("  promoted", device.ask("promote"), "PAWL_OK")
        row("the end", str(device.end()), "0")
    print("rows %d passed %d" % (len(rows), sum(rows)))
    return 0 if all(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
