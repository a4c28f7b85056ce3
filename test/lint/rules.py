# SPDX-License-Identifier: Apache-2.0
"""Every test that a RULES.md names is in the table of a test program."""

import re

from sources import files, text


def check(root, build=None):
    tables = set()
    for path in files(root, "test", names=(".c",)):
        tables.update(re.findall(r"\bCHECK_TEST\(\s*(\w+)\s*\)",
                                 text(root, path)))
    findings = []
    for path in files(root, "test", names=("RULES.md",)):
        for number, line in enumerate(text(root, path).split("\n"), 1):
            if not line.startswith("|"):
                continue
            for name in re.findall(r"`(\w+)`", line.rsplit("|", 2)[-2]):
                if name not in tables:
                    findings.append(f"{path}:{number}: no test {name}()")
    return findings


GOOD = [{"test/a/RULES.md": "| `if` it is wet | `it_rains` |\n",
         "test/a/test_a.c": "CHECK_TEST(it_rains),\n"}]
BAD = [({"test/a/RULES.md": "| it is wet | `it_rains`, `it_snows` |\n",
         "test/a/test_a.c": "CHECK_TEST(it_rains),\n"},
        "RULES.md:1: no test it_snows()")]
