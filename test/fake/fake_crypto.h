/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_CRYPTO_H
#define PAWL_TEST_FAKE_CRYPTO_H

/*
 * pawl_init() for tests of layers above crypto: deterministic entropy, an
 * arena of its own. Start and stop may be called by every test.
 */

#include <pawl/pawl.h>

#include "fake/fake_entropy.h"

/* The entropy that fake_crypto_start() uses. */
extern struct fake_entropy fake_crypto_entropy;

/* Finishes what was started, and starts anew. PAWL_OK unless pawl is broken. */
PAWL_MUST_USE
enum pawl_status fake_crypto_start(void);
void fake_crypto_stop(void);

#endif
