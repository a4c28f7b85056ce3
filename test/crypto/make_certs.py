#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes test/crypto/certs.h: certificates that are good, and bad in one way.

usage: make_certs.py > certs.h     (python3-cryptography and openssl)

The keys are thrown away, so a new run gives other bytes of the same meaning.
All dates are fixed: the tests bring their own time.
"""
import datetime
import ipaddress
import os
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER = [ExtendedKeyUsageOID.SERVER_AUTH]
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]
UNKNOWN = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")


def key():
    return ec.generate_private_key(ec.SECP256R1())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def day(year, month=1, date=1):
    return datetime.datetime(year, month, date)


def usage(**bits):
    every = dict.fromkeys(
        ["digital_signature", "content_commitment", "key_encipherment",
         "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
         "encipher_only", "decipher_only"], False)
    every.update(bits)
    return x509.KeyUsage(**every)


def make(subject, public, issuer, signer, begin=day(2024), end=day(2034),
         digest=hashes.SHA256(), extensions=()):
    """Signs a certificate; extensions are (extension, critical)."""
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer).public_key(public.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(begin).not_valid_after(end))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, digest)


def ca(path_len=None, key_usage=None, constraints=True):
    out = []
    if constraints:
        out.append((x509.BasicConstraints(True, path_len), True))
    out.append((key_usage or usage(key_cert_sign=True, crl_sign=True), True))
    return out


def leaf(alt=("server.example",), purposes=SERVER, key_usage=True, more=()):
    out = [(x509.BasicConstraints(False, None), True)]
    if key_usage:
        out.append((usage(digital_signature=True), True))
    if purposes:
        out.append((x509.ExtendedKeyUsage(purposes), False))
    if alt:
        names = [alt_name(one) for one in alt]
        out.append((x509.SubjectAlternativeName(names), False))
    return out + list(more)


def alt_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def der(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], input=stdin, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def by_openssl(folder, root, root_key, *args):
    """A leaf as only the command makes them: version 1, or SHA-1."""
    paths = {n: os.path.join(folder, n) for n in ("ca.pem", "ca.key", "key")}
    pem = serialization.Encoding.PEM
    with open(paths["ca.pem"], "wb") as out:
        out.write(root.public_bytes(pem))
    for path, one in ((paths["ca.key"], root_key), (paths["key"], key())):
        with open(path, "wb") as out:
            out.write(one.private_bytes(pem,
                                        serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption()))
    request = openssl("req", "-new", "-key", paths["key"], "-subj",
                      "/CN=server.example")
    return openssl("x509", "-req", "-CA", paths["ca.pem"], "-CAkey",
                   paths["ca.key"], "-days", "3650", "-outform", "DER",
                   "-set_serial", "7", *args, stdin=request)


def certificates(folder):
    out = {}
    root_name, root_key = name("root"), key()
    root = make(root_name, root_key, root_name, root_key, extensions=ca())
    out["root"] = der(root)

    def issue(label, extensions, subject="server.example", public=None,
              **kwargs):
        public = public or key()
        out[label] = der(make(name(subject), public, root_name, root_key,
                              extensions=extensions, **kwargs))
        return public

    leaf_key = issue("leaf", leaf(("server.example", "192.0.2.1",
                                   "2001:db8::1", "::1")))
    issue("leaf_common_name", leaf(alt=()))
    issue("leaf_wildcard", leaf(("*.example",)))
    issue("leaf_client", leaf(purposes=CLIENT))
    issue("leaf_any_purpose",
          leaf(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]))
    issue("leaf_no_purpose", leaf(purposes=None))
    issue("leaf_no_usage", leaf(key_usage=False))
    issue("leaf_unknown_critical", leaf(
        more=[(x509.UnrecognizedExtension(UNKNOWN, b"\x05\x00"), True)]))
    issue("leaf_unknown", leaf(
        more=[(x509.UnrecognizedExtension(UNKNOWN, b"\x05\x00"), False)]))
    issue("leaf_2020", leaf(), begin=day(2020), end=day(2021))
    issue("leaf_2040", leaf(), begin=day(2040), end=day(2055))
    issue("leaf_forever", leaf(),
          end=datetime.datetime(9999, 12, 31, 23, 59, 59))
    issue("leaf_sha384", leaf(), digest=hashes.SHA384())
    issue("leaf_sha512", leaf(), digest=hashes.SHA512())
    issue("leaf_p384", leaf(), public=ec.generate_private_key(ec.SECP384R1()))
    issue("leaf_rsa_key", leaf(), public=rsa.generate_private_key(65537, 2048))
    out["leaf_v1"] = by_openssl(folder, root, root_key)
    extfile = os.path.join(folder, "extensions")
    with open(extfile, "w") as file:
        file.write("basicConstraints=critical,CA:FALSE\n"
                   "keyUsage=critical,digitalSignature\n"
                   "extendedKeyUsage=serverAuth\n"
                   "subjectAltName=DNS:server.example\n")
    out["leaf_sha1"] = by_openssl(folder, root, root_key, "-sha1", "-extfile",
                                  extfile)

    def authority(label, extensions, leaf_label, signer=root_key,
                  issuer=root_name, leaf_args=None, **kwargs):
        """A CA under issuer, and a leaf under it."""
        own = key()
        out[label] = der(make(name(label), own, issuer, signer,
                              extensions=extensions, **kwargs))
        if leaf_label:
            out[leaf_label] = der(make(name("server.example"), key(),
                                       name(label), own, extensions=leaf(),
                                       **(leaf_args or {})))
        return own

    middle = authority("ca_0", ca(0), "leaf_of_ca_0")
    authority("ca_below_0", ca(), "leaf_of_ca_below_0", middle, name("ca_0"))
    authority("ca_no_sign", ca(key_usage=usage(crl_sign=True)),
              "leaf_of_ca_no_sign")
    authority("ca_no_constraints", ca(constraints=False),
              "leaf_of_ca_no_constraints")
    authority("ca_client", ca() + [(x509.ExtendedKeyUsage(CLIENT), False)],
              "leaf_of_ca_client")
    authority("ca_names", ca() + [(x509.NameConstraints(
        [x509.DNSName("other.example")], None), True)], "leaf_of_ca_names")
    authority("ca_2025", ca(), "leaf_of_ca_2025", begin=day(2025),
              end=day(2026), leaf_args={"begin": day(2027), "end": day(2028)})
    out["leaf_of_leaf"] = der(make(name("other.example"), key(),
                                   name("server.example"), leaf_key,
                                   extensions=leaf(("other.example",))))

    # Looks like the root in every name, has another key.
    clone_key = key()
    clone = der(make(root_name, clone_key, root_name, clone_key,
                     extensions=ca()))
    out["clone"] = clone
    out["leaf_of_clone"] = der(make(name("server.example"), key(), root_name,
                                    clone_key, extensions=leaf()))
    # The root with the clone's key in it, and the root's own signature.
    point = lambda one: one.public_key().public_bytes(
        serialization.Encoding.X962,
        serialization.PublicFormat.UncompressedPoint)
    forged = der(root).replace(point(root_key), point(clone_key))
    # Its subject key identifier is derived by nobody: there is none.
    out["forged_root"] = forged

    other_name, other_key = name("rsa root"), rsa.generate_private_key(
        65537, 2048)
    out["leaf_of_rsa"] = der(make(name("server.example"), key(), other_name,
                                  other_key, extensions=leaf()))

    pem = b"".join(x509.load_der_x509_certificate(out[n]).public_bytes(
        serialization.Encoding.PEM) for n in ("leaf_of_ca_0", "ca_0"))
    path = os.path.join(folder, "chain.pem")
    with open(path, "wb") as file:
        file.write(pem)
    out["pkcs7"] = openssl("crl2pkcs7", "-nocrl", "-certfile", path,
                           "-outform", "DER")
    return out


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = certificates(folder)
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by make_certs.py; do not edit. */")
    print("#include <stdint.h>\n")
    for label, content in made.items():
        print(f"static const uint8_t cert_{label}[] = {{")
        for at in range(0, len(content), 12):
            row = ", ".join(f"0x{b:02X}" for b in content[at:at + 12])
            print(f"    {row},")
        print("};")


if __name__ == "__main__":
    sys.exit(main())
