# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests of sessions: good ones, and one for each defect."""

import datetime
import ipaddress
import pathlib
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
SERVER_NAME = "server.example"


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def point_of(key):
    return key.public_key().public_bytes(
        serialization.Encoding.X962,
        serialization.PublicFormat.UncompressedPoint)


class Certificate:
    """A certificate with its key, and its issuers up to the root."""

    def __init__(self, certificate, key, issuer=None):
        self.certificate = certificate
        self.key = key
        self.issuer = issuer

    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())

    def key_der(self):
        return self.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())

    def key_digest(self):
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.key.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo))
        return digest.finalize()


def make_ca(common_name, issuer=None, key=None, path_length=None,
            is_ca=True, begin=-DAY, end=3650 * DAY, cert_sign=True,
            curve=ec.SECP256R1, extra=None):
    key = key or ec.generate_private_key(curve())
    signer = issuer or Certificate(None, key)
    issuer_name = issuer.certificate.subject if issuer else name(common_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common_name)).issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begin).not_valid_after(NOW + end)
        .add_extension(x509.BasicConstraints(
            is_ca, path_length if is_ca else None), critical=True)
        .add_extension(x509.KeyUsage(
            not cert_sign, False, False, False, False, cert_sign, cert_sign,
            False, False), critical=True))
    if extra is not None:
        builder = builder.add_extension(extra[0], critical=extra[1])
    return Certificate(builder.sign(signer.key, hashes.SHA256()), key, issuer)


def make_leaf(issuer, common_name=SERVER_NAME, names=(SERVER_NAME,),
              addresses=("127.0.0.1", "::1"), begin=-DAY, end=365 * DAY,
              purpose=ExtendedKeyUsageOID.SERVER_AUTH, digest=hashes.SHA256,
              key_agreement_only=False, extra=None, key=None):
    """A certificate for a server, or by purpose for a client. names None:
    without a SAN. purpose None: without an EKU."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begin).not_valid_after(NOW + end)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.KeyUsage(
            not key_agreement_only, False, False, False, key_agreement_only,
            False, False, False, False), critical=True))
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]),
                                        critical=False)
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(entry) for entry in names] +
            [x509.IPAddress(ipaddress.ip_address(entry))
             for entry in addresses]), critical=False)
    if extra is not None:
        builder = builder.add_extension(extra[0], critical=extra[1])
    return Certificate(builder.sign(issuer.key, digest()), key, issuer)


def sequence(content):
    """A DER SEQUENCE of 128 to 65535 bytes."""
    size = len(content)
    head = bytes([0x81, size]) if size < 256 else \
        bytes([0x82, size >> 8, size & 255])
    return b"\x30" + head + content


def resign_with_sha1(leaf):
    """The same certificate with ecdsa-with-SHA1, which the package refuses to
    make: its identifier takes the place of ecdsa-with-SHA256's, twice."""
    good = bytes.fromhex("300a06082a8648ce3d040302")
    weak = bytes.fromhex("300906072a8648ce3d0401")
    tbs = leaf.certificate.tbs_certificate_bytes
    tbs = sequence(tbs[4:].replace(good, weak, 1))
    signature = leaf.issuer.key.sign(tbs, ec.ECDSA(hashes.SHA1()))
    bits = b"\x03" + bytes([len(signature) + 1, 0]) + signature
    der = sequence(tbs + weak + bits)
    return Certificate(x509.load_der_x509_certificate(der), leaf.key,
                       leaf.issuer)


def make_v1(issuer, common_name=SERVER_NAME):
    """A certificate of version 1, without extensions: what openssl makes when
    it is given none."""
    leaf = make_leaf(issuer, common_name=common_name)
    with tempfile.TemporaryDirectory() as folder:
        for file_name, data in (("key", leaf.key_pem()),
                                ("ca", issuer.pem()),
                                ("ca-key", issuer.key_pem())):
            write(folder, file_name, data)
        request = subprocess.run(
            ["openssl", "req", "-new", "-key", "key", "-subj",
             f"/CN={common_name}"], cwd=folder, check=True,
            capture_output=True).stdout
        pem = subprocess.run(
            ["openssl", "x509", "-req", "-CA", "ca", "-CAkey", "ca-key",
             "-CAcreateserial", "-days", "30"], cwd=folder, check=True,
            input=request, capture_output=True).stdout
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.version == x509.Version.v1
    return Certificate(certificate, leaf.key, issuer)


def forge_clone(ca):
    """The CA's certificate byte for byte, signature included, but with a key
    of the forger's."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = ca.der().replace(point_of(ca.key), point_of(key))
    assert der != ca.der()
    return Certificate(x509.load_der_x509_certificate(der), key)


def make_crl(issuer, revoked):
    """A list of revoked certificates, as PEM."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(NOW - DAY).next_update(NOW + 30 * DAY))
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(one.certificate.serial_number)
            .revocation_date(NOW - datetime.timedelta(hours=1)).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM)


def write(folder, file_name, data):
    path = pathlib.Path(folder) / file_name
    path.write_bytes(data)
    return str(path)
