#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# libFuzzer on the readers and the manifest processor: 60 seconds each, or
# PAWL_FUZZ_SECONDS.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
exec sh "$root/test/fuzz/run.sh" --seconds "${PAWL_FUZZ_SECONDS:-60}"
