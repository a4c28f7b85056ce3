#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--json FILE] [--write]
#
# Measures pawl's size, instructions and stack, and prints one table: figure,
# how it was measured, target, what others need, met or not. --json writes the
# same rows to FILE, --write writes them to bench/RESULTS.md.
#
# Targets are aims: a row that misses one does not fail the run. Installs what
# is missing. Exit codes: 0 all was measured, 1 something could not be, 2 wrong
# usage, 3 the machine lacks something that cannot be installed from here.
set -u

bench=$(cd "$(dirname "$0")" && pwd -P) || exit 2
sh "$bench/../cmake/setup.sh" --for bench || {
    code=$?
    [ $code -eq 3 ] || code=1
    exit $code
}
exec python3 -B "$bench/bench.py" "$@"
