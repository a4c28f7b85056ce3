/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BYTES_H
#define PAWL_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * A view of bytes that somebody else owns: a pointer and a length that travel
 * together. An empty view has len 0; its data may then be NULL.
 */
struct pawl_bytes {
    const uint8_t *data;
    size_t len; /* bytes */
};

/* A view of an array, for example a key compiled into the firmware. */
#define PAWL_BYTES(array) ((struct pawl_bytes){(array), sizeof(array)})

/* A view of nothing. */
#define PAWL_NO_BYTES ((struct pawl_bytes){NULL, 0})

#endif
