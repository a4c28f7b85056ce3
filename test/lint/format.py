# SPDX-License-Identifier: Apache-2.0
"""clang-format is clean; with version 14, whose output .clang-format means."""

import os
import re
import shutil
import subprocess

from sources import Skipped, files

VERSION = 14


def find_tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if not shutil.which(name):
            continue
        said = subprocess.run([name, "--version"], capture_output=True,
                              text=True, check=True).stdout
        if f"version {VERSION}." in said:
            return name
    raise Skipped(f"no clang-format {VERSION} here")


def check(root, build=None):
    tool = find_tool()
    paths = files(root, "src", "include", "port", "examples", "tools", "test",
                  "bench")
    if not paths:
        return []
    done = subprocess.run([tool, "--dry-run", "-Werror", "--style=file",
                           *paths], capture_output=True, text=True, cwd=root)
    dirty = re.findall(r"^(\S.*?):(\d+):\d+: error: code should be",
                       done.stderr, re.M)
    first = {}
    for path, line in dirty:
        first.setdefault(os.path.normpath(path), line)
    findings = [f"{path}:{line}: run {tool} -i {path}"
                for path, line in sorted(first.items())]
    if done.returncode != 0 and not findings:
        findings = [f"{tool}: {done.stderr.strip()}"]
    return findings


_STYLE = "BasedOnStyle: LLVM\n"
GOOD = [{".clang-format": _STYLE, "src/a.c": "int a;\n"}]
BAD = [({".clang-format": _STYLE, "src/a.c": "int  a ;\n"}, "src/a.c:1")]
