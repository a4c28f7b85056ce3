# SPDX-License-Identifier: Apache-2.0
"""Searches the memory of a process for a private key."""

import os
import pathlib
import signal
import time


def forms(scalar):
    """How libraries keep 32 bytes of a number: big-endian, little-endian, in
    32-bit words; either half is enough."""
    little = scalar[::-1]
    words = b"".join(scalar[i:i + 4][::-1] for i in range(0, 32, 4))
    return [part for form in (scalar, little, words)
            for part in (form[:16], form[16:])]


def group_of(pid):
    """The processes of the group that pid leads."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text("latin-1")
        except (OSError, NotADirectoryError):
            continue
        if entry.isdigit() and stat.rpartition(")")[2].split()[2] == str(pid):
            found.append(int(entry))
    return found


def is_stopped(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text("latin-1")
    return stat.rpartition(")")[2].split()[0] in "tT"


def regions(pid):
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, access = line.split()[:2]
        if access[0] == "r" and not line.endswith(("[vvar]", "[vsyscall]")):
            first, last = (int(number, 16) for number in span.split("-"))
            yield first, last - first, "w" in access


def read_region(memory, first, length):
    """As much of a region as can be read."""
    data = b""
    try:
        memory.seek(first)
        while len(data) < length:
            more = memory.read(length - len(data))
            if not more:
                break
            data += more
    except (OSError, ValueError, OverflowError):
        pass
    return data


def search_once(pid, wanted):
    """(found, bytes searched), in a process that stands still."""
    searched, found = 0, False
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for first, length, writable in regions(pid):
            data = read_region(memory, first, length)
            if writable and len(data) < length:
                raise RuntimeError(f"{length} bytes of {pid} cannot be read")
            searched += len(data)
            found = found or any(form in data for form in wanted)
    return found, searched


def search(pid, scalar, times):
    """Stops pid at so many moments and searches all that it can read, until
    the key is found. (found, moments, bytes searched at one of them)"""
    searched = 0
    for moment in range(1, times + 1):
        time.sleep(0.003)
        os.kill(pid, signal.SIGSTOP)
        try:
            give_up = time.monotonic() + 5
            while not is_stopped(pid) and time.monotonic() < give_up:
                time.sleep(0.0005)
            found, searched = search_once(pid, forms(scalar))
        finally:
            os.kill(pid, signal.SIGCONT)
        if found:
            return True, moment, searched
    return False, times, searched
