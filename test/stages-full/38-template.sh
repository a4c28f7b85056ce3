#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The port to be copied builds as it is, without a warning, and fails
# politely: each program ends, with the status of the first gap it meets. So
# does a copy under another name, which is how a vendor begins.
set -u

work=${PAWL_BUILD%/*}/template
failed=0

# ends NAME PROGRAM CODE STATUS
ends() {
    "$2"
    code=$?
    if [ "$code" -eq "$3" ]; then
        echo "$1: $4, as long as the gap is there"
    else
        echo "$1: exit $code, where $3 ($4) was expected"
        failed=1
    fi
}

# try NAME PORT: builds and runs what PAWL_PORT=PORT, called NAME, has.
try() {
    cmake -S "$PAWL_ROOT" -B "$work/$1" -G Ninja "-DPAWL_PORT=$2" \
        -DPAWL_WERROR=ON -DPAWL_BUILD_TESTS=OFF -DPAWL_BUILD_TOOLS=OFF \
        -DPAWL_BUILD_EXAMPLES=OFF && cmake --build "$work/$1" || exit 1
    ends "$1's loader" "$work/$1/$1_loader" 61 PAWL_ERR_LOST
    ends "$1's application" "$work/$1/$1_application" 12 PAWL_ERR_ENTROPY
    ends "$1's other application" "$work/$1/$1_pushed" 10 PAWL_ERR_IO
    ends "$1's check" "$work/$1/$1_check" 1 'sentences are violated'
}

try template template
mkdir -p "$work/vendor" && rm -rf "$work/vendor/acme" &&
    cp -R "$PAWL_ROOT/port/template" "$work/vendor/acme" || exit 1
try acme "$work/vendor/acme"

if cmake -S "$PAWL_ROOT" -B "$work/none" -G Ninja -DPAWL_PORT=nowhere \
    >"$work/none.log" 2>&1 || ! grep -q 'No port nowhere' "$work/none.log"; then
    echo 'a port that is not there was not refused'
    failed=1
fi

marked=$(grep -rl PAWL_PORT_TODO "$PAWL_ROOT/port/template" --include='*.c' | wc -l)
all=$(find "$PAWL_ROOT/port/template" -name '*.c' ! -name loader.c | wc -l)
echo "$marked of $all files have a gap that is marked"
[ "$marked" -eq "$all" ] || failed=1
exit "$failed"
