#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes certs_wide.h: certificates whose keys are not on P-256."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BEGIN, END = datetime.datetime(2024, 1, 1), datetime.datetime(2034, 1, 1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(sign):
    return x509.KeyUsage(not sign, False, False, False, False, sign, sign,
                         False, False)


def make(subject, public, issuer, signer, digest, is_ca):
    builder = (
        x509.CertificateBuilder().subject_name(name(subject))
        .issuer_name(name(issuer)).public_key(public).serial_number(7)
        .not_valid_before(BEGIN).not_valid_after(END)
        .add_extension(x509.BasicConstraints(is_ca, None), True)
        .add_extension(usage(is_ca), True))
    if not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH]), False).add_extension(
            x509.SubjectAlternativeName([x509.DNSName("server.example")]),
            False)
    return builder.sign(signer, digest()).public_bytes(
        serialization.Encoding.DER)


def main():
    keys = {
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "rsa_2048": rsa.generate_private_key(65537, 2048),
        "rsa_4096": rsa.generate_private_key(65537, 4096),
        "rsa_1024": rsa.generate_private_key(65537, 1024),
        "rsa_e3": rsa.generate_private_key(3, 2048),
    }
    other = rsa.generate_private_key(65537, 2048)
    leaf = ec.generate_private_key(ec.SECP256R1()).public_key()
    made = {}
    for label, key in keys.items():
        digest = hashes.SHA384 if label == "p384" else hashes.SHA256
        made["root_" + label] = make(label, key.public_key(), label, key,
                                     digest, True)
        made["leaf_of_" + label] = make("leaf", leaf, label, key, digest,
                                        False)
    made["leaf_of_p384_sha256"] = make("leaf", leaf, "p384", keys["p384"],
                                       hashes.SHA256, False)
    for digest in (hashes.SHA384, hashes.SHA512):
        made["leaf_of_rsa_2048_" + digest.name] = make(
            "leaf", leaf, "rsa_2048", keys["rsa_2048"], digest, False)
    made["leaf_of_other_rsa"] = make("leaf", leaf, "rsa_2048", other,
                                     hashes.SHA256, False)
    made["leaf_with_rsa"] = make("leaf", other.public_key(), "rsa_2048",
                                 keys["rsa_2048"], hashes.SHA256, False)
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by make_certs_wide.py; do not edit. */")
    print("#include <stdint.h>\n")
    for label, content in made.items():
        print(f"static const uint8_t cert_{label}[] = {{")
        for at in range(0, len(content), 12):
            row = ", ".join(f"0x{b:02X}" for b in content[at:at + 12])
            print(f"    {row},")
        print("};")


if __name__ == "__main__":
    main()
