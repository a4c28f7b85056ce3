#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Takes each rule out, of the journal (test/fault/mutants/journal-*.patch) and
# of the update (flow-*.patch), and searches until an invariant is violated. A patch that no longer applies fails the
# run, and so does a mutant that does not compile, that ends otherwise than by
# a violated invariant, or that survives.
#
# The search goes deeper until the mutant falls: depth 1, 2, then 3.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0
killed=0
broken=0

# Compiles the tree $1 into $1/fault_journal.
build() {
    ${CC:-cc} -std=c11 -O3 -I"$1/include" -I"$1/src" -I"$1/test" \
        "$1/test/fault/fault_journal.c" "$1/test/fake/fake_flash.c" \
        "$1/src/journal/journal.c" "$1/src/journal/journal_frame.c" \
        "$1/src/base/base.c" -o "$1/fault_journal"
}

# Searches the tree $1 until $work/line holds its first violation.
search() {
    for how in "--depth 1 --spare 1" "--depth 2 --spare 0" \
        "--depth 2 --spare 1" "--depth 3 --spare 0"; do
        for geometry in 8 12; do
            # shellcheck disable=SC2086
            timeout "${MUTANT_SECONDS:-300}" "$1/fault_journal" --first $how \
                --geometry "$geometry" >"$work/out" 2>&1
            grep '^violation I' "$work/out" | head -n 1 >"$work/line"
            [ -s "$work/line" ] && return 0
        done
    done
    return 1
}

for patch in "$root"/test/fault/mutants/journal-*.patch; do
    name=$(basename "$patch" .patch)
    tree=$work/tree
    rm -rf "$tree"
    mkdir -p "$tree"
    (cd "$root" && cp -r --parents include src/base src/journal test/fake \
        test/fault "$tree") || exit 1
    count=$((count + 1))
    if ! (cd "$tree" && patch -s -p1 --fuzz=0 <"$patch" >"$work/out"); then
        echo "$name: the patch no longer applies"
        broken=$((broken + 1))
        continue
    fi
    if ! build "$tree" >"$work/out" 2>&1; then
        echo "$name: does not compile"
        broken=$((broken + 1))
        continue
    fi
    if search "$tree"; then
        killed=$((killed + 1))
        echo "$name: killed by $(sed 's/^violation //' "$work/line")"
    else
        echo "$name: survived"
    fi
done
# Searches the whole update until $work/line holds its first violation.
search_flow() {
    for how in "--depth 1" "--depth 2 --stride 200" "--depth 2 --stride 20"; do
        # shellcheck disable=SC2086
        timeout "${MUTANT_SECONDS:-300}" "$work/flow/test/fault/fault_flow" \
            --first $how --geometry 6 >"$work/out" 2>&1
        grep '^violation I' "$work/out" | head -n 1 >"$work/line"
        [ -s "$work/line" ] && return 0
    done
    return 1
}

build_flow() {
    cmake --build "$work/flow" -j2 --target fault_flow
}

# One tree for all of them: what a patch leaves alone is compiled once.
tree=$work/whole
mkdir -p "$tree"
(cd "$root" && tar -cf - --exclude=./build --exclude=./.git .) |
    tar -xf - -C "$tree" || exit 1
if ! cmake -S "$tree" -B "$work/flow" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS="-DFAKE_SMALL -DPAWL_CHECKPOINT_MIN=1024" \
    >"$work/out" 2>&1 || ! build_flow >"$work/out" 2>&1; then
    cat "$work/out"
    exit 1
fi
for patch in "$root"/test/fault/mutants/flow-*.patch; do
    name=$(basename "$patch" .patch)
    count=$((count + 1))
    if ! (cd "$tree" && patch -s -p1 --fuzz=0 <"$patch" >"$work/out"); then
        echo "$name: the patch no longer applies"
        broken=$((broken + 1))
        break
    fi
    if ! build_flow >"$work/out" 2>&1; then
        echo "$name: does not compile"
        broken=$((broken + 1))
    elif search_flow; then
        killed=$((killed + 1))
        echo "$name: killed by $(sed 's/^violation //' "$work/line")"
    else
        echo "$name: survived"
    fi
    (cd "$tree" && patch -s -R -p1 <"$patch" >"$work/out") || exit 1
done
echo "mutants $count killed $killed"
[ "$broken" -eq 0 ] && [ "$count" -gt 0 ] && [ "$count" -eq "$killed" ]
