# SPDX-License-Identifier: Apache-2.0
"""Every prototype in include/ has a comment directly above it."""

import re

from sources import files, text

# A declaration at the left margin, its return type perhaps on a line of its
# own: `enum pawl_status pawl_x(` or `pawl_x(`.
NAME = re.compile(r"^(?:[A-Za-z_][\w *]*[ *])?(pawl_\w+)\(")
PART = re.compile(r"^(PAWL_MUST_USE|(?:const |enum |struct |unsigned )*\w+"
                  r"(?: \*)?)$")


def check(root, build=None):
    findings = []
    for path in files(root, "include"):
        lines = text(root, path).split("\n")
        for number, line in enumerate(lines):
            match = NAME.match(line)
            if not match or (number and lines[number - 1].endswith("\\")):
                continue
            above = number - 1
            while above >= 0 and PART.match(lines[above]):
                above -= 1
            if above < 0 or not lines[above].endswith("*/"):
                findings.append(f"{path}:{number + 1}: {match.group(1)}() has "
                                "no comment directly above")
    return findings


GOOD = [
    {"include/pawl/a.h": "/* Opens. */\nPAWL_MUST_USE\n"
                         "enum pawl_status pawl_open(struct pawl_a *a);\n"},
    {"include/pawl/a.h": "/* Opens. */\nconst struct pawl_a *\n"
                         "pawl_open(int a);\n"},
    {"include/pawl/a.h": "#define pawl_a(x) \\\n    pawl_b(x)\n"},
]
BAD = [
    ({"include/pawl/a.h": "/* Opens. */\nint pawl_open(int a);\n"
                          "int pawl_close(int a);\n"}, "pawl_close()"),
    ({"include/pawl/a.h": "/* Opens. */\n\nPAWL_MUST_USE\n"
                          "int pawl_open(int a);\n"}, "a.h:4: pawl_open()"),
]
