# SPDX-License-Identifier: Apache-2.0
"""CMake files work inside of another project: none names its top folder."""

import re

from sources import files, text


def check(root, build=None):
    findings = []
    for path in files(root, names=("CMakeLists.txt", ".cmake", ".cmake.in")):
        for number, line in enumerate(text(root, path).split("\n"), 1):
            found = re.search(r"\bCMAKE_(SOURCE|BINARY)_DIR\b",
                              line.split("#")[0])
            if found:
                findings.append(f"{path}:{number}: {found.group(0)} is the "
                                "consumer's: use CMAKE_CURRENT_* or PAWL_ROOT")
    return findings


GOOD = [{"CMakeLists.txt": "include(${CMAKE_CURRENT_SOURCE_DIR}/a)\n"}]
BAD = [({"cmake/a.cmake": "set(a)\nset(b ${CMAKE_SOURCE_DIR})\n"},
        "a.cmake:2: CMAKE_SOURCE_DIR")]
