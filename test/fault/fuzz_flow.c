/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: schedules of operations and faults over a whole update, up to
 * FAULTS_MAX of them one after the other. A violation prints the replay id,
 * which `fault_flow --replay ID` runs alone, and libFuzzer keeps the schedule,
 * which -minimize_crash=1 makes as short as it can. schedules.sh does both.
 * At its end it tells what faults fired, by kind and by phase.
 */
#include "fault/flow_search.h"
#include <stdio.h>
#include <stdlib.h>

static void tell(void)
{
    tell_faults("schedules", &search.now);
    printf("schedules faults %llu boots %llu\n",
           (unsigned long long)search.now.faults,
           (unsigned long long)search.now.boots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static bool begun;

    if (!begun) {
        flow_begin();
        (void)atexit(tell);
        begun = true;
    }
    if (!flow_schedule(data, len)) {
        abort();
    }
    return 0;
}
