# SPDX-License-Identifier: Apache-2.0
"""doc/SIZES.md and doc/sizes.svg: what pawl, wolfSSL and libc take in whole
firmware, for three profiles on three cores.

usage: sizes_doc.py [--write | --check | --json FILE]

Without an option the document is printed. --write writes both files, --check
compares them with what is measured now: exit 1 if they differ, 77 if another
compiler than the one that they name is at hand. It takes some minutes, since
wolfSSL is compiled for each core."""

import argparse
import json
import re
import sys
import tempfile

import firmware
from build import ROOT, TARGET_CC, Unmeasured, compiler_version

DOC, PICTURE = f"{ROOT}/doc/SIZES.md", f"{ROOT}/doc/sizes.svg"
CORE_NAMES = {"m3": "Cortex-M3", "m4": "Cortex-M4", "m33": "Cortex-M33"}
OTHERS = ("wolfSSL", "libc", "port", "program") # behind pawl's own modules


def total(rows, kinds=firmware.KINDS):
    return sum(row[kind] for row in rows for kind in kinds)


def own(sizes):
    return [name for name in sorted(sizes) if name not in OTHERS]


def flash(row):
    """Bytes of flash: data is there too, to be copied."""
    return row["text"] + row["rodata"] + row["data"]


def summary(found):
    yield "| profile | core | flash | of it pawl | wolfSSL | libc | " \
        "contexts | deepest stack |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for program, name, _ in firmware.PROFILES:
        for core in firmware.CORES:
            one = found[core][program]
            sizes = one["sizes"]
            parts = [sum(flash(sizes[module]) for module in own(sizes)),
                     *[flash(sizes[other]) if other in sizes else 0
                       for other in ("wolfSSL", "libc")]]
            yield f"| {name} | {CORE_NAMES[core]} | {sum(parts):,} | " + \
                " | ".join(f"{part:,}" for part in parts) + \
                f" | {sizes['program']['bss']:,} | {one['stack']:,} |"


def modules(found, core):
    """A table per profile: each module's kinds, on one core."""
    for program, name, _ in firmware.PROFILES:
        one = found[core][program]
        sizes = one["sizes"]
        yield ""
        yield f"### {name[0].upper()}{name[1:]}, {CORE_NAMES[core]}"
        yield ""
        yield "| module | text | rodata | data | bss |"
        yield "| --- | ---: | ---: | ---: | ---: |"
        for module in (*own(sizes), "wolfSSL", "libc"):
            if module in sizes:
                yield f"| {module} | " + " | ".join(
                    f"{sizes[module][kind]:,}"
                    for kind in firmware.KINDS) + " |"
        yield ""
        yield "Deepest path: " + " > ".join(f"`{step}`"
                                            for step in one["path"]) + "."


TOP = """<!-- SPDX-License-Identifier: Apache-2.0 -->

# What pawl takes

Written by `sh bench/sizes.sh --write`; do not edit. Bytes, by {compiler}, -Os, of whole programs: those of port/template with wolfSSL {wolfssl} and its
`user_settings.h`, newlib-nano, sections collected. The port's own code is left out. *Contexts* is the RAM of
what the program allocates for pawl (`struct pawl_boot`, `struct pawl_update` with `struct pawl_trust`, `struct pawl_agent`), the arena of TLS apart.

![Flash by profile and core](sizes.svg)

Stack is the deepest path of the call graph below pawl's functions, the cryptography included (most of it is the point multiplication of P-256). Calls through pointers are
followed where bench/firmware.py says; the port's functions and interrupts come on top."""


def document(found, versions):
    lines = [TOP.format(**versions), "", *summary(found)]
    for core in firmware.CORES:
        lines += modules(found, core)
    return "\n".join(lines) + "\n"


# ---- the picture ----

COLOURS = {"pawl": "#1b6ca8", "wolfSSL": "#b9c7d4", "libc": "#e3e3e3"}
WIDTH, LEFT, BAR, GAP, TOP_MARGIN = 880, 280, 20, 8, 46


def bar(y, label, parts, scale):
    yield f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{label}</text>'
    x = LEFT
    for name, size in parts:
        width = size * scale
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" ' \
            f'height="{BAR}" fill="{COLOURS[name]}"/>'
        x += width
    whole = sum(size for _, size in parts)
    yield f'<text x="{x + 6:.1f}" y="{y + 15}">{whole / 1024:.0f} KiB, ' \
        f'of it pawl {parts[0][1] / 1024:.1f}</text>'


def picture(found):
    bars = []
    for program, name, _ in firmware.PROFILES:
        for core in firmware.CORES:
            sizes = found[core][program]["sizes"]
            parts = [("pawl", sum(flash(sizes[m]) for m in own(sizes)))]
            parts += [(other, flash(sizes[other]))
                      for other in ("wolfSSL", "libc") if other in sizes]
            bars.append((f"{name}, {CORE_NAMES[core]}", parts))
    most = max(sum(size for _, size in parts) for _, parts in bars)
    scale = (WIDTH - LEFT - 170) / most
    groups = len(firmware.CORES)
    height = TOP_MARGIN + len(bars) * (BAR + GAP) + 3 * GAP
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" ' \
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" ' \
        'font-family="sans-serif" font-size="13">'
    yield "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    yield f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    x = LEFT
    for name, colour in COLOURS.items():
        yield f'<rect x="{x}" y="14" width="14" height="14" fill="{colour}"/>'
        yield f'<text x="{x + 20}" y="26">{name}</text>'
        x += 100
    for i, (label, parts) in enumerate(bars):
        y = TOP_MARGIN + i * (BAR + GAP) + i // groups * GAP
        yield from bar(y, label, parts, scale)
    yield "</svg>"


# ---- the command ----

def versions():
    import build
    _, wolfssl = build.wolfssl_flags()
    return {"compiler": compiler_version(TARGET_CC), "wolfssl": wolfssl}


def same(path, text):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read() == text
    except OSError:
        return False


def check(text, drawing):
    stale = [path for path, new in ((DOC, text), (PICTURE, drawing))
             if not same(path, new)]
    for path in stale:
        print(f"{path[len(ROOT) + 1:]} is not what is measured now: run "
              "`sh bench/sizes.sh --write`, look at the change, commit it")
    return 1 if stale else 0


def recorded(known):
    """Whether doc/SIZES.md was written by this compiler and wolfSSL."""
    with open(DOC, encoding="utf-8") as f:
        text = f.read()
    return all(re.search(re.escape(word), text) for word in known.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--write", action="store_true")
    chosen.add_argument("--check", action="store_true")
    chosen.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    known = versions()
    if options.check and not recorded(known):
        print("doc/SIZES.md was written by another compiler or wolfSSL than "
              + " and ".join(known.values()))
        return 77
    with tempfile.TemporaryDirectory() as work:
        found = firmware.measure(work)
    text, drawing = document(found, known), "\n".join(picture(found)) + "\n"
    if options.check:
        return check(text, drawing)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(found, f, indent=1)
    elif options.write:
        for path, new in ((DOC, text), (PICTURE, drawing)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(new)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unmeasured as reason:
        print(f"sizes: {reason}", file=sys.stderr)
        sys.exit(1)
