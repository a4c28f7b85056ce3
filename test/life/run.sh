#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--store soft|pkcs11|tpm2]... [--keep] [--no-color]
#
# A device's whole life, for each of the three key stores unless told:
# provisioned, enrolled, renewed three times, its manifest signer and its root
# rotated in the field, revoked, expired, recovered. With the real tool, boot
# loader and firmware, and real servers on free ports of 127.0.0.1.
#
# Exit codes: 0 every step passed, 1 one did not, 2 wrong usage, 77 this
# machine lacks something.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
build=${PAWL_BUILD:-$root/build/host}
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3

for program in mosquitto nginx openssl faketime; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || {
        echo "life: $program is missing"
        exit 77
    }
done
"$python" -c 'import cbor2, cryptography' 2>/dev/null || {
    echo 'life: python3-cbor2 or python3-cryptography is missing'
    exit 77
}
cmake --build "$build" --target pawl_tool example_boot_loader device_v1 \
    device_v2 device_v3 >"$build/life-build.log" 2>&1 || {
    tail -n 20 "$build/life-build.log" >&2
    echo "life: building failed: see $build/life-build.log; configure the host" \
        "preset first" >&2
    exit 1
}
exec "$python" "$root/test/life/life.py" --source "$root" \
    --tool "$build/tools/pawl" --loader "$build/examples/boot_loader" \
    --images "$build/examples/device" "$@"
