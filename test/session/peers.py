#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions against openssl s_server: good peers, and one row for each defect.

usage: peers.py PROBE [--quick | --slow] [--system] [--only WORD]

PROBE is the program session_probe. Prints a line for each row, and at the end
`rows N failed N`. Exit 0: all rows as they should be, 1: not, 2: usage, 77:
openssl or python3-cryptography is missing.

Each defect is a change of the good peer of the first row, which is the
control of them all: it is accepted before and after.
"""

import argparse
import itertools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

if shutil.which("openssl") is None:
    print("openssl is missing")
    sys.exit(77)
try:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

    import pki
except ImportError:
    print("python3-cryptography is missing")
    sys.exit(77)

GOOD = {"call": "echo", "status": "PAWL_OK", "stage": "CONFIRMED",
        "echoed": True, "signatures": 1, "leaked": 0}


class World:
    """The keys and certificates that all rows share."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = pki.make_ca("Pawl test root")
        self.other_ca = pki.make_ca("Another root")
        self.client_ca = pki.make_ca("Devices")
        self.middle = pki.make_ca("Pawl test middle", issuer=self.ca,
                                  path_length=0)
        self.server = pki.make_leaf(self.ca)
        self.client = self.make_client(self.client_ca, end=3000 * pki.DAY)
        self.numbers = itertools.count()
        self.chain = self.write(self.client.der())
        self.key = self.write(self.client.key_der())
        self.anchor = self.write(self.ca.der())
        self.probe = self.wolfssl_server = None

    @staticmethod
    def make_client(issuer, **options):
        return pki.make_leaf(issuer, common_name="device 1", names=None,
                             purpose=ExtendedKeyUsageOID.CLIENT_AUTH,
                             **options)

    def write(self, data):
        return pki.write(self.folder, f"file{next(self.numbers)}", data)


class Server:
    """openssl s_server on a free port, for the time of a with statement."""

    def __init__(self, world, leaf=None, issuers=(), flags=(), verify=True,
                 client_ca=None, mode=("-rev",)):
        leaf = leaf or world.server
        self.log = world.write(b"")
        self.datagram = any(flag.startswith("-dtls") for flag in flags)
        if self.datagram:
            mode = ()  # -rev is for streams alone: see answer()
        command = ["openssl", "s_server", "-quiet", *mode,
                   "-cert", world.write(leaf.pem()),
                   "-key", world.write(leaf.key_pem())]
        if issuers:
            command += ["-cert_chain",
                        world.write(b"".join(c.pem() for c in issuers))]
        if verify:
            trusted = client_ca or world.client_ca
            command += ["-CAfile", world.write(trusted.pem()), "-Verify", "3",
                        "-verify_return_error", "-no-CApath"]
        self.command = command + list(flags)

    def __enter__(self):
        for _ in range(5):
            with socket.socket(type=socket.SOCK_DGRAM if self.datagram
                               else socket.SOCK_STREAM) as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            with open(self.log, "ab") as log:
                self.process = self.start(log)
            if self.process.stdout is not None:
                threading.Thread(target=self.answer, daemon=True).start()
            if self.wait():
                return self
            self.process.kill()
            self.process.wait()
        raise RuntimeError("openssl s_server does not start:\n" +
                           pathlib.Path(self.log).read_text())

    def start(self, log):
        return subprocess.Popen(
            self.command + ["-accept", f"127.0.0.1:{self.port}"],
            stdin=subprocess.PIPE, stderr=log,
            stdout=log if "-rev" in self.command else subprocess.PIPE)

    def answer(self):
        """What -rev does, from outside."""
        try:
            for line in self.process.stdout:
                self.process.stdin.write(line[:-1][::-1] + b"\n")
                self.process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has ended

    def wait(self):
        """Until the port listens. A look at /proc takes no connection of a
        server that serves one at a time."""
        wanted = f"0100007F:{self.port:04X} 00000000:0000 0" + \
            ("7" if self.datagram else "A")
        table = pathlib.Path("/proc/net/" + ("udp" if self.datagram
                                             else "tcp"))
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            if wanted in table.read_text():
                return True
            time.sleep(0.02)
        return False

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class GnutlsServer(Server):
    """gnutls-serv --udp, which sends each line back as it is."""

    def __init__(self, world, gnutls=(), client_ca=None):
        self.log = world.write(b"")
        self.datagram = True
        self.command = [
            "gnutls-serv", "--udp", "--echo", "--quiet",
            "--x509certfile", world.write(world.server.pem()),
            "--x509keyfile", world.write(world.server.key_pem()),
            "--x509cafile", world.write((client_ca or world.client_ca).pem()),
            "--require-client-cert", "--verify-client-cert", *gnutls]

    def start(self, log):
        return subprocess.Popen([*self.command, "--port", str(self.port)],
                                stdin=subprocess.PIPE, stdout=log, stderr=log)

    def wait(self):
        """It listens on every address, or on that of IPv6 for all."""
        wanted = f":{self.port:04X} 0000"
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            if any(wanted in pathlib.Path(table).read_text() for table
                   in ("/proc/net/udp", "/proc/net/udp6")):
                return True
            time.sleep(0.02)
        return False


class WolfServer(Server):
    """The test-only server on wolfSSL itself."""

    def __init__(self, world, wolf, leaf=None, client_ca=None, flags=()):
        leaf = leaf or world.server
        self.log = world.write(b"")
        self.datagram = wolf.startswith("d")
        self.version = wolf
        self.files = [world.write(leaf.der()), world.write(leaf.key_der()),
                      world.write((client_ca or world.client_ca).der())]
        self.flags = list(flags)
        self.world = world

    def start(self, log):
        return subprocess.Popen(
            [self.world.wolfssl_server, self.version, str(self.port),
             *self.files, *self.flags],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def complete(world, port, options):
    """The probe's options for one session."""
    options = ["--port", str(port), *options]
    # Given once, an option of the row takes the place of the usual one.
    usual = {"--name": pki.SERVER_NAME, "--chain": world.chain,
             "--key": world.key, "--anchor": f"server:{world.anchor}"}
    for option, value in usual.items():
        if option not in options:
            options += [option, value]
    return options


def probe(world, port, options, *then):
    """Runs sessions in one process: the first, and those of `then`, each a
    port and options. What is printed of them."""
    words = complete(world, port, options)
    for next_port, next_options in then:
        words += ["--then", *complete(world, next_port, next_options)]
    result = subprocess.run([world.probe, *words], capture_output=True,
                            text=True, timeout=300, check=False)
    if result.returncode != 0:
        return [{"exit": result.returncode, "stderr": result.stderr[-2000:]}]
    return [json.loads(line) for line in result.stdout.splitlines()]


class Row:
    """One peer, and what comes of a session with it.

    control: the same peer without the defect, which is accepted: options,
    class and arguments; by default what make_control() finds. ours: what is
    wrong is on our side. kind: the class of the peer, Server or what is like
    it. hostile: it is, though it is survived. table: "good", "hostile" or
    "ours".
    """

    def __init__(self, title, expected, options=(), slow=False, control=None,
                 ours=False, kind=None, hostile=False, **server):
        self.title, self.expected, self.options = title, expected, options
        self.slow, self.server = slow, server
        self.kind = kind or (Stranger if "says" in server else
                             WolfServer if "wolf" in server else
                             GnutlsServer if "gnutls" in server else Server)
        bad = expected.get("status", "PAWL_OK") != "PAWL_OK" or hostile
        self.table = "ours" if ours else "hostile" if bad else "good"
        self.control = control or self.make_control()
        # The most that a session may take: the probe's own limit of time,
        # and the memory that <pawl/session.h> names.
        self.limit_ms, self.limit_bytes = 5500, 28 * 1024

    def make_control(self):
        """Options, class and arguments of the good peer of the version. One
        that can be twisted is its own, without the twist."""
        if "twist" in self.server:
            return self.options, self.kind, {
                k: v for k, v in self.server.items() if k != "twist"}
        if "gnutls" in self.server:
            return DTLS12 + ["--text", "otto"], self.kind, {"gnutls": ()}
        if "wolf" in self.server:
            return ([o for o in self.options if o in ("--tls12", "--datagram")],
                    self.kind, {"wolf": self.server["wolf"]})
        versions = ("-tls1_2", "-dtls1_2")
        options = [o for o in self.options if o in ("--tls12", "--datagram")]
        flags = [f for f in self.server.get("flags", ()) if f in versions]
        if "--datagram" in options and not flags:
            flags = ["-dtls1_2"]
        if "-dtls1_2" in flags and "--tls12" not in options:
            options.append("--tls12")
        if "-tls1_2" in flags and "--tls12" not in options:
            flags = []
        return options, Server, {"flags": flags} if flags else {}


ROWS = []


def row(title, expected, options=(), **more):
    ROWS.append(Row(title, expected, options, **more))


def refused(status, rule=None, stage="HANDSHAKE", **more):
    expected = {"status": status, "stage": stage, "leaked": 0,
                "echoed": False, **more}
    if rule is not None:
        expected["rule"] = rule
    return expected


def good_rows(w):
    row("TLS 1.3, mutual", {**GOOD, "version": 0x0304, "suite": 0x1301,
                            "certificate": -1, "rule": "", "tls": 0,
                            "group": "secp256r1", "alpn": "", "shown": 1,
                            "judged": 1,
                            "round_trips": 1})
    row("TLS 1.3 in 28 KiB of its own", GOOD, ["--own-memory"])
    row("TLS 1.3, AES-128-CCM alone", {**GOOD, "suite": 0x1304},
        flags=["-ciphersuites", "TLS_AES_128_CCM_SHA256"])
    row("TLS 1.3, CCM_8 alone", {**GOOD, "suite": 0x1305},
        flags=["-ciphersuites", "TLS_AES_128_CCM_8_SHA256",
               "-cipher", "ALL:@SECLEVEL=0"])
    row("TLS 1.3, X25519 alone (a second ClientHello)",
        {**GOOD, "group": "x25519", "round_trips": 2},
        flags=["-groups", "X25519"])
    row("TLS 1.2, where it is allowed",
        {**GOOD, "version": 0x0303, "suite": 0xC02B, "round_trips": 2,
         "group": "secp256r1"}, ["--tls12"],
        flags=["-tls1_2"])
    row("TLS 1.2, CCM_8",
        {**GOOD, "version": 0x0303, "suite": 0xC0AE}, ["--tls12"],
        flags=["-tls1_2", "-cipher",
               "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"])
    row("TLS 1.3 is preferred where 1.2 is allowed",
        {**GOOD, "version": 0x0304}, ["--tls12"])
    middle_leaf = pki.make_leaf(w.middle)
    row("a chain of three", {**GOOD, "shown": 2}, leaf=middle_leaf,
        issuers=[w.middle])
    row("a chain that brings its root", GOOD, leaf=middle_leaf,
        issuers=[w.middle, w.ca])
    row("the middle as the anchor", GOOD,
        ["--anchor", f"server:{w.write(w.middle.der())}"], leaf=middle_leaf)
    client_middle = pki.make_ca("Devices' middle", issuer=w.client_ca)
    client = w.make_client(client_middle)
    row("our own chain of two", GOOD,
        ["--chain", w.write(client.der() + client_middle.der()),
         "--key", w.write(client.key_der())])
    row("a literal address", GOOD, ["--name", "127.0.0.1"])
    row("a name in capitals", GOOD, ["--name", "SERVER.EXAMPLE"])
    row("the pinned key", GOOD, ["--pin", w.write(w.server.key_digest())])
    row("the protocol asked for (ALPN)", {**GOOD, "alpn": "mqtt"}, ["--alpn", "mqtt"],
        flags=["-alpn", "mqtt"])
    row("a server that knows no ALPN", {**GOOD, "alpn": ""}, ["--alpn", "mqtt"])
    row("a line of 4000 bytes", GOOD, ["--text", "abcdefgh" * 500])
    row("an anchor that may not tell the time", {**GOOD, "tells_time": False},
        ["--anchor", f"server:{w.anchor}", "--anchor",
         f"server+time:{w.write(w.other_ca.der())}"])
    row("an anchor that may tell the time", {**GOOD, "tells_time": True},
        ["--anchor", f"server:{w.write(w.other_ca.der())}", "--anchor",
         f"server+time:{w.anchor}"])
    row("an anchor of another role beside the right one", GOOD,
        ["--anchor", f"server:{w.anchor}", "--anchor",
         f"enroll:{w.write(w.other_ca.der())}"])
    forever = pki.make_leaf(
        w.ca, end=pki.datetime.datetime(9999, 12, 31, 23, 59, 59) - pki.NOW)
    row("a server without an expiry date (99991231235959Z)", GOOD,
        leaf=forever)
    for piece in (1, 2, 3, 7):
        row(f"a transport of {piece} bytes a call", GOOD,
            ["--piece", str(piece)])
    row("a transport that blocks at each call", GOOD, ["--block"])
    for piece in (1, 2, 3, 7):
        row(f"{piece} bytes a call, and each call blocks", GOOD,
            ["--block", "--piece", str(piece), "--text", "x" * 200])
    row("7 bytes a call, blocking, a line of 4000 bytes", GOOD,
        ["--block", "--piece", "7", "--text", "abcdefgh" * 500])
    row("1 byte a call, blocking, TLS 1.2", GOOD,
        ["--block", "--piece", "1", "--tls12"], flags=["-tls1_2"])


DTLS12 = ["--datagram", "--tls12"]


def datagram_rows(w):
    good = {**GOOD, "version": 0xFEFD}
    features = w.features
    unsupported = refused("PAWL_ERR_UNSUPPORTED", stage="CONNECTING",
                          call="open")
    row("DTLS 1.2", {**good, "suite": 0xC02B, "timeouts": 0}, DTLS12,
        flags=["-dtls1_2"])
    row("DTLS 1.2 in 28 KiB of its own", good, [*DTLS12, "--own-memory"],
        flags=["-dtls1_2"])
    row("DTLS 1.2, CCM_8", {**good, "suite": 0xC0AE}, DTLS12,
        flags=["-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"])
    row("DTLS 1.2, each call blocks", good, [*DTLS12, "--block"],
        flags=["-dtls1_2"])
    row("DTLS 1.2, a message of 1000 bytes", good,
        [*DTLS12, "--text", "abcdefgh" * 125], flags=["-dtls1_2"])
    row("DTLS 1.2, datagrams of 400 bytes",
        good if features["mtu"] else unsupported,
        [*DTLS12, "--datagram-size", "400"], flags=["-dtls1_2", "-mtu", "400"])
    row("DTLS 1.2, more than a datagram holds",
        {"call": "echo", "status": "PAWL_ERR_TOO_SMALL", "leaked": 0,
         "stage": "CONFIRMED"}, [*DTLS12, "--text", "x" * 1450],
        flags=["-dtls1_2"], ours=True)
    row("DTLS 1.2, the protocol asked for (ALPN)", {**good, "alpn": "coap"},
        [*DTLS12, "--alpn", "coap"], flags=["-dtls1_2", "-alpn", "coap"])
    row("DTLS 1.2, our certificate is not asked for",
        refused("PAWL_ERR_POLICY",
                "the server did not ask for our certificate"), DTLS12,
        flags=["-dtls1_2"], verify=False)
    row("DTLS 1.2, our certificate is refused",
        refused("PAWL_ERR_REFUSED", alert="unknown_ca", refused=True),
        DTLS12, flags=["-dtls1_2"], client_ca=w.other_ca)
    row("DTLS 1.2, unknown CA", refused("PAWL_ERR_UNTRUSTED", signatures=0),
        DTLS12, flags=["-dtls1_2"], leaf=pki.make_leaf(w.other_ca))
    row("DTLS 1.2, wrong name", refused("PAWL_ERR_NAME"),
        [*DTLS12, "--name", "other.example"], flags=["-dtls1_2"])
    row("DTLS 1.2, CBC only",
        refused("PAWL_ERR_REFUSED", alert="handshake_failure"), DTLS12,
        flags=["-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"])
    row("DTLS 1.0 only",
        refused("PAWL_ERR_REFUSED", alert="handshake_failure")
        if features["dtls13"] else refused("PAWL_ERR_PROTOCOL"),
        DTLS12, flags=["-dtls1", "-cipher", "ALL:@SECLEVEL=0"])
    row("DTLS 1.2, the key store fails",
        refused("PAWL_ERR_KEYSTORE", "the key store did not sign", port=4711),
        [*DTLS12, "--key-store", "fail"], flags=["-dtls1_2"], ours=True)
    row("DTLS, a connection ID is required, and the server knows none",
        refused("PAWL_ERR_POLICY",
                "the server does without a connection ID")
        if features["cid"] else unsupported,
        [*DTLS12, "--cid", "required"], flags=["-dtls1_2"])
    row("DTLS, a connection ID is offered, and the server knows none",
        {**good, "cid": False} if features["cid"] else unsupported,
        [*DTLS12, "--cid", "offered"],
        flags=["-dtls1_2"])
    row("DTLS 1.2 only, not allowed",
        refused("PAWL_ERR_PROTOCOL", alert_sent="protocol_version")
        if features["dtls13"] else unsupported, ["--datagram"], flags=["-dtls1_2"])


def hybrid_rows(w):
    """OpenSSL 3.0 knows no X25519MLKEM768: the test-only server does."""
    if not w.features["hybrid"]:
        row("hybrid key exchange, which this build lacks",
            refused("PAWL_ERR_UNSUPPORTED", "hybrid group",
                    stage="CONNECTING", call="open"), ["--hybrid"], ours=True)
        return
    row("hybrid key exchange, and the server knows none",
        {**GOOD, "group": "secp256r1", "round_trips": 1}, ["--hybrid"])
    row("hybrid key exchange over datagrams",
        refused("PAWL_ERR_UNSUPPORTED", "hybrid group", stage="CONNECTING",
                call="open"), ["--hybrid", *DTLS12], flags=["-dtls1_2"],
        ours=True)
    if w.wolfssl_server:
        hybrid = {**GOOD, "group": "X25519MLKEM768", "round_trips": 1}
        row("hybrid key exchange", hybrid, ["--hybrid"], wolf="tls13",
            flags=["--group", "x25519mlkem768"])
        row("hybrid key exchange, for which 28 KiB are too few",
            refused("PAWL_ERR_NO_MEMORY"), ["--hybrid", "--own-memory"],
            ours=True, wolf="tls13", flags=["--group", "x25519mlkem768"])
        row("hybrid key exchange, 3 bytes a call", hybrid,
            ["--hybrid", "--piece", "3"], wolf="tls13",
            flags=["--group", "x25519mlkem768"])
        row("hybrid key exchange alone, and we do not ask for it",
            refused("PAWL_ERR_PROTOCOL", alert_sent="illegal_parameter"),
            wolf="tls13", flags=["--group", "x25519mlkem768"])


def gnutls_rows(w):
    if shutil.which("gnutls-serv") is None:
        return
    good = {**GOOD, "version": 0xFEFD}
    same = [*DTLS12, "--text", "otto"]  # read backwards it is the same
    row("DTLS 1.2 with GnuTLS", good, same, gnutls=())
    row("DTLS 1.2 with GnuTLS, CCM_8", {**good, "suite": 0xC0AE}, same,
        gnutls=("--priority", "NONE:+VERS-DTLS1.2:+ECDHE-ECDSA:+AES-128-CCM-8:"
                "+AEAD:+SIGN-ALL:+GROUP-SECP256R1:+COMP-NULL:"
                "+CTYPE-X509"))
    row("DTLS 1.2 with GnuTLS, without a cookie", good, same,
        gnutls=("--nocookie",))
    row("DTLS 1.2 with GnuTLS, our certificate is refused",
        refused("PAWL_ERR_REFUSED", refused=True), same, gnutls=(),
        client_ca=w.other_ca)


# P9: 1 s at first, doubling to 60 s.
TIMERS = [0, 1000, 3000, 7000, 15000, 31000, 63000, 123000, 183000, 243000]


def timer_rows(w):
    for name, options in (("1.3", ["--datagram"]), ("1.2", DTLS12)):
        if name == "1.2" or w.features["dtls13"]:
            row(f"DTLS {name}, nobody answers, and the timers",
                refused("PAWL_ERR_TIMEOUT", "the handshake took too long",
                        sent_ms=TIMERS, timeouts=len(TIMERS) - 1),
                [*options, "--empty", "--timeout", "300000"], ours=True,
                says=b"")


def noise_rows(w):
    """Networks that lose three of ten datagrams each way, and worse."""
    noise = ["--rate", "10", "--timeout", "600000", "--loss", "30"]
    sweep = ["--sweep", "noise", "--rate", "20", "--timeout", "20000",
             "--loss", "5", "--mangle", "10", "--damage", "10"]
    # openssl s_server 3.0 ends its handshake at a record of an unexpected type,
    # which RFC 6347, 4.1.2.7 would rather have dropped.
    kinds = [("1.2", 0xFEFD, [*DTLS12, "--spare-server"],
              {"flags": ["-dtls1_2"]})]
    if w.wolfssl_server and w.features["dtls13"]:
        kinds.append(("1.3", 0xFEFC, ["--datagram"], {"wolf": "dtls13"}))
    for name, version, options, server in kinds:
        good = {**GOOD, "version": version}
        row(f"DTLS {name}, strangers send 300 datagrams for each of the "
            "server's", good, [*options, "--flood"], **server)
        for seed in ("1", "2"):
            row(f"DTLS {name}, 30 % of the datagrams are lost, {seed}", good,
                [*options, *noise, "--seed", seed], slow=seed != "1",
                **server)
            row(f"DTLS {name}, and 20 % doubled, reordered, cut, invented, "
                f"{seed}", good,
                [*options, *noise, "--mangle", "20", "--seed", seed],
                slow=True, **server)
        if not w.wolfssl_server:
            continue
        # openssl s_server serves one client, and waits for it if it is gone.
        wolf = "dtls1" + name[-1]
        row(f"DTLS {name}, 12 runs with bits wrong, none of them harmful",
            {"runs": 12, "leaks": 0, "again": GOOD}, [*options, *sweep],
            slow=True, wolf=wolf)
        # Once it is established, a datagram that there is no memory for is
        # dropped, as one that was lost on the way: nothing comes back then.
        row(f"DTLS {name}, each allocation fails in turn",
            {"sweep": "alloc", "leaks": 0,
             "only": ("PAWL_ERR_NO_MEMORY", "PAWL_ERR_TIMEOUT"),
             "again": GOOD},
            [*options, "--sweep", "alloc", "--timeout", "1500"], slow=True,
            wolf=wolf)


def dtls13_rows(w):
    """Against the test-only server: no packaged one speaks DTLS 1.3 or knows
    connection IDs."""
    good = {**GOOD, "stage": "CONFIRMED", "version": 0xFEFC, "cid": False}
    old = {**good, "version": 0xFEFD}
    row("DTLS 1.3", {**good, "suite": 0x1301, "timeouts": 0}, ["--datagram"],
        wolf="dtls13")
    row("DTLS 1.3 in 28 KiB of its own", good, ["--datagram", "--own-memory"],
        wolf="dtls13")
    row("DTLS 1.3 is preferred where 1.2 is allowed", good, DTLS12,
        wolf="dtls13")
    row("DTLS 1.3, each call blocks", good, ["--datagram", "--block"],
        wolf="dtls13")
    row("DTLS 1.3, datagrams of 400 bytes", good,
        ["--datagram", "--datagram-size", "400"], wolf="dtls13")
    row("DTLS 1.3, our certificate is refused",
        refused("PAWL_ERR_REFUSED", refused=True), ["--datagram"],
        wolf="dtls13", client_ca=w.other_ca)
    row("DTLS 1.3, unknown CA", refused("PAWL_ERR_UNTRUSTED", signatures=0),
        ["--datagram"], wolf="dtls13", leaf=pki.make_leaf(w.other_ca))
    for version, expected, options in (("dtls13", good, ["--datagram"]),
                                       ("dtls12", old, DTLS12)):
        name = "DTLS 1." + version[-1]
        row(f"{name}, messages come one by one, or are told to be too long",
            expected, [*options, "--messages"], wolf=version)
        row(f"{name}, a connection ID of 8 bytes", {**expected, "cid": True},
            [*options, "--cid", "required"], wolf=version,
            flags=["--cid", "8"])
        row(f"{name}, a connection ID, and a new address",
            {**expected, "cid": True},
            [*options, "--cid", "required", "--rebind"], wolf=version,
            flags=["--cid", "8"])
        row(f"{name}, a new address without a connection ID",
            {"call": "echo", "status": "PAWL_ERR_TIMEOUT", "cid": False},
            [*options, "--rebind", "--timeout", "1500"], wolf=version)
        row(f"{name}, a connection ID is required, and not agreed to",
            refused("PAWL_ERR_POLICY",
                    "the server does without a connection ID"),
            [*options, "--cid", "required"], wolf=version)
        row(f"{name}, a connection ID is not asked for", expected, options,
            wolf=version, flags=["--cid", "8"])


def certificate_rows(w):
    row("unknown CA", refused("PAWL_ERR_UNTRUSTED", signatures=0,
                              alert_sent="unknown_ca"),
        leaf=pki.make_leaf(w.other_ca))
    row("unknown CA, its certificate sent along",
        refused("PAWL_ERR_UNTRUSTED", signatures=0),
        leaf=pki.make_leaf(w.other_ca), issuers=[w.other_ca])
    row("an anchor of another role",
        refused("PAWL_ERR_POLICY", "no anchor of trust has the role",
                stage="CONNECTING"),
        ["--anchor", f"enroll:{w.anchor}"], ours=True)
    row("a right CA for another use", refused("PAWL_ERR_UNTRUSTED"),
        ["--anchor", f"enroll:{w.anchor}", "--anchor",
         f"server:{w.write(w.other_ca.der())}"])
    clone = pki.forge_clone(w.ca)
    row("forged clone of the CA", refused("PAWL_ERR_UNTRUSTED"),
        leaf=pki.make_leaf(clone), issuers=[clone])
    row("forged clone of the CA, not sent along",
        refused("PAWL_ERR_UNTRUSTED"), leaf=pki.make_leaf(clone))
    middle_clone = pki.forge_clone(w.middle)
    row("forged clone of an intermediate", refused("PAWL_ERR_UNTRUSTED"),
        leaf=pki.make_leaf(middle_clone), issuers=[middle_clone])
    wrong = "the certificate is not for the server's name"
    row("wrong name", refused("PAWL_ERR_NAME", wrong, certificate=0),
        ["--name", "other.example"])
    row("wrong address", refused("PAWL_ERR_NAME", wrong),
        ["--name", "127.0.0.2"])
    row("the name in CN only", refused("PAWL_ERR_NAME", wrong),
        leaf=pki.make_leaf(w.ca, names=None))
    row("the name in CN, another in SAN", refused("PAWL_ERR_NAME", wrong),
        leaf=pki.make_leaf(w.ca, names=["other.example"]))
    row("no SAN, and another name in CN", refused("PAWL_ERR_NAME", wrong),
        leaf=pki.make_leaf(w.ca, common_name="other", names=None))
    row("version 1", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_v1(w.ca))
    row("a wildcard", refused("PAWL_ERR_NAME", wrong),
        leaf=pki.make_leaf(w.ca, names=["*.example"]))
    row("another pin",
        refused("PAWL_ERR_UNTRUSTED",
                "the key is not the one that is pinned"),
        ["--pin", w.write(w.ca.key_digest())])
    row("expired", refused("PAWL_ERR_EXPIRED", certificate=0),
        leaf=pki.make_leaf(w.ca, begin=-9 * pki.DAY, end=-pki.DAY))
    row("not yet valid", refused("PAWL_ERR_EXPIRED", certificate=0),
        leaf=pki.make_leaf(w.ca, begin=pki.DAY, end=9 * pki.DAY))
    row("clock unknown: issued after the floor is accepted", GOOD,
        ["--now", "-1", "--floor", "1600000000"],
        leaf=pki.make_leaf(w.ca, begin=-pki.DAY, end=9 * pki.DAY))
    row("clock unknown: expired before the floor",
        refused("PAWL_ERR_EXPIRED"),
        ["--now", "-1", "--floor", str(int(time.time()) + 86400 * 400)],
        ours=True)
    row("clock behind the floor counts as unknown", GOOD,
        ["--now", "1500000000", "--floor", "1600000000"])
    itself = pki.make_ca(pki.SERVER_NAME)
    row("the callback never overrides wolfSSL",
        {"passed": 1, "failed": 0, "no memory": 0},
        ["--callback", w.write(w.server.der())])
    row("self-signed", refused("PAWL_ERR_UNTRUSTED"),
        leaf=pki.make_leaf(itself, key=itself.key))
    row("a self-signed CA as the leaf", refused("PAWL_ERR_CERTIFICATE"),
        leaf=itself)
    leaf_ca = pki.make_leaf(w.ca)
    row("a leaf used as a CA", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(leaf_ca), issuers=[leaf_ca])
    no_sign = pki.make_ca("No keyCertSign", issuer=w.ca, cert_sign=False)
    row("a CA without keyCertSign", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(no_sign), issuers=[no_sign])
    deep = pki.make_ca("Below path length 0", issuer=w.middle)
    row("path length", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(deep), issuers=[deep, w.middle])
    row("EKU clientAuth", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(w.ca, purpose=ExtendedKeyUsageOID.CLIENT_AUTH))
    row("key usage without digitalSignature",
        refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(w.ca, key_agreement_only=True))
    unknown = x509.UnrecognizedExtension(
        ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
    row("unknown critical extension", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(w.ca, extra=(unknown, True)))
    row("unknown extension, not critical", GOOD,
        leaf=pki.make_leaf(w.ca, extra=(unknown, False)))
    row("signed with SHA-1", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.resign_with_sha1(pki.make_leaf(w.ca)),
        flags=["-cipher", "ALL:@SECLEVEL=0"])
    row("intermediate missing", refused("PAWL_ERR_UNTRUSTED"),
        leaf=pki.make_leaf(w.middle))
    others = x509.NameConstraints([x509.DNSName("other.example")], None)
    for critical in (True, False):
        constrained = pki.make_ca("Constrained", issuer=w.ca,
                                  extra=(others, critical))
        row("name constraints violated" +
            ("" if critical else ", not critical"),
            refused("PAWL_ERR_CERTIFICATE"),
            leaf=pki.make_leaf(constrained), issuers=[constrained])
    long_chain = [w.ca]
    for depth in range(4):
        long_chain.insert(0, pki.make_ca(f"Level {depth}",
                                         issuer=long_chain[0]))
    row("a chain of more than four", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(long_chain[0]), issuers=long_chain[:-1])
    expired_ca = pki.make_ca("Expired CA", begin=-9 * pki.DAY, end=-pki.DAY)
    # An anchor is a name and a key (RFC 5280, 6.1.1 d); how long it counts is
    # the trust document's matter.
    row("an anchor's own dates do not count", GOOD,
        ["--anchor", f"server:{w.write(expired_ca.der())}"],
        leaf=pki.make_leaf(expired_ca))
    if w.features["own"]:  # the distribution's wolfSSL judges dates itself
        row("an anchor's own dates do not count, sent along with its chain",
            GOOD, ["--anchor", f"server:{w.write(expired_ca.der())}"],
            leaf=pki.make_leaf(expired_ca), issuers=[expired_ca])
    row("an expired anchor beside a good one", GOOD,
        ["--anchor", f"server:{w.write(expired_ca.der())}",
         "--anchor", f"server:{w.anchor}"])


def client_rows(w):
    no_request = refused("PAWL_ERR_POLICY",
                         "the server did not ask for our certificate",
                         signatures=0, refused=False)
    row("our certificate is not asked for", no_request, verify=False)
    row("our certificate is not asked for, TLS 1.2", no_request,
        ["--tls12"], flags=["-tls1_2"], verify=False)
    row("our certificate is refused after the handshake",
        refused("PAWL_ERR_REFUSED", stage="ESTABLISHED", alert="unknown_ca",
                refused=True, call="echo", signatures=1),
        client_ca=w.other_ca)
    row("our certificate is refused, TLS 1.2",
        refused("PAWL_ERR_REFUSED", stage="HANDSHAKE", alert="unknown_ca",
                refused=True, call="step"), ["--tls12"],
        flags=["-tls1_2"], client_ca=w.other_ca)
    revoked = w.make_client(w.client_ca)
    crl = ["-CRL", w.write(pki.make_crl(w.client_ca, [revoked])),
           "-crl_check"]
    row("our certificate was revoked (CRL)",
        refused("PAWL_ERR_REFUSED", stage="ESTABLISHED", refused=True,
                alert="certificate_revoked"),
        ["--chain", w.write(revoked.der()),
         "--key", w.write(revoked.key_der())], flags=crl,
        control=((), Server, {"flags": crl}))
    row("sending fails, and an alert says why",
        refused("PAWL_ERR_REFUSED", stage="ESTABLISHED", alert="unknown_ca",
                refused=True, call="echo"), ["--mute"], client_ca=w.other_ca,
                ours=True)
    row("sending fails, and nothing says why",
        refused("PAWL_ERR_IO", stage="ESTABLISHED", call="echo"), ["--mute"],
        flags=["-num_tickets", "0"], ours=True)
    expired = w.make_client(w.client_ca, begin=-9 * pki.DAY, end=-pki.DAY)
    options = ["--chain", w.write(expired.der()),
               "--key", w.write(expired.key_der())]
    row("our own certificate has expired",
        refused("PAWL_ERR_EXPIRED", "our own certificate has expired",
                stage="CONNECTING", call="open"), options, ours=True)
    row("our own has expired, but it is for its renewal",
        refused("PAWL_ERR_REFUSED", stage="ESTABLISHED",
                alert="certificate_expired", refused=True),
        [*options, "--use", "enroll", "--anchor", f"enroll:{w.anchor}"],
        ours=True)
    row("our key is of another certificate",
        refused("PAWL_ERR_KEYSTORE",
                "our key is not that of our certificate",
                stage="CONNECTING", call="open"),
        ["--key", w.write(w.server.key_der())], ours=True)
    row("the key store has lost the key",
        refused("PAWL_ERR_KEYSTORE", "the key store has no such key",
                stage="CONNECTING", call="open"), ["--key-store", "lost"],
                ours=True)
    # No software signs in its place, whatever happens to it (traps of
    # wolfSSL's crypto callbacks).
    no_store = refused("PAWL_ERR_KEYSTORE", "the key store did not sign",
                       signatures=0, call="step")
    for failure, what, expected in (
            ("gone", "the token is pulled out before the handshake",
             no_store),
            ("unavailable", "the key store answers CRYPTOCB_UNAVAILABLE",
             no_store),
            ("unregistered", "wolfSSL has forgotten the device of the key",
             refused("PAWL_ERR_PROTOCOL", signatures=0, call="step")),
            ("blank", "the key store says that it signed, and did not",
             {"status": "PAWL_ERR_REFUSED", "alert": "decrypt_error",
              "echoed": False})):
        for version, flags in ((), ()), (["--tls12"], ["-tls1_2"]):
            row(what + (", TLS 1.2" if version else ""), expected,
                ["--key-store", failure, *version], flags=list(flags),
                ours=True)
    row("the key store fails in the handshake",
        refused("PAWL_ERR_KEYSTORE", "the key store did not sign",
                signatures=0, port=4711, call="step"),
        ["--key-store", "fail"], ours=True)


def protocol_rows(w):
    row("TLS 1.2 only, not allowed",
        refused("PAWL_ERR_REFUSED", alert="protocol_version", refused=False),
        flags=["-tls1_2"])
    for version in ("-tls1", "-tls1_1"):
        row(f"TLS {'1.0' if version == '-tls1' else '1.1'} only",
            refused("PAWL_ERR_REFUSED", alert="protocol_version"),
            ["--tls12"], flags=[version, "-cipher", "ALL:@SECLEVEL=0"])
    row("another protocol only (ALPN)",
        refused("PAWL_ERR_REFUSED", alert="no_application_protocol"),
        ["--alpn", "mqtt"], flags=["-alpn", "http/1.1"])
    row("no suite in common", refused("PAWL_ERR_REFUSED",
                                      alert="handshake_failure"),
        flags=["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"])
    row("CBC only, TLS 1.2", refused("PAWL_ERR_REFUSED",
                                     alert="handshake_failure"),
        ["--tls12"],
        flags=["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"])
    row("no group in common", refused("PAWL_ERR_REFUSED",
                                      alert="handshake_failure"),
        flags=["-groups", "P-521"])


def stranger_rows():
    """Peers that speak no TLS."""
    row("nobody listens", refused("PAWL_ERR_UNREACHABLE", stage="CONNECTING",
                                  call="step"), says=None, ours=True)
    row("silence", refused("PAWL_ERR_TIMEOUT",
                           "the handshake took too long"),
        ["--timeout", "400"], says=b"")
    row("plaintext HTTP", refused("PAWL_ERR_PROTOCOL"),
        says=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    row("garbage", refused("PAWL_ERR_PROTOCOL"), says=bytes(range(256)) * 64)
    row("a record of zero length", refused("PAWL_ERR_PROTOCOL"),
        says=b"\x16\x03\x03\0\0" * 2000)
    row("a record that is too long", refused("PAWL_ERR_PROTOCOL"),
        says=b"\x16\x03\x03\xff\xff" + b"x" * 65535)
    row("an alert at once", refused("PAWL_ERR_REFUSED",
                                    alert="internal_error", refused=False),
        says=b"\x15\x03\x03\0\2\2\x50")


def sweep_rows():
    row("dies at each byte",
        {"sweep": "die", "harmless": 1, "leaks": 0, "again": GOOD},
        ["--sweep", "die"], slow=True)
    row("ends at each byte",
        {"sweep": "end", "harmless": 1, "leaks": 0, "again": GOOD,
         "has": "PAWL_ERR_PROTOCOL"},
        ["--sweep", "end"], slow=True)
    row("dies at each byte, TLS 1.2",
        {"sweep": "die", "harmless": 1, "leaks": 0, "again": GOOD},
        ["--sweep", "die", "--tls12"], slow=True, flags=["-tls1_2"])
    row("each allocation fails in turn",
        {"sweep": "alloc", "leaks": 0, "only": ("PAWL_ERR_NO_MEMORY",),
         "again": GOOD}, ["--sweep", "alloc"], slow=True)


def wide_rows(w, kind, authority, other, leaf_key):
    """Authorities and servers whose keys are not on P-256."""
    def anchored(ca):
        return ["--anchor", f"server:{w.write(ca.der())}"]

    leaf = pki.make_leaf(authority)
    row(f"{kind}: an authority", GOOD, anchored(authority), leaf=leaf)
    row(f"{kind}: an authority above one on P-256", GOOD, anchored(authority),
        leaf=pki.make_leaf(below := pki.make_ca("Below", issuer=authority)),
        issuers=[below])
    row(f"{kind}: an authority, SHA-384", GOOD, anchored(authority),
        leaf=pki.make_leaf(authority, digest=pki.hashes.SHA384))
    row(f"{kind}: the server's own key", GOOD, anchored(authority),
        leaf=pki.make_leaf(authority, key=leaf_key))
    row(f"{kind}: an authority of the same name",
        refused("PAWL_ERR_UNTRUSTED", signatures=0), anchored(other), leaf=leaf)
    row(f"{kind}: in 28 KiB of its own", GOOD,
        [*anchored(authority), "--own-memory"], leaf=leaf)


def p384_rows(w):
    wide_rows(w, "P-384", *[pki.make_ca("P-384", curve=pki.ec.SECP384R1)
                            for _ in range(2)],
              pki.ec.generate_private_key(pki.ec.SECP384R1()))


def rsa_rows(w):
    def key(bits):
        return pki.rsa.generate_private_key(65537, bits)

    wide_rows(w, "RSA", *[pki.make_ca("RSA", key=key(2048))
                          for _ in range(2)], key(2048))
    large = pki.make_ca("RSA of 4096", key=key(4096))
    row("RSA: 4096 bits", GOOD,
        ["--anchor", f"server:{w.write(large.der())}"],
        leaf=pki.make_leaf(large))
    weak = pki.make_ca("RSA of 1024", key=key(1024))
    row("RSA: an authority of 1024 bits", refused("PAWL_ERR_UNTRUSTED"),
        ["--anchor", f"server:{w.write(weak.der())}"],
        leaf=pki.make_leaf(weak), flags=["-cipher", "ALL:@SECLEVEL=0"])
    row("RSA: a server's key of 1024 bits", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(w.ca, key=key(1024)),
        flags=["-cipher", "ALL:@SECLEVEL=0"])


def all_rows(world):
    world.features = probe(world, 1, ["--features"])[0]
    good_rows(world)
    datagram_rows(world)
    timer_rows(world)
    gnutls_rows(world)
    hybrid_rows(world)
    if world.features["p384"]:
        p384_rows(world)
    if world.features["rsa"]:
        rsa_rows(world)
    noise_rows(world)
    if world.wolfssl_server and world.features["dtls13"]:
        dtls13_rows(world)
    certificate_rows(world)
    client_rows(world)
    protocol_rows(world)
    stranger_rows()
    sweep_rows()


def mismatches(expected, lines):
    """What is not as expected, as text; empty if all is."""
    if not lines:
        return ["no answer"]
    got = lines[0]
    wrong = []
    for key, value in expected.items():
        if key == "again":
            wrong += mismatches(value, lines[1:])
        elif key == "has":
            wrong += [] if value in got else [f"{value} never"]
        elif key == "only":
            wrong += [f"{status} {count} times" for status, count
                      in got.items()
                      if status.startswith("PAWL_") and status not in value]
        elif got.get(key) != value:
            wrong.append(f"{key} is {got.get(key)!r}, not {value!r}")
    return wrong


class Stranger:
    """Sends what it is given to whoever connects, and waits. None: nobody
    listens."""

    def __init__(self, world, says):
        self.log = world.write(b"")
        self.says = says
        self.peers = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        if self.says is None:
            self.listener.close()
        else:
            threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        try:
            while True:
                self.peers.append(self.listener.accept()[0])
                self.peers[-1].sendall(self.says)
        except OSError:
            pass  # closed, by either side

    def __exit__(self, *_):
        # Closed alone, a socket that a thread waits on would go on listening,
        # and take the next one's peer if it gets the same port.
        for each in [self.listener, *self.peers]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # nobody listens, or the peer is gone
            each.close()


class Capture:
    """Takes one connection, and the first record that comes over it."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.record = b""
        self.thread = threading.Thread(target=self.take, daemon=True)
        self.thread.start()
        return self

    def take(self):
        peer, _ = self.listener.accept()
        with peer:
            while len(self.record) < 5 or len(self.record) < 5 + \
                    int.from_bytes(self.record[3:5], "big"):
                more = peer.recv(4096)
                if not more:
                    return
                self.record += more

    def __exit__(self, *_):
        self.thread.join(5)
        self.listener.close()


class DatagramCapture:
    """Takes the first ClientHello that comes in a datagram, as the record
    that it would be in a stream: without DTLS's numbers and its cookie."""

    def __enter__(self):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.port = self.socket.getsockname()[1]
        self.record = b""
        self.thread = threading.Thread(target=self.take, daemon=True)
        self.thread.start()
        return self

    def take(self):
        hello = self.socket.recv(4096)[13 + 12:]  # RFC 6347, 4.1 and 4.2.2
        cookie_at = 34 + 1 + hello[34]
        rest = cookie_at + 1 + hello[cookie_at]
        self.record = bytes(5 + 4) + hello[:cookie_at] + hello[rest:]

    def __exit__(self, *_):
        self.thread.join(5)
        self.socket.close()


def vectors(data, size):
    """The numbers of `size` bytes that data consists of."""
    return [int.from_bytes(data[at:at + size], "big")
            for at in range(0, len(data), size)]


def parse_hello(record):
    """A ClientHello (RFC 8446, 4.1.2), taken apart."""
    at = 5 + 4 + 2 + 32

    def take(length_size):
        nonlocal at
        length = int.from_bytes(record[at:at + length_size], "big")
        at += length_size + length
        return record[at - length:at]

    take(1)
    hello = {"suites": vectors(take(2), 2), "compression": list(take(1))}
    end, extensions = at + 2 + int.from_bytes(record[at:at + 2], "big"), {}
    at += 2
    while at < end:
        number = int.from_bytes(record[at:at + 2], "big")
        at += 2
        extensions[number] = take(2)
    hello["extensions"] = extensions
    return hello


def check_hello(world, title, options, suites, versions, server_name):
    """P1, P3 to P7 and P15 as a ClientHello shows them."""
    with (DatagramCapture() if "--datagram" in options else Capture()) as peer:
        probe(world, peer.port, options)
    hello = parse_hello(peer.record)
    found = hello["extensions"]
    shares = found.get(51, b"")[2:]
    facts = {
        "suites": (hello["suites"], suites),
        "compression": (hello["compression"], [0]),
        "versions": (vectors(found.get(43, b"\0")[1:], 2), versions),
        "groups": (vectors(found.get(10, b"")[2:], 2), [0x17, 0x1D]),
        "key share": (shares[:2], b"\0\x17"),
        "one key share": (len(shares), 4 + 65),
        "server name": (found.get(0, b"")[5:], server_name),
        "early data": (42 in found, False),
        "pre-shared key": (41 in found, False),
        "psk_dhe_ke alone": (found.get(45, b"\1\1"), b"\1\1"),
        "fragments of 2048": (found.get(1), b"\3"),
        "renegotiation, ticket": (35 in found, False),
        "truncated HMAC": (4 in found, False),
        "extended master secret": (23 in found, "--tls12" in options),
        "connection ID": (found.get(54), b"\0" if "--cid" in options
                          else None),
        "ecdsa_secp256r1_sha256":
            (0x0403 in vectors(found.get(13, b"")[2:], 2), True),
        "SHA-1": ([value for value in vectors(found.get(13, b"")[2:], 2)
                   if value >> 8 == 2], []),
    }
    wrong = [f"{what}: {got!r}, not {wanted!r}"
             for what, (got, wanted) in facts.items() if got != wanted]
    print(f"{'ok    ' if not wrong else 'FAILED'} {title}")
    if wrong:
        print("       " + "; ".join(wrong))
    return not wrong


HELLO_13 = [0x1301, 0x1304, 0x1305]
HELLO_12 = HELLO_13 + [0xC02B, 0xC0AC, 0xC0AE]


def hello_checks(features):
    """What check_hello() is asked, for each that this wolfSSL can say."""
    name = pki.SERVER_NAME.encode()
    streams = [
        ("ClientHello, TLS 1.3", [], HELLO_13, [0x0304], name),
        ("ClientHello, TLS 1.2 too", ["--tls12"], HELLO_12,
         [0x0304, 0x0303], name),
        ("ClientHello, no server name for an address",
         ["--name", "127.0.0.1"], HELLO_13, [0x0304], b""),
    ]
    return streams if not features["dtls13"] else streams + [
        ("ClientHello, DTLS 1.3", ["--datagram", "--timeout", "400"],
         HELLO_13[:2], [0xFEFC], name),
        ("ClientHello, DTLS 1.2 too", [*DTLS12, "--timeout", "400"],
         HELLO_13[:2] + HELLO_12[3:], [0xFEFC, 0xFEFD], name),
        ("ClientHello, DTLS 1.3 with a connection ID",
         ["--datagram", "--cid", "required", "--timeout", "400"],
         HELLO_13[:2], [0xFEFC], name),
    ]


def run_row(world, one):
    title = one.title
    with one.kind(world, **one.server) as peer:
        lines = probe(world, peer.port, one.options)
        wrong = mismatches(one.expected, lines)
        log = pathlib.Path(peer.log).read_text(errors="replace")
    first = lines[0] if lines else {}
    told = (first.get("rule") or first.get("alert") or "") \
        if first.get("status") != "PAWL_OK" else ""
    print(f"{'ok    ' if not wrong else 'FAILED'} {title}: "
          f"{first.get('status', first.get('sweep', ''))} "
          f"{first.get('stage', first.get('runs', ''))} {told}".rstrip())
    if wrong:
        print("       " + "; ".join(wrong))
        print("       " + json.dumps(lines))
        print("       server: " + log[-600:].replace("\n", "\n       "))
    sys.stdout.flush()
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--server", help="the program wolfssl_server; without "
                        "it, rows that need it are left out")
    parser.add_argument("--quick", action="store_true",
                        help="without the rows that try every byte")
    parser.add_argument("--slow", action="store_true",
                        help="those rows alone, and the control")
    parser.add_argument("--system", action="store_true",
                        help="the probe runs on the distribution's wolfSSL, "
                        "whose ClientHello is not ours to choose")
    parser.add_argument("--only", default="", help="rows with this in them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        world.probe = os.path.abspath(arguments.probe)
        world.wolfssl_server = arguments.server and \
            os.path.abspath(arguments.server)
        all_rows(world)
        rows = [one for one in ROWS if arguments.only in one.title and
                not (one.slow and arguments.quick) and
                (one.slow or one is ROWS[0] or not arguments.slow)]
        bad = [one.title for one in rows if not run_row(world, one)]
        failed = len(bad)
        hellos = []
        if not (arguments.system or arguments.slow) and arguments.only[:11] in "ClientHello":
            hellos = [check_hello(world, *check) for check in
                      hello_checks(world.features)]
        failed += hellos.count(False)
    for title in bad:
        print(f"failed: {title}")
    print(f"rows {len(rows) + len(hellos)} failed {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
