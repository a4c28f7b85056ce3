#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent that reconnects to mosquitto goes on from its ticket, and does not
once its trust document or its identity is another one. The firmware, the tool
and the servers are those of the quickstart; links are cut by a relay between
the device and the broker.

usage: resume.py --source S --tool T --loader L --images I [--never] [--keep]
       [--store soft|pkcs11|tpm2]

--never: a wolfSSL that cannot resume; each handshake is a full one, and all
else is as it should be. Exit codes: 0 all rows as they should be, 1 one is
not, 77 something is missing here.
"""
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "examples", "quickstart"))
sys.path.insert(0, os.path.join(ROOT, "test", "keystore"))

LIFETIME_S = 24  # of an LDevID: due after two thirds of it
BUSY = max(1, os.getloadavg()[0] / 4 / (os.cpu_count() or 1))


def missing():
    """What this machine lacks; imports the rest of this file's world."""
    try:
        import cbor2  # noqa: F401
        import cryptography  # noqa: F401
    except ImportError as error:
        return str(error)
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    for program in ("mosquitto", "mosquitto_pub", "nginx"):
        if shutil.which(program, path=path) is None:
            return program + " is not installed"
    return None


class Relay:
    """Passes connections on to a port, until they are cut."""

    def __init__(self, to):
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.ends = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return  # closed
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.ends += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=pair,
                                 daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # cut, or closed by either side

    def cut(self):
        with self.lock:
            ends, self.ends = self.ends, []
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already
            end.close()

    def close(self):
        self.listener.close()
        self.cut()


def story_of(arguments):
    import servers
    import story
    from story import Failed

    class Resume(story.Story):
        def __init__(self):
            super().__init__(arguments)
            self.can = not arguments.never
            self.broker_port = servers.free_port()
            self.relay = Relay(self.broker_port)

        def expect(self, name, seconds=15, never=(), **fields):
            return super().expect(name, seconds * BUSY, never, **fields)

        # ---- what the quickstart does otherwise ----

        def start_broker(self, crl=None):
            self.up["mqtt"] = servers.mosquitto(
                self.folder, self.broker_port, self.path("mqtt"),
                self.ldevid_ca.pem, crl)

        def start_est(self):
            self.up["est"] = servers.est(
                arguments.source, self.folder, self.ports["est"],
                self.path("est"), self.ldevid_ca, self.factory_ca,
                "--lifetime", str(int(LIFETIME_S * BUSY)), "--backdate", "2")

        def make_trust(self):
            self.ports["mqtt"] = self.relay.port
            super().make_trust()
            shutil.copy(self.path("trust.cbor"),
                        self.path("www", "trust-1.cbor"))

        def close(self):
            super().close()
            self.relay.close()

        def provision_words(self):
            return ["--keystore", arguments.key_store.name]

        # ---- the rows ----

        def connected(self, resumed, text):
            event = self.expect("CONNECTED", seconds=30)
            self.check(event["resumed"] == (resumed and self.can), text)
            self.expect("PUBLISHED")

        def make_sure_that_nothing_fails(self):
            """Nothing of a ticket is ever an error of the device's."""
            with open(self.path("device.log"), encoding="utf-8") as f:
                bad = [line for line in f if '"event":"FAILED"' in line]
            self.check(not bad, "the device has told of no failure of its own")

        def cut(self, text="the link was cut: resumed"):
            self.relay.cut()
            self.expect("SESSION_FAILED")
            self.connected(True, text)

        def begin(self):
            self.provision()
            self.boot_v1()
            self.enrol()

        def reconnect(self):
            self.connected(False, "the first time: a full handshake")
            self.cut()
            self.cut("and cut again: resumed from the resumed one's ticket")

        def trust(self):
            with open(self.path("trust.json")) as f:
                text = f.read()
            with open(self.path("next.json"), "w") as f:
                f.write(text.replace('"version": 1', '"version": 2'))
            out = self.path("www", "trust-2.cbor")
            self.pawl("trust", "create", self.path("next.json"), "-o", out)
            self.pawl("trust", "sign", out, "--key", self.path("root.pem"),
                      "--after", self.path("www", "trust-1.cbor"))
            payload = self.path("trust-announce.cbor")
            self.pawl("trust", "announce", "--uri", "https://%s:%d/%s" % (
                story.FW_NAME, self.ports["fw"], "trust-{version}.cbor"),
                "--newest", "2", "-o", payload)
            self.mosquitto("mosquitto_pub", "-r", "-t",
                           "pawl/%s/trust" % story.SERIAL, "-f", payload)
            self.expect("TRUST_ROTATED", seconds=30, sequence=2)
            self.connected(False, "another trust document: a full handshake")
            self.cut()

        def identity(self):
            self.expect("ENROLLED", seconds=2 * LIFETIME_S,
                        never=("ENROLL_FAILED", "SESSION_FAILED"))
            self.connected(False, "another LDevID: a full handshake")
            self.cut()

        def power_cycle(self):
            self.device.cut_power()
            self.device.forget()
            self.device.power_on()

        def ticket_file(self):
            return self.path("device", "ticket")

        def wait_for_ticket(self):
            """In flash, behind the head and the mark of its place."""
            end = time.monotonic() + 10 * BUSY
            while time.monotonic() < end:
                with open(self.ticket_file(), "rb") as f:
                    data = f.read()
                # A head, no mark, and the end of what is sealed is there.
                size = int.from_bytes(data[16:20], "big")
                if data[:4] == b"PWT1" and data[32:40] == b"\xff" * 8 and \
                        data[40:40 + size][-16:] != b"\xff" * 16:
                    return data
                time.sleep(0.05)
            raise Failed("no ticket in flash")

        def erase_ticket(self):
            """As if half a day were over."""
            self.device.cut_power()
            with open(self.ticket_file(), "wb") as f:
                f.write(b"\xff" * 8192)
            self.device.forget()
            self.device.power_on()
            self.connected(False, "without a ticket in flash: a full handshake")

        def reset(self):
            self.erase_ticket()
            if not self.can:
                return
            self.wait_for_ticket()
            self.power_cycle()
            self.connected(True, "power was cut: resumed from flash")
            self.power_cycle()
            self.connected(False, "and cut again: it is used once, and the "
                           "next is not written before half a day is over")
            self.erase_ticket()
            data = bytearray(self.wait_for_ticket())
            self.device.cut_power()
            data[300] ^= 4
            with open(self.ticket_file(), "wb") as f:
                f.write(data)
            self.device.forget()
            self.device.power_on()
            self.connected(False, "a bit in flash flipped: a full handshake")

        def restarted(self):
            """Its keys for tickets are others."""
            self.stop("mqtt")
            self.start_broker()
            self.relay.cut()
            self.connected(False, "the broker has forgotten: a full handshake")

        def whole(self):
            self.screen.line("An agent resumes its session with the broker")
            self.step("a device enrols", self.begin)
            self.step("its link is cut", self.reconnect)
            self.step("it loses power", self.reset)
            self.step("its trust document is rotated", self.trust)
            self.step("its identity is renewed", self.identity)
            self.step("the broker is started anew", self.restarted)
            self.step("nothing failed", self.make_sure_that_nothing_fails)

    return Resume()


def main():
    import argparse
    parser = argparse.ArgumentParser(prog="resume.py")
    parser.add_argument("--never", action="store_true")
    parser.add_argument("--store", choices=("soft", "pkcs11", "tpm2"),
                        default="soft")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-color", action="store_true")
    for name in ("source", "tool", "loader", "images"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    lack = missing()
    if lack is not None:
        print("resume: " + lack)
        return 77
    import stores
    kinds = {"soft": stores.Soft, "pkcs11": stores.SoftHsm, "tpm2": stores.Tpm}
    if arguments.store != "soft" and stores.missing():
        print("resume: missing: " + ", ".join(stores.missing()))
        return 77
    with tempfile.TemporaryDirectory() as folder, \
            kinds[arguments.store](os.path.join(folder, "keys")) as key_store:
        arguments.key_store = key_store
        os.environ.update(key_store.env)
        return story_of(arguments).run()


if __name__ == "__main__":
    sys.exit(main())
