/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: the processor, on any manifest that somebody has signed. Input:
 * two bytes of the device's answers, the manifest's length in two more, how
 * many members follow, the manifest, the members. It ends within a bounded
 * number of steps, and nothing is asked of the device before the dry run has
 * passed.
 */
#include "fuzz/fuzz.h"
#include "manifest/manifest_internal.h"

#include <string.h>

#define FRONT 5
#define STEPS_MAX 100000

static struct {
    uint16_t answers; /* shifted right, one bit for each question */
    bool started;
    unsigned calls;
    struct pawl_bytes envelope;
} device;

/* The next answer of the device; all is well when they are used up. */
static bool answer(void)
{
    bool bit = (device.answers & 1) != 0;

    device.answers = (uint16_t)(device.answers >> 1);
    device.calls++;
    must(device.started);
    return bit;
}

static enum pawl_status find(void *ctx, struct pawl_bytes component,
                             uint32_t *handle)
{
    (void)ctx;
    must_be_inside(component, device.envelope);
    *handle = 7;
    return component.len > 8 ? PAWL_ERR_NOT_FOUND : PAWL_OK;
}

static enum pawl_status slot(void *ctx, uint32_t handle, uint64_t *out)
{
    (void)ctx;
    must(handle == 7);
    *out = answer() ? 1 : 0;
    return PAWL_OK;
}

static void check_parameters(const struct pawl_suit_parameters *p)
{
    must_be_inside(p->vendor_id, device.envelope);
    must_be_inside(p->class_id, device.envelope);
    must_be_inside(p->device_id, device.envelope);
    must_be_inside(p->digest, device.envelope);
    must_be_inside(p->uri, device.envelope);
    must_be_inside(p->content, device.envelope);
    must_be_inside(p->invoke_arguments, device.envelope);
    must_be_inside(p->fetch_arguments, device.envelope);
    must((p->set >> 3 & 1) == (p->digest.len == 32));
}

static enum pawl_status compare(void *ctx, uint32_t handle,
                                const struct pawl_suit_parameters *p,
                                enum pawl_verdict *verdict)
{
    (void)ctx;
    must(handle == 7);
    check_parameters(p);
    if (answer()) {
        return answer() ? PAWL_PENDING : PAWL_ERR_IO;
    }
    *verdict = answer() ? PAWL_VERDICT_DIFFERENT : PAWL_VERDICT_MATCH;
    return PAWL_OK;
}

static enum pawl_status act(void *ctx, uint32_t handle,
                            const struct pawl_suit_parameters *p)
{
    (void)ctx;
    must(handle == 7);
    check_parameters(p);
    return answer() ? (answer() ? PAWL_PENDING : PAWL_ERR_IO) : PAWL_OK;
}

static enum pawl_status fetch(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              struct pawl_bytes payload)
{
    must_be_inside(payload, device.envelope);
    must((p->set >> 21 & 1) != 0);
    return act(ctx, handle, p);
}

static enum pawl_status copy(void *ctx, uint32_t handle, uint32_t source,
                             const struct pawl_suit_parameters *p)
{
    must(source == 7 && (p->set >> 22 & 1) != 0);
    return act(ctx, handle, p);
}

static void trace(void *ctx, enum pawl_suit_section section, size_t offset,
                  int64_t command, size_t component, enum pawl_status result)
{
    (void)ctx;
    (void)section;
    must(device.started && result != PAWL_PENDING);
    must(offset < device.envelope.len && command > 0 && command < 33);
    must(component < PAWL_COMPONENT_MAX);
}

static int32_t last_error(void *ctx)
{
    (void)ctx;
    return 1;
}

/* Puts an envelope around the manifest that fuzz_crypto.c verifies. */
static struct pawl_bytes wrap(struct pawl_bytes content, uint8_t pairs,
                              struct pawl_bytes members)
{
    static uint8_t buf[8192];
    static const uint8_t block[] = {0x58, 0x2A, 0xD1, 0x84, 0x43, 0xA1,
                                    0x01, 0x05, 0xA0, 0xF6, 0x58, 0x20};
    static const uint8_t digest[] = {0x58, 0x24, 0x82, 0x2F, 0x58, 0x20};
    uint8_t hash[32];
    uint8_t tag[32];
    struct pawl_cbor_out out;
    struct pawl_bytes whole;

    pawl_cbor_write(&out, NULL, 0);
    pawl_cbor_put_bstr_head(&out, content.len);
    memset(hash, (int)((out.len + content.len) & 0xFF), sizeof hash);
    memset(tag, 0x5A, sizeof tag);
    pawl_cbor_write(&out, buf, sizeof buf);
    pawl_cbor_put_tag(&out, 107);
    pawl_cbor_put_map(&out, 2 + (size_t)pairs);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_bstr_head(&out, 1 + sizeof digest + 32 + sizeof block + 32);
    pawl_cbor_put_array(&out, 2);
    pawl_cbor_put_raw(&out, PAWL_BYTES(digest));
    pawl_cbor_put_raw(&out, PAWL_BYTES(hash));
    pawl_cbor_put_raw(&out, PAWL_BYTES(block));
    pawl_cbor_put_raw(&out, PAWL_BYTES(tag));
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, content);
    pawl_cbor_put_raw(&out, members);
    must(pawl_cbor_written(&out, &whole) == PAWL_OK);
    return whole;
}

static void run(const struct pawl_manifest *manifest,
                enum pawl_procedure procedure, uint8_t flags)
{
    /* Those of the published examples and of the unit tests. */
    static const uint8_t vendor[] = {0xFA, 0x6B, 0x4A, 0x53, 0xD5, 0xAD,
                                     0x5F, 0xDF, 0xBE, 0x9D, 0xE6, 0x63,
                                     0xE4, 0xD4, 0x1F, 0xFE};
    static const uint8_t class[] = {0x14, 0x92, 0xAF, 0x14, 0x25, 0x69,
                                    0x5E, 0x48, 0xBF, 0x42, 0x9B, 0x2D,
                                    0x51, 0xF2, 0xAB, 0x45};
    const struct pawl_manifest_device identity = {
        PAWL_BYTES(vendor), PAWL_BYTES(class), PAWL_NO_BYTES};
    const struct pawl_manifest_operations operations = {
        .find = find,
        .slot = slot,
        .image_match = compare,
        .check_content = compare,
        .fetch = fetch,
        .write = act,
        .copy = copy,
        .invoke = act,
        .trace = trace,
        .fixed = (flags & 0x80) != 0,
    };
    struct pawl_manifest_operations few = operations;
    static struct pawl_manifest_process process;

    if ((flags & 0x40) != 0) { /* a device that can do less */
        few.fetch = NULL;
        few.check_content = NULL;
        few.trace = NULL;
    }
    if ((flags & 0x20) != 0) {
        few.write = NULL;
        few.last_error = last_error;
    }
    if ((flags & 0x10) != 0) {
        uint8_t report[256];
        size_t len = sizeof report;
        must(pawl_manifest_capabilities(manifest->components, 1, &few, report,
                                        &len) == PAWL_OK ||
             manifest->components[0].len > 100);
    }
    enum pawl_status status =
        pawl_manifest_start(&process, manifest, procedure, &identity, &few);

    must(device.calls == 0);
    device.started = status == PAWL_OK;
    for (unsigned i = 0; status == PAWL_OK || status == PAWL_PENDING; i++) {
        must(i < STEPS_MAX);
        status = pawl_manifest_step(&process);
        if (status == PAWL_OK) {
            must(process.failure.status == PAWL_OK);
            return;
        }
    }
    must(process.failure.status == status);
    must(process.failure.reason != PAWL_SUIT_OK);
    must(pawl_manifest_step(&process) == status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct pawl_manifest_process unopened;
    struct pawl_manifest manifest;
    struct pawl_signer signer = fuzz_signer(PAWL_ALG_HMAC_256);
    const struct pawl_manifest_policy policy = {.signers = &signer,
                                                .signer_count = 1};

    if (len < FRONT || len > 4096) {
        return 0;
    }
    size_t size = (size_t)data[2] << 8 | data[3];
    size = size < len - FRONT ? size : len - FRONT;
    device.envelope =
        wrap((struct pawl_bytes){data + FRONT, size}, data[4] & 7,
             (struct pawl_bytes){data + FRONT + size, len - FRONT - size});
    if (pawl_manifest_open(&manifest, device.envelope, &policy) != PAWL_OK) {
        return 0;
    }
    must(pawl_manifest_parameters(&unopened, 0) == NULL);
    for (unsigned i = 0; i < 2; i++) {
        device.answers = (uint16_t)(data[0] << 8 | data[1]);
        device.calls = 0;
        device.started = false;
        run(&manifest, (enum pawl_procedure)i, data[4]);
    }
    return 0;
}
