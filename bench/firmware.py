# SPDX-License-Identifier: Apache-2.0
"""Whole firmware for three cores, as a vendor links it: sizes by module, and
the deepest stack along the call graph.

The programs are those of port/template, so the port itself counts nearly
nothing: what is measured is pawl, wolfSSL and libc."""

import os
import re
import subprocess

from build import ROOT, Unmeasured, command, wolfssl_tree

CORES = ("m3", "m4", "m33")
# The program of port/template that shows a profile; what it is; its roots.
PROFILES = (
    ("loader", "boot only", ("pawl_boot_select",)),
    ("pushed", "update over any transport",
     ("pawl_update_open", "pawl_update_step", "pawl_update_start",
      "pawl_update_write", "pawl_update_finish", "pawl_update_install",
      "pawl_update_accept")),
    ("application", "full device", ("pawl_agent_open", "pawl_agent_step")),
)
KINDS = ("text", "rodata", "data", "bss")

# Calls through pointers inside of pawl and wolfSSL, which the compiler cannot
# follow: {caller: callees}. A static function is file:function, without the
# folders. Each name must exist, so that this table does not rot.
POINTERS = {
    "pawl_cose_verify": ("cose_verify.c:verify_digest",
                         "cose_verify.c:verify_long",
                         "cose_verify.c:verify_short"),
    "cose_verify.c:verify_digest": ("cose_verify.c:verify_p256",),
    "cose_verify.c:verify_long": ("cose_verify.c:verify_ed25519",
                                  "cose_verify.c:verify_hmac"),
    "cose_verify.c:verify_short": ("cose_verify.c:verify_ed25519",
                                   "cose_verify.c:verify_hmac"),
    "DoVerifyCallback": ("pawl_session_verify",),
    "internal.c:GetInputData": ("pawl_session_io_receive",),
    "SendBuffered": ("pawl_session_io_send",),
}


def build(core, work):
    """Configures and builds the programs for a core; their folder. wolfSSL is
    compiled each time: what is kept of it has no call graph beside it."""
    folder = f"{work}/{core}"
    environment = {**os.environ, "XDG_CACHE_HOME": f"{work}/cache"}
    environment.pop("CMAKE_C_COMPILER_LAUNCHER", None)
    command("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja",
            f"-DCMAKE_TOOLCHAIN_FILE={ROOT}/cmake/toolchain-cortex-{core}.cmake",
            "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DPAWL_PORT=template",
            f"-DPAWL_WOLFSSL_DIR={wolfssl_tree()}",
            "-DCMAKE_C_FLAGS=-fcallgraph-info=su "
            f"-mcpu=cortex-{core} -mthumb -mfloat-abi=soft",
            "-DCMAKE_EXE_LINKER_FLAGS=-nostartfiles --specs=nano.specs "
            "--specs=nosys.specs -Wl,-e,main -Wl,--no-warn-rwx-segments "
            f'"-Wl,-T,{ROOT}/bench/target/firmware.ld"',
            "-DPAWL_BUILD_TESTS=OFF", "-DPAWL_BUILD_TOOLS=OFF",
            "-DPAWL_BUILD_EXAMPLES=OFF", env=environment)
    command("cmake", "--build", folder, env=environment)
    return folder


# ---- sizes ----

def module_of(path):
    """Whose an object file is: a module of pawl's, wolfSSL, port or libc."""
    found = re.search(r"pawl_(\w+)_objs\.dir", path)
    if found:
        return "update" if found.group(1) == "record" else found.group(1)
    # An archive's member: libpawl.a(boot.c.obj) says no folder.
    if "wolfssl" in path:
        return "wolfSSL"
    if "/firmware/" in path:
        return "program"
    if "pawl_port" in path or "template" in path:
        return "port"
    return "libc"


def kind_of(section):
    for kind in ("text", "rodata", "data", "bss"):
        if section.startswith("." + kind):
            return kind
    if section.startswith(".ARM.ex"):
        return "rodata"
    return "bss" if section == "COMMON" else None


def members(folder):
    """{member of libpawl.a: module}, from the objects' folders."""
    found = {}
    for module in os.listdir(f"{folder}/CMakeFiles"):
        match = re.fullmatch(r"pawl_(\w+)_objs\.dir", module)
        if match is None:
            continue
        for _, _, names in os.walk(f"{folder}/CMakeFiles/{module}"):
            for name in names:
                if name.endswith((".o", ".obj")):
                    found.setdefault(name, set()).add(module_of(module))
    twice = {name for name, modules in found.items() if len(modules) > 1}
    if twice:
        raise Unmeasured(f"objects of one name in several modules: {twice}")
    return {name: next(iter(modules)) for name, modules in found.items()}


def sizes(folder, program):
    """{module: {kind: bytes}} of a program, from its map."""
    with open(f"{folder}/{program}.map", encoding="utf-8") as f:
        text = f.read().split("Linker script and memory map", 1)[1]
    text = re.sub(r"^( [.\w]\S*)\n +", r"\1 ", text, flags=re.M)
    own = members(folder)
    found = {}
    for section, address, size, path in re.findall(
            r"^ (\S+) +0x(\w+) +0x(\w+) (\S+)$", text, re.M):
        kind = kind_of(section)
        if kind is None or int(address, 16) == 0:
            continue
        member = re.search(r"\((.*)\)$", path)
        module = own.get(member.group(1)) if member and "libpawl" in path \
            else None
        row = found.setdefault(module or module_of(path),
                               dict.fromkeys(KINDS, 0))
        row[kind] += int(size, 16)
    return found


# ---- stack ----

def call_graph(folder):
    """({function: stack bytes}, {function: callees}), all objects together.
    A static function is named file:function, as gcc has it."""
    stack, calls = {}, {}
    for where, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(".ci"):
                continue
            with open(f"{where}/{name}", encoding="utf-8") as f:
                text = f.read()
            for title, label in re.findall(
                    r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
                used = re.search(r"(\d+) bytes \((\w+)", label)
                if used:
                    stack[title] = max(stack.get(title, 0), int(used.group(1)))
            for source, target in re.findall(
                    r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"',
                    text):
                calls.setdefault(source, set()).add(target)
    return stack, calls


def deepest(stack, calls, root):
    """(bytes, [function]) of the deepest path below root. Calls through a
    pointer are not followed; of a cycle each function counts once."""
    known, under_way = {}, set()

    def below(function):
        if function in known:
            return known[function]
        if function in under_way:
            return 0, []
        under_way.add(function)
        best = (0, [])
        for callee in sorted(calls.get(function, ())):
            if callee != "__indirect_call":
                best = max(best, below(callee), key=lambda found: found[0])
        under_way.discard(function)
        known[function] = (stack.get(function, 0) + best[0],
                           [function, *best[1]])
        return known[function]

    return below(root)


def plain(title):
    """A function's name without the folders of its file."""
    where, _, function = title.rpartition(":")
    return f"{os.path.basename(where)}:{function.split('.')[0]}" if where \
        else title


def add_pointers(stack, calls):
    """Adds POINTERS to the graph, by the names that it has for them."""
    titles = {}
    for title in stack:
        titles.setdefault(plain(title), []).append(title)
    for caller, callees in POINTERS.items():
        for name in (caller, *callees):
            if name not in titles:
                raise Unmeasured(f"no function {name}: see POINTERS")
        for title in titles[caller]:
            calls.setdefault(title, set()).update(
                found for name in callees for found in titles[name])


def worst_stack(folder, roots):
    stack, calls = call_graph(folder)
    add_pointers(stack, calls)
    missing = [root for root in roots if root not in stack]
    if missing:
        raise Unmeasured(f"no stack usage of {missing}")
    depth, path = max((deepest(stack, calls, root) for root in roots),
                      key=lambda found: found[0])
    return depth, [plain(title) for title in path]


def measure(work):
    """{core: {profile: {"sizes":, "stack":, "path":}}}"""
    found = {}
    for core in CORES:
        folder = build(core, work)
        found[core] = {}
        for program, _, roots in PROFILES:
            used, path = worst_stack(folder, roots)
            found[core][program] = {
                "sizes": sizes(folder, f"template_{program}"),
                "stack": used, "path": path}
    return found
