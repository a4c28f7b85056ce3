#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the lints: run.py [--build DIR] [--root DIR] [LINT...]

Each lint first proves itself on samples: it must accept the good ones and
refuse the bad ones with the right words. Then it checks the tree.
Exit code: 0 clean, 1 something was found, 2 wrong usage.
"""

import argparse
import importlib
import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from sources import Skipped  # noqa: E402

LINTS = ("layers", "symbols", "allocators", "prototypes", "spdx", "rules",
         "cmake", "format")


def findings_in(lint, tree):
    """What a lint says of a sample, {path: content}."""
    with tempfile.TemporaryDirectory() as root:
        for path, content in tree.items():
            whole = os.path.join(root, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as f:
                f.write(content)
        return lint.check(root)


def self_test(lint):
    """Sentences on what the lint gets wrong; none if it works."""
    if hasattr(lint, "self_test"):
        return lint.self_test()
    faults = []
    for tree in lint.GOOD:
        for found in findings_in(lint, tree):
            faults.append(f"refuses a good sample: {found}")
    for tree, expected in lint.BAD:
        found = findings_in(lint, tree)
        if not any(expected in one for one in found):
            faults.append(f"does not say '{expected}' of {tree}: {found}")
    return faults


def run_lint(name, root, build):
    """True if clean or skipped."""
    lint = importlib.import_module(name)
    try:
        faults = [f"lint {name} itself is broken: it {fault}"
                  for fault in self_test(lint)]
        findings = faults or lint.check(root, build)
    except Skipped as reason:
        print(f"lint {name}: skipped: {reason}")
        return True
    for finding in findings:
        print(finding)
    print(f"lint {name}: {len(findings)} findings" if findings
          else f"lint {name}: clean")
    return not findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", help="build folder, for `symbols`")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(HERE)))
    parser.add_argument("lint", nargs="*", metavar="LINT",
                        help=f"of: {' '.join(LINTS)} (default: all)")
    args = parser.parse_args()
    unknown = set(args.lint) - set(LINTS)
    if unknown:
        parser.error(f"no such lint: {' '.join(sorted(unknown))}; "
                     f"there are: {' '.join(LINTS)}")
    build = os.path.abspath(args.build) if args.build else None
    clean = [run_lint(name, os.path.abspath(args.root), build)
             for name in args.lint or LINTS]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
