/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an update costs each sector of each flash, exactly: the file
 * wear_budget beside this one is compared with what is counted here. Where a
 * change of the code changes it on purpose,
 *
 *     PAWL_WEAR_WRITE=1 build/host/test/test_fault_wear
 *
 * writes the file anew; the difference belongs into the commit, with a reason.
 */
#include "base/base.h"
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include <pawl/boot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET PAWL_TEST_DIR "/fault/wear_budget"
#define IMAGE 100000u /* bytes: 25 sectors */
#define FLASHES 5u
#define UPDATES 8u
#define TEXT_MAX 16384u

static struct fake_device device;
static char text[TEXT_MAX];
static size_t text_len;

/* Calls for each sector of each flash. */
struct counts {
    uint32_t erases[FLASHES][FAKE_FLASH_SECTORS];
    uint32_t programs[FLASHES][FAKE_FLASH_SECTORS];
};

static const struct fake_flash *flash_of(unsigned i)
{
    const struct fake_flash *flashes[FLASHES] = {
        &device.image[0], &device.image[1], &device.area[0], &device.area[1],
        &device.journal};
    return flashes[i];
}

static struct counts count(void)
{
    struct counts counts;

    for (unsigned i = 0; i < FLASHES; i++) {
        memcpy(counts.erases[i], flash_of(i)->erases, sizeof(counts.erases[i]));
        memcpy(counts.programs[i], flash_of(i)->programs,
               sizeof(counts.programs[i]));
    }
    return counts;
}

/* --- The table ----------------------------------------------------------- */

static void line(const char *phase, unsigned flash, unsigned from, unsigned to,
                 uint32_t erases, uint32_t programs)
{
    static const char *const names[FLASHES] = {"slot A", "slot B", "manifest A",
                                               "manifest B", "journal"};
    int n = snprintf(text + text_len, sizeof(text) - text_len,
                     "%-22s %-10s sector %2u to %2u: erases %3u programs %4u\n",
                     phase, names[flash], from, to, erases, programs);

    CHECK(n > 0 && (size_t)n < sizeof(text) - text_len);
    text_len += (size_t)n;
}

/* What a phase cost; neighbours that cost the same share a line. */
static void tell(const char *phase, const struct counts *before)
{
    struct counts now = count();
    bool any = false;

    for (unsigned i = 0; i < FLASHES; i++) {
        unsigned from = 0;

        for (unsigned s = 0; s < FAKE_FLASH_SECTORS; s++) {
            uint32_t erases = now.erases[i][s] - before->erases[i][s];
            uint32_t programs = now.programs[i][s] - before->programs[i][s];
            bool last =
                s + 1u == FAKE_FLASH_SECTORS ||
                now.erases[i][s + 1u] - before->erases[i][s + 1u] != erases ||
                now.programs[i][s + 1u] - before->programs[i][s + 1u] !=
                    programs;

            if (last && (erases != 0 || programs != 0)) {
                line(phase, i, from, s, erases, programs);
                any = true;
            }
            from = last ? s + 1u : from;
        }
    }
    if (!any) {
        line(phase, 4, 0, 0, 0, 0);
    }
}

/* --- Updates ------------------------------------------------------------- */

static struct pawl_boot_choice boot(enum pawl_reset_cause cause)
{
    static struct pawl_boot selection;
    struct pawl_boot_choice choice;
    const struct pawl_boot_config config = {.product = &device.product,
                                            .slots = device.slots,
                                            .slot_count = 2,
                                            .journal = &device.journal.port,
                                            .counter = &device.counter,
                                            .trust = &device.store,
                                            .reset_cause = cause};

    (void)fake_device_power_on(&device);
    CHECK_EQ(pawl_boot_select(&selection, &config, &choice), PAWL_OK);
    device.config.running_known = true;
    device.config.running = choice.set;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    return choice;
}

static void settle(enum pawl_status status)
{
    CHECK_EQ(status == PAWL_PENDING ? fake_device_settle(&device) : status,
             PAWL_OK);
}

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = IMAGE,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

/* phases: five names, or NULL to say nothing. */
static void update(uint64_t sequence, bool accept, const char *const phases[5])
{
    static struct fake_release release;
    struct counts before = count();

    make(&release, sequence);
    settle(fake_device_download(&device, &release, UINT32_MAX));
    for (unsigned i = 0; i < 5; i++) {
        switch (i) {
        case 1:
            settle(pawl_update_install(&device.update));
            break;
        case 2:
            CHECK(boot(PAWL_RESET_SOFTWARE).trial);
            break;
        case 3:
            settle(accept ? pawl_update_accept(&device.update)
                          : pawl_update_reject(&device.update,
                                               PAWL_UPDATE_REASON_UNHEALTHY));
            break;
        case 4:
            CHECK(!boot(PAWL_RESET_SOFTWARE).trial);
            settle(pawl_update_clean(&device.update));
            break;
        default:
            break;
        }
        if (phases != NULL) {
            tell(phases[i], &before);
            before = count();
        }
    }
}

static void count_all(void)
{
    static const char *const accepted[] = {
        "accepted: download", "accepted: install", "accepted: trial boot",
        "accepted: accept", "accepted: boot, clean"};
    static const char *const rejected[] = {
        "rejected: download", "rejected: install", "rejected: trial boot",
        "rejected: reject", "rejected: boot, clean"};
    static struct fake_release factory;
    struct counts before;

    text_len = 0;
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&factory, 1);
    fake_device_open(&device);
    fake_device_provision(&device, 0, &factory);
    before = count();
    (void)boot(PAWL_RESET_POWER_ON);
    tell("first boot", &before);
    before = count();
    (void)boot(PAWL_RESET_POWER_ON);
    tell("boot at rest", &before);
    update(2, true, accepted);
    update(3, false, rejected);
    before = count();
    for (unsigned i = 0; i < UPDATES; i++) {
        update(4u + i, true, NULL);
    }
    tell("eight more accepted", &before);
}

/* --- The file ------------------------------------------------------------ */

static size_t read_budget(char *out, size_t room)
{
    FILE *file = fopen(BUDGET, "r");
    size_t len = 0;
    int c = 0;

    if (file == NULL) {
        return 0;
    }
    for (bool comment = false; (c = fgetc(file)) != EOF;) {
        comment = comment || (c == '#' && (len == 0 || out[len - 1u] == '\n'));
        if (!comment && len < room) {
            out[len++] = (char)c;
        }
        comment = comment && c != '\n';
    }
    (void)fclose(file);
    return len;
}

static void write_budget(void)
{
    FILE *file = fopen(BUDGET, "w");

    CHECK(file != NULL);
    if (file == NULL) {
        return;
    }
    fprintf(file,
            "# SPDX-License-Identifier: Apache-2.0\n"
            "# Erases and program calls of an update of %u bytes, by phase and "
            "sector: sectors of\n# %u bytes, W 8. Compared by test_wear.c, "
            "which says how to write it anew.\n",
            IMAGE, FAKE_SECTOR);
    CHECK(fwrite(text, 1, text_len, file) == text_len);
    CHECK(fclose(file) == 0);
}

/* Prints the first line that is not as it was. */
static void explain(const char *budget, size_t len)
{
    size_t at = 0;
    size_t start = 0;

    while (at < len && at < text_len && budget[at] == text[at]) {
        at++;
        start = text[at - 1u] == '\n' ? at : start;
    }
    printf("the wear of an update is not what test/fault/wear_budget says:\n");
    printf("- %.*s\n", (int)strcspn(budget + start, "\n"), budget + start);
    printf("+ %.*s\n", (int)strcspn(text + start, "\n"), text + start);
    printf("if this is meant, write the file anew, and say in the commit why:\n"
           "PAWL_WEAR_WRITE=1 build/host/test/test_fault_wear\n");
}

static void an_update_wears_each_sector_as_the_budget_says(void)
{
    static char budget[TEXT_MAX + 1u];
    size_t len = 0;

    count_all();
    if (getenv("PAWL_WEAR_WRITE") != NULL) {
        write_budget();
    }
    memset(budget, 0, sizeof(budget));
    len = read_budget(budget, TEXT_MAX);
    if (len != text_len || memcmp(budget, text, len) != 0) {
        explain(budget, len);
    }
    CHECK_EQ(len, text_len);
    CHECK(memcmp(budget, text, text_len) == 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(an_update_wears_each_sector_as_the_budget_says),
};
CHECK_MAIN(tests)
