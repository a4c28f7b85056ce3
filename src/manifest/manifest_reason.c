/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

/* draft-ietf-suit-report-18, SUIT_Report_Reasons, without their prefix. */
const char *pawl_suit_reason_name(enum pawl_suit_reason reason)
{
    switch (reason) {
    case PAWL_SUIT_OK:
        return "ok";
    case PAWL_SUIT_CBOR_PARSE:
        return "cbor-parse";
    case PAWL_SUIT_COSE_UNSUPPORTED:
        return "cose-unsupported";
    case PAWL_SUIT_ALG_UNSUPPORTED:
        return "alg-unsupported";
    case PAWL_SUIT_UNAUTHORISED:
        return "unauthorised";
    case PAWL_SUIT_COMMAND_UNSUPPORTED:
        return "command-unsupported";
    case PAWL_SUIT_COMPONENT_UNSUPPORTED:
        return "component-unsupported";
    case PAWL_SUIT_COMPONENT_UNAUTHORISED:
        return "component-unauthorised";
    case PAWL_SUIT_PARAMETER_UNSUPPORTED:
        return "parameter-unsupported";
    case PAWL_SUIT_SEVERING_UNSUPPORTED:
        return "severing-unsupported";
    case PAWL_SUIT_CONDITION_FAILED:
        return "condition-failed";
    case PAWL_SUIT_OPERATION_FAILED:
        return "operation-failed";
    case PAWL_SUIT_INVOKE_PENDING:
        return "invoke-pending";
    }
    return "?";
}
