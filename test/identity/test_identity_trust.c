/* SPDX-License-Identifier: Apache-2.0 */

/* The trust document in the store: what a boot loader finds there. */

#include "check.h"
#include "fake/fake_flash.h"
#include "fake/fake_keystore.h"
#include "fake/hex.h"
#include "journal/objects.h"
#include "trust/trust_documents.h"
#include "trust/trust_internal.h"
#include <pawl/identity.h>
#include <pawl/trust.h>
#include <string.h>

#define JOURNAL_SIZE 16384
#define AREA_SIZE 16384

struct device {
    struct fake_power power;
    struct fake_flash journal, area;
    uint8_t journal_memory[FAKE_FLASH_MEMORY(JOURNAL_SIZE)];
    uint8_t area_memory[FAKE_FLASH_MEMORY(AREA_SIZE)];
    struct fake_keystore keys;
    struct pawl_store store;
    struct pawl_clock clock;
    struct pawl_slot slot;
    struct pawl_port port;
    struct pawl_identity identity;
};

static struct device device, snapshot;
static struct pawl_trust current, successor, found;
static struct pawl_product product = {.serial = "SN-0001"};
static const uint8_t firmware[] = {0x81, 0x41, 0x00};

static struct pawl_bytes bytes_of(const char *document)
{
    static uint8_t buffer[PAWL_TRUST_MAX];

    return hex(document, buffer, sizeof(buffer));
}

static void boot(void)
{
    fake_flash_share_power(&device.journal, &device.power);
    fake_flash_share_power(&device.area, &device.power);
    device.store = (struct pawl_store){&device.journal.port, &device.area.port};
    device.slot = (struct pawl_slot){.component = PAWL_BYTES(firmware)};
    device.port = (struct pawl_port){.product = &product,
                                     .slots = &device.slot,
                                     .slot_count = 1,
                                     .clock = &device.clock,
                                     .keystore = &device.keys.keystore,
                                     .store = &device.store};
    CHECK_EQ(pawl_identity_open(&device.identity, &device.port), PAWL_OK);
}

static void given_a_blank_device(void)
{
    fake_flash_open(&device.journal, device.journal_memory, JOURNAL_SIZE, 4096,
                    8, 0xFF);
    fake_flash_open(&device.area, device.area_memory, AREA_SIZE, 2048, 8, 0xFF);
    fake_keystore_open(&device.keys);
    device.power = FAKE_POWER_ON;
    device.clock.build_s = 1500000000;
    product.boot_algorithms = 0;
    boot();
}

static void given_a_provisioned_device(void)
{
    given_a_blank_device();
    CHECK_EQ(pawl_trust_load(&current, bytes_of(factory)), PAWL_OK);
    CHECK_EQ(pawl_identity_store_trust(&device.identity, &current), PAWL_OK);
}

static void a_blank_device_has_no_document(void)
{
    given_a_blank_device();

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_NOT_FOUND);
    CHECK_EQ(found.root_count, 0);
}

static void what_was_stored_is_found_and_verified_again(void)
{
    given_a_provisioned_device();
    uint32_t operations = device.power.operations;

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);

    CHECK_EQ(found.version, 1);
    CHECK_MEM(found.digest, current.digest, sizeof(found.digest));
    CHECK_EQ(found.authentic, PAWL_TRUST_AUTHENTIC);
    CHECK_EQ(device.power.operations, operations); /* it only reads */
}

static void the_date_of_issue_raises_the_time_floor(void)
{
    given_a_provisioned_device();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1700000000);

    boot();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1700000000);
}

static void only_a_verified_document_is_stored(void)
{
    given_a_blank_device();
    CHECK_EQ(pawl_trust_load(&current, bytes_of(one_signature_short)),
             PAWL_ERR_UNTRUSTED);

    CHECK_EQ(pawl_identity_store_trust(&device.identity, &current),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_NOT_FOUND);
}

static void an_older_document_is_not_stored(void)
{
    given_a_provisioned_device();
    CHECK_EQ(pawl_trust_succeed(&successor, &current, bytes_of(v2_new_roots)),
             PAWL_OK);
    CHECK_EQ(pawl_identity_store_trust(&device.identity, &successor), PAWL_OK);

    CHECK_EQ(pawl_identity_store_trust(&device.identity, &current),
             PAWL_ERR_ROLLBACK);
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK_EQ(found.version, 2);
}

static void a_rotten_document_is_lost_and_not_believed(void)
{
    given_a_provisioned_device();
    for (uint32_t off = 0; off < AREA_SIZE; off += 64) {
        fake_flash_flip(&device.area, off, 3);
    }

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_LOST);
    CHECK_EQ(found.root_count, 0);
}

/* Somebody with a soldering iron puts the first document back: the store's
 * own note says which version was reached. */
static void a_document_below_the_floor_is_lost(void)
{
    struct pawl_objects *objects =
        (struct pawl_objects *)device.identity.objects.storage;

    given_a_provisioned_device();
    CHECK_EQ(pawl_trust_succeed(&successor, &current, bytes_of(v2)), PAWL_OK);
    CHECK_EQ(pawl_identity_store_trust(&device.identity, &successor), PAWL_OK);
    CHECK_EQ(
        pawl_objects_put(objects, PAWL_OBJECT_TRUST, bytes_of(factory), NULL),
        PAWL_OK);

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_LOST);
    CHECK_EQ(found.root_count, 0);
}

/* And one that removes it altogether finds no unprovisioned device. */
static void a_document_that_is_gone_is_lost(void)
{
    struct pawl_objects *objects =
        (struct pawl_objects *)device.identity.objects.storage;

    given_a_provisioned_device();
    CHECK_EQ(pawl_objects_put(objects, PAWL_OBJECT_TRUST, PAWL_NO_BYTES, NULL),
             PAWL_OK);

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_LOST);
}

/* ---- rotation in the field ---- */

static struct pawl_trust scratch;

static enum pawl_status rotate(const char *document)
{
    return pawl_identity_rotate_trust(&device.identity, &current, &scratch,
                                      bytes_of(document));
}

/* What flash and RAM say, and that they say the same. */
static uint64_t version_in_force(void)
{
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK_EQ(found.version, current.version);
    CHECK_MEM(found.digest, current.digest, sizeof(found.digest));
    CHECK_EQ(current.authentic, PAWL_TRUST_AUTHENTIC);
    return found.version;
}

static void several_versions_come_into_force_in_their_order(void)
{
    given_a_provisioned_device();

    CHECK_EQ(rotate(v3_after_new_roots), PAWL_ERR_STATE);
    CHECK_EQ(version_in_force(), 1);
    CHECK_EQ(rotate(v2_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 2);
    CHECK_EQ(rotate(v2_new_roots), PAWL_ERR_ROLLBACK);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 3);

    boot();
    CHECK_EQ(version_in_force(), 3);
}

struct rotation {
    const char *name, *document;
    enum pawl_status expected;
    uint32_t boot_algorithms;
};

#define ROTATION(document, status)                                             \
    {                                                                          \
#document, document, status, 0                                         \
    }

/* Each is refused with its reason, and nothing is lost. */
static void what_may_not_succeed_changes_nothing(void)
{
    static const struct rotation rows[] = {
        ROTATION(v2_one_short, PAWL_ERR_UNTRUSTED),
        ROTATION(v2_by_new_roots_only, PAWL_ERR_UNTRUSTED),
        ROTATION(v2_by_old_roots_only, PAWL_ERR_UNTRUSTED),
        ROTATION(v2_by_a_stranger, PAWL_ERR_UNTRUSTED),
        ROTATION(factory, PAWL_ERR_ROLLBACK),
        ROTATION(v3, PAWL_ERR_STATE),
        ROTATION(v2_no_signer, PAWL_ERR_POLICY),
        ROTATION(v2_for_another_component, PAWL_ERR_POLICY),
        ROTATION(v2_threshold_2_of_the_firmware_1, PAWL_ERR_POLICY),
        ROTATION(root_twice, PAWL_ERR_MALFORMED),
        ROTATION(anchor_without_role, PAWL_ERR_MALFORMED),
        ROTATION(field_of_the_future, PAWL_ERR_UNSUPPORTED),
        ROTATION(seventeen_signatures, PAWL_ERR_LIMIT),
        {"a signer that boot does not verify", v2_signer_of_ed25519,
         PAWL_ERR_POLICY, PAWL_FAMILY_P256},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        given_a_provisioned_device();
        product.boot_algorithms = rows[i].boot_algorithms;
        uint32_t operations = device.power.operations;

        check_equal(rotate(rows[i].document), rows[i].expected, rows[i].name,
                    __FILE__, __LINE__);
        CHECK_EQ(version_in_force(), 1);
        CHECK_EQ(device.power.operations, operations);
        CHECK_EQ(rotate(v2), PAWL_OK);
    }
}

static void a_signer_that_boot_verifies_is_enough(void)
{
    given_a_provisioned_device();
    product.boot_algorithms = PAWL_FAMILY_ED25519;

    CHECK_EQ(rotate(v2_signer_of_ed25519), PAWL_OK);
    CHECK_EQ(version_in_force(), 2);
}

static void no_cut_or_flipped_document_comes_into_force(void)
{
    static uint8_t bytes[PAWL_TRUST_MAX];
    size_t len = hex(v2, bytes, sizeof(bytes)).len;

    given_a_provisioned_device();
    for (size_t cut = 0; cut < len; cut++) {
        CHECK(pawl_identity_rotate_trust(&device.identity, &current, &scratch,
                                         (struct pawl_bytes){bytes, cut}) < 0);
    }
    for (size_t bit = 0; bit < 8 * len; bit += 3) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(pawl_identity_rotate_trust(&device.identity, &current, &scratch,
                                         (struct pawl_bytes){bytes, len}) < 0);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQ(version_in_force(), 1);
}

/* An expired document is rotated as any other. */
static void expiry_does_not_stop_a_rotation(void)
{
    given_a_provisioned_device();
    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, 1950000000),
             PAWL_OK);
    CHECK(pawl_trust_expired(&current,
                             pawl_identity_time_floor(&device.identity)));

    CHECK_EQ(rotate(v2), PAWL_OK);
    CHECK_EQ(version_in_force(), 2);
}

/* A clock that was set wrongly is set back by the roots, and by nobody else;
 * never before the build, and only once. */
static void a_document_lowers_the_time_floor(void)
{
    given_a_provisioned_device();
    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, 1950000000),
             PAWL_OK);

    CHECK_EQ(rotate(v2_sets_time), PAWL_OK);
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1650000000);
    boot();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1650000000);

    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, 1750000000),
             PAWL_OK);
    CHECK_EQ(pawl_identity_store_trust(&device.identity, &current), PAWL_OK);
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1750000000);

    device.clock.build_s = 1760000000;
    boot();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1760000000);
}

static void the_time_is_not_lowered_below_the_build(void)
{
    given_a_provisioned_device();
    device.clock.build_s = 1760000000;
    boot();

    CHECK_EQ(rotate(v2_sets_time), PAWL_OK);
    CHECK_EQ(pawl_identity_time_floor(&device.identity), 1760000000);
}

/* ---- the owner ---- */

static enum pawl_status own(const char *owner)
{
    return pawl_identity_own_trust(&device.identity, &current, &scratch,
                                   bytes_of(owner));
}

static void given_an_owner(void)
{
    given_a_blank_device();
    CHECK_EQ(pawl_trust_load(&current, bytes_of(owned)), PAWL_OK);
    CHECK_EQ(pawl_identity_store_trust(&device.identity, &current), PAWL_OK);
}

/* The anchors of a role, in RAM and from flash alike. */
static size_t anchors(uint32_t roles)
{
    struct pawl_bytes ram[PAWL_TRUST_ANCHOR_MAX], flash[PAWL_TRUST_ANCHOR_MAX];
    size_t count = pawl_trust_anchors(&current, roles, ram);

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK_EQ(pawl_trust_open_owner(&found), PAWL_OK);
    CHECK_EQ(pawl_trust_anchors(&found, roles, flash), count);
    for (size_t i = 0; i < count; i++) {
        CHECK_MEM(flash[i].data, ram[i].data, ram[i].len);
        CHECK(ram[i].data > current.bytes &&
              ram[i].data < current.bytes + current.len);
    }
    return count;
}

static void the_owner_adds_and_replaces_his_anchors(void)
{
    given_an_owner();
    CHECK_EQ(anchors(PAWL_ROLE_DOWNLOAD), 0);

    CHECK_EQ(own(says), PAWL_OK);
    CHECK_EQ(anchors(PAWL_ROLE_DOWNLOAD), 1);
    CHECK_EQ(anchors(PAWL_ROLE_ENROLL), 1);
    CHECK_EQ(own(says_2), PAWL_OK);
    CHECK_EQ(anchors(PAWL_ROLE_SERVER), 1);
    CHECK_EQ(anchors(PAWL_ROLE_DOWNLOAD), 1);
    CHECK_EQ(own(says_3_nothing), PAWL_OK);
    CHECK_EQ(anchors(PAWL_ROLE_DOWNLOAD | PAWL_ROLE_SERVER), 0);

    CHECK_EQ(own(says), PAWL_ERR_ROLLBACK);
    CHECK_EQ(own(says_3_nothing), PAWL_ERR_ROLLBACK);
    CHECK_EQ(current.version, 1);
}

/* A boot loader reads the document, and none of what the owner says. */
static void boot_passes_over_what_the_owner_says(void)
{
    given_an_owner();
    CHECK_EQ(own(says), PAWL_OK);

    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK_EQ(found.anchor_count, 1);
    CHECK_EQ(found.version, 1);
}

static void whoever_is_not_the_owner_adds_nothing(void)
{
    static const struct rotation rows[] = {
        ROTATION(says_a_stranger, PAWL_ERR_UNTRUSTED),
        ROTATION(says_a_root, PAWL_ERR_UNTRUSTED),
        ROTATION(says_as_trust, PAWL_ERR_UNTRUSTED),
        ROTATION(says_too_much, PAWL_ERR_POLICY),
        ROTATION(says_time, PAWL_ERR_POLICY),
        ROTATION(says_the_same_anchor, PAWL_ERR_MALFORMED),
        ROTATION(says_version_0, PAWL_ERR_MALFORMED),
        ROTATION(says_more, PAWL_ERR_UNSUPPORTED),
        ROTATION(says_no_anchors, PAWL_ERR_MALFORMED),
        ROTATION(says_nine, PAWL_ERR_LIMIT),
        ROTATION(says_bytes_behind, PAWL_ERR_MALFORMED),
        ROTATION(says_unsigned, PAWL_ERR_MALFORMED),
        ROTATION(says_without_tag, PAWL_ERR_MALFORMED),
        ROTATION(owned, PAWL_ERR_MALFORMED),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        given_an_owner();
        uint32_t operations = device.power.operations;

        check_equal(own(rows[i].document), rows[i].expected, rows[i].name,
                    __FILE__, __LINE__);
        CHECK_EQ(device.power.operations, operations);
        CHECK_EQ(anchors(UINT32_MAX), 1);
        CHECK_EQ(own(says), PAWL_OK);
    }
    given_a_provisioned_device();
    CHECK_EQ(own(says), PAWL_ERR_DENIED);
    CHECK_EQ(version_in_force(), 1);
}

static void no_cut_or_flipped_word_of_the_owner_counts(void)
{
    static uint8_t bytes[PAWL_TRUST_MAX];
    size_t len = hex(says, bytes, sizeof(bytes)).len;

    given_an_owner();
    for (size_t cut = 0; cut < len; cut++) {
        CHECK(pawl_identity_own_trust(&device.identity, &current, &scratch,
                                      (struct pawl_bytes){bytes, cut}) < 0);
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(pawl_identity_own_trust(&device.identity, &current, &scratch,
                                      (struct pawl_bytes){bytes, len}) < 0);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQ(anchors(UINT32_MAX), 1);
}

/* It is the roots who give the right, and who take it. */
static void the_owners_anchors_go_with_his_right(void)
{
    static const struct {
        const char *successor;
        size_t left;
    } rows[] = {
        {v2_owned, 1},            /* the same key: they stay */
        {v2_owned_less, 0},       /* no right to downloads any more */
        {v2_owned_by_another, 0}, /* another owner */
        {v2, 0},                  /* none */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        given_an_owner();
        CHECK_EQ(own(says), PAWL_OK);
        CHECK_EQ(rotate(rows[i].successor), PAWL_OK);
        CHECK_EQ(anchors(PAWL_ROLE_DOWNLOAD), rows[i].left);
        CHECK_EQ(version_in_force(), 2);
    }
    /* What was said before the right was taken does not come back with it. */
    given_an_owner();
    CHECK_EQ(own(says), PAWL_OK);
    CHECK_EQ(rotate(v2_owned_less), PAWL_OK);
    CHECK_EQ(own(says), PAWL_ERR_POLICY);
    given_an_owner();
    CHECK_EQ(own(says), PAWL_OK);
    CHECK_EQ(rotate(v2_owned), PAWL_OK);
    CHECK_EQ(own(says), PAWL_ERR_ROLLBACK);
    CHECK_EQ(own(says_2), PAWL_OK);
}

/* ---- both copies lost ---- */

static void lose_the_document(void)
{
    for (uint32_t off = 0; off < AREA_SIZE; off += 64) {
        fake_flash_flip(&device.area, off, 3);
    }
    CHECK_EQ(pawl_trust_open(&current, &device.store), PAWL_ERR_LOST);
}

static void a_lost_chain_is_replayed_up_to_the_floor(void)
{
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    given_a_provisioned_device();
    CHECK_EQ(rotate(v2_new_roots), PAWL_OK);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    lose_the_document();

    CHECK_EQ(pawl_identity_recover_trust(&device.identity, &current,
                                         bytes_of(factory)),
             PAWL_PENDING);
    CHECK_EQ(pawl_trust_anchors(&current, UINT32_MAX, out), 0);
    CHECK_EQ(current.signer_count, 0);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_ERR_STATE);
    CHECK_EQ(rotate(v2_new_roots), PAWL_PENDING);
    CHECK_EQ(current.signer_count, 0);
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_LOST);
    CHECK_EQ(rotate(v3_by_the_first_roots), PAWL_ERR_UNTRUSTED);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 3);
}

static void a_lost_factory_document_is_put_back(void)
{
    given_a_provisioned_device();
    lose_the_document();

    CHECK_EQ(pawl_identity_recover_trust(&device.identity, &current,
                                         bytes_of(one_signature_short)),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(current.authentic, 0);
    CHECK_EQ(pawl_identity_recover_trust(&device.identity, &current,
                                         bytes_of(factory)),
             PAWL_OK);
    CHECK_EQ(version_in_force(), 1);
}

/* ---- a boot loader with a document of its own ---- */

static struct {
    uint64_t version;
    enum pawl_status status;
} loader;

static enum pawl_status loader_version(void *ctx, uint64_t *version)
{
    (void)ctx;
    *version = loader.version;
    return loader.status;
}

static const struct pawl_loader_trust loader_trust = {.version =
                                                          loader_version};

static void given_a_loader_at(uint64_t version)
{
    given_a_provisioned_device();
    device.port.loader_trust = &loader_trust;
    loader.version = version;
    loader.status = PAWL_OK;
}

/* The document in between would be gone, and the loader left behind for good.
 */
static void a_rotation_waits_until_the_loader_has_the_one_before(void)
{
    given_a_loader_at(1);
    CHECK_EQ(rotate(v2_new_roots), PAWL_OK);
    uint32_t operations = device.power.operations;
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_ERR_RESET_DUE);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_ERR_RESET_DUE);
    CHECK_EQ(device.power.operations, operations);
    CHECK_EQ(version_in_force(), 2);

    loader.version = 2; /* the reset, and the loader's turn */
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 3);
}

/* What could never come into force is refused, not held. */
static void only_what_is_right_is_held(void)
{
    given_a_loader_at(0);
    CHECK_EQ(rotate(v2_one_short), PAWL_ERR_UNTRUSTED);
    CHECK_EQ(rotate(v2_for_another_component), PAWL_ERR_POLICY);
    CHECK_EQ(rotate(v3), PAWL_ERR_STATE);
    CHECK_EQ(rotate(v2), PAWL_ERR_RESET_DUE);
    CHECK_EQ(version_in_force(), 1);
}

/* Power cut the application's own rotation, but the loader had seen it. */
static void a_loader_that_is_ahead_holds_nothing(void)
{
    given_a_loader_at(2);
    CHECK_EQ(rotate(v2_new_roots), PAWL_OK);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 3);
}

static void without_a_word_of_the_loader_nothing_is_rotated(void)
{
    given_a_loader_at(1);
    loader.status = PAWL_ERR_IO;
    CHECK_EQ(rotate(v2), PAWL_ERR_IO);
    CHECK_EQ(version_in_force(), 1);

    static const struct pawl_loader_trust nothing;
    device.port.loader_trust = &nothing;
    CHECK_EQ(pawl_identity_open(&device.identity, &device.port),
             PAWL_ERR_ARGUMENT);
}

/* What was in force before is put back, whatever the loader has. */
static void a_replay_is_not_held(void)
{
    given_a_loader_at(1);
    CHECK_EQ(rotate(v2_new_roots), PAWL_OK);
    loader.version = 2;
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    lose_the_document();
    loader.version = 0;
    CHECK_EQ(pawl_identity_recover_trust(&device.identity, &current,
                                         bytes_of(factory)),
             PAWL_PENDING);
    CHECK_EQ(rotate(v2_new_roots), PAWL_PENDING);
    CHECK_EQ(rotate(v3_after_new_roots), PAWL_OK);
    CHECK_EQ(version_in_force(), 3);
}

static void a_store_says_which_version_it_has_reached(void)
{
    uint64_t version = 9;
    given_a_blank_device();
    CHECK_EQ(pawl_trust_stored_version(&device.store, &version), PAWL_OK);
    CHECK_EQ(version, 0);
    given_a_provisioned_device();
    CHECK_EQ(rotate(v2), PAWL_OK);
    uint32_t operations = device.power.operations;
    CHECK_EQ(pawl_trust_stored_version(&device.store, &version), PAWL_OK);
    CHECK_EQ(version, 2);
    CHECK_EQ(device.power.operations, operations);

    static uint8_t rubbish[JOURNAL_SIZE];
    fake_flash_load(&device.journal, 0, rubbish, sizeof(rubbish));
    CHECK_EQ(pawl_trust_stored_version(&device.store, &version), PAWL_ERR_LOST);
    CHECK_EQ(version, 0);
}

/* Its floor is not known: no document of that store may count. */
static void a_store_whose_note_makes_no_sense_is_lost(void)
{
    uint8_t note[PAWL_NOTE_SIZE] = {[1] = 0xFF}; /* a slot that there is not */
    struct pawl_objects objects;
    uint64_t version = 9;

    given_a_provisioned_device();
    CHECK_EQ(pawl_objects_open(&objects, &device.store, PAWL_JOURNAL_WRITE,
                               NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_objects_note(&objects, note), PAWL_OK);
    CHECK_EQ(pawl_trust_stored_version(&device.store, &version), PAWL_ERR_LOST);
    CHECK_EQ(version, 0);
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_ERR_LOST);
    CHECK_EQ(found.root_count, 0);
}

/* ---- power ---- */

static uint32_t cut_once(uint32_t at, uint32_t tear, bool metastable)
{
    fake_flash_copy(&device.journal, device.journal_memory, &snapshot.journal);
    fake_flash_copy(&device.area, device.area_memory, &snapshot.area);
    device.power = FAKE_POWER_ON;
    boot();
    CHECK_EQ(pawl_trust_open(&current, &device.store), PAWL_OK);
    fake_flash_cut_power_at(&device.journal, at);
    fake_flash_set_tear(&device.journal, tear, metastable);
    enum pawl_status status = rotate(v2_new_roots);
    uint32_t tears = fake_flash_tears(&device.journal);
    bool cut = fake_flash_power_on(&device.journal);
    (void)fake_flash_power_on(&device.area);
    CHECK_EQ(current.version, status == PAWL_OK ? 2 : 1);

    boot();
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK(found.version == 2 || (found.version == 1 && status != PAWL_OK));
    uint64_t version = found.version;
    (void)fake_flash_power_on(&device.journal);
    (void)fake_flash_power_on(&device.area);
    CHECK_EQ(pawl_trust_open(&found, &device.store), PAWL_OK);
    CHECK_EQ(found.version, version);
    return cut ? tears : 0;
}

/* The old document is in force or the new one: never neither, never a mix. */
static void a_rotation_survives_power_cuts(void)
{
    unsigned cuts = 0;
    uint32_t tears = 1;

    given_a_provisioned_device();
    fake_flash_copy(&snapshot.journal, snapshot.journal_memory,
                    &device.journal);
    fake_flash_copy(&snapshot.area, snapshot.area_memory, &device.area);

    for (uint32_t at = 0; tears > 0; at++) {
        tears = cut_once(at, 0, false);
        for (uint32_t tear = 1; tear < tears; tear++) {
            (void)cut_once(at, tear, tear % 2 == 0);
        }
        cuts += tears;
    }
    CHECK(cuts > 8);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_blank_device_has_no_document),
    CHECK_TEST(what_was_stored_is_found_and_verified_again),
    CHECK_TEST(the_date_of_issue_raises_the_time_floor),
    CHECK_TEST(only_a_verified_document_is_stored),
    CHECK_TEST(an_older_document_is_not_stored),
    CHECK_TEST(a_rotten_document_is_lost_and_not_believed),
    CHECK_TEST(a_document_below_the_floor_is_lost),
    CHECK_TEST(a_document_that_is_gone_is_lost),
    CHECK_TEST(several_versions_come_into_force_in_their_order),
    CHECK_TEST(what_may_not_succeed_changes_nothing),
    CHECK_TEST(a_signer_that_boot_verifies_is_enough),
    CHECK_TEST(no_cut_or_flipped_document_comes_into_force),
    CHECK_TEST(expiry_does_not_stop_a_rotation),
    CHECK_TEST(a_document_lowers_the_time_floor),
    CHECK_TEST(the_time_is_not_lowered_below_the_build),
    CHECK_TEST(the_owner_adds_and_replaces_his_anchors),
    CHECK_TEST(boot_passes_over_what_the_owner_says),
    CHECK_TEST(whoever_is_not_the_owner_adds_nothing),
    CHECK_TEST(no_cut_or_flipped_word_of_the_owner_counts),
    CHECK_TEST(the_owners_anchors_go_with_his_right),
    CHECK_TEST(a_lost_chain_is_replayed_up_to_the_floor),
    CHECK_TEST(a_lost_factory_document_is_put_back),
    CHECK_TEST(a_rotation_waits_until_the_loader_has_the_one_before),
    CHECK_TEST(only_what_is_right_is_held),
    CHECK_TEST(a_loader_that_is_ahead_holds_nothing),
    CHECK_TEST(without_a_word_of_the_loader_nothing_is_rotated),
    CHECK_TEST(a_replay_is_not_held),
    CHECK_TEST(a_store_says_which_version_it_has_reached),
    CHECK_TEST(a_store_whose_note_makes_no_sense_is_lost),
    CHECK_TEST(a_rotation_survives_power_cuts),
};

CHECK_MAIN(tests)
