# SPDX-License-Identifier: Apache-2.0
"""A small TLS server, by hand, for what no library does as a server.

Peer speaks TLS 1.3 (RFC 8446) or TLS 1.2 (RFC 5246) with AES-128-GCM, P-256
and mutual certificates, and sends back each line reversed. Its twist, a
dictionary, makes one thing wrong; without one it is a good peer, and so the
control of each of them. For tests alone: it trusts any client and is not
constant in time.
"""

import contextlib
import hashlib
import hmac
import os
import socket
import struct
import threading

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
GCM_13, GCM_12 = 0x1301, 0xC02B
P256, P384, X25519 = 0x17, 0x18, 0x1D
ECDSA_SHA256 = 0x0403
HRR_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()
SENTINEL_12 = b"DOWNGRD\x01"
SENTINEL_11 = b"DOWNGRD\x00"


class Gone(Exception):
    """The client has left, or sent an alert."""


def u8(data):
    return struct.pack("!B", len(data)) + data


def u16(data):
    return struct.pack("!H", len(data)) + data


def u24(data):
    return struct.pack("!I", len(data))[1:] + data


def word(*numbers):
    return struct.pack(f"!{len(numbers)}H", *numbers)


def message(kind, body):
    return bytes([kind]) + u24(body)


def extension(number, body=b""):
    return word(number) + u16(body)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return self.take(self.number(size))

    def left(self):
        return len(self.data) - self.at


class ClientHello:
    """What matters of one."""

    def __init__(self, raw):
        read = Reader(raw[4:])
        read.take(2)
        self.random = read.take(32)
        self.session_id = read.vector(1)
        self.suites = read.vector(2)
        read.vector(1)
        self.extensions = {}
        rest = Reader(read.vector(2))
        while rest.left():
            number = rest.number(2)
            self.extensions[number] = rest.vector(2)

    def share(self, group):
        read = Reader(self.extensions.get(51, b"\0\0")[2:])
        while read.left():
            number = read.number(2)
            value = read.vector(2)
            if number == group:
                return value
        return None


class Wire:
    """Records, and the transcript of the handshake."""

    def __init__(self, sock, tls13, record_max=16384):
        self.sock, self.tls13 = sock, tls13
        self.record_max = record_max
        self.pad = 0  # records of TLS 1.3 are padded to so many bytes
        self.pending = b""
        self.transcript = b""
        self.keys = {"in": None, "out": None}
        self.count = {"in": 0, "out": 0}

    def set_key(self, way, key, iv):
        self.keys[way] = (AESGCM(key), iv)
        self.count[way] = 0

    def nonce(self, way):
        _, iv = self.keys[way]
        count = struct.pack("!Q", self.count[way])
        if not self.tls13:
            return iv + count, count
        mixed = bytes(a ^ b for a, b in zip(iv, b"\0\0\0\0" + count))
        return mixed, count

    def seal(self, kind, data):
        """A record, sealed if a key is set."""
        if self.keys["out"] is None:
            return bytes([kind]) + b"\x03\x03" + u16(data)
        aead = self.keys["out"][0]
        nonce, count = self.nonce("out")
        self.count["out"] += 1
        if self.tls13:
            data += bytes([kind])
            data += bytes(max(0, self.pad - len(data)))
            head = bytes([DATA]) + b"\x03\x03" + \
                struct.pack("!H", len(data) + 16)
            return head + aead.encrypt(nonce, data, head)
        aad = count + bytes([kind]) + b"\x03\x03" + struct.pack("!H",
                                                                len(data))
        return bytes([kind]) + b"\x03\x03" + u16(
            count + aead.encrypt(nonce, data, aad))

    def send(self, kind, data):
        for at in range(0, max(len(data), 1), self.record_max):
            self.raw(self.seal(kind, data[at:at + self.record_max]))

    def raw(self, data):
        self.sock.sendall(data)

    def say(self, kind, body):
        """A message of the handshake."""
        self.transcript += message(kind, body)
        self.send(HANDSHAKE, message(kind, body))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise Gone("the client closed")
            data += more
        return data

    def record(self):
        head = self.exactly(5)
        kind, data = head[0], self.exactly(int.from_bytes(head[3:], "big"))
        if self.keys["in"] is None or (self.tls13 and kind == CCS):
            return kind, data
        aead = self.keys["in"][0]
        nonce, count = self.nonce("in")
        if not self.tls13:
            nonce = nonce[:4] + data[:8]
            data = data[8:]
        self.count["in"] += 1
        aad = head if self.tls13 else count + head[:3] + struct.pack(
            "!H", len(data) - 16)
        data = aead.decrypt(nonce, data, aad)
        if not self.tls13:
            return kind, data
        data = data.rstrip(b"\0")
        return data[-1], data[:-1]

    def next(self):
        """The next record that means something."""
        while True:
            kind, data = self.record()
            if kind == ALERT and (data[0] == 2 or data[1] == 0):
                raise Gone(f"alert {data[1]}")
            if kind == ALERT:
                continue  # a warning
            if not (self.tls13 and kind == CCS):
                return kind, data

    def heard(self):
        """The next message of the handshake, head included."""
        while len(self.pending) < 4 or len(self.pending) < 4 + \
                int.from_bytes(self.pending[1:4], "big"):
            kind, data = self.next()
            if kind != HANDSHAKE:
                return kind, data
            self.pending += data
        size = 4 + int.from_bytes(self.pending[1:4], "big")
        got, self.pending = self.pending[:size], self.pending[size:]
        self.transcript += got
        return HANDSHAKE, got

    def digest(self):
        return hashlib.sha256(self.transcript).digest()


def hkdf_expand(secret, info, size):
    out, block = b"", b""
    while len(out) < size:
        block = hmac.digest(secret, block + info +
                            bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:size]


def expand_label(secret, label, context, size):
    return hkdf_expand(secret, struct.pack("!H", size) +
                       u8(b"tls13 " + label) + u8(context), size)


def prf(secret, label, seed, size):
    """P_SHA256 (RFC 5246, 5)."""
    out, a = b"", label + seed
    while len(out) < size:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + label + seed, "sha256")
    return out[:size]


def public_bytes(key):
    return key.public_key().public_bytes(
        serialization.Encoding.X962,
        serialization.PublicFormat.UncompressedPoint)


def agree(key, point):
    return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.
                        from_encoded_point(ec.SECP256R1(), point))


class Conversation:
    """One connection. twist: see the rows of hostile.py."""

    def __init__(self, peer, sock):
        self.peer, self.twist = peer, peer.twist
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.wire = Wire(sock, peer.tls13, self.twist.get("record", 16384))

    def sign(self, data, algorithm=ECDSA_SHA256):
        digest = hashes.SHA1() if algorithm == 0x0203 else hashes.SHA256()
        signer = self.twist.get("signer", self.peer.leaf.key)
        return word(algorithm) + u16(signer.sign(data, ec.ECDSA(digest)))

    def chain(self):
        return [] if "no chain" in self.twist else \
            [c.der() for c in [self.peer.leaf, *self.peer.issuers]]

    def serve(self):
        if "raw" in self.twist:
            self.twist["raw"](self)
            return
        if self.peer.tls13:
            self.serve_13()
        else:
            self.serve_12()
        self.after()
        self.echo()

    def after(self):
        """What is sent once the handshake is done."""
        self.wire.pad = self.twist.get("pad", 0)
        for kind, data in self.twist.get("after", ()):
            self.wire.send(kind, data)
        for data in self.twist.get("after raw", ()):
            self.wire.raw(data(self.wire) if callable(data) else data)

    def echo(self):
        line = b""
        while True:
            kind, data = self.wire.next()
            if kind == HANDSHAKE and not self.peer.tls13:
                raise Gone("the client negotiates again")
            if kind == HANDSHAKE:
                continue  # an answer to what was sent after
            line += data
            if line.endswith(b"\n"):
                self.wire.send(DATA, line[-2::-1] + b"\n")
                line = b""

    # ---- TLS 1.3 ----

    def hello_13(self, hello):
        t = self.twist
        share = t.get("share", word(P256) + u16(public_bytes(self.key)))
        extensions = extension(43, word(t.get("version", 0x0304)))
        if share is not None:
            extensions += extension(51, share)
        extensions += t.get("hello extensions", b"")
        return word(0x0303) + t.get("random", os.urandom(32)) + \
            u8(t.get("session id", hello.session_id)) + \
            word(t.get("suite", GCM_13)) + \
            bytes([t.get("compression", 0)]) + u16(extensions)

    def retry(self, hello, share):
        """A HelloRetryRequest; the transcript begins anew (4.4.1)."""
        first = self.wire.transcript
        self.wire.transcript = message(254, hashlib.sha256(first).digest()) \
            if first[0] == 1 else first
        extensions = extension(43, word(0x0304)) + extension(51, share)
        self.wire.say(2, word(0x0303) + HRR_RANDOM + u8(hello.session_id) +
                      word(GCM_13) + b"\0" + u16(extensions))
        return ClientHello(self.wire.heard()[1])

    def traffic_keys(self, way, secret):
        self.wire.set_key(way, expand_label(secret, b"key", b"", 16),
                          expand_label(secret, b"iv", b"", 12))

    def derive(self, secret, label, digest=None):
        return expand_label(secret, label, digest if digest is not None else
                            hashlib.sha256(b"").digest(), 32)

    def finished(self, secret):
        return hmac.digest(expand_label(secret, b"finished", b"", 32),
                           self.wire.digest(), "sha256")

    def serve_13(self):
        t, wire = self.twist, self.wire
        hello = ClientHello(wire.heard()[1])
        for share in t.get("retries", ()):
            hello = self.retry(hello, share)
        wire.say(2, self.hello_13(hello))
        if "twice" in t:
            wire.say(2, self.hello_13(hello))
        point = hello.share(P256) or public_bytes(self.key)
        early = hmac.digest(bytes(32), bytes(32), "sha256")
        shared = hmac.digest(self.derive(early, b"derived"),
                             agree(self.key, point), "sha256")
        digest = wire.digest()
        client = self.derive(shared, b"c hs traffic", digest)
        server = self.derive(shared, b"s hs traffic", digest)
        if "in the clear" not in t:
            self.traffic_keys("out", server)
            self.traffic_keys("in", client)
        self.flight_13(server)
        master = hmac.digest(self.derive(shared, b"derived"), bytes(32),
                             "sha256")
        digest = wire.digest()
        self.client_flight_13(client)
        self.traffic_keys("out", self.derive(master, b"s ap traffic", digest))
        self.traffic_keys("in", self.derive(master, b"c ap traffic", digest))
        for ticket in t.get("tickets", [b""]):
            # A ticket that is good for nothing here: this peer knows none.
            wire.send(HANDSHAKE, message(4, struct.pack("!II", 7200, 1) +
                                         u8(b"n") + u16(b"t" * 32) +
                                         u16(ticket)))

    def flight_13(self, secret):
        t, wire = self.twist, self.wire
        leave_out = t.get("leave out", ())
        if "encrypted extensions" not in leave_out:
            wire.say(8, u16(t.get("extensions", b"")))
        if "request" not in leave_out:
            wire.say(13, u8(t.get("context", b"")) + u16(
                extension(13, u16(word(*t.get("algorithms",
                                              [ECDSA_SHA256]))))))
        if "certificate" not in leave_out:
            wire.say(11, u8(b"") + u24(b"".join(
                u24(der) + u16(t.get("entry extensions", b""))
                for der in self.chain())))
        if "verify" not in leave_out:
            signed = b" " * 64 + t.get(
                "purpose", b"TLS 1.3, server CertificateVerify") + b"\0" + \
                wire.digest()
            wire.say(15, self.sign(signed, t.get("algorithm", ECDSA_SHA256)))
        if "finished" not in leave_out:
            wire.say(20, t.get("finished", self.finished(secret)))

    def client_flight_13(self, secret):
        """Certificate, CertificateVerify, Finished: looked at, and believed
        without a CA."""
        expected = None
        while True:
            if expected is None:
                expected = self.finished(secret)
            kind, got = self.wire.heard()
            if kind != HANDSHAKE:
                raise Gone("no handshake")
            if got[0] == 20:
                if not hmac.compare_digest(got[4:], expected):
                    raise Gone("the client's Finished is wrong")
                break
            expected = None
        if "close after certificate" in self.twist:
            # Nothing unread is left, which would make it a reset.
            self.wire.sock.shutdown(socket.SHUT_WR)
            while self.wire.sock.recv(4096):
                pass
            raise Gone("closed on purpose")

    # ---- TLS 1.2 ----

    def hello_12(self, hello):
        t = self.twist
        extensions = b"" if "no ems" in t else extension(23)
        extensions += extension(11, u8(b"\0"))
        extensions += t.get("hello extensions", b"")
        return word(t.get("version", 0x0303)) + \
            t.get("random", os.urandom(32)) + u8(os.urandom(32)) + \
            word(t.get("suite", GCM_12)) + \
            bytes([t.get("compression", 0)]) + u16(extensions)

    def exchange_12(self, hello, server_random):
        t = self.twist
        params = b"\x03" + word(t.get("group", P256)) + \
            u8(t.get("point", public_bytes(self.key)))
        return params + self.sign(hello.random + server_random + params,
                                  t.get("algorithm", ECDSA_SHA256))

    def serve_12(self):
        t, wire = self.twist, self.wire
        hello = ClientHello(wire.heard()[1])
        mine = self.hello_12(hello)
        server_random = mine[2:34]
        wire.say(2, mine)
        if "early ccs" in t:
            wire.send(CCS, b"\x01")
        leave_out = t.get("leave out", ())
        if "certificate" not in leave_out:
            wire.say(11, u24(b"".join(u24(der) for der in self.chain())))
        if "exchange" not in leave_out:
            wire.say(12, self.exchange_12(hello, server_random))
        if "request" not in leave_out:
            wire.say(13, u8(b"\x40") + u16(word(ECDSA_SHA256)) + u16(b""))
        wire.say(14, b"")
        self.finish_12(hello, server_random)

    def finish_12(self, hello, server_random):
        t, wire = self.twist, self.wire
        point = self.client_flight_12()
        secret = agree(self.key, point)
        if "no ems" in t:
            master = prf(secret, b"master secret",
                         hello.random + server_random, 48)
        else:
            master = prf(secret, b"extended master secret", self.ems_hash, 48)
        keys = prf(master, b"key expansion", server_random + hello.random, 40)
        wire.set_key("in", keys[:16], keys[32:36])
        wire.pending = b""
        expected = prf(master, b"client finished", wire.digest(), 12)
        kind, got = wire.heard()
        if kind != HANDSHAKE or got[4:] != expected:
            raise Gone("the client's Finished is wrong")
        if "leave out" in t and "ccs" in t["leave out"]:
            wire.say(20, prf(master, b"server finished", wire.digest(), 12))
            return
        wire.send(CCS, b"\x01")
        wire.set_key("out", keys[16:32], keys[36:40])
        wire.say(20, t.get("finished", prf(master, b"server finished",
                                           wire.digest(), 12)))

    def client_flight_12(self):
        """Up to its ChangeCipherSpec; the client's point."""
        point = None
        while True:
            kind, got = self.wire.heard()
            if kind == CCS:
                return point
            if kind != HANDSHAKE:
                raise Gone("no handshake")
            if got[0] == 16:
                point = got[5:]
                self.ems_hash = self.wire.digest()


class Peer:
    """The server on a free port, for the time of a with statement."""

    def __init__(self, world, tls13=True, twist=None, leaf=None, issuers=()):
        self.tls13, self.twist = tls13, twist or {}
        self.leaf, self.issuers = leaf or world.server, issuers
        self.log = world.write(b"")
        self.sockets, self.threads = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return  # closed
            self.sockets.append(sock)
            self.threads.append(threading.Thread(
                target=self.talk, args=(sock,), daemon=True))
            self.threads[-1].start()

    def talk(self, sock):
        sock.settimeout(30)
        try:
            Conversation(self, sock).serve()
        except (Gone, OSError, InvalidTag, InvalidSignature, ValueError,
                IndexError) as why:
            self.note(f"{type(why).__name__}: {why}")
        sock.close()

    def note(self, text):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(text + "\n")

    def __exit__(self, *_):
        self.listener.close()
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(3)
