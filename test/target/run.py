# SPDX-License-Identifier: Apache-2.0
"""Runs on the boards what run.sh has built, two jobs at a time."""
import argparse
import os
import queue
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CORES = ("m3", "m4", "m33")
MACHINES = {"m3": "mps2-an385", "m4": "mps2-an386", "m33": "mps2-an505"}
# Minutes on an emulated M3: hundreds of signatures each.
SLOW = "test_trust_trust|test_enroll_enroll|test_crypto_vectors|" \
    "test_identity_identity_trust|test_port_check"
# Searches over hundreds and thousands of power cuts, for the host.
NEVER = "test_flow_power|test_flow_trust|test_flow_set"


def build(core, *parts):
    return os.path.join(ROOT, "build", "cortex-" + core, *parts)


class Job:
    def __init__(self, core, name, limit, command, remark):
        self.core, self.name, self.limit = core, name, limit
        self.command, self.remark = command, remark
        self.seconds, self.good, self.said, self.output = 0, False, "", ""

    def run(self):
        began = time.monotonic()
        try:
            done = subprocess.run(self.command, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True,
                                  errors="replace", timeout=self.limit,
                                  stdin=subprocess.DEVNULL, cwd=ROOT)
            self.output, self.good = done.stdout, done.returncode == 0
        except subprocess.TimeoutExpired as reason:
            out = reason.stdout or b""
            self.output = (out if isinstance(out, str) else
                           out.decode(errors="replace")) + \
                "\nended after %d s" % self.limit
        self.seconds = time.monotonic() - began
        found = re.findall(self.remark, self.output, re.M)
        self.said = found[-1] if found else ""


def unit(core, slow):
    left_out = NEVER if slow or core == "m3" else "%s|%s" % (NEVER, SLOW)
    return Job(core, "unit tests", 1500,
               ["ctest", "--test-dir", build(core), "--no-tests=error",
                "--timeout", "600", "-E", left_out, "--output-on-failure"],
               r"(\d+% tests passed.*)$")


def examples(core):
    vectors = os.environ.get("PAWL_VECTORS",
                             os.path.join(ROOT, "..", "shared", "vectors"))
    return Job(core, "manifest examples", 300,
               ["sh", os.path.join(ROOT, "port", "mps2", "qemu.sh"),
                MACHINES[core],
                build(core, "test", "test_manifest_examples.elf"),
                "PAWL_VECTORS=" + vectors],
               r"(\d+ of \d+ tests failed)")


def python(core, script, limit, remark, *more):
    return Job(core, script, limit,
               [sys.executable, os.path.join(HERE, script + ".py"),
                "--core", core, *more], remark)


def memory(core):
    """The device has no heap: also not one that nobody calls."""
    return Job(core, "static memory", 60,
               ["sh", os.path.join(HERE, "no_heap.sh"), "arm-none-eabi-nm",
                *[build(core, "examples", "mps2", "mps2_%s.elf" % image)
                  for image in ("boot", "v1_a", "v1_b", "v2_a", "v2_b",
                                "v3_a", "v3_b")]],
               r"(no heap.*)")


def jobs(args):
    images = "mps2_v1_a.bin"
    for core in ("m3", "m4"):
        yield python(core, "life", 1800, r"%s: (\d+ kills.*)$" % core,
                     "--images", build(core, "examples", "mps2"), "--tool",
                     args.tool, "--kills", str((args.kills + 1) // 2),
                     "--seed", str(args.seed))
    for core in CORES:
        yield unit(core, args.slow)
    for core in CORES:
        yield python(core, "peers", 240, r"(\d+ rows, \d+ failed)", "--image",
                     build(core, "test", "target", "target_probe.elf"),
                     "--device", build(core, "examples", "mps2", images),
                     "--tool", args.tool)
    for core in CORES:
        yield examples(core)
        yield memory(core)


def work(todo, done):
    while True:
        try:
            job = todo.get_nowait()
        except queue.Empty:
            return
        job.run()
        done.append(job)
        print("%-4s %-18s %-6s %6.1f s  %s" % (
            job.core, job.name, "passed" if job.good else "FAILED",
            job.seconds, job.said), flush=True)
        if not job.good:
            print("\n".join("     " + line for line in
                            job.output.splitlines()[-30:]), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("--tool", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--only", metavar="WHAT",
                        help="jobs whose name has this in it")
    args = parser.parse_args()
    began = time.monotonic()
    todo, done = queue.Queue(), []
    for job in jobs(args):
        if args.only is None or args.only in job.core + " " + job.name:
            todo.put(job)
    lanes = [threading.Thread(target=work, args=(todo, done))
             for _ in range(max(2, os.cpu_count() or 2))]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    print()
    for job in done:
        if job.name in ("life", "peers"):
            print(job.output.rstrip())
    failed = sum(not job.good for job in done)
    print("\n%-4s %-18s %-6s %8s" % ("core", "what", "result", "time"))
    for job in sorted(done, key=lambda j: (CORES.index(j.core), j.name)):
        print("%-4s %-18s %-6s %6.1f s  %s" % (
            job.core, job.name, "passed" if job.good else "FAILED",
            job.seconds, job.said))
    print("total %.0f s" % (time.monotonic() - began))
    print("%d passed, %d failed" % (len(done) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
