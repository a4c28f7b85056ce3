/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The store of a sealed ticket over flash that fails as flash does. What a
 * ticket is, session_ticket.c knows: here it is a number, and any other bytes
 * are none. Sealing is the software key store's.
 */
#include <pawl/ticket_store.h>

#include <string.h>

#include "base/base.h"
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_flash.h"
#include "fake/fake_keystore.h"

#define SIZE 16384u
#define HOUR 3600
#define NOON INT64_C(1800000000)

/* ---- tickets ---- */

#define TICKET_LEN 700u

static struct pawl_ticket ticket_of(uint8_t number)
{
    struct pawl_ticket ticket = {{0}};

    memset(ticket.storage, number, TICKET_LEN);
    return ticket;
}

/* Its number; 0: it is none. */
static uint8_t number_of(const struct pawl_ticket *ticket)
{
    uint8_t number = (uint8_t)ticket->storage[0];
    struct pawl_ticket same = ticket_of(number);

    return memcmp(ticket, &same, sizeof same) == 0 ? number : 0;
}

bool pawl_ticket_holds(const struct pawl_ticket *ticket)
{
    return number_of(ticket) != 0;
}

enum pawl_status pawl_ticket_seal(const struct pawl_ticket *ticket,
                                  const struct pawl_keystore *keystore,
                                  uint8_t *sealed, size_t *sealed_len)
{
    return keystore->seal(
        keystore->ctx,
        (struct pawl_bytes){(const uint8_t *)ticket->storage, TICKET_LEN},
        sealed, sealed_len);
}

enum pawl_status pawl_ticket_unseal(struct pawl_ticket *ticket,
                                    const struct pawl_keystore *keystore,
                                    struct pawl_bytes sealed)
{
    size_t len = sizeof *ticket;

    memset(ticket, 0, sizeof *ticket);
    enum pawl_status status = keystore->unseal(
        keystore->ctx, sealed, (uint8_t *)ticket->storage, &len);

    if (status == PAWL_OK && !pawl_ticket_holds(ticket)) {
        status = PAWL_ERR_MALFORMED;
    }
    if (status != PAWL_OK) {
        memset(ticket, 0, sizeof *ticket);
    }
    return status;
}

/* ---- a device ---- */

struct geometry {
    uint32_t size, erase, unit;
    uint8_t erased;
    uint32_t pending;
};

static const struct geometry usual = {SIZE, 4096, 8, 0xFF, 0};

static uint8_t memory[FAKE_FLASH_MEMORY(SIZE)];
static struct fake_flash flash;
static struct fake_keystore keystore;
static struct pawl_ticket_store store;
static struct pawl_ticket ticket; /* in RAM */

static void reset(void)
{
    memset(&ticket, 0xA5, sizeof ticket);
    (void)fake_flash_power_on(&flash);
    CHECK_EQ(pawl_ticket_store_open(&store, &flash.port, &keystore.keystore, 0),
             PAWL_OK);
}

static void given(const struct geometry *geometry)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&keystore);
    fake_flash_open(&flash, memory, geometry->size, geometry->erase,
                    geometry->unit, geometry->erased);
    flash.pending = geometry->pending;
    flash.port.overprogram = true;
    reset();
}

static enum pawl_status keep(uint8_t number, int64_t now_s)
{
    struct pawl_ticket kept = ticket_of(number);

    return pawl_ticket_store_keep(&store, &kept, now_s);
}

static void given_kept(uint8_t number)
{
    given(&usual);
    CHECK_EQ(keep(number, NOON), PAWL_OK);
}

/* What is taken into a RAM that holds none; 0: nothing. */
static uint8_t taken(void)
{
    memset(&ticket, 0xA5, sizeof ticket);
    enum pawl_status status = pawl_ticket_store_take(&store, &ticket);

    CHECK_EQ(status == PAWL_OK, pawl_ticket_holds(&ticket));
    return number_of(&ticket);
}

/* ---- there and back ---- */

static const struct geometry all[] = {
    {SIZE, 4096, 8, 0xFF, 0},  {SIZE, 256, 1, 0xFF, 0},
    {SIZE, 4096, 64, 0x00, 0}, {SIZE, 4096, 512, 0xFF, 0},
    {2048, 2048, 16, 0xFF, 0}, {SIZE, 1024, 8, 0xFF, 3},
    {3072, 512, 512, 0xFF, 0}, {PAWL_TICKET_PLACE, 64, 64, 0xFF, 0},
};

static void a_ticket_is_there_after_a_reset_once(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(all); i++) {
        given(&all[i]);
        CHECK_EQ(taken(), 0);
        CHECK_EQ(keep(7, NOON), PAWL_OK);
        reset();
        CHECK_EQ(taken(), 7);
        CHECK_EQ(taken(), 0);
        reset();
        CHECK_EQ(taken(), 0);
        CHECK_EQ(flash.breaches, 0);
    }
}

/* What was kept is the same, or older: the one in RAM is used now. */
static void a_ticket_in_ram_stays_and_flash_is_not_used_later(void)
{
    given_kept(7);
    ticket = ticket_of(8);
    CHECK_EQ(pawl_ticket_store_take(&store, &ticket), PAWL_OK);
    CHECK_EQ(number_of(&ticket), 8);
    reset();
    CHECK_EQ(taken(), 0);
}

static void the_newest_is_taken(void)
{
    given_kept(1);
    for (uint8_t n = 2; n < 12; n++) {
        CHECK_EQ(keep(n, NOON + n * 12 * HOUR), PAWL_OK);
        if (n % 2 == 0) {
            reset();
        }
    }
    reset();
    CHECK_EQ(taken(), 11);
    CHECK_EQ(taken(), 0);
}

static void what_is_wiped_is_gone(void)
{
    given_kept(7);
    CHECK_EQ(pawl_ticket_store_wipe(&store), PAWL_OK);
    CHECK_EQ(taken(), 0);
    CHECK_EQ(keep(7, NOON), PAWL_OK);
    CHECK_EQ(pawl_ticket_store_wipe(&store), PAWL_OK);
    reset();
    CHECK_EQ(taken(), 0);
    CHECK(!fake_flash_touched(&flash, 0, SIZE));
}

/* ---- how often ---- */

static void a_ticket_is_kept_once_in_half_a_day(void)
{
    static const struct {
        int64_t at_s;
        enum pawl_status status;
    } rows[] = {
        {NOON, PAWL_ERR_STATE},        {NOON + 12 * HOUR - 1, PAWL_ERR_STATE},
        {NOON - HOUR, PAWL_ERR_STATE}, /* it was set back */
        {INT64_MIN, PAWL_ERR_STATE},   {-1, PAWL_ERR_STATE},
        {NOON + 12 * HOUR, PAWL_OK},   {INT64_MAX, PAWL_OK},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        for (int is_reset = 0; is_reset < 2; is_reset++) {
            given_kept(7);
            if (is_reset) {
                reset();
            }
            uint32_t before = flash.own.operations;

            CHECK_EQ(keep(8, rows[i].at_s), rows[i].status);
            CHECK_EQ(flash.own.operations != before, rows[i].status == PAWL_OK);
        }
    }
}

static void the_pause_is_the_callers_to_choose(void)
{
    given(&usual);
    CHECK_EQ(
        pawl_ticket_store_open(&store, &flash.port, &keystore.keystore, 60),
        PAWL_OK);
    CHECK_EQ(keep(1, -1), PAWL_ERR_STATE); /* no time at all */
    CHECK_EQ(keep(1, NOON), PAWL_OK);
    CHECK_EQ(keep(2, NOON + 59), PAWL_ERR_STATE);
    CHECK_EQ(keep(2, NOON + 60), PAWL_OK);
}

static void the_same_ticket_is_not_written_twice(void)
{
    given_kept(7);
    CHECK_EQ(keep(7, NOON + 24 * HOUR), PAWL_ERR_STATE);
    CHECK_EQ(keep(0, NOON + 24 * HOUR), PAWL_ERR_NOT_FOUND);
    CHECK_EQ(keep(8, NOON + 24 * HOUR), PAWL_OK);
}

/* Or a key store that is lost would be asked at each look. */
static void what_failed_is_not_tried_again_at_once(void)
{
    given(&usual);
    fake_flash_misbehave(&flash, FAKE_REFUSE_ERASE, 0);
    CHECK_EQ(keep(7, NOON), PAWL_ERR_IO);
    flash.misdeed = FAKE_HONEST;
    uint32_t before = flash.own.operations;

    CHECK_EQ(taken(), 0);
    CHECK_EQ(flash.own.operations, before);
    CHECK_EQ(keep(8, NOON + HOUR), PAWL_ERR_STATE);
    CHECK_EQ(keep(8, NOON + 12 * HOUR), PAWL_OK);
}

static void blocks_are_erased_in_turn(void)
{
    given(&usual); /* four places */
    for (unsigned n = 0; n < 100; n++) {
        reset();
        CHECK_EQ(keep((uint8_t)(n + 1), NOON + (int64_t)n * 12 * HOUR),
                 PAWL_OK);
        (void)taken();
    }
    for (size_t i = 0; i < SIZE / 4096; i++) {
        CHECK_EQ(flash.erases[i], 25);
    }
    CHECK_EQ(flash.breaches, 0);
}

/* ---- what goes wrong ---- */

/* Does something with power cut at an operation; whether it was. */
static bool cut_in(void (*what)(void), uint32_t at, uint32_t tear,
                   uint32_t *tears)
{
    given_kept(7);
    fake_flash_cut_power_at(&flash, at);
    fake_flash_set_tear(&flash, tear, true);
    what();
    *tears = fake_flash_tears(&flash);
    return flash.own.dead;
}

static void keeps_another(void)
{
    (void)keep(8, NOON + 12 * HOUR);
}

static void takes_it(void)
{
    (void)taken();
}

/* Each boot finds the old one, the new one or none; and goes on. */
static void any_cut_leaves_a_ticket_or_none(void)
{
    void (*const doings[])(void) = {keeps_another, takes_it};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(doings); i++) {
        bool cut = true;
        unsigned cuts = 0;

        for (uint32_t at = 0; cut; at++) {
            uint32_t tears = 1;

            for (uint32_t tear = 0; tear < tears; tear++) {
                cut = cut_in(doings[i], at, tear, &tears);
                cuts += cut;
                reset();
                uint8_t found = taken();

                CHECK(found == 0 || found == 7 || found == 8);
                reset();
                (void)taken();
                reset();
                CHECK_EQ(keep(9, NOON + 48 * HOUR), PAWL_OK);
                reset();
                CHECK_EQ(taken(), 9);
                if (at > 6 && at % 16 != 0) {
                    break; /* of many units that are alike, one way each */
                }
            }
        }
        CHECK(cuts > 5);
    }
}

static void damage_costs_a_ticket_and_no_more(void)
{
    unsigned whole = 0;

    for (uint32_t off = 0; off < 840; off++) {
        given_kept(7);
        fake_flash_flip(&flash, off, off % 8);
        reset();
        uint8_t found = taken();

        CHECK(found == 0 || found == 7);
        whole += found == 7;
        CHECK_EQ(keep(9, NOON + 48 * HOUR), PAWL_OK);
        reset();
        CHECK_EQ(taken(), 9);
    }
    /* Behind head and what is sealed nothing says anything. */
    CHECK_EQ(whole, 840 - 28 - 8 - (TICKET_LEN + PAWL_SOFT_SEAL_OVERHEAD));
}

/* ---- heads that nobody writes ---- */

static void load_head(uint32_t off, uint32_t number, uint64_t kept_s,
                      uint32_t len)
{
    uint8_t head[28] = {'P', 'W', 'T', '1'};

    pawl_put_u32(head + 4, number);
    pawl_put_u64(head + 8, kept_s);
    pawl_put_u32(head + 16, len);
    pawl_put_u32(head + 24, pawl_crc32(0, head, 24));
    fake_flash_load(&flash, off, head, sizeof head);
}

static void a_head_that_makes_no_sense_is_none(void)
{
    static const struct {
        uint64_t kept_s;
        uint32_t len;
    } rows[] = {{UINT64_MAX, 100},
                {NOON, 0},
                {NOON, PAWL_TICKET_SEALED_MAX + 1},
                {NOON, UINT32_MAX}};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_kept(7);
        load_head(4096, 99, rows[i].kept_s, rows[i].len);
        reset();
        CHECK_EQ(taken(), 7);
    }
}

static void what_another_key_store_has_sealed_is_none(void)
{
    given_kept(7);
    memset(keystore.soft.seal_key, 0x11, sizeof keystore.soft.seal_key);
    reset();
    CHECK_EQ(taken(), 0);
}

static void flash_that_cannot_be_read_holds_none(void)
{
    given_kept(7);
    fake_flash_misbehave(&flash, FAKE_REFUSE_READ, 0);
    CHECK_EQ(pawl_ticket_store_open(&store, &flash.port, &keystore.keystore, 0),
             PAWL_OK);
    CHECK_EQ(taken(), 0);
}

/* Or it would be used again after each reset. */
static void a_ticket_that_cannot_be_marked_is_not_used(void)
{
    given_kept(7);
    reset();
    fake_flash_misbehave(&flash, FAKE_REFUSE_PROGRAM, 0);
    CHECK_EQ(taken(), 0);
}

static enum pawl_status pending_sync(void *ctx)
{
    (void)ctx;
    return PAWL_PENDING;
}

static unsigned polls;

static enum pawl_status count_poll(void *ctx)
{
    (void)ctx;
    return ++polls < 3 ? PAWL_PENDING : PAWL_OK;
}

/* Only program() and erase() may be under way; sync() may not, with a poll()
 * or without one. A mark that may not be durable costs the ticket. */
static void a_sync_that_answers_pending_has_failed_and_is_not_polled(void)
{
    enum pawl_status (*const rows[])(void *ctx) = {count_poll, NULL};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_kept(7);
        flash.port.sync = pending_sync;
        flash.port.poll = rows[i];
        polls = 0;
        CHECK_EQ(pawl_ticket_store_take(&store, &ticket), PAWL_ERR_IO);
        CHECK_EQ(keep(8, NOON + 12 * HOUR), PAWL_ERR_IO);
        CHECK_EQ(taken(), 0);
        CHECK_EQ(pawl_ticket_store_wipe(&store), PAWL_ERR_IO);
        CHECK_EQ(polls, 0);
    }
}

static void what_cannot_be_used_is_said_and_does_nothing(void)
{
    struct pawl_keystore deaf;
    struct pawl_flash small;

    given(&usual);
    deaf = keystore.keystore;
    deaf.seal = NULL;
    CHECK_EQ(pawl_ticket_store_open(&store, &flash.port, &deaf, 0),
             PAWL_ERR_UNSUPPORTED);
    CHECK(store.calls == NULL);
    small = flash.port;
    small.size = 1024;
    small.erase_size = 1024;
    CHECK_EQ(pawl_ticket_store_open(&store, &small, &keystore.keystore, 0),
             PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(keep(7, NOON), PAWL_ERR_STATE);
    CHECK_EQ(taken(), 0);
    CHECK_EQ(pawl_ticket_store_wipe(&store), PAWL_ERR_STATE);
    CHECK_EQ(flash.own.operations, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_ticket_is_there_after_a_reset_once),
    CHECK_TEST(a_ticket_in_ram_stays_and_flash_is_not_used_later),
    CHECK_TEST(the_newest_is_taken),
    CHECK_TEST(what_is_wiped_is_gone),
    CHECK_TEST(a_ticket_is_kept_once_in_half_a_day),
    CHECK_TEST(the_pause_is_the_callers_to_choose),
    CHECK_TEST(the_same_ticket_is_not_written_twice),
    CHECK_TEST(what_failed_is_not_tried_again_at_once),
    CHECK_TEST(blocks_are_erased_in_turn),
    CHECK_TEST(any_cut_leaves_a_ticket_or_none),
    CHECK_TEST(damage_costs_a_ticket_and_no_more),
    CHECK_TEST(a_head_that_makes_no_sense_is_none),
    CHECK_TEST(what_another_key_store_has_sealed_is_none),
    CHECK_TEST(flash_that_cannot_be_read_holds_none),
    CHECK_TEST(a_ticket_that_cannot_be_marked_is_not_used),
    CHECK_TEST(a_sync_that_answers_pending_has_failed_and_is_not_polled),
    CHECK_TEST(what_cannot_be_used_is_said_and_does_nothing),
};
CHECK_MAIN(tests)
