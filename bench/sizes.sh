#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: sizes.sh [--write | --check | --json FILE]
#
# Builds whole firmware for Cortex-M3, M4 and M33 in three profiles and prints
# what pawl, wolfSSL and libc take of flash, RAM and stack. --write writes
# doc/SIZES.md and doc/sizes.svg, --check compares them (exit 1 if they differ,
# 77 if another compiler wrote them), --json writes the figures to FILE.
# Installs what is missing.
set -u

bench=$(cd "$(dirname "$0")" && pwd -P) || exit 2
case ${1-} in -h | --help) sed -n '4,10s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
for list in bench build; do
    sh "$bench/../cmake/setup.sh" --for $list || {
        code=$?
        [ $code -eq 3 ] || code=1
        exit $code
    }
done
exec python3 -B "$bench/sizes_doc.py" "$@"
