# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end: enrol, connect, update, boot, resist, revert.

Started by quickstart.sh, which builds everything first. Exit codes: 0 every
step happened as told; 1 a step did not; 2 wrong command line; 3 something
that is needed is missing; 130 interrupted.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import cbor2

import pki
import servers
from device import Device

VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "vendor.pawl.test")
CLASS = uuid.uuid5(VENDOR, "quickstart-device")
OTHER_CLASS = uuid.uuid5(VENDOR, "another-device")
SERIAL = "PAWL-0001"
EST_NAME, MQTT_NAME, FW_NAME = ("est.pawl.test", "mqtt.pawl.test",
                                "fw.pawl.test")


class Failed(Exception):
    """A step did not happen as told."""


class Screen:
    """What a person sees."""

    def __init__(self, color):
        self.live = sys.stdout.isatty()
        self.color = color and self.live
        self.bar_shown = False

    def paint(self, code, text):
        return "\033[%sm%s\033[0m" % (code, text) if self.color else text

    def line(self, text=""):
        if self.bar_shown:
            sys.stdout.write("\r\033[K")
            self.bar_shown = False
        print(text, flush=True)

    def bar(self, done, total):
        if not self.live:
            return
        width = 40
        full = width * done // max(total, 1)
        sys.stdout.write("\r     [%s%s] %3d %%  %d of %d bytes" %
                         ("#" * full, "." * (width - full),
                          100 * done // max(total, 1), done, total))
        sys.stdout.flush()
        self.bar_shown = True


class Story:
    def __init__(self, args):
        self.args = args
        self.screen = Screen(not args.no_color)
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="pawl-"))
        self.rows, self.number = [], 0
        self.up = {}  # servers by label
        self.device = None
        self.failed_at = None

    # ---- telling ----

    def step(self, title, work):
        self.number += 1
        self.screen.line(self.screen.paint("1", "%2d. %s" %
                                           (self.number, title)))
        self.bytes = 0
        begin = time.monotonic()
        try:
            work()
        except (Failed, RuntimeError, subprocess.CalledProcessError,
                OSError) as error:
            self.screen.line(self.screen.paint("31", "     FAILED: %s" %
                                               error))
            self.rows.append((self.number, title, "FAILED", self.bytes, begin,
                              time.monotonic()))
            self.failed_at = self.number
            raise Failed(str(error))
        self.rows.append((self.number, title, "ok", self.bytes, begin,
                          time.monotonic()))

    def checked(self, text):
        self.screen.line("     " + self.screen.paint("32", "ok") + "  " + text)

    def check(self, good, text):
        if not good:
            raise Failed("not so: " + text)
        self.checked(text)

    def table(self):
        self.screen.line(self.screen.paint("1", "%2d. the table" %
                                           (self.number + 1)))
        self.screen.line("step                                          "
                         "       result       bytes        ms")
        for number, title, result, size, begin, end in self.rows:
            self.screen.line("%2d. %-48s %-8s %9s %9d" % (
                number, title[:48], result, size or "",
                1000 * (end - begin)))

    # ---- tools ----

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def pawl(self, *words):
        """Runs the host tool; its one line of complaint becomes ours."""
        done = subprocess.run([self.args.tool, *words], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise Failed("pawl %s: %s" % (
                " ".join(words[:2]),
                (done.stderr.strip().splitlines() or ["no reason"])[-1]))
        return done.stdout

    def watch(self, event):
        if event["event"] == "PROGRESS":
            self.screen.bar(event["done"], event["total"])

    def expect(self, name, seconds=15, never=(), **fields):
        """Waits for an event; any of `never` before it is a failure."""
        last = ""
        for kind, event in self.device.events(seconds):
            if kind == "boot":
                last = event
                continue
            if kind == "end":
                raise Failed("the device ended, waiting for %s: %s" %
                             (name, last))
            if event["event"] in never:
                raise Failed("%s came, waiting for %s: %s" %
                             (event["event"], name, event["text"]))
            last = "%s: %s" % (event["event"], event["text"])
            if event["event"] == name and all(
                    event.get(k) == v for k, v in fields.items()):
                return event
        raise Failed("%s did not come in %d s; last: %s" %
                     (name, seconds, last))

    def expect_boot(self, *texts, seconds=15):
        for kind, line in self.device.events(seconds):
            if kind == "boot" and all(t in line for t in texts):
                return line
            if kind == "end":
                break
        raise Failed("the loader did not say %s" % " .. ".join(texts))

    def update_state(self):
        return json.loads(self.pawl("update", "show", self.device_dir,
                                    "--json"))

    def announce(self, name):
        uri = "https://%s:%d/%s" % (FW_NAME, self.ports["fw"], name)
        payload = self.path("announce.cbor")
        self.pawl("update", "announce", "--uri", uri, "-o", payload)
        self.mosquitto("mosquitto_pub", "-r", "-t",
                       "pawl/%s/announce" % SERIAL, "-f", payload)

    def mosquitto(self, program, *words, timeout=10):
        operator = self.path("operator")
        return subprocess.run(
            [program, "-V", "5", "-h", "127.0.0.1", "-p",
             str(self.ports["mqtt"]), "--cafile", self.server_ca.pem,
             "--cert", operator + ".pem", "--key", operator + ".key",
             "--insecure", "-q", "1", *words],
            capture_output=True, check=True, timeout=timeout).stdout

    def inventory(self):
        """The retained inventory, as the broker has it."""
        raw = self.mosquitto("mosquitto_sub", "-t",
                             "pawl/%s/inventory" % SERIAL, "-C", "1", "-N",
                             "-W", "5")
        return cbor2.loads(raw)

    # ---- servers ----

    def start_broker(self, crl=None):
        self.up["mqtt"] = servers.mosquitto(
            self.folder, self.ports["mqtt"], self.path("mqtt"),
            self.ldevid_ca.pem, crl)

    def start_files(self, server=None, ask_client=True, rate="0"):
        self.up["fw"] = servers.nginx(
            self.folder, "fw", self.ports["fw"], server or self.path("fw"),
            self.ldevid_ca.pem if ask_client else None, self.path("www"),
            rate)

    def start_est(self):
        self.up["est"] = servers.est(
            self.args.source, self.folder, self.ports["est"],
            self.path("est"), self.ldevid_ca, self.factory_ca)

    def stop(self, label):
        server = self.up.pop(label, None)
        if server is not None:
            server.stop()

    # ---- manifests ----

    def manifest(self, name, image, sequence, version, counter=None,
                 class_id=CLASS, key="signer", served=None):
        """Describes, encodes and signs; the envelope is served as NAME."""
        description = {
            "sequence": sequence,
            "vendor_id": str(VENDOR),
            "class_id": str(class_id),
            "components": [{
                "id": ["00"],
                "image": image,
                "uri": "https://%s:%d/%s" % (
                    FW_NAME, self.ports["fw"],
                    served or os.path.basename(image)),
                **({"security_counter": counter} if counter else {}),
            }],
            "text": {"version": version},
        }
        with open(self.path(name + ".json"), "w") as f:
            json.dump(description, f, indent=1)
        out = self.path("www", name)
        self.pawl("manifest", "create", self.path(name + ".json"), "-o", out)
        self.pawl("manifest", "sign", out, "--key", self.path(key + ".pem"))
        return out

    # ---- the steps ----

    def provision(self):
        f = self.folder
        os.makedirs(self.path("www"))
        self.server_ca = pki.Authority(f, "server-ca")
        self.factory_ca = pki.Authority(f, "factory-ca")
        self.ldevid_ca = pki.Authority(f, "ldevid-ca")
        self.foreign_ca = pki.Authority(f, "foreign-ca")
        for label, name in (("est", EST_NAME), ("mqtt", MQTT_NAME),
                            ("fw", FW_NAME)):
            self.server_ca.issue(self.path(label), name, [pki.SERVER], [name])
        self.server_ca.issue(self.path("fw-wrong-name"), "other.pawl.test",
                             [pki.SERVER], ["other.pawl.test"])
        self.foreign_ca.issue(self.path("fw-foreign"), FW_NAME, [pki.SERVER],
                              [FW_NAME])
        self.ldevid_ca.issue(self.path("operator"), "operator", [pki.CLIENT])
        self.checked("test authorities for servers, factory and owner")
        for key in ("root", "signer", "stranger"):
            self.pawl("key", "generate", "-o", self.path(key + ".pem"))
            self.pawl("key", "public", self.path(key + ".pem"), "-o",
                      self.path(key + ".pub.pem"))
        self.checked("keys of the trust root, the manifest signer, a stranger")
        self.ports = {k: servers.free_port() for k in ("est", "mqtt", "fw")}
        self.make_trust()
        for n in (1, 2, 3):
            shutil.copy(os.path.join(self.args.images,
                                     "device-v%d.image" % n),
                        self.path("www", "v%d.bin" % n))
        v1 = self.manifest("v1.suit", self.path("www", "v1.bin"), 1, "1.0.0",
                           counter=1)
        self.make_device(v1)

    def make_trust(self):
        with open(self.path("trust.json"), "w") as f:
            json.dump({
                "version": 1,
                "root_threshold": 1, "roots": ["root.pub.pem"],
                "signer_threshold": 1,
                "signers": [{"key": "signer.pub.pem", "components": ["*"]}],
                "anchors": [
                    {"certificate": "server-ca.pem",
                     "roles": ["enroll", "server", "download"]},
                    {"certificate": "ldevid-ca.pem", "roles": ["enroll"]},
                ]}, f, indent=1)
        trust = self.path("trust.cbor")
        self.pawl("trust", "create", self.path("trust.json"), "-o", trust)
        self.pawl("trust", "sign", trust, "--key", self.path("root.pem"))
        self.pawl("trust", "verify", trust)
        self.checked("the trust document, version 1, signed by its root")

    def provision_words(self):
        """More words for `pawl device provision`."""
        return []

    def slot_size(self):
        """By default 2 MiB; a build with sanitizers is larger."""
        image = os.path.getsize(self.path("www", "v1.bin"))
        return max(2, 2 * (image >> 20)) << 20

    def make_device(self, v1):
        conf = self.path("device.conf")
        with open(conf, "w") as f:
            f.write("pawl_device = 1\nserial = %s\nvendor_id = %s\nclass_id = %s\n" %
                    (SERIAL, VENDOR, CLASS))
            f.write("slot_size = %d\n" % self.slot_size())
            for use, port, name in (("enroll", "est", EST_NAME),
                                    ("mqtt", "mqtt", MQTT_NAME),
                                    ("download", "fw", FW_NAME)):
                f.write("endpoint = %s 127.0.0.1 %d %s\n" %
                        (use, self.ports[port], name))
        self.device_dir = self.path("device")
        self.pawl("device", "provision", self.device_dir, "--conf", conf,
                  "--trust", self.path("trust.cbor"), "--envelope", v1,
                  "--image", self.path("www", "v1.bin"),
                  *self.provision_words())
        self.pawl("device", "csr", self.device_dir, "-o",
                  self.path("idevid.csr"))
        self.factory_ca.issue_for_request(self.path("idevid.csr"),
                                          self.path("idevid.pem"))
        self.pawl("device", "install-cert", self.device_dir,
                  self.path("idevid.pem"))
        self.bytes = os.path.getsize(self.path("www", "v1.bin"))
        self.checked("the device made its IDevID key; the factory certified "
                     "it; trust and v1 are in flash")
        self.device = Device(self.args.loader, self.device_dir,
                             self.path("device.log"), self.watch)

    def boot_v1(self):
        self.start_est()
        self.start_broker()
        self.start_files()
        self.device.power_on()
        line = self.expect_boot("slot A", "sequence 1")
        self.checked(line)
        event = self.expect("STARTED")
        self.check(event["version"] == "1.0.0", "firmware 1.0.0 is running")

    def enrol(self):
        self.expect("ENROLLED", never=("ENROLL_FAILED",))
        self.checked("EST over mutual TLS with the IDevID: the request was "
                     "signed in the key store")
        shown = json.loads(self.pawl("device", "show", self.device_dir,
                                     "--json"))
        ldevid = shown["identity"]["ldevid_next"] or \
            shown["identity"]["ldevid"]
        self.check(ldevid and ldevid["issuer"] == "CN=ldevid-ca",
                   "the LDevID of the owner's authority is stored")

    def connect(self):
        self.expect("CONNECTED")
        self.checked("mutual TLS 1.3 with the LDevID; the broker's ACL knows "
                     "the device by it")
        self.expect("PUBLISHED")
        inventory = self.inventory()
        self.check(inventory[2] == SERIAL and inventory[3] == "1.0.0" and
                   inventory[4] == 0 and inventory[6] == 1,
                   "the broker has the inventory: %s, firmware 1.0.0, slot A, "
                   "sequence 1" % SERIAL)

    def interrupt(self):
        v2 = self.path("www", "v2.bin")
        size = os.path.getsize(v2)
        self.stop("fw")
        self.start_files(rate="%d" % (size // 3))
        self.manifest("v2.suit", v2, 2, "2.0.0", counter=2)
        self.announce("v2.suit")
        self.expect("ANNOUNCED")
        self.expect("VERIFIED", never=("REFUSED", "DOWNLOAD_FAILED"))
        self.checked("the envelope's signature, sequence, vendor and class, "
                     "before anything was erased")
        for kind, event in self.device.events(20):
            if kind == "event" and event["event"] == "PROGRESS" and \
                    event["done"] * 2 >= event["total"]:
                break
        else:
            raise Failed("the download did not come half way")
        self.device.cut_power()
        self.bytes = event["done"]
        self.screen.line("     power cut (SIGKILL) at %d of %d bytes" %
                         (event["done"], event["total"]))
        state = self.update_state()
        self.check(state["state"] == "WRITING" and
                   state["durable"] > 0,
                   "the journal says WRITING, %d bytes are safe" %
                   state["durable"])
        self.checkpoint = state["durable"]
        self.stop("fw")
        self.start_files()

    def resume(self):
        size = os.path.getsize(self.path("www", "v2.bin"))
        self.device.forget()
        self.device.power_on()
        self.checked(self.expect_boot("slot A", "sequence 1"))
        event = self.expect("RESUMED", never=("REFUSED", "DOWNLOAD_FAILED"))
        self.check(event["done"] == self.checkpoint > 0,
                   "the download goes on at byte %d" % event["done"])
        event = self.expect("CANDIDATE", never=("REFUSED", "DOWNLOAD_FAILED"))
        self.bytes = size - self.checkpoint
        self.checked("complete, and its digest verified from flash")
        with open(self.path("nginx-fw.access.log")) as f:
            ranges = [line.split()[2] for line in f if "/v2.bin" in line]
        self.check(ranges[-1] == "bytes=%d-" % self.checkpoint,
                   "the server was asked for the rest only: " + ranges[-1])
        self.expect("INSTALLING")
        self.checked("staged; the device resets")

    def accept(self):
        self.checked(self.expect_boot("slot B", "trial", "sequence 2"))
        event = self.expect("TRIAL")
        self.check(event["version"] == "2.0.0", "firmware 2.0.0 is running, "
                   "on trial")
        event = self.expect("ACCEPTED", never=("REVERTED", "UNHEALTHY"))
        self.checked("a session proved it, and it was accepted")
        self.check(event["done"] == 2, "the security counter is 2")
        self.expect("PUBLISHED")
        self.check(self.inventory()[3] == "2.0.0", "the inventory says so")

    # ---- attacks ----

    def unchanged(self, before):
        """Nothing of what the device runs was lost."""
        after = self.update_state()
        same = all(after[k] == before[k] for k in
                   ("running", "current", "sequence_floor",
                    "security_counter"))
        if not same:
            raise Failed("the attack changed the device: %s" % after)

    def attack(self, text, do, event, status, never=(), says=""):
        before = self.update_state()
        self.device.forget()
        do()
        fields = {"status": status[0]} if event == "SESSION_FAILED" else {}
        seen = self.expect(event, seconds=20,
                           never=never + ("INSTALLING", "ACCEPTED"), **fields)
        rule = seen.get("rule") or seen["text"]
        if seen.get("alert_received", "none") != "none":
            rule = "alert " + seen["alert_received"]
        if seen["status"] not in status or says not in seen["text"]:
            raise Failed("%s: refused, but as %s (%s)" %
                         (text, seen["status"], rule))
        self.unchanged(before)
        self.checked("%-41s refused: %s" % (text, rule))

    def flipped_bit(self):
        with open(self.path("www", "v2.bin"), "rb") as f:
            data = bytearray(f.read())
        data[len(data) // 2] ^= 0x10
        with open(self.path("www", "flipped.bin"), "wb") as f:
            f.write(data)
        self.bytes += len(data)
        self.manifest("flipped.suit", self.path("www", "v2.bin"), 3, "bad",
                      served="flipped.bin")
        self.announce("flipped.suit")

    def unknown_signer(self):
        self.manifest("stranger.suit", self.path("www", "v3.bin"), 4, "bad",
                      key="stranger")
        self.announce("stranger.suit")

    def other_class(self):
        self.manifest("class.suit", self.path("www", "v3.bin"), 5, "bad",
                      class_id=OTHER_CLASS)
        self.announce("class.suit")

    def bad_server(self, server, ask_client=True):
        self.stop("fw")
        self.start_files(self.path(server), ask_client)
        self.announce("v2.suit?" + server)

    def attacks(self):
        start = ("CANDIDATE", "VERIFIED")
        self.attack("an image with one bit flipped", self.flipped_bit,
                    "REFUSED", ["PAWL_ERR_DIGEST"], ("CANDIDATE",))
        self.attack("an envelope by an unknown signer", self.unknown_signer,
                    "REFUSED", ["PAWL_ERR_UNTRUSTED", "PAWL_ERR_SIGNATURE"],
                    start)
        self.attack("v1's envelope, replayed",
                    lambda: self.announce("v1.suit"), "REFUSED",
                    ["PAWL_ERR_ROLLBACK"], start,
                    says="older than what was accepted")
        self.attack("an envelope for another class", self.other_class,
                    "REFUSED", ["PAWL_ERR_NOT_FOR_US"], start)
        self.attack("a server whose chain ends elsewhere",
                    lambda: self.bad_server("fw-foreign"), "DOWNLOAD_FAILED",
                    ["PAWL_ERR_UNTRUSTED"], start)
        self.attack("a server with another name",
                    lambda: self.bad_server("fw-wrong-name"),
                    "DOWNLOAD_FAILED", ["PAWL_ERR_NAME"], start)
        self.attack("a server that asks for no certificate",
                    lambda: self.bad_server("fw", ask_client=False),
                    "DOWNLOAD_FAILED", ["PAWL_ERR_POLICY",
                                        "PAWL_ERR_PROTOCOL"], start)
        self.stop("fw")
        self.start_files()
        self.attack("a broker to which we are revoked", self.revoke,
                    "SESSION_FAILED", ["PAWL_ERR_REFUSED"])
        self.stop("mqtt")
        self.start_broker()
        self.expect("CONNECTED", seconds=30)
        self.checked("the broker trusts the device again: connected")

    def revoke(self):
        shown = json.loads(self.pawl("device", "show", self.device_dir,
                                     "--json"))
        serial = int(shown["identity"]["ldevid"]["serial"], 16)
        crl = self.path("revoked.crl")
        self.ldevid_ca.revoke([serial], crl)
        self.stop("mqtt")
        self.start_broker(crl)

    def revert(self):
        v3 = self.path("www", "v3.bin")
        self.bytes = os.path.getsize(v3)
        self.manifest("v3.suit", v3, 6, "3.0.0", counter=3)
        self.device.forget()
        self.announce("v3.suit")
        self.expect("INSTALLING", seconds=30)
        self.checked("v3 is validly signed, and staged")
        for left in (2, 1, 0):
            line = self.expect_boot("slot A", "trial",
                                    "%d attempts" % left, seconds=30)
            self.checked(line)
        line = self.expect_boot("slot B", "reverted", seconds=30)
        self.checked(line)
        event = self.expect("REVERTED")
        self.check(event["version"] == "2.0.0",
                   "2.0.0 runs again; it reports: " + event["text"])
        self.expect("PUBLISHED")
        inventory = self.inventory()
        self.check(inventory[3] == "2.0.0" and inventory[7] == 2 and
                   inventory[8] == 48,
                   "the broker knows: 2.0.0, counter still 2, attempts used "
                   "up")

    def whole(self):
        self.screen.line("Pawl quickstart: a device's life in %s" %
                         self.folder)
        self.step("the factory provisions a device", self.provision)
        self.step("the loader boots v1", self.boot_v1)
        self.step("v1 enrols by EST", self.enrol)
        self.step("v1 connects to the broker", self.connect)
        self.step("v2 is downloaded, and power fails", self.interrupt)
        self.step("the download resumes and installs", self.resume)
        self.step("v2 proves itself and is accepted", self.accept)
        self.step("attacks are refused, nothing is lost", self.attacks)
        self.step("v3 crashes; the device reverts", self.revert)

    def close(self):
        if self.device is not None:
            self.device.cut_power()
        for label in list(self.up):
            self.stop(label)

    def run(self):
        result = 1
        try:
            self.whole()
            result = 0
        except Failed:
            pass
        except KeyboardInterrupt:
            result = 130
        finally:
            self.close()
            self.table()
            self.keep_or_remove(result)
        return result

    def keep_or_remove(self, result):
        if self.args.keep:
            self.screen.line("\nKept. Look at it with:")
            for what in ("device", "update"):
                self.screen.line("  '%s' %s show '%s'" % (
                    self.args.tool, what, self.path("device")))
        else:
            if result == 1 and self.device is not None and \
                    os.path.exists(self.device.log_path):
                self.tail()
            shutil.rmtree(self.folder, ignore_errors=True)
        self.screen.line(
            "every step happened as told" if result == 0 else
            "interrupted" if result == 130 else
            "failed at step %s" % self.failed_at)

    def tail(self):
        self.screen.line("\nThe device's last words (--keep keeps all):")
        with open(self.path("device.log"), encoding="utf-8") as f:
            for line in f.readlines()[-12:]:
                self.screen.line("  " + line.rstrip()[:200])


def main():
    parser = argparse.ArgumentParser(prog="quickstart.sh")
    parser.add_argument("--keep", action="store_true",
                        help="keep the folder, and say how to look at it")
    parser.add_argument("--no-color", action="store_true")
    for name in ("source", "tool", "loader", "images"):
        parser.add_argument("--" + name, required=True,
                            help=argparse.SUPPRESS)
    args = parser.parse_args()

    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    # Children are ended and the folder is removed, however it ends.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    return Story(args).run()


if __name__ == "__main__":
    sys.exit(main())
