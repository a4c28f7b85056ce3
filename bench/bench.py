#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures pawl and prints the benchmark's table; see run.sh, which is how it
is started. The targets and the peers' figures stand in this file."""

import argparse
import json
import os
import sys
import tempfile

import build
import counts
import sessions
import sizes
from build import Unmeasured

KB = 1024
# The peers' figures were measured with the same compiler, processor, flags
# and wolfCrypt 5.7.2 below them, unless it says otherwise.
SUIT_TEXT = ("libcsuit 00f5609 with t_cose, QCBOR: 24,561 (lean) to 29,355; "
             "RIOT sys/suit, NanoCBOR, libcose: 9,754 (objects)")
SUIT_COUNT = "libcsuit 00f5609 with t_cose, QCBOR: %s"
UPDATE_TEXT = ("wolfBoot 5c07c37 swap: 2,264 to 2,928, without attempts, "
               "reasons, torn-write safety; MCUboot 2d4bacc: 3,069 (direct "
               "XIP, no revert) to 6,654")
UPDATE_RAM = "wolfBoot 5c07c37: 32; MCUboot 2d4bacc: 372 to 4,476"
MQTT_TEXT = "coreMQTT: 14,016; wolfMQTT 3.1.1: 7,984"
SDK_TEXT = ("azure hub, provisioning, update: 16,648; memfault core, metrics, "
            "panics: 22,606 (objects); mender-mcu: 30,698 (objects)")

# The functions that a device calls to process a manifest.
MANIFEST_ROOTS = ["pawl_manifest_open", "pawl_manifest_failure",
                  "pawl_manifest_newer", "pawl_manifest_start",
                  "pawl_manifest_step", "pawl_manifest_process_failure"]

# Beside the public functions of session. Without the one that is named, the
# code of tickets is not linked.
RESUMPTION_ROOTS = ["pawl_resumption"]

# Rows of linked images: what, the modules that are counted, the modules whose
# public functions are the roots (or the roots), the target and the peers for
# text, the same for static RAM.
LINKED = [
    ("cbor + cose + manifest", ("cbor", "cose", "manifest"), MANIFEST_ROOTS,
     6 * KB, SUIT_TEXT, None, None),
    ("journal + update engine", ("journal", "update"), ("update",),
     3 * KB, UPDATE_TEXT, 128, UPDATE_RAM),
    ("identity + trust", ("identity", "trust"), ("identity", "trust"),
     3 * KB, None, None, None),
    ("enroll", ("enroll",), ("enroll",), 4 * KB, None, None, None),
    ("session wrapper over wolfSSL", ("session",), ("session",),
     3 * KB, None, None, None),
    ("session wrapper with resumption", ("session",), RESUMPTION_ROOTS,
     None, None, None, None),
    ("mqtt 5 client", ("mqtt",), ("mqtt",), 6 * KB, MQTT_TEXT, None, None),
    ("coap client", ("coap",), ("coap",), 4 * KB, None, None, None),
]
PROTOCOLS = ("mqtt", "coap", "http")

HOW_LINKED = "linker's map, sections collected, roots: %s"
HOW_COUNT = ("QEMU mps2-an385, -icount shift=6, CMSDK TIMER0; crypto "
             "replaced; two runs alike")
HOW_HOST = "callgrind; crypto replaced; two runs alike"
HOW_FLASH = ("flash that counts, on the host: 256 KiB image, 4 KiB sectors, "
             "W = 8; crypto replaced; two runs alike")
HOW_BOOT = ("QEMU as above; 4 KiB sectors, W = 8, journals of 16 and 8 KiB "
            "at rest, read at a glance; crypto replaced, the port's reads "
            "and the pass over the image not counted (its size extrapolated "
            "to 0 from two)")
HOW_TIME = ("simulated clock: slowest of five links (%s), start to CANDIDATE, "
            "256 KiB image, a window of 4 KiB, no time for the processor; "
            "the same port blocking: %.3f (%s)")
MCUBOOT = "MCUboot 2d4bacc %s"
HOW_STACK = "painted, QEMU mps2-an385; crypto replaced; two runs alike"


def row(what, figure, unit, how, target=None, peer=None):
    return {"row": what, "figure": figure, "unit": unit, "how": how,
            "target": target, "peer": peer,
            "met": None if target is None or figure is None
            else figure <= target}


def linked_row(objects, entry, work):
    """The rows of one entry of LINKED."""
    what, counted, keep, text_target, text_peer, ram_target, ram_peer = entry
    names = []
    if set(counted) - set(objects):
        raise Unmeasured("its objects could not be compiled")
    if keep is MANIFEST_ROOTS:
        how = HOW_LINKED % ", ".join(name.removeprefix("pawl_")
                                     for name in keep)
    elif keep is RESUMPTION_ROOTS:
        how = HOW_LINKED % "public functions of session, pawl_resumption"
        keep = sizes.roots(objects, ["session"]) + keep
    else:
        how = HOW_LINKED % f"public functions of {', '.join(keep)}"
        keep = [name for name in sizes.roots(objects, keep)
                if not name.startswith("pawl_ticket_")]
        if "update" in counted:
            names = [name for name in keep if name.endswith("_name")]
            every = sum(sizes.linked(objects, keep, work).get(module, (0, 0))[0]
                        for module in counted)
            keep = [name for name in keep if name not in names]
    kept = sizes.linked(objects, keep, work)
    text = sum(kept.get(module, (0, 0))[0] for module in counted)
    if names:
        how += (f", but for those that give names to states and reasons: "
                f"{every - text:,} more where they are called")
    ram = sum(kept.get(module, (0, 0))[1] for module in counted)
    if len(counted) > 1:
        parts = ", ".join(f"{module} {kept.get(module, (0, 0))[0]:,}"
                          for module in counted)
        how += f" ({parts})"
    rows = [row(f"{what}: text", text, "bytes", how, text_target, text_peer)]
    if ram_target is not None:
        rows.append(row(f"{what}: static RAM", ram, "bytes", "the same map",
                        ram_target, ram_peer))
    return rows


def sdk_rows(objects, work):
    """The whole SDK without protocols and without what drives them."""
    needed = {"crypto", "session"}
    if needed - set(objects):
        raise Unmeasured("its objects could not be compiled")
    tops = [module for module in ("session", "update", "boot", "identity",
                                  "trust", "enroll") if module in objects]
    kept = sizes.linked(objects, sizes.roots(objects, tops), work)
    counted = {module: size for module, size in kept.items()
               if module not in PROTOCOLS}
    how = HOW_LINKED % f"public functions of {', '.join(tops)}"
    return [row("SDK without mqtt, coap, http: text",
                sum(text for text, _ in counted.values()), "bytes", how,
                18 * KB, SDK_TEXT),
            row("SDK without mqtt, coap, http: static RAM",
                sum(ram for _, ram in counted.values()), "bytes",
                "the same map", 1536)]


def manifest_rows(work):
    """Instructions and stack of the two examples on the target."""
    said = counts.on_target(work)
    name = "cbor + cose + manifest: %s, example %d"
    targets = (10000, 12000)
    peers = ("75,173; lean 90,201", "100,306; lean 97,379")
    rows = [row(name % ("instructions", i), said[f"instructions_{i}"],
                "instructions", HOW_COUNT, targets[i], SUIT_COUNT % peers[i])
            for i in range(2)]
    rows += [row(name % ("peak stack", i), said[f"stack_{i}"], "bytes",
                 HOW_STACK, KB, SUIT_COUNT % "5,064") for i in range(2)]
    rows.append(row("manifest and process contexts: RAM",
                    said["manifest_size"] + said["process_size"], "bytes",
                    "sizeof on the target; the caller's, beside the stack"))
    return rows


def flash_rows(work):
    """What an update does to flash, and a start."""
    said = counts.update_on_host(work)
    image = 256 * KB
    written = said["image_programmed"] + said["journal_programmed"]
    rows = [
        row("update: write amplification, with revert",
            round(written / image, 4), "", HOW_FLASH + "; slot "
            f"{said['image_programmed']:,}, journal "
            f"{said['journal_programmed']:,} bytes; the manifest's area apart",
            1.005, MCUBOOT % "swap-move 4.0, overwrite 2.1, direct XIP (no "
            "revert) 1.0; wolfBoot 5c07c37 swap 4.0"),
        row("update: erases besides image and manifest, one update at most",
            said["journal_erases_most"], "", HOW_FLASH + "; journal of two "
            "banks of 2 sectors, 64 updates; a bank is erased whole", 1,
            MCUBOOT % "67 to 194 in all"),
        row("update: erases besides image and manifest, mean",
            said["journal_erases_mean"], "", "the same", 0.125),
        row("update: most worn sector of the slot, erases of one update",
            said["image_wear"], "", HOW_FLASH + "; the running slot untouched",
            1, MCUBOOT % "1 to 5; wolfBoot 5c07c37 65 to 194"),
        row("update: most worn sector of the journal, erases an update",
            said["journal_wear"], "", "the same 64 updates", 1),
        row("boot at rest: bytes erased or programmed", said["boot_written"],
            "bytes", HOW_FLASH, 0),
        row("boot at rest: passes over the image", said["boot_image_read"],
            "", HOW_FLASH, 1),
    ]
    parts = {}
    for name, ratio in said.items():
        if name.startswith(("async_", "blocking_")):
            kind, part, link = name.split("_")
            parts.setdefault(part, {}).setdefault(kind, []).append(
                (ratio, link))
    for part, kinds in parts.items():
        worst, blocking = max(kinds["async"]), max(kinds["blocking"])
        rows.append(row(f"update: time over max(network, flash), {part}",
                        worst[0], "",
                        HOW_TIME % (worst[1], blocking[0], blocking[1]), 1.05))
    return rows


def update_target_rows(work):
    """A start at rest, and the RAM of an update, on the target."""
    said = counts.update_on_target(work)
    small, large = said["boot_small"], said["boot_large"]
    slope = (large - small) / (said["boot_large_size"]
                               - said["boot_small_size"])
    steady = round(small - slope * said["boot_small_size"])
    growth = said["stack_256k"] - said["stack_64k"]
    return [
        row("boot at rest: instructions", steady, "instructions", HOW_BOOT,
            5000, MCUBOOT % "25,697 to 32,795"),
        row("update: RAM that grows from a 64 KiB image to 256 KiB", growth,
            "bytes", "stack of a whole update painted, QEMU mps2-an385: "
            f"{said['stack_64k']:,} and {said['stack_256k']:,}; the context "
            "has one size; no heap", 0),
        row("update: context and peak stack, any image",
            said["update_size"] + said["stack_256k"], "bytes",
            f"sizeof {said['update_size']:,}, stack as above; the envelope's "
            "4,096 and the stored manifest's 2,048 are in it", 640 + 512),
        row("boot: context", said["boot_size"], "bytes", "sizeof"),
    ]


def session_rows(work):
    """Handshakes, side by side with a bare client."""
    rows = []
    for what, (ours, bare) in sessions.measure(work).items():
        how = ("x86-64, beside a bare client of the same wolfSSL, server and "
               "memory: %s and %s")
        both = {name: how % (f"{ours[name]:,}", f"{bare[name]:,}")
                for name in ours}
        wire = (ours["in"] + ours["out"], bare["in"] + bare["out"])
        rows += [
            row(f"handshake, {what}: instructions over bare",
                round(ours["instructions"] / bare["instructions"], 3), "",
                "callgrind, " + both["instructions"], 1.02),
            row(f"handshake, {what}: bytes over bare",
                round(wire[0] / wire[1], 3), "",
                how % (f"{wire[0]:,}", f"{wire[1]:,}"), 1.02),
            row(f"handshake, {what}: heap and stack above bare",
                ours["heap"] - bare["heap"] + ours["stack"] - bare["stack"],
                "bytes", f"peaks; heap {both['heap']}; stack painted, "
                f"{ours['stack']:,} and {bare['stack']:,}; the context, "
                f"{ours['context']:,}, apart", KB)]
    return rows


def host_rows(work):
    return [row(f"cbor + cose + manifest: instructions on x86-64, example {i}",
                number, "instructions", HOW_HOST)
            for i, number in enumerate(counts.on_host(work))]


def module_sizes(objects, work):
    """One line for each module: whole objects, and what an image keeps whose
    roots are the module's public functions."""
    lines = []
    for module, paths in objects.items():
        text, ram = sizes.of_objects(paths)
        keep = sizes.roots(objects, [module])
        kept = sizes.linked(objects, keep, work).get(module, (0, 0)) \
            if keep else (None, None)
        lines.append({"module": module, "objects_text": text,
                      "linked_text": kept[0], "static_ram": ram})
    return lines


def check_map(objects, work):
    """The sum over a map is what the linker says, but for alignment."""
    keep = sizes.roots(objects, objects)
    total = sum(text for text, _ in sizes.linked(objects, keep, work).values())
    whole = sizes.whole_text(work)
    if not 0.97 * whole <= total <= 1.03 * whole:
        raise Unmeasured(f"the map's sum is {total}, the image has {whole}")


def measure(work):
    """All of it: {"tools": ..., "rows": ..., "modules": ..., "missing": ...}"""
    missing = []

    def attempt(what, action, default):
        try:
            return action()
        except Unmeasured as reason:
            missing.append(f"{what}: {reason}")
            return default

    flags, wolfssl = attempt("wolfSSL's headers", build.wolfssl_flags,
                             (None, "none"))
    names = [name for name in build.modules()
             if flags is not None or name not in build.WITH_WOLFSSL]
    objects = build.compile_modules(names, flags, work)
    check_map(objects, work)
    rows = attempt(LINKED[0][0], lambda: linked_row(objects, LINKED[0], work),
                   [])
    rows += attempt("the examples on the target",
                    lambda: manifest_rows(work), [])
    rows += attempt("the examples on the host", lambda: host_rows(work), [])
    rows += attempt("handshakes", lambda: session_rows(work), [])
    rows += attempt("updates on the host", lambda: flash_rows(work), [])
    rows += attempt("updates on the target",
                    lambda: update_target_rows(work), [])
    for entry in LINKED[1:]:
        rows += attempt(entry[0],
                        lambda entry=entry: linked_row(objects, entry, work),
                        [])
    rows += attempt("the whole SDK", lambda: sdk_rows(objects, work), [])
    tools = {"target compiler": build.compiler_version(build.TARGET_CC),
             "host compiler": build.compiler_version(build.HOST_CC),
             "flags": " ".join(build.CPU + ["-Os"]),
             "qemu": build.command("qemu-system-arm", "--version")
             .split("\n")[0],
             "valgrind": build.command("valgrind", "--version").strip(),
             "wolfSSL's headers": wolfssl}
    return {"tools": tools, "rows": rows,
            "modules": module_sizes(objects, work), "missing": missing}


# ---- showing it ----

def number(value):
    return "" if value is None else f"{value:,}"


def met(entry):
    return {True: "met", False: "NOT MET", None: ""}[entry["met"]]


def columns(entry):
    return [entry["row"], number(entry["figure"]), number(entry["target"]),
            met(entry), entry["peer"] or "", entry["how"]]


HEAD = ["row", "figure", "target", "met", "peer's figure", "how measured"]
MODULE_HEAD = ["module", "text: objects", "text: linked", "static RAM"]


def module_columns(line):
    return [line["module"], number(line["objects_text"]),
            number(line["linked_text"]), number(line["static_ram"])]


def as_text(result):
    """For a terminal: the wide columns on lines of their own."""
    out = []
    width = max(len(entry["row"]) for entry in result["rows"])
    out.append(f"{HEAD[0]:<{width}} {HEAD[1]:>8} {HEAD[2]:>8}  {HEAD[3]}")
    for entry in result["rows"]:
        what, figure, target, is_met, peer, how = columns(entry)
        out.append(f"{what:<{width}} {figure:>8} {target:>8}  "
                   f"{is_met}".rstrip())
        out.append(f"    how: {how}")
        out += [f"    peer: {peer}"] if peer else []
    out.append("")
    out += ["{:<10} {:>14} {:>13} {:>11}".format(*line) for line in
            [MODULE_HEAD] + [module_columns(m) for m in result["modules"]]]
    out.append("")
    out += [f"{name}: {value}" for name, value in result["tools"].items()]
    return "\n".join(out) + "\n"


def as_markdown(result):
    def table(head, lines, right):
        ruler = ["---:" if i in right else "---" for i in range(len(head))]
        return [f"| {' | '.join(cells)} |" for cells in [head, ruler] + lines]

    out = ["<!-- SPDX-License-Identifier: Apache-2.0 -->",
           "# Benchmark", "",
           "Written by `sh bench/run.sh --write`; do not edit. Sizes are in "
           "bytes. A target is an aim, not a gate. \"Crypto replaced\": what "
           "src/crypto does is not counted. wolfSSL and the C library are "
           "not counted in sizes. The peers were measured with the same "
           "compiler, processor and flags, over wolfCrypt 5.7.2; \"objects\" "
           "are whole object files.", ""]
    out += table(HEAD, [columns(entry) for entry in result["rows"]], (1, 2))
    out += ["", "## Modules", "",
            "Objects: each file as it is compiled. Linked: what an image "
            "keeps of the module when its roots are the module's public "
            "functions; empty where it has none. Contexts belong to the "
            "caller and are not static.", ""]
    out += table(MODULE_HEAD, [module_columns(m) for m in result["modules"]],
                 (1, 2, 3))
    out += ["", "## Tools", ""]
    out += [f"- {name}: {value}" for name, value in result["tools"].items()]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="run.sh",
                                     description=__doc__.split(";")[0])
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    parser.add_argument("--write", action="store_true",
                        help="write bench/RESULTS.md")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        try:
            result = measure(work)
        except Unmeasured as reason:
            print(f"bench: {reason}", file=sys.stderr)
            return 1
    sys.stdout.write(as_text(result))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(result, f, indent=2)
            f.write("\n")
    if args.write and not result["missing"]:
        path = os.path.join(build.ROOT, "bench", "RESULTS.md")
        with open(path, "w", encoding="utf-8") as f:
            f.write(as_markdown(result))
    for reason in result["missing"]:
        print(f"bench: not measured: {reason}", file=sys.stderr)
    return 1 if result["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
