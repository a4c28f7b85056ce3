/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/port/wolfssl.h>
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"

#define SIZE 1024

static _Alignas(16) uint8_t memory[SIZE];

static void given_arena(struct pawl_arena *arena)
{
    memset(memory, 0xEE, sizeof memory);
    CHECK_EQ(pawl_arena_open(arena, memory, sizeof memory), PAWL_OK);
}

static void *take(struct pawl_arena *arena, size_t size)
{
    return pawl_wolfssl_malloc(size, arena, 0);
}

static void give(void *block)
{
    pawl_wolfssl_free(block, NULL, 0);
}

static void blocks_are_aligned_and_lie_apart(void)
{
    struct pawl_arena arena;
    uint8_t *last = NULL;

    CHECK_EQ(pawl_arena_open(&arena, memory + 3, SIZE - 3), PAWL_OK);
    for (size_t size = 1; size < 40; size += 13) {
        uint8_t *block = take(&arena, size);

        CHECK(block != NULL);
        CHECK_EQ((uintptr_t)block % 16, 0);
        CHECK(last == NULL || block >= last);
        memset(block, 0xAA, size);
        last = block + size;
    }
    CHECK(last <= memory + SIZE);
}

static void all_that_was_given_back_can_be_taken_at_once(void)
{
    struct pawl_arena arena;
    void *block[6];

    given_arena(&arena);
    for (size_t i = 0; i < 6; i++) {
        block[i] = take(&arena, 100);
        CHECK(block[i] != NULL);
    }
    /* In an order that leaves holes first. */
    static const size_t order[] = {1, 3, 5, 0, 4, 2};

    for (size_t i = 0; i < 6; i++) {
        give(block[order[i]]);
    }
    CHECK_EQ(arena.used, 0);
    CHECK(take(&arena, SIZE - 16) != NULL);
}

static void a_full_arena_gives_null_and_stays_whole(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    CHECK(take(&arena, SIZE) == NULL);
    void *all = take(&arena, SIZE - 16);
    CHECK(all != NULL);
    CHECK(take(&arena, 1) == NULL);
    give(all);
    CHECK(take(&arena, 1) != NULL);
}

static void sizes_that_overflow_are_refused(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    CHECK(take(&arena, SIZE_MAX) == NULL);
    CHECK(take(&arena, SIZE_MAX - 15) == NULL);
    CHECK(take(&arena, SIZE_MAX - 31) == NULL);
    CHECK(take(&arena, SIZE - 15) == NULL);
}

static void a_block_given_back_is_wiped(void)
{
    struct pawl_arena arena;
    uint8_t zeros[64] = {0};

    given_arena(&arena);
    uint8_t *block = take(&arena, 64);
    CHECK(block != NULL);
    memset(block, 0x5A, 64);
    give(block);
    CHECK_MEM(block, zeros, 64);
}

static void giving_back_twice_does_no_harm(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    void *block = take(&arena, 64);
    give(block);
    give(block);
    give(NULL);
    CHECK_EQ(arena.used, 0);
    CHECK(take(&arena, SIZE - 16) != NULL);
}

static void the_peak_is_the_most_at_once(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    void *one = take(&arena, 100);
    void *two = take(&arena, 100);
    size_t both = arena.used;

    give(one);
    give(two);
    (void)take(&arena, 10);
    CHECK(both >= 200);
    CHECK_EQ(arena.peak, both);
    CHECK(arena.used < both);
}

static void the_nth_allocation_fails_on_request(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    arena.fail_at = 3;
    CHECK(take(&arena, 1) != NULL);
    CHECK(take(&arena, 1) != NULL);
    CHECK(take(&arena, 1) == NULL);
    CHECK(take(&arena, 1) != NULL);
}

static void reallocation_keeps_the_content(void)
{
    struct pawl_arena arena;

    given_arena(&arena);
    char *block = take(&arena, 16);
    CHECK(block != NULL);
    memcpy(block, "fifteen letters", 16);
    (void)take(&arena, 16); /* no room to grow in place */
    block = pawl_wolfssl_realloc(block, 200, &arena, 0);
    CHECK(block != NULL);
    CHECK_MEM(block, "fifteen letters", 16);
    CHECK(pawl_wolfssl_realloc(block, SIZE, &arena, 0) == NULL);
    CHECK_MEM(block, "fifteen letters", 16);
    CHECK(pawl_wolfssl_realloc(block, 3, &arena, 0) != NULL);
    CHECK(pawl_wolfssl_realloc(NULL, 16, &arena, 0) != NULL);
}

/* wolfSSL does not hand back the hint that it took with. */
static void a_block_remembers_its_arena(void)
{
    static _Alignas(16) uint8_t other_memory[SIZE];
    struct pawl_arena arena;
    struct pawl_arena other;

    given_arena(&arena);
    CHECK_EQ(pawl_arena_open(&other, other_memory, SIZE), PAWL_OK);
    void *block = take(&arena, 100);
    pawl_wolfssl_free(block, &other, 0);
    CHECK_EQ(arena.used, 0);
    CHECK_EQ(other.used, 0);
    block = take(&arena, 100);
    block = pawl_wolfssl_realloc(block, 300, &other, 0);
    CHECK(block != NULL);
    CHECK_EQ(other.used, 0);
}

static void without_an_arena_there_is_no_memory(void)
{
    CHECK(pawl_arena_global() == NULL);
    CHECK(pawl_wolfssl_malloc(1, NULL, 0) == NULL);
}

static void a_closed_arena_is_wiped(void)
{
    struct pawl_arena arena;
    static const uint8_t zeros[SIZE];

    given_arena(&arena);
    memset(take(&arena, 100), 0xAA, 100);
    pawl_arena_close(&arena);
    CHECK_MEM(memory, zeros, SIZE);
    CHECK(pawl_wolfssl_malloc(1, &arena, 0) == NULL);
}

static void a_range_too_small_is_no_arena(void)
{
    struct pawl_arena arena;

    CHECK_EQ(pawl_arena_open(&arena, NULL, SIZE), PAWL_ERR_ARGUMENT);
    CHECK_EQ(pawl_arena_open(&arena, memory, 0), PAWL_ERR_ARGUMENT);
    CHECK_EQ(pawl_arena_open(&arena, memory + 1, 32), PAWL_ERR_ARGUMENT);
}

/* Invariants 1 to 3 of arena.c, after a few thousand random steps. */
static void it_survives_a_random_walk(void)
{
    struct pawl_arena arena;
    uint8_t *block[12] = {0};
    size_t size[12] = {0};
    uint32_t random = 1;

    given_arena(&arena);
    for (unsigned step = 0; step < 5000; step++) {
        random = random * 1664525u + 1013904223u;
        size_t i = random >> 16 & 0xFFFF;
        size_t want = i / 12 % 200;

        i %= 12;
        if (block[i] != NULL) {
            for (size_t at = 0; at < size[i]; at++) {
                CHECK(block[i][at] == (uint8_t)i);
            }
            give(block[i]);
            block[i] = NULL;
        } else {
            block[i] = take(&arena, want);
            size[i] = want;
            if (block[i] != NULL) {
                memset(block[i], (int)i, want);
            }
        }
        CHECK(arena.used <= arena.peak && arena.peak <= SIZE);
    }
    for (size_t i = 0; i < 12; i++) {
        give(block[i]);
    }
    CHECK_EQ(arena.used, 0);
    CHECK(take(&arena, SIZE - 16) != NULL);
}

static const struct check_test tests[] = {
    CHECK_TEST(blocks_are_aligned_and_lie_apart),
    CHECK_TEST(all_that_was_given_back_can_be_taken_at_once),
    CHECK_TEST(a_full_arena_gives_null_and_stays_whole),
    CHECK_TEST(sizes_that_overflow_are_refused),
    CHECK_TEST(a_block_given_back_is_wiped),
    CHECK_TEST(giving_back_twice_does_no_harm),
    CHECK_TEST(the_peak_is_the_most_at_once),
    CHECK_TEST(the_nth_allocation_fails_on_request),
    CHECK_TEST(reallocation_keeps_the_content),
    CHECK_TEST(a_block_remembers_its_arena),
    CHECK_TEST(without_an_arena_there_is_no_memory),
    CHECK_TEST(a_closed_arena_is_wiped),
    CHECK_TEST(a_range_too_small_is_no_arena),
    CHECK_TEST(it_survives_a_random_walk),
};
CHECK_MAIN(tests)
