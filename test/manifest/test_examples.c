/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The published examples: draft-ietf-suit-manifest-37, appendix B. Examples 0
 * and 1 stand here; the others are read from PAWL_VECTORS, or from
 * ../shared/vectors beside the project, and passed over where they are not.
 */

/* Appendix B: the examples' public key. */
static const char example_point[] =
    "048496811aae0baaabd26157189eecda26beaa8bf11b6f3fe6e2b5659c85dbc0ad"
    "3b1f2a4b6c098131c0a36dacd1d78bd381dcdfb09c052db33991db7338b4a896";

static const char example_0[] =
    "d86ba2025873825824822f58206658ea560262696dd1f13b782239a064da7c6c5c"
    "baf52fded428a6fc83c7e5af584ad28443a10126a0f65840408d0816f9b510749b"
    "f6a51b066951e08a4438f849eb092a1ac768eed9de696c1b1dd35d82ef149e6a73"
    "a61976ad2cfe78444b8064293350a122f332cb49f0da035871a50101020003585f"
    "a202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe025014"
    "92af1425695e48bf429b2d51f2ab45035824822f582000112233445566778899aa"
    "bbccddeeff0123456789abcdeffedcba98765432100e1987d0010f020f07438203"
    "0f0943821702";

static const char example_1[] =
    "d86ba2025873825824822f58201f2e7acca0dc2786f2fe4eb947f50873a6a3cfaa"
    "98866c5b02e621f42074daf2584ad28443a10126a0f6584027a3d7986eddcc1bee"
    "04e1436746408c308ed3c15ac590a1ca0cf96f85671ccac216cb9a1497fc59e21c"
    "15f33c95cf75203e25c287b31a57d6cd2ef950b27a7a035894a50101020103585f"
    "a202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe025014"
    "92af1425695e48bf429b2d51f2ab45035824822f582000112233445566778899aa"
    "bbccddeeff0123456789abcdeffedcba98765432100e1987d0010f020f07438203"
    "0f1458258614a115781b687474703a2f2f6578616d706c652e636f6d2f66696c65"
    "2e62696e1502030f";

static struct fake_device device;
static struct pawl_manifest manifest;
static struct pawl_manifest_process process;
static struct pawl_manifest_operations operations;
static struct pawl_signer signer;
static struct pawl_manifest_policy policy;
static uint8_t point[65];
static uint8_t bytes[ROOM];

static void given_example_key(void)
{
    memset(&policy, 0, sizeof policy);
    signer = mac_signer(0);
    signer.key.algorithm = PAWL_ALG_ESP256;
    signer.key.bytes = hex(example_point, point, sizeof point);
    policy.signers = &signer;
    policy.signer_count = 1;
    given_device(&device);
    operations = fake_operations(&device);
}

/* Reads one of the examples; empty if it is not there. */
static struct pawl_bytes vector(const char *name)
{
    const char *folder = getenv("PAWL_VECTORS");
    char path[1024];

    (void)snprintf(
        path, sizeof path, "%s/suit/%s",
        folder != NULL ? folder : PAWL_TEST_DIR "/../../shared/vectors", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "skipped: no %s\n", path);
        return PAWL_NO_BYTES;
    }
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    return (struct pawl_bytes){bytes, len};
}

static enum pawl_status run(enum pawl_procedure procedure)
{
    device.log_len = 0;
    device.log[0] = '\0';
    enum pawl_status status = pawl_manifest_start(
        &process, &manifest, procedure, example_identity(), &operations);
    return status == PAWL_OK ? run_to_end(&process) : status;
}

static bool logged(const char *expected)
{
    return strcmp(device.log, expected) == 0;
}

static void example_0_boots_securely(void)
{
    given_example_key();
    CHECK_EQ(
        pawl_manifest_open(&manifest, hex(example_0, bytes, ROOM), &policy),
        PAWL_OK);
    CHECK_EQ(manifest.sequence, 0);
    CHECK_EQ(manifest.signers, 1);
    CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
    CHECK(logged("m0i0"));
    CHECK_EQ(device.seen.size, 34768);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
}

static void example_1_downloads_and_installs(void)
{
    given_example_key();
    CHECK_EQ(
        pawl_manifest_open(&manifest, hex(example_1, bytes, ROOM), &policy),
        PAWL_OK);
    CHECK_EQ(manifest.sequence, 1);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0m0m0"));
    CHECK_EQ(device.seen.uri.len, 27);
    CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
    CHECK(logged("m0"));
}

static void every_example_processes_as_the_draft_says(void)
{
    static const struct {
        const char *name;
        const char *update;
        const char *invoke;
        uint64_t slot;
    } rows[] = {
        {"manifest37-ex0-signed.suit", "m0", "m0i0", 0},
        {"manifest37-ex1-signed.suit", "f0m0m0", "m0", 0},
        {"manifest37-ex2-signed-with-severables.suit", "f0m0m0", "m0i0", 0},
        {"manifest37-ex3-signed.suit", "s0s0f0m0s0m0", "s0m0", 0},
        {"manifest37-ex3-signed.suit", "s0s0s0s0f0m0s0s0m0", "s0s0m0", 1},
        {"manifest37-ex4-signed.suit", "f2m2c0<2m0m0", "m0c1<0m1i1", 0},
        {"manifest37-ex5-signed.suit", "f0m0f1m1m0m1", "m0m1i0", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given_example_key();
        device.slot[0] = rows[i].slot;
        struct pawl_bytes whole = vector(rows[i].name);
        if (whole.len == 0) {
            continue;
        }
        CHECK_EQ(pawl_manifest_open(&manifest, whole, &policy), PAWL_OK);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
        CHECK(logged(rows[i].update));
        CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
        CHECK(logged(rows[i].invoke));
        for (size_t len = 0; len < whole.len; len += 1 + len / 64) {
            CHECK(pawl_manifest_open(&manifest,
                                     (struct pawl_bytes){whole.data, len},
                                     &policy) != PAWL_OK);
        }
    }
}

static void example_3_takes_the_digest_of_the_slot(void)
{
    for (uint64_t slot = 0; slot < 3; slot++) {
        given_example_key();
        struct pawl_bytes whole = vector("manifest37-ex3-signed.suit");
        if (whole.len == 0) {
            return;
        }
        operations.fixed = true;
        device.slot[0] = slot;
        CHECK_EQ(pawl_manifest_open(&manifest, whole, &policy), PAWL_OK);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE),
                 slot < 2 ? PAWL_OK : PAWL_ERR_CONDITION);
        CHECK(slot == 2 || device.seen.digest.data[0] == slot);
        CHECK(slot == 2 || device.seen.uri.data[23] == '1' + (char)slot);
    }
}

static void the_severed_example_boots_and_does_not_update(void)
{
    given_example_key();
    struct pawl_bytes whole = vector("manifest37-ex2-signed-severed.suit");
    if (whole.len == 0) {
        return;
    }
    CHECK_EQ(pawl_manifest_open_stored(&manifest, whole, &policy), PAWL_OK);
    CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
    CHECK(logged("m0i0"));
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_NOT_FOUND);
}

static void the_unsigned_examples_are_refused(void)
{
    static const char *const names[] = {
        "manifest37-ex0-unsigned.suit",         "manifest37-ex1-unsigned.suit",
        "manifest37-ex2-unsigned-severed.suit", "manifest37-ex3-unsigned.suit",
        "manifest37-ex4-unsigned.suit",         "manifest37-ex5-unsigned.suit"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        given_example_key();
        struct pawl_bytes whole = vector(names[i]);
        if (whole.len != 0) {
            CHECK_EQ(pawl_manifest_open(&manifest, whole, &policy),
                     PAWL_ERR_UNTRUSTED);
        }
    }
}

/* A copy of exactly len bytes, so that a sanitizer sees each byte beyond. */
static enum pawl_status open_exactly(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);

    if (copy == NULL) {
        return PAWL_ERR_NO_MEMORY;
    }
    memcpy(copy, data, len);
    enum pawl_status status =
        pawl_manifest_open(&manifest, (struct pawl_bytes){copy, len}, &policy);
    free(copy);
    return status;
}

static void no_truncation_opens(void)
{
    static const char *const examples[] = {example_0, example_1};

    for (size_t e = 0; e < 2; e++) {
        given_example_key();
        struct pawl_bytes whole = hex(examples[e], bytes, ROOM);
        for (size_t len = 0; len < whole.len; len++) {
            CHECK(open_exactly(whole.data, len) != PAWL_OK);
            CHECK(pawl_manifest_failure(&manifest)->reason != PAWL_SUIT_OK);
            CHECK_EQ(manifest.authentic, 0);
        }
        CHECK_EQ(open_exactly(whole.data, whole.len), PAWL_OK);
        bytes[whole.len] = 0;
        CHECK(open_exactly(whole.data, whole.len + 1) != PAWL_OK);
    }
}

/* Of an envelope every bit is authenticated or structure. Flips in the
 * manifest itself are reported as such: nothing of it was parsed. */
static void no_flipped_bit_opens(void)
{
    static const char *const examples[] = {example_0, example_1};

    for (size_t e = 0; e < 2; e++) {
        given_example_key();
        struct pawl_bytes whole = hex(examples[e], bytes, ROOM);
        for (size_t bit = 0; bit < 8 * whole.len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(pawl_manifest_open(&manifest, whole, &policy) != PAWL_OK);
            enum pawl_suit_reason reason =
                pawl_manifest_failure(&manifest)->reason;
            CHECK(reason != PAWL_SUIT_OK);
            CHECK(bit / 8 < 124 || reason == PAWL_SUIT_UNAUTHORISED);
            CHECK_EQ(manifest.component_count, 0);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(example_0_boots_securely),
    CHECK_TEST(example_1_downloads_and_installs),
    CHECK_TEST(every_example_processes_as_the_draft_says),
    CHECK_TEST(example_3_takes_the_digest_of_the_slot),
    CHECK_TEST(the_severed_example_boots_and_does_not_update),
    CHECK_TEST(the_unsigned_examples_are_refused),
    CHECK_TEST(no_truncation_opens),
    CHECK_TEST(no_flipped_bit_opens),
};

CHECK_MAIN(tests)
