/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: schedules of operations and faults over a whole update, up to
 * FAULTS_MAX of them one after the other. A violation prints the replay id,
 * which `fault_flow --replay ID` runs alone, and libFuzzer keeps the schedule,
 * which -minimize_crash=1 makes as short as it can. schedules.sh does both.
 */
#include "fault/flow_search.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static bool begun;

    if (!begun) {
        flow_begin();
        begun = true;
    }
    if (!flow_schedule(data, len)) {
        abort();
    }
    return 0;
}
