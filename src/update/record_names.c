/* SPDX-License-Identifier: Apache-2.0 */

/* Names of states, reasons and phases. */

#include "base/base.h"
#include <pawl/update_state.h>

const char *pawl_update_state_name(enum pawl_update_state state)
{
    switch (state) {
    case PAWL_UPDATE_READY:
        return "READY";
    case PAWL_UPDATE_WRITING:
        return "WRITING";
    case PAWL_UPDATE_CANDIDATE:
        return "CANDIDATE";
    case PAWL_UPDATE_STAGED:
        return "STAGED";
    case PAWL_UPDATE_TRIAL:
        return "TRIAL";
    case PAWL_UPDATE_REJECTED:
        return "REJECTED";
    case PAWL_UPDATE_FAILED:
        return "FAILED";
    case PAWL_UPDATE_UPDATED:
        return "UPDATED";
    }
    return "?";
}

static const struct {
    enum pawl_update_reason reason;
    const char *name;
} reasons[] = {
    {PAWL_UPDATE_REASON_NONE, "none"},
    {PAWL_UPDATE_REASON_MANIFEST, "manifest malformed or not supported"},
    {PAWL_UPDATE_REASON_SIGNATURE, "signature wrong"},
    {PAWL_UPDATE_REASON_UNTRUSTED, "signer not trusted"},
    {PAWL_UPDATE_REASON_REVOKED, "signer revoked"},
    {PAWL_UPDATE_REASON_NOT_FOR_US, "not for this device"},
    {PAWL_UPDATE_REASON_SEQUENCE, "older than what was accepted"},
    {PAWL_UPDATE_REASON_COUNTER_LOW, "below the security counter"},
    {PAWL_UPDATE_REASON_COUNTER_EXHAUSTED, "security counter exhausted"},
    {PAWL_UPDATE_REASON_COUNTER_PENDING, "security counter still to advance"},
    {PAWL_UPDATE_REASON_TOO_LARGE, "too large"},
    {PAWL_UPDATE_REASON_EMPTY, "image of no bytes"},
    {PAWL_UPDATE_REASON_NO_SLOT, "no spare slot"},
    {PAWL_UPDATE_REASON_INSTALLED, "already installed"},
    {PAWL_UPDATE_REASON_BUSY, "another update is under way"},
    {PAWL_UPDATE_REASON_DENIED, "denied by the application"},
    {PAWL_UPDATE_REASON_POLICY, "not allowed by the policy"},
    {PAWL_UPDATE_REASON_CONDITION, "condition of the manifest not met"},
    {PAWL_UPDATE_REASON_INCOMPLETE, "a component is left unchecked"},
    {PAWL_UPDATE_REASON_TRUST_LOST, "trust document lost or too old"},
    {PAWL_UPDATE_REASON_TRIED, "tried and given up too often"},
    {PAWL_UPDATE_REASON_FLASH, "flash failed"},
    {PAWL_UPDATE_REASON_READ_BACK, "flash read back otherwise"},
    {PAWL_UPDATE_REASON_DIGEST, "image digest wrong"},
    {PAWL_UPDATE_REASON_CANCELLED, "cancelled"},
    {PAWL_UPDATE_REASON_ATTEMPTS, "trial attempts used up"},
    {PAWL_UPDATE_REASON_BOOTS, "trial boots used up"},
    {PAWL_UPDATE_REASON_BAD_IMAGE, "image did not verify at boot"},
    {PAWL_UPDATE_REASON_NOT_ENTERED, "trial was not entered"},
    {PAWL_UPDATE_REASON_UNHEALTHY, "unhealthy"},
    {PAWL_UPDATE_REASON_DEADLINE, "not accepted in time"},
    {PAWL_UPDATE_REASON_REVERTED, "reverted by the boot backend"},
    {PAWL_UPDATE_REASON_JOURNAL_LOST, "journal lost"},
    {PAWL_UPDATE_REASON_FELL_BACK, "confirmed image damaged, fell back"},
};

const char *pawl_update_reason_name(enum pawl_update_reason reason)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].name;
        }
    }
    const unsigned number = (unsigned)reason;
    return number >= PAWL_UPDATE_REASON_APPLICATION && number <= 255
               ? "the application's own"
               : "?";
}

const char *pawl_update_phase_name(enum pawl_update_phase phase)
{
    switch (phase) {
    case PAWL_UPDATE_PHASE_NONE:
        return "none";
    case PAWL_UPDATE_PHASE_START:
        return "start";
    case PAWL_UPDATE_PHASE_WRITE:
        return "write";
    case PAWL_UPDATE_PHASE_FINISH:
        return "finish";
    case PAWL_UPDATE_PHASE_INSTALL:
        return "install";
    case PAWL_UPDATE_PHASE_TRIAL:
        return "trial";
    case PAWL_UPDATE_PHASE_ACCEPT:
        return "accept";
    case PAWL_UPDATE_PHASE_BOOT:
        return "boot";
    }
    return "?";
}
