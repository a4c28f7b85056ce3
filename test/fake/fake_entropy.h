/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_ENTROPY_H
#define PAWL_TEST_FAKE_ENTROPY_H

/* Entropy that is the same on every run, and that fails on request. */

#include <pawl/port/entropy.h>
#include <stdbool.h>
#include <stdint.h>

struct fake_entropy {
    struct pawl_entropy entropy; /* the port's table */
    uint64_t state;
    unsigned calls; /* of fill() */
    size_t longest; /* most bytes asked for at once */
    bool fails;     /* set it: every fill() fails */
};

/* seed: any number; equal ones give equal bytes. */
void fake_entropy_open(struct fake_entropy *fake, uint64_t seed);

#endif
