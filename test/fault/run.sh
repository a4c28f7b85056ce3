#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sh test/fault/run.sh [--exhaustive]
#
# The proof of power-loss safety: first the model of the journal's rules, then
# the search over the journal's code, then the search over the whole update.
# By default seven geometries of the journal are searched two power cuts deep
# from each seed and the others one; --exhaustive goes three deep everywhere,
# which takes some hours. The last line adds everything up:
#   faults N boots N states N violations N
# Fails on a violation, and where a kind of fault or a phase was never hit.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
depth=2
model=
all=
if [ "${1:-}" = --exhaustive ]; then
    depth=3
    model=--exhaustive
    all=--all
fi

${CC:-cc} -std=c11 -O3 -Wall -Wextra -Werror -I"$root/include" -I"$root/src" \
    -I"$root/test" "$root/test/fault/fault_journal.c" \
    "$root/test/fake/fake_flash.c" "$root/src/journal/journal.c" \
    "$root/src/journal/journal_frame.c" "$root/src/base/base.c" \
    -o "$work/fault_journal" || exit 1

if [ -f "$root/test/fault/model_journal.cpp" ]; then
    ${CXX:-c++} -std=c++17 -O3 -Wall -Wextra -Werror \
        "$root/test/fault/model_journal.cpp" -o "$work/model_journal" || exit 1
    # shellcheck disable=SC2086
    "$work/model_journal" $model || failed=1
fi

# The whole update, on small devices: one cut at every operation of it on each
# geometry, and two on W 4, 8 and 16. Of the second cuts every 60th is tried by
# default; all of them take some hours.
stride=60
if [ -n "$all" ]; then
    stride=1
fi
small="-DFAKE_SMALL -DPAWL_CHECKPOINT_MIN=1024"
{
    cmake -S "$root" -B "$work/flow" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS="$small" &&
        cmake --build "$work/flow" -j2 --target fault_flow
} >"$work/build" 2>&1 || {
    cat "$work/build"
    exit 1
}
flow=$work/flow/test/fault/fault_flow

# shellcheck disable=SC2086
"$work/fault_journal" $all --depth "$depth" --part 0/2 >"$work/part0" 2>&1 &
first=$!
# shellcheck disable=SC2086
"$work/fault_journal" $all --depth "$depth" --part 1/2 >"$work/part1" 2>&1 ||
    failed=1
wait "$first" || failed=1
"$flow" --depth 2 --stride "$stride" --part 0/2 >"$work/part2" 2>&1 &
first=$!
"$flow" --depth 2 --stride "$stride" --part 1/2 >"$work/part3" 2>&1 || failed=1
wait "$first" || failed=1

for part in 0 1 2 3; do
    grep -v '^kind \|^phase \|^faults ' "$work/part$part"
done
cat "$work/part0" "$work/part1" "$work/part2" "$work/part3" | awk '
    /^kind |^phase / {
        name = $0
        sub(/: [0-9]+$/, "", name)
        if (!(name in sum)) { order[++n] = name }
        sum[name] += $NF
    }
    /^faults / { f += $2; b += $4; s += $6; v += $8; parts++ }
    END {
        for (i = 1; i <= n; i++) {
            printf "%-24s %12d%s\n", order[i], sum[order[i]],
                sum[order[i]] == 0 ? "  NEVER HIT" : ""
            missing += sum[order[i]] == 0
        }
        printf "faults %d boots %d states %d violations %d\n", f, b, s, v
        exit parts != 4 || n == 0 || f == 0 || v != 0 || missing != 0
    }' || failed=1
exit "$failed"
