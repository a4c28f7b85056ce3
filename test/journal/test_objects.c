/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "check.h"
#include "fake/fake_flash.h"
#include "journal/objects.h"
#include <string.h>

#define UNIT 8U
#define BANK 4096U
#define BLOCK 64U
#define AREA (8U * BLOCK)

static uint8_t journal_memory[2][FAKE_FLASH_MEMORY(2U * BANK)];
static uint8_t area_memory[2][FAKE_FLASH_MEMORY(AREA)];

/* A device: journal and area on one supply. */
struct device {
    struct fake_flash journal, area;
    struct fake_power power;
    struct pawl_store store;
    struct pawl_objects objects;
};

static void power_up(struct device *device)
{
    fake_flash_share_power(&device->journal, &device->power);
    fake_flash_share_power(&device->area, &device->power);
    device->store =
        (struct pawl_store){&device->journal.port, &device->area.port};
}

static void given_device(struct device *device)
{
    memset(device, 0, sizeof(*device));
    device->power = FAKE_POWER_ON;
    fake_flash_open(&device->journal, journal_memory[0], 2U * BANK, BANK, UNIT,
                    0xFF);
    fake_flash_open(&device->area, area_memory[0], AREA, BLOCK, UNIT, 0xFF);
    power_up(device);
}

static void copy_device(struct device *to, const struct device *from)
{
    memset(to, 0, sizeof(*to));
    fake_flash_copy(&to->journal, journal_memory[1], &from->journal);
    fake_flash_copy(&to->area, area_memory[1], &from->area);
    to->power = FAKE_POWER_ON;
    power_up(to);
}

static bool power_on(struct device *device)
{
    bool cut = fake_flash_power_on(&device->journal);

    (void)fake_flash_power_on(&device->area);
    return cut;
}

static enum pawl_status reboot(struct device *device)
{
    (void)power_on(device);
    return pawl_objects_open(&device->objects, &device->store,
                             PAWL_JOURNAL_WRITE, NULL, NULL);
}

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

static bool holds(const struct device *device, enum pawl_object which,
                  const char *string)
{
    uint8_t buf[BLOCK];
    size_t len = sizeof(buf);

    return pawl_objects_get(&device->objects, which, buf, &len) == PAWL_OK &&
           pawl_bytes_equal((struct pawl_bytes){buf, len}, text(string));
}

static void note_of(uint8_t note[PAWL_NOTE_SIZE], uint8_t value)
{
    memset(note, value, PAWL_NOTE_SIZE);
}

/* Trust holds "first", the note ones; commits so many before that. */
static void given_first(struct device *device, unsigned commits)
{
    uint8_t note[PAWL_NOTE_SIZE];

    given_device(device);
    CHECK_EQ(reboot(device), PAWL_OK);
    note_of(note, 1);
    for (unsigned i = 0; i < commits; i++) {
        CHECK_EQ(pawl_objects_note(&device->objects, note), PAWL_OK);
    }
    CHECK_EQ(pawl_objects_put(&device->objects, PAWL_OBJECT_TRUST,
                              text("first"), note),
             PAWL_OK);
}

static void an_empty_store_holds_nothing(void)
{
    static const uint8_t zeros[PAWL_NOTE_SIZE];
    struct device device;
    uint8_t buf[BLOCK];
    size_t len = sizeof(buf);

    given_device(&device);
    CHECK_EQ(reboot(&device), PAWL_OK);
    CHECK_EQ(pawl_objects_room(&device.objects), BLOCK);
    CHECK_EQ(pawl_objects_get(&device.objects, PAWL_OBJECT_IDEVID, buf, &len),
             PAWL_ERR_NOT_FOUND);
    CHECK_MEM(device.objects.note, zeros, sizeof(zeros));
    CHECK_EQ(device.power.operations, 0);
}

static void objects_are_kept_apart_and_survive(void)
{
    struct device device;

    given_first(&device, 0);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_IDEVID,
                              text("chain of the factory"), NULL),
             PAWL_OK);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                              text("second"), NULL),
             PAWL_OK);
    CHECK_EQ(reboot(&device), PAWL_OK);
    CHECK(holds(&device, PAWL_OBJECT_TRUST, "second"));
    CHECK(holds(&device, PAWL_OBJECT_IDEVID, "chain of the factory"));
    CHECK_EQ(device.objects.note[0], 1);
    CHECK_EQ(device.journal.breaches + device.area.breaches, 0);
}

static void an_object_can_be_removed(void)
{
    struct device device;
    uint8_t buf[BLOCK];
    size_t len = sizeof(buf);

    given_first(&device, 0);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST, PAWL_NO_BYTES,
                              NULL),
             PAWL_OK);
    CHECK_EQ(reboot(&device), PAWL_OK);
    CHECK_EQ(pawl_objects_get(&device.objects, PAWL_OBJECT_TRUST, buf, &len),
             PAWL_ERR_NOT_FOUND);
}

static void an_object_as_long_as_its_room_fits_and_no_longer(void)
{
    struct device device;
    uint8_t bytes[BLOCK + 1U];

    given_first(&device, 0);
    memset(bytes, 0x5A, sizeof(bytes));
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_LDEVID_B,
                              (struct pawl_bytes){bytes, BLOCK}, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_LDEVID_B,
                              PAWL_BYTES(bytes), NULL),
             PAWL_ERR_FULL);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_COUNT, PAWL_NO_BYTES,
                              NULL),
             PAWL_ERR_ARGUMENT);
}

static void too_small_a_buffer_is_told_the_length(void)
{
    struct device device;
    uint8_t buf[BLOCK];
    size_t len = 4;

    given_first(&device, 0);
    CHECK_EQ(pawl_objects_get(&device.objects, PAWL_OBJECT_TRUST, buf, &len),
             PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, 5);
}

static void a_damaged_object_is_not_handed_out(void)
{
    struct device device;
    uint8_t buf[BLOCK];
    size_t len = sizeof(buf);

    given_first(&device, 0);
    fake_flash_flip(&device.area, 6U * BLOCK + 2U, 3);
    CHECK_EQ(pawl_objects_get(&device.objects, PAWL_OBJECT_TRUST, buf, &len),
             PAWL_ERR_CORRUPT);
    CHECK(memchr(buf, 'f', 5) == NULL);
}

static void a_reader_changes_nothing(void)
{
    struct device device;
    uint32_t operations = 0;

    given_first(&device, 0);
    operations = device.power.operations;
    CHECK_EQ(pawl_objects_open(&device.objects, &device.store,
                               PAWL_JOURNAL_READ_ONLY, NULL, NULL),
             PAWL_OK);
    CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                              text("second"), NULL),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_objects_note(&device.objects, device.objects.note),
             PAWL_ERR_STATE);
    CHECK_EQ(device.power.operations, operations);
}

static void flash_that_does_not_fit_is_refused(void)
{
    struct device device;

    given_device(&device);
    device.area.port.size = 6U * BLOCK;
    CHECK_EQ(reboot(&device), PAWL_ERR_UNSUPPORTED);
    given_device(&device);
    device.journal.port.overprogram = false;
    CHECK_EQ(reboot(&device), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                              text("second"), NULL),
             PAWL_ERR_STATE);
}

static void a_payload_of_a_later_format_is_left_alone(void)
{
    struct device device;
    uint8_t payload[213] = {2};

    given_device(&device);
    struct pawl_journal *journal = &device.objects.journal;
    CHECK_EQ(pawl_journal_open(journal, &device.journal.port, sizeof(payload),
                               PAWL_JOURNAL_WRITE),
             PAWL_OK);
    CHECK_EQ(pawl_journal_commit(journal, PAWL_BYTES(payload)), PAWL_PENDING);
    CHECK_EQ(pawl_journal_finish(journal, NULL, NULL), PAWL_OK);

    CHECK_EQ(reboot(&device), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(pawl_objects_note(&device.objects, device.objects.note),
             PAWL_ERR_STATE);
}

/*
 * Cuts the replacement of "first" by "second". True while there is more to
 * cut.
 */
static bool put_is_atomic(struct device *device, uint32_t at, uint32_t tear,
                          bool metastable)
{
    uint8_t note[PAWL_NOTE_SIZE];
    enum pawl_status status = PAWL_ERR_FAULT;
    bool cut = false;
    bool second = false;

    CHECK_EQ(reboot(device), PAWL_OK);
    note_of(note, 2);
    fake_flash_cut_power_at(&device->journal, at);
    fake_flash_set_tear(&device->journal, tear, metastable);
    status = pawl_objects_put(&device->objects, PAWL_OBJECT_TRUST,
                              text("second"), note);
    cut = device->power.dead;
    for (int boot = 0; boot < 5; boot++) {
        CHECK_EQ(reboot(device), PAWL_OK);
        CHECK(boot == 0 || second == (device->objects.note[0] == 2));
        second = device->objects.note[0] == 2;
        CHECK(second || (status != PAWL_OK && device->objects.note[63] == 1));
        CHECK(holds(device, PAWL_OBJECT_TRUST, second ? "second" : "first"));
    }
    CHECK_EQ(pawl_objects_put(&device->objects, PAWL_OBJECT_TRUST,
                              text("third"), NULL),
             PAWL_OK);
    CHECK(holds(device, PAWL_OBJECT_TRUST, "third"));
    CHECK_EQ(device->journal.breaches + device->area.breaches, 0);
    return cut;
}

static void put_finds_the_old_or_the_new_at_every_cut(void)
{
    static struct device seed;
    static struct device device;

    for (unsigned variant = 0; variant < 4; variant++) {
        bool more = true;

        given_first(&seed, variant < 2 ? 0 : 5); /* with room; compacting */
        for (uint32_t at = 0; more; at++) {
            uint32_t tears = 1;

            for (uint32_t tear = 0; tear < tears; tear++) {
                copy_device(&device, &seed);
                more = put_is_atomic(&device, at, tear, variant % 2U != 0);
                tears = device.power.tears;
            }
        }
    }
}

static void note_finds_the_old_or_the_new_at_every_cut(void)
{
    static struct device seed;
    static struct device device;
    uint8_t note[PAWL_NOTE_SIZE];
    bool more = true;

    note_of(note, 2);
    for (uint32_t at = 0; more; at++) {
        uint32_t tears = 1;

        for (uint32_t tear = 0; tear < tears; tear++) {
            enum pawl_status status = PAWL_ERR_FAULT;

            given_first(&seed, 0);
            copy_device(&device, &seed);
            CHECK_EQ(reboot(&device), PAWL_OK);
            fake_flash_cut_power_at(&device.journal, at);
            fake_flash_set_tear(&device.journal, tear, true);
            status = pawl_objects_note(&device.objects, note);
            more = device.power.dead;
            tears = device.power.tears;
            CHECK_EQ(reboot(&device), PAWL_OK);
            CHECK(device.objects.note[0] == 2 ||
                  (status != PAWL_OK && device.objects.note[0] == 1));
            CHECK(device.objects.note[0] == device.objects.note[63]);
            CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
        }
    }
}

/* With a commit in doubt, the other place may be the one in force. */
static void after_a_failed_commit_nothing_is_erased(void)
{
    static const enum fake_misdeed misdeeds[] = {FAKE_REFUSE_PROGRAM,
                                                 FAKE_LIE_PROGRAM};
    struct device device;

    for (uint32_t i = 0; i < 10; i++) {
        enum pawl_status status = PAWL_ERR_FAULT;
        uint32_t operations = 0;

        given_first(&device, 0);
        fake_flash_misbehave(&device.journal, misdeeds[i % 2U], i / 2U + 2U);
        status = pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                                  text("second"), NULL);
        fake_flash_misbehave(&device.journal, FAKE_HONEST, 0);
        operations = device.power.operations;
        if (status != PAWL_OK) {
            CHECK_EQ(status, PAWL_ERR_IO);
            CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                                      text("third"), NULL),
                     PAWL_ERR_STATE);
            CHECK_EQ(device.power.operations, operations);
        }
        CHECK_EQ(reboot(&device), PAWL_OK);
        CHECK(holds(&device, PAWL_OBJECT_TRUST, "first") ||
              holds(&device, PAWL_OBJECT_TRUST, "second"));
    }
}

static void an_area_that_lies_is_found_out(void)
{
    struct device device;

    given_first(&device, 0);
    fake_flash_misbehave(&device.area, FAKE_LIE_PROGRAM, 0);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                              text("second"), NULL),
             PAWL_ERR_IO);
    CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
}

static void flash_that_answers_pending_is_waited_for(void)
{
    struct device device;

    given_device(&device);
    device.area.pending = 3;
    device.journal.pending = 2;
    CHECK_EQ(reboot(&device), PAWL_OK);
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST, text("first"),
                              NULL),
             PAWL_OK);
    CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
    CHECK_EQ(device.journal.breaches + device.area.breaches, 0);
}

static struct pawl_flash honest;

static enum pawl_status pending_program(void *ctx, uint32_t off,
                                        const void *buf, size_t len)
{
    enum pawl_status status = honest.program(ctx, off, buf, len);

    return status == PAWL_OK ? PAWL_PENDING : status;
}

static void pending_without_a_poll_is_a_failure(void)
{
    struct device device;

    given_first(&device, 0);
    honest = device.area.port;
    device.area.port.program = pending_program;
    device.area.port.poll = NULL;
    CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                              text("second"), NULL),
             PAWL_ERR_IO);
    CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
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
 * or without one. */
static void a_sync_that_answers_pending_has_failed_and_is_not_polled(void)
{
    enum pawl_status (*const rows[])(void *ctx) = {count_poll, NULL};
    struct device device;

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_first(&device, 0);
        device.area.port.sync = pending_sync;
        device.area.port.poll = rows[i];
        polls = 0;
        CHECK_EQ(pawl_objects_put(&device.objects, PAWL_OBJECT_TRUST,
                                  text("second"), NULL),
                 PAWL_ERR_IO);
        CHECK_EQ(polls, 0);
        CHECK_EQ(reboot(&device), PAWL_OK);
        CHECK(holds(&device, PAWL_OBJECT_TRUST, "first"));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(an_empty_store_holds_nothing),
    CHECK_TEST(objects_are_kept_apart_and_survive),
    CHECK_TEST(an_object_can_be_removed),
    CHECK_TEST(an_object_as_long_as_its_room_fits_and_no_longer),
    CHECK_TEST(too_small_a_buffer_is_told_the_length),
    CHECK_TEST(a_damaged_object_is_not_handed_out),
    CHECK_TEST(a_reader_changes_nothing),
    CHECK_TEST(flash_that_does_not_fit_is_refused),
    CHECK_TEST(a_payload_of_a_later_format_is_left_alone),
    CHECK_TEST(put_finds_the_old_or_the_new_at_every_cut),
    CHECK_TEST(note_finds_the_old_or_the_new_at_every_cut),
    CHECK_TEST(after_a_failed_commit_nothing_is_erased),
    CHECK_TEST(an_area_that_lies_is_found_out),
    CHECK_TEST(flash_that_answers_pending_is_waited_for),
    CHECK_TEST(pending_without_a_poll_is_a_failure),
    CHECK_TEST(a_sync_that_answers_pending_has_failed_and_is_not_polled),
};
CHECK_MAIN(tests)
