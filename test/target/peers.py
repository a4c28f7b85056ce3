#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The target's network under QEMU: real servers, and what may go wrong.

usage: peers.py --core m3|m4|m33 --image PROBE.elf --device IMAGE.bin
                --tool PAWL

Each row is one run of the probe (probe.c) with one expectation: the status by
name, and the exit code. Everything has a deadline.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import board
import bridge
import world

LIMIT = 60


class Listener:
    """A TCP or UDP server in a thread, on a free port."""

    def __init__(self, kind, serve):
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if kind == socket.SOCK_STREAM:
            self.socket.listen(8)
        threading.Thread(target=self._main, args=(kind, serve),
                         daemon=True).start()

    def _main(self, kind, serve):
        try:
            if kind == socket.SOCK_DGRAM:
                serve(self.socket)
            while True:
                one, _ = self.socket.accept()
                threading.Thread(target=serve, args=(one,),
                                 daemon=True).start()
        except OSError:
            pass # closed

    def close(self):
        self.socket.close()


def echo_and_end(one):
    """Echoes 6,000 bytes, then ends the stream."""
    left = 6000
    while left > 0:
        data = one.recv(min(left, 4096))
        if not data:
            break
        one.sendall(data)
        left -= len(data)
    one.close()


def echo_to_eot(one):
    """Echoes until a byte 0x04, and closes behind it."""
    data = b"."
    while data and not data.endswith(b"\x04"):
        data = one.recv(4096)
        one.sendall(data)
    one.close()


def echo_datagrams(one):
    while True:
        data, address = one.recvfrom(4096)
        one.sendto(data, address)


def close_in_the_middle(one):
    one.recv(4096)  # all of the first flight
    one.close()


class Peers:
    def __init__(self, args, folder):
        self.args = args
        self.world = world.World(folder, args.tool)
        self.modem = self.world.path("modem")
        release = self.world.release("r1", [args.device, args.device], 1)
        self.flash = self.world.provision("one", release, args.device)
        self.failed = self.passed = 0

    def row(self, text, do, status="PAWL_OK", says=(), code=None, modem=True,
            keep=False, **more):
        began = time.monotonic()
        flash = self.world.path("probe.flash")
        if not keep:  # each row on a device of its own
            shutil.copy(self.flash, flash)
        run = board.Run(self.args.core, self.args.image,
                        flash=self.flash if keep else flash,
                        modem=self.modem if modem else None, do=do, **more)
        try:
            ended, lines = run.finish(LIMIT)
        except TimeoutError as reason:
            ended, lines = None, [str(reason)]
        last = lines[-1] if lines else ""
        if code is None:
            code = 0 if status == "PAWL_OK" else board.FAILED
        good = ended == code and all(s in last for s in (status, *says))
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        seconds = time.monotonic() - began
        print("%s: %-4s %-46s %5.1f s  %s" % (
            self.args.core, "ok" if good else "BAD", text, seconds,
            last.replace("probe: ", "")), flush=True)
        if not good:
            print("%s:      expected %s %s, exit %s; was %s, %s" % (
                self.args.core, status, says, code, ended, lines[-4:]),
                flush=True)

    def s_server(self):
        port = world.servers.free_port()
        return port, world.servers.Server("s_server", [
            "openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert",
            self.world.path("fw.pem"), "-key", self.world.path("fw.key"),
            "-CAfile", self.world.path("factory-ca.pem"), "-Verify", "1",
            "-verify_return_error", "-tls1_3", "-rev", "-quiet"], port,
            self.world.path("s_server.log"))

    def good(self):
        port, server = self.s_server()
        self.row("TLS 1.3, mutual, with openssl s_server", "session",
                 says=["version=772", "signatures=1"], port=port)
        self.row("the least memory for it, and one byte less", "arena",
                 says=["one_less=PAWL_ERR_NO_MEMORY"], port=port)
        self.row("a server of another name", "session", "PAWL_ERR_NAME",
                 port=port, name="other.pawl.test")
        server.stop()
        self.row("EST enrolment with the IDevID", "enroll",
                 says=["http=200"], port=self.world.ports["est"],
                 name=world.NAMES["est"], keep=True)
        self.row("MQTT 5 to mosquitto with the LDevID", "mqtt",
                 says=["messages=1"], port=self.world.ports["mqtt"],
                 name=world.NAMES["mqtt"])

    def modem_rows(self):
        echo = Listener(socket.SOCK_STREAM, echo_and_end)
        self.row("three streams at once, to their ends", "streams",
                 says=["got=6000 got=6000 got=6000"], port=echo.port)
        echo.close()
        echo = Listener(socket.SOCK_DGRAM, echo_datagrams)
        self.row("datagrams keep their ends", "datagrams", port=echo.port)
        stream = Listener(socket.SOCK_STREAM, echo_to_eot)
        self.row("pawl_port_check() of the whole port", "check",
                 says=["violated=0"], port=stream.port, udp=echo.port,
                 closed=world.servers.free_port())
        stream.close()
        echo.close()

    def bad(self, line):
        port, server = self.s_server()
        line.noise = 1.0
        self.row("noise on the UART", "session", "PAWL_ERR_UNREACHABLE",
                 ["port=-1 "], port=port)
        line.noise = 0.0
        server.stop()
        self.row("a server that is absent", "session",
                 "PAWL_ERR_UNREACHABLE", ["port=111 "], port=port)
        rude = Listener(socket.SOCK_STREAM, close_in_the_middle)
        self.row("a server that closes in the middle", "session",
                 "PAWL_ERR_CLOSED", port=rude.port)
        rude.close()
        silent = Listener(socket.SOCK_STREAM, lambda one: hang_up(line, one))
        self.row("a host that goes away in the middle", "session",
                 "PAWL_ERR_TIMEOUT", port=silent.port)
        silent.close()
        self.row("no host at all", "session", "PAWL_ERR_TIMEOUT", port=port,
                 modem=False)
        self.row("a stack that overflows", "overflow",
                 "stack overflow: the guard is gone", code=board.STACK)

    def run(self):
        self.world.start()
        with bridge.Bridge(self.modem) as line:
            self.good()
            self.modem_rows()
            self.bad(line)


def hang_up(line, one):
    one.recv(100) # the handshake has begun
    line.hang_up()
    held.append(one)


held = []


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--core", required=True, choices=board.MACHINES)
    for name in ("image", "device", "tool"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pawl-peers-")
    os.chmod(folder, 0o755)  # nginx
    peers = None
    try:
        peers = Peers(args, folder)
        peers.run()
    except (RuntimeError, OSError, subprocess.SubprocessError) as reason:
        print("%s: FAILED: %s" % (args.core, reason))
        return 1
    finally:
        if peers is not None:
            peers.world.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("%s: %d rows, %d failed" % (args.core, peers.passed + peers.failed,
                                      peers.failed))
    return 1 if peers.failed else 0


if __name__ == "__main__":
    sys.exit(main())
