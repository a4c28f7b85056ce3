#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
#
# Enrolment and renewal against the tests' EST server over TLS, one row for
# each way in which that server misbehaves.
set -u

probe=$PAWL_BUILD/test/enroll/est_probe
if [ ! -x "$probe" ]; then
    echo "$probe was not built: build the host preset first" >&2
    exit 1
fi
if ! command -v python3 >/dev/null; then
    echo 'python3 is missing'
    exit 77
fi
if ! python3 -c 'import cryptography' 2>/dev/null; then
    echo 'python3-cryptography is missing'
    exit 77
fi
exec python3 "$PAWL_ROOT/test/enroll/est_peers.py" "$probe"
