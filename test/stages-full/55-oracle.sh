#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
#
# The manifest processor against a second one in Python: 10,000 random
# envelopes, or PAWL_ORACLE_CASES. PAWL_ORACLE_SEED repeats a run.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
probe=${PAWL_BUILD:-$root/build/host}/test/oracle/oracle_probe
if [ ! -x "$probe" ]; then
    echo "$probe was not built: build the host preset first" >&2
    exit 1
fi
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import cbor2, cryptography' 2>/dev/null; then
        exec "$python" "$root/test/oracle/oracle.py" "$probe" \
            --cases "${PAWL_ORACLE_CASES:-10000}" \
            ${PAWL_ORACLE_SEED:+--seed "$PAWL_ORACLE_SEED"}
    fi
done
echo 'python3-cbor2 or python3-cryptography is missing'
exit 77
