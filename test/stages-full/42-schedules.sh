#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# libFuzzer on schedules of operations and faults over a whole update: 60
# seconds, or PAWL_FUZZ_SECONDS.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
exec sh "$root/test/fault/schedules.sh" --seconds "${PAWL_FUZZ_SECONDS:-60}"
