# SPDX-License-Identifier: Apache-2.0
"""Test certificates: authorities, servers, an operator. Never for products."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


def name(common_name, serial=None):
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if serial:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(parts)


def usage(**on):
    every = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment",
         "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
         "encipher_only", "decipher_only"), False)
    every.update(on)
    return x509.KeyUsage(**every)


def write(path, data, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode),
              "wb") as f:
        f.write(data)


def write_key(path, key):
    write(path, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()), 0o600)


def write_cert(path, *certs):
    write(path, b"".join(c.public_bytes(serialization.Encoding.PEM)
                         for c in certs))


def builder(subject, issuer, public_key, days):
    now = datetime.datetime.utcnow().replace(microsecond=0)
    return (x509.CertificateBuilder().subject_name(subject)
            .issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=days)))


class Authority:
    """A certification authority with its key and certificate in a folder."""

    def __init__(self, folder, label):
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = name(label)
        self.cert = (
            builder(subject, subject, self.key.public_key(), 3650)
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                self.key.public_key()), False)
            .sign(self.key, hashes.SHA256()))
        self.pem = os.path.join(folder, label + ".pem")
        self.key_pem = os.path.join(folder, label + ".key")
        write_cert(self.pem, self.cert)
        write_key(self.key_pem, self.key)

    def sign(self, subject, public_key, purposes, names=(), days=365):
        b = (builder(subject, self.cert.subject, public_key, days)
             .add_extension(x509.BasicConstraints(False, None), True)
             .add_extension(usage(digital_signature=True), True)
             .add_extension(x509.ExtendedKeyUsage(purposes), False)
             .add_extension(
                 x509.AuthorityKeyIdentifier.from_issuer_public_key(
                     self.key.public_key()), False))
        if names:
            b = b.add_extension(x509.SubjectAlternativeName(
                [san(n) for n in names]), False)
        return b.sign(self.key, hashes.SHA256())

    def issue(self, path, common_name, purposes, names=()):
        """Makes a key and a certificate: PATH.pem and PATH.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self.sign(name(common_name), key.public_key(), purposes, names)
        write_cert(path + ".pem", cert)
        write_key(path + ".key", key)
        return cert

    def issue_for_request(self, csr_path, out_path, days=3650):
        """Signs what a device asks for: its IDevID, valid for its life."""
        with open(csr_path, "rb") as f:
            csr = x509.load_pem_x509_csr(f.read())
        if not csr.is_signature_valid:
            raise ValueError("the request's signature is wrong")
        cert = self.sign(csr.subject, csr.public_key(), [CLIENT], days=days)
        write_cert(out_path, cert)
        return cert

    def revoke(self, serial_numbers, path):
        """Writes a revocation list (RFC 5280) of the given serial numbers."""
        now = datetime.datetime.utcnow().replace(microsecond=0)
        b = (x509.CertificateRevocationListBuilder()
             .issuer_name(self.cert.subject).last_update(now)
             .next_update(now + datetime.timedelta(days=1)))
        for number in serial_numbers:
            b = b.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(number)
                .revocation_date(now).build())
        crl = b.sign(self.key, hashes.SHA256())
        write(path, crl.public_bytes(serialization.Encoding.PEM))


def san(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
