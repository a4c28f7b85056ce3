#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes trust_documents.h: trust documents for test_trust.c, good and bad.

An implementation of its own of doc/SPEC.md, "Trust document", on cbor2 and
python3-cryptography:

    python3 make_documents.py > trust_documents.h

Keys are derived from small numbers and belong to nobody. ECDSA signatures
differ from run to run.
"""
import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature)

AAD = b"pawl-trust-v1"
ES256, EDDSA, ESP256, ED25519, HMAC = -7, -8, -9, -19, 5


class Key:
    """A root or a signer; alg is the number that its owner writes."""

    def __init__(self, number, alg=ESP256):
        self.alg = alg
        if alg in (ES256, ESP256):
            self.private = ec.derive_private_key(number, ec.SECP256R1())
            self.public = self.private.public_key().public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint)
        else:
            seed = number.to_bytes(32, "big")
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
            self.public = self.private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def item(self):
        return [self.alg, self.public]

    def raw_sign(self, data):
        if self.alg in (ES256, ESP256):
            der = self.private.sign(data, ec.ECDSA(hashes.SHA256()))
            r, s = decode_dss_signature(der)
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(data)

    def sign(self, document, aad=AAD, kid=None, tag=True, payload=None):
        protected = dumps({1: self.alg})
        to_be_signed = dumps(["Signature1", protected, aad, document])
        kid = self.public[-8:] if kid is None else kid
        message = [protected, {4: kid} if kid else {}, payload,
                   self.raw_sign(to_be_signed)]
        return dumps(cbor2.CBORTag(18, message) if tag else message)


def dumps(item):
    return cbor2.dumps(item, canonical=False)


R = [Key(11), Key(12, ES256), Key(13, ED25519)]
N = [Key(21, ED25519), Key(22), Key(23, EDDSA)]
S = [Key(31), Key(32, ED25519), Key(33, ED25519)]
STRANGER = Key(99)


def anchor(mark):
    """Looks like a certificate as far as a trust document is concerned."""
    return bytes([0x30, 0x82, 0x01, 0x00]) + bytes([mark]) * 256


def signer(key, components=((),), retired=False):
    return key.item() + [[list(c) for c in components], retired]


FIRMWARE, MODEM = (b"\0",), (b"\1", b"\2")


def base():
    return {1: 1, 2: 1, 3: 2, 4: [k.item() for k in R], 5: 1,
            6: [signer(S[0], [FIRMWARE]),
                signer(S[1], [(MODEM[0],)]), signer(S[2], retired=True)],
            7: [],
            8: 1700000000, 9: 1900000000}


def with_(changes=None, remove=()):
    fields = base()
    fields.update(changes or {})
    for key in remove:
        del fields[key]
    # Deterministic order: 0, 1, .. before -1, -2, ..
    order = sorted(fields, key=lambda k: (k < 0, abs(k)))
    return dumps({k: fields[k] for k in order})


def envelope(document, *signers, more=()):
    return dumps([document] + [k.sign(document) for k in signers] + list(more))


def signed(changes=None, remove=(), by=None):
    return envelope(with_(changes, remove), *(R[:2] if by is None else by))


documents = {}


def add(name, data):
    assert name not in documents
    documents[name] = data


# Good ones.
FACTORY = with_({7: [[0x09, anchor(0xA1)], [0x06, anchor(0xA2)]]})
add("factory", envelope(FACTORY, R[0], R[1]))
add("signed_by_ed25519", envelope(FACTORY, R[2], R[1]))
add("signed_by_all", envelope(FACTORY, *R))
add("without_dates", signed(remove=(8, 9)))
add("with_an_extension", signed({-7: [1, {2: b"3"}]}))
add("with_a_time", signed({-1: 1600000000}))
add("with_a_role_of_the_future", signed({7: [[0x8001, anchor(1)]]}))
add("one_root", envelope(with_({3: 1, 4: [R[0].item()]}), R[0]))
add("with_a_signature_more", envelope(FACTORY, STRANGER, R[0], R[1]))

# Signatures.
FACTORY = with_()
add("one_signature_short", envelope(FACTORY, R[0]))
add("no_signature", envelope(FACTORY))
add("one_root_twice", envelope(FACTORY, R[0], R[0]))
add("one_root_and_a_stranger", envelope(FACTORY, R[0], STRANGER))
add("a_stranger_with_a_roots_kid",
    envelope(FACTORY, R[0],
             more=[STRANGER.sign(FACTORY, kid=R[1].public[-8:])]))
add("another_aad", envelope(FACTORY, R[0], more=[R[1].sign(FACTORY, aad=b"")]))
add("without_kid", envelope(FACTORY, R[0], more=[R[1].sign(FACTORY, kid=b"")]))
add("without_tag", envelope(FACTORY, R[0], more=[R[1].sign(FACTORY, tag=False)]))
add("attached", envelope(FACTORY, R[0],
                         more=[R[1].sign(FACTORY, payload=FACTORY)]))
add("of_another_document", envelope(FACTORY, R[0],
                                    more=[R[1].sign(with_({2: 2}))]))
add("seventeen_signatures", envelope(FACTORY, *([R[0]] * 17)))

# Structure.
add("empty_array", dumps([]))
add("bytes_behind", envelope(FACTORY, R[0], R[1]) + b"\0")
add("bytes_behind_the_document", envelope(FACTORY + b"\0", R[0], R[1]))
add("not_an_array", dumps({1: FACTORY}))
for field in range(1, 8):
    add("without_field_%d" % field, signed(remove=(field,)))
add("owner_without_a_key", signed({10: []}))
add("owner_without_roles", signed({10: [ED25519, b"k" * 32, 0]}))
add("owner_compressed", signed({10: [ESP256, b"\2" * 33, 6]}))
add("field_of_the_future", signed({11: 0}))
add("format_of_the_future", signed({1: 2}))
wrong_order = dumps({2: 1, 1: 1, **{k: v for k, v in base().items() if k > 2}})
add("fields_out_of_order", envelope(wrong_order, R[0], R[1]))
twice = b"\xaa" + dumps(1) + dumps(1) + FACTORY[1:]
add("field_twice", envelope(twice, R[0], R[1]))
long_head = FACTORY.replace(b"\x02\x01\x03", b"\x02\x18\x01\x03", 1)
add("head_not_shortest", envelope(long_head, R[0], R[1]))
indefinite = b"\xbf" + FACTORY[1:] + b"\xff"
add("indefinite_length", envelope(indefinite, R[0], R[1]))

last_root = with_({4: [k.item() for k in R[:2]]})
wrong_head = last_root.replace(b"\x82\x26\x58", b"\x83\x26\x58", 1)
assert wrong_head != last_root
add("root_that_takes_an_item_of_the_map", envelope(wrong_head, R[0], R[1]))

# Values.
add("version_0", signed({2: 0}))
add("root_threshold_0", signed({3: 0}))
add("root_threshold_4_of_3", signed({3: 4}, by=R))
add("root_threshold_257", signed({3: 257}, by=R))
add("no_root", signed({4: []}))
add("root_twice", signed({4: [R[0].item(), R[1].item(), R[0].item()]}))
add("root_twice_by_two_numbers",
    signed({4: [R[0].item(), R[1].item(), [ES256, R[0].public]]}))
add("nine_roots", signed({4: [Key(100 + i, ED25519).item() for i in range(9)]}))
add("root_of_a_shared_secret", signed({4: [[HMAC, b"k" * 32]]}))
add("root_of_an_unknown_algorithm", signed({4: [[-50, b"k" * 32]]}))
add("root_compressed", signed({4: [[ESP256, b"\2" + R[0].public[1:33]]]}))
add("root_hybrid", signed({4: [[ESP256, b"\6" + R[0].public[1:]]]}))
add("root_of_33_bytes", signed({4: [[ED25519, b"k" * 33]]}))
add("root_with_three_items", signed({4: [R[0].item() + [0]]}))
add("signer_threshold_0", signed({5: 0}))
add("signer_threshold_3_of_2", signed({5: 3}))
add("no_signer", signed({6: []}))
add("all_signers_retired", signed({6: [signer(S[0], retired=True)]}))
add("signer_for_nothing", signed({6: [signer(S[0], [])]}))
add("signer_twice", signed({6: [signer(S[0]), signer(S[0], [FIRMWARE])]}))
add("seventeen_signers",
    signed({6: [signer(Key(200 + i, ED25519)) for i in range(17)]}))
add("thirty_three_prefixes",
    signed({6: [signer(S[0], [(bytes([i]),) for i in range(33)])]}))
add("component_of_numbers", signed({6: [signer(S[0], [(1,)])]}))
add("signer_not_an_array", signed({6: [0]}))
add("retired_is_a_number", signed({6: [S[0].item() + [[[]], 0]]}))
add("anchor_without_role", signed({7: [[0, anchor(1)]]}))
add("anchor_role_too_large", signed({7: [[0x10000, anchor(1)]]}))
add("anchor_twice", signed({7: [[1, anchor(1)], [2, anchor(1)]]}))
add("anchor_not_der", signed({7: [[1, b"\x31" + anchor(1)[1:]]]}))
add("anchor_with_bytes_behind", signed({7: [[1, anchor(1) + b"\0"]]}))
add("nine_anchors", signed({7: [[1, b""]] * 9}))
add("expires_before_issued", signed({8: 1900000000, 9: 1700000000}))
add("issued_negative", signed({8: -1}))
add("time_0", signed({-1: 0}))
add("time_is_text", signed({-1: "now"}))

# Succession: the current one is "factory", version 1.
V2 = with_({2: 2})
add("v2", envelope(V2, R[0], R[2]))
add("v2_one_short", envelope(V2, R[0]))
add("v2_by_a_stranger", envelope(V2, STRANGER, N[0]))
add("v1_again", envelope(with_({8: 1700000001}), R[0], R[1]))
add("v3", envelope(with_({2: 3}), R[0], R[1]))
add("v2_lowers_threshold", envelope(with_({2: 2, 3: 1}), R[0]))
V2_RAISED = with_({2: 2, 3: 3})
add("v2_raises_threshold", envelope(V2_RAISED, *R))
add("v2_raises_threshold_one_short", envelope(V2_RAISED, R[0], R[1]))
V2_NEW = with_({2: 2, 4: [k.item() for k in N]})
add("v2_new_roots", envelope(V2_NEW, R[0], R[1], N[0], N[2]))
add("v2_new_roots_mixed_order", envelope(V2_NEW, N[0], R[0], N[2], R[1]))
add("v2_by_new_roots_only", envelope(V2_NEW, *N))
add("v2_by_old_roots_only", envelope(V2_NEW, *R))
add("v2_one_old_short", envelope(V2_NEW, R[0], N[0], N[2]))
add("v2_one_new_short", envelope(V2_NEW, R[0], R[1], N[0]))
V2_ONE_NEW = with_({2: 2, 4: [N[0].item(), R[1].item(), R[2].item()]})
add("v2_one_root_replaced", envelope(V2_ONE_NEW, R[1], R[2]))
add("v2_one_root_replaced_by_the_revoked", envelope(V2_ONE_NEW, R[0], R[1]))
V3_NEW = with_({2: 3, 4: [k.item() for k in N]})
add("v3_after_new_roots", envelope(V3_NEW, N[1], N[2]))
add("v3_by_the_first_roots", envelope(V3_NEW, R[0], R[1], R[2]))
add("v2_no_signer", envelope(with_({2: 2, 6: [signer(S[0], retired=True)]}),
                             R[0], R[1]))
add("v2_signer_rotated",
    envelope(with_({2: 2, 6: [signer(S[0], [FIRMWARE], True),
                              signer(S[2], [FIRMWARE])]}), R[0], R[1]))


# Rotations in the field, from "factory" on. v2_moves_time is issued later than
# the time that it sets.
add("v2_sets_time", signed({2: 2, -1: 1650000000}))
add("v3_plain", signed({2: 3, 8: 1800000000}))
add("v2_for_another_component",
    signed({2: 2, 6: [signer(S[0], [(b"\7",)])]}))
add("v2_signer_of_ed25519",
    signed({2: 2, 6: [signer(S[1], [FIRMWARE])]}))
add("v2_threshold_2_of_the_firmware_1",
    signed({2: 2, 5: 2, 6: [signer(S[0], [FIRMWARE]),
                            signer(S[1], [(MODEM[0],)])]}))

# The owner: he may add anchors of servers and of downloads.
OWNER, HEIR = Key(41), Key(42, ED25519)
add("owned", envelope(with_({7: [[0x09, anchor(0xA1)]],
                             10: OWNER.item() + [0x06]}), R[0], R[1]))
add("v2_owned", signed({2: 2, 10: OWNER.item() + [0x06]}))
add("v2_owned_less", signed({2: 2, 10: OWNER.item() + [0x02]}))
add("v2_owned_by_another", signed({2: 2, 10: HEIR.item() + [0x06]}))


def says(version=1, anchors=((0x04, 0xB1),), by=OWNER, aad=b"pawl-owner-v1",
         more=None, cut=0, **sign):
    fields = {1: 1, 2: version, 7: [[r, anchor(m)] for r, m in anchors]}
    fields.update(more or {})
    document = dumps({k: fields[k] for k in sorted(fields)})
    return dumps([document, by.sign(document, aad=aad, **sign)])


add("says", says())
add("says_2", says(2, ((0x02, 0xB2), (0x04, 0xB3))))
add("says_3_nothing", says(3, ()))
add("says_a_stranger", says(by=STRANGER))
add("says_a_root", says(by=R[0]))
add("says_as_trust", says(aad=AAD))
add("says_too_much", says(anchors=((0x01, 0xB1),)))
add("says_time", says(anchors=((0x0C, 0xB1),)))
add("says_the_same_anchor", says(anchors=((0x04, 0xA1),)))
add("says_version_0", says(0))
add("says_more", says(more={8: 1}))
add("says_no_anchors", dumps([dumps({1: 1, 2: 1}),
                              OWNER.sign(dumps({1: 1, 2: 1}),
                                         aad=b"pawl-owner-v1")]))
add("says_nine", says(anchors=[(4, i) for i in range(5)]))
add("says_bytes_behind", says() + b"\0")
add("says_unsigned", dumps([cbor2.loads(says())[0]]))
add("says_without_tag", says(tag=False))


def rows(data):
    text = data.hex()
    return ["    \"%s\"" % text[i:i + 72] for i in range(0, len(text), 72)]


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* Written by make_documents.py; hexadecimal. */")
print("/* clang-format off */")
for name, data in documents.items():
    print("static const char %s[] =" % name)
    print("\n".join(rows(data)) + ";")
