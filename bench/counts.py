# SPDX-License-Identifier: Apache-2.0
"""Instructions and stack, cryptography replaced: of the manifest's examples on
a Cortex-M3 under QEMU and on the host under callgrind, of a start and of an
update on the Cortex-M3; and what updates do to flash, counted on the host."""

import re
import subprocess

from build import (CFLAGS, CPU, HOST_CC, INCLUDES, ROOT, TARGET_CC, WARNINGS,
                   Unmeasured, command, sources)

# The virtual clock advances 2^6 ns for each instruction, and never waits.
QEMU = ["qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor",
        "none", "-serial", "none", "-icount", "shift=6,align=off,sleep=off",
        "-chardev", "stdio,id=out", "-semihosting-config",
        "enable=on,target=native,chardev=out"]
# An image at the reset vector of port/mps2, with 16 KiB of stack.
LINK = ["-Wl,-T," + f"{ROOT}/port/mps2/mps2.ld", "-Wl,-u,reset",
        "-Wl,--defsym=code_origin=0,--defsym=code_size=4M",
        "-Wl,--defsym=ram_origin=0x20000000,--defsym=ram_size=4M",
        "-Wl,--defsym=stack_size=16K", "-Wl,--no-warn-rwx-segments"]
BOARD = [f"{ROOT}/port/mps2/{name}.c"
         for name in ("start", "semihosting", "image", "flash")]
MODULES = ("base", "cbor", "cose", "manifest")
UPDATE_MODULES = MODULES + ("trust", "journal", "update", "boot")
REPLACED = ("pawl_sha256_start", "pawl_sha256_update", "pawl_sha256_finish",
            "pawl_sha256", "pawl_p256_verify")


def _files(*own):
    return [f"{ROOT}/bench/{name}" for name in own] + \
        [path for module in MODULES for path in sources(module)]


def _twice(measure):
    """What measure() returns, if it returns the same again."""
    first, second = measure(), measure()
    if first != second:
        raise Unmeasured(f"two runs differ: {first} and {second}")
    return first


def _numbers(out):
    """{name: number} of "name number" lines."""
    return {name: float(number) if "." in number else int(number)
            for name, number in re.findall(r"^(\w+) ([\d.]+)$", out, re.M)}


def _in_qemu(files, image, *flags):
    """{name: number} that a program prints on the target, twice the same."""
    command(TARGET_CC, *CPU, *CFLAGS, *INCLUDES, *WARNINGS, *flags,
            "--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections",
            *LINK, f"-I{ROOT}/port/mps2", *files, "-o", image)

    def run():
        try:
            return _numbers(command(*QEMU, "-kernel", image, timeout=600,
                                    stdin=subprocess.DEVNULL))
        except subprocess.TimeoutExpired:
            raise Unmeasured("QEMU: no end within 600 s") from None

    return _twice(run)


def on_target(work):
    """{name: number} that bench/target/manifest.c prints."""
    return _in_qemu(BOARD + _files("target/board.c", "target/manifest.c",
                                   "manifest/examples.c",
                                   "manifest/replaced_crypto.c"),
                    f"{work}/manifest.elf")


def _update_files(*own):
    return [f"{ROOT}/bench/{name}" for name in own] + \
        [f"{ROOT}/bench/update/{name}"
         for name in ("device.c", "replaced_crypto.c")] + \
        [f"{ROOT}/test/fake/fake_release.c"] + \
        [path for module in UPDATE_MODULES for path in sources(module)]


def update_on_target(work):
    """{name: number} that bench/target/update.c prints."""
    return _in_qemu(BOARD + _update_files("target/board.c",
                                          "target/update.c"),
                    f"{work}/update.elf", f"-I{ROOT}/test")


def update_on_host(work):
    """{name: number} that bench/update/host.c prints."""
    program = f"{work}/update-host"
    command(HOST_CC, *CFLAGS, *INCLUDES, *WARNINGS, f"-I{ROOT}/test",
            *_update_files("update/host.c"), "-o", program)
    return _twice(lambda: _numbers(command(program, timeout=600)))


def on_host(work):
    """Instructions of the examples, [0, 1]."""
    program = f"{work}/manifest-host"
    command(HOST_CC, *CFLAGS, *INCLUDES, *WARNINGS, "-Wl,-z,now",
            *_files("manifest/host.c", "manifest/examples.c",
                    "manifest/replaced_crypto.c"), "-o", program)

    def run(example):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no",
             f"--callgrind-out-file={work}/callgrind.{example}",
             "--toggle-collect=bench_run",
             *[f"--toggle-collect={name}" for name in REPLACED],
             program, str(example)], capture_output=True, text=True)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or found is None:
            raise Unmeasured("valgrind failed: " + done.stderr[-400:])
        return int(found.group(1))

    return [_twice(lambda example=example: run(example))
            for example in range(2)]
