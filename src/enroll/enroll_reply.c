/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an EST server answered, judged as if by an enemy: that the session was
 * authenticated says who speaks, not that he is right. A certs-only message
 * authenticates nothing by itself (RFC 5652); what counts is that the leaf is
 * for our key and our name, and that it chains to an enrolment anchor.
 */

#include "enroll/enroll_internal.h"

#include "base/base.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/x509.h"
#include <string.h>

#define CERTIFICATES_MAX 4

struct reply {
    struct pawl_bytes der[CERTIFICATES_MAX];
    struct pawl_x509 certs[CERTIFICATES_MAX];
    bool used[CERTIFICATES_MAX];
    size_t count;
    size_t leaf;
    struct pawl_bytes chain[CERTIFICATES_MAX]; /* leaf first */
    size_t chain_count;
};

static enum pawl_status refuse(struct pawl_enroll *enroll,
                               enum pawl_status status, const char *rule)
{
    enroll->result.rule = rule;
    return status;
}

/* Decodes reply into body, and takes the certificates out of it. */
static enum pawl_status unpack(struct pawl_enroll *enroll, struct reply *reply)
{
    struct pawl_bytes text = {enroll->reply, enroll->reply_len};
    uint8_t *der = (uint8_t *)enroll->body;
    size_t len = sizeof(enroll->body);

    enum pawl_status status = pawl_base64_decode(text, der, &len);
    if (status == PAWL_ERR_TOO_SMALL) {
        return refuse(enroll, PAWL_ERR_LIMIT, "the answer is too long");
    }
    if (status != PAWL_OK) {
        return refuse(enroll, PAWL_ERR_MALFORMED, "the answer is not base64");
    }
    reply->count = CERTIFICATES_MAX;
    status = pawl_pkcs7_certs((struct pawl_bytes){der, len}, reply->der,
                              &reply->count);
    if (status == PAWL_ERR_LIMIT) {
        return refuse(enroll, status, "too many certificates");
    }
    return status == PAWL_OK ? PAWL_OK
                             : refuse(enroll, PAWL_ERR_MALFORMED,
                                      "the answer is not a certs-only PKCS#7");
}

/* Reads all certificates and finds the only one that is no CA's. */
static enum pawl_status find_leaf(struct pawl_enroll *enroll,
                                  struct reply *reply)
{
    size_t leaves = 0;

    for (size_t i = 0; i < reply->count; i++) {
        const char *rule = NULL;
        enum pawl_status status =
            pawl_x509_parse(&reply->certs[i], reply->der[i], &rule);

        if (status != PAWL_OK) {
            return refuse(enroll, status,
                          rule != NULL ? rule : "not a certificate");
        }
        if (!reply->certs[i].is_ca) {
            reply->leaf = i;
            leaves++;
        }
    }
    if (leaves == 0) {
        return refuse(enroll, PAWL_ERR_CERTIFICATE, "no leaf in the answer");
    }
    return leaves == 1 ? PAWL_OK
                       : refuse(enroll, PAWL_ERR_CERTIFICATE,
                                "more than one leaf in the answer");
}

static enum pawl_status check_key(struct pawl_enroll *enroll,
                                  const struct pawl_x509 *leaf)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    enum pawl_status status =
        pawl_identity_next_key(enroll->config.identity, point);

    if (status != PAWL_OK) {
        return status;
    }
    return pawl_bytes_equal(leaf->point, PAWL_BYTES(point))
               ? PAWL_OK
               : refuse(enroll, PAWL_ERR_CERTIFICATE,
                        "the certificate is for another key");
}

/* How often an attribute stood in a name, and how often with our value. */
struct attribute {
    uint8_t number; /* id-at 2.5.4.number */
    unsigned seen, ours;
};

#define ID_COMMON_NAME 3
#define ID_SERIAL_NUMBER 5

static bool take_attribute(struct pawl_bytes *rest, struct attribute *attribute,
                           struct pawl_bytes value)
{
    const uint8_t oid[] = {0x55, 0x04, attribute->number};
    struct pawl_bytes pair, type;
    struct pawl_der text;
    struct pawl_bytes at = *rest;

    if (!pawl_der_take(&at, PAWL_DER_SEQUENCE, &pair) ||
        !pawl_der_take(&pair, PAWL_DER_OID, &type) ||
        !pawl_der_next(&pair, &text) || pair.len != 0) {
        return false;
    }
    *rest = at;
    if (pawl_bytes_equal(type, PAWL_BYTES(oid))) {
        bool plain = text.tag == PAWL_DER_UTF8_STRING ||
                     text.tag == PAWL_DER_PRINTABLE_STRING;
        attribute->seen++;
        attribute->ours +=
            plain && pawl_bytes_equal(text.content, value) ? 1u : 0u;
    }
    return true;
}

/* Whether a subject has the attribute once, and its value is ours. */
static bool subject_has(struct pawl_bytes subject, uint8_t number,
                        struct pawl_bytes value)
{
    struct attribute attribute = {number, 0, 0};
    struct pawl_bytes names, set;

    if (!pawl_der_take(&subject, PAWL_DER_SEQUENCE, &names)) {
        return false;
    }
    while (names.len > 0) {
        if (!pawl_der_take(&names, PAWL_DER_SET, &set)) {
            return false;
        }
        while (set.len > 0) {
            if (!take_attribute(&set, &attribute, value)) {
                return false;
            }
        }
    }
    return attribute.seen == 1 && attribute.ours == 1;
}

/* The CA may add to the subject what it likes, but not another device. */
static enum pawl_status check_name(struct pawl_enroll *enroll,
                                   const struct pawl_x509 *leaf)
{
    const char *serial = enroll->config.identity->port->product->serial;
    struct pawl_bytes value = {(const uint8_t *)serial,
                               pawl_text_len(serial, 64)};

    return subject_has(leaf->subject, ID_COMMON_NAME, value) &&
                   subject_has(leaf->subject, ID_SERIAL_NUMBER, value)
               ? PAWL_OK
               : refuse(enroll, PAWL_ERR_CERTIFICATE,
                        "the certificate is for another name");
}

static bool self_issued(const struct pawl_x509 *cert)
{
    return pawl_bytes_equal(cert->subject, cert->issuer);
}

/* Finds a certificate that is not in the chain yet and has this subject. */
static bool find_issuer(const struct reply *reply, struct pawl_bytes name,
                        size_t *found)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (!reply->used[i] &&
            pawl_bytes_equal(reply->certs[i].subject, name)) {
            *found = i;
            return true;
        }
    }
    return false;
}

/*
 * Puts the leaf first and each issuer behind what it issued. Roots are left
 * out: nobody believes one because it was sent along. Any other certificate
 * that is left over does not belong to the answer.
 */
static enum pawl_status make_chain(struct pawl_enroll *enroll,
                                   struct reply *reply)
{
    size_t at = reply->leaf;
    bool more = true;

    for (size_t i = 0; i < reply->count; i++) {
        reply->used[i] = i != at && self_issued(&reply->certs[i]);
    }
    while (more) {
        reply->used[at] = true;
        reply->chain[reply->chain_count++] = reply->der[at];
        more = find_issuer(reply, reply->certs[at].issuer, &at);
    }
    for (size_t i = 0; i < reply->count; i++) {
        if (!reply->used[i]) {
            return refuse(enroll, PAWL_ERR_CERTIFICATE,
                          "a certificate outside of the chain");
        }
    }
    return PAWL_OK;
}

/* The clock, unless it is behind what is known for sure. */
static struct pawl_x509_time time_known(const struct pawl_enroll *enroll)
{
    const struct pawl_clock *clock = enroll->config.identity->port->clock;
    int64_t floor_s = pawl_identity_time_floor(enroll->config.identity);
    struct pawl_x509_time time = {false, 0, enroll->config.time_floor_s};

    if (floor_s > time.floor_s) {
        time.floor_s = floor_s;
    }
    time.known = clock->wall_s != NULL &&
                 clock->wall_s(clock->ctx, &time.now_s) == PAWL_OK &&
                 time.now_s >= time.floor_s;
    return time;
}

static enum pawl_status verify(struct pawl_enroll *enroll,
                               const struct reply *reply)
{
    struct pawl_x509_time time = time_known(enroll);
    struct pawl_bytes anchors[PAWL_TRUST_ANCHOR_MAX];
    const char *rule = NULL;
    size_t bad = 0;

    size_t anchor_count =
        pawl_trust_anchors(enroll->config.trust, PAWL_ROLE_ENROLL, anchors);
    enum pawl_status status = pawl_x509_verify_chain(
        reply->chain, reply->chain_count, anchors, anchor_count,
        PAWL_X509_CLIENT_AUTH, &time, &bad, &rule);
    return status == PAWL_OK ? PAWL_OK
                             : refuse(enroll, status, rule != NULL ? rule : "");
}

/* Stores the chain: copied together in reply, whose text is used up. */
static enum pawl_status store(struct pawl_enroll *enroll,
                              const struct reply *reply)
{
    size_t len = 0;

    for (size_t i = 0; i < reply->chain_count; i++) {
        if (reply->chain[i].len > sizeof(enroll->reply) - len) {
            return PAWL_ERR_LIMIT;
        }
        memcpy(enroll->reply + len, reply->chain[i].data, reply->chain[i].len);
        len += reply->chain[i].len;
    }
    return pawl_identity_install_next(enroll->config.identity,
                                      (struct pawl_bytes){enroll->reply, len});
}

enum pawl_status pawl_enroll_judge(struct pawl_enroll *enroll)
{
    struct reply reply;

    memset(&reply, 0, sizeof(reply));
    enum pawl_status status = unpack(enroll, &reply);
    if (status == PAWL_OK) {
        status = find_leaf(enroll, &reply);
    }
    if (status == PAWL_OK) {
        status = check_key(enroll, &reply.certs[reply.leaf]);
    }
    if (status == PAWL_OK) {
        status = check_name(enroll, &reply.certs[reply.leaf]);
    }
    if (status == PAWL_OK) {
        status = make_chain(enroll, &reply);
    }
    if (status == PAWL_OK) {
        status = verify(enroll, &reply);
    }
    return status == PAWL_OK ? store(enroll, &reply) : status;
}
