#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A certification request of pawl's, as openssl sees it.
# usage: csr_openssl.sh PROGRAM     (a program that writes one to its output)
set -eu
text=$("$1" | openssl req -inform DER -verify -noout -text -nameopt RFC2253 2>&1)
status=0
while read -r wanted; do
    if ! printf '%s\n' "$text" | grep -qF -- "$wanted"; then
        echo "missing: $wanted" >&2
        status=1
    fi
done <<END
verify OK
Version: 1 (0x0)
Subject: serialNumber=SN-42,CN=dev0001
NIST CURVE: P-256
challengePassword        :sesame
X509v3 Key Usage: critical
Digital Signature
TLS Web Client Authentication
DNS:dev0001.example
Signature Algorithm: ecdsa-with-SHA256
END
[ "$status" = 0 ] || printf '%s\n' "$text" >&2
exit "$status"
