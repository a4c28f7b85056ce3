# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# How the searches are built: for run.sh and mutants.sh, which source this.

FAULT_JOURNAL='fault_journal journal_node journal_search journal_seed search'
FAULT_FLOW='fault_flow flow_flips flow_oracle flow_report flow_schedule flow_search flow_session flow_world search'
# Small devices and early checkpoints.
FLOW_FLAGS='-DFAKE_SMALL -DPAWL_CHECKPOINT_MIN=1024'

# Compiles the tree $1 into $2/fault_journal. A mutant may have warnings.
build_journal() {
    tree=$1
    output=$2/fault_journal
    set --
    for file in $FAULT_JOURNAL; do
        set -- "$@" "$tree/test/fault/$file.c"
    done
    # shellcheck disable=SC2086
    ${CC:-cc} -std=c11 -O3 ${FAULT_WARNINGS--Wall -Wextra -Werror} \
        -I"$tree/include" -I"$tree/src" -I"$tree/test" "$@" "$tree/test/fake/fake_flash.c" \
        "$tree/src/journal/journal.c" "$tree/src/journal/journal_frame.c" \
        "$tree/src/journal/journal_rest.c" \
        "$tree/src/base/base.c" -o "$output"
}

# Configures the tree $1 in the folder $2, for fault_flow.
configure_flow() {
    cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS="$FLOW_FLAGS"
}

# The same for fuzz_flow, by clang and with its sanitizers.
configure_schedules() {
    cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER="${PAWL_FUZZ_CC-clang}" -DCMAKE_C_FLAGS="$FLOW_FLAGS \
-fsanitize=fuzzer-no-link,address" # wolfSSL overflows signed integers
}

build_flow() {
    cmake --build "$1" -j2 --target fault_flow
}

# A second compiler's opinion of both searches in the tree $1, if it is there.
check_with_clang() {
    command -v clang >/dev/null 2>&1 || return 0
    for file in $FAULT_JOURNAL $FAULT_FLOW; do
        # shellcheck disable=SC2086
        clang -std=c11 -fsyntax-only -Wall -Wextra -Wshadow -Wconversion \
            -Werror $FLOW_FLAGS -I"$1/include" -I"$1/src" -I"$1/test" \
            "$1/test/fault/$file.c" || return 1
    done
}

# Compiles the model of the tree $1, with the journal beside it, into
# $2/model_journal. Its banks are smaller than any that a device may have.
build_model() {
    for file in test/fault/model_code src/journal/journal \
        src/journal/journal_frame src/base/base; do
        ${CC:-cc} -std=c11 -O3 -Wall -Wextra -Werror \
            -DPAWL_JOURNAL_FRAMES_MIN=8U -I"$1/include" -I"$1/src" \
            -I"$1/test" -c "$1/$file.c" \
            -o "$2/model_$(basename "$file").o" || return 1
    done
    ${CXX:-c++} -std=c++17 -O3 -Wall -Wextra -Werror -I"$1/test" \
        "$1/test/fault/model_journal.cpp" "$2"/model_*.o \
        -o "$2/model_journal"
}
