/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory for wolfSSL: first fit over one fixed range. Blocks lie one behind
 * the other without a gap, each with a header; free neighbours are joined
 * while a search walks over them. Invariants, between two calls:
 * 1. The sizes of all blocks add up to the arena's size.
 * 2. `used` is the sum of the sizes of the blocks in use.
 * 3. A free block holds zeros behind its header, so no secret stays.
 */
#include <pawl/port/wolfssl.h>
#include <string.h>

#include "base/base.h"
#include "crypto/crypto_internal.h"

#define ALIGNMENT ((size_t)16)

struct block {
    _Alignas(16) struct pawl_arena *arena; /* NULL: free */
    size_t size; /* bytes, header included; a multiple of ALIGNMENT */
};

_Static_assert(sizeof(struct block) == ALIGNMENT, "what follows is aligned");

/* wolfSSL's allocator has no context of pawl's: this is set once by
 * pawl_init(). */
static struct pawl_arena *global_arena;
static const struct pawl_lock *global_lock;

void pawl_arena_use(struct pawl_arena *global, const struct pawl_lock *lock)
{
    global_arena = global;
    global_lock = lock;
}

struct pawl_arena *pawl_arena_global(void)
{
    return global_arena;
}

void pawl_crypto_lock(void)
{
    if (global_lock != NULL) {
        global_lock->acquire(global_lock->ctx);
    }
}

void pawl_crypto_unlock(void)
{
    if (global_lock != NULL) {
        global_lock->release(global_lock->ctx);
    }
}

static uint8_t *arena_end(const struct pawl_arena *arena)
{
    return (uint8_t *)arena->first + arena->size;
}

/* The block behind this one; NULL behind the last. */
static struct block *next_of(const struct pawl_arena *arena,
                             struct block *block)
{
    uint8_t *next = (uint8_t *)block + block->size;

    return next < arena_end(arena) ? (struct block *)(void *)next : NULL;
}

static void join_free(const struct pawl_arena *arena, struct block *block)
{
    struct block *next = next_of(arena, block);

    while (next != NULL && next->arena == NULL) {
        block->size += next->size;
        memset(next, 0, sizeof *next); /* invariant 3 */
        next = next_of(arena, block);
    }
}

/* Leaves need bytes in block and makes a free block of the rest. */
static void split(struct block *block, size_t need)
{
    size_t rest = block->size - need;

    if (rest >= sizeof(struct block) + ALIGNMENT) {
        struct block *free_block =
            (struct block *)(void *)((uint8_t *)block + need);

        free_block->arena = NULL;
        free_block->size = rest;
        block->size = need;
    }
}

/* Whether an allocation is to fail for a test's sake. */
static bool fails_now(struct pawl_arena *arena)
{
    if (arena->fail_at == 0) {
        return false;
    }
    arena->fail_at--;
    return arena->fail_at == 0;
}

/* Sets *need to the size of a block for size bytes; false on overflow. */
static bool block_size(const struct pawl_arena *arena, size_t size,
                       size_t *need)
{
    if (size > arena->size - sizeof(struct block)) {
        return false;
    }
    if (size == 0) {
        size = 1;
    }
    *need = sizeof(struct block) + ((size + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
    return true;
}

static void *take(struct pawl_arena *arena, size_t size)
{
    size_t need = 0;

    if (fails_now(arena) || !block_size(arena, size, &need)) {
        return NULL;
    }
    for (struct block *block = arena->first; block != NULL;
         block = next_of(arena, block)) {
        if (block->arena != NULL) {
            continue;
        }
        join_free(arena, block);
        if (block->size >= need) {
            split(block, need);
            block->arena = arena;
            arena->used += block->size;
            if (arena->used > arena->peak) {
                arena->peak = arena->used;
            }
            return block + 1;
        }
    }
    return NULL;
}

static void give_back(struct block *block)
{
    struct pawl_arena *arena = block->arena;

    if (arena == NULL) {
        return; /* given back twice: it is free already */
    }
    arena->used -= block->size;
    block->arena = NULL;
    pawl_wipe(block + 1, block->size - sizeof *block);
}

enum pawl_status pawl_arena_open(struct pawl_arena *arena, void *memory,
                                 size_t size)
{
    size_t skip = (size_t)(-(uintptr_t)memory & (ALIGNMENT - 1));
    struct block *first;

    memset(arena, 0, sizeof *arena);
    if (memory == NULL || size < skip + sizeof(struct block) + ALIGNMENT) {
        return PAWL_ERR_ARGUMENT;
    }
    first = (struct block *)(void *)((uint8_t *)memory + skip);
    arena->first = first;
    arena->size = (size - skip) & ~(ALIGNMENT - 1);
    memset(first, 0, arena->size);
    first->size = arena->size;
    return PAWL_OK;
}

void pawl_arena_close(struct pawl_arena *arena)
{
    if (arena->first != NULL) {
        pawl_wipe(arena->first, arena->size);
    }
    pawl_wipe(arena, sizeof *arena);
}

void *pawl_wolfssl_malloc(size_t size, void *heap, int type)
{
    struct pawl_arena *arena = heap != NULL ? heap : global_arena;
    void *found = NULL;

    (void)type;
    if (arena != NULL && arena->first != NULL) {
        pawl_crypto_lock();
        found = take(arena, size);
        arena->refused += found == NULL;
        pawl_crypto_unlock();
    }
    return found;
}

void pawl_wolfssl_free(void *block, void *heap, int type)
{
    (void)heap; /* the block knows its arena better */
    (void)type;
    if (block != NULL) {
        pawl_crypto_lock();
        give_back((struct block *)block - 1);
        pawl_crypto_unlock();
    }
}

void *pawl_wolfssl_realloc(void *block, size_t size, void *heap, int type)
{
    struct block *old = NULL;
    void *moved = NULL;
    size_t room = 0;

    if (block == NULL) {
        return pawl_wolfssl_malloc(size, heap, type);
    }
    old = (struct block *)block - 1;
    room = old->size - sizeof *old;
    if (size <= room) {
        return block;
    }
    moved = pawl_wolfssl_malloc(size, old->arena, type);
    if (moved != NULL) {
        memcpy(moved, block, room);
        pawl_wolfssl_free(block, heap, type);
    }
    return moved;
}
