#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sh test/fault/mutants.sh [NAME...]
#
# Takes each rule out, of the journal (test/fault/mutants/journal-*.patch), of
# the update (flow-*.patch) and of what holds when bits flip (flip-*.patch), and
# searches until an invariant is violated.
# The table names it with its replay id, which is then run alone: on the mutant
# it must violate the same invariant, on the code as it is none.
#
# A patch that no longer applies fails the run, and so does a mutant that does
# not compile, that ends otherwise than by a violated invariant, or that
# survives, and a replay id that shows nothing.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
count=0
killed=0
broken=0
# shellcheck source=/dev/null
. "$root/test/fault/build.sh"

# A search: program, options. True if $work/line holds its first violation.
violates() {
    timeout "${MUTANT_SECONDS:-300}" "$@" >"$work/out" 2>&1
    grep '^violation I' "$work/out" | head -n 1 >"$work/line"
    [ -s "$work/line" ]
}

# Searches with $1 deeper and deeper, until the mutant falls.
search_journal() {
    for how in "--depth 1 --spare 1" "--depth 2 --spare 0" \
        "--depth 2 --spare 1" "--depth 3 --spare 0"; do
        for geometry in 8 12; do
            # shellcheck disable=SC2086
            violates "$1" $option --first $how --geometry "$geometry" &&
                return 0
        done
    done
    return 1
}

search_flow() {
    for how in "--depth 1" "--depth 2 --stride 50" "--depth 2"; do
        # shellcheck disable=SC2086
        violates "$1" --first $how --geometry 6 && return 0
    done
    return 1
}

search_flips() {
    violates "$1" --first --flips 0 --geometry 6
}

# Name, search, the mutant's program, the program of the code as it is.
judge() {
    if ! "$2" "$3"; then
        echo "$1: survived"
        return
    fi
    line=$(sed 's/^violation //' "$work/line")
    id=${line##*replay }
    # shellcheck disable=SC2086
    if ! violates "$3" $option --first --replay "$id" ||
        [ "$(cut -c -12 "$work/line")" != "violation ${line%"${line#??}"}" ]; then
        echo "$1: $line, which does not show it"
        broken=$((broken + 1))
    elif violates "$4" --replay "$id"; then # by either reading
        echo "$1: $line, which the code as it is violates, too"
        broken=$((broken + 1))
    else
        killed=$((killed + 1))
        echo "$1: killed by $line"
    fi
}

# One tree for all of them: what a patch leaves alone is compiled once.
tree=$work/tree
mkdir -p "$tree" "$work/good" "$work/bad"
(cd "$root" && tar -cf - --exclude=./build --exclude=./.git .) |
    tar -xf - -C "$tree" || exit 1
if ! { build_journal "$tree" "$work/good" &&
    configure_flow "$tree" "$work/flow" && build_flow "$work/flow" &&
    cp "$work/flow/test/fault/fault_flow" "$work/good"; } >"$work/out" 2>&1; then
    cat "$work/out"
    exit 1
fi

mutate() { # name, patch: applies, builds and judges it
    (cd "$tree" && patch -s -p1 --fuzz=0 --dry-run <"$2" >"$work/out" 2>&1) || {
        echo "$1: the patch no longer applies"
        broken=$((broken + 1))
        return
    }
    (cd "$tree" && patch -s -p1 --fuzz=0 <"$2") || exit 1
    option=
    case $1 in
    journal-R*) option=--whole ;; # by what comes of it, not by the comparison
    esac
    case $1 in
    journal-*)
        if FAULT_WARNINGS=-w build_journal "$tree" "$work/bad" >"$work/out" 2>&1; then
            judge "$1" search_journal "$work/bad/fault_journal" \
                "$work/good/fault_journal"
        else
            echo "$1: does not compile"
            broken=$((broken + 1))
        fi
        ;;
    *)
        if build_flow "$work/flow" >"$work/out" 2>&1; then
            search=search_flow
            case $1 in flip-*) search=search_flips ;; esac
            judge "$1" "$search" "$work/flow/test/fault/fault_flow" \
                "$work/good/fault_flow"
        else
            echo "$1: does not compile"
            broken=$((broken + 1))
        fi
        ;;
    esac
    (cd "$tree" && patch -s -R -p1 <"$2") || exit 1
}

if [ $# -eq 0 ]; then
    for patch in "$root"/test/fault/mutants/*.patch; do
        set -- "$@" "$(basename "$patch" .patch)"
    done
fi
for name in "$@"; do
    count=$((count + 1))
    mutate "$name" "$root/test/fault/mutants/$name.patch"
done
echo "mutants $count killed $killed"
[ "$broken" -eq 0 ] && [ "$count" -gt 0 ] && [ "$count" -eq "$killed" ]
