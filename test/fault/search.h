/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAULT_SEARCH_H
#define PAWL_FAULT_SEARCH_H

/* What the searches over faults share: hashing, and the states that are known.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the program with 2: the search itself is broken. */
void must(bool ok, const char *what);

/* malloc() or the end. */
void *must_have(size_t size);

uint64_t mix(uint64_t hash, uint64_t value);
uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t len);

/* What belongs to a state: how deep it was searched, and in which run. */
struct seen {
    uint64_t key; /* low 3 bits: depth + 1; 0: free */
    uint32_t run;
};

/*
 * States by the hash of what they are. 61 bits of it are compared: of 10^8
 * states two are taken for one with a probability of 1 in 460.
 */
struct table {
    struct seen *slots;
    size_t room, count;
};

void table_open(struct table *table);
void table_close(struct table *table);

/*
 * Adds a state that is about to be searched to a depth. NULL: it is new, or
 * was searched less deep; else what is known of it.
 */
const struct seen *table_add(struct table *table, uint64_t key, int depth,
                             uint32_t run);

#endif
