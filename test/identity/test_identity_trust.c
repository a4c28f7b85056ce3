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
    struct pawl_port port;
    struct pawl_identity identity;
};

static struct device device, snapshot;
static struct pawl_trust current, successor, found;
static const struct pawl_product product = {.serial = "SN-0001"};

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
    device.port = (struct pawl_port){.product = &product,
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

static uint32_t cut_once(uint32_t at, uint32_t tear, bool metastable)
{
    fake_flash_copy(&device.journal, device.journal_memory, &snapshot.journal);
    fake_flash_copy(&device.area, device.area_memory, &snapshot.area);
    device.power = FAKE_POWER_ON;
    boot();
    fake_flash_cut_power_at(&device.journal, at);
    fake_flash_set_tear(&device.journal, tear, metastable);
    enum pawl_status status =
        pawl_identity_store_trust(&device.identity, &successor);
    uint32_t tears = fake_flash_tears(&device.journal);
    bool cut = fake_flash_power_on(&device.journal);
    (void)fake_flash_power_on(&device.area);

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
    CHECK_EQ(pawl_trust_succeed(&successor, &current, bytes_of(v2_new_roots)),
             PAWL_OK);
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
    CHECK_TEST(a_rotation_survives_power_cuts),
};

CHECK_MAIN(tests)
