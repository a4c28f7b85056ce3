/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)1 << 16) /* at first */
#define DEPTH_BITS 7U

void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        exit(2);
    }
}

void *must_have(size_t size)
{
    void *memory = malloc(size);

    must(memory != NULL, "out of memory");
    return memory;
}

uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
    hash *= 0xFF51AFD7ED558CCDULL;
    return hash ^ hash >> 32;
}

uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t lane[4] = {hash, 1, 2, 3}; /* that do not wait for each other */
    uint64_t word = 0;

    for (; len >= 32; len -= 32, at += 32) {
        for (unsigned i = 0; i < 4; i++) {
            memcpy(&word, at + (size_t)8 * i, 8);
            lane[i] = (lane[i] ^ word) * 0x9FB21C651E98DF25ULL;
            lane[i] ^= lane[i] >> 29;
        }
    }
    hash = mix(mix(mix(lane[0], lane[1]), lane[2]), lane[3]);
    for (; len >= 8; len -= 8, at += 8) {
        memcpy(&word, at, 8);
        hash = mix(hash, word);
    }
    for (word = 0; len > 0; len--) {
        word = word << 8 | *at++;
    }
    return mix(hash, word);
}

void table_open(struct table *table)
{
    table->room = ROOM;
    table->count = 0;
    table->slots = calloc(ROOM, sizeof(*table->slots));
    must(table->slots != NULL, "out of memory");
}

void table_close(struct table *table)
{
    free(table->slots);
    table->slots = NULL;
}

static struct seen *find(const struct table *table, uint64_t key)
{
    size_t at = (size_t)(key >> 8) & (table->room - 1U);

    while (table->slots[at].key != 0 &&
           (table->slots[at].key | DEPTH_BITS) != (key | DEPTH_BITS)) {
        at = (at + 1U) & (table->room - 1U);
    }
    return &table->slots[at];
}

static void grow(struct table *table)
{
    struct table larger = {NULL, table->room * 2U, table->count};

    larger.slots = calloc(larger.room, sizeof(*larger.slots));
    must(larger.slots != NULL, "out of memory");
    for (size_t i = 0; i < table->room; i++) {
        if (table->slots[i].key != 0) {
            *find(&larger, table->slots[i].key) = table->slots[i];
        }
    }
    free(table->slots);
    *table = larger;
}

const struct seen *table_add(struct table *table, uint64_t key, int depth,
                             uint32_t run)
{
    struct seen *seen = find(table, key);
    uint64_t level = (uint64_t)depth + 1U;

    must(level < DEPTH_BITS, "that is too deep");
    if (seen->key != 0 && (seen->key & DEPTH_BITS) >= level) {
        return seen;
    }
    if (seen->key == 0 && ++table->count > table->room / 4U * 3U) {
        grow(table);
        seen = find(table, key);
    }
    seen->key = (key & ~(uint64_t)DEPTH_BITS) | level;
    seen->run = run;
    return NULL;
}
