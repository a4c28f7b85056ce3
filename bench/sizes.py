# SPDX-License-Identifier: Apache-2.0
"""Text and static RAM of modules, from objects and from a linker's map."""

import glob
import re

from build import CPU, ROOT, TARGET_CC, command

TEXT = (".text", ".rodata", ".ARM.ex")
RAM = (".data", ".bss", "COMMON")
SCRIPT = """ENTRY(nothing)
SECTIONS
{
    .text 0x10000 : { *(.text*) *(.rodata*) *(.ARM.ex*) }
    .data 0x20000000 : { *(.data*) }
    .bss : { *(.bss*) *(COMMON) }
}
"""


def public_functions():
    """Names that the public headers declare."""
    names = set()
    for path in glob.glob(f"{ROOT}/include/pawl/*.h"):
        with open(path, encoding="utf-8") as f:
            code = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        names.update(re.findall(r"\b(pawl_\w+)\(", code))
    return names


def roots(objects, modules):
    """The public functions that these modules define."""
    defined = set()
    for module in modules:
        out = command("arm-none-eabi-nm", "--defined-only", "--extern-only",
                      *objects[module])
        defined.update(re.findall(r" T (\w+)$", out, re.M))
    return sorted(defined & public_functions())


def of_objects(objects):
    """(text, RAM) of objects as they are, nothing left out."""
    text = ram = 0
    for line in command("arm-none-eabi-size", *objects).split("\n")[1:]:
        words = line.split()
        if words:
            text += int(words[0])
            ram += int(words[1]) + int(words[2])
    return text, ram


def link(objects, keep, work):
    """Links an image of what the functions in keep need; the map's text.
    What pawl does not define (wolfSSL, libc) stays undefined."""
    script, linked = f"{work}/sizes.ld", f"{work}/sizes.map"
    with open(script, "w", encoding="utf-8") as f:
        f.write(SCRIPT)
    command(TARGET_CC, *CPU, "-nostdlib", "-Wl,--gc-sections", "-T", script,
            "-Wl,--unresolved-symbols=ignore-all", f"-Wl,-Map={linked}",
            *[f"-Wl,-u,{name}" for name in keep],
            *[path for paths in objects.values() for path in paths],
            "-o", f"{work}/sizes.elf")
    with open(linked, encoding="utf-8") as f:
        return f.read().split("Linker script and memory map", 1)[1]


def of_map(text, work):
    """{module: (text, RAM)} of what the linker kept. An input section that
    has a long name has its size on the next line."""
    text = re.sub(r"^( [.\w]\S*)\n +", r"\1 ", text, flags=re.M)
    found = {}
    pattern = rf"^ (\S+) +0x(\w+) +0x(\w+) {re.escape(work)}/(\w+)/\w+\.o$"
    for name, address, size, module in re.findall(pattern, text, re.M):
        if int(address, 16) == 0:
            continue # collected
        kept = found.setdefault(module, [0, 0])
        if name.startswith(TEXT):
            kept[0] += int(size, 16)
        elif name.startswith(RAM):
            kept[1] += int(size, 16)
    return {module: tuple(kept) for module, kept in found.items()}


def linked(objects, keep, work):
    """{module: (text, RAM)} of an image whose roots are keep."""
    return of_map(link(objects, keep, work), work)


def whole_text(work):
    """The text that the linker put into the image, to check a map by."""
    out = command("arm-none-eabi-size", "-A", f"{work}/sizes.elf")
    return int(re.search(r"^\.text +(\d+)", out, re.M).group(1))
