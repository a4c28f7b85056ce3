#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions with real peers, and with hostile ones: two tables.

usage: interop.py BUILD [--quick] [--table peers|hostile] [--only WORD]
                  [--list] [--profile] [--json FILE]

A row each, and at the end `peers N passed N hostile N refused N`. A row of
the second table is one session with a peer that has one defect, and then, in
the same process, one with its control: the same peer without the defect. It
counts as refused if its status, stage and alert are those expected, in time
and in the memory that the library documents, if nothing stays allocated, and
if the control is accepted. Where a defect is harmless, "survived" stands for
that. Exit: 0 all as it should be, 1 not, 2 usage, 77 openssl or
python3-cryptography is missing.
"""

import argparse
import contextlib
import io
import json
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "session"))
sys.dont_write_bytecode = True

import peers  # noqa: E402, exits with 77 without openssl or cryptography
import coap  # noqa: E402
import hostile  # noqa: E402
import profile_table  # noqa: E402
import real  # noqa: E402
import tickets  # noqa: E402


class Controls:
    """Good peers that stay up for the whole run, one of each kind."""

    def __init__(self, world, stack):
        self.world, self.stack, self.up = world, stack, {}

    def port(self, kind, server):
        key = (kind, repr(sorted(server.items())))
        if key not in self.up:
            self.up[key] = self.stack.enter_context(kind(self.world, **server))
        return self.up[key].port


class Check:
    """A row of another form: a function that tells what is wrong."""

    slow, expected, note = False, {}, "as it should be"

    def __init__(self, title, function, table="good"):
        self.title, self.function, self.table = title, function, table


def hello_check(*facts):
    """A captured ClientHello, judged by the parser of peers.py."""
    def function(world):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            good = peers.check_hello(world, *facts)
        return [] if good else [said.getvalue()]
    return Check(facts[0], function)


# IANA's registry of TLS alerts: those in use, and those of old.
ALERTS = [10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80,
          86, 100, 109, 110, 112, 113, 115, 116, 120]
RESERVED = [21, 30, 41, 60, 111, 114]


def check_alerts(world):
    """Each is told as the server's refusal, by a name of its own."""
    wrong, names = [], set()
    for number in ALERTS + RESERVED:
        says = b"\x15\3\3\0\2\2" + bytes([number])
        with peers.Stranger(world, says) as peer:
            got = peers.probe(world, peer.port, [])[0]
        if got["status"] != "PAWL_ERR_REFUSED" or got["leaked"] != 0:
            wrong.append(f"alert {number}: {got['status']}")
        if number in ALERTS:
            names.add(got["alert"])
    if len(names) != len(ALERTS) or "none" in names or "unknown" in names:
        wrong.append(f"{len(names)} names for {len(ALERTS)} alerts: "
                     f"{sorted(names)}")
    return wrong


def coap_checks(quick):
    """The rows of coap.py; each on a server of its own."""
    def check(row, seed):
        def function(world):
            with coap.CoapServer(world, row[0], row[5]) as server:
                servers = {(row[0], row[5]): server}
                result = coap.run(world, row, servers, seed)
            return result["wrong"] and [*result["wrong"],
                                        json.dumps(result["answer"])]
        return Check(f"{row[0]}: {row[1]}", function)

    for seed, row in enumerate(coap.rows(), 1):
        if shutil.which(row[0]) is None:
            real.Packaged.missing.add("libcoap3-bin")
        elif not (quick and row[4]):
            yield check(row, seed)


# Rows of tickets.py that are defects; each stands for one in this table, and
# several of one kind for one. None of these tickets is used: the handshake is a
# full one, or the server is refused.
BAD_TICKETS = {
    "a ticket of another endpoint": ["another port of the same host"],
    "a ticket of another name": ["another name"],
    "a ticket of another protocol": ["another protocol (ALPN)"],
    "a ticket of another pin": ["another pin"],
    "a ticket of another identity": ["another identity"],
    "a ticket of the trust document before": ["a later trust document"],
    "a ticket that has expired": [
        "later than the server's lifetime of a ticket",
        "later than 7 days, though it may last for 30",
        "later than a session may last"],
    "a ticket of unknown age": ["after a reset, with the time unknown",
                                "the clock was set back"],
    "a bit of the ticket is flipped": [
        f"bit {n} is flipped" for n in (0, 40, 300, 700, 1000, 1300, 2000,
                                        4000)],
    "a ticket that its server has forgotten": [
        "a server that has forgotten its own"],
    "a ticket of a server whose certificate has expired": [
        "the server's certificate has expired since"],
}


def ticket_check(title, rows, table):
    """Rows of tickets.py; what is wrong with them is what they print."""
    def function(world):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            good = [tickets.run(world, row) for row in rows]
        words = [line.partition(": ")[2].partition(",")[0]
                 for line in said.getvalue().splitlines()
                 if line.startswith("ok ")]
        check.note = ", ".join(sorted(
            {"PAWL_OK CONFIRMED, alert none, a full handshake"
             if word == "full handshake" else word for word in words[:-1]})) \
            + "; control " + words[-1] if all(good) else ""
        return [] if all(good) else [said.getvalue()]
    check = Check(title, function, table)
    return check


def early_data_check(world):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        good = tickets.early_data(world)
    return [] if good else [said.getvalue()]


def ticket_checks(world):
    if not world.features["tickets"]:
        return
    rows = {row.title: row for row in tickets.rows_of(world)}
    control = rows["a ticket is resumed"]
    bad = {title for titles in BAD_TICKETS.values() for title in titles}
    for title, row in rows.items():
        if title not in bad:
            yield ticket_check(f"tickets: {title}", [row], "good")
    yield Check("tickets: one that allows early data is used without",
                early_data_check)
    for title, titles in BAD_TICKETS.items():
        yield ticket_check(title, [rows[name] for name in titles] + [control],
                           "hostile")


def alert_of(line):
    for key, word in (("alert_sent", "sent"), ("alert", "received")):
        if line.get(key, "none") != "none":
            return f"{word} {line[key]}"
    return "none"


def result_of(one, wrong, lines, log, what):
    first = lines[0] if lines else {}
    return {
        "table": what, "row": one.title, "ok": not wrong,
        "status": first.get("status", "-"), "stage": first.get("stage", "-"),
        "alert": alert_of(first), "rule": first.get("rule", ""),
        "version": first.get("version", 0), "suite": first.get("suite", 0),
        "ms": first.get("ms", 0), "bytes": first.get("peak", 0),
        "wrong": wrong, "lines": lines, "log": log[-600:]}


def run_peer(world, one):
    if isinstance(one, Check):
        return result_of(one, one.function(world), [], "", "peers")
    with one.kind(world, **one.server) as peer:
        lines = peers.probe(world, peer.port, one.options)
        log = pathlib.Path(peer.log).read_text(errors="replace")
    wrong = peers.mismatches(one.expected, lines)
    return result_of(one, wrong, lines, log, "peers")


def judge(one, lines):
    """What is wrong with a hostile row."""
    if "sweep" in one.expected:
        return peers.mismatches(one.expected, lines)
    wrong = peers.mismatches(one.expected, lines[:-1])
    if len(lines) < 2:
        return wrong + ["the process ended"]
    first, control = lines[0], lines[-1]
    if control.get("status") != "PAWL_OK" or control.get("leaked") != 0 or \
            not (control.get("echoed") or "http" in control):
        wrong.append(f"the control was not accepted: {control}")
    if first.get("ms", 0) > one.limit_ms:
        wrong.append(f"took {first['ms']} ms")
    if first.get("peak", 0) > one.limit_bytes:
        wrong.append(f"took {first['peak']} bytes")
    return wrong


def run_hostile(world, one, controls):
    """The session with the defect, and that with the control."""
    if isinstance(one, Check):
        return {**result_of(one, one.function(world), [], "", "hostile"),
                "note": one.note}
    options, kind, server = one.control
    then = [] if "sweep" in one.expected else \
        [(controls.port(kind, server), options)]
    with one.kind(world, **one.server) as peer:
        lines = peers.probe(world, peer.port, one.options, *then)
        log = pathlib.Path(peer.log).read_text(errors="replace")
    return result_of(one, judge(one, lines), lines, log, "hostile")


def show(result):
    first = result["lines"][0] if result["lines"] else {}
    if "sweep" in first:
        facts = f"{first['runs']} points, {first['refused']} refused, " \
            f"{first['harmless']} harmless, {first['leaks']} leaks"
    elif result["table"] == "hostile" and not first:
        facts = result.get("note", "")
    elif result["table"] == "peers":
        facts = f"{result['status']} {result['stage']} " \
            f"{result['version']:04x} {result['suite']:04x}" \
            if first else "as it should be"
    else:
        facts = f"{result['status']} {result['stage']}, alert " \
            f"{result['alert']}, {result['ms']} ms, {result['bytes']} bytes"
        facts += f", \"{result['rule']}\"" if result["rule"] else ""
        facts += "; control accepted" if result["ok"] else ""
    print(f"{'ok    ' if result['ok'] else 'FAILED'} {result['table']:7} "
          f"{result['row']}: {facts}")
    if result["wrong"]:
        print("       " + "; ".join(result["wrong"]))
        print("       " + json.dumps(result["lines"]))
        print("       peer: " + result["log"].replace("\n", "\n       "))
    sys.stdout.flush()


def gather(world, arguments):
    """The rows of both tables."""
    peers.all_rows(world)
    by_hand, packaged = hostile.all_rows(world), real.all_rows(world)
    shared = [] if arguments.quick else peers.ROWS
    good = [one for one in shared if one.table == "good"] + packaged
    good += [hello_check(*facts) for facts in peers.hello_checks(
        world.features)]
    good += coap_checks(arguments.quick)
    good.append(Check("every alert is told by its name", check_alerts))
    bad = [one for one in [*shared, *by_hand]
           if one.table == "hostile" or "sweep" in one.expected]
    if not arguments.quick:
        checks = list(ticket_checks(world))
        good += [one for one in checks if one.table == "good"]
        bad += [one for one in checks if one.table == "hostile"]
    good = [one for one in good if one not in bad]
    if arguments.quick:
        bad = [one for one in bad if not one.slow]
    tables = {"peers": good, "hostile": bad}
    return {name: [one for one in rows if arguments.only in one.title]
            for name, rows in tables.items()
            if arguments.table in (None, name)}


def attempt(function, one, table):
    """A row that cannot even be run has failed; the others go on."""
    try:
        return function(one)
    except Exception as why:
        return result_of(one, [f"{type(why).__name__}: {why}"], [], "", table)


def run(world, tables, stack, json_file):
    controls = Controls(world, stack)
    results = []
    for one in tables.get("peers", []):
        results.append(attempt(lambda row: run_peer(world, row), one,
                               "peers"))
        show(results[-1])
    for one in tables.get("hostile", []):
        results.append(attempt(lambda row: run_hostile(world, row, controls),
                               one, "hostile"))
        show(results[-1])
    if json_file:
        pathlib.Path(json_file).write_text(json.dumps(results, indent=1))
    counts = {}
    for name in ("peers", "hostile"):
        rows = [one for one in results if one["table"] == name]
        counts[name] = len(rows), sum(one["ok"] for one in rows)
    survived = sum(one["ok"] and one["status"] == "PAWL_OK"
                   for one in results if one["table"] == "hostile")
    for one in results:
        if not one["ok"]:
            print(f"failed: {one['table']} {one['row']}: "
                  f"{'; '.join(one['wrong'])[:400]}")
    print(f"{survived} of the hostile survived: the defect is harmless, and "
          "the session goes on")
    for package in sorted(real.Packaged.missing):
        print(f"left out: {package} is not installed")
    print(f"peers {counts['peers'][0]} passed {counts['peers'][1]} "
          f"hostile {counts['hostile'][0]} refused {counts['hostile'][1]}")
    return all(one["ok"] for one in results) and bool(results)


def take_arguments():
    parser = argparse.ArgumentParser(
        prog="run.sh", description="Sessions with real peers and with hostile "
        "ones: two tables.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true",
                        help="without the rows of test/session/peers.py, which "
                        "the test session_peers runs, and without slow ones")
    parser.add_argument("--table", choices=["peers", "hostile"])
    parser.add_argument("--only", default="", metavar="WORD",
                        help="rows with this in their title")
    parser.add_argument("--list", action="store_true",
                        help="print the titles, run nothing")
    parser.add_argument("--profile", action="store_true",
                        help="print which rows and tests show P1 to P17, and "
                        "whether each exists")
    parser.add_argument("--json", metavar="FILE", help="write the results, too")
    return parser.parse_args()


def main():
    arguments = take_arguments()
    build = pathlib.Path(arguments.build).resolve()
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.ExitStack() as stack:
        world = peers.World(folder)
        world.probe = str(build / "test/session/session_probe")
        server = build / "test/session/wolfssl_server"
        world.wolfssl_server = str(server) if server.exists() else None
        tables = gather(world, arguments)
        if arguments.profile:
            titles = {one.title for rows in tables.values() for one in rows}
            titles |= {one.title for one in peers.ROWS}
            return 0 if profile_table.show(titles) else 1
        if arguments.list:
            for name, rows in tables.items():
                for one in rows:
                    print(f"{name:7} {one.title}")
            return 0
        return 0 if run(world, tables, stack, arguments.json) else 1


if __name__ == "__main__":
    sys.exit(main())
