# SPDX-License-Identifier: Apache-2.0
"""Every file names its licence in one of its first three lines."""

import os

from sources import files, text

LINE = "SPDX-License-Identifier: Apache-2.0"
# Files that take no comment, or hold data.
EXEMPT = (".json", ".pem", ".der", ".bin", ".cbor", ".hex", ".patch", ".suit",
          ".txt", ".diff", ".csv", ".svg", ".png", ".gitignore", "LICENSE")


def check(root, build=None):
    findings = []
    for path in files(root, names=("",)):
        exempt = path.endswith(EXEMPT) and not path.endswith("CMakeLists.txt")
        if exempt or os.path.islink(os.path.join(root, path)):
            continue
        content = text(root, path)
        if "\0" in content or content == "":
            continue
        if not any(LINE in line for line in content.split("\n")[:3]):
            findings.append(f"{path}:1: no line '{LINE}'")
    return findings


GOOD = [{"a.c": f"/* {LINE} */\n", "b.sh": f"#!/bin/sh\n# {LINE}\n",
         "c.json": "{}\n"}]
BAD = [({"src/a.c": "int a;\n"}, "src/a.c:1"),
       ({"a.py": "\n\n\n" + LINE}, "a.py:1"),
       ({"CMakeLists.txt": "project(a)\n"}, "CMakeLists.txt:1")]
