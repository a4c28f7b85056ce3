/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_WOLFSSL_H
#define PAWL_PORT_WOLFSSL_H

/*
 * What wolfSSL calls back in pawl. A port's user_settings.h names them:
 *
 *   #define XMALLOC_OVERRIDE
 *   #define XMALLOC(size, heap, type) pawl_wolfssl_malloc((size), (heap),
 * (type)) #define XFREE(block, heap, type) pawl_wolfssl_free((block), (heap),
 * (type))
 *   #define XREALLOC(block, size, heap, type) \
 *       pawl_wolfssl_realloc((block), (size), (heap), (type))
 *   #define CUSTOM_RAND_GENERATE_SEED pawl_wolfssl_seed
 *
 * Do not define WOLFSSL_SMALL_STACK beside them: verification and hashing
 * would then allocate, and a boot loader has no arena.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Takes size bytes, aligned to 16, from the arena heap (a struct pawl_arena
 * of pawl's), or from the port's arena if heap is NULL. NULL when there is no
 * such arena or not enough room in it. type is not used.
 */
void *pawl_wolfssl_malloc(size_t size, void *heap, int type);

/* Wipes a block and gives it back to the arena it came from. NULL is fine. */
void pawl_wolfssl_free(void *block, void *heap, int type);

/*
 * Grows or shrinks a block within its arena; the same as malloc for NULL. On
 * failure NULL, and block is as it was.
 */
void *pawl_wolfssl_realloc(void *block, size_t size, void *heap, int type);

/* Fills out from the port's entropy. 0, or -1 when there is none. */
int pawl_wolfssl_seed(unsigned char *out, unsigned int size);

#ifdef __cplusplus
}
#endif

#endif
