# SPDX-License-Identifier: Apache-2.0
"""What every lint needs: the files of a tree, and C without its comments."""

import os
import re

IGNORED_FOLDERS = {"build", ".git", "__pycache__", ".vscode", ".cache"}


class Skipped(Exception):
    """A lint that cannot run here, with the reason."""


def files(root, *folders, names=(".c", ".h")):
    """Paths relative to root, sorted, of the files that end in names."""
    found = []
    for folder in folders or (".",):
        for where, subfolders, inside in os.walk(os.path.join(root, folder)):
            subfolders[:] = sorted(set(subfolders) - IGNORED_FOLDERS)
            for name in inside:
                if name == ".git": # of a work tree beside its repository
                    continue
                if name.endswith(tuple(names)):
                    path = os.path.join(where, name)
                    found.append(os.path.relpath(path, root))
    return sorted(found)


def text(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def _blank(match):
    kept = match.group(0)
    return kept if kept[0] in "\"'" else re.sub(r"[^\n]", " ", kept)


def without_comments(code):
    """C code with comments blanked; every character keeps its line."""
    pattern = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*'
    return re.sub(pattern, _blank, code, flags=re.S)


def without_strings(code):
    """C code with comments blanked and strings emptied."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', without_comments(code))
