/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Judges a chain of certificates (RFC 5280, 6), from the leaf upwards to the
 * first that an anchor issued. An anchor is a name and a key that the trust
 * document vouches for: its own dates are not judged (RFC 5280, 6.1.1 (d)),
 * that is what replacing the document is for.
 */
#include <pawl/config.h>

#include "base/base.h"
#include "crypto/x509.h"

#define CHAIN_MAX_COUNT 4

/* What is carried along while one walks up. */
struct path {
    const struct pawl_bytes *anchors;
    size_t anchor_count;
    uint32_t purpose;
    const struct pawl_x509_time *time;
    int below; /* certificates of CAs so far, self-issued not counted */
    int64_t last_begin; /* the latest notBefore so far */
    int64_t first_end;  /* the earliest notAfter so far */
    const char *rule;
};

static enum pawl_status broken(struct path *path, enum pawl_status status,
                               const char *text)
{
    path->rule = text;
    return status;
}

static enum pawl_status judge_leaf(struct path *path,
                                   const struct pawl_x509 *leaf)
{
    if (leaf->is_ca) {
        return broken(path, PAWL_ERR_CERTIFICATE,
                      "a CA's certificate is used as a leaf");
    }
    if (!leaf->has_key_usage ||
        (leaf->key_usage & PAWL_X509_DIGITAL_SIGNATURE) == 0) {
        return broken(path, PAWL_ERR_CERTIFICATE,
                      "keyUsage lacks digitalSignature");
    }
    if ((leaf->purposes & path->purpose) != path->purpose) {
        return broken(path, PAWL_ERR_CERTIFICATE,
                      "extendedKeyUsage lacks the purpose");
    }
    return PAWL_OK;
}

/* What a certificate must say to issue others, in a chain or as an anchor. */
static enum pawl_status judge_ca(struct path *path, const struct pawl_x509 *ca)
{
    if (!ca->has_basic_constraints || !ca->is_ca) {
        return broken(path, PAWL_ERR_CERTIFICATE, "basicConstraints lacks cA");
    }
    if (!ca->has_key_usage || (ca->key_usage & PAWL_X509_KEY_CERT_SIGN) == 0) {
        return broken(path, PAWL_ERR_CERTIFICATE, "keyUsage lacks keyCertSign");
    }
    if (ca->path_len >= 0 && path->below > ca->path_len) {
        return broken(path, PAWL_ERR_CERTIFICATE, "path length exceeded");
    }
    if (ca->has_purposes &&
        (ca->purposes & (path->purpose | PAWL_X509_ANY_PURPOSE)) == 0) {
        return broken(path, PAWL_ERR_CERTIFICATE,
                      "the CA's extendedKeyUsage lacks the purpose");
    }
    return PAWL_OK;
}

/*
 * The clock is known, or a floor stands in. With the floor alone a notBefore
 * after it is no fault: certificates are issued after firmware is built. But
 * no instant may be left in which all of the chain was valid.
 */
static enum pawl_status judge_dates(struct path *path,
                                    const struct pawl_x509 *cert)
{
    const struct pawl_x509_time *time = path->time;

    if (cert->not_before > path->last_begin) {
        path->last_begin = cert->not_before;
    }
    if (cert->not_after < path->first_end) {
        path->first_end = cert->not_after;
    }
    if (cert->not_after < (time->known ? time->now_s : time->floor_s)) {
        return broken(path, PAWL_ERR_EXPIRED, "expired");
    }
    if (time->known && cert->not_before > time->now_s) {
        return broken(path, PAWL_ERR_EXPIRED, "not yet valid");
    }
    if (path->last_begin > path->first_end) {
        return broken(path, PAWL_ERR_EXPIRED,
                      "never valid at one time with its chain");
    }
    return PAWL_OK;
}

/* Turns the answers of pawl_x509_signed_by() into the path's. */
static enum pawl_status judge_signature(struct path *path,
                                        const struct pawl_x509 *cert,
                                        const struct pawl_x509 *issuer)
{
    enum pawl_status status = pawl_x509_signed_by(cert, issuer);

    switch (status) {
    case PAWL_OK:
        return PAWL_OK;
    case PAWL_ERR_UNTRUSTED:
        return broken(path, status, "issued by another than the next");
    case PAWL_ERR_UNSUPPORTED:
        return broken(path, PAWL_ERR_CERTIFICATE,
                      "the issuer's key or hash is not supported");
    case PAWL_ERR_NO_MEMORY:
    case PAWL_ERR_FAULT:
        return broken(path, status, "the signature could not be checked");
    default:
        return broken(path, PAWL_ERR_UNTRUSTED, "the signature is wrong");
    }
}

/* PAWL_OK if an anchor issued cert; else the best reason that was found. */
static enum pawl_status find_anchor(struct path *path,
                                    const struct pawl_x509 *cert)
{
    enum pawl_status status =
        broken(path, PAWL_ERR_UNTRUSTED, "no anchor issued it");

    for (size_t i = 0; i < path->anchor_count; i++) {
        struct pawl_x509 anchor;
        const char *ignored = NULL;

        if (pawl_x509_parse(&anchor, path->anchors[i], &ignored) != PAWL_OK ||
            !pawl_bytes_equal(cert->issuer, anchor.subject)) {
            continue;
        }
        status = judge_ca(path, &anchor);
        if (status == PAWL_OK) {
            status = judge_signature(path, cert, &anchor);
        }
        if (status == PAWL_OK) {
            return PAWL_OK;
        }
    }
    return status;
}

/* Judges one certificate of the chain by itself, and reads it into cert. */
static enum pawl_status judge_one(struct path *path, struct pawl_x509 *cert,
                                  struct pawl_bytes der, size_t index)
{
    enum pawl_status status = pawl_x509_parse(cert, der, &path->rule);

    if (status == PAWL_OK) {
        status = index == 0 ? judge_leaf(path, cert) : judge_ca(path, cert);
    }
    if (status == PAWL_OK) {
        status = judge_dates(path, cert);
    }
    if (status == PAWL_OK && index > 0 &&
        !pawl_bytes_equal(cert->issuer, cert->subject)) {
        path->below++;
    }
    return status;
}

/* Walks up; *bad is the certificate that is being judged. */
static enum pawl_status walk(struct path *path, const struct pawl_bytes *chain,
                             size_t count, size_t *bad)
{
    struct pawl_x509 cert;
    struct pawl_x509 previous;
    enum pawl_status status = PAWL_ERR_FAULT;

    for (size_t i = 0; i < count; i++) {
        *bad = i;
        status = judge_one(path, &cert, chain[i], i);
        if (status != PAWL_OK) {
            return status;
        }
        if (i > 0) {
            status = judge_signature(path, &previous, &cert);
            if (status != PAWL_OK) {
                *bad = i - 1;
                return status;
            }
        }
        status = find_anchor(path, &cert);
        if (status == PAWL_OK) {
            return PAWL_OK;
        }
        previous = cert;
    }
    return status;
}

enum pawl_status pawl_x509_verify_chain(const struct pawl_bytes *chain,
                                        size_t chain_count,
                                        const struct pawl_bytes *anchors,
                                        size_t anchor_count, uint32_t purpose,
                                        const struct pawl_x509_time *time,
                                        size_t *bad, const char **rule)
{
    size_t at = 0;
    enum pawl_status status = PAWL_ERR_UNTRUSTED;
    struct path path = {.anchors = anchors,
                        .anchor_count = anchor_count,
                        .purpose = purpose,
                        .time = time,
                        .last_begin = INT64_MIN,
                        .first_end = INT64_MAX,
                        .rule = "no certificate, or too many"};

    if (chain_count > 0 && chain_count <= CHAIN_MAX_COUNT &&
        anchor_count <= PAWL_TRUST_ANCHOR_MAX) {
        status = walk(&path, chain, chain_count, &at);
    }
    if (bad != NULL) {
        *bad = at;
    }
    if (rule != NULL) {
        *rule = status == PAWL_OK ? "" : path.rule;
    }
    return status;
}
