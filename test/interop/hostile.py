# SPDX-License-Identifier: Apache-2.0
"""Hostile peers that no library plays: rows for the table of interop.py.

Each is a tls_peer.Peer with one twist, and its control is that peer without
it. Rows with openssl's s_server are in test/session/peers.py.
"""

import os
import struct
import time

from cryptography.hazmat.primitives.asymmetric import ec

import peers
import pki
import tls_peer
from tls_peer import ALERT, DATA, HANDSHAKE, extension, message, u16, u8, word

ROWS = []
TLS12 = ["--tls12"]
NOT_ON_CURVE = b"\x04" + bytes(63) + b"\x01"


def row(title, expected, options=(), tls13=True, twist=None, **more):
    one = peers.Row(title, expected, options, kind=tls_peer.Peer,
                    tls13=tls13, twist=twist or {}, **more)
    ROWS.append(one)
    return one


def refused(status="PAWL_ERR_PROTOCOL", alert_sent=None, **more):
    expected = {"status": status, "leaked": 0, "echoed": False,
                "stage": "HANDSHAKE", **more}
    if alert_sent is not None:
        expected["alert_sent"] = alert_sent
    return expected


def row12(title, expected, twist, **more):
    row("TLS 1.2, " + title, expected, TLS12, tls13=False, twist=twist,
        **more)


def suite_rows():
    """What the client has not offered, chosen for it."""
    for name, suite in (
            ("RC4", 0xC007), ("NULL", 0xC006), ("CBC", 0xC009),
            ("static RSA", 0x009C), ("static ECDH", 0xC02D),
            ("3DES", 0xC008), ("anonymous ECDH", 0xC018),
            ("pre-shared key alone", 0x00A8)):
        row12(f"{name} is chosen", refused(), {"suite": suite})
    row("integrity without encryption is chosen (RFC 9150)",
        refused(), twist={"suite": 0xC0B4})
    row("ChaCha20 is chosen, which was not offered", refused(),
        twist={"suite": 0x1303})


def hello_rows():
    row12("the sentinel of a downgrade from 1.3", refused(
        alert_sent="protocol_version"),
        {"random": os.urandom(24) + tls_peer.SENTINEL_12})
    row12("the sentinel of a downgrade to 1.1", refused(
        alert_sent="protocol_version"),
        {"random": os.urandom(24) + tls_peer.SENTINEL_11})
    row12("no extended master secret", refused(
        "PAWL_ERR_POLICY", rule="the server knows no extended master secret"),
        {"no ems": True})
    row12("compression is chosen", refused(), {"compression": 1})
    for name, version in (("SSL 3.0", 0x0300), ("TLS 1.0", 0x0301),
                          ("TLS 1.1", 0x0302), ("version 3.15", 0x030F)):
        row12(f"{name} is chosen", refused(), {"version": version})
    row12("truncated HMAC, which was not offered", refused(),
          {"hello extensions": extension(4)})
    # wolfSSL passes over what it does not know, in TLS 1.2: nothing comes of
    # it.
    row12("heartbeats, which were not offered", peers.GOOD,
          {"hello extensions": extension(15, b"\x01")}, hostile=True)
    row12("an extension twice", refused(),
          {"hello extensions": extension(11, u8(b"\0"))})
    row12("an extension that is longer than the message", refused(),
          {"hello extensions": word(16, 400)})
    row12("another protocol is chosen (ALPN)", refused(),
          {"hello extensions": extension(16, u16(u8(b"http/1.1")))},
          )
    row("supported_versions says 1.2", refused(), twist={"version": 0x0303})
    row("supported_versions says 1.4", refused(), twist={"version": 0x0305})
    row("another session identifier", refused(),
        twist={"session id": os.urandom(32)})
    row("compression is chosen", refused(), twist={"compression": 1})
    row("psk_ke only: a pre-shared key and no key share", refused(),
        twist={"share": None, "hello extensions": extension(41, word(0))})
    row("no key share", refused(), twist={"share": None})
    row("a pre-shared key that was not offered", refused(),
        twist={"hello extensions": extension(41, word(0))})
    row("a key share of a group not offered", refused(),
        twist={"share": word(tls_peer.P384) + u16(b"\x04" + bytes(96))})
    row("a key share that is no point of the curve", refused(),
        twist={"share": word(tls_peer.P256) + u16(NOT_ON_CURVE)})
    row("the point at infinity as key share", refused(),
        twist={"share": word(tls_peer.P256) + u16(b"\0")})
    row("a ServerHello twice", refused(), twist={"twice": True})
    row("two HelloRetryRequests", refused(),
        twist={"retries": [word(tls_peer.X25519)] * 2})
    row("a HelloRetryRequest that changes nothing",
        refused(alert_sent="illegal_parameter"),
        twist={"retries": [word(tls_peer.P256)]})
    row("a HelloRetryRequest for a group not offered",
        refused(alert_sent="illegal_parameter"),
        twist={"retries": [word(tls_peer.P384)]})


def flight_rows(world):
    """The server's flight: what it must have, and who signs it."""
    other = ec.generate_private_key(ec.SECP256R1())
    request = refused("PAWL_ERR_POLICY",
                      rule="the server did not ask for our certificate")
    for tls13, signed in ((True, "verify"), (False, "exchange")):
        def add(title, expected, twist, tls13=tls13, **more):
            if tls13:
                row(title, expected, twist=twist, **more)
            else:
                row12(title, expected, twist, **more)

        add("our certificate is not asked for, by hand", request,
            {"leave out": ["request"]})
        add("no certificate", refused(), {"leave out": ["certificate"]})
        add("a chain without certificates", refused(), {"no chain": True})
        add("no proof of its key", refused(), {"leave out": [signed]})
        add("a proof by another key", refused(), {"signer": other})
        add("a proof with SHA-1", refused(), {"algorithm": 0x0203})
        add("a proof said to be of RSA", refused(), {"algorithm": 0x0804})
        add("a wrong Finished", refused(), {"finished": bytes(32 if tls13
                                                              else 12)})
        leaf = pki.make_leaf(world.ca)
        add("a certificate with something behind it",
            refused("PAWL_ERR_CERTIFICATE", alert_sent="bad_certificate"),
            {}, leaf=Padded(leaf), control=((TLS12 if not tls13 else []), tls_peer.Peer,
                     {"tls13": tls13}))
    row("no EncryptedExtensions", refused(),
        twist={"leave out": ["encrypted extensions"]})
    row("no Finished", refused("PAWL_ERR_TIMEOUT"),
        ["--timeout", "400"], twist={"leave out": ["finished"]})
    row("the proof of a client instead of a server's", refused(),
        twist={"purpose": b"TLS 1.3, client CertificateVerify"})
    row("the flight in the clear", refused(), twist={"in the clear": True})
    row("early data accepted that was not offered", refused(),
        twist={"extensions": extension(42)})
    row("another protocol is chosen (ALPN)", refused(), ["--alpn", "mqtt"],
        twist={"extensions": extension(16, u16(u8(b"http/1.1")))})
    row("an extension that was not asked for", refused(),
        twist={"extensions": extension(21, bytes(4))})
    row("an extension of another message", refused(),
        twist={"extensions": extension(51, word(23))})
    row12("a curve not offered", refused(), {"group": tls_peer.P384})
    row12("a point that is not on the curve", refused(),
          {"point": NOT_ON_CURVE})
    row12("ChangeCipherSpec before the keys are there", refused(),
          {"early ccs": True})
    row12("Finished without ChangeCipherSpec", refused(),
          {"leave out": ["ccs"]})


class Padded:
    """A certificate with a byte behind it."""

    def __init__(self, leaf):
        self.key = leaf.key
        self.leaf = leaf

    def der(self):
        return self.leaf.der() + b"\0"


def certificate_rows(world):
    # A certificate of 40,000 bytes: an extension is its ballast.
    huge = pki.make_leaf(world.ca, extra=(
        pki.x509.UnrecognizedExtension(
            pki.x509.ObjectIdentifier("1.3.6.1.4.1.55555.2"),
            b"\x04\x82\x9c\x40" + bytes(40000)), False))
    row("a certificate of 40,000 bytes", refused(), leaf=huge,
        control=((), tls_peer.Peer, {}))
    weak = pki.rsa.generate_private_key(65537, 1024)
    row("RSA of 1024 bits", refused("PAWL_ERR_CERTIFICATE"),
        leaf=pki.make_leaf(world.ca, key=weak),
        twist={"signer": world.server.key},
        control=((), tls_peer.Peer, {}))
    crowd = [pki.make_ca(f"Filler {n}") for n in range(30)]
    row("a chain of thirty certificates", refused(),
        issuers=crowd, control=((), tls_peer.Peer, {}))


def after_rows():
    """Once the handshake is done."""
    survived = {**peers.GOOD}
    failed = {"status": "PAWL_ERR_PROTOCOL", "echoed": False, "leaked": 0}
    # Told so by an alert (no_renegotiation), and no more than that: the peer
    # would end the connection if a ClientHello came.
    row12("renegotiation is asked for (HelloRequest)", survived,
          {"after": [(HANDSHAKE, message(0, b""))]}, hostile=True)
    row12("a second ServerHello after the handshake", failed,
          {"after": [(HANDSHAKE, message(2, b"\3\3" + bytes(38)))]})
    row("a CertificateRequest after the handshake", failed,
        twist={"after": [(HANDSHAKE, message(
            13, u8(b"c") + u16(extension(13, u16(word(0x0403))))))]})
    row("a ticket that allows early data", survived, hostile=True,
        twist={"tickets": [extension(42, struct.pack("!I", 16384))]})
    row("a thousand tickets", survived, hostile=True,
        twist={"tickets": [b""] * 1000})
    row("a KeyUpdate of an unknown kind", failed,
        twist={"after": [(HANDSHAKE, message(24, b"\2"))]})
    row("a record that fails to authenticate",
        {**failed, "alert_sent": "bad_record_mac"},
        twist={"after raw": [b"\x17\3\3\0\x20" + bytes(32)]})
    row("a record that is longer than allowed",
        {**failed, "alert_sent": "record_overflow"},
        twist={"after raw": [b"\x17\3\3" + word(16384 + 257) +
                             bytes(16384 + 257)]})
    row("records of the greatest size, padded", survived,
        ["--text", "p" * 2000], hostile=True, twist={"pad": 16385})
    row("records of no bytes, a thousand", {"leaked": 0}, hostile=True,
        twist={"after": [(DATA, b"")] * 1000})
    row("a handshake record of no bytes", failed,
        twist={"after": [(HANDSHAKE, b"")]})
    row("an alert of one byte", failed, twist={"after": [(ALERT, b"\2")]})
    row("a type of record that is none", failed,
        twist={"after": [(99, b"x")]})
    row("plaintext after the handshake", failed,
        twist={"after raw": [b"\x17\3\3\0\4PAWL"]})
    row("closed after our certificate, without an alert",
        {"status": "PAWL_ERR_PROTOCOL", "refused": True, "echoed": False,
         "stage": "ESTABLISHED", "leaked": 0},
        twist={"close after certificate": True})


def drip(conversation):
    """A ServerHello, one byte a second."""
    wire = conversation.wire
    hello = tls_peer.ClientHello(wire.heard()[1])
    record = wire.seal(HANDSHAKE, message(2, conversation.hello_13(hello)))
    for at in range(len(record)):
        wire.raw(record[at:at + 1])
        time.sleep(1)


def long_message(conversation):
    """A message of the handshake said to have 16 MiB, without end."""
    wire = conversation.wire
    hello = tls_peer.ClientHello(wire.heard()[1])
    wire.say(2, conversation.hello_12(hello))
    wire.raw(b"\x16\3\3\x40\0" + b"\x0b\xff\xff\xff" + bytes(16380))
    for _ in range(2000):
        wire.raw(b"\x16\3\3\x40\0" + bytes(16384))


def slow_rows():
    row("one byte a second", refused(
        "PAWL_ERR_TIMEOUT", rule="the handshake took too long"),
        ["--timeout", "2500"], twist={"raw": drip})
    row12("a message of 16 MiB", refused(), {"raw": long_message})


def all_rows(world):
    suite_rows()
    hello_rows()
    flight_rows(world)
    certificate_rows(world)
    after_rows()
    slow_rows()
    return ROWS
