#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole A/B life on a Cortex-M under QEMU, with power cuts.

usage: life.py --core m3|m4|m33 --images DIR --tool PAWL [--kills N] [--seed S]

A boot loader at the reset vector, firmware that enrols, downloads its
successor over TLS into the other slot, installs it, proves and accepts it.
QEMU is killed at random moments, and ended in the middle of chosen flash
operations, in each phase: a fifth of N kills in each. After every kill the
device must come to run the new firmware, confirmed; a board that does not is a
brick. At last a firmware that crashes is installed, and must be reverted.

    download    from the first byte in the slot to the last
    install     from the last byte to the reset: manifest, journal
    trial       the first start of the new image, before it is accepted
    accept      journal and counter while it is accepted
    compaction  from the journal's first erase on, in any phase
"""
import argparse
import os
import random
import shutil
import sys
import tempfile
import time

import board
import bridge
import flash_image
import world

PHASES = ("download", "install", "trial", "accept", "compaction")


class Brick(Exception):
    """The board did not come back."""


class Outcome:
    """How one run of QEMU went."""

    def __init__(self, code, lines, stopped):
        self.code, self.lines, self.stopped = code, lines, stopped
        self.events = [e for e in map(board.event, lines) if e]

    def names(self):
        return [e["event"] for e in self.events]

    def cut(self):
        for line in self.lines:
            if line.startswith("mps2: power cut in "):
                return line
        return ""

    def loader(self):
        return next((l for l in self.lines if l.startswith("loader: ")), "")

    def phase(self):
        """In which phase it was killed; None: in none that counts."""
        names, cut = self.names(), self.cut()
        if "compacted" in cut:
            return "compaction"
        on_trial = ", trial," in self.loader()
        if "STARTED" not in names:
            return "trial" if on_trial or "journal" in cut else None
        if any(e["event"] == "STARTED" and e["text"] == "TRIAL"
               for e in self.events):
            if "ACCEPTED" in names or "journal" in cut or "counter" in cut:
                return "accept"
            return "trial"
        if "CANDIDATE" in names or "manifest" in cut:
            return "install" if "REVERTED" not in names else None
        if "VERIFIED" in names or "RESUMED" in names:
            return "download"
        return None


class Life:
    def __init__(self, args, folder):
        self.core, self.images = args.core, args.images
        self.random = random.Random(args.seed)
        self.per_phase = (args.kills + len(PHASES) - 1) // len(PHASES)
        self.world = world.World(folder, args.tool)
        self.modem = os.path.join(folder, "modem")
        self.log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        self.counts = {p: {"killed": 0, "torn": 0} for p in PHASES}
        self.runs = 0
        self.peak = 0
        self.stack_free = 1 << 30
        self.snapshots = {}

    def image(self, name):
        return os.path.join(self.images, name)

    def release(self, number, sequence):
        name = "r%d" % sequence
        self.world.release(name, [self.image("mps2_v%d_%s.bin" % (number, s))
                                  for s in "ab"], sequence, sequence)
        return name

    # ---- flash as files ----

    def copy(self, source, name):
        path = self.world.path(name)
        with open(source, "rb") as f, open(path, "wb") as out:
            out.write(f.read(flash_image.USED))
            out.truncate(flash_image.SIZE)
        return path

    # ---- running it ----

    def run(self, flash, cause, stop=None, kill=None, limit=60, **cuts):
        """One run of QEMU: until it ends, or stop(event) holds, or so many
        seconds after the first event of kill = (holds, seconds)."""
        self.runs += 1
        began = time.monotonic()
        run = board.Run(self.core, self.image("mps2_boot.elf"), flash=flash,
                        modem=self.modem, cause=cause, **cuts)
        kill_at, stopped = None, False
        try:
            while True:
                until = began + limit
                if kill_at is not None:
                    until = min(until, kill_at)
                try:
                    line = run.line(until)
                except TimeoutError:
                    break
                if line is None:
                    break
                event = board.event(line)
                if event is None:
                    continue
                self.note(event)
                if stop is not None and stop(event):
                    stopped = True
                    break
                if kill and kill_at is None and kill[0](event):
                    kill_at = time.monotonic() + kill[1]
        finally:
            code = run.kill()
        outcome = Outcome(code, run.said, stopped)
        self.log.write("== %s %s code %s\n" % (cause, cuts, code))
        self.log.write("\n".join(l for l in run.said if "PROGRESS" not in l))
        self.log.write("\n")
        self.log.flush()
        if any("NOR rule" in l or "nothing may be booted" in l
               for l in run.said):
            raise Brick("; ".join(run.said[-4:]))
        return outcome

    def note(self, event):
        self.peak = max(self.peak, event["arena_peak"])
        self.stack_free = min(self.stack_free, event["stack_free"])

    def until(self, flash, stop, cause="power-on", boots=12, seconds=90,
              **cuts):
        """Runs and resets it until stop(event); the outcomes. The cuts are
        for the first run."""
        outcomes, end = [], time.monotonic() + seconds
        hit = []

        def watch(event):
            if stop(event):
                hit.append(event)
            return bool(hit)
        for _ in range(boots):
            if time.monotonic() > end:
                break
            one = self.run(flash, cause, stop=watch,
                           limit=max(1, end - time.monotonic()), **cuts)
            outcomes.append(one)
            if hit:
                return outcomes
            if one.code not in board.CAUSES:
                raise Brick("ended with %d: %s" % (one.code, one.lines[-3:]))
            cause, cuts = board.CAUSES[one.code], {}
        raise Brick("no end after %d runs: %s" %
                    (len(outcomes), [o.lines[-2:] for o in outcomes[-3:]]))

    # ---- what is expected of it ----

    @staticmethod
    def settled(version):
        """The event by which this firmware shows that it stays."""
        return lambda e: e["version"] == version and (
            e["event"] == "ACCEPTED" or
            (e["event"] == "STARTED" and e["text"] in ("READY", "UPDATED")))

    def must_settle(self, flash, version, sequence, cause="power-on"):
        self.until(flash, self.settled(version), cause)
        one = self.run(flash, "power-on", limit=20,
                       stop=lambda e: e["event"] == "STARTED")
        if "confirmed, sequence %d" % sequence not in one.loader():
            raise Brick("not confirmed: %s" % one.lines[:2])

    # ---- the life without cuts: it gives the snapshots ----

    def reference(self):
        v1 = self.release(1, 1)
        flash = self.world.provision(
            "one", self.world.path("www", v1 + ".suit"),
            self.image("mps2_v1_a.bin"))
        began = time.monotonic()
        self.until(flash, lambda e: e["event"] == "PUBLISHED")
        self.say("enrolled and connected", began)
        self.update(flash, 2, 2, "2.0.0")
        self.update(flash, 1, 3, "1.0.0")
        return flash

    def update(self, flash, number, sequence, version):
        """One update; a snapshot of each phase."""
        began = time.monotonic()
        name = self.release(number, sequence)
        self.world.announce(name)
        goal = (version, sequence, name)
        self.keep("ready", flash, goal, lambda: self.until(
            flash, lambda e: e["event"] == "PROGRESS" and
            e["done"] * 100 > e["total"] * 94, trace=1))
        self.keep("writing", flash, goal, lambda: self.until(
            flash, lambda e: e["event"] == "INSTALLING", trace=1))
        # INSTALLING is said when it is staged: the reset may be cut off
        self.keep("staged", flash, goal, lambda: self.until(
            flash, self.settled(version), "software", trace=1))
        self.must_settle(flash, version, sequence)
        self.say("updated to %s" % version, began)

    def keep(self, what, flash, goal, go):
        """A snapshot before go(); whether the journal is compacted in it."""
        path = self.copy(flash, "%s-%d" % (what, goal[1]))
        outcomes = go()
        where = set()
        for line in outcomes[0].lines:
            if line == "mps2: erase of journal":
                where.add("cut" if any(
                    e["event"] == "STARTED" for e in map(
                        board.event, outcomes[0].lines[
                            :outcomes[0].lines.index(line)]) if e)
                    else "boot_cut")
        self.snapshots.setdefault(what, []).append((path, goal, where))

    # ---- kills ----

    def any_of(self, *what):
        return self.random.choice([s for w in what for s in self.snapshots[w]])

    def torn(self, regions, kinds, most):
        return "%s:%s:%d:%d" % (regions, self.random.choice(kinds),
                                self.random.randint(1, most),
                                self.random.randrange(1 << 14))

    def after(self, name, seconds):
        return (lambda e: e["event"] == name,
                self.random.uniform(0, seconds))

    def in_download(self):
        """How to kill a download that goes on."""
        if self.random.random() < 0.4:
            return {"cut": self.torn("s", "pe*", 60)}
        percent, begin = self.random.uniform(0, 25), []

        def far_enough(event):
            if event["event"] not in ("VERIFIED", "RESUMED", "PROGRESS"):
                return False
            begin.append(event["done"])
            return event["event"] == "PROGRESS" and \
                (begin[-1] - begin[0]) * 100 >= percent * event["total"]
        return {"kill": (far_enough, self.random.uniform(0, 0.1))}

    def plan(self, phase):
        """A snapshot, and how to kill what starts from it."""
        chance = self.random.random()
        if phase == "install":
            snapshot = self.any_of("writing")
            if chance < 0.3:
                return snapshot, {"kill": self.after("CANDIDATE", 0.02)}
            if chance < 0.6:
                return snapshot, {"cut": self.torn("m", "pe*", 4)}
            return snapshot, {"cut": self.torn("mj", "*", 30)}
        if phase == "trial":
            snapshot = self.any_of("staged")
            if chance < 0.5:
                return snapshot, {"kill": self.after("STARTED", 0.15)}
            return snapshot, {"boot_cut": self.torn("j", "*", 4)}
        if phase == "accept":
            return self.any_of("staged"), {"cut": self.torn("jc", "*", 8)}
        late = [s for kind in ("writing", "staged")
                for s in self.snapshots[kind] if s[2]]
        snapshot = self.random.choice(
            late or [s for s in self.snapshots["ready"] if s[2]])
        return snapshot, {self.random.choice(sorted(snapshot[2])):
                          self.torn("j", "c", 8)}

    def kill_downloads(self):
        """Up to ten kills of one download, which goes on each time."""
        path, (version, sequence, name), _ = self.any_of("ready")
        flash, cause = self.copy(path, "victim"), "power-on"
        self.announced(name)
        for _ in range(10):
            one = self.run(flash, cause, stop=self.settled(version),
                           **self.in_download())
            if one.phase() != "download" or one.stopped or \
                    one.code not in (board.POWER_CUT, board.KILLED):
                break
            self.count("download", one)
            if self.total("download") >= self.per_phase:
                break
        self.must_settle(flash, version, sequence, board.CAUSES[one.code])

    def count(self, phase, one):
        torn = "torn" if one.code == board.POWER_CUT else "killed"
        self.counts[phase][torn] += 1

    def kill_in(self, phase):
        """One kill, and what must come after it."""
        (path, (version, sequence, name), _), how = self.plan(phase)
        flash = self.copy(path, "victim")
        self.announced(name)
        one = self.run(flash, "software" if "staged" in path else "power-on",
                       stop=self.settled(version), **how)
        hit = one.phase()
        if one.stopped or one.code not in (board.POWER_CUT, board.KILLED):
            hit = None
        cause = board.CAUSES.get(one.code)
        if cause is None:
            raise Brick("ended with %d: %s" % (one.code, one.lines[-3:]))
        # One in four is cut once more on the way.
        again = {}
        if self.random.random() < 0.25:
            again = {"cut": self.torn("jmc", "*", 12)}
        try:
            self.until(flash, self.settled(version), cause, **again)
            self.must_settle(flash, version, sequence)
        except Brick as reason:
            shutil.copy(flash, self.world.path("brick"))
            raise Brick("%s by %s of %s, then %s: %s" % (
                phase, how, os.path.basename(path), again, reason)) from None
        if hit is not None:
            self.count(hit, one)

    def announced(self, name):
        if name != getattr(self, "last_announced", None):
            self.world.announce(name)
            self.last_announced = name

    def total(self, phase):
        return sum(self.counts[phase].values())

    def kills(self):
        for phase in PHASES:
            began = time.monotonic()
            tries = 0
            while self.total(phase) < self.per_phase:
                tries += 1
                if tries > 4 * self.per_phase + 8:
                    raise Brick("%s was hit only %d times" %
                                (phase, self.total(phase)))
                if phase == "download":
                    self.kill_downloads()
                else:
                    self.kill_in(phase)
            self.say("%s: %d kills" % (phase, self.total(phase)), began)

    # ---- and a firmware that is ill ----

    def revert(self, flash):
        began = time.monotonic()
        self.world.announce(self.release(3, 9))
        outcomes = self.until(flash, lambda e: e["event"] == "REVERTED")
        loaders = [o.loader() for o in outcomes]
        tried = sum("trial, sequence 9" in l for l in loaders)
        if tried != 3 or "reverted, sequence 3" not in loaders[-1]:
            raise Brick("v3 was not reverted: %s" % loaders)
        self.say("v3 crashed %d times and was reverted" % tried, began)

    def elsewhere(self, flash):
        """An update whose images were linked for the other slot each."""
        began = time.monotonic()
        self.world.release("swapped", [self.image("mps2_v2_%s.bin" % s)
                                       for s in "ba"], 10, 10)
        self.world.announce("swapped")
        outcomes = self.until(flash, lambda e: e["event"] == "REVERTED" and
                              e["sequence"] == 10)
        refused = sum("loader: its entry or its stack lies elsewhere" in
                      o.lines for o in outcomes)
        last = outcomes[-1].loader()
        if refused != 3 or "reverted, sequence 3" not in last:
            raise Brick("refused %d times, then %s" % (refused, last))
        self.say("v2 of the other slot was never entered", began)

    def say(self, text, began):
        print("%s: %-44s %6.1f s" % (self.core, text,
                                     time.monotonic() - began), flush=True)

    def table(self):
        print("%s: phase       killed   torn  bricks" % self.core)
        for phase in PHASES:
            count = self.counts[phase]
            print("%s: %-10s %7d %6d %7d" % (self.core, phase,
                                             count["killed"], count["torn"],
                                             0))
        print("%s: %d kills, 0 bricks, %d runs of QEMU; arena's high-water "
              "mark %d of 49152 bytes, stack never used %d of 24576" %
              (self.core, sum(self.total(p) for p in PHASES), self.runs,
               self.peak, self.stack_free))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--core", required=True, choices=board.MACHINES)
    parser.add_argument("--images", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pawl-life-")
    os.chmod(folder, 0o755)  # nginx
    life, good = None, False
    try:
        life = Life(args, folder)
        life.world.start()
        with bridge.Bridge(life.modem):
            flash = life.reference()
            life.kills()
            life.revert(flash)
            life.elsewhere(flash)
        life.table()
        good = True
    except (Brick, RuntimeError, OSError) as reason:
        print("%s: FAILED: %s (seed %d; kept: %s)" %
              (args.core, reason, args.seed, folder), flush=True)
    finally:
        if life is not None:
            life.world.close()
            life.log.close()
        if good:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
