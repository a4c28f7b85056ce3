/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CRYPTO_INTERNAL_H
#define PAWL_CRYPTO_INTERNAL_H

/* wolfSSL's settings come first in every file that touches it. */
#ifdef WOLFSSL_USER_SETTINGS
#include <wolfssl/wolfcrypt/settings.h>
#else
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/settings.h>
#endif

#include <pawl/port/port.h>
#include <pawl/status.h>

#include "crypto/crypto.h"

/* Small-stack builds allocate while they hash and verify; a boot loader has
 * no arena, and the lock of the port is not to be nested. */
#if defined(WOLFSSL_SMALL_STACK) && defined(XMALLOC_OVERRIDE)
#error "WOLFSSL_SMALL_STACK must not be defined for pawl"
#endif

/* Which arena and lock serve the process; NULL for none. In arena.c. */
void pawl_arena_use(struct pawl_arena *global, const struct pawl_lock *lock);

/* Whether pawl_init() has been called. In init.c. */
bool pawl_crypto_ready(void);

/* The port's lock around what is shared; nothing without one. */
void pawl_crypto_lock(void);
void pawl_crypto_unlock(void);

/*
 * Seeds the process's generator from entropy, which is retained.
 * PAWL_ERR_ENTROPY, PAWL_ERR_NO_MEMORY.
 */
PAWL_MUST_USE
enum pawl_status pawl_random_open(const struct pawl_entropy *entropy);
void pawl_random_close(void);
/* Where pawl_wolfssl_seed() reads; NULL for nowhere. In seed.c. */
void pawl_seed_use(const struct pawl_entropy *entropy);

#endif
