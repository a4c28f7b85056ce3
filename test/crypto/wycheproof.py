#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns Project Wycheproof's JSON files into C tables.

usage: wycheproof.py ECDSA_P1363.json ED25519.json > wycheproof_vectors.h
A file that does not exist gives an empty table.
"""
import hashlib
import json
import os
import sys


def text(hexadecimal):
    return f'"{hexadecimal}"'


def groups(path):
    if not path or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return json.load(file)["testGroups"]


def public_point(group):
    key = group.get("publicKey") or group.get("key")
    return key.get("uncompressed") or key.get("pk")


def ecdsa_rows(path):
    for group in groups(path):
        for test in group["tests"]:
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).hexdigest()
            yield (test["tcId"], public_point(group), digest, test["sig"],
                   test["result"])


def ed25519_rows(path):
    for group in groups(path):
        for test in group["tests"]:
            yield (test["tcId"], public_point(group), test["msg"],
                   test["sig"], test["result"])


def table(name, rows):
    count = 0
    print(f"static const struct vector {name}[] = {{")
    for number, key, message, signature, result in rows:
        valid = "true" if result == "valid" else "false"
        print(f"    {{{number}, {text(key)}, {text(message)}, "
              f"{text(signature)}, {valid}}},")
        count += 1
    print('    {0, "", "", "", false}\n};')
    print(f"#define {name.upper()}_COUNT {count}")


def main(paths):
    print("/* Made by wycheproof.py; do not edit. */")
    table("ecdsa", ecdsa_rows(paths[0]))
    table("ed25519", ed25519_rows(paths[1]))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1:])
