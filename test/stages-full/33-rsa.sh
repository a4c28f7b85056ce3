#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# RSA in the chains of servers, which is an option of the build: unit tests and
# sessions with RSA authorities and servers, under the sanitizers.
set -u

build=${PAWL_BUILD%/*}/rsa
for python in /usr/bin/python3 python3; do
    "$python" -c 'import cryptography' 2>/dev/null && break
    python=''
done
if [ -z "$python" ] || ! command -v openssl >/dev/null; then
    echo 'openssl or python3-cryptography is missing'
    exit 77
fi
cmake -S "$PAWL_ROOT" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DPAWL_WITH_RSA=ON -DPAWL_SANITIZE=ON -DPAWL_WERROR=ON &&
    cmake --build "$build" --target session_probe test_crypto_x509 \
        test_crypto_x509_wide test_crypto_x509_path || exit 1
failed=0
ctest --test-dir "$build" --output-on-failure -R \
    '^test_crypto_x509(_wide|_path)?$' || failed=1
"$python" "$PAWL_ROOT/test/session/peers.py" \
    "$build/test/session/session_probe" --quick --only RSA || failed=1
exit "$failed"
