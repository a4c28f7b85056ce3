/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The identity's whole life over a flash that fails and a key store in RAM.
 * Certificates come from a CA in RAM; each change is cut at every operation
 * of the flash, in every way that the operation can be torn.
 */

#include "base/base.h"
#include "check.h"
#include "crypto/x509.h"
#include "fake/fake_ca.h"
#include "fake/fake_crypto.h"
#include "fake/fake_flash.h"
#include "trust/trust_internal.h"
#include <pawl/identity.h>
#include <pawl/trust.h>
#include <string.h>

#define JOURNAL_SIZE 16384
#define AREA_SIZE 16384
#define BUILD_S INT64_C(1750000000)
#define DAY_S 86400

/* One device: its flash, its keys, its port. */
struct device {
    struct fake_power power; /* one supply for both flashes */
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
static struct fake_ca ca;
static const struct pawl_product product = {.serial = "SN-0001"};

static struct pawl_bytes certificate_for(enum pawl_key_slot slot, uint8_t *buf,
                                         size_t cap)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *keys = &device.keys.keystore;
    struct fake_certificate wanted = {.point = PAWL_BYTES(point),
                                      .common_name = product.serial,
                                      .serial_number = product.serial};

    CHECK_EQ(keys->public_key(keys->ctx, slot, point), PAWL_OK);
    return fake_ca_issue(&ca, &wanted, buf, cap);
}

static void wire(struct device *d)
{
    fake_flash_share_power(&d->journal, &d->power);
    fake_flash_share_power(&d->area, &d->power);
    d->store = (struct pawl_store){&d->journal.port, &d->area.port};
    d->clock = (struct pawl_clock){.build_s = BUILD_S};
    d->port = (struct pawl_port){.product = &product,
                                 .clock = &d->clock,
                                 .keystore = &d->keys.keystore,
                                 .store = &d->store};
}

static void given_a_blank_device(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    CHECK(fake_ca_open(&ca, "factory"));
    fake_flash_open(&device.journal, device.journal_memory, JOURNAL_SIZE, 4096,
                    8, 0xFF);
    fake_flash_open(&device.area, device.area_memory, AREA_SIZE, 1024, 8, 0xFF);
    fake_keystore_open(&device.keys);
    device.power = FAKE_POWER_ON;
    wire(&device);
    CHECK_EQ(pawl_identity_open(&device.identity, &device.port), PAWL_OK);
}

static void given_an_idevid(void)
{
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX];
    const struct pawl_keystore *keys = &device.keys.keystore;

    given_a_blank_device();
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_IDEVID), PAWL_OK);
    CHECK_EQ(pawl_identity_install_idevid(
                 &device.identity,
                 certificate_for(PAWL_KEY_IDEVID, chain, sizeof(chain))),
             PAWL_OK);
}

static enum pawl_status request(bool renew)
{
    uint8_t csr[512];
    size_t len = sizeof(csr);

    return pawl_identity_csr(&device.identity, renew, csr, &len);
}

static enum pawl_status answer(enum pawl_key_slot slot)
{
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX];

    return pawl_identity_install_next(
        &device.identity, certificate_for(slot, chain, sizeof(chain)));
}

static void given_a_next_ldevid(void)
{
    given_an_idevid();
    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_A), PAWL_OK);
}

static void given_an_ldevid(void)
{
    given_a_next_ldevid();
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_OK);
}

static void given_a_renewal(void)
{
    given_an_ldevid();
    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_B), PAWL_OK);
}

/* What one credential is: its status, and on PAWL_OK its key slot. */
static enum pawl_status credential(enum pawl_identity_kind kind,
                                   enum pawl_key_slot *slot)
{
    static uint8_t chain[PAWL_CHAIN_MAX];
    struct pawl_credential found;
    size_t len = sizeof(chain);
    enum pawl_status status =
        pawl_identity_get(&device.identity, kind, &found, chain, &len);

    *slot = found.slot;
    return status;
}

static bool has(enum pawl_identity_kind kind, enum pawl_key_slot slot)
{
    enum pawl_key_slot found;

    return credential(kind, &found) == PAWL_OK && found == slot;
}

static bool has_no(enum pawl_identity_kind kind)
{
    enum pawl_key_slot found;

    return credential(kind, &found) == PAWL_ERR_NOT_FOUND;
}

static bool has_key(enum pawl_key_slot slot)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *keys = &device.keys.keystore;

    return keys->public_key(keys->ctx, slot, point) == PAWL_OK;
}

static void reboot(void)
{
    fake_keystore_reopen(&device.keys);
    wire(&device);
    CHECK_EQ(pawl_identity_open(&device.identity, &device.port), PAWL_OK);
}

static void a_blank_device_is_nobody(void)
{
    given_a_blank_device();

    CHECK(has_no(PAWL_IDENTITY_IDEVID));
    CHECK(has_no(PAWL_IDENTITY_LDEVID));
    CHECK(has_no(PAWL_IDENTITY_LDEVID_NEXT));
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_time_floor(&device.identity), BUILD_S);
}

static void the_idevid_is_installed_once_and_for_life(void)
{
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX];

    given_an_idevid();
    CHECK_EQ(pawl_identity_install_idevid(
                 &device.identity,
                 certificate_for(PAWL_KEY_IDEVID, chain, sizeof(chain))),
             PAWL_ERR_STATE);

    reboot();
    CHECK(has(PAWL_IDENTITY_IDEVID, PAWL_KEY_IDEVID));
}

static void a_chain_for_another_key_is_refused(void)
{
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX];

    given_a_blank_device();
    const struct pawl_keystore *keys = &device.keys.keystore;
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_IDEVID), PAWL_OK);
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_LDEVID_B), PAWL_OK);

    CHECK_EQ(pawl_identity_install_idevid(
                 &device.identity,
                 certificate_for(PAWL_KEY_LDEVID_B, chain, sizeof(chain))),
             PAWL_ERR_CERTIFICATE);
    CHECK(has_no(PAWL_IDENTITY_IDEVID));
}

static void chains_are_certificates_and_nothing_else(void)
{
    static uint8_t five[5 * FAKE_CA_CERTIFICATE_MAX];
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX + 1];

    given_a_blank_device();
    const struct pawl_keystore *keys = &device.keys.keystore;
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_IDEVID), PAWL_OK);
    struct pawl_bytes good =
        certificate_for(PAWL_KEY_IDEVID, chain, sizeof(chain) - 1);
    for (size_t len = 0; len < good.len; len++) {
        CHECK(pawl_identity_install_idevid(&device.identity,
                                           (struct pawl_bytes){chain, len}) !=
              PAWL_OK);
    }
    chain[good.len] = 0;
    CHECK_EQ(pawl_identity_install_idevid(
                 &device.identity, (struct pawl_bytes){chain, good.len + 1}),
             PAWL_ERR_MALFORMED);
    for (size_t i = 0; i < 5; i++) {
        memcpy(five + i * good.len, chain, good.len);
    }
    CHECK_EQ(pawl_identity_install_idevid(
                 &device.identity, (struct pawl_bytes){five, 5 * good.len}),
             PAWL_ERR_LIMIT);
    CHECK(has_no(PAWL_IDENTITY_IDEVID));
}

static void a_new_ldevid_waits_beside_the_old_one(void)
{
    given_a_renewal();

    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
    CHECK(has(PAWL_IDENTITY_LDEVID_NEXT, PAWL_KEY_LDEVID_B));
    reboot();
    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
    CHECK(has(PAWL_IDENTITY_LDEVID_NEXT, PAWL_KEY_LDEVID_B));
}

static void promotion_destroys_the_old_key(void)
{
    given_a_renewal();

    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_OK);

    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_B));
    CHECK(has_no(PAWL_IDENTITY_LDEVID_NEXT));
    CHECK(!has_key(PAWL_KEY_LDEVID_A));
    CHECK(has_key(PAWL_KEY_IDEVID));
}

static void a_third_ldevid_takes_the_first_place_again(void)
{
    given_a_renewal();
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_OK);

    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_A), PAWL_OK);
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_OK);

    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
    CHECK(!has_key(PAWL_KEY_LDEVID_B));
}

static void dropping_the_next_ldevid_keeps_the_current_one(void)
{
    given_a_renewal();

    CHECK_EQ(pawl_identity_drop_next(&device.identity), PAWL_OK);

    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
    CHECK(has_no(PAWL_IDENTITY_LDEVID_NEXT));
    CHECK(!has_key(PAWL_KEY_LDEVID_B));
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_drop_next(&device.identity), PAWL_OK);
}

static void an_answer_needs_a_request(void)
{
    given_an_ldevid();
    CHECK_EQ(answer(PAWL_KEY_LDEVID_A), PAWL_ERR_STATE);

    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_A), PAWL_ERR_CERTIFICATE);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_B), PAWL_OK);
    CHECK_EQ(answer(PAWL_KEY_LDEVID_B), PAWL_ERR_STATE);
}

static void a_repeated_request_keeps_the_key_and_a_new_one_does_not(void)
{
    uint8_t first[PAWL_P256_POINT_SIZE], again[PAWL_P256_POINT_SIZE];

    given_an_idevid();
    CHECK_EQ(request(true), PAWL_OK); /* there is none yet: one is made */
    CHECK_EQ(pawl_identity_next_key(&device.identity, first), PAWL_OK);

    reboot();
    CHECK_EQ(request(true), PAWL_OK);
    CHECK_EQ(pawl_identity_next_key(&device.identity, again), PAWL_OK);
    CHECK_MEM(again, first, sizeof(first));

    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(pawl_identity_next_key(&device.identity, again), PAWL_OK);
    CHECK(memcmp(again, first, sizeof(first)) != 0);
}

static void a_request_never_touches_the_key_in_use(void)
{
    uint8_t before[PAWL_P256_POINT_SIZE], after[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *keys = &device.keys.keystore;

    given_an_ldevid();
    CHECK_EQ(keys->public_key(keys->ctx, PAWL_KEY_LDEVID_A, before), PAWL_OK);
    CHECK_EQ(request(false), PAWL_OK);
    CHECK_EQ(request(false), PAWL_OK);

    CHECK_EQ(keys->public_key(keys->ctx, PAWL_KEY_LDEVID_A, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof(before));
    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
}

static void a_failing_key_store_is_a_hard_error(void)
{
    enum pawl_key_slot slot;

    given_an_ldevid();
    device.keys.fail_generate = PAWL_ERR_KEYSTORE;
    CHECK_EQ(request(false), PAWL_ERR_KEYSTORE);
    device.keys.fail_generate = PAWL_OK;
    device.keys.fail_sign = PAWL_ERR_KEYSTORE;
    CHECK_EQ(request(false), PAWL_ERR_KEYSTORE);
    device.keys.fail_sign = PAWL_OK;
    device.keys.fail_public_key = PAWL_ERR_KEYSTORE;
    CHECK_EQ(credential(PAWL_IDENTITY_LDEVID, &slot), PAWL_ERR_KEYSTORE);
    device.keys.fail_public_key = PAWL_OK;

    CHECK(has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A));
}

/* What cannot be seen is not gone: an enrolment that finds the key store
 * unreachable gives up neither the key that was requested for, nor the LDevID
 * that came of it. */
static void a_key_store_out_of_reach_gives_nothing_up(void)
{
    uint8_t first[PAWL_P256_POINT_SIZE], again[PAWL_P256_POINT_SIZE];

    given_an_ldevid();
    CHECK_EQ(request(true), PAWL_OK);
    CHECK_EQ(pawl_identity_next_key(&device.identity, first), PAWL_OK);
    device.keys.fail_public_key = PAWL_ERR_KEYSTORE;
    CHECK_EQ(request(true), PAWL_ERR_KEYSTORE);
    device.keys.fail_public_key = PAWL_OK;
    CHECK_EQ(pawl_identity_next_key(&device.identity, again), PAWL_OK);
    CHECK_MEM(again, first, sizeof(first));

    CHECK_EQ(answer(PAWL_KEY_LDEVID_B), PAWL_OK);
    device.keys.fail_public_key = PAWL_ERR_KEYSTORE;
    CHECK_EQ(request(true), PAWL_ERR_KEYSTORE);
    device.keys.fail_public_key = PAWL_OK;
    CHECK(has(PAWL_IDENTITY_LDEVID_NEXT, PAWL_KEY_LDEVID_B));
}

static void a_key_store_that_lacks_a_function_is_refused(void)
{
    given_an_idevid();
    const struct pawl_keystore whole = device.keys.keystore;
    struct pawl_keystore lacking[] = {whole, whole, whole, whole};

    lacking[0].generate = NULL;
    lacking[1].public_key = NULL;
    lacking[2].sign = NULL;
    lacking[3].destroy = NULL;
    for (size_t i = 0; i < PAWL_ARRAY_LEN(lacking); i++) {
        device.keys.keystore = lacking[i];
        CHECK_EQ(pawl_identity_open(&device.identity, &device.port),
                 PAWL_ERR_ARGUMENT);
    }
    device.keys.keystore = whole;
    CHECK_EQ(pawl_identity_open(&device.identity, &device.port), PAWL_OK);
}

static void a_key_that_was_replaced_is_noticed(void)
{
    enum pawl_key_slot slot;
    const struct pawl_keystore *keys = &device.keys.keystore;

    given_an_ldevid();
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_LDEVID_A), PAWL_OK);

    CHECK_EQ(credential(PAWL_IDENTITY_LDEVID, &slot), PAWL_ERR_KEYSTORE);
}

static void a_key_that_nobody_owns_is_destroyed_at_open(void)
{
    const struct pawl_keystore *keys = &device.keys.keystore;

    given_an_ldevid();
    CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_LDEVID_B), PAWL_OK);

    reboot();

    CHECK(!has_key(PAWL_KEY_LDEVID_B));
    CHECK(has_key(PAWL_KEY_LDEVID_A));
    CHECK(has_key(PAWL_KEY_IDEVID));
}

/* Every frame of the journal is rotten: the device says so, is nobody, and
 * destroys no key that it no longer knows. */
static void a_lost_store_is_open_and_empty(void)
{
    given_an_ldevid();
    for (uint32_t off = 0; off < JOURNAL_SIZE; off += 4) {
        fake_flash_flip(&device.journal, off, off % 8);
    }
    wire(&device);

    CHECK_EQ(pawl_identity_open(&device.identity, &device.port), PAWL_ERR_LOST);
    CHECK(has_no(PAWL_IDENTITY_IDEVID));
    CHECK(has_no(PAWL_IDENTITY_LDEVID));
    CHECK(has_key(PAWL_KEY_IDEVID));
    CHECK(has_key(PAWL_KEY_LDEVID_A));
}

static void what_is_not_open_does_nothing(void)
{
    uint8_t buffer[8];
    size_t len = sizeof(buffer);
    struct pawl_credential none;

    memset(&device.identity, 0, sizeof(device.identity));
    CHECK_EQ(pawl_identity_csr(&device.identity, false, buffer, &len),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_get(&device.identity, PAWL_IDENTITY_IDEVID, &none,
                               buffer, &len),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_promote(&device.identity), PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_drop_next(&device.identity), PAWL_ERR_STATE);
    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, 1),
             PAWL_ERR_STATE);
}

static void the_time_floor_rises_and_is_kept_once_a_day(void)
{
    given_a_blank_device();
    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, BUILD_S + 10),
             PAWL_OK);
    uint32_t operations = device.power.operations;
    for (int64_t s = 11; s < DAY_S; s += 1000) {
        CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, BUILD_S + s),
                 PAWL_OK);
    }
    CHECK_EQ(device.power.operations, operations);
    CHECK_EQ(pawl_identity_raise_time_floor(&device.identity, BUILD_S),
             PAWL_OK);
    CHECK(pawl_identity_time_floor(&device.identity) > BUILD_S + 80000);

    reboot();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), BUILD_S + 10);

    CHECK_EQ(
        pawl_identity_raise_time_floor(&device.identity, BUILD_S + 2 * DAY_S),
        PAWL_OK);
    reboot();
    CHECK_EQ(pawl_identity_time_floor(&device.identity), BUILD_S + 2 * DAY_S);
}

/* --- Power cuts --------------------------------------------------------- */

/* A change of the identity, and what must be true after it and before it. */
struct change {
    void (*given)(void);
    enum pawl_status (*run)(void);
    bool (*old)(void);
    bool (*new)(void);
};

static enum pawl_status run_install(void)
{
    return answer(PAWL_KEY_LDEVID_B);
}
static enum pawl_status run_promote(void)
{
    return pawl_identity_promote(&device.identity);
}
static enum pawl_status run_drop(void)
{
    return pawl_identity_drop_next(&device.identity);
}
static enum pawl_status run_request(void)
{
    return request(false);
}

static void given_a_second_request(void)
{
    given_an_ldevid();
    CHECK_EQ(request(false), PAWL_OK);
}
static bool only_a(void)
{
    return has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A) &&
           has_no(PAWL_IDENTITY_LDEVID_NEXT);
}
static bool a_and_next_b(void)
{
    return has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_A) &&
           has(PAWL_IDENTITY_LDEVID_NEXT, PAWL_KEY_LDEVID_B);
}
static bool only_b(void)
{
    return has(PAWL_IDENTITY_LDEVID, PAWL_KEY_LDEVID_B) &&
           has_no(PAWL_IDENTITY_LDEVID_NEXT) && !has_key(PAWL_KEY_LDEVID_A);
}

static void copy(struct device *to, struct device *from)
{
    fake_flash_copy(&to->journal, to->journal_memory, &from->journal);
    fake_flash_copy(&to->area, to->area_memory, &from->area);
    to->keys = from->keys;
    to->power = FAKE_POWER_ON;
}

/* Cuts power at operation `at`, torn in way `tear`, then boots twice. Returns
 * how many ways there are to tear that operation; 0: there is none. */
static uint32_t cut_once(const struct change *change, uint32_t at,
                         uint32_t tear, bool metastable)
{
    copy(&device, &snapshot);
    reboot();
    fake_flash_cut_power_at(&device.journal, at);
    fake_flash_set_tear(&device.journal, tear, metastable);
    enum pawl_status status = change->run();
    uint32_t tears = fake_flash_tears(&device.journal);
    bool cut = fake_flash_power_on(&device.journal);
    (void)fake_flash_power_on(&device.area);

    reboot();
    bool is_new = change->new ();
    CHECK(is_new || change->old());
    CHECK(status != PAWL_OK || is_new);
    CHECK(has(PAWL_IDENTITY_IDEVID, PAWL_KEY_IDEVID));
    (void)fake_flash_power_on(&device.journal); /* weak bits change */
    (void)fake_flash_power_on(&device.area);
    reboot();
    CHECK(change->new () == is_new);
    return cut ? tears : 0;
}

/* Every operation, each in every way that it can be torn. */
static unsigned cut_everywhere(const struct change *change, bool metastable)
{
    unsigned cuts = 0;
    uint32_t tears = 1;

    for (uint32_t at = 0; tears > 0; at++) {
        tears = cut_once(change, at, 0, metastable);
        for (uint32_t tear = 1; tear < tears; tear++) {
            CHECK(cut_once(change, at, tear, metastable) == tears);
        }
        cuts += tears;
    }
    return cuts;
}

static void survives_cuts(const struct change *change)
{
    change->given();
    copy(&snapshot, &device);

    /* A test that cuts nothing proves nothing. */
    CHECK(cut_everywhere(change, false) > 8);
    CHECK(cut_everywhere(change, true) > 8);
}

static void installing_survives_power_cuts(void)
{
    static const struct change change = {given_a_second_request, run_install,
                                         only_a, a_and_next_b};
    survives_cuts(&change);
}

static void promotion_survives_power_cuts(void)
{
    static const struct change change = {given_a_renewal, run_promote,
                                         a_and_next_b, only_b};
    survives_cuts(&change);
}

static void dropping_survives_power_cuts(void)
{
    static const struct change change = {given_a_renewal, run_drop,
                                         a_and_next_b, only_a};
    survives_cuts(&change);
}

/* The key may be made or not; the identities stay as they are. */
static void requesting_survives_power_cuts(void)
{
    static const struct change change = {given_an_ldevid, run_request, only_a,
                                         only_a};
    survives_cuts(&change);
}

/* An unproved LDevID may be given up for a new request; its chain goes before
 * its key does. */
static void requesting_over_a_next_ldevid_survives_power_cuts(void)
{
    static const struct change change = {given_a_renewal, run_request,
                                         a_and_next_b, only_a};
    survives_cuts(&change);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_blank_device_is_nobody),
    CHECK_TEST(the_idevid_is_installed_once_and_for_life),
    CHECK_TEST(a_chain_for_another_key_is_refused),
    CHECK_TEST(chains_are_certificates_and_nothing_else),
    CHECK_TEST(a_new_ldevid_waits_beside_the_old_one),
    CHECK_TEST(promotion_destroys_the_old_key),
    CHECK_TEST(a_third_ldevid_takes_the_first_place_again),
    CHECK_TEST(dropping_the_next_ldevid_keeps_the_current_one),
    CHECK_TEST(an_answer_needs_a_request),
    CHECK_TEST(a_repeated_request_keeps_the_key_and_a_new_one_does_not),
    CHECK_TEST(a_request_never_touches_the_key_in_use),
    CHECK_TEST(a_failing_key_store_is_a_hard_error),
    CHECK_TEST(a_key_store_out_of_reach_gives_nothing_up),
    CHECK_TEST(a_key_store_that_lacks_a_function_is_refused),
    CHECK_TEST(a_key_that_was_replaced_is_noticed),
    CHECK_TEST(a_key_that_nobody_owns_is_destroyed_at_open),
    CHECK_TEST(a_lost_store_is_open_and_empty),
    CHECK_TEST(what_is_not_open_does_nothing),
    CHECK_TEST(the_time_floor_rises_and_is_kept_once_a_day),
    CHECK_TEST(installing_survives_power_cuts),
    CHECK_TEST(promotion_survives_power_cuts),
    CHECK_TEST(dropping_survives_power_cuts),
    CHECK_TEST(requesting_survives_power_cuts),
    CHECK_TEST(requesting_over_a_next_ldevid_survives_power_cuts),
};

CHECK_MAIN(tests)
