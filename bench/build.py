# SPDX-License-Identifier: Apache-2.0
"""Compiling and linking for the benchmark: the target's way, and the host's."""

import concurrent.futures
import glob
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET_CC = "arm-none-eabi-gcc"
HOST_CC = "gcc"
CPU = ["-mcpu=cortex-m3", "-mthumb"]
CFLAGS = ["-std=c11", "-Os", "-ffunction-sections", "-fdata-sections"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"]
INCLUDES = [f"-I{ROOT}/include", f"-I{ROOT}/src"]
WITH_WOLFSSL = ("crypto", "session")


class Unmeasured(Exception):
    """Something that could not be measured, with the reason."""


def command(*words, **options):
    """What a command prints; raises Unmeasured if it fails."""
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().split("\n")
        raise Unmeasured(f"{' '.join(words[:1])} failed: "
                         + "\n".join(said[-12:]))
    return done.stdout


def compiler_version(compiler):
    return command(compiler, "--version").split("\n")[0]


def modules():
    """The modules of src/, lowest row of cmake/layers.cmake first; `record`
    is a part of update here."""
    with open(f"{ROOT}/cmake/layers.cmake", encoding="utf-8") as f:
        rows = re.search(r"set\(PAWL_LAYERS(.*?)\)", f.read(), re.S).group(1)
    names = [name for row in re.findall(r'"([^"]*)"', rows)
             for name in row.split() if name != "record"]
    return [name for name in names if sources(name)]


def sources(module):
    return sorted(glob.glob(f"{ROOT}/src/{module}/*.c"))


def wolfssl_tree():
    """The folder of wolfSSL's sources."""
    tree = os.environ.get("PAWL_WOLFSSL_DIR")
    if tree:
        return tree
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return command("sh", f"{ROOT}/cmake/get-wolfssl.sh", f"{home}/pawl",
                   "5.9.2", "5.7.2").strip()


def wolfssl_flags():
    """Flags for files that include wolfSSL's headers, and its version. The
    settings are those of port/posix, as long as no target has its own."""
    tree = wolfssl_tree()
    with open(f"{tree}/wolfssl/version.h", encoding="utf-8") as f:
        version = re.search(r'VERSION_STRING "([^"]*)"', f.read()).group(1)
    return ["-DWOLFSSL_USER_SETTINGS", f"-I{ROOT}/port/posix",
            f"-isystem{tree}"], version


def compile_modules(names, wolfssl, work):
    """Compiles modules for the target; {module: [object]}."""
    jobs = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name in names:
            os.makedirs(f"{work}/{name}", exist_ok=True)
            flags = CPU + CFLAGS + INCLUDES + WARNINGS
            flags += wolfssl if name in WITH_WOLFSSL else []
            jobs[name] = [(pool.submit(command, TARGET_CC, *flags, "-c", source,
                                       "-o", to), to)
                          for source in sources(name)
                          for to in [f"{work}/{name}/"
                                     f"{os.path.basename(source)[:-2]}.o"]]
        done = {}
        for name, pairs in jobs.items():
            for job, _ in pairs:
                job.result()
            done[name] = [to for _, to in pairs]
    return done
