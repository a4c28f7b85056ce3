#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
#
# Keys in a PKCS #11 token, SoftHSM's in a temporary folder: an envelope and a
# trust document signed by one, checked by the tool and by python3-cryptography;
# and what is refused.
set -u

tool=$PAWL_BUILD/tools/pawl
if [ ! -x "$tool" ]; then
    echo "$tool was not built: build the host preset first" >&2
    exit 1
fi
for command in softhsm2-util pkcs11-tool openssl python3; do
    if ! command -v $command >/dev/null; then
        echo "$command is missing"
        exit 77
    fi
done
for python in /usr/bin/python3 python3; do
    "$python" -c 'import cbor2, cryptography' 2>/dev/null && break
    python=''
done
if [ -z "$python" ]; then
    echo 'python3-cbor2 or python3-cryptography is missing'
    exit 77
fi
exec "$python" -B "$PAWL_ROOT/test/tool/pkcs11.py" "$tool"
