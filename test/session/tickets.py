#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resumption: what a ticket is good for, and all that it is not good for.

usage: tickets.py PROBE [--server WOLFSSL_SERVER] [--only WORD]

Each row runs two sessions in one process, or three: one that gets a ticket,
and one after it that is to resume from it, or is to make a full handshake
because something was changed in between. Ends with `rows N failed N`. Exit 0:
all rows as they should be, 1: not, 77: something is missing.
"""

import argparse
import json
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time

import peers
import pki

FULL = {**peers.GOOD, "resumed": False, "ticket": True, "round_trips": None}
RESUMED = {**FULL, "resumed": True, "signatures": 0, "shown": 0}
NO_TICKET = {**FULL, "ticket": False}


class Relay:
    """Passes the first connection on to one port, the next to another."""

    def __init__(self, ports):
        self.ports = ports
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends, self.said = [], []

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        for port in self.ports:
            client = self.listener.accept()[0]
            self.said.append(b"")
            server = socket.create_connection(("127.0.0.1", port))
            self.ends += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.copy,
                                 args=(*pair, pair[0] is client),
                                 daemon=True).start()

    def copy(self, source, sink, of_client):
        """One way; what clients said is kept, too."""
        number = len(self.said) - 1
        try:
            while data := source.recv(4096):
                if of_client:
                    self.said[number] += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed, by either side

    def __exit__(self, *_):
        for end in [self.listener, *self.ends]:
            end.close()


class Row:
    def __init__(self, title, second, expected, first=(), third=None,
                 third_expected=None, other_server=False, **server):
        self.title, self.server = title, server
        self.first, self.second, self.third = list(first), second, third
        self.expected = [FULL, expected] if second is not None else [expected]
        if third is not None:
            self.expected.append(third_expected)
        self.other_server = other_server


def rows_of(world):
    other = world.make_client(world.client_ca)
    other_client = ["--chain", world.write(other.der()),
                    "--key", world.write(other.key_der())]
    soon = pki.make_leaf(world.ca, end=pki.DAY)
    leave = [Row("a ticket is resumed", [], RESUMED),
             Row("and the ticket of a resumed session, too", [], RESUMED,
                 third=[], third_expected=RESUMED),
             Row("a ticket that was sealed, damaged, and unsealed whole",
                 ["--seal"], RESUMED),
             Row("another port of the same host", [], FULL,
                 other_server=True),
             Row("another name", ["--name", "127.0.0.1"], FULL),
             Row("another protocol (ALPN)", ["--alpn", "mqtt"], FULL),
             Row("another pin", ["--pin", world.write(
                 world.server.key_digest())], FULL),
             Row("another identity", other_client, FULL),
             Row("a later trust document", ["--trust-version", "2"], FULL),
             Row("an hour later", ["--later", "3600"], RESUMED),
             Row("later than the server's lifetime of a ticket",
                 ["--later", "7300"], FULL),
             Row("later than 7 days, though it may last for 30",
                 ["--later", str(8 * 86400), "--max-age", str(30 * 86400)],
                 FULL),
             Row("later than a session may last",
                 ["--later", "601", "--max-age", "600"], FULL),
             Row("the age counts from the full handshake",
                 ["--later", "400", "--max-age", "600"], RESUMED,
                 third=["--later", "400", "--max-age", "600"],
                 third_expected=FULL),
             Row("after a reset, with the time known", ["--reset"], RESUMED),
             Row("after a reset, with the time unknown",
                 ["--reset", "--now", "-1"], FULL),
             Row("no reset, and the time unknown", ["--now", "-1"], RESUMED,
                 first=["--now", "-1"]),
             Row("the clock was set back",
                 ["--now", str(int(time.time()) - 600)], FULL),
             Row("a server that gives none", [], NO_TICKET,
                 flags=["-num_tickets", "0"]),
             Row("a server that has forgotten its own", [],
                 {**FULL, "ticket": None},
                 other_server="same port"),
             Row("a ticket for TLS 1.2 is not asked for", ["--tls12"],
                 NO_TICKET, first=["--tls12"], flags=["-tls1_2"])]
    leave[-1].expected[0] = leave[-3].expected[0] = NO_TICKET
    leave += [Row("the server's certificate has expired since",
                  ["--later", str(2 * 86400), "--max-age", "600000"],
                  peers.refused("PAWL_ERR_EXPIRED", ticket=False),
                  leaf=soon)]
    client = world.make_client(world.client_ca, end=pki.DAY)
    ended = peers.refused("PAWL_ERR_EXPIRED", stage="ESTABLISHED", call="echo")
    for title, options, rule, server in (
            ("a session that is younger than it may be",
             ["--age", "599", "--max-age", "600"], "", {}),
            ("a session that is as old as it may be",
             ["--age", "600", "--max-age", "600"],
             "the session has lasted for as long as it may", {}),
            ("a session that is a day old", ["--age", "86400"],
             "the session has lasted for as long as it may", {}),
            ("a session that outlives the server's certificate",
             ["--age", str(2 * 86400), "--max-age", "600000"],
             "a certificate of the server has expired", {"leaf": soon}),
            ("a session that outlives our certificate",
             ["--age", str(2 * 86400), "--max-age", "600000",
              "--chain", world.write(client.der()),
              "--key", world.write(client.key_der())],
             "our own certificate has expired", {})):
        leave.append(Row(title, None, {**ended, "rule": rule} if rule
                         else FULL, first=options, **server))
    for bit in (0, 40, 300, 700, 1000, 1300, 2000, 4000):
        leave.append(Row(f"bit {bit} is flipped", ["--flip", str(bit)], FULL))
    if world.wolfssl_server and world.features["dtls13"]:
        for version, options in (("dtls13", ["--datagram"]), ("tls13", [])):
            leave += [Row(f"{version}: a ticket is resumed", options, RESUMED,
                          first=options, wolf=version),
                      Row(f"{version}: another identity",
                          [*options, *other_client], FULL, first=options,
                          wolf=version)]
        month = ["--max-age", str(30 * 86400)]
        leave += [Row("four days and four days, which is more than a week",
                      [*month, "--later", str(4 * 86400)], RESUMED,
                      third=[*month, "--later", str(4 * 86400)],
                      third_expected=FULL, wolf="tls13",
                      flags=["--lifetime", "604800"])]
        leave.append(Row("dtls13: a ticket is resumed, without a cookie",
                         ["--datagram"], RESUMED, first=["--datagram"],
                         wolf="dtls13", flags=["--no-hrr"]))
    return leave


def run(world, row):
    kind = peers.WolfServer if "wolf" in row.server else peers.Server
    with kind(world, **row.server) as server, \
            kind(world, **row.server) as another:
        port = another.port if row.other_server else server.port
        then = []
        if row.second is not None:
            then.append((port, ["--ticket", *row.second]))
        if row.third is not None:
            then.append((port, ["--ticket", *row.third]))
        if row.other_server == "same port":
            return run_same(world, row, server, another)
        lines = peers.probe(world, server.port, ["--ticket", *row.first],
                            *then)
        log = pathlib.Path(server.log).read_text(errors="replace")
    return report(row, lines, log)


def run_same(world, row, server, another):
    """The second server takes the place of the first, at the same address."""
    with Relay([server.port, another.port]) as relay:
        lines = peers.probe(world, relay.port, ["--ticket"],
                            (relay.port, ["--ticket"]))
    return report(row, lines, "")


def early_data(world):
    """P6, P7: the ClientHello that resumes, from a ticket that allows early
    data: none is announced, and psk_dhe_ke is the one mode."""
    row = Row("a ticket that allows early data is used without", [], RESUMED)
    with peers.Server(world, mode=(), flags=[
            "-early_data", "-max_early_data", "999"]) as server, \
            Relay([server.port, server.port]) as relay:
        lines = peers.probe(world, relay.port, ["--ticket"],
                            (relay.port, ["--ticket"]))
        found = peers.parse_hello(relay.said[1])["extensions"] \
            if len(relay.said) == 2 else {}
    as_it_should = 41 in found and 42 not in found and \
        found.get(45) == b"\1\1"
    if not as_it_should:
        print(f"FAILED its ClientHello: {sorted(found)}")
    return report(row, lines, "") and as_it_should


def report(row, lines, log):
    wrong = []
    for number, expected in enumerate(row.expected):
        expected = {k: v for k, v in expected.items() if v is not None}
        wrong += [f"session {number + 1}: {text}" for text
                  in peers.mismatches(expected, lines[number:])]
    last = lines[len(row.expected) - 1] if len(lines) >= len(row.expected) \
        else {}
    word = "resumed" if last.get("resumed") else \
        "full handshake" if last.get("status") == "PAWL_OK" else \
        last.get("status", "no answer")
    print(f"{'ok    ' if not wrong else 'FAILED'} {row.title}: {word}, "
          f"{last.get('in')} bytes in, {last.get('out')} out")
    if wrong:
        print("       " + "; ".join(wrong))
        print("       " + "\n       ".join(json.dumps(line) for line in lines))
        print("       server: " + log[-600:].replace("\n", "\n       "))
    sys.stdout.flush()
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--server")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = peers.World(folder)
        world.probe = os.path.abspath(arguments.probe)
        world.wolfssl_server = arguments.server and \
            os.path.abspath(arguments.server)
        world.features = peers.probe(world, 1, ["--features"])[0]
        if not world.features["tickets"]:
            print("this wolfSSL keeps no tickets for others")
            return 77
        rows = [row for row in rows_of(world) if arguments.only in row.title]
        failed = sum(not run(world, row) for row in rows)
        if arguments.only in "early data":
            rows.append(None)
            failed += not early_data(world)
    print(f"rows {len(rows)} failed {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
