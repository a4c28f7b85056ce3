# SPDX-License-Identifier: Apache-2.0
"""A device under the loader, and what it says."""
import json
import os
import queue
import signal
import subprocess
import threading
import time


class Device:
    """The boot loader, started on a device directory: power is on."""

    def __init__(self, loader, directory, log_path, watch):
        self.loader, self.directory = loader, directory
        self.log_path, self.watch = log_path, watch
        self.words = []  # of the loader, before the directory
        self.process = None
        self.lines = queue.Queue()

    def power_on(self):
        log = open(self.log_path, "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.loader, *self.words, self.directory], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            bufsize=1, errors="replace", start_new_session=True)
        threading.Thread(target=self._read, args=(self.process, log),
                         daemon=True).start()

    def _read(self, process, log):
        with log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def cut_power(self):
        """SIGKILL for the loader and the image that it runs: no goodbye."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None

    def forget(self):
        """Drops what was said so far."""
        while True:
            try:
                self.lines.get_nowait()
            except queue.Empty:
                return

    def events(self, seconds):
        """Yields (kind, event): ("boot", text) of the loader, ("event", dict)
        of the firmware, until so many seconds are over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            try:
                line = self.lines.get(timeout=left)
            except queue.Empty:
                return
            if line is None:
                if self.process is None or self.process.poll() is not None:
                    yield "end", "the loader ended"
                    return
                continue
            if line.startswith("{"):
                event = json.loads(line)
                self.watch(event)
                yield "event", event
            else:
                yield "boot", line
