#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--quick] [--table peers|hostile] [--only WORD] [--list]
#               [--profile] [--json FILE]
#
# Sessions with real servers of the distribution's packages, and with hostile
# ones: prints a row for each and ends with one line
# `peers N passed N hostile N refused N`. README.md beside it says what a row
# is. Builds the host preset unless PAWL_BUILD names a build. Servers listen on
# free ports of the loopback; nothing is left running, and nothing is written
# but the build folder, a temporary folder and --json's file.
#
# Exit codes: 0 all as it should be, 1 not, 2 wrong usage, 77 a package is
# missing.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
for argument in "$@"; do
    case $argument in
    -h | --help)
        sed -n '4,17s/^# \{0,1\}//p' "$root/test/interop/run.sh"
        exit 0
        ;;
    esac
done
# Debian's own python has the module; another one in PATH may not.
for python in /usr/bin/python3 python3; do
    "$python" -c 'import cryptography' 2>/dev/null && break
    python=''
done
if [ -z "$python" ]; then
    echo 'python3-cryptography is missing'
    exit 77
fi
if [ -z "${PAWL_BUILD-}" ]; then
    PAWL_BUILD=$root/build/host
    log=$(mktemp) || exit 2
    if ! { mkdir -p "$PAWL_BUILD" && cd "$root" && cmake --preset host &&
        cmake --build "$PAWL_BUILD"; } >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        echo 'run.sh: the build failed' >&2
        exit 1
    fi
    rm -f "$log"
fi
if [ ! -x "$PAWL_BUILD/test/session/session_probe" ]; then
    echo "run.sh: $PAWL_BUILD has no test/session/session_probe" >&2
    exit 1
fi
exec "$python" -B "$root/test/interop/interop.py" "$PAWL_BUILD" "$@"
