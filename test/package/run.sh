#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [WORK]
#
# Builds a ten-line consumer of pawl in four ways, in folders with spaces in
# their names, and runs it: add_subdirectory, FetchContent, find_package and
# pkg-config of an installed pawl that was moved after it was installed.
# WORK is a folder to build in; without it, a temporary one that is removed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
sample=$root/test/package/consumer
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    work=$(cd "$1" && pwd -P)
    rm -rf "$work/a folder"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
fi
work="$work/a folder"
mkdir -p "$work"
ln -s "$root" "$work/a tree of pawl"

fail() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}

# Runs a command and shows what it said only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "failed: $*"
    }
}

check_runs() {
    for program in "$1"/consumer "$1"/boot_consumer "$1"/stores_consumer; do
        case $program in
        */stores_consumer) [ -e "$program" ] || continue ;;
        esac
        quietly "$program"
    done
    printf 'package: %s: built and ran\n' "$2"
}

# The consumer of the key stores, where their packages are.
stores_target() {
    if pkg-config --exists p11-kit-1 tss2-esys tss2-tctildr; then
        echo stores_consumer
    fi
}

by_cmake() {
    how=$1
    shift
    quietly cmake -S "$sample" -B "$work/by $how" -G Ninja -DHOW="$how" "$@"
    quietly cmake --build "$work/by $how" --parallel "$(nproc)" \
        --target consumer boot_consumer $(stores_target)
    check_runs "$work/by $how" "$how"
}

by_pkg_config() {
    mkdir "$work/by pkg-config"
    for pair in pawl:consumer pawl-boot:boot_consumer; do
        flags=$(PKG_CONFIG_PATH="$installed/lib/pkgconfig" \
            pkg-config --cflags --libs "${pair%:*}") ||
            fail "pkg-config does not find ${pair%:*}"
        # pkg-config quotes what it prints for a shell.
        eval "quietly cc -std=c11 -Wall -Wextra -Werror \"\$sample/main.c\" \
            $flags -o \"\$work/by pkg-config/${pair#*:}\""
    done
    if [ -n "$(stores_target)" ]; then
        flags=$(PKG_CONFIG_PATH="$installed/lib/pkgconfig" \
            pkg-config --cflags --libs pawl-check pawl-pkcs11 pawl-tpm2) ||
            fail 'pkg-config does not find the key stores'
        eval "quietly cc -std=c11 -Wall -Wextra -Werror \"\$sample/stores.c\" \
            $flags -o \"\$work/by pkg-config/stores_consumer\""
    fi
    check_runs "$work/by pkg-config" pkg-config
}

by_cmake add_subdirectory -DPAWL_TREE="$work/a tree of pawl"
by_cmake fetchcontent -DPAWL_TREE="$work/a tree of pawl"

quietly cmake -S "$root" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPAWL_BUILD_TESTS=OFF \
    -DPAWL_BUILD_TOOLS=OFF -DPAWL_BUILD_EXAMPLES=OFF \
    -DCMAKE_INSTALL_LIBDIR=lib
quietly cmake --build "$work/build" --parallel "$(nproc)"
quietly cmake --install "$work/build" --prefix "$work/first place"
mv "$work/first place" "$work/another place"
installed="$work/another place"
by_cmake find_package -DCMAKE_PREFIX_PATH="$installed"
by_pkg_config

# What was installed must not name the folder that it was built in.
if grep -rIl -e "$work" "$installed" >"$work/log"; then
    cat "$work/log" >&2
    fail 'these installed files name the build folder'
fi
