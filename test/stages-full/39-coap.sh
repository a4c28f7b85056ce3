#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# CoAP over DTLS with libcoap's servers, with and without lost datagrams.
set -u

probe=$PAWL_BUILD/test/session/session_probe
if [ ! -x "$probe" ]; then
    echo "$probe was not built: build the host preset first" >&2
    exit 1
fi
exec python3 "$PAWL_ROOT/test/interop/coap.py" "$probe" \
    --seed "${PAWL_LOSS_SEED:-1}"
