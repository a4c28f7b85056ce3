/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reported.h"

#include <pawl/port_check.h>
#include <string.h>

#define SIZE 4096u
#define BLOCK 512u
#define UNIT 8u

/* What is wrong with a flash: one thing at a time. */
enum defect {
    NONE,
    NO_READ,
    NO_ERASE,
    UNIT_OF_THREE,
    UNIT_OF_128,
    BLOCK_OF_ODD_SIZE,
    SIZE_OF_ODD_BLOCKS,
    ERASED_AS_55,
    ERASES_TO_THE_OTHER, /* value */
    ERASE_LIES,
    ERASE_LEAVES_ONE,
    ERASE_TOO_MUCH,
    ERASE_FAILS,
    PROGRAM_LIES,
    PROGRAM_FAILS,
    PROGRAM_TOO_MUCH,
    PROGRAM_ONE_UNIT,
    PROGRAM_SHIFTED,
    READ_ALIGNED_ONLY,
    NO_OVERPROGRAM,
    ALL_IS_BLANK,
    NOTHING_IS_BLANK,
    PENDING_WITHOUT_POLL,
    NEVER_DONE,
    SYNC_FAILS,
    WEARS_OUT /* a block, after two erases */
};

struct ram {
    struct reported reported; /* first: ctx of the check's report() */
    struct pawl_flash port;
    uint8_t bytes[SIZE];
    enum defect defect;
    unsigned erases; /* of block 0 */
    unsigned pending;
};

static enum pawl_status ram_read(void *ctx, uint32_t off, void *buf, size_t len)
{
    struct ram *ram = ctx;
    bool aligned = off % 4 == 0 && len % 4 == 0;

    if (ram->defect == READ_ALIGNED_ONLY && !aligned) {
        off &= ~3u;
    }
    memcpy(buf, ram->bytes + off, len);
    return PAWL_OK;
}

static enum pawl_status answer(struct ram *ram)
{
    if (ram->defect == PENDING_WITHOUT_POLL) {
        return PAWL_PENDING;
    }
    if (ram->port.poll == NULL) {
        return PAWL_OK;
    }
    ram->pending = 3;
    return PAWL_PENDING;
}

/* Bits go one way only, as in flash. */
static void charge(struct ram *ram, uint32_t off, const uint8_t *buf,
                   size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t *byte = &ram->bytes[off + i];
        *byte =
            ram->port.erased_value == 0xFF ? *byte & buf[i] : *byte | buf[i];
    }
}

static enum pawl_status ram_program(void *ctx, uint32_t off, const void *buf,
                                    size_t len)
{
    struct ram *ram = ctx;
    bool used = ram->bytes[off] != ram->port.erased_value;

    switch (ram->defect) {
    case PROGRAM_LIES:
        return PAWL_OK;
    case PROGRAM_FAILS:
        return PAWL_ERR_IO;
    case PROGRAM_ONE_UNIT:
        len = UNIT;
        break;
    case PROGRAM_SHIFTED:
        off = off + UNIT < SIZE ? off + UNIT : 0;
        break;
    case PROGRAM_TOO_MUCH:
        if (off + len < SIZE) {
            ram->bytes[off + len] ^= 0x10;
        }
        break;
    case NO_OVERPROGRAM:
        if (used) {
            return PAWL_ERR_IO;
        }
        break;
    default:
        break;
    }
    charge(ram, off, buf, len);
    return answer(ram);
}

static enum pawl_status ram_erase(void *ctx, uint32_t off, uint32_t len)
{
    struct ram *ram = ctx;
    uint8_t value = ram->port.erased_value;

    ram->erases += off == 0 ? 1 : 0;
    switch (ram->defect) {
    case ERASE_LIES:
        return PAWL_OK;
    case ERASE_FAILS:
        return PAWL_ERR_IO;
    case ERASES_TO_THE_OTHER:
        value ^= 0xFF;
        break;
    case ERASE_TOO_MUCH:
        len = off + len < SIZE ? len + 1 : len;
        break;
    case WEARS_OUT:
        if (ram->erases > 2) {
            return PAWL_ERR_IO;
        }
        break;
    default:
        break;
    }
    memset(ram->bytes + off, value, len);
    if (ram->defect == ERASE_LEAVES_ONE) {
        ram->bytes[off + len - 1] = 0x5A;
    }
    return answer(ram);
}

static enum pawl_status ram_poll(void *ctx)
{
    struct ram *ram = ctx;

    return ram->pending-- > 0 ? PAWL_PENDING : PAWL_OK;
}

static enum pawl_status ram_poll_never(void *ctx)
{
    (void)ctx;
    return PAWL_PENDING;
}

static enum pawl_status ram_sync(void *ctx)
{
    struct ram *ram = ctx;

    return ram->defect == SYNC_FAILS ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status ram_is_blank(void *ctx, uint32_t off, size_t len,
                                     bool *blank)
{
    struct ram *ram = ctx;

    *blank = ram->defect != NOTHING_IS_BLANK;
    for (size_t i = 0; i < len && ram->defect != ALL_IS_BLANK; i++) {
        *blank = *blank && ram->bytes[off + i] == ram->port.erased_value;
    }
    return PAWL_OK;
}

static void given(struct ram *ram, enum defect defect, uint8_t erased)
{
    memset(ram, 0, sizeof *ram);
    reported_clear(&ram->reported);
    memset(ram->bytes, 0x77, sizeof ram->bytes);
    ram->defect = defect;
    ram->port = (struct pawl_flash){
        .ctx = ram,
        .read = defect == NO_READ ? NULL : ram_read,
        .program = ram_program,
        .erase = defect == NO_ERASE ? NULL : ram_erase,
        .sync = ram_sync,
        .poll = defect == PENDING_WITHOUT_POLL || erased == 0 ? NULL : ram_poll,
        .is_blank = ram_is_blank,
        .size = defect == SIZE_OF_ODD_BLOCKS ? SIZE - 256 : SIZE,
        .erase_size = defect == BLOCK_OF_ODD_SIZE ? BLOCK + 4 : BLOCK,
        .program_size = defect == UNIT_OF_THREE ? 3
                        : defect == UNIT_OF_128 ? 128
                                                : UNIT,
        .erased_value = defect == ERASED_AS_55 ? 0x55 : erased,
        .overprogram = true,
    };
}

static unsigned checked(struct ram *ram, bool after_reset)
{
    const struct pawl_port_check check = {
        .report = reported_add,
        .ctx = ram,
        .flash = &ram->port,
        .after_reset = after_reset,
        .polls = 1000,
    };

    return pawl_port_check(&check);
}

static void flash_as_it_should_be_passes(void)
{
    static struct ram ram;

    given(&ram, NONE, 0xFF);
    CHECK_EQ(checked(&ram, false), 0);
    CHECK_EQ(ram.reported.violated, 0);
    CHECK_EQ(ram.reported.skipped, 1); /* no reset came before */
    CHECK_EQ(checked(&ram, true), 0);
    CHECK_EQ(ram.reported.skipped, 1);
    given(&ram, NONE, 0x00); /* and where erased is 0, and nothing pends */
    CHECK_EQ(checked(&ram, false), 0);
}

static void every_sentence_stands_in_the_header(void)
{
    static struct ram ram;

    given(&ram, NONE, 0xFF);
    (void)checked(&ram, false);
    CHECK(ram.reported.quoted);
}

static void what_a_port_need_not_have_is_skipped(void)
{
    static struct ram ram;

    given(&ram, NONE, 0xFF);
    ram.port.overprogram = false;
    ram.port.is_blank = NULL;
    ram.port.sync = NULL;
    CHECK_EQ(checked(&ram, false), 0);
    CHECK_EQ(ram.reported.skipped, 3);
}

static void each_broken_sentence_is_named(void)
{
    static const struct {
        enum defect defect;
        const char *name;
    } rows[] = {
        {NO_READ, "flash: required"},
        {NO_ERASE, "flash: required"},
        {UNIT_OF_THREE, "flash: program_size"},
        {UNIT_OF_128, "flash: program_size"},
        {BLOCK_OF_ODD_SIZE, "flash: erase_size"},
        {SIZE_OF_ODD_BLOCKS, "flash: size"},
        {ERASED_AS_55, "flash: erased value"},
        {ERASES_TO_THE_OTHER, "flash: erase"},
        {ERASE_LIES, "flash: erase"},
        {ERASE_LEAVES_ONE, "flash: erase"},
        {ERASE_FAILS, "flash: erase"},
        {SYNC_FAILS, "flash: erase"},
        {ERASE_TOO_MUCH, "flash: erase inside"},
        {PROGRAM_LIES, "flash: program"},
        {PROGRAM_FAILS, "flash: program"},
        {PROGRAM_SHIFTED, "flash: program"},
        {PROGRAM_TOO_MUCH, "flash: program inside"},
        {PROGRAM_ONE_UNIT, "flash: several units"},
        {READ_ALIGNED_ONLY, "flash: read"},
        {NO_OVERPROGRAM, "flash: overprogram"},
        {ALL_IS_BLANK, "flash: blank"},
        {NOTHING_IS_BLANK, "flash: blank"},
        {PENDING_WITHOUT_POLL, "flash: poll"},
        {NEVER_DONE, "flash: erase"},
        {WEARS_OUT, "flash: again"},
    };
    static struct ram ram;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(&ram, rows[i].defect, 0xFF);
        if (rows[i].defect == NEVER_DONE) {
            ram.port.poll = ram_poll_never;
        }
        CHECK(checked(&ram, false) > 0);
        CHECK(reported_violates(&ram.reported, rows[i].name));
    }
}

static void what_a_reset_lost_is_noticed(void)
{
    static struct ram ram;

    given(&ram, NONE, 0xFF);
    CHECK_EQ(checked(&ram, false), 0);
    ram.bytes[BLOCK - 1] ^= 0x01;
    CHECK_EQ(checked(&ram, true), 1);
    CHECK(reported_violates(&ram.reported, "flash: durable"));
}

static const struct check_test tests[] = {
    CHECK_TEST(flash_as_it_should_be_passes),
    CHECK_TEST(every_sentence_stands_in_the_header),
    CHECK_TEST(what_a_port_need_not_have_is_skipped),
    CHECK_TEST(each_broken_sentence_is_named),
    CHECK_TEST(what_a_reset_lost_is_noticed),
};

CHECK_MAIN(tests)
