#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions with real peers and with hostile ones: two tables. See run.sh."""

import argparse
import contextlib
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "session"))
sys.dont_write_bytecode = True

import peers  # noqa: E402, exits with 77 without openssl or cryptography
import hostile  # noqa: E402


class Controls:
    """Good peers that stay up for the whole run, one of each kind."""

    def __init__(self, world, stack):
        self.world, self.stack, self.up = world, stack, {}

    def port(self, kind, server):
        key = (kind, repr(sorted(server.items())))
        if key not in self.up:
            self.up[key] = self.stack.enter_context(kind(self.world, **server))
        return self.up[key].port


def judge(one, lines):
    """What is wrong with a hostile row; and its two answers."""
    sweeps = "sweep" in one.expected
    wrong = peers.mismatches(one.expected, lines[:-1] if not sweeps else lines)
    if sweeps:
        return wrong
    if len(lines) < 2:
        return wrong + ["the session died"]
    first, control = lines[0], lines[-1]
    if control.get("status") != "PAWL_OK" or not control.get("echoed"):
        wrong.append(f"control: {control}")
    if first.get("ms", 0) > one.limit_ms:
        wrong.append(f"took {first['ms']} ms")
    if first.get("peak", 0) > one.limit_bytes:
        wrong.append(f"took {first['peak']} bytes")
    return wrong


def run_hostile(world, one, controls):
    """The hostile session, then that with the control, in one process."""
    options, kind, server = one.control
    then = [] if "sweep" in one.expected else \
        [(controls.port(kind, server), options)]
    with one.kind(world, **one.server) as peer:
        lines = peers.probe(world, peer.port, one.options, *then)
        log = pathlib.Path(peer.log).read_text(errors="replace")
    wrong = judge(one, lines)
    first = lines[0] if lines else {}
    alert = "sent " + first["alert_sent"] \
        if first.get("alert_sent", "none") != "none" else \
        "received " + first["alert"] \
        if first.get("alert", "none") != "none" else "-"
    return {"table": "hostile", "row": one.title, "ok": not wrong,
            "status": first.get("status", "sweep"),
            "stage": first.get("stage", "-"), "alert": alert,
            "rule": first.get("rule", ""), "ms": first.get("ms", 0),
            "bytes": first.get("peak", 0), "wrong": wrong, "lines": lines,
            "log": log[-600:]}


def show(result):
    mark = "ok    " if result["ok"] else "FAILED"
    print(f"{mark} {result['row']}: {result['status']} {result['stage']}, "
          f"alert {result['alert']}, {result['ms']} ms, "
          f"{result['bytes']} bytes; control accepted"
          .replace("; control accepted", "; control accepted"
                   if result["ok"] else ""))
    if result["wrong"]:
        print("       " + "; ".join(result["wrong"]))
        print("       " + json.dumps(result["lines"]))
        print("       peer: " + result["log"].replace("\n", "\n       "))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.ExitStack() as stack:
        world = peers.World(folder)
        world.probe = os.path.abspath(arguments.probe)
        controls = Controls(world, stack)
        rows = [one for one in hostile.all_rows(world)
                if arguments.only in one.title]
        bad = 0
        for one in rows:
            result = run_hostile(world, one, controls)
            show(result)
            bad += not result["ok"]
        print(len(rows), bad)


if __name__ == "__main__":
    sys.exit(main())
