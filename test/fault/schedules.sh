#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sh test/fault/schedules.sh [--seconds N]
#
# Fuzzes schedules of operations and faults over a whole update, for N seconds,
# 60 unless told: deeper than run.sh searches, and not all of them. A schedule
# that violates an invariant is made as short as it can be; its replay id is
# printed, and the schedule kept in build/fuzz/. Fails, too, where a kind of
# fault or a phase of the update was never hit.
#
# Exit codes: 0 nothing found, 1 something found, 2 wrong usage, 77 no clang
# with libFuzzer here.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
seconds=60
if [ "${1-}" = --seconds ] && [ $# -eq 2 ]; then
    seconds=$2
elif [ $# -ne 0 ]; then
    echo 'usage: schedules.sh [--seconds N]' >&2
    exit 2
fi
# shellcheck source=/dev/null
. "$root/test/fault/build.sh"

echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n)
{ (void)d; (void)n; return 0; }' >"$work/probe.c"
if ! "${PAWL_FUZZ_CC-clang}" -fsanitize=fuzzer,address,undefined \
    "$work/probe.c" -o "$work/probe" >"$work/log" 2>&1; then
    echo "no clang with libFuzzer and sanitizers (${PAWL_FUZZ_CC-clang})"
    exit 77
fi
if ! { configure_schedules "$root" "$work/build" &&
    cmake --build "$work/build" -j2 --target fuzz_flow; } >"$work/log" 2>&1; then
    cat "$work/log"
    exit 1
fi
fuzz=$work/build/test/fault/fuzz_flow
mkdir -p "$root/build/fuzz" "$work/corpus"
# Found by fuzzing: together they hit every kind of fault and every phase.
n=0
for seed in '\006\000' '\006\001\100\010\003\001\001' \
    '\010\002\040\005\005\003\143\000\000\000\000\000\000\000' \
    '\050\002\317\133\317\317\317\317\317\317\340\005\001\003\200\007\000\003\300\011\002\340' \
    '\006\034\230\136\147\147\343\031\103\010\034\034\034\034\034\034\034\001\376\377\376\377\034\034\234\034' \
    '\256\256\256\256\256\010\002\040\005\001\003\200\001\100\003\001\001\007\000\003\300\011\256\012\001\010\002\256\256\040' \
    '\010\002\200\007\000\002\040\005\001\003\200\007\000\040\005\001\003\200\007\000\003\300\011\001\003\300\011\001\002\011\001\002'; do
    # The words are octal numbers for printf.
    # shellcheck disable=SC2059
    printf "$seed" >"$work/corpus/seed-$n"
    n=$((n + 1))
done
# 2 bytes, and 4 for each of at most 8 faults; long ones from the start.
if "$fuzz" -max_total_time="$seconds" -max_len=34 -len_control=0 -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$work/found-" "$work/corpus" \
    >"$work/log" 2>&1; then
    awk '
        /^(kind|phase) schedules / {
            seen++
            sub(/:/, "")
            if ($NF == 0) { print "never hit: " $0; missing++ }
        }
        /^stat::number_of_executed_units/ { schedules = $2 }
        /^schedules faults/ { faults = $3; boots = $5 }
        END {
            printf "schedules %d faults %d boots %d violations 0\n",
                schedules, faults, boots
            exit seen == 0 || missing != 0
        }' "$work/log"
    exit
fi
found=$(ls "$work"/found-* 2>/dev/null | head -n 1)
if [ -z "$found" ]; then
    cat "$work/log"
    exit 1
fi
"$fuzz" -minimize_crash=1 -max_total_time=60 -artifact_prefix="$work/min-" \
    "$found" >"$work/min.log" 2>&1
for shorter in "$work"/min-*; do
    [ -f "$shorter" ] && [ "$(wc -c <"$shorter")" -lt "$(wc -c <"$found")" ] &&
        found=$shorter
done
cp "$found" "$root/build/fuzz/schedule"
"$fuzz" "$found" 2>&1 | grep -a '^violation \|^ERROR\|ERROR:' | tee "$work/lines"
id=$(sed -n 's/^violation .*, replay //p' "$work/lines" | head -n 1)
if [ -n "$id" ] && cmake --build "$work/build" -j2 --target fault_flow \
    >"$work/log" 2>&1; then
    if "$work/build/test/fault/fault_flow" --replay "$id" >"$work/log" 2>&1; then
        echo "fault_flow --replay $id does not show it"
    else
        echo "fault_flow --replay $id: $(grep '^violation' "$work/log")"
    fi
fi
echo "FOUND: build/fuzz/schedule, $(wc -c <"$found") bytes"
exit 1
