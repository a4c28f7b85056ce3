/* SPDX-License-Identifier: Apache-2.0 */

/* What a factory does to a device: trust, image, and the key last, since a
 * key in a token does not go away with a device that could not be made. */

#include "provision.h"
#include "crypto/crypto.h"
#include "update/record.h"
#include <pawl/identity.h>
#include <pawl/manifest.h>
#include <pawl/pawl.h>
#include <pawl/trust.h>
#include <string.h>

#define CHUNK 4096

static int store_trust(struct pawl_posix_device *device,
                       struct pawl_bytes bytes, struct pawl_trust *trust)
{
    static struct pawl_identity identity;
    enum pawl_status status = pawl_trust_load(trust, bytes);

    if (status != PAWL_OK) {
        return tool_fail_status("the trust document", status);
    }
    status = pawl_identity_open(&identity, &device->port);
    if (status == PAWL_OK) {
        status = pawl_identity_store_trust(&identity, trust);
    }
    return status == PAWL_OK
               ? TOOL_OK
               : tool_fail_status("storing the trust document", status);
}

/* The image as its manifest sees it: the comparison is all that is asked. */
struct candidate {
    struct pawl_bytes component, image;
    bool matched; /* the manifest asked, and it was */
};

static enum pawl_status find(void *ctx, struct pawl_bytes component,
                             uint32_t *handle)
{
    const struct candidate *candidate = ctx;
    bool same =
        component.len == candidate->component.len &&
        memcmp(component.data, candidate->component.data, component.len) == 0;

    *handle = 0;
    return same ? PAWL_OK : PAWL_ERR_NOT_FOUND;
}

static enum pawl_status slot(void *ctx, uint32_t handle, uint64_t *index)
{
    (void)ctx;
    (void)handle;
    *index = 0; /* the factory's image goes into slot A */
    return PAWL_OK;
}

static enum pawl_status image_match(void *ctx, uint32_t handle,
                                    const struct pawl_suit_parameters *p,
                                    enum pawl_verdict *verdict)
{
    struct candidate *candidate = ctx;
    uint8_t digest[PAWL_SHA256_SIZE];
    enum pawl_status status = pawl_sha256(candidate->image, digest);

    (void)handle;
    bool same = status == PAWL_OK && p->size == candidate->image.len &&
                p->digest.len == sizeof digest &&
                memcmp(p->digest.data, digest, sizeof digest) == 0;
    candidate->matched |= same;
    *verdict = same ? PAWL_VERDICT_MATCH : PAWL_VERDICT_DIFFERENT;
    return status;
}

static enum pawl_status invoke(void *ctx, uint32_t handle,
                               const struct pawl_suit_parameters *p)
{
    (void)ctx;
    (void)handle;
    (void)p;
    return PAWL_OK; /* nothing is started here */
}

/* Runs the manifest's own checks: it is for this device, and of this image. */
static int check_image(const struct pawl_posix_device *device,
                       const struct pawl_manifest *manifest,
                       struct pawl_bytes image)
{
    static struct pawl_manifest_process process;
    struct candidate candidate = {device->slots[0].component, image, false};
    const struct pawl_manifest_operations operations = {
        .ctx = &candidate,
        .find = find,
        .slot = slot,
        .image_match = image_match,
        .invoke = invoke,
    };
    const struct pawl_manifest_device who = {
        .vendor_id = PAWL_BYTES(device->product.vendor_id),
        .class_id = PAWL_BYTES(device->product.class_id),
    };
    enum pawl_status status = pawl_manifest_start(
        &process, manifest, PAWL_PROCEDURE_INVOKE, &who, &operations);

    if (status == PAWL_OK) {
        do {
            status = pawl_manifest_step(&process);
        } while (status == PAWL_PENDING);
    }
    if (status == PAWL_OK && !candidate.matched) {
        return tool_fail(TOOL_REFUSED,
                         "the envelope does not say which image it is of");
    }
    if (status != PAWL_OK) {
        return tool_fail(TOOL_REFUSED,
                         "the image and its envelope: %s (%s, %s)",
                         pawl_status_text(status), pawl_status_name(status),
                         pawl_suit_reason_name(
                             pawl_manifest_process_failure(&process)->reason));
    }
    return TOOL_OK;
}

/* Programs an image into an erased region, the last unit filled up. */
static enum pawl_status program(const struct pawl_flash *flash,
                                struct pawl_bytes image)
{
    uint8_t chunk[CHUNK];
    enum pawl_status status = PAWL_OK;

    if (image.len > flash->size) {
        return PAWL_ERR_LIMIT;
    }
    for (size_t at = 0; at < image.len && status == PAWL_OK; at += CHUNK) {
        size_t n = image.len - at < CHUNK ? image.len - at : CHUNK;
        size_t unit = flash->program_size;
        size_t whole = (n + unit - 1) / unit * unit;

        memset(chunk, flash->erased_value, sizeof chunk);
        memcpy(chunk, image.data + at, n);
        status = flash->program(flash->ctx, (uint32_t)at, chunk, whole);
    }
    if (status == PAWL_OK && flash->sync != NULL) {
        status = flash->sync(flash->ctx);
    }
    return status;
}

static int store_image(struct pawl_posix_device *device,
                       const struct pawl_manifest *manifest,
                       struct pawl_bytes image)
{
    uint8_t stored[PAWL_MANIFEST_MAX];
    size_t len = sizeof stored;
    enum pawl_status status = pawl_manifest_store(manifest, stored, &len);

    if (status == PAWL_OK) {
        status = program(device->slots[0].image, image);
    }
    if (status == PAWL_OK) {
        status = pawl_area_write(device->slots[0].manifest,
                                 (struct pawl_bytes){stored, len});
    }
    return status == PAWL_OK ? TOOL_OK
                             : tool_fail_status("storing the image", status);
}

static int store_firmware(struct pawl_posix_device *device,
                          const struct pawl_trust *trust,
                          const struct provision *from)
{
    static struct pawl_manifest manifest;
    const struct pawl_manifest_policy policy = {
        .signers = trust->signers,
        .signer_count = trust->signer_count,
        .threshold = trust->signer_threshold,
    };
    enum pawl_status status =
        pawl_manifest_open(&manifest, tool_bytes(&from->envelope), &policy);

    if (status != PAWL_OK) {
        return tool_fail_status("the envelope", status);
    }
    int code = check_image(device, &manifest, tool_bytes(&from->image));
    return code == TOOL_OK
               ? store_image(device, &manifest, tool_bytes(&from->image))
               : code;
}

/*
 * The IDevID key, made in the device's own key store. A token or a TPM may
 * hold another device's under the same name: that is never replaced. Keys of
 * LDevIDs there are nobody's, and are removed.
 */
static int make_key(const struct pawl_keystore *store)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    enum pawl_status status =
        store->public_key(store->ctx, PAWL_KEY_IDEVID, point);

    if (status == PAWL_OK) {
        return tool_fail(TOOL_REFUSED,
                         "the key store holds an IDevID key already: name "
                         "another object= or handle=, or destroy it");
    }
    if (status == PAWL_ERR_NOT_FOUND) {
        status = store->generate(store->ctx, PAWL_KEY_IDEVID);
    }
    if (status == PAWL_OK) {
        status = store->destroy(store->ctx, PAWL_KEY_LDEVID_A);
    }
    if (status == PAWL_OK) {
        status = store->destroy(store->ctx, PAWL_KEY_LDEVID_B);
    }
    return status == PAWL_OK
               ? TOOL_OK
               : tool_fail_status("making the IDevID key", status);
}

int provision_fill(struct pawl_posix_device *device,
                   const struct provision *from)
{
    static struct pawl_trust trust;
    int code = store_trust(device, tool_bytes(&from->trust), &trust);

    if (code == TOOL_OK) {
        code = store_firmware(device, &trust, from);
    }
    return code == TOOL_OK ? make_key(device->port.keystore) : code;
}
