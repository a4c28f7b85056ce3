# SPDX-License-Identifier: Apache-2.0
"""An MPS2 board under QEMU: power on, what it says, power off."""
import json
import os
import queue
import subprocess
import threading
import time

QEMU = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                    "port", "mps2", "qemu.sh")
MACHINES = {"m3": "mps2-an385", "m4": "mps2-an386", "m33": "mps2-an505"}
POWER_OFF, FAILED, REBOOT, POWER_CUT = 0, 1, 64, 75
WATCHDOG, STACK, FAULT = 80, 98, 99
KILLED = -9
CAUSES = {POWER_CUT: "power-on", KILLED: "power-on", REBOOT: "software",
          WATCHDOG: "watchdog", STACK: "fault", FAULT: "fault"}


class Run:
    """One run of QEMU, from power-on or reset to its end."""

    def __init__(self, core, elf, **arguments):
        words = ["%s=%s" % (k.replace("_", "-"), v)
                 for k, v in arguments.items() if v is not None]
        self.process = subprocess.Popen(
            ["sh", QEMU, MACHINES[core], elf, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True)
        self.lines = queue.Queue()
        self.said = []
        self.ended = False  # all that it said was read
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\r\n"))
        self.lines.put(None)

    def line(self, until):
        """The next line; None at the end of QEMU; raises TimeoutError."""
        try:
            line = self.lines.get(timeout=max(0, until - time.monotonic()))
        except queue.Empty:
            raise TimeoutError("the board says nothing; last: %s" %
                               self.said[-3:]) from None
        if line is None:
            self.ended = True
        else:
            self.said.append(line)
        return line

    def kill(self):
        """A power cut, if it has not ended by itself; its exit code. What it
        said before is in said."""
        if self.process.poll() is None and not self.ended:
            self.process.kill()
        code = self.process.wait(10)
        while not self.ended:
            self.line(time.monotonic() + 10)
        return code

    def finish(self, seconds):
        """Waits until it ends by itself; (code, lines). TimeoutError."""
        until = time.monotonic() + seconds
        try:
            while self.line(until) is not None:
                pass
        finally:
            code = self.kill()
        return code, self.said


def event(line):
    """The event of a line, or None."""
    if not line.startswith("{"):
        return None
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None  # cut off with the power
