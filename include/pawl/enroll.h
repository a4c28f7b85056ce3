/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_ENROLL_H
#define PAWL_ENROLL_H

/*
 * Enrolment by EST (RFC 7030, with RFC 8951) over a session of pawl's: a
 * certification request signed in the key store, an LDevID that is checked
 * before it is stored. First with the IDevID, later with the LDevID itself.
 */

#include <pawl/http.h>
#include <pawl/identity.h>

struct pawl_enroll_config {
    struct pawl_session *session; /* established, to the EST server */
    struct pawl_identity *identity;
    const struct pawl_trust *trust; /* its enrolment anchors judge the reply */
    bool renew;        /* simplereenroll: the session uses the LDevID, whose
                        * names the request keeps (RFC 7030, 4.2.2) */
    const char *label; /* RFC 7030, 3.2.2: "/.well-known/est/LABEL/..."; NULL */
    int64_t time_floor_s;
};

/* What came of it. */
struct pawl_enroll_result {
    unsigned http_status;   /* of the last answer */
    uint32_t retry_after_s; /* on PAWL_ERR_BUSY */
    const char *rule;       /* what the reply broke; "" if nothing */
    int64_t date_s;         /* the server's Date; 0: none */
};

/* One enrolment. Complete so that it can be allocated; fields are private. */
struct pawl_enroll {
    struct pawl_enroll_config config;
    struct pawl_enroll_result result;
    struct pawl_http http;
    uint8_t state;
    uint64_t deadline_ms;
    size_t body_len;
    size_t reply_len;
    char body[PAWL_CHAIN_MAX];         /* the request, base64 */
    uint8_t reply[2 * PAWL_CHAIN_MAX]; /* the answer, base64, then DER */
};

/*
 * Makes the key and the request; begins the exchange. config is copied, what
 * it points to retained. Blocks for one key generation and one signature.
 * Errors as pawl_identity_csr(), PAWL_ERR_TOO_SMALL for names that are too long
 * for a request, and PAWL_ERR_STATE while there is a next
 * LDevID that was neither promoted nor dropped. The key of an enrolment that
 * did not come to its end is used again.
 */
PAWL_MUST_USE
enum pawl_status pawl_enroll_open(struct pawl_enroll *enroll,
                                  const struct pawl_enroll_config *config);

/*
 * Goes on. *wait is filled on PAWL_PENDING.
 *
 * Returns PAWL_OK               the next LDevID is stored; use it, then
 *                               pawl_identity_promote()
 *         PAWL_ERR_BUSY         202: come again with the same key after
 *                               result.retry_after_s
 *         PAWL_ERR_REFUSED      another status: result.http_status
 *         PAWL_ERR_CERTIFICATE  the reply is for another key or name, or
 *                               breaks a rule: result.rule
 *         PAWL_ERR_UNTRUSTED    it does not chain to an enrolment anchor
 *         PAWL_ERR_EXPIRED      it is over, or not valid yet
 *         PAWL_ERR_MALFORMED    content type, base64, or PKCS#7: result.rule
 *         PAWL_ERR_TIMEOUT      no answer within 60 s
 *         PAWL_ERR_LIMIT, or the session's errors.
 * After an error the identity is as it was.
 *
 * Blocks for one public-key operation per certificate of the answer, and for
 * storing one chain.
 */
PAWL_MUST_USE
enum pawl_status pawl_enroll_step(struct pawl_enroll *enroll,
                                  struct pawl_wait *wait);

/* What came of it so far. */
const struct pawl_enroll_result *
pawl_enroll_result(const struct pawl_enroll *enroll);

/* Whether an LDevID is due for renewal: two thirds of its lifetime are over,
 * brought forward by up to a twelfth, by serial, so that a fleet spreads. */
bool pawl_enroll_due(const struct pawl_credential *ldevid, const char *serial,
                     int64_t now_s);

#endif
