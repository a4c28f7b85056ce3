#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: quickstart_mutants.sh [NAME...]
#
# Does the quickstart see it when a check is missing? Each patch of
# test/quickstart_mutants/ takes one check out; the story is then told with the
# mutant, and must fail at the step that the patch's first line names
# ("step: N"). A patch that does not apply, a mutant that does not compile and
# a story that fails elsewhere fail the run, as does a mutant that lives.
#
# Works on a copy in a temporary folder that is removed; needs what the
# quickstart needs. Ends with a table and `mutants N killed N`. Exit codes: 0
# all were killed, 1 not all, 2 wrong usage, 3 something is missing.
set -u

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 2
say() { printf 'mutants: %s\n' "$*" >&2; }

patches=$root/test/quickstart_mutants
sh "$root/cmake/setup.sh" --for quickstart || exit
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-mutants.XXXXXX") || exit 3
child=''
clean_up() {
    [ -z "$child" ] || kill "$child" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The sources as they are, without what was built.
mkdir "$work/tree" || exit 3
(cd "$root" && tar -cf - --exclude=./build --exclude=./.git .) |
    tar -xf - -C "$work/tree" || exit 3

# Tells the story of the tree as it is; $work/log has all of it. In the
# background, so that a signal ends it.
tell() {
    PAWL_BUILD=$work/build timeout -k 10 240 \
        sh "$work/tree/examples/quickstart.sh" --no-color \
        >"$work/log" 2>&1 &
    child=$!
    wait "$child"
    code=$?
    child=''
    return $code
}

# The verdict on one patch, as "killed" or a reason.
judge() {
    want=$(sed -n 's/^step: //p' "$1" | head -n 1)
    [ -n "$want" ] || {
        echo 'the patch names no step'
        return
    }
    patch -d "$work/tree" -p1 -s --no-backup-if-mismatch -F 0 <"$1" \
        >"$work/patch.log" 2>&1 || {
        echo 'the patch no longer applies'
        return
    }
    if tell; then
        echo 'LIVES: every step happened as told'
    else
        at=$(sed -n 's/^failed at step //p' "$work/log" | tail -n 1)
        if [ -z "$at" ]; then
            echo "no story: $(tail -n 1 "$work/log")"
        elif [ "$at" != "$want" ]; then
            echo "failed at step $at instead of $want"
        else
            echo killed
        fi
    fi
    patch -d "$work/tree" -p1 -s -R --no-backup-if-mismatch -F 0 <"$1" \
        >"$work/patch.log" 2>&1 || say "cannot take $1 back"
}

row() { printf '%-20s %-5s %-44s %s\n' "$@"; }

say 'the story without a mutant must pass first'
if ! tell; then
    tail -n 15 "$work/log" >&2
    say 'it does not: nothing can be said of mutants'
    exit 1
fi
count=0 killed=0
row 'check taken out' step verdict 'seen by' >"$work/table"
for patch in "$patches"/*.patch; do
    name=$(basename "$patch" .patch)
    case " ${*:-$name} " in
    *" $name "*) ;;
    *) continue ;;
    esac
    count=$((count + 1))
    judge "$patch" >"$work/verdict" 2>&1
    verdict=$(cat "$work/verdict")
    seen=''
    if [ "$verdict" = killed ]; then
        killed=$((killed + 1))
        seen=$(sed -n 's/^ *FAILED: //p' "$work/log" | head -n 1)
    fi
    row "$name" "$(sed -n 's/^step: //p' "$patch" | head -n 1)" "$verdict" \
        "$seen" >>"$work/table"
    say "$name: $verdict"
done
cat "$work/table"
if [ $count -eq 0 ]; then
    say "no such mutant: see $patches"
    exit 2
fi
echo "mutants $count killed $killed"
[ $count -eq $killed ]
