#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
#
# Sessions whose transport dies, or whose stream ends, at each byte in turn,
# and whose n-th allocation fails, for each n. The other rows of
# test/session/peers.py are the CTest test session_peers.
set -u

probe=$PAWL_BUILD/test/session/session_probe
if [ ! -x "$probe" ]; then
    echo "$probe was not built: build the host preset first" >&2
    exit 1
fi
if ! command -v python3 >/dev/null; then
    echo 'python3 is missing'
    exit 77
fi
server=$PAWL_BUILD/test/session/wolfssl_server
set -- "$probe" --slow
[ ! -x "$server" ] || set -- "$@" --server "$server"
exec python3 "$PAWL_ROOT/test/session/peers.py" "$@"
