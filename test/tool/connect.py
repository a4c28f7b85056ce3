#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: connect.py PATH-OF-PAWL

`pawl connect` against openssl s_server and peers that speak no TLS: exit
code, what is printed, and one line of advice that names the cause. Exit: 0
all passed, 1 not, 77 something is missing.
"""

import fcntl
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "session"), str(HERE.parent / "interop")]
sys.dont_write_bytecode = True

import peers  # noqa: E402, exits with 77 without openssl or cryptography
import pki  # noqa: E402
import device  # noqa: E402
import tls_peer  # noqa: E402

OK, BY_US, BY_PEER, NETWORK, USAGE = range(5)
TOOL = os.path.abspath(sys.argv[1])
failed = passed = 0


def check(what, good, note=""):
    global failed, passed
    passed += good
    if not good:
        failed += 1
        print(f"FAILED: {what} {note}")


def connect(folder, *words):
    began = time.monotonic()
    done = subprocess.run([TOOL, "connect", *words], cwd=folder,
                          capture_output=True, text=True, timeout=60,
                          check=False)
    done.seconds = time.monotonic() - began
    return done


def expect(what, code, done, says="", **shown):
    """Exit code; a line of error if and only if it failed; members of the
    JSON, those of "failure" by their own names."""
    check(what, done.returncode == code,
          f"exit {done.returncode}: {done.stderr}")
    check(what, done.stderr.count("\n") == (code != OK) and
          says in done.stderr, done.stderr)
    if code == USAGE:
        check(what, done.stdout == "", done.stdout)
        return {}
    got = json.loads(done.stdout)
    flat = {**got, **(got["failure"] or {})} if got["failure"] else got
    for name, value in shown.items():
        check(f"{what}: {name}", flat.get(name) == value,
              f"is {flat.get(name)!r}, not {value!r}")
    return got


def usage_rows(folder):
    for words, says in (
            ((), "HOST:PORT"), (("localhost:1",), "--device"),
            (("localhost", "--device", "d"), "HOST:PORT"),
            (("localhost:0", "--device", "d"), "HOST:PORT"),
            (("localhost:65536", "--device", "d"), "HOST:PORT"),
            (("localhost:+1", "--device", "d"), "HOST:PORT"),
            (("::1:443", "--device", "d"), "[::1]"),
            ((":443", "--device", "d"), "HOST:PORT"),
            (("localhost:1", "--device", "none"), "none"),
            (("localhost:1", "--device", "blank"), "install-cert"),
            (("localhost:1", "--device", "d", "--timeout", "0"), "--timeout"),
            (("localhost:1", "--device", "d", "--timeout", "1x"),
             "--timeout"),
            (("localhost:1", "--device", "d", "--alpn", "x" * 32), "--alpn"),
            (("localhost:1", "--device", "d", "--anchor", "none"), "none"),
            (("localhost:1", "--device", "d", "--anchor", "image"), "PEM"),
            (("localhost:1", "--device", "d", "--nonsense"), "--nonsense"),
            (("localhost:1", "more", "--device", "d"), "more")):
        expect(f"connect {' '.join(words)}", USAGE, connect(folder, *words),
               says)


def good_rows(world, folder):
    named = ("--device", "d", "--server-name", pki.SERVER_NAME, "--json")
    with peers.Server(world, flags=["-alpn", "mqtt"]) as server:
        got = expect("a good server", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--alpn", "mqtt"),
            result="confirmed", stage="confirmed", version="TLS 1.3",
            suite="TLS_AES_128_GCM_SHA256", group="secp256r1", alpn="mqtt",
            resumed=False, cid=False, round_trips=1, signatures=1,
            identity="idevid", failure=None)
        check("bytes, time and memory are shown", got["bytes_in"] > 1000 and
              got["bytes_out"] > 500 and got["handshake_ms"] < 5000 and
              0 < got["memory_peak"] < 28 * 1024, got)
        check("the chain is shown", [(c["subject"], c["pin"])
                                     for c in got["chain"]] ==
              [("CN=server.example", world.server.key_digest().hex())], got)
        check("its names are", "DNS:server.example" in
              got["chain"][0]["names"])
        expect("IPv6 is not where it listens", NETWORK, connect(
            folder, f"[::1]:{server.port}", *named), "check the name",
            status="PAWL_ERR_UNREACHABLE", stage="connecting")
        expect("the anchor of a file", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--anchor", "ca.pem"))
        expect("the name is the host's", OK, connect(
            folder, f"127.0.0.1:{server.port}", "--device", "d", "--json"))
        done = connect(folder, f"127.0.0.1:{server.port}", "--device", "d")
        check("text for a person", done.returncode == 0 and
              "result: confirmed\n" in done.stdout, done.stdout)
        got = expect("resumption", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--resume"),
            resumed=True, result="confirmed", signatures=0)
        check("a resumed session is shorter than the full one",
              got["bytes_in"] < got["full"]["bytes_in"], got)
    with peers.Server(world, flags=["-num_tickets", "0"]) as server:
        expect("no ticket, no resumption", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--resume"),
            resumed=False, signatures=1)
    with peers.Server(world, flags=["-tls1_2"]) as server:
        expect("TLS 1.2", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--tls12"),
            version="TLS 1.2", result="confirmed", round_trips=2,
            suite="TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
    with peers.Server(world, flags=["-dtls1_2"]) as server:
        expect("DTLS 1.2", OK, connect(
            folder, f"127.0.0.1:{server.port}", *named, "--dtls", "--tls12"),
            version="DTLS 1.2", result="confirmed", timeouts=0, cid=False)
    with peers.Server(world, flags=["-num_tickets", "0"]) as server:
        done = connect(folder, f"127.0.0.1:{server.port}", *named)
        expect("a server that says nothing", OK, done,
               result="established, the server says nothing",
               stage="established")
        check("silence is waited for in bounds", done.seconds < 3)


def beside_a_writer(world, folder):
    """A device that runs has its directory locked; the tool only reads."""
    held = os.open(os.path.join(folder, "d"), os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with peers.Server(world) as server:
        expect("beside the device's own program", OK, connect(
            folder, f"127.0.0.1:{server.port}", "--device", "d", "--json"))
    os.close(held)


def listed_row(world, folder):
    """The device's own list names the server: its name and its role count."""
    with peers.Server(world) as server:
        device.make(TOOL, folder, "listed",
                    [(world.ca, ["enroll"])], world.client_ca,
                    [f"endpoint = enroll 127.0.0.1 {server.port} "
                     f"{pki.SERVER_NAME}"])
        expect("a server of the device's list", OK, connect(
            folder, f"127.0.0.1:{server.port}", "--device", "listed",
            "--json"), server_name=pki.SERVER_NAME, result="confirmed")
    with peers.Server(world) as server:
        expect("its anchor is for enrolling only", BY_US, connect(
            folder, f"127.0.0.1:{server.port}", "--device", "listed",
            "--json"), "trust document", status="PAWL_ERR_POLICY",
            rule="no anchor of trust has the role")


def refused_rows(world, folder):
    wrong = {"status": "PAWL_ERR_NAME", "stage": "handshake",
             "certificate": 0, "result": "refused by us",
             "rule": "the certificate is not for the server's name"}
    no_ca = {"status": "PAWL_ERR_REFUSED", "alert_received": "unknown_ca",
             "client_refused": True, "result": "refused by the server"}
    other = {"status": "PAWL_ERR_REFUSED", "stage": "handshake",
             "alert_received": "protocol_version", "client_refused": False}
    rows = [
        ("wrong name", BY_US, "--server-name", wrong,
         ["--server-name", "other.example"], {}),
        ("unknown CA", BY_US, "--anchor",
         {"status": "PAWL_ERR_UNTRUSTED", "alert_sent": "unknown_ca"}, [],
         {"leaf": pki.make_leaf(world.other_ca)}),
        ("another anchor", BY_US, "--anchor",
         {"status": "PAWL_ERR_UNTRUSTED"}, ["--anchor", "other.pem"], {}),
        ("expired", BY_US, "set the clock",
         {"status": "PAWL_ERR_EXPIRED", "rule": "expired"}, [],
         {"leaf": pki.make_leaf(world.ca, begin=-9 * pki.DAY,
                                end=-pki.DAY)}),
        ("not asked who we are", BY_US, "server's configuration",
         {"status": "PAWL_ERR_POLICY"}, [], {"verify": False}),
        ("our certificate is refused", BY_PEER, "server's log",
         {**no_ca, "stage": "established"}, [],
         {"client_ca": world.other_ca}),
        ("our certificate is refused, TLS 1.2", BY_PEER, "server's log",
         {**no_ca, "stage": "handshake"}, ["--tls12"],
         {"client_ca": world.other_ca, "flags": ["-tls1_2"]}),
        ("TLS 1.2 only", BY_PEER, "--help", other, [],
         {"flags": ["-tls1_2"]}),
        ("another protocol (ALPN)", BY_PEER, "--help",
         {"alert_received": "no_application_protocol"}, ["--alpn", "mqtt"],
         {"flags": ["-alpn", "http/1.1"]}),
    ]
    usual = ["--server-name", pki.SERVER_NAME]
    for what, code, says, shown, words, server in rows:
        name = [] if "--server-name" in words else usual
        with peers.Server(world, **server) as peer:
            expect(what, code, connect(
                folder, f"127.0.0.1:{peer.port}", "--device", "d", "--json",
                *name, *words), says, **shown)


def shown_as_text_row(world, folder):
    """Whatever a server's certificate says, no cursor moves and no line is
    added."""
    leaf = pki.make_leaf(world.ca, names=(
        pki.SERVER_NAME, "a\x1b]0;title\x07.example", "b\nresult: x"))
    with peers.Server(world, leaf=leaf) as server:
        done = connect(folder, f"127.0.0.1:{server.port}", "--device", "d",
                       "--server-name", pki.SERVER_NAME)
        check("the server is good", done.returncode == OK, done.stderr)
        check("its names are shown as text", not [
            c for c in done.stdout if c != "\n" and c < " "] and
            "\nresult: x" not in done.stdout and "a\\x1b]0;title" in
            done.stdout, done.stdout)


def network_rows(world, folder):
    for what, code, says, shown, sent in (
            ("nobody listens", NETWORK, "server runs",
             {"status": "PAWL_ERR_UNREACHABLE", "stage": "connecting"}, None),
            ("silence", NETWORK, "between",
             {"status": "PAWL_ERR_TIMEOUT", "stage": "handshake",
              "result": "network"}, b""),
            ("plaintext HTTP", BY_US, "is spoken",
             {"status": "PAWL_ERR_PROTOCOL"}, b"HTTP/1.1 400 Bad\r\n\r\n"),
            ("an alert at once", BY_PEER, "internal_error",
             {"alert_received": "internal_error"},
             b"\x15\x03\x03\0\2\2\x50")):
        with peers.Stranger(world, sent) as peer:
            done = connect(folder, f"127.0.0.1:{peer.port}", "--device", "d",
                           "--json", "--timeout", "1")
            expect(what, code, done, says, **shown)
            check(f"{what} ends in time", done.seconds < 3, done.seconds)
    with socket.socket(type=socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        done = connect(folder, f"127.0.0.1:{mute.getsockname()[1]}",
                       "--device", "d", "--json", "--dtls", "--timeout", "2")
        expect("datagrams that nobody answers", NETWORK, done, "between",
               status="PAWL_ERR_TIMEOUT", timeouts=1)
    with tls_peer.Peer(world, twist={"close after certificate": 1}) as peer:
        expect("closed after our certificate, without an alert", BY_PEER,
               connect(folder, f"127.0.0.1:{peer.port}", "--device", "d",
                       "--json"), "server's log", client_refused=True,
               stage="established")
    expect("a name that is none", NETWORK, connect(
        folder, "no-such-host.invalid:443", "--device", "d", "--json",
        "--timeout", "5"), "check the name", status="PAWL_ERR_UNREACHABLE")


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = peers.World(folder)
        anchors = [(world.ca, ["server"])]
        device.make(TOOL, folder, "d", anchors, world.client_ca)
        device.make(TOOL, folder, "blank", anchors, None)
        pathlib.Path(folder, "ca.pem").write_bytes(world.ca.pem())
        pathlib.Path(folder, "other.pem").write_bytes(world.other_ca.pem())
        tree = {path.name: path.read_bytes()
                for path in pathlib.Path(folder, "d").iterdir()}
        usage_rows(folder)
        good_rows(world, folder)
        beside_a_writer(world, folder)
        listed_row(world, folder)
        refused_rows(world, folder)
        shown_as_text_row(world, folder)
        network_rows(world, folder)
        check("the device's directory is only read", tree == {
            path.name: path.read_bytes()
            for path in pathlib.Path(folder, "d").iterdir()})
    print(f"connect: {passed} checks passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
