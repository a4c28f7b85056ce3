#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# The benchmark runs to its end: everything is measured, and what is said to
# be deterministic comes out alike twice. A missed target fails nothing.
set -u

for tool in arm-none-eabi-gcc qemu-system-arm valgrind python3; do
    if ! command -v $tool >/dev/null; then
        echo "$tool is missing"
        exit 77
    fi
done
if ! echo '#include <string.h>' |
    arm-none-eabi-gcc -E - >/dev/null 2>&1; then
    echo 'libnewlib-arm-none-eabi is missing'
    exit 77
fi
exec sh "${PAWL_ROOT:?}/bench/run.sh" --json "${TMPDIR:-/tmp}/bench.json"
