#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CoAP over DTLS with libcoap's servers, with and without loss.

usage: coap.py PROBE [--seed N] [--only WORD]

PROBE is the program session_probe. Prints a line for each row and at the end
`rows N failed N`. Lost datagrams are chosen by a seed, which is printed.
Exit 0: all rows as they should be, 1: not, 77: a server is missing.
"""

import argparse
import contextlib
import json
import pathlib
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "session"))
sys.dont_write_bytecode = True

import peers  # noqa: E402, exits with 77 without openssl or cryptography

SERVERS = ("coap-server-openssl", "coap-server-gnutls")
CCM_8 = 0xC0AE
# GnuTLS without any cipher but AES-128-CCM-8, as a constrained server is.
ONLY_CCM_8 = "[overrides]\n" + "".join(
    f"tls-disabled-cipher = {name}\n" for name in (
        "AES-128-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM",
        "AES-256-CCM-8", "CHACHA20-POLY1305", "AES-128-CBC", "AES-256-CBC"))
GOOD = {"call": "speak", "status": "PAWL_OK", "stage": "ACCEPTED",
        "leaked": 0, "same": True, "version": 0xFEFD}


class CoapServer(peers.Server):
    """One of libcoap's servers. It takes a port for coap, and the next one
    for coaps; the latter is the peer's."""

    def __init__(self, world, name, only_ccm_8=False):
        super().__init__(world)
        self.datagram = True
        self.world, self.name = world, name
        self.environment = dict()
        if only_ccm_8:
            self.environment["GNUTLS_SYSTEM_PRIORITY_FILE"] = world.write(
                ONLY_CCM_8.encode())
        self.files = [
            "-c", world.write(world.server.pem() + world.ca.pem()),
            "-j", world.write(world.server.key_pem()),
            "-C", world.write(world.client_ca.pem()),
            "-R", world.write(world.client_ca.pem())]

    def start(self, log):
        return subprocess.Popen(
            [self.name, "-A", "127.0.0.1", "-p", str(self.port - 1), "-d",
             "4", *self.files], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
            env={"PATH": "/usr/bin:/bin", **self.environment})


class Relay:
    """Carries datagrams between one client and a server, and loses some: from
    the first on, or the client's first application data and some of what
    follows. It loses three, either way, between two that reach the client, and
    not more: how often an exchange is tried, and for how long, is thus bounded
    whatever the seed and however slow the machine."""

    MOST_IN_A_ROW = 3

    def __init__(self, port, loss, seed, from_the_first):
        self.random = random.Random(seed)
        self.loss = loss
        self.losing = from_the_first
        self.server = ("127.0.0.1", port)
        self.carried = self.lost = self.in_a_row = 0

    def __enter__(self):
        self.near = socket.socket(type=socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        self.port = self.near.getsockname()[1]
        self.far = socket.socket(type=socket.SOCK_DGRAM)
        self.far.connect(self.server)
        self.stop, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()
        return self

    def pass_on(self, send):
        unlucky = self.random.random() < self.loss
        if self.losing and unlucky and self.in_a_row < self.MOST_IN_A_ROW:
            self.lose()
            return
        self.carried += 1
        send()

    def lose(self):
        self.lost += 1
        self.in_a_row += 1

    def carry(self):
        client = None
        while True:
            ready, _, _ = select.select(
                [self.near, self.far, self.stopped], [], [])
            if self.stopped in ready:
                return
            if self.near in ready:
                data, client = self.near.recvfrom(65536)
                if self.loss and not self.losing and data[:1] == b"\x17":
                    self.losing = True
                    self.lose()
                    continue
                self.pass_on(lambda: self.far.send(data))
            if self.far in ready:
                try:
                    back = self.far.recv(65536)
                except ConnectionError:
                    continue
                if client is not None:
                    self.pass_on(lambda: self.reach(back, client))

    def reach(self, back, client):
        self.in_a_row = 0
        self.near.sendto(back, client)

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join(10)
        for each in (self.near, self.far, self.stopped):
            each.close()


def rows():
    """(server, title, words, what comes of it, loss, only CCM_8). A loss below
    zero is one from the first datagram on. Against the server on GnuTLS there
    is none during the handshake: it sends a flight of its own again too
    seldom."""
    both = [
        ("GET /", "get:/", {"coap": "2.05"}, 0, False),
        ("a path that it has not", "get:/none", {"coap": "4.04"}, 0, False),
        ("three states of /time, then the end", "observe:/time:3",
         {"coap": "2.05", "notifications": 3}, 0, False),
        ("12,345 bytes there and back, from the middle too, in blocks of 1024",
         "large:/example_data:12345:1024", {"coap": "2.05"}, 0, False),
        ("1,000 bytes in blocks of 64", "large:/example_data:1000:64",
         {"coap": "2.05"}, 0, False),
        ("GET /, with 30 % loss after the handshake", "get:/:300:10",
         {"coap": "2.05"}, 0.3, False),
        ("3,000 bytes in blocks of 512, with 30 % loss after the handshake",
         "large:/example_data:3000:512:300:10", {"coap": "2.05"}, 0.3, False),
        ("three states of /time, with 30 % loss after the handshake",
         "observe:/time:3:300:10", {"coap": "2.05", "notifications": 3}, 0.3,
         False),
    ]
    for server in SERVERS:
        for row in both:
            yield (server, *row)
    yield ("coap-server-openssl", "1,000 bytes in blocks of 256, with 30 % loss "
           "from the first datagram on", "large:/example_data:1000:256:300:10",
           {"coap": "2.05"}, -0.3, False)
    yield ("coap-server-gnutls", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 (P2)",
           "get:/", {"coap": "2.05", "suite": CCM_8}, 0, True)


def run(world, row, servers, seed):
    """One row: its title, its answer, what is wrong with it, its loss."""
    server, title, words, expected, loss, only_ccm_8 = row
    expected = {**GOOD, **expected}
    if expected["coap"].startswith("4"):
        expected["stage"] = "CONFIRMED"
    key = (server, only_ccm_8)
    with Relay(servers[key].port, abs(loss), seed, loss < 0) as relay:
        lines = peers.probe(world, relay.port,
                            ["--datagram", "--tls12", "--timeout", "120000",
                             "--speak", "coap:" + words])
    first = lines[0] if lines else {}
    wrong = [f"{name} is {first.get(name)!r}, not {value!r}"
             for name, value in expected.items() if first.get(name) != value]
    if loss and not relay.lost:
        wrong.append("nothing was lost")
    return {"row": f"{server}: {title}", "ok": not wrong, "wrong": wrong,
            "answer": first, "lost": relay.lost,
            "carried": relay.carried}


def show(result, seed):
    answer = result["answer"]
    text = (f"{'ok    ' if result['ok'] else 'FAILED'} {result['row']}: "
            f"{answer.get('status')}, {answer.get('coap')}, "
            f"{answer.get('ms')} ms, {result['carried']} datagrams")
    if result["lost"]:
        text += (f", {result['lost']} lost, "
                 f"{answer.get('retransmissions')} sent again, seed {seed}")
    print(text)
    for reason in result["wrong"]:
        print(f"       {reason}")
    if result["wrong"]:
        print(f"       {json.dumps(answer)}")
    sys.stdout.flush()


def run_rows(world, seed, only=""):
    """Runs the rows; yields their results. Servers stay up meanwhile."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for number, row in enumerate(rows()):
            if only not in f"{row[0]}: {row[1]}":
                continue
            key = (row[0], row[5])
            if key not in servers:
                servers[key] = stack.enter_context(
                    CoapServer(world, row[0], row[5]))
            result = run(world, row, servers, seed + number)
            log = pathlib.Path(servers[key].log)
            result["log"] = log.read_text(errors="replace")[-800:]
            yield result, seed + number


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    for server in SERVERS:
        if shutil.which(server) is None:
            print(f"{server} is missing")
            return 77
    seed = arguments.seed
    count = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        world = peers.World(folder)
        world.probe = arguments.probe
        for result, its_seed in run_rows(world, seed, arguments.only):
            show(result, its_seed)
            count += 1
            failed += not result["ok"]
    print(f"rows {count} failed {failed}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
