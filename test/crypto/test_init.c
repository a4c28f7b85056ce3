/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/pawl.h>
#include <pawl/port/wolfssl.h>
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake/fake_entropy.h"

static struct fake_entropy entropy;
static _Alignas(16) uint8_t arena[64 * 1024];
static struct pawl_port port;
static unsigned locks, nested;
static bool locked;

static void acquire(void *ctx)
{
    (void)ctx;
    nested += locked ? 1 : 0;
    locked = true;
    locks++;
}

static void release(void *ctx)
{
    (void)ctx;
    locked = false;
}

static enum pawl_status fill_unlocked(void *ctx, void *buf, size_t len)
{
    nested += locked ? 1 : 0;
    return entropy.entropy.fill(ctx, buf, len);
}

static void given_port(void)
{
    pawl_finish();
    fake_entropy_open(&entropy, 7);
    memset(&port, 0, sizeof port);
    port.entropy = &entropy.entropy;
    port.arena = arena;
    port.arena_size = sizeof arena;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++) {
        any = (uint8_t)(any | bytes[i]);
    }
    return any == 0;
}

static void headers_and_library_must_be_of_one_build(void)
{
    given_port();
    CHECK_EQ(pawl_init_checked(&port, PAWL_VERSION + 1, PAWL_CONFIG_HASH),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(pawl_init_checked(&port, PAWL_VERSION, PAWL_CONFIG_HASH ^ 1u),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(pawl_init_checked(NULL, PAWL_VERSION, PAWL_CONFIG_HASH),
             PAWL_ERR_ARGUMENT);
    CHECK(pawl_arena_global() == NULL);
}

/* The hash of a build in which one limit is another. */
static uint32_t hash_with_other_store(void);

static void every_limit_that_shapes_a_context_is_in_the_hash(void)
{
    CHECK(hash_with_other_store() != PAWL_CONFIG_HASH);
}

static void init_twice_is_harmless_with_the_same_port_only(void)
{
    static struct pawl_port other;

    given_port();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_init(&other), PAWL_ERR_STATE);
    pawl_finish();
    CHECK_EQ(pawl_init(&other), PAWL_OK);
    pawl_finish();
    pawl_finish();
}

static void random_bytes_come_after_init_only(void)
{
    uint8_t bytes[32];

    given_port();
    memset(bytes, 0xAA, sizeof bytes);
    CHECK_EQ(pawl_random(bytes, sizeof bytes), PAWL_ERR_STATE);
    CHECK(all_zero(bytes, sizeof bytes));
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_random(bytes, sizeof bytes), PAWL_OK);
    CHECK(!all_zero(bytes, sizeof bytes));
    CHECK_EQ(pawl_random(bytes, 0), PAWL_OK);
    pawl_finish();
    CHECK_EQ(pawl_random(bytes, sizeof bytes), PAWL_ERR_STATE);
}

static void random_bytes_do_not_repeat(void)
{
    static uint8_t bytes[2][1000];

    given_port();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_random(bytes[0], 1000), PAWL_OK);
    CHECK_EQ(pawl_random(bytes[1], 1000), PAWL_OK);
    CHECK(memcmp(bytes[0], bytes[1], 1000) != 0);
    CHECK(!all_zero(bytes[0] + 968, 32));
    CHECK(memcmp(bytes[0], bytes[0] + 256, 32) != 0);
    pawl_finish();
}

static void without_entropy_there_is_no_generator(void)
{
    given_port();
    entropy.fails = true;
    CHECK_EQ(pawl_init(&port), PAWL_ERR_ENTROPY);
    CHECK(pawl_arena_global() == NULL);
    entropy.fails = false;
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    pawl_finish();
}

static void a_port_without_entropy_or_arena_can_still_verify(void)
{
    uint8_t byte = 0xAA;

    given_port();
    port.entropy = NULL;
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_random(&byte, 1), PAWL_ERR_STATE);
    CHECK_EQ(byte, 0);
    given_port();
    port.arena = NULL;
    port.arena_size = 0;
    port.entropy = NULL;
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_arena_peak(), 0);
    pawl_finish();
}

static void an_arena_that_is_too_small_is_refused(void)
{
    given_port();
    port.arena_size = 16;
    CHECK_EQ(pawl_init(&port), PAWL_ERR_ARGUMENT);
#ifdef WOLFSSL_USER_SETTINGS
    port.arena_size = 64;
    CHECK_EQ(pawl_init(&port), PAWL_ERR_NO_MEMORY);
#endif
    CHECK(pawl_arena_global() == NULL);
}

static void seeds_are_asked_for_in_pieces_that_a_port_can_fill(void)
{
    uint8_t seed[600];

    given_port();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_wolfssl_seed(seed, sizeof seed), 0);
    CHECK(entropy.longest <= 256);
    entropy.fails = true;
    CHECK_EQ(pawl_wolfssl_seed(seed, sizeof seed), -1);
    CHECK(all_zero(seed, sizeof seed));
    pawl_finish();
    CHECK_EQ(pawl_wolfssl_seed(seed, sizeof seed), -1);
}

/* The generator reseeds after 65,536 pieces of 256 bytes. */
static void a_reseed_that_fails_gives_no_bytes_and_can_be_repeated(void)
{
    static uint8_t bytes[4096];

    given_port();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    for (unsigned i = 0; i < 0x10000 / 16; i++) {
        CHECK_EQ(pawl_random(bytes, sizeof bytes), PAWL_OK);
    }
    unsigned calls = entropy.calls;

    entropy.fails = true;
    CHECK_EQ(pawl_random(bytes, 32), PAWL_ERR_ENTROPY);
    CHECK(all_zero(bytes, 32));
    entropy.fails = false;
    CHECK_EQ(pawl_random(bytes, 32), PAWL_OK);
    CHECK_EQ(entropy.calls, calls + 2);
    pawl_finish();
}

static void the_lock_is_held_shortly_and_never_nested(void)
{
    static const struct pawl_lock lock = {NULL, acquire, release};
    struct pawl_entropy checked = {&entropy, fill_unlocked};
    uint8_t bytes[1000];

    given_port();
    port.lock = &lock;
    port.entropy = &checked;
    locks = 0;
    nested = 0;
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    CHECK_EQ(pawl_random(bytes, sizeof bytes), PAWL_OK);
    pawl_wolfssl_free(pawl_wolfssl_malloc(100, NULL, 0), NULL, 0);
    pawl_finish();
    CHECK(locks > 4);
    CHECK_EQ(nested, 0);
    CHECK(!locked);
}

static void finish_wipes_the_arena(void)
{
    given_port();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    memset(pawl_wolfssl_malloc(100, NULL, 0), 0xAA, 100);
    CHECK(pawl_arena_peak() >= 100);
    pawl_finish();
    CHECK(all_zero(arena, sizeof arena));
}

static const struct check_test tests[] = {
    CHECK_TEST(headers_and_library_must_be_of_one_build),
    CHECK_TEST(every_limit_that_shapes_a_context_is_in_the_hash),
    CHECK_TEST(init_twice_is_harmless_with_the_same_port_only),
    CHECK_TEST(random_bytes_come_after_init_only),
    CHECK_TEST(random_bytes_do_not_repeat),
    CHECK_TEST(without_entropy_there_is_no_generator),
    CHECK_TEST(a_port_without_entropy_or_arena_can_still_verify),
    CHECK_TEST(an_arena_that_is_too_small_is_refused),
    CHECK_TEST(seeds_are_asked_for_in_pieces_that_a_port_can_fill),
    CHECK_TEST(a_reseed_that_fails_gives_no_bytes_and_can_be_repeated),
    CHECK_TEST(the_lock_is_held_shortly_and_never_nested),
    CHECK_TEST(finish_wipes_the_arena),
};
CHECK_MAIN(tests)

#undef PAWL_OBJECTS_STORAGE
#define PAWL_OBJECTS_STORAGE 4104

static uint32_t hash_with_other_store(void)
{
    return PAWL_CONFIG_HASH;
}
