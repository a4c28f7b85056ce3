#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# Each rule of power-loss safety taken out: the searches must notice.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
for command in "${CC:-cc}" patch; do
    if ! command -v "$command" >/dev/null 2>&1; then
        echo "no $command"
        exit 77
    fi
done
exec sh "$root/test/fault/mutants.sh"
