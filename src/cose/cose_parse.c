/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

#include "base/base.h"
#include "cose/cose_internal.h"

/* Labels in one bucket; more is refused. Bounds the search for duplicates. */
#define LABELS_MAX 16

/* Places in headers.bucket; whether one is the protected one. */
enum {
    UNPROTECTED = 0,
    PROTECTED = 1
};

/* What the two buckets of headers say. */
struct headers {
    struct pawl_bytes bucket[2]; /* encoded maps; the protected one perhaps
                                  * empty */
    enum pawl_cose_rules rules;
    int64_t alg; /* 0: none, or one that is no integer */
    struct pawl_bytes kid;
    bool critical;
};

/* How often label (encoded) occurs in a bucket that was read before. */
static size_t occurrences(struct pawl_bytes bucket, struct pawl_bytes label)
{
    struct pawl_cbor in;
    size_t pairs = 0;
    size_t found = 0;

    pawl_cbor_read(&in, bucket);
    if (bucket.len <= label.len || pawl_cbor_map(&in, &pairs) != PAWL_OK) {
        return 0; /* it has no room for the label, or is no map */
    }
    for (size_t i = 0; i < pairs; i++) {
        struct pawl_bytes other;
        if (pawl_cbor_skip(&in, &other) != PAWL_OK) {
            return 0;
        }
        found += pawl_bytes_equal(label, other) ? 1 : 0;
        if (pawl_cbor_skip(&in, NULL) != PAWL_OK) {
            return 0;
        }
    }
    return found;
}

/* Reads one value; label is its integer label, or 0. */
static enum pawl_status read_value(struct headers *headers,
                                   struct pawl_cbor *in, int64_t label,
                                   bool is_protected)
{
    enum pawl_cbor_type type = pawl_cbor_peek(in);

    switch (label) {
    case PAWL_COSE_LABEL_ALG:
        if (!is_protected && headers->rules == PAWL_COSE_STRICT) {
            return PAWL_ERR_POLICY;
        }
        if (type == PAWL_CBOR_UINT || type == PAWL_CBOR_NINT) {
            return pawl_cbor_int(in, &headers->alg);
        }
        break; /* a name, which none of ours has */
    case PAWL_COSE_LABEL_CRIT:
        headers->critical = true;
        break;
    case PAWL_COSE_LABEL_KID:
        return pawl_cbor_bstr(in, &headers->kid);
    default:
        break;
    }
    return pawl_cbor_skip(in, NULL);
}

/* Whether a label of one bucket, which has so many pairs, is there, or in the
 * other, once more. */
static bool repeated(const struct headers *headers, struct pawl_bytes label,
                     bool is_protected, size_t pairs)
{
    size_t other = occurrences(headers->bucket[!is_protected], label);

    return other != 0 ||
           (pairs != 1 &&
            occurrences(headers->bucket[is_protected], label) != 1);
}

/* Reads one label and its value. */
static enum pawl_status read_pair(struct headers *headers, struct pawl_cbor *in,
                                  bool is_protected, size_t pairs)
{
    enum pawl_cbor_type type = pawl_cbor_peek(in);
    struct pawl_bytes label;
    int64_t number = 0;

    if (type != PAWL_CBOR_UINT && type != PAWL_CBOR_NINT &&
        type != PAWL_CBOR_TSTR) {
        return PAWL_ERR_MALFORMED;
    }
    enum pawl_status status = pawl_cbor_skip(in, &label);
    if (status == PAWL_OK && type == PAWL_CBOR_UINT && label.len == 1) {
        number = label.data[0]; /* those that matter have one byte */
    }
    if (status == PAWL_OK) {
        status = read_value(headers, in, number, is_protected);
    }
    if (status == PAWL_OK && repeated(headers, label, is_protected, pairs)) {
        return PAWL_ERR_MALFORMED;
    }
    return status;
}

static enum pawl_status read_bucket(struct headers *headers, bool is_protected)
{
    struct pawl_cbor in;
    size_t pairs = 0;

    pawl_cbor_read(&in, headers->bucket[is_protected]);
    enum pawl_status status = pawl_cbor_map(&in, &pairs);
    if (status == PAWL_OK && pairs > LABELS_MAX) {
        return PAWL_ERR_MALFORMED;
    }
    for (size_t i = 0; i < pairs && status == PAWL_OK; i++) {
        status = read_pair(headers, &in, is_protected, pairs);
    }
    return status == PAWL_OK ? pawl_cbor_done(&in) : status;
}

/* Both buckets are well-formed before either is searched for a duplicate. */
static enum pawl_status read_headers(struct headers *headers)
{
    struct pawl_cbor in;

    if (headers->bucket[PROTECTED].len != 0) {
        pawl_cbor_read(&in, headers->bucket[PROTECTED]);
        if (pawl_cbor_skip(&in, NULL) != PAWL_OK ||
            pawl_cbor_done(&in) != PAWL_OK) {
            return PAWL_ERR_MALFORMED;
        }
        enum pawl_status status = read_bucket(headers, true);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return read_bucket(headers, false);
}

/* The tag, if there is one, and if these rules let it be absent. */
static enum pawl_status read_tag(struct pawl_cose *cose, struct pawl_cbor *in,
                                 enum pawl_cose_rules rules)
{
    if (pawl_cbor_peek(in) != PAWL_CBOR_TAG) {
        cose->tag = PAWL_COSE_TAG_SIGN1;
        return rules == PAWL_COSE_STRICT ? PAWL_ERR_POLICY : PAWL_OK;
    }
    if (pawl_cbor_tag(in, &cose->tag) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    if (cose->tag != PAWL_COSE_TAG_SIGN1 && cose->tag != PAWL_COSE_TAG_MAC0) {
        cose->tag = 0;
        return PAWL_ERR_UNSUPPORTED;
    }
    return PAWL_OK;
}

/* The array of four (RFC 9052, 4.2 and 6.2). */
static enum pawl_status read_body(struct pawl_cose *cose,
                                  struct headers *headers, struct pawl_cbor *in)
{
    size_t count = 0;

    if (pawl_cbor_array(in, &count) != PAWL_OK || count != 4 ||
        pawl_cbor_bstr(in, &headers->bucket[PROTECTED]) != PAWL_OK ||
        pawl_cbor_skip(in, &headers->bucket[UNPROTECTED]) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    cose->attached = pawl_cbor_peek(in) != PAWL_CBOR_SIMPLE;
    enum pawl_status status = cose->attached
                                  ? pawl_cbor_bstr(in, &cose->payload)
                                  : pawl_cbor_null(in);
    if (status != PAWL_OK || pawl_cbor_bstr(in, &cose->signature) != PAWL_OK ||
        pawl_cbor_done(in) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    return read_headers(headers);
}

/* What the buckets say, against the rules. */
static enum pawl_status judge(struct pawl_cose *cose,
                              const struct headers *headers)
{
    const struct pawl_cose_algorithm *algorithm =
        pawl_cose_algorithm(headers->alg);

    if (headers->rules == PAWL_COSE_STRICT && cose->attached) {
        return PAWL_ERR_POLICY;
    }
    if (headers->critical) {
        cose->tag = 0;
        return PAWL_ERR_UNSUPPORTED;
    }
    if (algorithm == NULL || algorithm->tag != cose->tag) {
        return PAWL_ERR_UNSUPPORTED; /* none of ours, or none at all */
    }
    cose->alg = algorithm->number;
    cose->protected_ = headers->bucket[PROTECTED];
    cose->kid = headers->kid;
    return PAWL_OK;
}

enum pawl_status pawl_cose_parse(struct pawl_cose *cose,
                                 struct pawl_bytes message,
                                 enum pawl_cose_rules rules)
{
    struct headers headers = {.rules = rules};
    struct pawl_cbor in;

    *cose = (struct pawl_cose){.alg = PAWL_ALG_NONE};
    pawl_cbor_read(&in, message);
    enum pawl_status status = read_tag(cose, &in, rules);
    if (status == PAWL_OK) {
        status = read_body(cose, &headers, &in);
    }
    if (status == PAWL_OK) {
        status = judge(cose, &headers);
    }
    if (status != PAWL_OK) {
        *cose = (struct pawl_cose){
            .tag = status == PAWL_ERR_UNSUPPORTED ? cose->tag : 0};
    }
    return status;
}
