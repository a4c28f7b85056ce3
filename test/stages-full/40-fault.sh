#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 1800
#
# Power-loss safety: the model of the journal, the search over its code, and
# the search over a whole update.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v "${CC:-cc}" >/dev/null 2>&1; then
    echo "no C compiler"
    exit 77
fi
exec sh "$root/test/fault/run.sh"
