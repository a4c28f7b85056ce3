#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An EST server (RFC 7030, RFC 8951) for tests: it really issues, renews,
delays and refuses, and misbehaves on request. No part of it is wolfSSL.

    est_server.py --cert SERVER.pem --key SERVER.key
        --ca-cert LDEVID-CA.pem --ca-key LDEVID-CA.key --idevid-ca IDEVID-CA.pem

Files are PEM. Mutual TLS is required: simpleenroll with a certificate of an
IDevID CA, simplereenroll with an LDevID that was issued by this CA. Prints one
line of JSON on stdout when it listens, {"event": "ready", "port": N}, and one
for each thing that happens; diagnostics go to stderr. SIGTERM ends it.

Exit codes: 0 ended by SIGTERM or SIGINT; 1 it could not start; 2 usage.
"""
import argparse
import base64
import binascii
import datetime
import email.utils
import http.server
import json
import os
import signal
import socket
import ssl
import sys
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PREFIX = "/.well-known/est/"
BODY_MAX = 16384
MODES = ("none", "wrong-key", "wrong-name", "other-ca", "two-leaves", "no-leaf",
         "truncated", "oversized", "content-type", "bad-base64", "202",
         "202-forever", "401", "500", "cut", "no-client-auth", "expired",
         "with-chain", "adds-to-name")
log_lock = threading.Lock()


def log(event, **fields):
    with log_lock:
        print(json.dumps({"event": event, **fields}), flush=True)


class Refused(Exception):
    """A request that is not granted: an HTTP status and the reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def utc_now():
    # Naive UTC: what python3-cryptography of Debian 12 and 13 both take.
    return datetime.datetime.now(datetime.timezone.utc).replace(
        tzinfo=None, microsecond=0)


def load_certificates(path):
    with open(path, "rb") as file:
        text = file.read()
    end = b"-----END CERTIFICATE-----"
    blocks = [block + end for block in text.split(end)[:-1]]
    if not blocks:
        raise ValueError("%s: no certificate in it" % path)
    return [x509.load_pem_x509_certificate(block) for block in blocks]


def load_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def attribute(name, oid):
    values = name.get_attributes_for_oid(oid)
    return values[0].value if values else ""


def issued_by(certificate, issuer):
    """Whether issuer's key signed certificate, and its name agrees."""
    if certificate.issuer != issuer.subject:
        return False
    key, signature = issuer.public_key(), certificate.signature
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, certificate.tbs_certificate_bytes,
                       ec.ECDSA(certificate.signature_hash_algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, certificate.tbs_certificate_bytes,
                       padding.PKCS1v15(),
                       certificate.signature_hash_algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


class Authority:
    """Issues LDevIDs."""

    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key

    @classmethod
    def stranger(cls, like):
        """Another CA of the same name: a chain to it must be refused."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = utc_now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(like.certificate.subject)
            .issuer_name(like.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(key_usage(ca=True), critical=True)
            .sign(key, hashes.SHA256()))
        return cls(certificate, key)

    def issue(self, public_key, subject, not_before, not_after,
              purpose=ExtendedKeyUsageOID.CLIENT_AUTH):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.certificate.public_key()), critical=False))
        return builder.sign(self.key, hashes.SHA256())


def key_usage(ca):
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=ca, crl_sign=ca, encipher_only=False,
        decipher_only=False)


def certs_only(certificates):
    """A certs-only PKCS#7 (RFC 7030, 4.1.3), DER."""
    return pkcs7.serialize_certificates(certificates,
                                        serialization.Encoding.DER)


class Est:
    """What the server decides, without HTTP around it."""

    def __init__(self, options):
        self.options = options
        self.authority = Authority(load_certificates(options.ca_cert)[0],
                                   load_key(options.ca_key))
        self.chain = load_certificates(options.ca_cert)
        self.idevid_cas = load_certificates(options.idevid_ca)
        self.lock = threading.Lock()
        self.delayed = {}  # public key -> times that it was told to wait

    def check_client(self, der, renew):
        """The certificate that TLS has verified, by its role in EST."""
        if der is None:
            raise Refused(401, "no client certificate")
        client = x509.load_der_x509_certificate(der)
        own = issued_by(client, self.authority.certificate)
        factory = any(issued_by(client, ca) for ca in self.idevid_cas)
        if renew and not own:
            raise Refused(403, "simplereenroll needs an LDevID of this CA")
        if not renew and not factory:
            raise Refused(403, "simpleenroll needs an IDevID")
        return client

    def read_request(self, body):
        try:
            der = base64.b64decode(b"".join(body.split()), validate=True)
        except binascii.Error as error:
            raise Refused(400, "the request is not base64") from error
        try:
            request = x509.load_der_x509_csr(der)
        except ValueError as error:
            raise Refused(400, "the request is not PKCS#10") from error
        if not request.is_signature_valid:
            raise Refused(400, "the request's signature is wrong")
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
                key.curve, ec.SECP256R1):
            raise Refused(400, "the request's key is not on P-256")
        return request

    def check_subject(self, client, request, renew):
        """A device asks for itself: its serial number is its IDevID's."""
        serial = attribute(request.subject, NameOID.SERIAL_NUMBER)
        known = attribute(client.subject, NameOID.SERIAL_NUMBER)
        if not serial:
            raise Refused(400, "the request's subject has no serialNumber")
        if known and known != serial:
            raise Refused(403, "the request is for another device")
        if renew and request.subject != client.subject:
            # RFC 7030, 4.2.2: the same subject as the certificate in use.
            raise Refused(403, "simplereenroll must keep the subject")
        try:
            purposes = request.extensions.get_extension_for_class(
                x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound as error:
            raise Refused(400, "the request asks for no EKU") from error
        if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
            raise Refused(400, "the request does not ask for clientAuth")
        return serial

    def wait_first(self, request):
        """Whether this request is to come again (202)."""
        mode = self.options.misbehave
        if mode == "202-forever":
            return True
        key = public_bytes(request.public_key())
        with self.lock:
            asked = self.delayed.get(key, 0)
            self.delayed[key] = asked + 1
        return mode == "202" and asked == 0

    def certificates_for(self, request):
        """What is issued, or what a mode makes of it."""
        mode = self.options.misbehave
        now = utc_now()
        begin = now - datetime.timedelta(seconds=self.options.backdate)
        end = now + datetime.timedelta(seconds=self.options.lifetime)
        authority, key = self.authority, request.public_key()
        subject, purpose = request.subject, ExtendedKeyUsageOID.CLIENT_AUTH
        if mode == "wrong-key":
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        elif mode == "wrong-name":
            subject = x509.Name([
                x509.NameAttribute(NameOID.COMMON_NAME, "somebody-else"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, "somebody-else")])
        elif mode == "adds-to-name" and not attribute(
                subject, NameOID.ORGANIZATION_NAME):
            subject = x509.Name([
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "the owner"),
                *subject])
        elif mode == "other-ca":
            authority = Authority.stranger(authority)
        elif mode == "no-client-auth":
            purpose = ExtendedKeyUsageOID.SERVER_AUTH
        elif mode == "expired":
            begin = now - datetime.timedelta(days=20)
            end = now - datetime.timedelta(days=10)
        leaf = authority.issue(key, subject, begin, end, purpose)
        if mode == "two-leaves":
            return [leaf, authority.issue(
                ec.generate_private_key(ec.SECP256R1()).public_key(), subject,
                begin, end)]
        if mode == "no-leaf":
            return [self.authority.certificate]
        return [leaf] + (self.chain if mode == "with-chain" else [])

    def enroll(self, client_der, body, renew):
        """Returns the certificates, or None for a 202."""
        client = self.check_client(client_der, renew)
        request = self.read_request(body)
        serial = self.check_subject(client, request, renew)
        if self.options.misbehave == "401":
            raise Refused(401, "refused as asked for")
        if self.options.misbehave == "500":
            raise Refused(500, "broken as asked for")
        if self.wait_first(request):
            log("delayed", serial=serial)
            return None
        certificates = self.certificates_for(request)
        leaf = certificates[0]
        log("reenrolled" if renew else "enrolled", serial=serial,
            client=client.subject.rfc4514_string(),
            certificate="%x" % leaf.serial_number,
            not_after=str(getattr(leaf, "not_valid_after_utc", None) or
                          leaf.not_valid_after),
            misbehave=self.options.misbehave)
        return certificates


class Handler(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1 around it."""
    protocol_version = "HTTP/1.1"
    server_version = "est-test"
    sys_version = ""

    def log_message(self, format, *args):  # the name is the base class's
        sys.stderr.write("est_server: " + format % args + "\n")

    def operation(self):
        """The last part of the path; a label before it is looked at too."""
        path = self.path.split("?")[0]
        if not path.startswith(PREFIX):
            raise Refused(404, "not a path of EST")
        parts = path[len(PREFIX):].split("/")
        label = self.server.est.options.label
        if label and parts[0] == label:
            parts = parts[1:]
        if len(parts) != 1:
            raise Refused(404, "no such label")
        return parts[0]

    def read_body(self):
        length = self.headers.get("Content-Length")
        if length is None or not length.isdigit():
            raise Refused(411, "no Content-Length")
        if int(length) > BODY_MAX:
            raise Refused(413, "the request is too long")
        return self.rfile.read(int(length))

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply_certificates(self, certificates):
        mode = self.server.est.options.misbehave
        der = certs_only(certificates)
        if mode == "truncated":
            der = der[:len(der) - 20]
        body = base64.encodebytes(der)
        if mode == "oversized":
            body = base64.encodebytes(der + bytes(65536))
        elif mode == "bad-base64":
            body = b"*" + body[1:]
        content_type = "application/pkcs7-mime; smime-type=certs-only"
        if mode == "content-type":
            content_type = "text/html"
        if mode == "cut":
            self.cut(body, content_type)
            return
        self.reply(200, body, Content_Type=content_type,
                   Content_Transfer_Encoding="base64")

    def cut(self, body, content_type):
        """Half of the body, and then the connection is gone."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def answer_refusal(self, refusal):
        log("refused", status=refusal.status, reason=str(refusal))
        # The body may not have been read: the connection cannot go on.
        self.close_connection = True
        self.reply(refusal.status, (str(refusal) + "\n").encode(),
                   Content_Type="text/plain", Connection="close")

    def do_GET(self):
        try:
            if self.operation() != "cacerts":
                raise Refused(404, "no such operation")
        except Refused as refusal:
            self.answer_refusal(refusal)
            return
        log("cacerts")
        self.reply(200, base64.encodebytes(certs_only(self.server.est.chain)),
                   Content_Type="application/pkcs7-mime; smime-type=certs-only",
                   Content_Transfer_Encoding="base64")

    def do_POST(self):
        est = self.server.est
        try:
            operation = self.operation()
            if operation not in ("simpleenroll", "simplereenroll"):
                raise Refused(404, "no such operation")
            if self.headers.get_content_type() != "application/pkcs10":
                raise Refused(415, "the content type is not application/pkcs10")
            body = self.read_body()
            certificates = est.enroll(self.connection.getpeercert(True), body,
                                      operation == "simplereenroll")
        except Refused as refusal:
            self.answer_refusal(refusal)
            return
        if certificates is None:
            self.reply(202, Retry_After=str(est.options.retry_after))
        else:
            self.reply_certificates(certificates)

    def date_time_string(self, timestamp=None):
        """The Date header, moved by --date-offset."""
        if timestamp is None:
            timestamp = utc_now().replace(
                tzinfo=datetime.timezone.utc).timestamp()
        return email.utils.formatdate(
            timestamp + self.server.est.options.date_offset, usegmt=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, est, context):
        self.address_family = (socket.AF_INET6 if ":" in address[0]
                               else socket.AF_INET)
        super().__init__(address, Handler)
        self.est = est
        self.context = context

    def finish_request(self, request, client_address):
        """TLS in the connection's own thread: a slow client delays nobody."""
        request.settimeout(self.est.options.client_timeout)
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                log("connected", version=tls.version(),
                    client=dict(pair[0] for pair in
                                tls.getpeercert()["subject"]))
                self.RequestHandlerClass(tls, client_address, self)
        except (ssl.SSLError, OSError) as error:
            log("connection-failed", reason=str(error))

    def handle_error(self, request, client_address):
        log("error", reason=str(sys.exc_info()[1]))


def make_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(options.cert, options.key)
    context.load_verify_locations(options.idevid_ca)
    context.load_verify_locations(options.ca_cert)
    # An LDevID's CA may itself be below a root that is not here.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if options.alpn:
        context.set_alpn_protocols(options.alpn.split(","))
    return context


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="An EST server for tests; prints JSON lines.")
    parser.add_argument("--cert", required=True, help="the server's chain")
    parser.add_argument("--key", required=True, help="the server's key")
    parser.add_argument("--ca-cert", required=True,
                        help="CA of LDevIDs, then what it chains to")
    parser.add_argument("--ca-key", required=True, help="its key")
    parser.add_argument("--idevid-ca", required=True,
                        help="CAs of IDevIDs, one behind the other")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--label", default="", help="RFC 7030, 3.2.2")
    parser.add_argument("--lifetime", type=int, default=86400,
                        help="seconds that an LDevID is valid")
    parser.add_argument("--backdate", type=int, default=60,
                        help="seconds by which notBefore is in the past")
    parser.add_argument("--retry-after", type=int, default=1,
                        help="seconds of a 202")
    parser.add_argument("--date-offset", type=int, default=0,
                        help="seconds by which the Date header is wrong")
    parser.add_argument("--alpn", default="http/1.1",
                        help="protocols, separated by commas; empty: none")
    parser.add_argument("--client-timeout", type=int, default=30,
                        help="seconds that a client may be silent; under "
                        "libfaketime they pass at its rate")
    parser.add_argument("--misbehave", choices=MODES, default="none")
    parser.add_argument("--ready-file", help="written with the port as well")
    return parser.parse_args()


def write_ready_file(path, port):
    partial = path + ".part"
    with open(partial, "w", encoding="ascii") as file:
        file.write("%d\n" % port)
    os.replace(partial, path)


def main():
    options = parse_arguments()
    try:
        server = Server((options.host, options.port), Est(options),
                        make_context(options))
    except (OSError, ValueError, ssl.SSLError) as error:
        print("est_server: cannot start: %s" % error, file=sys.stderr)
        return 1

    def end(number, frame):
        # shutdown() waits for serve_forever(), which this thread is in.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    port = server.server_address[1]
    if options.ready_file:
        write_ready_file(options.ready_file, port)
    log("ready", port=port, host=options.host)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    log("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
