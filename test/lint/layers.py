# SPDX-License-Identifier: Apache-2.0
"""The layering of src/, include/ and port/, over #include lines.

The rows stand in cmake/layers.cmake: a file includes only what stands in a
lower row, or in its own folder. The other rules:

    wolfcrypt's headers         src/crypto alone
    wolfSSL's other headers     src/session alone (settings: both)
    port/<name>                 is never included by src/ or include/
    port/<name>/                includes <pawl/...>, the system's headers and
                                files of its own folder
    examples/                   as a user: nothing of src/
    src/                        of the C library only what needs no system
"""

import os
import re

from sources import files, text, without_comments

# Headers of the C library that src/ may use: nothing that needs a system.
LIBRARY = {
    "assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "string.h",
}
# Public headers that belong to a module by another name than their own.
PUBLIC_OF = {
    "update_state.h": "record",
    "soft_keystore.h": "crypto",
}
WOLFSSL_SETTINGS = {
    "wolfssl/options.h", "wolfssl/version.h",
    "wolfssl/wolfcrypt/settings.h",
}


def read_rows(root):
    """{module: number of its row}, the lowest row being 0."""
    found = re.search(r"set\(PAWL_LAYERS(.*?)\)",
                      text(root, "cmake/layers.cmake"), re.S)
    rows = re.findall(r'"([^"]*)"', found.group(1))
    return {module: number for number, row in enumerate(rows)
            for module in row.split()}


def includes(code):
    """(line number, bracket, path) of each #include."""
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
    for match in pattern.finditer(without_comments(code)):
        yield code.count("\n", 0, match.start()) + 1, *match.groups()


def module_of_source(path):
    """The module of src/<folder>/<file>, or of <folder>/<file> in quotes."""
    folder, _, name = path.rpartition("/")
    folder = folder.split("/")[-1]
    if folder == "update" and name.startswith("record"):
        return "record"
    return folder


def module_of_public(name, rows):
    """The module of <pawl/name>; what belongs to none stands in base."""
    if name in PUBLIC_OF:
        return PUBLIC_OF[name]
    for stem in (name[:-2], name[:-2].split("_")[0]):
        if stem in rows:
            return stem
    return "base"


def wolfssl_fault(module, target):
    if target in WOLFSSL_SETTINGS:
        allowed = ("crypto", "session")
    elif target.startswith("wolfssl/wolfcrypt/"):
        allowed = ("crypto",)
    else:
        allowed = ("session",)
    if module not in allowed:
        return f"<{target}> is for src/{' and src/'.join(allowed)} alone"
    return None


def fault_in_src(module, bracket, target, rows):
    """What is wrong with an #include in src/ or include/; None if nothing."""
    if target.startswith("wolfssl/"):
        return wolfssl_fault(module, target)
    if target.startswith("pawl/"):
        other = module_of_public(target[len("pawl/"):], rows)
    elif bracket == "<":
        return None if target in LIBRARY else f"<{target}> needs a system"
    elif "/" not in target:
        return f'"{target}" wants its folder: "{module}/{target}"'
    elif target.startswith("port/"):
        return "src/ never includes a port's file"
    else:
        other = module_of_source(target)
    if other not in rows:
        return f'"{target}" is of no module in cmake/layers.cmake'
    own = {module} | ({"record"} if module == "update" else set())
    if other in own or rows[other] < rows[module]:
        return None
    return f"{module} must not include {target}: {other} is not below it"


def fault_in_port(name, bracket, target, root):
    if bracket == "<":
        return None if not target.startswith("wolfssl/") else \
            f"<{target}>: a port includes no wolfSSL"
    if target.startswith("pawl/"):
        return f'"{target}" is public: use <{target}>'
    own = target[len(name) + 1:] if target.startswith(name + "/") else target
    if os.path.exists(os.path.join(root, "port", name, own)):
        return None
    return f'"{target}" is not of port/{name}: a port includes <pawl/...>'


def fault_in_example(path, target, root):
    here = os.path.dirname(path)
    own = os.path.exists(os.path.join(root, here, target))
    if not own and os.path.exists(os.path.join(root, "src", target)):
        return f'"{target}" is private: an example includes <pawl/...>'
    if target.startswith("wolfssl/"):
        return f"<{target}>: an example includes no wolfSSL"
    return None


def fault(path, bracket, target, root, rows):
    part = path.split("/")
    if part[0] == "src":
        module = module_of_source(path)
        if module not in rows:
            return f"src/{part[1]} is no module in cmake/layers.cmake"
        return fault_in_src(module, bracket, target, rows)
    if part[0] == "include":
        module = "base" if "port" in part else \
            module_of_public(part[-1], rows)
        return fault_in_src(module, bracket, target, rows)
    if part[0] == "port":
        return fault_in_port(part[1], bracket, target, root)
    return fault_in_example(path, target, root)


def check(root, build=None):
    rows = read_rows(root)
    findings = []
    for path in files(root, "src", "include", "port", "examples"):
        if path.endswith("user_settings.h"):
            continue  # wolfSSL's file in all but place
        for line, bracket, target in includes(text(root, path)):
            wrong = fault(path, bracket, target, root, rows)
            if wrong:
                findings.append(f"{path}:{line}: {wrong}")
    return findings


_ROWS = 'set(PAWL_LAYERS\n "base"\n "crypto"\n "record"\n "session update boot")\n'


def _tree(path, include):
    return {"cmake/layers.cmake": _ROWS, path: f"#include {include}\n"}


GOOD = [
    _tree("src/boot/boot.c", '"update/record.h"'),
    _tree("src/update/a.c", '"update/record.h"'),
    _tree("src/crypto/a.c", "<wolfssl/wolfcrypt/ecc.h>"),
    _tree("src/session/a.c", "<wolfssl/ssl.h>"),
    _tree("include/pawl/session.h", "<pawl/status.h>"),
    _tree("src/base/a.c", "/* <stdio.h> */ <string.h>"),
]
BAD = [
    (_tree("src/base/a.c", '"crypto/crypto.h"'), "crypto is not below it"),
    (_tree("src/boot/a.c", '"update/update.h"'), "update is not below it"),
    (_tree("src/update/record.c", '"update/update.h"'), "not below it"),
    (_tree("src/crypto/a.c", "<pawl/session.h>"), "session is not below it"),
    (_tree("src/session/a.c", "<wolfssl/wolfcrypt/ecc.h>"), "src/crypto alone"),
    (_tree("src/boot/a.c", "<wolfssl/ssl.h>"), "src/session alone"),
    (_tree("src/crypto/a.c", '"port/posix/posix.h"'), "a port's file"),
    (_tree("src/crypto/a.c", "<stdlib.h>"), "needs a system"),
    (_tree("src/crypto/a.c", '"crypto.h"'), "wants its folder"),
    (_tree("src/other/a.c", "<string.h>"), "no module"),
    (_tree("include/pawl/status.h", "<pawl/session.h>"), "not below it"),
    (_tree("port/posix/a.c", '"crypto/crypto.h"'), "is not of port/posix"),
    ({**_tree("examples/a.c", '"base/base.h"'), "src/base/base.h": ""},
     "is private"),
]
