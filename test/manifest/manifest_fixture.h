/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_MANIFEST_FIXTURE_H
#define PAWL_TEST_MANIFEST_FIXTURE_H

/*
 * What the tests of manifests share: an assembler for CBOR, envelopes with an
 * authentication code of a known key, and a device that writes down what it
 * is asked for.
 */

#include "base/base.h"
#include "cbor/cbor.h"
#include "crypto/crypto.h"
#include "fake/hex.h"

#include <pawl/manifest.h>
#include <string.h>

#define ROOM 2048

/* Pieces of manifests, for suit() below. */
#define VENDOR "50fa6b4a53d5ad5fdfbe9de663e4d41ffe"
#define CLASS "501492af1425695e48bf429b2d51f2ab45"
#define DEVICE "50d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
#define HASH "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define OTHER_HASH                                                             \
    "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff"
#define DIGEST "(822f5820" HASH ")"
#define OTHER_DIGEST "(822f5820" OTHER_HASH ")"
#define ID0 "814100"
#define ID1 "814101"
#define ID2 "814102"
/* Common parts with one, two and three components. */
#define COMMON1                                                                \
    "01 01 02 05 03 (a2 02 81" ID0 " 04 (86 14a401" VENDOR "02" CLASS          \
    "03" DIGEST "0e187b 010f 020f))"
#define COMMON2                                                                \
    "01 01 02 05 03 (a2 02 82" ID0 ID1 " 04 (88 0c00 14a401" VENDOR "02" CLASS \
    "03" DIGEST "0e187b 010f 020f))"
#define COMMON3 "01 01 02 05 03 (a2 02 83" ID0 ID1 ID2 " 04 (82 0cf5))"
#define VALIDATE "07 (82 030f)"
#define VALIDATE2 "07 (84 0c00 030f)"

/* Assembles hexadecimal text: what stands in brackets is put into a byte
 * string. Returns where the text ends or its bracket closes. */
static inline const char *assemble(const char *text, struct pawl_cbor_out *out)
{
    while (*text != '\0' && *text != ')') {
        if (*text == '(') {
            uint8_t inner[ROOM];
            struct pawl_cbor_out nested;
            pawl_cbor_write(&nested, inner, sizeof inner);
            text = assemble(text + 1, &nested) + 1;
            pawl_cbor_put_bstr(out, (struct pawl_bytes){inner, nested.len});
        } else if (*text == ' ') {
            text++;
        } else {
            char pair[3] = {text[0], text[1], '\0'};
            uint8_t byte[1];
            pawl_cbor_put_raw(out, hex(pair, byte, 1));
            text += 2;
        }
    }
    return text;
}

static inline struct pawl_bytes suit(const char *text, uint8_t buf[ROOM])
{
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, buf, ROOM);
    assemble(text, &out);
    return (struct pawl_bytes){buf, out.len};
}

/* The keys of three signers; the first makes envelopes. */
static const uint8_t mac_keys[3][32] = {{1}, {2}, {3}};
static const uint8_t any_component[] = {0x80};
static const struct pawl_bytes all_components[] = {
    {any_component, sizeof any_component}};

static inline struct pawl_signer mac_signer(size_t which)
{
    struct pawl_signer signer = {
        .key = {PAWL_ALG_HMAC_256, {mac_keys[which], 32}},
        .components = all_components,
        .component_count = 1,
    };
    return signer;
}

/* A COSE_Mac0 over a SUIT_Digest, by one of the keys. */
static inline void put_block(struct pawl_cbor_out *out, size_t which,
                             struct pawl_bytes digest)
{
    uint8_t structure[64];
    uint8_t message[64];
    uint8_t tag[32];
    uint8_t head[16];
    struct pawl_cbor_out text;

    pawl_cbor_write(&text, structure, sizeof structure);
    pawl_cbor_put_raw(&text, hex("84644d41433043a1010540", head, sizeof head));
    pawl_cbor_put_bstr(&text, digest);
    enum pawl_status status =
        pawl_hmac_sha256((struct pawl_bytes){mac_keys[which], 32},
                         (struct pawl_bytes){structure, text.len}, tag);
    if (status != PAWL_OK) {
        memset(tag, 0, sizeof tag);
    }
    pawl_cbor_write(&text, message, sizeof message);
    pawl_cbor_put_raw(&text, hex("d18443a10105a0f6", head, sizeof head));
    pawl_cbor_put_bstr(&text, PAWL_BYTES(tag));
    pawl_cbor_put_bstr(out, (struct pawl_bytes){message, text.len});
}

/* The SUIT_Digest of a bstr that holds content. */
static inline struct pawl_bytes suit_digest(struct pawl_bytes content,
                                            uint8_t buf[36])
{
    uint8_t wrapped[ROOM];
    struct pawl_cbor_out out;

    hex("822f5820", buf, 4);
    pawl_cbor_write(&out, wrapped, sizeof wrapped);
    pawl_cbor_put_bstr(&out, content);
    if (pawl_sha256((struct pawl_bytes){wrapped, out.len}, buf + 4) !=
        PAWL_OK) {
        memset(buf, 0, 36);
    }
    return (struct pawl_bytes){buf, 36};
}

/*
 * An envelope around a manifest, authenticated by those of mac_keys whose bit
 * is set in keys; members is what follows, and pairs how many.
 */
static inline struct pawl_bytes envelope_of(struct pawl_bytes manifest,
                                            unsigned keys, size_t pairs,
                                            struct pawl_bytes members,
                                            uint8_t buf[ROOM])
{
    uint8_t digest_buf[36];
    uint8_t wrapper[512];
    size_t blocks = (keys & 1u) + (keys >> 1 & 1u) + (keys >> 2 & 1u);
    struct pawl_bytes digest = suit_digest(manifest, digest_buf);
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, wrapper, sizeof wrapper);
    pawl_cbor_put_array(&out, 1 + blocks);
    pawl_cbor_put_bstr(&out, digest);
    for (size_t i = 0; i < 3; i++) {
        if ((keys >> i & 1u) != 0) {
            put_block(&out, i, digest);
        }
    }
    struct pawl_bytes wrapped = {wrapper, out.len};
    pawl_cbor_write(&out, buf, ROOM);
    pawl_cbor_put_tag(&out, 107);
    pawl_cbor_put_map(&out, 2 + pairs);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_bstr(&out, wrapped);
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, manifest);
    pawl_cbor_put_raw(&out, members);
    return (struct pawl_bytes){buf, out.len};
}

/* Opens a manifest that suit() assembles, with the first key. */
static inline enum pawl_status open_text(struct pawl_manifest *manifest,
                                         const char *text, uint8_t buf[ROOM])
{
    static struct pawl_signer signer;
    uint8_t content[ROOM];
    struct pawl_manifest_policy policy = {.signers = &signer,
                                          .signer_count = 1};

    signer = mac_signer(0);
    return pawl_manifest_open(
        manifest, envelope_of(suit(text, content), 1, 0, PAWL_NO_BYTES, buf),
        &policy);
}

/* A device that answers as it is told, and keeps a log: one letter for each
 * operation and a digit for the component, "f0" for a fetch into 0. */
struct fake_device {
    char log[128];
    size_t log_len;
    char traced[256];
    size_t traced_len;
    size_t components;
    uint64_t slot[4];
    enum pawl_verdict match[4];   /* of image-match */
    enum pawl_verdict content[4]; /* of check-content */
    unsigned pending;             /* each operation says so this often */
    unsigned pending_left;
    enum pawl_status answer; /* of fetch, write, copy and invoke */
    struct pawl_bytes payload;
    struct pawl_suit_parameters seen;
};

static inline void log_call(struct fake_device *device, char what,
                            uint32_t handle)
{
    if (device->log_len + 3 < sizeof device->log) {
        device->log[device->log_len++] = what;
        device->log[device->log_len++] = (char)('0' + handle);
        device->log[device->log_len] = '\0';
    }
}

/* PAWL_PENDING as often as it was asked for, before the first answer. */
static inline bool is_pending(struct fake_device *device)
{
    if (device->pending_left > 0) {
        device->pending_left--;
        return true;
    }
    device->pending_left = device->pending;
    return false;
}

static inline enum pawl_status fake_find(void *ctx, struct pawl_bytes id,
                                         uint32_t *handle)
{
    struct fake_device *device = ctx;

    if (id.len == 3 && id.data[2] < device->components) {
        *handle = id.data[2];
        return PAWL_OK;
    }
    return PAWL_ERR_NOT_FOUND;
}

static inline enum pawl_status fake_slot(void *ctx, uint32_t handle,
                                         uint64_t *slot)
{
    struct fake_device *device = ctx;

    log_call(device, 's', handle);
    *slot = device->slot[handle];
    return PAWL_OK;
}

static inline enum pawl_status fake_match(void *ctx, uint32_t handle,
                                          const struct pawl_suit_parameters *p,
                                          enum pawl_verdict *verdict)
{
    struct fake_device *device = ctx;

    if (is_pending(device)) {
        return PAWL_PENDING;
    }
    log_call(device, 'm', handle);
    device->seen = *p;
    *verdict = device->match[handle];
    return PAWL_OK;
}

static inline enum pawl_status
fake_check_content(void *ctx, uint32_t handle,
                   const struct pawl_suit_parameters *p,
                   enum pawl_verdict *verdict)
{
    struct fake_device *device = ctx;

    if (is_pending(device)) {
        return PAWL_PENDING;
    }
    log_call(device, 'k', handle);
    device->seen = *p;
    *verdict = device->content[handle];
    return PAWL_OK;
}

static inline enum pawl_status fake_act(struct fake_device *device, char what,
                                        uint32_t handle,
                                        const struct pawl_suit_parameters *p)
{
    if (is_pending(device)) {
        return PAWL_PENDING;
    }
    log_call(device, what, handle);
    device->seen = *p;
    return device->answer;
}

static inline enum pawl_status fake_fetch(void *ctx, uint32_t handle,
                                          const struct pawl_suit_parameters *p,
                                          struct pawl_bytes payload)
{
    struct fake_device *device = ctx;

    device->payload = payload;
    return fake_act(device, 'f', handle, p);
}

static inline enum pawl_status fake_write(void *ctx, uint32_t handle,
                                          const struct pawl_suit_parameters *p)
{
    return fake_act(ctx, 'w', handle, p);
}

static inline enum pawl_status fake_copy(void *ctx, uint32_t handle,
                                         uint32_t source,
                                         const struct pawl_suit_parameters *p)
{
    struct fake_device *device = ctx;

    enum pawl_status status = fake_act(device, 'c', handle, p);
    if (status != PAWL_PENDING) {
        log_call(device, '<', source);
    }
    return status;
}

static inline enum pawl_status fake_invoke(void *ctx, uint32_t handle,
                                           const struct pawl_suit_parameters *p)
{
    return fake_act(ctx, 'i', handle, p);
}

static inline int32_t fake_last_error(void *ctx)
{
    (void)ctx;
    return 4711;
}

/* Commands as they end: ":20" each, and "!" after one that failed. */
static inline void fake_trace(void *ctx, enum pawl_suit_section section,
                              size_t offset, int64_t command, size_t component,
                              enum pawl_status result)
{
    struct fake_device *device = ctx;

    (void)section;
    (void)offset;
    (void)component;
    if (device->traced_len + 5 < sizeof device->traced) {
        char *at = device->traced + device->traced_len;
        *at++ = ':';
        if (command > 9) {
            *at++ = (char)('0' + command / 10);
        }
        *at++ = (char)('0' + command % 10);
        if (result != PAWL_OK) {
            *at++ = '!';
        }
        *at = '\0';
        device->traced_len = (size_t)(at - device->traced);
    }
}

static inline struct pawl_manifest_operations
fake_operations(struct fake_device *device)
{
    struct pawl_manifest_operations operations = {
        .ctx = device,
        .find = fake_find,
        .slot = fake_slot,
        .image_match = fake_match,
        .check_content = fake_check_content,
        .fetch = fake_fetch,
        .write = fake_write,
        .copy = fake_copy,
        .invoke = fake_invoke,
        .last_error = fake_last_error,
        .trace = fake_trace,
    };
    return operations;
}

/* Everything matches, three components, slot 0. */
static inline void given_device(struct fake_device *device)
{
    memset(device, 0, sizeof *device);
    device->components = 3;
    for (size_t i = 0; i < 4; i++) {
        device->match[i] = PAWL_VERDICT_MATCH;
        device->content[i] = PAWL_VERDICT_MATCH;
    }
}

/* Who the device is, as the published examples want it. */
static inline const struct pawl_manifest_device *example_identity(void)
{
    static uint8_t ids[3][16];
    static struct pawl_manifest_device identity;

    hex("fa6b4a53d5ad5fdfbe9de663e4d41ffe", ids[0], 16);
    hex("1492af1425695e48bf429b2d51f2ab45", ids[1], 16);
    hex("d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", ids[2], 16);
    identity.vendor_id = (struct pawl_bytes){ids[0], 16};
    identity.class_id = (struct pawl_bytes){ids[1], 16};
    identity.device_id = (struct pawl_bytes){ids[2], 16};
    return &identity;
}

/* Runs to the end, within a number of steps that is enough. */
static inline enum pawl_status run_to_end(struct pawl_manifest_process *process)
{
    enum pawl_status status = PAWL_PENDING;

    for (unsigned i = 0; i < 1000 && status == PAWL_PENDING; i++) {
        status = pawl_manifest_step(process);
    }
    return status;
}

#endif
