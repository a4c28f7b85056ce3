/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/set.h"

/*
 * Two components under a loader that swaps, with a trailer for each of them:
 * it tries what is pending once, and goes back at the next reset unless that
 * was confirmed. Power fails between its writes: some of a set are asked for,
 * taken back or confirmed, and others are not.
 */

#define SESSIONS 24

struct trailer {
    unsigned base, next; /* slots: confirmed, and asked for */
    bool pending, trial;
};

static struct {
    struct trailer part[2];
    pawl_slot_set selected;  /* asked for last */
    unsigned writes, cut_at; /* power fails before write number cut_at */
} loader;

static unsigned cuts; /* of power, that came */

static unsigned bit(pawl_slot_set set, unsigned i)
{
    return set >> i & 1u;
}

static unsigned runs(const struct trailer *part)
{
    return part->trial ? part->next : part->base;
}

static bool power(void)
{
    device.power.dead |= loader.writes++ == loader.cut_at;
    return !device.power.dead;
}

static enum pawl_status answer(void)
{
    return device.power.dead ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status loader_query(void *ctx, struct pawl_boot_facts *facts)
{
    const struct trailer *part = loader.part;
    bool pending = part[0].pending || part[1].pending;
    (void)ctx;
    facts->running = (pawl_slot_set)(runs(&part[0]) | runs(&part[1]) << 1);
    facts->trial = part[0].trial || part[1].trial;
    facts->reverted = !pending && loader.selected != facts->running;
    return PAWL_OK;
}

static void ask_for(struct trailer *part, unsigned slot)
{
    if (part->trial) {
        return; /* what is tried goes back by itself */
    }
    bool pending = slot != part->base;
    if ((part->pending != pending || part->next != slot) && power()) {
        part->pending = pending;
        part->next = slot;
    }
}

static enum pawl_status loader_select(void *ctx, pawl_slot_set set)
{
    (void)ctx;
    if (loader.selected != set && power()) {
        loader.selected = set;
    }
    for (unsigned i = 0; i < 2 && !device.power.dead; i++) {
        ask_for(&loader.part[i], bit(set, i));
    }
    return answer();
}

static enum pawl_status loader_confirm(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < 2; i++) {
        struct trailer *part = &loader.part[i];
        if (part->trial && power()) {
            part->base = part->next;
            part->trial = false;
        }
    }
    return answer();
}

static const struct pawl_boot_backend backend = {NULL, loader_query,
                                                 loader_select, loader_confirm};

static enum pawl_status reset(void)
{
    if (device.power.dead) { /* or it would take back a cut to come */
        power_on();
        cuts++;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct trailer *part = &loader.part[i];
        bool tried = part->trial;
        part->trial = part->pending && !tried;
        part->pending = part->pending && tried;
    }
    return fake_device_start_engine(&device);
}

static void given_two(void)
{
    given_factory();
    make_v2(false, false);
    memset(&loader, 0, sizeof(loader));
    loader.cut_at = UINT32_MAX;
    device.port.boot = &backend;
    CHECK_EQ(reset(), PAWL_OK);
}

static uint32_t image_operations(void)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < FAKE_FLASH_SECTORS; i++) {
        for (unsigned slot = 0; slot < 2; slot++) {
            sum += device.image[slot].erases[i] + second_image[slot].erases[i];
        }
    }
    return sum;
}

/* What the application does with what it finds; gives up half of a set. */
static void act(bool accept)
{
    switch (fake_device_info(&device).state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        (void)download(&v2);
        break;
    case PAWL_UPDATE_CANDIDATE:
        (void)settled(pawl_update_install(&device.update));
        break;
    case PAWL_UPDATE_TRIAL:
        (void)settled(accept
                          ? pawl_update_accept(&device.update)
                          : pawl_update_reject(&device.update,
                                               PAWL_UPDATE_REASON_UNHEALTHY));
        break;
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_UPDATED:
        (void)settled(pawl_update_clean(&device.update));
        break;
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_REJECTED:
        break;
    }
}

static pawl_slot_set confirmed(void)
{
    return (pawl_slot_set)(loader.part[0].base | loader.part[1].base << 1);
}

/* In a session that runs some of each: nothing is accepted or confirmed, the
 * counter does not rise, and no slot of an image is erased. */
static void session(bool accept, unsigned *mixtures)
{
    uint32_t erased = image_operations();
    uint32_t counter = device.counter_value;
    enum pawl_status status = reset();
    struct pawl_update_info info = fake_device_info(&device);
    bool mixture = info.running == 1 || info.running == 2;
    pawl_slot_set stays = confirmed();

    CHECK(status == PAWL_OK || device.power.dead);
    if (status == PAWL_OK && mixture) {
        bool goes_back = loader.part[0].trial || loader.part[1].trial;
        CHECK_EQ(info.reset_wanted, goes_back);
    }
    for (unsigned i = 0; i < 8 && !device.power.dead; i++) {
        (void)fake_device_settle(&device);
        act(accept);
        CHECK(!mixture || fake_device_info(&device).state != PAWL_UPDATE_TRIAL);
    }
    if (mixture) {
        ++*mixtures;
        CHECK_EQ(confirmed(), stays);
        CHECK_EQ(image_operations(), erased);
        CHECK_EQ(device.counter_value, counter);
    }
    CHECK(device.counter_value == 0 ||
          fake_device_info(&device).current.sequence == 2);
}

static bool at_rest(bool accept)
{
    struct pawl_update_info info = fake_device_info(&device);
    bool over =
        accept ? info.running == 3 && info.current.sequence == 2
               : info.running == 0 && info.reason != PAWL_UPDATE_REASON_NONE;
    return over && info.state == PAWL_UPDATE_READY && !info.counter_pending;
}

/* From here to the end, which is known to stay. */
static void live(bool accept, unsigned *mixtures)
{
    unsigned sessions = 0;
    while (sessions++ < SESSIONS && !at_rest(accept)) {
        session(accept, mixtures);
    }
    CHECK(at_rest(accept));
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).running, accept ? 3 : 0);
    CHECK_EQ(confirmed(), accept ? 3 : 0);
    CHECK_EQ(device.counter_value, accept ? 2 : 0);
    CHECK_EQ(fake_device_breaches(&device), 0);
}

/* Power fails before each write of the loader in turn. */
static void a_cut_between_two_trailers_leaves_no_mixture(void)
{
    unsigned mixtures = 0;
    for (unsigned accept = 0; accept < 2; accept++) {
        bool cut = true;
        for (unsigned at = 0; cut; at++) {
            given_two();
            loader.cut_at = at;
            live(accept != 0, &mixtures);
            cut = loader.writes > at;
        }
    }
    CHECK(mixtures > 2); /* of a selection, of a confirmation */
}

/* An accept is durable: its other half follows, without another download. */
static void half_of_a_confirmation_is_completed(void)
{
    unsigned mixtures = 0;
    given_two();
    CHECK_EQ(download(&v2), PAWL_OK);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    loader.cut_at = loader.writes + 1;
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(confirmed(), 1);
    uint32_t erased = image_operations();
    live(true, &mixtures);
    CHECK_EQ(mixtures, 1);
    CHECK_EQ(image_operations(), erased);
}

/* And before each operation of the flashes. */
static void a_cut_anywhere_ends_with_a_whole_set(void)
{
    unsigned mixtures = 0;
    for (unsigned accept = 0; accept < 2; accept++) {
        bool cut = true;
        for (unsigned at = 0; cut; at++) {
            given_two();
            unsigned before = cuts;
            fake_flash_cut_power_at(&device.journal, at);
            fake_flash_set_tear(&device.journal, at * 5 % 17, at % 2 != 0);
            live(accept != 0, &mixtures);
            cut = cuts != before;
        }
    }
    CHECK_EQ(mixtures, 0);
    CHECK(cuts > 150);
}

/* Both are pending, and the application gives the update up. */
static void a_cut_while_both_are_taken_back_leaves_no_mixture(void)
{
    unsigned mixtures = 0;
    bool cut = true;
    for (unsigned at = 0; cut; at++) {
        given_two();
        CHECK_EQ(download(&v2), PAWL_OK);
        CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
        CHECK_EQ(fake_device_settle(&device), PAWL_OK);
        CHECK(loader.part[0].pending && loader.part[1].pending);
        loader.cut_at = loader.writes + at;
        CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
        cut = fake_device_settle(&device) != PAWL_OK;
        for (unsigned i = 0; i < 3; i++) {
            CHECK_EQ(reset(), PAWL_OK);
            mixtures += fake_device_info(&device).running % 3 != 0;
            CHECK_EQ(fake_device_settle(&device), PAWL_OK);
        }
        CHECK_EQ(fake_device_info(&device).running, 0);
        CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        live(true, &mixtures);
    }
    CHECK(mixtures > 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_cut_between_two_trailers_leaves_no_mixture),
    CHECK_TEST(half_of_a_confirmation_is_completed),
    CHECK_TEST(a_cut_anywhere_ends_with_a_whole_set),
    CHECK_TEST(a_cut_while_both_are_taken_back_leaves_no_mixture),
};
CHECK_MAIN(tests)
