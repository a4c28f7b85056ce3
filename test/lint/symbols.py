# SPDX-License-Identifier: Apache-2.0
"""What the built libraries define and need.

- Every symbol with external linkage begins with pawl_.
- No allocator is needed by pawl's own objects.
- Each library is complete: what it needs of pawl's is in it (a boot loader
  links libpawl_boot.a and wolfSSL, nothing of the layers above).
- Data that changes lives in src/crypto alone (wolfSSL's globals hang on it).

Reads libpawl.a and libpawl_boot.a of the build folder, and the object files of
the modules in it. Their samples are compiled with cc.
"""

import os
import re
import subprocess
import tempfile

from sources import Skipped, files

ALLOCATORS = {"malloc", "calloc", "realloc", "free", "strdup", "alloca",
              "aligned_alloc", "posix_memalign"}
MAY_HOLD_STATE = ("crypto",)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def exported(archive):
    for line in run("nm", "-g", "--defined-only", archive).split("\n"):
        match = re.match(r"^[0-9a-f]+ \S (\S+)$", line)
        if match:
            yield match.group(1)


def needed(archive):
    for line in run("nm", "-u", archive).split("\n"):
        match = re.match(r"^ +U (\S+)$", line)
        if match:
            yield match.group(1).split("@")[0]


def changing_data(object_file):
    """Names of variables that are neither constant nor empty."""
    pattern = re.compile(r"^[0-9a-f]+ .{6}O (\.data\S*|\.bss\S*|\*COM\*)"
                         r"\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", re.M)
    for section, size, name in pattern.findall(run("objdump", "-t",
                                                   object_file)):
        if not section.startswith(".data.rel.ro") and int(size, 16) > 0:
            yield name


def check_archive(archive):
    findings = []
    base = os.path.basename(archive)
    defined = set(exported(archive))
    for name in sorted(set(needed(archive)) - defined):
        if name.startswith("pawl_"):
            findings.append(f"{base}: {name} is needed but not in it")
    for name in sorted(defined):
        if not name.startswith("pawl_"):
            findings.append(f"{base}: {name} is exported without pawl_")
    for name in sorted(set(needed(archive)) & ALLOCATORS):
        findings.append(f"{base}: needs {name}()")
    return findings


def check_state(build):
    findings = []
    for path in files(build, names=(".o",)):
        match = re.search(r"pawl_(\w+)_objs\.dir/", path)
        if not match or match.group(1) in MAY_HOLD_STATE:
            continue
        for name in changing_data(os.path.join(build, path)):
            findings.append(f"src/{match.group(1)}: {name} is static data "
                            f"that changes ({os.path.basename(path)})")
    return findings


def check(root, build=None):
    if build is None:
        raise Skipped("no build folder was given (--build)")
    findings = []
    for name in ("libpawl.a", "libpawl_boot.a"):
        archive = os.path.join(build, name)
        if not os.path.exists(archive):
            return [f"{archive} is missing: build it first"]
        findings += check_archive(archive)
    return findings + check_state(build)


def _findings_of(code):
    """What check() says of two libraries made of one C file."""
    with tempfile.TemporaryDirectory() as build:
        folder = os.path.join(build, "pawl_sample_objs.dir")
        os.mkdir(folder)
        source, obj = folder + "/a.c", folder + "/a.c.o"
        with open(source, "w", encoding="utf-8") as f:
            f.write(code)
        run("cc", "-c", "-O0", "-fno-builtin", source, "-o", obj)
        for name in ("libpawl.a", "libpawl_boot.a"):
            run("ar", "rcs", os.path.join(build, name), obj)
        return check(None, build)


def self_test():
    good = ("static int f(void) { return 1; } int pawl_g(void);"
            "const char *const pawl_names[] = {\"a\"};"
            "int pawl_g(void) { return f(); }")
    bad = {
        "int loose(void); int loose(void) { return 1; }": "loose is exported",
        "void *malloc(unsigned long); void *pawl_a(void);"
        "void *pawl_a(void) { return malloc(3); }": "needs malloc()",
        "int pawl_other(void); int pawl_a(void);"
        "int pawl_a(void) { return pawl_other(); }": "pawl_other is needed",
        "int pawl_a(void); static int seen; "
        "int pawl_a(void) { return ++seen; }": "seen is static data",
    }
    faults = [f"refuses a good library: {found}"
              for found in _findings_of(good)]
    for code, expected in bad.items():
        if not any(expected in found for found in _findings_of(code)):
            faults.append(f"does not see that {expected}")
    return faults
