#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
#
# Sessions against openssl s_server, started on free ports of the loopback:
# good peers, one row for each defect, and a transport, an allocator and a key
# store that fail.
set -u

probe=$PAWL_BUILD/test/session/session_probe
if [ ! -x "$probe" ]; then
    echo "$probe was not built: build the host preset first" >&2
    exit 1
fi
for need in openssl python3; do
    if ! command -v "$need" >/dev/null; then
        echo "$need is missing"
        exit 77
    fi
done
if ! python3 -c 'import cryptography' 2>/dev/null; then
    echo 'python3-cryptography is missing'
    exit 77
fi
exec python3 "$PAWL_ROOT/test/session/peers.py" "$probe"
