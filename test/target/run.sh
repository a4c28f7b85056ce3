#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--kills N] [--seed S] [--slow] [--only WHAT]
#
# Builds for Cortex-M3, M4 and M33 and runs on QEMU's boards: the unit tests,
# the manifest examples, sessions with real servers, what may go wrong, and the
# whole A/B life with power cuts. Ends with a table and 'N passed, N failed'.
#
#   --kills N    power cuts in all (default 200), half on M3, half on M4
#   --seed S     of their random numbers
#   --slow       the slowest unit tests on every core, not on M3 alone
#   --only WHAT  rows of the table: "m3 life", "peers"
#
# Installs what is missing. Writes to build/, to the cache of wolfSSL and to
# temporary folders that are removed. Exit codes: 0 all passed, 1 something
# failed, 2 wrong usage, 3 the machine lacks something that cannot be installed
# from here.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
case ${1-} in
-h | --help)
    sed -n '4,21s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
sh "$root/cmake/setup.sh" --for target || exit
cd "$root" || exit 2

# A step with a deadline; its output is shown if it fails.
log=build/log/target-build.log
mkdir -p build/log || exit 3
step() {
    limit=$1
    shift
    timeout --kill-after=15 "$limit" "$@" >"$log" 2>&1 && return
    tail -n 30 "$log"
    echo "target: failed: $*"
    exit 1
}

began=$(date +%s)
host=${PAWL_BUILD:-$root/build/host}
step 120 cmake -S . -B "$host" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo
step 600 cmake --build "$host" --target pawl_tool
for core in m3 m4 m33; do
    step 120 cmake --preset cortex-$core -DPAWL_WERROR=ON
    step 600 cmake --build build/cortex-$core
done
echo "built for three cores in $(($(date +%s) - began)) s"

# Debian's own python has the modules; another one in PATH may not.
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$root/test/target/run.py" \
    --tool "$host/tools/pawl" "$@"
