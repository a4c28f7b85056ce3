#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: quickstart.sh [--keep] [--no-color]
#
# The main job, end to end, on this machine: a device is provisioned, enrols,
# connects, is updated, attacked, and goes back from a bad update. Installs
# what is missing, builds, and tells the story as it happens, with real servers
# on free ports of 127.0.0.1.
#
#   --keep      keep the folder of the story, and say how to look at it
#   --no-color  no colours, also on a terminal
#
# Writes to build/, to the cache of wolfSSL and to a temporary folder that is
# removed. Exit codes: 0 every step happened as told, 1 one did not, 2 wrong
# usage, 3 the machine lacks something that cannot be installed from here.
set -u

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 2
say() { printf 'quickstart: %s\n' "$*" >&2; }

for argument in "$@"; do
    case $argument in
    --keep | --no-color) ;;
    -h | --help)
        sed -n '4,18s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        say "unknown option $argument: see --help"
        exit 2
        ;;
    esac
done

# PAWL_BUILD: a build folder of another place, for tests of this script.
build=${PAWL_BUILD:-$root/build/host}
log=$build/quickstart-build.log

# Two at a time: the second waits until the first has built.
build() {
    exec 9>"$build/.lock" || return 1
    if ! flock -n 9; then
        say 'another run builds; waiting for it'
        flock 9
    fi
    : >"$log"
    if [ ! -f "$build/build.ninja" ] || [ -n "${PAWL_WOLFSSL_DIR-}" ]; then
        say 'building; the first time wolfSSL is fetched and compiled too'
        cmake -S "$root" -B "$build" -G Ninja \
            -DCMAKE_BUILD_TYPE=RelWithDebInfo \
            ${PAWL_WOLFSSL_DIR:+"-DPAWL_WOLFSSL_DIR=$PAWL_WOLFSSL_DIR"} \
            >"$log" 2>&1 || return 1
    fi
    ninja -C "$build" pawl_tool example_boot_loader device_v1 device_v2 \
        device_v3 >>"$log" 2>&1
}

if [ "${PAWL_QUICKSTART_BUILD-}" = yes ]; then # called below
    build
    exit
fi

sh "$root/cmake/setup.sh" --for quickstart || exit
if ! mkdir -p "$build" 2>/dev/null || [ ! -w "$build" ]; then
    say "cannot write to $build: work in a copy of your own"
    exit 3
fi

# In a process group of its own, so that all of it ends with this script.
running=''
stop_building() {
    [ -z "$running" ] || { kill "$running" && wait "$running"; } 2>/dev/null
}
trap 'stop_building; exit 129' HUP
trap 'stop_building; exit 130' INT
trap 'stop_building; exit 143' TERM
PAWL_QUICKSTART_BUILD=yes timeout --kill-after=15 1800 \
    sh "$root/examples/quickstart.sh" &
running=$!
wait "$running" || {
    if grep -qs '^get-wolfssl: no wolfSSL' "$log"; then
        say "wolfSSL's sources cannot be fetched from this machine's mirror;" \
            "unpack wolfSSL >= 5.7.2 and set PAWL_WOLFSSL_DIR=<tree>"
        exit 3
    fi
    tail -n 20 "$log" >&2
    say "building failed: see $log"
    exit 1
}
running=''
trap - HUP INT TERM

# While the story runs no test run builds anew what it uses.
exec 8>"$build/.used" && flock -s 8

# Debian's own python has the modules; another one in PATH may not.
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$root/examples/quickstart/story.py" \
    --source "$root" --tool "$build/tools/pawl" \
    --loader "$build/examples/boot_loader" \
    --images "$build/examples/device" "$@"
