# SPDX-License-Identifier: Apache-2.0
"""A device's whole life with one key store: provisioned, enrolled, renewed
three times, its manifest signer and its root rotated in the field, revoked,
expired, recovered. The servers, the tool, the loader and the firmware are
those of the quickstart; started by run.sh.

Time: the device's clock runs by the offset and the rate of its device.conf,
the servers' by libfaketime. Exit codes: 0 every step passed, 1 one did not.
"""
import argparse
import contextlib
import datetime
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "examples", "quickstart"))
sys.path.insert(0, os.path.join(ROOT, "test", "keystore"))

import servers  # noqa: E402  (found by the lines above)
import stores  # noqa: E402
import story  # noqa: E402
from story import Failed  # noqa: E402

STORES = {"soft": stores.Soft, "pkcs11": stores.P11Kit, "tpm2": stores.Tpm}
WHERE = {"soft": "a sealed file of its directory",
         "p11-kit": "SoftHSM, in another process (p11-kit server)",
         "tpm2": "a TPM (swtpm)"}
LIFETIME_S, BACKDATE_S = 28800, 3600  # of an LDevID
RATE = 1200  # two thirds of it pass in 15 seconds, the last third in 9,
BUSY = max(1, os.getloadavg()[0] / 4 / (os.cpu_count() or 1))  # or longer
FIRMWARE = {"components": ["00"]}


# After the rotation of the signer; the second one is of another component.
GOOD = [{"key": "signer2.pub.pem", **FIRMWARE},
        {"key": "signer3.pub.pem", "components": ["01"]}]


class Clock:
    """What the servers and the device take for the time."""

    def __init__(self):
        self.base, self.rate, self.offset = int(time.time()), 1, 0

    def now(self):
        return self.base + (time.time() - self.base) * self.rate + self.offset

    def run_at(self, rate):
        """Goes on from now at another rate."""
        now = self.now()
        self.base, self.rate = int(time.time()), rate
        self.offset = int(now) - self.base

    def jump(self, seconds):
        self.offset += seconds

    def lines(self):
        return ("clock_offset_s = %d\nclock_rate = %d\nclock_base_s = %d\n" %
                (self.offset, self.rate, self.base))

    def environment(self):
        """For a server that starts now."""
        library = sorted(glob.glob("/usr/lib*/*/faketime/libfaketimeMT.so.1"))
        if not library:
            raise RuntimeError("libfaketime is not installed")
        begin = datetime.datetime.fromtimestamp(self.now())
        return ["env", "LD_PRELOAD=" + library[0], "FAKETIME=@%s x%d" % (
            begin.strftime("%Y-%m-%d %H:%M:%S"), self.rate),
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            # Never looked at again: nginx writes its title over it.
            "FAKETIME_CACHE_DURATION=1000000"]


class Life(story.Story):
    def __init__(self, args, store):
        super().__init__(args)
        self.store, self.clock = store, Clock()
        self.trust_version = 1

    # ---- what the quickstart does otherwise ----

    def start_broker(self, crl=None):
        servers.PREFIX = self.clock.environment()
        super().start_broker(crl)

    def start_files(self, server=None, ask_client=True, rate="0"):
        servers.PREFIX = self.clock.environment()
        super().start_files(server, ask_client, rate)

    def start_est(self):
        servers.PREFIX = self.clock.environment()
        self.up["est"] = servers.est(
            self.args.source, self.folder, self.ports["est"],
            self.path("est"), self.ldevid_ca, self.factory_ca,
            "--lifetime", str(LIFETIME_S), "--backdate", str(BACKDATE_S),
            "--client-timeout", str(30 * self.clock.rate))

    def expect(self, name, seconds=15, never=(), **fields):
        return super().expect(name, seconds * BUSY, never, **fields)

    def expect_boot(self, *texts, seconds=15):
        return super().expect_boot(*texts, seconds=seconds * BUSY)

    def start_servers(self):
        self.start_est()
        self.start_broker()
        self.start_files()

    def stop_servers(self):
        for label in list(self.up):
            self.stop(label)

    def pawl(self, *words):
        """A TPM without a resource manager serves one process at a time: what
        is shown while the device uses it may be asked for again."""
        for again in range(20):
            try:
                out = super().pawl(*words)
            except Failed:
                if words[:2] != ("device", "show") or again == 19:
                    raise
                continue
            if words[:2] != ("device", "show") or again == 19 or all(
                    "status" not in (one or {}) for one in
                    json.loads(out)["identity"].values()):
                return out
        raise Failed("pawl device show")

    def provision_words(self):
        return ["--keystore", self.store.name]

    def trust_description(self, version, roots=("root",), signers=(),
                          **more):
        signers = signers or [{"key": "signer.pub.pem", **FIRMWARE}]
        return {
            "version": version, "root_threshold": 1,
            "roots": [r + ".pub.pem" for r in roots],
            "signer_threshold": 1, "signers": signers,
            "anchors": [
                {"certificate": "server-ca.pem",
                 "roles": ["enroll", "server", "download", "time"]},
                {"certificate": "ldevid-ca.pem", "roles": ["enroll"]}],
            **more}

    def make_trust(self):
        for key in ("root2", "signer2", "signer3"):
            self.pawl("key", "generate", "-o", self.path(key + ".pem"))
            self.pawl("key", "public", self.path(key + ".pem"), "-o",
                      self.path(key + ".pub.pem"))
        with open(self.path("trust.json"), "w") as f:
            json.dump(self.trust_description(1), f)
        trust = self.path("trust.cbor")
        self.pawl("trust", "create", self.path("trust.json"), "-o", trust)
        self.pawl("trust", "sign", trust, "--key", self.path("root.pem"))
        shutil.copy(trust, self.path("www", "trust-1.cbor"))
        self.checked("the trust document, version 1, signed by its root")

    # ---- trust documents ----

    def document(self, version, by, served=None, after=None, **changes):
        """Writes a successor, signed by the named roots; its file."""
        name = served or "trust-%d.cbor" % version
        out = self.path("www", name)
        with open(self.path("next.json"), "w") as f:
            json.dump(self.trust_description(version, **changes), f)
        self.pawl("trust", "create", self.path("next.json"), "-o", out)
        for root in by:
            self.pawl("trust", "sign", out, "--key", self.path(root + ".pem"),
                      "--after", self.path("www", "trust-%d.cbor" %
                                           (after or version - 1)))
        return out

    def announce_trust(self, name, newest):
        payload = self.path("trust-announce.cbor")
        self.pawl("trust", "announce", "--uri", "https://%s:%d/%s" % (
            story.FW_NAME, self.ports["fw"], name), "--newest", str(newest),
            "-o", payload)
        self.mosquitto("mosquitto_pub", "-r", "-t",
                       "pawl/%s/trust" % story.SERIAL, "-f", payload)

    def expect_rotation(self, version):
        self.expect("TRUST_ROTATED", seconds=30, never=("TRUST_REFUSED",),
                    sequence=version)
        self.expect("PUBLISHED", seconds=30)
        self.trust_version = version
        self.check(self.inventory()[10] == version,
                   "the broker has the inventory: trust document %d" % version)

    def shown(self):
        return json.loads(self.pawl("device", "show", self.device_dir,
                                    "--json"))

    def trust_unchanged(self):
        version = self.shown()["trust"]["version"]
        if version != self.trust_version:
            raise Failed("trust document %d is in force" % version)

    # ---- time and power ----

    def set_time(self):
        """Writes the clock into the device's configuration; power is off."""
        path = os.path.join(self.device_dir, "device.conf")
        with open(path, encoding="ascii") as f:
            lines = [line for line in f if not line.startswith("clock_")]
        with open(path, "w", encoding="ascii") as f:
            f.write("".join(lines) + self.clock.lines())

    def power_cycle(self, change):
        """Cuts the power, lets change() happen, and all is on again."""
        self.device.cut_power()
        self.stop_servers()
        change()
        self.set_time()
        self.start_servers()
        self.device.forget()
        self.device.power_on()

    def est_log(self):
        events = []
        with open(self.path("est.log"), encoding="utf-8") as f:
            for line in f:
                if line.startswith("{"):
                    events.append(json.loads(line))
        return events

    def enrolments(self, kind):
        return [e for e in self.est_log() if e["event"] == kind]

    # ---- the steps ----

    def loader_provisioned(self):
        """A trust document of the loader's own: what only it may write."""
        own = self.path("loader")
        os.mkdir(own)
        self.device.words = ["--trust", own]
        self.device.power_on()
        self.checked(self.expect_boot("nothing may be booted",
                                      "protected trust store never written"))
        self.device.cut_power()
        shutil.copy(self.path("trust.cbor"), os.path.join(own, "factory.cbor"))

    def provisioned(self):
        self.provision()
        self.loader_provisioned()
        in_files = os.path.exists(os.path.join(self.device_dir, "keys"))
        self.check(in_files == (self.store.kind == "soft"),
                   "its keys are in " + WHERE[self.store.kind])

    def enrolled(self):
        self.boot_v1()
        self.enrol()
        self.connect()

    def renewed(self):
        self.power_cycle(lambda: self.clock.run_at(max(100,
                                                       int(RATE / BUSY))))
        before = {e["certificate"] for e in self.enrolments("enrolled")}
        self.expect("PUBLISHED", seconds=30)
        for n in (1, 2, 3):
            self.expect("ENROLLED", seconds=40, never=("ENROLL_FAILED",))
            self.expect("CONNECTED", seconds=20)
            self.expect("PROMOTED", seconds=20)
            self.expect("PUBLISHED", seconds=20)
            self.checked("renewal %d: connected and published with it" % n)
        first, renewals = (self.enrolments(k) for k in ("enrolled",
                                                       "reenrolled"))
        self.check(len(first) == 1, "the IDevID was used once, to enrol")
        certificates = before | {e["certificate"] for e in renewals}
        self.check(len(certificates) >= 4, "%d LDevIDs, each another one" %
                   len(certificates))

    def operational(self):
        """Only LDevIDs on operational links (P17), and only the current."""
        self.power_cycle(lambda: self.clock.run_at(1))
        self.expect("PUBLISHED", seconds=30)
        self.device.forget()
        identity = self.shown()["identity"]
        self.check(identity["ldevid"]["issuer"] == "CN=ldevid-ca" and
                   identity["ldevid_next"] is None,
                   "one LDevID is left, of the owner's authority")
        with open(self.path("mosquitto.log"), encoding="utf-8") as f:
            names = set(re.findall(r"u'([^']+)'", f.read()))
        self.check(names <= {story.SERIAL, "operator"},
                   "the broker, which takes no IDevID, knows the device by it")

    def signer_rotated(self):
        retired = {"key": "signer.pub.pem", "retired": True, **FIRMWARE}
        self.document(2, ["root"], signers=[*GOOD, retired])
        self.device.forget()
        self.announce_trust("trust-{version}.cbor", 2)
        self.expect_rotation(2)
        self.check(self.update_state()["running"] is not None,
                   "what runs was signed by the old signer, and stays")
        v2 = self.path("www", "v2.bin")
        self.manifest("old.suit", v2, 2, "2.0.0", counter=2)
        self.attack("an update by the signer that is retired",
                    lambda: self.announce("old.suit"), "REFUSED",
                    ["PAWL_ERR_REVOKED"], ("VERIFIED",))
        self.manifest("other.suit", v2, 2, "2.0.0", counter=2, key="signer3")
        self.attack("an update by another component's signer",
                    lambda: self.announce("other.suit"), "REFUSED",
                    ["PAWL_ERR_POLICY"], ("VERIFIED",))

    def updated_by_the_new_signer(self):
        v2 = self.path("www", "v2.bin")
        self.bytes = os.path.getsize(v2)
        self.manifest("v2.suit", v2, 2, "2.0.0", counter=2, key="signer2")
        self.device.forget()
        self.announce("v2.suit")
        self.expect("INSTALLING", seconds=60)
        self.checked(self.expect_boot("slot B", "trial", seconds=30))
        self.expect("ACCEPTED", seconds=30, never=("REVERTED", "UNHEALTHY"))
        self.checked("2.0.0 by the new signer, verified by the loader with "
                     "the new document, is accepted")
        self.expect("PUBLISHED")

    def refusals(self):
        """Each document is refused with its reason, and nothing is lost."""
        good = GOOD
        try:
            self.document(3, ["root"], "no-way.cbor", signers=good[:1])
        except Failed:
            self.checked("the tool signs none that leaves a component without "
                         "a signer")
        else:
            raise Failed("a document that leaves no way was signed")
        self.document(3, ["root"], "unsigned.cbor", signers=good)
        with open(self.path("www", "unsigned.cbor"), "rb") as f:
            data = bytearray(f.read())
        data[-9] ^= 0x20
        with open(self.path("www", "flipped.cbor"), "wb") as f:
            f.write(data)
        with open(self.path("www", "cut.cbor"), "wb") as f:
            f.write(data[:-30])
        self.document(3, ["root2"], "one-short.cbor", signers=good,
                      roots=("root", "root2"), root_threshold=2)
        self.document(3, ["root2"], "new-only.cbor", signers=good,
                      roots=("root2",))
        rows = (
            ("one bit flipped", "flipped.cbor", 3, "TRUST_REFUSED",
             "PAWL_ERR_UNTRUSTED"),
            ("cut short", "cut.cbor", 3, "TRUST_REFUSED",
             "PAWL_ERR_MALFORMED"),
            ("one signature short", "one-short.cbor", 3, "TRUST_REFUSED",
             "PAWL_ERR_UNTRUSTED"),
            ("signed by new roots only", "new-only.cbor", 3, "TRUST_REFUSED",
             "PAWL_ERR_UNTRUSTED"),
            ("an old version", "trust-1.cbor", 3, "TRUST_REFUSED",
             "PAWL_ERR_ROLLBACK"),
            ("a version is left out", "trust-9.cbor", 9, "TRUST_WANTED",
             "PAWL_ERR_STATE"),
        )
        for what, name, newest, event, status in rows:
            self.device.forget()
            self.announce_trust(name, newest)
            seen = self.expect(event, seconds=20, never=("TRUST_ROTATED",))
            if seen["status"] != status or seen["sequence"] != 3:
                raise Failed("%s: %s, %d is wanted" % (
                    what, seen["status"], seen["sequence"]))
            self.trust_unchanged()
            self.checked("%-26s %s, version 3 is wanted" % (what, status))

    def root_rotated(self):
        """Two versions at once, in their order: the new root joins the old
        one, then the old one is gone."""
        good = GOOD
        self.document(3, ["root", "root2"], signers=good,
                      roots=("root", "root2"))
        self.document(4, ["root2"], signers=good, roots=("root2",))
        self.device.forget()
        self.announce_trust("trust-{version}.cbor", 4)
        self.expect("TRUST_ROTATED", seconds=30, never=("TRUST_REFUSED",),
                    sequence=3)
        self.checked("version 3: the new root beside the old one")
        held = self.expect("TRUST_HELD", seconds=30, sequence=3)
        self.check(held["status"] == "PAWL_ERR_RESET_DUE",
                   "version 4 waits until the loader has taken 3 over")
        self.checked(self.expect_boot("software", "slot B", seconds=30))
        self.expect_rotation(4)
        self.checked("version 4: the old root is gone")
        self.document(5, ["root"], "by-the-old.cbor", signers=good,
                      roots=("root2",))
        self.device.forget()
        self.announce_trust("by-the-old.cbor", 5)
        seen = self.expect("TRUST_REFUSED", seconds=20)
        self.check(seen["status"] == "PAWL_ERR_UNTRUSTED",
                   "what the old root signs now is refused")
        self.trust_unchanged()

    def power_fails(self):
        """Wherever power fails, the old document is in force or the new, and
        the loader, which has to take over each of them, is not left behind."""
        good = GOOD
        found = []
        for n in range(5):
            version = self.trust_version + 1
            self.document(version, ["root2"], signers=good, roots=("root2",))
            if n != 2:  # else the rotation waits for the loader
                self.device.cut_power()
                self.device.forget()
                self.device.power_on()
                self.expect("PUBLISHED", seconds=30)
            self.device.forget()
            self.announce_trust("trust-{version}.cbor", version)
            time.sleep(0.01 * n)  # wherever it is then
            self.device.cut_power()
            self.device.power_on()
            time.sleep(0.01 * n)  # the loader may be taking one over
            self.device.cut_power()
            now = self.shown()["trust"]["version"]
            if now not in (version - 1, version):
                raise Failed("neither %d nor its successor is in force: %d" %
                             (version - 1, now))
            found.append("old" if now < version else "new")
            self.device.forget()
            self.device.power_on()
            self.expect("PUBLISHED", seconds=30)
            if now < version:
                self.expect("TRUST_ROTATED", seconds=30, sequence=version)
                self.expect("PUBLISHED", seconds=30)
            self.trust_version = version
            self.trust_unchanged()
        self.checked("five times two cuts, found: " + ", ".join(found))

    def document_expired(self):
        good = GOOD
        version = self.trust_version + 1
        self.document(version, ["root2"], signers=good, roots=("root2",),
                      expires=int(self.clock.now()) - 60)
        self.device.forget()
        self.announce_trust("trust-{version}.cbor", version)
        self.expect_rotation(version)
        self.manifest("v3.suit", self.path("www", "v3.bin"), 3, "3.0.0",
                      key="signer2")
        self.attack("an update while the document is over",
                    lambda: self.announce("v3.suit"), "REFUSED",
                    ["PAWL_ERR_EXPIRED"], ("VERIFIED",))
        self.mosquitto("mosquitto_pub", "-r", "-n", "-t",
                       "pawl/%s/announce" % story.SERIAL)
        self.document(version + 1, ["root2"], signers=good, roots=("root2",))
        self.device.forget()
        self.announce_trust("trust-{version}.cbor", version + 1)
        self.expect_rotation(version + 1)
        self.checked("an expired document is rotated as any other")

    def revoked(self):
        self.device.forget()
        self.revoke()
        seen = self.expect("SESSION_FAILED", seconds=30,
                           status="PAWL_ERR_REFUSED")
        self.check(seen["alert_received"] == "certificate_revoked",
                   "the broker refuses the LDevID: certificate_revoked")

    def revocation_taken_back(self):
        self.stop("mqtt")
        self.start_broker()
        self.expect("CONNECTED", seconds=60)
        self.checked("connected again, with the same LDevID")
        self.expect("PUBLISHED", seconds=20)

    def expired(self):
        first = len(self.enrolments("enrolled"))
        self.power_cycle(lambda: self.clock.jump(2 * LIFETIME_S))
        self.expect("ENROLLED", seconds=30, never=("CONNECTED",))
        self.check(len(self.enrolments("enrolled")) == first + 1,
                   "the LDevID is over: the IDevID has enrolled anew")

    def recovered(self):
        self.expect("CONNECTED", seconds=30)
        self.expect("PROMOTED", seconds=30)
        self.expect("PUBLISHED", seconds=30)
        inventory = self.inventory()
        self.check(inventory[3] == "2.0.0" and
                   inventory[10] == self.trust_version,
                   "2.0.0 runs, trust document %d, and the broker knows" %
                   self.trust_version)

    def whole(self):
        self.screen.line("Pawl, a device's life, keys: %s" % self.store.kind)
        self.step("provision", self.provisioned)
        self.step("enrol", self.enrolled)
        self.step("renew three times while publishing", self.renewed)
        self.step("operational links use the LDevID", self.operational)
        self.step("rotate the signer", self.signer_rotated)
        self.step("update by the new signer", self.updated_by_the_new_signer)
        self.step("refuse bad trust documents", self.refusals)
        self.step("rotate the root", self.root_rotated)
        self.step("rotate while power fails", self.power_fails)
        self.step("let the trust document expire", self.document_expired)
        self.step("revoke", self.revoked)
        self.step("take the revocation back", self.revocation_taken_back)
        self.step("let the LDevID expire", self.expired)
        self.step("recover", self.recovered)

    def run_steps(self):
        """Returns (steps, passed)."""
        try:
            with contextlib.suppress(Failed):
                self.whole()
        except BaseException:  # interrupted, or wrong itself
            self.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.close()
        self.table()
        self.keep_or_remove(0 if self.failed_at is None else 1)
        good = sum(row[2] == "ok" for row in self.rows)
        return len(self.rows), good


def live(args, kind):
    folder = tempfile.mkdtemp(prefix="pawl-life-")
    try:
        with STORES[kind](os.path.join(folder, "keys")) as store:
            before = dict(os.environ)
            os.environ.update(store.env)
            try:
                return Life(args, store).run_steps()
            finally:
                os.environ.clear()
                os.environ.update(before)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="life/run.sh")
    parser.add_argument("--store", choices=sorted(STORES), action="append",
                        help="only with this key store; default: each")
    parser.add_argument("--keep", action="store_true",
                        help="keep the folder, and say how to look at it")
    parser.add_argument("--no-color", action="store_true")
    for name in ("source", "tool", "loader", "images"):
        parser.add_argument("--" + name, required=True,
                            help=argparse.SUPPRESS)
    args = parser.parse_args()

    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    kinds = args.store or ["soft", "pkcs11", "tpm2"]
    if kinds != ["soft"] and stores.missing():
        print("life: missing: " + ", ".join(stores.missing()))
        return 77
    steps = passed = 0
    try:
        for kind in kinds:
            more = live(args, kind)
            steps, passed = steps + more[0], passed + more[1]
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    print("steps %d passed %d" % (steps, passed))
    return 0 if steps == passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
