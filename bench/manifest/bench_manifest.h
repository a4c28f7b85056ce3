/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BENCH_MANIFEST_H
#define PAWL_BENCH_MANIFEST_H

/*
 * What is measured of manifests: opening examples 0 and 1 of
 * draft-ietf-suit-manifest-37, appendix B, and running the procedure that the
 * draft shows each for: 0 boots (invoke), 1 installs (update). Cryptography is
 * replaced and not counted; that the examples verify is tested in
 * test/manifest/test_examples.c.
 */

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>
#include <stdint.h>

#define BENCH_EXAMPLES 2

/* Decodes an example and sets up the device and its key; not measured. */
void bench_prepare(unsigned example);

/* The work that is measured, on what was prepared last. */
enum pawl_status bench_run(void);

/* Whether the device was then asked for just what the example is for. */
bool bench_ran_as_expected(void);

/* Bytes of the two contexts that a caller owns. */
uint32_t bench_manifest_size(void);
uint32_t bench_process_size(void);

/* What the replaced hash gives: the digest that the example names. */
extern struct pawl_bytes bench_digest;

/* The replaced cryptography tells of its begin and end, for the count. */
void bench_crypto_begin(void);
void bench_crypto_end(void);

#endif
