# SPDX-License-Identifier: Apache-2.0
"""An envelope for images that are linked for their slot: the shared sequence
tries both slots and takes digest and size of the one that it is, the install
sequence takes the URI (draft-ietf-suit-manifest, example 3)."""
import hashlib

import cbor2

SEQUENCE, COMMON, SHARED, COMPONENTS = 2, 3, 4, 2
VALIDATE, INVOKE, INSTALL = 7, 9, 20
VENDOR, CLASS, IMAGE_MATCH, SLOT, TRY_EACH = 1, 2, 3, 5, 15
OVERRIDE, FETCH, RUN = 20, 21, 23
P_VENDOR, P_CLASS, P_DIGEST, P_SLOT, P_SIZE, P_URI = 1, 2, 3, 5, 14, 21
P_COUNTER = -257
SHA256 = -16
ALL, FAILURE = 15, 2


def wrap(value):
    return cbor2.dumps(value)


def digest(data):
    return [SHA256, hashlib.sha256(data).digest()]


def envelope(sequence, vendor, class_id, images, uris, counter=None):
    """images: the bytes linked for slot A and for slot B; unsigned."""
    who = {P_VENDOR: vendor.bytes, P_CLASS: class_id.bytes}
    if counter:
        who[P_COUNTER] = counter
    by_slot = [wrap([OVERRIDE, {P_SLOT: slot}, SLOT, FAILURE,
                     OVERRIDE, {P_DIGEST: wrap(digest(image)),
                                P_SIZE: len(image)}])
               for slot, image in enumerate(images)]
    uri_by_slot = [wrap([OVERRIDE, {P_SLOT: slot}, SLOT, FAILURE,
                         OVERRIDE, {P_URI: uri}])
                   for slot, uri in enumerate(uris)]
    shared = [OVERRIDE, who, VENDOR, ALL, CLASS, ALL, TRY_EACH, by_slot]
    manifest = wrap({
        1: 1, SEQUENCE: sequence,
        COMMON: wrap({COMPONENTS: [[b"\x00"]], SHARED: wrap(shared)}),
        VALIDATE: wrap([IMAGE_MATCH, ALL]),
        INVOKE: wrap([RUN, FAILURE]),
        INSTALL: wrap([TRY_EACH, uri_by_slot, FETCH, FAILURE,
                       IMAGE_MATCH, ALL])})
    wrapper = wrap([wrap(digest(wrap(manifest)))])
    return wrap(cbor2.CBORTag(107, {2: wrapper, 3: manifest}))
