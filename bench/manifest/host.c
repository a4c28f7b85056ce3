/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_manifest.h"

/*
 * host EXAMPLE: runs an example once, for callgrind, which collects in
 * bench_run() and not in the replaced cryptography. Exits 0 if it was
 * accepted.
 */

void bench_crypto_begin(void)
{
}

void bench_crypto_end(void)
{
}

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] < '0' || argv[1][0] >= '0' + BENCH_EXAMPLES) {
        return 2;
    }
    bench_prepare((unsigned)(argv[1][0] - '0'));
    return bench_run() == PAWL_OK && bench_ran_as_expected() ? 0 : 1;
}
