/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/status.h>
#include <stddef.h>

#include "base/base.h"

struct status_words {
    enum pawl_status status;
    const char *name;
    const char *text;
};

#define WORDS(status, text)                                                    \
    {                                                                          \
        status, #status, text                                                  \
    }

/* One line per value of enum pawl_status, in its order. */
static const struct status_words words[] = {
    WORDS(PAWL_OK, "success"),
    WORDS(PAWL_PENDING, "not done yet"),

    WORDS(PAWL_ERR_ARGUMENT, "the caller gave a value that is not allowed"),
    WORDS(PAWL_ERR_STATE, "not possible in the present state"),
    WORDS(PAWL_ERR_TOO_SMALL, "the buffer is too small"),
    WORDS(PAWL_ERR_UNSUPPORTED, "not supported by this build or port"),

    WORDS(PAWL_ERR_IO, "flash or file failed"),
    WORDS(PAWL_ERR_NO_MEMORY, "the arena is used up"),
    WORDS(PAWL_ERR_ENTROPY, "no randomness to be had"),
    WORDS(PAWL_ERR_KEYSTORE, "the key store failed"),
    WORDS(PAWL_ERR_NOT_FOUND, "no such key, object or record"),
    WORDS(PAWL_ERR_FULL, "no room left"),
    WORDS(PAWL_ERR_CLOCK, "the time is not known"),

    WORDS(PAWL_ERR_UNREACHABLE, "the peer cannot be reached"),
    WORDS(PAWL_ERR_CLOSED, "the peer ended the connection"),
    WORDS(PAWL_ERR_TIMEOUT, "no answer in time"),
    WORDS(PAWL_ERR_REFUSED, "the peer refused"),
    WORDS(PAWL_ERR_PROTOCOL, "the peer broke the protocol"),
    WORDS(PAWL_ERR_BUSY, "the peer is busy and asks to come later"),

    WORDS(PAWL_ERR_MALFORMED, "the input is malformed"),
    WORDS(PAWL_ERR_LIMIT, "the input is larger than this build allows"),
    WORDS(PAWL_ERR_SIGNATURE, "the signature is wrong"),
    WORDS(PAWL_ERR_UNTRUSTED, "signed by a key that is not trusted"),
    WORDS(PAWL_ERR_DIGEST, "the bytes are not those that were signed"),
    WORDS(PAWL_ERR_ROLLBACK, "older than what was accepted before"),
    WORDS(PAWL_ERR_NOT_FOR_US, "meant for another device"),
    WORDS(PAWL_ERR_CERTIFICATE, "a certificate breaks a rule"),
    WORDS(PAWL_ERR_EXPIRED, "expired, or not yet valid"),
    WORDS(PAWL_ERR_NAME, "the certificate is for another name"),
    WORDS(PAWL_ERR_REVOKED, "signer or certificate was withdrawn"),
    WORDS(PAWL_ERR_CONDITION, "a condition of the manifest is not met"),

    WORDS(PAWL_ERR_POLICY, "the owner's policy does not allow it"),
    WORDS(PAWL_ERR_DENIED, "the application does not allow it"),

    WORDS(PAWL_ERR_CORRUPT, "stored bytes are damaged"),
    WORDS(PAWL_ERR_LOST, "nothing valid is left in storage"),
    WORDS(PAWL_ERR_NO_IMAGE, "no slot holds an image that may be booted"),
    WORDS(PAWL_ERR_FAULT, "internal fault, or an attack on the device"),
    WORDS(PAWL_ERR_RESET_DUE, "the boot loader must have its turn: reset"),
};

static const struct status_words *find(enum pawl_status status)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(words); i++) {
        if (words[i].status == status) {
            return &words[i];
        }
    }
    return NULL;
}

const char *pawl_status_name(enum pawl_status status)
{
    const struct status_words *found = find(status);

    return found != NULL ? found->name : "?";
}

const char *pawl_status_text(enum pawl_status status)
{
    const struct status_words *found = find(status);

    return found != NULL ? found->text : "unknown status";
}
