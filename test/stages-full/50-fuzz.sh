#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# libFuzzer on the readers, the manifest processor, the clients of protocols,
# the journal and the boot selection: 60 seconds each, two at a time, or
# PAWL_FUZZ_SECONDS.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
exec sh "$root/test/fuzz/run.sh" --seconds "${PAWL_FUZZ_SECONDS:-60}"
