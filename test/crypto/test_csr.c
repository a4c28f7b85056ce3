/* SPDX-License-Identifier: Apache-2.0 */

/* That openssl reads these requests too is tested by csr_openssl.sh. */
#include "crypto/x509.h"

#include <pawl/port/keystore.h>
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

static struct fake_keystore fake;
static uint8_t out[1024];
static size_t len;

static void given_key(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&fake);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_OK);
}

static enum pawl_status write(const struct pawl_csr_subject *subject)
{
    len = sizeof out;
    return pawl_csr_write(subject, &fake.keystore, PAWL_KEY_LDEVID_A, out,
                          &len);
}

/* Takes the request apart, checks its signature, and gives its parts. */
static void read_back(struct pawl_bytes *name, struct pawl_bytes *attributes)
{
    struct pawl_bytes rest = {out, len};
    struct pawl_bytes fields, info, algorithm, signature, spki, version;
    uint8_t point[65], expected_spki[91], digest[32], raw[64];

    CHECK(pawl_der_take(&rest, PAWL_DER_SEQUENCE, &fields) && rest.len == 0);
    CHECK(pawl_der_take_whole(&fields, PAWL_DER_SEQUENCE, &info));
    CHECK(pawl_der_take(&fields, PAWL_DER_SEQUENCE, &algorithm));
    CHECK(pawl_der_take_octet_bits(&fields, &signature) && fields.len == 0);
    CHECK_EQ(
        fake.keystore.public_key(fake.keystore.ctx, PAWL_KEY_LDEVID_A, point),
        PAWL_OK);
    CHECK_EQ(pawl_sha256(info, digest), PAWL_OK);
    CHECK_EQ(pawl_signature_from_der(signature, raw), PAWL_OK);
    CHECK_EQ(pawl_p256_verify(PAWL_BYTES(point), digest, raw), PAWL_OK);

    CHECK(pawl_der_take(&info, PAWL_DER_SEQUENCE, &fields));
    CHECK(pawl_der_take_unsigned(&fields, &version) && version.data[0] == 0);
    CHECK(pawl_der_take(&fields, PAWL_DER_SEQUENCE, name));
    CHECK(pawl_der_take_whole(&fields, PAWL_DER_SEQUENCE, &spki));
    pawl_p256_spki(point, expected_spki);
    CHECK(pawl_bytes_equal(spki, PAWL_BYTES(expected_spki)));
    CHECK(pawl_der_take(&fields, 0xA0, attributes) && fields.len == 0);
}

static bool contains(struct pawl_bytes where, const char *what)
{
    size_t what_len = strlen(what);

    for (size_t i = 0; i + what_len <= where.len; i++) {
        if (memcmp(where.data + i, what, what_len) == 0) {
            return true;
        }
    }
    return false;
}

static void a_request_holds_what_was_asked_for(void)
{
    struct pawl_csr_subject subject = {"dev0001", "SN-42", "dev0001.example",
                                       PAWL_NO_BYTES, NULL};
    struct pawl_bytes name, attributes;

    given_key();
    CHECK_EQ(write(&subject), PAWL_OK);
    read_back(&name, &attributes);
    CHECK(contains(name, "\x06\x03\x55\x04\x03\x0c\x07"
                         "dev0001"));
    CHECK(contains(name, "\x06\x03\x55\x04\x05\x13\x05"
                         "SN-42"));
    CHECK(contains(attributes, "\x82\x0f"
                               "dev0001.example"));
    CHECK(contains(attributes, "\x2b\x06\x01\x05\x05\x07\x03\x02"));
    CHECK_EQ(fake.signs, 1);
}

/* RFC 7030, 4.2.2: a renewal keeps the names, as they are written. */
static void a_request_may_have_the_names_of_a_certificate(void)
{
    static const uint8_t subject_der[] = {
        0x30, 0x1B, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04,
        0x0A, 0x14, 0x02, 0xC4, 0x20, 0x31, 0x0C, 0x30, 0x0A, 0x06,
        0x03, 0x55, 0x04, 0x03, 0x0C, 0x03, 'd',  'e',  'v'};
    static const uint8_t names[] = {0x82, 0x03, 'd', 'e', 'v', 0x87,
                                    0x04, 192,  0,   2,   1};
    static const uint8_t extension[] = {0x06, 0x03, 0x55, 0x1D, 0x11, 0x04,
                                        0x0D, 0x30, 0x0B, 0x82, 0x03, 'd'};
    struct pawl_x509 certificate = {.subject = PAWL_BYTES(subject_der),
                                    .alt_names = PAWL_BYTES(names)};
    struct pawl_csr_subject subject = {.common_name = "another",
                                       .dns_name = "another.example",
                                       .like = &certificate};
    struct pawl_bytes name, attributes;
    bool found = false;

    given_key();
    CHECK_EQ(write(&subject), PAWL_OK);
    read_back(&name, &attributes);
    CHECK_EQ(name.len, sizeof subject_der - 2);
    CHECK_MEM(name.data, subject_der + 2, name.len);
    for (size_t i = 0; i + sizeof extension <= attributes.len; i++) {
        found |= memcmp(attributes.data + i, extension, sizeof extension) == 0;
    }
    CHECK(found);
    CHECK(!contains(attributes, "another"));

    certificate.alt_names = PAWL_NO_BYTES;
    CHECK_EQ(write(&subject), PAWL_OK);
    read_back(&name, &attributes);
    CHECK(!contains(attributes, "\x55\x1d\x11"));
}

static void what_is_absent_is_left_out(void)
{
    struct pawl_csr_subject subject = {NULL, NULL, NULL, PAWL_NO_BYTES, NULL};
    struct pawl_bytes name, attributes;

    given_key();
    CHECK_EQ(write(&subject), PAWL_OK);
    read_back(&name, &attributes);
    CHECK_EQ(name.len, 0);
    CHECK(!contains(attributes, "\x55\x1d\x11")); /* no subjectAltName */
    CHECK(!contains(attributes, "\x01\x09\x07")); /* no challenge */
    CHECK(contains(attributes, "\x55\x1d\x25"));  /* but EKU */
}

/* The members of a SET OF in the order of their encodings: X.690, 11.6. */
static void attributes_are_in_the_order_of_der(void)
{
    uint8_t challenge[255];
    static const size_t lengths[] = {1, 32, 60, 80, 255};

    memset(challenge, 'c', sizeof challenge);
    given_key();
    for (size_t i = 0; i < PAWL_ARRAY_LEN(lengths); i++) {
        struct pawl_csr_subject subject = {
            "dev", NULL, NULL, {challenge, lengths[i]}, NULL};
        struct pawl_bytes name, attributes;
        struct pawl_der first, second;

        CHECK_EQ(write(&subject), PAWL_OK);
        read_back(&name, &attributes);
        CHECK(pawl_der_next(&attributes, &first));
        CHECK(pawl_der_next(&attributes, &second) && attributes.len == 0);
        size_t common = first.whole.len < second.whole.len ? first.whole.len
                                                           : second.whole.len;

        CHECK(memcmp(first.whole.data, second.whole.data, common) < 0);
    }
}

static void every_length_of_a_name_is_written_right(void)
{
    char host[260];
    struct pawl_bytes name, attributes;

    given_key();
    for (size_t host_len = 1; host_len <= 253; host_len += 12) {
        struct pawl_csr_subject subject = {"dev", "1", host, PAWL_NO_BYTES,
                                           NULL};

        memset(host, 'h', host_len);
        host[host_len] = '\0';
        CHECK_EQ(write(&subject), PAWL_OK);
        read_back(&name, &attributes);
        CHECK(contains(attributes, host));
    }
}

static void unfit_subjects_are_refused(void)
{
    static char long_text[256];
    static const uint8_t long_challenge[256] = {0};
    const struct pawl_csr_subject subjects[] = {
        {"", NULL, NULL, PAWL_NO_BYTES, NULL},
        {long_text, NULL, NULL, PAWL_NO_BYTES, NULL},
        {NULL, "", NULL, PAWL_NO_BYTES, NULL},
        {NULL, "SN_42", NULL, PAWL_NO_BYTES, NULL}, /* not a PrintableString */
        {NULL, "SN\xC3\xA4", NULL, PAWL_NO_BYTES, NULL},
        {NULL, long_text, NULL, PAWL_NO_BYTES, NULL},
        {NULL, NULL, "", PAWL_NO_BYTES, NULL},
        {NULL, NULL, "a b", PAWL_NO_BYTES, NULL},
        {NULL, NULL, "*.example", PAWL_NO_BYTES, NULL},
        {NULL, NULL, long_text, PAWL_NO_BYTES, NULL},
        {NULL, NULL, NULL, PAWL_BYTES(long_challenge), NULL},
    };

    memset(long_text, 'x', sizeof long_text - 1);
    given_key();
    for (size_t i = 0; i < PAWL_ARRAY_LEN(subjects); i++) {
        CHECK_EQ(write(&subjects[i]), PAWL_ERR_ARGUMENT);
    }
    CHECK_EQ(fake.signs, 0);
}

static void too_little_room_is_told_before_anything_is_signed(void)
{
    struct pawl_csr_subject subject = {"dev0001", "SN-42", NULL, PAWL_NO_BYTES,
                                       NULL};
    size_t need = 0;

    given_key();
    CHECK_EQ(pawl_csr_write(&subject, &fake.keystore, PAWL_KEY_LDEVID_A, NULL,
                            &need),
             PAWL_ERR_TOO_SMALL);
    CHECK(need > 200 && need < 400);
    len = need - 1;
    CHECK_EQ(
        pawl_csr_write(&subject, &fake.keystore, PAWL_KEY_LDEVID_A, out, &len),
        PAWL_ERR_TOO_SMALL);
    CHECK_EQ(fake.signs, 0);
    len = need;
    CHECK_EQ(
        pawl_csr_write(&subject, &fake.keystore, PAWL_KEY_LDEVID_A, out, &len),
        PAWL_OK);
    CHECK(len <= need);
}

static void a_key_store_that_fails_is_reported_as_it_is(void)
{
    struct pawl_csr_subject subject = {"dev0001", NULL, NULL, PAWL_NO_BYTES,
                                       NULL};

    given_key();
    fake.fail_sign = PAWL_ERR_KEYSTORE;
    CHECK_EQ(write(&subject), PAWL_ERR_KEYSTORE);
    CHECK_EQ(len, 0);
    fake.fail_public_key = PAWL_ERR_NOT_FOUND;
    CHECK_EQ(write(&subject), PAWL_ERR_NOT_FOUND);
}

static enum pawl_status sign_wrongly(void *ctx, enum pawl_key_slot slot,
                                     const uint8_t digest[32],
                                     uint8_t signature[64])
{
    (void)ctx;
    (void)slot;
    (void)digest;
    memset(signature, 0x11, 64);
    return PAWL_OK;
}

static void a_wrong_signature_never_leaves(void)
{
    struct pawl_csr_subject subject = {"dev0001", NULL, NULL, PAWL_NO_BYTES,
                                       NULL};

    given_key();
    fake.keystore.sign = sign_wrongly;
    CHECK_EQ(write(&subject), PAWL_ERR_KEYSTORE);
    CHECK_EQ(len, 0);
    fake_crypto_stop();
}

static const struct check_test tests[] = {
    CHECK_TEST(a_request_holds_what_was_asked_for),
    CHECK_TEST(a_request_may_have_the_names_of_a_certificate),
    CHECK_TEST(what_is_absent_is_left_out),
    CHECK_TEST(attributes_are_in_the_order_of_der),
    CHECK_TEST(every_length_of_a_name_is_written_right),
    CHECK_TEST(unfit_subjects_are_refused),
    CHECK_TEST(too_little_room_is_told_before_anything_is_signed),
    CHECK_TEST(a_key_store_that_fails_is_reported_as_it_is),
    CHECK_TEST(a_wrong_signature_never_leaves),
};
CHECK_MAIN(tests)
