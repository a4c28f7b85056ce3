# SPDX-License-Identifier: Apache-2.0
"""A second manifest processor, in Python, that must agree with pawl's.

usage: oracle.py PROBE [--cases N] [--seed N]

Makes random envelopes, signs them, mutates half of them, half of those before
signing, runs each here and in PROBE, and compares the verdict, the reason and
each command that ran. It follows doc/SPEC.md, "Manifest", and shares no code
with src/. Exit codes: 0 they agree, 1 they do not (the case is printed),
77 python3-cbor2 or python3-cryptography is missing.
"""
import argparse
import collections
import hashlib
import hmac
import random
import subprocess
import sys

try:
    import cbor2
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.asymmetric import utils as dss
except ImportError as missing:
    print("python3-cbor2 or python3-cryptography is missing (%s)" % missing)
    sys.exit(77)

VENDOR = bytes.fromhex("fa6b4a53d5ad5fdfbe9de663e4d41ffe")
CLASS = bytes.fromhex("1492af1425695e48bf429b2d51f2ab45")
DEPTH = 5
COUNTER = -257
COMPONENT_MAX = 4
SHARED, VALIDATE, LOAD, INVOKE, FETCH, INSTALL, TEXT = 3, 7, 8, 9, 16, 20, 23
PROCEDURES = {"u": (FETCH, INSTALL, VALIDATE), "i": (VALIDATE, LOAD, INVOKE)}


# ---- strict CBOR ----

class Bad(Exception):
    """Bytes that are not deterministic CBOR of the type that is wanted."""


class Reader:
    def __init__(self, data, at=0, end=None):
        self.data, self.at = data, at
        self.end = len(data) if end is None else end

    def major(self):
        return self.data[self.at] >> 5 if self.at < self.end else None

    def head(self, major):
        if self.major() != major:
            raise Bad
        info = self.data[self.at] & 31
        self.at += 1
        if info < 24:
            return info
        if info > 27:
            raise Bad
        size = 1 << (info - 24)
        if self.end - self.at < size:
            raise Bad
        value = int.from_bytes(self.data[self.at : self.at + size], "big")
        self.at += size
        if value < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
            raise Bad
        return value

    def uint(self):
        return self.head(0)

    def integer(self):
        negative = self.major() == 1
        value = self.head(1 if negative else 0)
        if value >= 1 << 63:
            raise Bad
        return -1 - value if negative else value

    def span(self, major=2):
        length = self.head(major)
        if length > self.end - self.at:
            raise Bad
        self.at += length
        return self.at - length, self.at

    def bstr(self):
        lo, hi = self.span()
        return self.data[lo:hi]

    def tstr(self):
        lo, hi = self.span(3)
        try:
            self.data[lo:hi].decode("utf-8")
        except UnicodeDecodeError:
            raise Bad from None
        return self.data[lo:hi]

    def simple(self):
        if self.major() != 7 or not 0xF4 <= self.data[self.at] <= 0xF6:
            raise Bad
        self.at += 1
        return {0xF4: False, 0xF5: True, 0xF6: None}[self.data[self.at - 1]]

    def boolean(self):
        value = self.simple()
        if value is None:
            raise Bad
        return value

    def nil(self):
        if self.simple() is not None:
            raise Bad

    def array(self):
        count = self.head(4)
        if count > self.end - self.at:
            raise Bad
        return count

    def map(self):
        count = self.head(5)
        if count > (self.end - self.at) // 2:
            raise Bad
        return count

    def skip(self, depth=0):
        begin, major = self.at, self.major()
        if major is None:
            raise Bad
        if major in (0, 1):
            self.head(major)
        elif major == 2:
            self.span()
        elif major == 3:
            self.tstr()
        elif major == 7:
            self.simple()
        elif major == 6:
            if self.head(6) in (2, 3):
                raise Bad
            self.skip(depth)
        else:
            count = self.array() if major == 4 else 2 * self.map()
            if depth == 4:
                raise Bad
            for _ in range(count):
                self.skip(depth + 1)
        return begin, self.at

    def key(self, before):
        number = self.integer()
        if before is not None and order(number) <= order(before):
            raise Bad
        return number

    def done(self):
        if self.at != self.end:
            raise Bad


def order(number):
    return (0, number) if number >= 0 else (1, -1 - number)


# ---- authentication ----

class Rejected(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Skipped(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


ALGORITHMS = {-7: (18, "p256"), -9: (18, "p256"), -8: (18, "ed25519"),
              -19: (18, "ed25519"), 5: (17, "mac")}


def labels_of(data):
    reader = Reader(data)
    found = []
    for _ in range(reader.map()):
        lo, hi = reader.skip()
        found.append(data[lo:hi])
        reader.skip()
    return found


def read_bucket(bucket, is_protected, everything, say):
    reader = Reader(bucket)
    pairs = reader.map()
    if pairs > 16:
        raise Bad
    for _ in range(pairs):
        if reader.major() not in (0, 1, 3):
            raise Bad
        lo, hi = reader.skip()
        label = bucket[lo:hi]
        if label == b"\x01" and not is_protected:
            raise Skipped("cose-unsupported")
        if label == b"\x01" and reader.major() in (0, 1):
            say["alg"] = reader.integer()
        elif label == b"\x04":
            reader.bstr()
        else:
            if label == b"\x02":
                say["crit"] = True
            reader.skip()
        if everything().count(label) != 1:
            raise Bad
    reader.done()


def read_block(block):
    """Tag, algorithm, protected bucket and signature of a strict message."""
    reader = Reader(block)
    if reader.major() != 6:
        raise Skipped("cose-unsupported")
    tag = reader.head(6)
    if tag not in (17, 18):
        raise Skipped("cose-unsupported")
    if reader.array() != 4:
        raise Bad
    protected = reader.bstr()
    lo, hi = reader.skip()
    unprotected = block[lo:hi]
    attached = reader.major() != 7
    if attached:
        reader.bstr()
    else:
        reader.nil()
    signature = reader.bstr()
    reader.done()
    if protected:
        whole = Reader(protected)
        whole.skip()
        whole.done()

    def everything():
        found = []
        for bucket in (protected, unprotected):
            if bucket and bucket[0] >> 5 == 5:
                found += labels_of(bucket)
        return found

    say = {}
    if protected:
        read_bucket(protected, True, everything, say)
    read_bucket(unprotected, False, everything, say)
    if attached or say.get("crit"):
        raise Skipped("cose-unsupported")
    if ALGORITHMS.get(say.get("alg"), (0, ""))[0] != tag:
        raise Skipped("alg-unsupported")
    return tag, ALGORITHMS[say["alg"]][1], protected, signature


def verifies(keys, kind, protected, signature, digest):
    context = "MAC0" if kind == "mac" else "Signature1"
    message = cbor2.dumps([context, protected, b"", digest])
    if len(signature) != (32 if kind == "mac" else 64):
        return False
    if kind == "mac":
        return hmac.new(keys.mac, message, hashlib.sha256).digest() == signature
    try:
        if kind == "ed25519":
            keys.ed25519.public_key().verify(signature, message)
        else:
            numbers = [int.from_bytes(half, "big")
                       for half in (signature[:32], signature[32:])]
            keys.p256.public_key().verify(
                dss.encode_dss_signature(*numbers), message,
                ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def read_digest(data):
    reader = Reader(data)
    count = reader.array()
    if count < 2:
        raise Bad
    algorithm = reader.integer()
    value = reader.bstr()
    if algorithm != -16:
        raise Rejected("alg-unsupported")
    if count != 2 or len(value) != 32:
        raise Bad
    reader.done()
    return value


def authenticate(keys, wrapper, threshold):
    reader = Reader(wrapper)
    count = reader.array()
    if count == 0:
        raise Bad
    encoded = reader.bstr()
    digest = read_digest(encoded)
    if count - 1 > 8:
        raise Bad
    signed, tried, skipped = set(), False, None
    for _ in range(count - 1):
        block = reader.bstr()
        try:
            _, kind, protected, signature = read_block(block)
        except Skipped as why:
            skipped = why.reason
            continue
        if kind in signed:
            continue
        if verifies(keys, kind, protected, signature, encoded):
            signed.add(kind)
        else:
            tried = True
    reader.done()
    if len(signed) < threshold:
        if not signed and not tried and skipped:
            raise Rejected(skipped)
        raise Rejected("unauthorised")
    return digest, signed


# ---- manifest ----

class Manifest:
    def __init__(self):
        self.components, self.sections, self.severed = [], {}, {}
        self.payloads = {}


def read_common(manifest, data):
    reader, before = Reader(data), None
    for _ in range(reader.map()):
        before = reader.key(before)
        if before == 2:
            count = reader.array()
            if count == 0:
                raise Bad
            if count > COMPONENT_MAX:
                raise Rejected("component-unsupported")
            for _ in range(count):
                begin = reader.at
                for _ in range(reader.array()):
                    reader.bstr()
                component = data[begin : reader.at]
                if component in manifest.components:
                    raise Bad
                manifest.components.append(component)
        elif before == 4:
            manifest.sections[SHARED] = reader.bstr()
        else:
            raise Rejected("command-unsupported")
    reader.done()
    if not manifest.components:
        raise Bad


def read_manifest(data):
    manifest, reader, before, seen = Manifest(), Reader(data), None, set()
    for _ in range(reader.map()):
        key = before = reader.key(before)
        if key == 1:
            if reader.uint() != 1:
                raise Bad
        elif key == 2:
            if reader.uint() == (1 << 64) - 1:
                raise Rejected("unauthorised")
        elif key == 3:
            read_common(manifest, reader.bstr())
        elif key == 4:
            reader.tstr()
        elif key in (VALIDATE, LOAD, INVOKE):
            manifest.sections[key] = reader.bstr()
        elif key in (FETCH, INSTALL, TEXT):
            if reader.major() == 4:
                lo, hi = reader.skip()
                manifest.severed[key] = read_digest(data[lo:hi])
            else:
                manifest.sections[key] = reader.bstr()
        else:
            raise Rejected("command-unsupported")
        seen.add(key)
    reader.done()
    if not {1, 2, 3, VALIDATE} <= seen:
        raise Bad
    return manifest


def check_rights(manifest, signed, threshold):
    for component in manifest.components:
        allowed = 0
        for kind in signed:
            if kind != "ed25519":
                allowed += 1
            else: # below [h'00']
                allowed += component[0] != 0x80 and component[1:3] == b"\x41\x00"
        if allowed < threshold:
            raise Rejected("component-unauthorised")


def read_members(manifest, reader, pairs):
    before = b"\x03"
    for _ in range(pairs):
        lo, hi = reader.skip()
        key = reader.data[lo:hi]
        if key <= before:
            raise Bad
        before = key
        if key[0] >> 5 == 3:
            manifest.payloads[Reader(key).tstr()] = reader.bstr()
            continue
        number = Reader(key).integer()
        if number in (FETCH, INSTALL, TEXT, 14, 15, 18):
            begin = reader.at
            content = reader.bstr()
            whole = reader.data[begin : reader.at]
            if hashlib.sha256(whole).digest() != manifest.severed.get(number):
                raise Rejected("unauthorised")
            manifest.sections[number] = content
        else:
            reader.skip()
    reader.done()


def open_envelope(keys, data, threshold):
    reader, before, wrapper = Reader(data), None, None
    if reader.head(6) != 107:
        raise Bad
    pairs = reader.map()
    while True:
        if pairs == 0:
            raise Bad
        pairs -= 1
        before = reader.key(before)
        if before == 1:
            reader.skip()
        elif before == 2:
            wrapper = reader.bstr()
        elif before == 3 and wrapper is not None:
            break
        else:
            raise Bad
    lo, hi = reader.skip()
    content = Reader(data, lo, hi).bstr()
    digest, signed = authenticate(keys, wrapper, threshold)
    if hashlib.sha256(data[lo:hi]).digest() != digest:
        raise Rejected("unauthorised")
    manifest = read_manifest(content)
    check_rights(manifest, signed, threshold)
    read_members(manifest, reader, pairs)
    return manifest


# ---- processor ----

CONDITIONS = {1: 1, 2: 2, 3: 3, 5: 5, 6: 18, 14: None, 24: 24}
ACTIONS = {18: 18, 21: 21, 22: 22, 23: None}
FLOW = (12, 15, 20, 32)


class Unmet(Exception):
    pass


class Failed(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Run:
    def __init__(self, manifest, case):
        self.manifest, self.case = manifest, case
        self.trace = []
        self.params = [dict() for _ in manifest.components]
        self.slot_passed = set()
        self.index, self.section = [0], None

    # -- the dry run --

    def dry(self):
        for section in (SHARED, FETCH, INSTALL, VALIDATE, LOAD, INVOKE):
            data = self.manifest.sections.get(section)
            if data is None:
                continue
            self.section, self.data = section, data
            reader = self.begin(0, len(data), False)
            if len(self.manifest.components) > 1 and data[reader.at] != 12:
                raise Bad
            self.dry_commands(reader, 1)

    def begin(self, lo, hi, may_be_empty):
        reader = Reader(self.data, lo, hi)
        count = reader.array()
        if count % 2 or (count == 0 and not may_be_empty):
            raise Bad
        reader.left = count // 2
        return reader

    def dry_commands(self, reader, depth):
        for _ in range(reader.left):
            command = reader.integer()
            known = command in CONDITIONS or command in ACTIONS or command in FLOW
            if not known or (self.section == SHARED and command in ACTIONS):
                raise Rejected("command-unsupported")
            if command not in FLOW:
                if reader.uint() > 15:
                    raise Bad
                continue
            if command == 20: # read in the order of its bytes, not skipped first
                reader.at = self.read_parameters(reader.at, reader.end, depth)[1]
                continue
            lo, hi = reader.skip()
            if command == 12:
                self.read_index(lo, hi)
            elif depth == DEPTH:
                self.sequences(command, lo, hi)
                raise Bad
            else:
                for sequence in self.sequences(command, lo, hi):
                    if sequence is not None:
                        self.dry_commands(
                            self.begin(*sequence, command == 15), depth + 1)
        reader.done()

    def sequences(self, command, lo, hi):
        reader = Reader(self.data, lo, hi)
        if command == 32:
            return [reader.span()]
        found = []
        count = reader.array()
        for i in range(count):
            if i >= 2 and i + 1 == count and reader.major() == 7:
                reader.nil()
                found.append(None)
            else:
                found.append(reader.span())
        if count < 2:
            raise Bad
        return found

    def read_index(self, lo, hi):
        reader = Reader(self.data, lo, hi)
        limit = len(self.manifest.components)

        def one(found):
            number = reader.uint()
            if number >= limit:
                raise Rejected("component-unsupported")
            if number in found:
                raise Bad
            return number

        if reader.major() == 0:
            return [one([])]
        if reader.major() == 4:
            found = []
            count = reader.array()
            if count == 0:
                raise Bad
            for _ in range(count):
                found.append(one(found))
            return found
        if not reader.boolean():
            raise Bad
        return list(range(limit))

    def read_parameters(self, lo, hi, depth):
        """Pairs of key and value, soft-failure being one of them; and where
        they end."""
        reader, before, found = Reader(self.data, lo, hi), None, []
        count = reader.map()
        if count == 0:
            raise Bad
        for _ in range(count):
            key = before = reader.key(before)
            found.append((key, self.read_value(reader, key, depth)))
        return found, reader.at

    def read_value(self, reader, key, depth):
        if key in (5, 14):
            return reader.uint()
        if key == 22:
            number = reader.uint()
            if number >= len(self.manifest.components):
                raise Rejected("component-unsupported")
            return number
        if key in (2, 24) or (key == 1 and reader.major() != 6):
            value = reader.bstr()
            if len(value) != 16:
                raise Bad
            return value
        if key == 1:
            begin = reader.at
            if reader.head(6) != 112:
                raise Bad
            reader.bstr()
            return self.data[begin : reader.at]
        if key == 3:
            return read_digest(reader.bstr())
        if key in (18, 23, 25):
            return reader.bstr()
        if key == 21:
            return reader.tstr()
        if key == 12:
            return reader.boolean()
        if key == 13:
            value = reader.boolean()
            if depth == 1:
                raise Rejected("parameter-unsupported")
            return value
        if key == COUNTER and self.section == SHARED:
            return reader.uint()
        raise Rejected("parameter-unsupported")

    # -- execution --

    def tell(self, offset, command, component, result):
        self.trace.append("%d.%d.%d.%d.%d" % (self.section, offset, command,
                                              component, result))

    def execute(self):
        for section in PROCEDURES[self.case.procedure]:
            if section not in self.manifest.sections:
                continue
            for part in (SHARED, section):
                if part in self.manifest.sections:
                    self.section = part
                    self.data = self.manifest.sections[part]
                    self.index = [0]
                    if part == SHARED:
                        self.slot_passed = set()
                    self.commands(self.begin(0, len(self.data), False), {})

    def commands(self, reader, frame):
        for _ in range(reader.left):
            offset = reader.at
            command = reader.integer()
            if command in FLOW:
                lo, hi = reader.skip()
                if command == 12:
                    self.index = self.read_index(lo, hi)
                    self.tell(offset, command, self.index[0], 1)
                elif command == 20:
                    for component in list(self.index):
                        self.override(lo, hi, component, offset, frame)
                else:
                    self.nested(command, offset, self.sequences(command, lo, hi))
                continue
            reader.uint()
            for component in list(self.index):
                if command in CONDITIONS:
                    held = self.holds(command, component)
                    self.tell(offset, command, component, held)
                    if not held:
                        raise Unmet
                else:
                    done = self.act(command, component)
                    self.tell(offset, command, component, done)
                    if not done:
                        raise Failed("operation-failed")

    def nested(self, command, offset, sequences):
        outer = self.index
        for component in outer:
            last = len(sequences) - 1
            for i, sequence in enumerate(sequences):
                self.index = [component]
                if sequence is None:
                    break
                frame = {"soft": command == 15}
                try:
                    self.commands(self.begin(*sequence, command == 15), frame)
                    break
                except Unmet:
                    if frame["soft"] and (command == 32 or i < last):
                        if command == 32:
                            break
                        continue
                    self.tell(offset, command, component, 0)
                    self.index = outer
                    raise
            self.tell(offset, command, component, 1)
        self.index = outer

    def override(self, lo, hi, component, offset, frame):
        for key, value in self.read_parameters(lo, hi, 2 if frame else 1)[0]:
            if key == 3 and self.case.fixed and component not in self.slot_passed:
                self.tell(offset, 20, component, 0)
                raise Failed("condition-failed")
            if key == 13:
                frame["soft"] = value
            elif key != 12:
                self.params[component][key] = value
            if key == 5:
                self.slot_passed.discard(component)
        self.tell(offset, 20, component, 1)

    def device(self, component):
        return self.manifest.components[component][2]

    def holds(self, command, component):
        params = self.params[component]
        needed = CONDITIONS[command]
        if command == 14 or needed not in params:
            return 0
        value = params[needed]
        if command in (1, 2, 24):
            ours = {1: VENDOR, 2: CLASS, 24: None}[command]
            return int(value == ours)
        if command == 5:
            same = value == int(self.case.slot[self.device(component)])
            if same and self.section == SHARED:
                self.slot_passed.add(component)
            return int(same)
        answers = self.case.match if command == 3 else self.case.content
        return int(answers[self.device(component)] == "1")

    def act(self, command, component):
        params = self.params[component]
        needed = ACTIONS[command]
        if needed is not None and needed not in params:
            return 0
        if command == 22 and params[22] == component:
            return 0
        if command == 21 and params[21][:1] == b"#":
            if params[21] not in self.manifest.payloads:
                return 0
        return int(self.case.fails == "0")


def judge(keys, case):
    """What must come of a case: accepted, reason, commands."""
    run = None
    try:
        manifest = open_envelope(keys, case.envelope, case.threshold)
        run = Run(manifest, case)
        for component in manifest.components:
            if component not in (b"\x81\x41\x00", b"\x81\x41\x01", b"\x81\x41\x02"):
                raise Rejected("component-unsupported")
        for section in PROCEDURES[case.procedure]:
            if section in manifest.severed and section not in manifest.sections:
                raise Rejected("severing-unsupported")
        run.dry()
        run.execute()
        return "accepted", "ok", run.trace
    except Bad:
        reason = "cbor-parse"
    except (Rejected, Failed) as why:
        reason = why.reason
    except Unmet:
        reason = "condition-failed"
    return "rejected", reason, run.trace if run else []


# ---- cases ----

class Keys:
    def __init__(self, chance):
        self.p256 = ec.derive_private_key(chance.getrandbits(255) + 1, ec.SECP256R1())
        seed = chance.getrandbits(256).to_bytes(32, "big")
        self.ed25519 = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.mac = chance.getrandbits(256).to_bytes(32, "big")

    def arguments(self):
        point = self.p256.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        raw = self.ed25519.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return [point.hex(), raw.hex(), self.mac.hex()]


class Case:
    def line(self):
        return "%s %d %s %s %s %s %s %s\n" % (
            self.procedure, self.threshold, self.slot, self.match, self.content,
            self.fails, "1" if self.fixed else "0", self.envelope.hex() or "00")


class Maker:
    def __init__(self, chance, keys):
        self.chance, self.keys = chance, keys

    def some(self, share):
        return self.chance.random() < share

    def digest(self):
        return cbor2.dumps([-16, self.chance.getrandbits(256).to_bytes(32, "big")])

    def parameters(self, shared, nested):
        chance, found = self.chance, {}
        if self.some(0.3):
            found[1] = VENDOR if self.some(0.98) else bytes(16)
        if self.some(0.3):
            found[2] = CLASS if self.some(0.98) else bytes(16)
        if self.some(0.4):
            found[3] = self.digest()
        if self.some(0.3):
            found[5] = int(self.some(0.1))
        if self.some(0.1):
            found[12] = self.some(0.5)
        if nested and self.some(0.3):
            found[13] = self.some(0.6)
        if self.some(0.3):
            found[14] = chance.getrandbits(chance.choice((8, 16, 40)))
        if self.some(0.3):
            found[18] = chance.getrandbits(16).to_bytes(2, "big")
        if self.some(0.5):
            found[21] = chance.choice(("http://a",) * 9 + ("#a", "coap://x"))
        if self.some(0.2):
            found[22] = chance.randrange(self.count)
        if self.some(0.1):
            found[23] = b"x"
        if self.some(0.1):
            found[25] = b"y"
        if shared and self.some(0.2):
            found[COUNTER] = chance.getrandbits(chance.choice((4, 33)))
        return found or {14: 1}

    def sequence(self, shared, depth=1):
        chance, out = self.chance, []
        nested = depth > 1
        if self.count > 1 and shared and depth == 1:
            out += [12, True if self.some(0.97) else self.index()]
        if depth == 1 and shared and self.some(0.97):
            out += [20, dict(sorted(self.full().items()))]
        if self.count > 1 and (depth == 1 or self.some(0.1)):
            out += [12, self.index()]
        for _ in range(chance.choice((1, 1, 2, 3) if not shared else (1, 1, 2))):
            kind = chance.random()
            if kind < 0.3:
                out += [20, self.parameters(shared, nested)]
            elif kind < 0.6:
                out += [chance.choice((1, 2, 3, 3, 3, 6, 1, 2, 5) if self.some(0.98)
                                      else (14, 24)), chance.randrange(16)]
            elif kind < 0.68 and self.count > 1:
                out += [12, self.index()]
            elif kind < 0.85 and depth < DEPTH:
                if self.some(0.5):
                    out += [32, cbor2.dumps(self.sequence(shared, depth + 1))]
                else:
                    out += [15, self.alternatives(shared, depth)]
            elif not shared:
                out += [chance.choice((18, 21, 21, 21, 23, 23, 22) if self.some(0.7)
                                      else (21, 23)), chance.randrange(16)]
        return out or [20, {14: 1}]

    def alternatives(self, shared, depth):
        found = [cbor2.dumps(self.sequence(shared, depth + 1))
                 for _ in range(self.chance.randrange(2, 4))]
        if self.some(0.3):
            found[-1] = cbor2.dumps([])
        return found + ([None] if self.some(0.4) else [])

    def full(self):
        found = {1: VENDOR, 2: CLASS, 3: self.digest(), 5: 0, 14: 77, 18: b"c",
                 21: "http://a", 22: 0}
        if self.some(0.05):
            del found[self.chance.choice(list(found))]
        return found

    def index(self):
        kind = self.chance.random()
        if kind < 0.5:
            return self.chance.randrange(self.count)
        if kind < 0.75:
            return True
        return self.chance.sample(range(self.count),
                                  self.chance.randrange(1, self.count + 1))

    def manifest(self):
        chance = self.chance
        self.count = chance.choice((1, 1, 1, 2, 2, 3))
        names = [b"\x00", b"\x01", b"\x02"]
        ids = [[name] for name in chance.sample(names, self.count)]
        if self.some(0.03):
            ids[-1] = [b"\x07"]
        common = {2: ids}
        if self.some(0.9):
            common[4] = cbor2.dumps(self.sequence(True))
        members, out = {}, {1: 1, 2: chance.getrandbits(chance.choice((8, 60))),
                            3: cbor2.dumps(common)}
        if self.some(0.1):
            out[4] = "http://reference"
        out[VALIDATE] = cbor2.dumps(self.sequence(False))
        for key in (LOAD, INVOKE):
            if self.some(0.4):
                out[key] = cbor2.dumps(self.sequence(False))
        for key in (FETCH, INSTALL, TEXT):
            if not self.some(0.5):
                continue
            content = cbor2.dumps(self.sequence(False) if key != TEXT else {"en": {1: "x"}})
            out[key] = content
            if self.some(0.25):
                encoded = cbor2.dumps(content)
                out[key] = [-16, hashlib.sha256(encoded).digest()]
                if self.some(0.9):
                    members[key] = content
        if self.some(0.02):
            out[chance.choice((5, 6, 14, 18, 24, -300))] = b"\x80"
        if self.some(0.3):
            members["#a"] = b"payload"
        if self.some(0.05):
            members[chance.choice((4, 99))] = chance.choice((0, b"x", [1]))
        return self.sort(out), members

    @staticmethod
    def sort(mapping):
        return dict(sorted(mapping.items(), key=lambda pair: cbor2.dumps(pair[0])))

    def block(self, kind, digest):
        chance = self.chance
        alg = {"p256": chance.choice((-7, -9)), "ed25519": chance.choice((-8, -19)),
               "mac": 5}[kind]
        if self.some(0.01):
            alg = chance.choice((-7, -8, 5, -47, 4))
        protected = cbor2.dumps({1: alg})
        context = "MAC0" if kind == "mac" else "Signature1"
        message = cbor2.dumps([context, protected, b"", digest])
        if kind == "mac":
            made = hmac.new(self.keys.mac, message, hashlib.sha256).digest()
        elif kind == "ed25519":
            made = self.keys.ed25519.sign(message)
        else:
            r, s = dss.decode_dss_signature(
                self.keys.p256.sign(message, ec.ECDSA(hashes.SHA256())))
            made = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        tag = 17 if kind == "mac" else 18
        unprotected = {4: b"kid"} if self.some(0.2) else {}
        payload = None
        trick = chance.random()
        if trick < 0.006:
            payload = digest
        elif trick < 0.012:
            protected, unprotected = b"", {1: alg}
        elif trick < 0.018:
            tag = chance.choice((97, 98, 16, 19))
        elif trick < 0.021:
            return cbor2.dumps([protected, unprotected, payload, made])
        elif trick < 0.024:
            made = made[:-1]
        elif trick < 0.027:
            unprotected = {2: [10]}
        return cbor2.dumps(cbor2.CBORTag(tag, [protected, unprotected, payload, made]))

    def flip(self, data):
        if not data:
            return data
        data = bytearray(data)
        kind = self.chance.random()
        at = self.chance.randrange(len(data))
        if kind < 0.5:
            data[at] ^= 1 << self.chance.randrange(8)
        elif kind < 0.7:
            data[at] = self.chance.choice((0, 1, 0x17, 0x18, 0x40, 0x80, 0xA0, 0xF6, 0xFF))
        elif kind < 0.8:
            del data[at:]
        elif kind < 0.9:
            del data[at]
        else:
            data.insert(at, self.chance.randrange(256))
        return bytes(data)

    def bend(self, manifest, members):
        """A change that keeps the encoding right."""
        chance = self.chance
        kind = chance.randrange(9)
        if kind == 0:
            del manifest[chance.choice(list(manifest))]
        elif kind == 1:
            manifest[1] = chance.choice((0, 2, -1, "1"))
        elif kind == 2:
            manifest[chance.choice((0, 5, 6, 10, 12, 15, 17, 18, 24, -1))] = b"\x80"
        elif kind == 3:
            members[chance.choice((FETCH, INSTALL, TEXT, 14, 15, 18))] = cbor2.dumps([14, 15])
        elif kind == 4 and members:
            key = chance.choice(list(members))
            members[key] = self.flip(members[key]) if isinstance(members[key], bytes) else b""
        elif kind == 5:
            manifest[2] = (1 << 64) - 1
        elif kind == 6:
            common = {2: chance.choice(([], [[b"\x00"], [b"\x00"]], [b"\x00"], [[0]],
                                        [[b"%d" % i] for i in range(5)], [[]]))}
            if self.some(0.3):
                common = {1: {0: {}}, 2: [[b"\x00"]]}
            manifest[3] = cbor2.dumps(common)
        elif kind == 7:
            key = chance.choice([k for k in manifest if k in (VALIDATE, LOAD, INVOKE)])
            extra = chance.choice(([31, 15], [19, {21: "x"}], [-300, None], [13, 15], [3, 16],
                                   [20, {4: 1}], [20, {COUNTER: 1}], [20, {13: True}], [20, {}],
                                   [12, 9], [12, []], [12, False], [15, [b"\x80"]], [32, b""],
                                   [20, {3: cbor2.dumps([-44, bytes(64)])}],
                                   [20, {3: cbor2.dumps([-16, bytes(4)])}], [20, {22: 9}]))
            body = cbor2.loads(manifest[key]) + extra
            manifest[key] = cbor2.dumps(body)
        else:
            manifest[INSTALL] = chance.choice(([-44, bytes(64)], [-16, b""], [-16], 5))
        return self.sort(manifest)

    def case(self):
        chance, case = self.chance, Case()
        manifest, members = self.manifest()
        # Half of the cases are mutated, half of those before they are signed.
        fate = chance.random()
        bent, broken, flipped = fate < 0.13, 0.13 <= fate < 0.25, 0.25 <= fate < 0.49
        if bent:
            manifest = self.bend(manifest, members)
        content = cbor2.dumps(manifest)
        if broken:
            content = self.flip(content)
        digest = cbor2.dumps([-16, hashlib.sha256(cbor2.dumps(content)).digest()])
        if self.some(0.01):
            digest = cbor2.dumps([-16, hashlib.sha256(content).digest()])
        narrow = self.count == 1 and b"\x81\x41\x00" in content
        kinds = [chance.choice(("p256", "mac"))]
        if self.some(0.5 if narrow else 0.03):
            kinds = ["ed25519"]
        if self.some(0.15):
            kinds.append(chance.choice(("p256", "ed25519", "mac")))
        if self.some(0.01):
            kinds = []
        wrapper = cbor2.dumps([digest] + [self.block(kind, digest) for kind in kinds])
        envelope = {2: wrapper, 3: content}
        for key in sorted(members, key=cbor2.dumps):
            envelope[key] = members[key]
        case.envelope = cbor2.dumps(cbor2.CBORTag(107, envelope))
        if flipped:
            case.envelope = self.flip(case.envelope)
        case.procedure = chance.choice("ui")
        case.threshold = 2 if len(kinds) > 1 and self.some(0.3) or self.some(0.01) else 1
        case.slot = "".join(chance.choice("00000000001") for _ in range(3))
        case.match = "".join(chance.choice("1" * 40 + "0") for _ in range(3))
        case.content = "".join(chance.choice("1" * 20 + "0") for _ in range(3))
        case.fails = "1" if self.some(0.02) else "0"
        case.fixed = self.some(0.02)
        return case


REASONS = ("ok", "cbor-parse", "cose-unsupported", "alg-unsupported", "unauthorised",
           "command-unsupported", "component-unsupported", "component-unauthorised",
           "parameter-unsupported", "severing-unsupported", "condition-failed",
           "operation-failed")


def main():
    parser = argparse.ArgumentParser(description="compares pawl with a second processor")
    parser.add_argument("probe")
    parser.add_argument("--cases", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print("seed %d, %d cases" % (options.seed, options.cases))
    chance = random.Random(options.seed)
    keys = Keys(chance)
    maker = Maker(chance, keys)
    cases = [maker.case() for _ in range(options.cases)]
    done = subprocess.run([options.probe] + keys.arguments(), text=True,
                          input="".join(case.line() for case in cases),
                          capture_output=True)
    answers = done.stdout.splitlines()
    if done.returncode != 0 or len(answers) != len(cases):
        print("the probe ended with %d after %d cases: %s" % (
            done.returncode, len(answers), done.stderr[-2000:]))
        return 1
    counts, bad = collections.Counter(), 0
    for number, (case, answer) in enumerate(zip(cases, answers)):
        verdict, reason, trace = judge(keys, case)
        counts[reason] += 1
        *seen, got, why = answer.split()
        if (got, why, seen) != (verdict, reason, trace):
            bad += 1
            if bad <= 3:
                print("case %d: %s" % (number, case.line().strip()))
                print("  oracle: %s %s %s" % (verdict, reason, " ".join(trace)))
                print("  pawl:   %s %s %s" % (got, why, " ".join(seen)))
    for reason in REASONS:
        print("%8d %s" % (counts[reason], reason))
    missing = [reason for reason in REASONS if counts[reason] == 0]
    share = 100 * counts["ok"] // max(1, len(cases))
    print("%d of %d differ; %d %% accepted" % (bad, len(cases), share))
    if options.cases >= 10000 and (missing or share < 30):
        print("too narrow: %s, %d %% accepted" % (missing or "every reason", share))
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
