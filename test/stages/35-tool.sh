#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
#
# The host tool on good and bad input: exit codes, one line of error, nothing
# left behind; what it signs is verified by other implementations. Then
# `pawl connect`, against servers of openssl's.
set -u

tool=$PAWL_BUILD/tools/pawl
if [ ! -x "$tool" ]; then
    echo "$tool was not built: build the host preset first" >&2
    exit 1
fi
# Debian's own python has the modules; another one in PATH may not.
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
if ! $python -c 'import cbor2, cryptography' 2>/dev/null; then
    echo 'python3-cbor2 or python3-cryptography is missing'
    exit 77
fi
$python -B "$PAWL_ROOT/test/tool/tool.py" "$tool" || exit 1
exec $python -B "$PAWL_ROOT/test/tool/connect.py" "$tool"
