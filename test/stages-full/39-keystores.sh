#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
#
# Each key store against a real one: software, SoftHSM in the process and behind
# p11-kit's server, a TPM of swtpm. The conformance check, sessions, what can go
# wrong, and the search of memories for the private key.
set -u

built=$PAWL_BUILD/test/keystore
for file in "$built/store_probe" "$built/failing_module.so" \
    "$PAWL_BUILD/tools/pawl"; do
    if [ ! -f "$file" ]; then
        echo "$file was not built: libp11-kit-dev, libtss2-dev or libssl-dev is missing"
        exit 77
    fi
done
for python in /usr/bin/python3 python3; do
    "$python" -c 'import cryptography' 2>/dev/null && break
    python=''
done
if [ -z "$python" ]; then
    echo 'python3-cryptography is missing'
    exit 77
fi
exec "$python" -B "$PAWL_ROOT/test/keystore/run.py" "$built/store_probe" \
    "$built/failing_module.so" "$PAWL_BUILD/tools/pawl"
