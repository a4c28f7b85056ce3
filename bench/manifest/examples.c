/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_manifest.h"

#include <pawl/manifest.h>
#include <string.h>

#define ENVELOPE_MAX 512
#define DIGEST_AT 13 /* of the digest's 32 bytes, in both envelopes */

/* draft-ietf-suit-manifest-37, appendix B: the key and the two envelopes. */
static const char example_point[] =
    "048496811aae0baaabd26157189eecda26beaa8bf11b6f3fe6e2b5659c85dbc0ad"
    "3b1f2a4b6c098131c0a36dacd1d78bd381dcdfb09c052db33991db7338b4a896";

static const char *const envelopes[BENCH_EXAMPLES] = {
    "d86ba2025873825824822f58206658ea560262696dd1f13b782239a064da7c6c5c"
    "baf52fded428a6fc83c7e5af584ad28443a10126a0f65840408d0816f9b510749b"
    "f6a51b066951e08a4438f849eb092a1ac768eed9de696c1b1dd35d82ef149e6a73"
    "a61976ad2cfe78444b8064293350a122f332cb49f0da035871a50101020003585f"
    "a202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe025014"
    "92af1425695e48bf429b2d51f2ab45035824822f582000112233445566778899aa"
    "bbccddeeff0123456789abcdeffedcba98765432100e1987d0010f020f07438203"
    "0f0943821702",

    "d86ba2025873825824822f58201f2e7acca0dc2786f2fe4eb947f50873a6a3cfaa"
    "98866c5b02e621f42074daf2584ad28443a10126a0f6584027a3d7986eddcc1bee"
    "04e1436746408c308ed3c15ac590a1ca0cf96f85671ccac216cb9a1497fc59e21c"
    "15f33c95cf75203e25c287b31a57d6cd2ef950b27a7a035894a50101020103585f"
    "a202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe025014"
    "92af1425695e48bf429b2d51f2ab45035824822f582000112233445566778899aa"
    "bbccddeeff0123456789abcdeffedcba98765432100e1987d0010f020f07438203"
    "0f1458258614a115781b687474703a2f2f6578616d706c652e636f6d2f66696c65"
    "2e62696e1502030f",
};

static const enum pawl_procedure procedures[BENCH_EXAMPLES] = {
    PAWL_PROCEDURE_INVOKE, PAWL_PROCEDURE_UPDATE};

/* What each example must have asked of the device, else it was not run. */
static const char *const expected[BENCH_EXAMPLES] = {"mi", "fmm"};

static const uint8_t vendor_id[] = {0xfa, 0x6b, 0x4a, 0x53, 0xd5, 0xad,
                                    0x5f, 0xdf, 0xbe, 0x9d, 0xe6, 0x63,
                                    0xe4, 0xd4, 0x1f, 0xfe};
static const uint8_t class_id[] = {0x14, 0x92, 0xaf, 0x14, 0x25, 0x69,
                                   0x5e, 0x48, 0xbf, 0x42, 0x9b, 0x2d,
                                   0x51, 0xf2, 0xab, 0x45};
static const uint8_t any_component[] = {0x80};

static struct pawl_manifest manifest;
static struct pawl_manifest_process process;
static struct pawl_signer signer;
static struct pawl_manifest_policy policy;
static struct pawl_bytes component;
static uint8_t point[65];
static uint8_t buf[ENVELOPE_MAX];
static struct pawl_bytes envelope;
static unsigned example;
static char asked[8];
static size_t asked_len;

struct pawl_bytes bench_digest;

/* ---- a device with one component that answers at once ---- */

static void ask(char what)
{
    if (asked_len < sizeof asked - 1) {
        asked[asked_len++] = what;
    }
}

static enum pawl_status find(void *ctx, struct pawl_bytes id, uint32_t *handle)
{
    (void)ctx;
    (void)id;
    *handle = 0;
    return PAWL_OK;
}

static enum pawl_status slot(void *ctx, uint32_t handle, uint64_t *number)
{
    (void)ctx;
    (void)handle;
    *number = 0;
    return PAWL_OK;
}

static enum pawl_status image_match(void *ctx, uint32_t handle,
                                    const struct pawl_suit_parameters *p,
                                    enum pawl_verdict *verdict)
{
    (void)ctx;
    (void)handle;
    (void)p;
    ask('m');
    *verdict = PAWL_VERDICT_MATCH;
    return PAWL_OK;
}

static enum pawl_status fetch(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              struct pawl_bytes payload)
{
    (void)ctx;
    (void)handle;
    (void)p;
    (void)payload;
    ask('f');
    return PAWL_OK;
}

static enum pawl_status invoke(void *ctx, uint32_t handle,
                               const struct pawl_suit_parameters *p)
{
    (void)ctx;
    (void)handle;
    (void)p;
    ask('i');
    return PAWL_OK;
}

static const struct pawl_manifest_operations operations = {
    .find = find,
    .slot = slot,
    .image_match = image_match,
    .fetch = fetch,
    .invoke = invoke,
};
static const struct pawl_manifest_device device = {
    .vendor_id = {vendor_id, sizeof vendor_id},
    .class_id = {class_id, sizeof class_id},
};

/* ---- the cases ---- */

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct pawl_bytes decode(const char *text, uint8_t *out)
{
    size_t len = strlen(text) / 2;

    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return (struct pawl_bytes){out, len};
}

void bench_prepare(unsigned which)
{
    example = which;
    envelope = decode(envelopes[example], buf);
    bench_digest = (struct pawl_bytes){buf + DIGEST_AT, 32};
    component = (struct pawl_bytes){any_component, sizeof any_component};
    signer = (struct pawl_signer){
        .key = {PAWL_ALG_ESP256, decode(example_point, point)},
        .components = &component,
        .component_count = 1,
    };
    policy =
        (struct pawl_manifest_policy){.signers = &signer, .signer_count = 1};
    memset(asked, 0, sizeof asked);
    asked_len = 0;
}

enum pawl_status bench_run(void)
{
    enum pawl_status status = pawl_manifest_open(&manifest, envelope, &policy);

    if (status == PAWL_OK) {
        status = pawl_manifest_start(&process, &manifest, procedures[example],
                                     &device, &operations);
    }
    if (status == PAWL_OK) {
        do {
            status = pawl_manifest_step(&process);
        } while (status == PAWL_PENDING);
    }
    return status;
}

bool bench_ran_as_expected(void)
{
    return strcmp(asked, expected[example]) == 0;
}

uint32_t bench_manifest_size(void)
{
    return (uint32_t)sizeof manifest;
}

uint32_t bench_process_size(void)
{
    return (uint32_t)sizeof process;
}
