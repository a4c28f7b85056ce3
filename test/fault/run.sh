#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sh test/fault/run.sh [--quick | --exhaustive]
#
# The proof of power-loss safety: the model of the journal's rules and its
# traces on the journal's code, the search over that code, the search over the
# whole update, every flip of a bit of the journal, and the wear of an update.
# README.md beside this file says how deep each goes by default and with
# --exhaustive, and how long that took. Ends with a table, the faults by kind
# and by phase, the time, and the line that adds it up:
#   faults N boots N states N violations N
# Fails on a violation, where a kind of fault or a phase was never hit, and
# where states that were taken for alike were not.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
began=$(date +%s)
exhaustive=
quick=
depth=2 # of the journal's other geometries
if [ "${1:-}" = --exhaustive ]; then
    exhaustive=--exhaustive
    depth=3
elif [ "${1:-}" = --quick ]; then
    quick=yes
    depth=1
elif [ $# -ne 0 ]; then
    echo "usage: run.sh [--quick | --exhaustive]" >&2
    exit 2
fi
# shellcheck source=/dev/null
. "$root/test/fault/build.sh"

build_journal "$root" "$work" || exit 1
build_model "$root" "$work" || exit 1
configure_flow "$root" "$work/flow" >"$work/build" 2>&1 &&
    build_flow "$work/flow" >>"$work/build" 2>&1 || {
    cat "$work/build"
    exit 1
}
check_with_clang "$root" || exit 1
cp "$work/flow/test/fault/fault_flow" "$work" && cd "$work" || exit 1
# Names without spaces, whatever the folder is called.
model=./model_journal
journal=./fault_journal
flow=./fault_flow

# --- What is to be done, the longest first, two at a time ------------------
mkdir out
job() { # name, command...
    printf '%s\n' "$*" >>joblist
}
JOURNALS='0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'
FLOWS='0 1 2 3 10 11 12 13 14 15'
FLOWS_DEEP='4 5 6 7 8 9' # two cuts deep: W 4, 8 and 16
FLIPS='6 9'
JOURNALS_DEEP=9 # three cuts deep by default, the others two
stride=1 # of the update's second cuts: all of them
if [ -n "$quick" ]; then
    JOURNALS_DEEP=
    FLIPS=
    stride=400
fi
# shellcheck disable=SC2086
[ -n "$quick" ] || job model "$model" $exhaustive
for g in $JOURNALS_DEEP; do
    job "journal-$g" "$journal" --depth 3 --geometry "$g"
done
for g in $FLOWS_DEEP; do
    job "flow-$g" "$flow" --depth 2 --stride "$stride" --geometry "$g"
done
for g in $FLIPS; do
    job "flips-$g" "$flow" --flips 5000 --geometry "$g"
done
for g in $JOURNALS; do
    case " $JOURNALS_DEEP " in *" $g "*) continue ;; esac
    job "journal-$g" "$journal" --depth "$depth" --geometry "$g"
done
for g in $FLOWS; do
    job "flow-$g" "$flow" --depth 1 --geometry "$g"
done
for g in $JOURNALS; do
    job "alike-journal-$g" "$journal" --alike --depth 1 --geometry "$g"
    job "exact-journal-$g" "$journal" --exact --depth 1 --geometry "$g"
done
for g in $FLOWS $FLOWS_DEEP; do
    job "alike-flow-$g" "$flow" --alike --depth 1 --geometry "$g"
    job "exact-flow-$g" "$flow" --exact --depth 1 --geometry "$g"
done
cat >job.sh <<'END'
name=$1
shift
"$@" >"out/$name" 2>&1
rc=$?
echo $rc >"out/$name.rc"
[ -z "$progress" ] || echo "$(($(date +%s) - progress)) s: $name ended, $rc" >&2
END
progress= # only where it takes an hour
[ -z "$exhaustive" ] || progress=$began
export progress
xargs -P 2 -L 1 sh job.sh <joblist

# --- What came of it ---------------------------------------------------------
while read -r name rest; do
    if [ "$(cat "out/$name.rc" 2>/dev/null)" != 0 ]; then
        echo "failed: $name ($rest)"
        cat "out/$name"
        failed=1
    fi
done <joblist
[ -n "$quick" ] || cat "out/model"
for name in $(sed 's/ .*//' joblist | grep '^alike-'); do
    rest=${name#alike-}
    a=$(sed -n 's/.*distinct [a-z]* //p' "out/alike-$rest")
    b=$(sed -n 's/.*distinct [a-z]* //p' "out/exact-$rest")
    if [ -z "$a" ] || [ "$a" != "$b" ]; then
        echo "alike $rest: $a distinct states, but $b told apart by every bit"
        failed=1
    fi
done
for g in $JOURNALS; do
    grep ' depth [0-9] ' "out/journal-$g"
done
for g in $FLOWS_DEEP $FLOWS; do
    grep ' depth [0-9] ' "out/flow-$g"
done
for g in $FLIPS; do
    grep '^flips ' "out/flips-$g"
done
echo "took $(($(date +%s) - began)) s"
for g in $JOURNALS; do echo "out/journal-$g"; done >parts
for g in $FLOWS_DEEP $FLOWS; do echo "out/flow-$g"; done >>parts
xargs cat <parts | awk -v parts="$(wc -l <parts)" '
    /^kind |^phase / {
        name = $0
        sub(/: [0-9]+$/, "", name)
        if (!(name in sum)) { order[++n] = name }
        sum[name] += $NF
    }
    /^faults / { f += $2; b += $4; s += $6; v += $8; seen++ }
    END {
        for (i = 1; i <= n; i++) {
            printf "%-24s %12d%s\n", order[i], sum[order[i]],
                sum[order[i]] == 0 ? "  NEVER HIT" : ""
            missing += sum[order[i]] == 0
        }
        printf "faults %d boots %d states %d violations %d\n", f, b, s, v
        exit seen != parts || n == 0 || f == 0 || v != 0 || missing != 0
    }' || failed=1
exit "$failed"
