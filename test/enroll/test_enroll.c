/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Enrolment against a server that answers anything: each row of the table is
 * one thing that may be wrong with an answer. After each of them the device
 * is who it was.
 */

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/x509.h"
#include "enroll/fake_http.h"
#include "fake/fake_ca.h"
#include "fake/fake_crypto.h"
#include "fake/fake_flash.h"
#include "trust/trust_internal.h"
#include <pawl/enroll.h>
#include <string.h>

#define JOURNAL_SIZE 16384
#define AREA_SIZE 16384
#define NOW_S INT64_C(1760000000) /* October 2025 */

static struct fake_flash journal, area;
static uint8_t journal_memory[FAKE_FLASH_MEMORY(JOURNAL_SIZE)];
static uint8_t area_memory[FAKE_FLASH_MEMORY(AREA_SIZE)];
static struct fake_keystore keys, stranger;
static struct fake_ca ca, intermediate, other_ca;
static struct pawl_store store;
static struct pawl_identity identity;
static struct pawl_trust trust;
static struct pawl_session session; /* never used: http is a double */
static struct pawl_enroll enroll;
static struct pawl_enroll_config config;
static uint64_t now_ms;
static int64_t now_s;

static const struct pawl_product product = {.serial = "SN-0001"};

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = now_s;
    return now_s != 0 ? PAWL_OK : PAWL_ERR_CLOCK;
}

static const struct pawl_clock the_clock = {NULL, monotonic_ms, wall_s,
                                            INT64_C(1750000000)};
static struct pawl_port port;

/* --- Given -------------------------------------------------------------- */

/* Trust with one enrolment anchor; verified elsewhere, here made by hand. */
static void trust_the_ca(void)
{
    memset(&trust, 0, sizeof(trust));
    trust.authentic = PAWL_TRUST_AUTHENTIC;
    trust.anchor_count = 2;
    trust.anchors[0].roles = PAWL_ROLE_ENROLL;
    trust.anchors[0].certificate = fake_ca_certificate(&ca);
    trust.anchors[1].roles = PAWL_ROLE_SERVER | PAWL_ROLE_DOWNLOAD;
    trust.anchors[1].certificate = fake_ca_certificate(&other_ca);
}

static struct pawl_bytes issue(struct fake_ca *by, struct fake_keystore *owner,
                               enum pawl_key_slot slot,
                               struct fake_certificate wanted, uint8_t *buf)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *table = &owner->keystore;

    CHECK_EQ(table->public_key(table->ctx, slot, point), PAWL_OK);
    wanted.point = PAWL_BYTES(point);
    if (wanted.common_name == NULL) {
        wanted.common_name = product.serial;
    }
    if (wanted.serial_number == NULL) {
        wanted.serial_number = product.serial;
    }
    struct pawl_bytes issued =
        fake_ca_issue(by, &wanted, buf, FAKE_CA_CERTIFICATE_MAX);
    CHECK(issued.len > 0);
    return issued;
}

static void given_a_device(void)
{
    uint8_t chain[FAKE_CA_CERTIFICATE_MAX];

    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    CHECK(fake_ca_open(&ca, "EST root"));
    CHECK(fake_ca_open(&other_ca, "another root"));
    CHECK(fake_ca_open_below(&intermediate, &ca, "EST issuer"));
    fake_flash_open(&journal, journal_memory, JOURNAL_SIZE, 4096, 8, 0xFF);
    fake_flash_open(&area, area_memory, AREA_SIZE, 2048, 8, 0xFF);
    fake_keystore_open(&keys);
    fake_keystore_open(&stranger);
    CHECK_EQ(stranger.keystore.generate(&stranger, PAWL_KEY_LDEVID_A), PAWL_OK);
    CHECK_EQ(keys.keystore.generate(&keys, PAWL_KEY_IDEVID), PAWL_OK);
    store = (struct pawl_store){&journal.port, &area.port};
    port = (struct pawl_port){.product = &product,
                              .clock = &the_clock,
                              .keystore = &keys.keystore,
                              .store = &store};
    now_ms = 1000;
    now_s = NOW_S;
    CHECK_EQ(pawl_identity_open(&identity, &port), PAWL_OK);
    CHECK_EQ(pawl_identity_install_idevid(
                 &identity, issue(&other_ca, &keys, PAWL_KEY_IDEVID,
                                  (struct fake_certificate){0}, chain)),
             PAWL_OK);
    trust_the_ca();
    memset(&fake_http, 0, sizeof(fake_http));
    config = (struct pawl_enroll_config){&session, &identity, &trust,
                                         false,    NULL,      0};
}

static void given_a_request(void)
{
    CHECK_EQ(pawl_enroll_open(&enroll, &config), PAWL_OK);
}

/* --- The answers -------------------------------------------------------- */

static struct pawl_bytes certs[6];
static size_t cert_count;
static uint8_t cert_memory[6][FAKE_CA_CERTIFICATE_MAX];
static char answer_text[8192];

/* Puts one more certificate into the answer. */
static void add(struct fake_ca *by, struct fake_keystore *owner,
                struct fake_certificate wanted)
{
    certs[cert_count] =
        issue(by, owner, PAWL_KEY_LDEVID_A, wanted, cert_memory[cert_count]);
    cert_count++;
}

static void add_ca(const struct fake_ca *authority)
{
    certs[cert_count++] = fake_ca_certificate(authority);
}

static struct pawl_bytes as_base64(struct pawl_bytes bytes)
{
    size_t len = sizeof(answer_text);

    CHECK_EQ(pawl_base64_encode(bytes, answer_text, &len), PAWL_OK);
    return (struct pawl_bytes){(const uint8_t *)answer_text, len};
}

static void answer_with_certs(void)
{
    static uint8_t der[6 * FAKE_CA_CERTIFICATE_MAX];
    struct pawl_bytes message =
        fake_ca_pkcs7(certs, cert_count, der, sizeof(der));

    CHECK(message.len > 0);
    fake_http_answer(as_base64(message));
}

#define USUAL ((struct fake_certificate){0})

static void the_leaf_alone(void)
{
    add(&ca, &keys, USUAL);
    answer_with_certs();
}
static void with_its_root(void)
{
    add_ca(&ca);
    add(&ca, &keys, USUAL);
    answer_with_certs();
}
static void by_an_intermediate(void)
{
    add_ca(&intermediate);
    add(&intermediate, &keys, USUAL);
    add_ca(&ca);
    answer_with_certs();
}
static void another_key(void)
{
    add(&ca, &stranger, USUAL);
    answer_with_certs();
}
static void another_name(void)
{
    add(&ca, &keys, (struct fake_certificate){.common_name = "SN-0002"});
    answer_with_certs();
}
static void another_serial(void)
{
    add(&ca, &keys, (struct fake_certificate){.serial_number = "SN-0002"});
    answer_with_certs();
}
static void a_longer_serial(void)
{
    add(&ca, &keys, (struct fake_certificate){.serial_number = "SN-00012"});
    answer_with_certs();
}
static void another_ca(void)
{
    add(&other_ca, &keys, USUAL); /* an anchor, but of servers only */
    answer_with_certs();
}
static void intermediate_left_out(void)
{
    add(&intermediate, &keys, USUAL);
    answer_with_certs();
}
static void two_leaves(void)
{
    add(&ca, &keys, USUAL);
    add(&ca, &stranger, USUAL);
    answer_with_certs();
}
static void no_leaf(void)
{
    add_ca(&ca);
    answer_with_certs();
}
static void no_certificate(void)
{
    answer_with_certs();
}
static void a_ca_for_our_key(void)
{
    add(&ca, &keys, (struct fake_certificate){.ca = true});
    answer_with_certs();
}
static void a_servers_certificate(void)
{
    add(&ca, &keys, (struct fake_certificate){.server = true});
    answer_with_certs();
}
static void expired(void)
{
    add(&ca, &keys, (struct fake_certificate){.not_after = "250901000000Z"});
    answer_with_certs();
}
static void not_valid_yet(void)
{
    add(&ca, &keys, (struct fake_certificate){.not_before = "260101000000Z"});
    answer_with_certs();
}
static void a_stray_certificate(void)
{
    add(&ca, &keys, USUAL);
    add_ca(&intermediate);
    answer_with_certs();
}
static void five_certificates(void)
{
    add(&ca, &keys, USUAL);
    for (int i = 0; i < 4; i++) {
        add_ca(&ca);
    }
    answer_with_certs();
}
static void wrong_content_type(void)
{
    the_leaf_alone();
    CHECK(pawl_text_copy(fake_http.response.content_type,
                         sizeof(fake_http.response.content_type),
                         "application/pkcs10"));
}
static void no_content_type(void)
{
    the_leaf_alone();
    fake_http.response.content_type[0] = '\0';
}
static void bad_base64(void)
{
    the_leaf_alone();
    answer_text[40] = '*';
}
static void der_without_base64(void)
{
    static uint8_t der[FAKE_CA_CERTIFICATE_MAX * 2];

    add(&ca, &keys, USUAL);
    fake_http_answer(fake_ca_pkcs7(certs, cert_count, der, sizeof(der)));
}
static void a_certificate_without_pkcs7(void)
{
    add(&ca, &keys, USUAL);
    fake_http_answer(as_base64(certs[0]));
}
static void empty_body(void)
{
    fake_http_answer(PAWL_NO_BYTES);
}
static void oversized(void)
{
    static uint8_t large[sizeof(enroll.reply) + 1];

    memset(large, 'A', sizeof(large));
    fake_http_answer(PAWL_BYTES(large));
}
static void oversized_and_does_not_say(void)
{
    oversized();
    fake_http.response.has_length = false;
}
static void oversized_once_decoded(void)
{
    static uint8_t large[sizeof(enroll.reply)];

    memset(large, 'A', sizeof(large));
    fake_http_answer(PAWL_BYTES(large));
}
static void status_of(unsigned status)
{
    the_leaf_alone();
    fake_http.response.status = status;
}
static void later(void)
{
    status_of(202);
    fake_http.response.retry_after_s = 17;
}
static void later_without_a_time(void)
{
    status_of(202);
}
static void much_later(void)
{
    status_of(202);
    fake_http.response.retry_after_s = UINT32_MAX;
}
static void not_authorised(void)
{
    status_of(401);
}
static void broken_server(void)
{
    status_of(500);
}
static void no_content(void)
{
    status_of(204);
}
static void elsewhere(void)
{
    status_of(302);
}
static void cut_in_the_head(void)
{
    the_leaf_alone();
    fake_http.step_end = PAWL_ERR_PROTOCOL;
}
static void cut_in_the_body(void)
{
    the_leaf_alone();
    fake_http.cut_at = 100;
    fake_http.cut_status = PAWL_ERR_PROTOCOL;
}

struct row {
    const char *name;
    void (*answer)(void);
    enum pawl_status expected;
    const char *rule; /* "": none is told; NULL: any but "" */
};

#define ROW(answer, status, rule)                                              \
    {                                                                          \
#answer, answer, status, rule                                          \
    }

static const struct row rows[] = {
    ROW(the_leaf_alone, PAWL_OK, ""),
    ROW(with_its_root, PAWL_OK, ""),
    ROW(by_an_intermediate, PAWL_OK, ""),
    ROW(another_key, PAWL_ERR_CERTIFICATE,
        "the certificate is for another key"),
    ROW(another_name, PAWL_ERR_CERTIFICATE,
        "the certificate is for another name"),
    ROW(another_serial, PAWL_ERR_CERTIFICATE,
        "the certificate is for another name"),
    ROW(a_longer_serial, PAWL_ERR_CERTIFICATE,
        "the certificate is for another name"),
    ROW(another_ca, PAWL_ERR_UNTRUSTED, NULL),
    ROW(intermediate_left_out, PAWL_ERR_UNTRUSTED, NULL),
    ROW(two_leaves, PAWL_ERR_CERTIFICATE, "more than one leaf in the answer"),
    ROW(no_leaf, PAWL_ERR_CERTIFICATE, "no leaf in the answer"),
    ROW(no_certificate, PAWL_ERR_CERTIFICATE, "no leaf in the answer"),
    ROW(a_ca_for_our_key, PAWL_ERR_CERTIFICATE, "no leaf in the answer"),
    ROW(a_servers_certificate, PAWL_ERR_CERTIFICATE, NULL),
    ROW(expired, PAWL_ERR_EXPIRED, NULL),
    ROW(not_valid_yet, PAWL_ERR_EXPIRED, NULL),
    ROW(a_stray_certificate, PAWL_ERR_CERTIFICATE,
        "a certificate outside of the chain"),
    ROW(five_certificates, PAWL_ERR_LIMIT, "too many certificates"),
    ROW(wrong_content_type, PAWL_ERR_MALFORMED, NULL),
    ROW(no_content_type, PAWL_ERR_MALFORMED, NULL),
    ROW(bad_base64, PAWL_ERR_MALFORMED, "the answer is not base64"),
    ROW(der_without_base64, PAWL_ERR_MALFORMED, "the answer is not base64"),
    ROW(a_certificate_without_pkcs7, PAWL_ERR_MALFORMED,
        "the answer is not a certs-only PKCS#7"),
    ROW(empty_body, PAWL_ERR_MALFORMED, NULL),
    ROW(oversized, PAWL_ERR_LIMIT, "the answer is too long"),
    ROW(oversized_and_does_not_say, PAWL_ERR_LIMIT, "the answer is too long"),
    ROW(oversized_once_decoded, PAWL_ERR_LIMIT, "the answer is too long"),
    ROW(later, PAWL_ERR_BUSY, ""),
    ROW(later_without_a_time, PAWL_ERR_BUSY, ""),
    ROW(much_later, PAWL_ERR_BUSY, ""),
    ROW(not_authorised, PAWL_ERR_REFUSED, NULL),
    ROW(broken_server, PAWL_ERR_REFUSED, NULL),
    ROW(no_content, PAWL_ERR_REFUSED, NULL),
    ROW(elsewhere, PAWL_ERR_REFUSED, NULL),
    ROW(cut_in_the_head, PAWL_ERR_PROTOCOL, ""),
    ROW(cut_in_the_body, PAWL_ERR_PROTOCOL, ""),
};

/* --- When, then --------------------------------------------------------- */

static enum pawl_status run(void)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_PENDING;

    for (int i = 0; i < 100000 && status == PAWL_PENDING; i++) {
        status = pawl_enroll_step(&enroll, &wait);
        CHECK(status != PAWL_PENDING || wait.events != 0);
    }
    return status;
}

static enum pawl_status get(enum pawl_identity_kind kind,
                            struct pawl_credential *credential)
{
    static uint8_t chain[PAWL_CHAIN_MAX];
    size_t len = sizeof(chain);

    return pawl_identity_get(&identity, kind, credential, chain, &len);
}

static bool next_exists(void)
{
    struct pawl_credential next;

    return get(PAWL_IDENTITY_LDEVID_NEXT, &next) == PAWL_OK;
}

static void judges_each_answer_by_its_rule(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct pawl_credential idevid;

        given_a_device();
        given_a_request();
        cert_count = 0;
        row->answer();
        check_equal(run(), row->expected, row->name, __FILE__, __LINE__);

        const char *rule = pawl_enroll_result(&enroll)->rule;
        check_that(row->rule != NULL ? strcmp(rule, row->rule) == 0
                                     : rule[0] != '\0',
                   rule, __FILE__, __LINE__);
        CHECK(next_exists() == (row->expected == PAWL_OK));
        CHECK_EQ(get(PAWL_IDENTITY_IDEVID, &idevid), PAWL_OK);
    }
}

static void posts_what_est_wants(void)
{
    uint8_t csr[512];
    size_t len = sizeof(csr);

    given_a_device();
    given_a_request();

    CHECK_EQ(fake_http.posts, 1);
    CHECK(strcmp(fake_http.path, "/.well-known/est/simpleenroll") == 0);
    CHECK(strcmp(fake_http.content_type, "application/pkcs10") == 0);
    CHECK_EQ(pawl_base64_decode(
                 (struct pawl_bytes){(const uint8_t *)fake_http.request,
                                     fake_http.request_len},
                 csr, &len),
             PAWL_OK);
    struct pawl_bytes rest = {csr, len}, whole;
    CHECK(pawl_der_take_whole(&rest, PAWL_DER_SEQUENCE, &whole));
    CHECK_EQ(rest.len, 0);
    CHECK_EQ(keys.generates, 2); /* the IDevID's, and this one */
    CHECK_EQ(keys.signs, 1);
}

static void the_label_and_the_renewal_are_in_the_path(void)
{
    given_a_device();
    config.label = "factory-7";
    config.renew = true;
    given_a_request();

    CHECK(strcmp(fake_http.path, "/.well-known/est/factory-7/simplereenroll") ==
          0);
}

/* The subject of the request that was posted. */
static struct pawl_bytes posted_subject(void)
{
    static uint8_t csr[1024];
    struct pawl_bytes rest = {csr, sizeof(csr)}, request, info, subject, number;

    CHECK_EQ(pawl_base64_decode(
                 (struct pawl_bytes){(const uint8_t *)fake_http.request,
                                     fake_http.request_len},
                 csr, &rest.len),
             PAWL_OK);
    CHECK(pawl_der_take(&rest, PAWL_DER_SEQUENCE, &request));
    CHECK(pawl_der_take(&request, PAWL_DER_SEQUENCE, &info));
    CHECK(pawl_der_take_unsigned(&info, &number));
    CHECK(pawl_der_take_whole(&info, PAWL_DER_SEQUENCE, &subject));
    return subject;
}

/* RFC 7030, 4.2.2: as the CA has written it, which is not as we asked. */
static void a_renewal_keeps_the_subject_of_what_it_renews(void)
{
    struct pawl_credential old;
    struct pawl_x509 leaf;
    const char *rule = "";

    given_a_device();
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    CHECK_EQ(run(), PAWL_OK);
    CHECK_EQ(pawl_identity_promote(&identity), PAWL_OK);
    CHECK_EQ(get(PAWL_IDENTITY_LDEVID, &old), PAWL_OK);
    CHECK_EQ(pawl_x509_parse(&leaf, old.chain, &rule), PAWL_OK);

    given_a_request(); /* by the IDevID: as the product says */
    CHECK(!pawl_bytes_equal(posted_subject(), leaf.subject));
    CHECK_EQ(pawl_identity_drop_next(&identity), PAWL_OK);
    config.renew = true;
    given_a_request();
    CHECK(pawl_bytes_equal(posted_subject(), leaf.subject));
    CHECK_EQ(keys.signs, 3); /* one a request */
}

static void a_label_is_one_segment_of_plain_characters(void)
{
    static const char long_label[] = "0123456789012345678901234567890123456789"
                                     "0123456789012345678901234";
    static const char *const labels[] = {
        "", "a/b", "..", ".", "a b", "a%2f", "a?b", "\n", "a\r\n", long_label,
    };

    given_a_device();
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        config.label = labels[i];
        CHECK_EQ(pawl_enroll_open(&enroll, &config), PAWL_ERR_ARGUMENT);
    }
    CHECK_EQ(fake_http.posts, 0);
    CHECK_EQ(keys.generates, 1);
}

static void stores_the_chain_leaf_first_and_without_its_root(void)
{
    struct pawl_credential next;

    given_a_device();
    given_a_request();
    cert_count = 0;
    by_an_intermediate();
    CHECK_EQ(run(), PAWL_OK);

    CHECK_EQ(get(PAWL_IDENTITY_LDEVID_NEXT, &next), PAWL_OK);
    CHECK_EQ(next.chain.len, certs[1].len + certs[0].len);
    CHECK_MEM(next.chain.data, certs[1].data, certs[1].len);
    CHECK_MEM(next.chain.data + certs[1].len, certs[0].data, certs[0].len);
    CHECK_EQ(fake_http.accepted, 1);
    CHECK_EQ(pawl_enroll_result(&enroll)->http_status, 200);
    CHECK_EQ(pawl_enroll_result(&enroll)->date_s, NOW_S);
}

static void the_time_to_come_again_is_told_and_bounded(void)
{
    given_a_device();
    given_a_request();
    cert_count = 0;
    later();
    CHECK_EQ(run(), PAWL_ERR_BUSY);
    CHECK_EQ(pawl_enroll_result(&enroll)->retry_after_s, 17);

    given_a_request();
    cert_count = 0;
    later_without_a_time();
    CHECK_EQ(run(), PAWL_ERR_BUSY);
    CHECK(pawl_enroll_result(&enroll)->retry_after_s >= 60);

    given_a_request();
    cert_count = 0;
    much_later();
    CHECK_EQ(run(), PAWL_ERR_BUSY);
    CHECK_EQ(pawl_enroll_result(&enroll)->retry_after_s, 86400);
}

/* The server may be signing the certificate for the first request. */
static void whoever_comes_again_brings_the_same_key(void)
{
    given_a_device();
    given_a_request();
    cert_count = 0;
    later();
    CHECK_EQ(run(), PAWL_ERR_BUSY);
    unsigned made = keys.generates;

    CHECK_EQ(pawl_identity_open(&identity, &port), PAWL_OK); /* a reset */
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    CHECK_EQ(run(), PAWL_OK);
    CHECK_EQ(keys.generates, made);
}

static void an_unproved_ldevid_is_not_thrown_away(void)
{
    given_a_device();
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    CHECK_EQ(run(), PAWL_OK);

    CHECK_EQ(pawl_enroll_open(&enroll, &config), PAWL_ERR_STATE);
    CHECK(next_exists());
}

static void works_with_any_pieces_and_any_waiting(void)
{
    for (size_t chunk = 1; chunk < 8; chunk++) {
        given_a_device();
        given_a_request();
        cert_count = 0;
        the_leaf_alone();
        fake_http.chunk = chunk;
        fake_http.pending = (unsigned)chunk % 3;
        CHECK_EQ(run(), PAWL_OK);
        CHECK(next_exists());
    }
}

static void a_cut_at_any_byte_leaves_everything_as_it_was(void)
{
    given_a_device();
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    size_t whole = fake_http.body.len;

    for (size_t at = 0; at < whole; at++) {
        given_a_request();
        cert_count = 0;
        the_leaf_alone();
        fake_http.cut_at = at;
        fake_http.cut_status = PAWL_ERR_PROTOCOL;
        CHECK_EQ(run(), PAWL_ERR_PROTOCOL);
        CHECK(!next_exists());
    }
}

static void every_truncation_is_refused(void)
{
    static char text[sizeof(answer_text)];

    given_a_device();
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    size_t whole = fake_http.body.len;
    memcpy(text, answer_text, whole);

    for (size_t len = 0; len < whole; len++) {
        given_a_request();
        fake_http_answer((struct pawl_bytes){(const uint8_t *)text, len});
        CHECK(run() != PAWL_OK);
        CHECK(!next_exists());
    }
}

static void a_silent_server_is_given_up(void)
{
    struct pawl_wait wait;

    given_a_device();
    given_a_request();
    cert_count = 0;
    the_leaf_alone();
    fake_http.pending = 1000000;

    CHECK_EQ(pawl_enroll_step(&enroll, &wait), PAWL_PENDING);
    CHECK(wait.events & PAWL_WAIT_DEADLINE);
    CHECK_EQ(wait.deadline_ms, now_ms + 60000);
    now_ms += 60000;
    CHECK_EQ(pawl_enroll_step(&enroll, &wait), PAWL_ERR_TIMEOUT);
    CHECK_EQ(pawl_enroll_step(&enroll, &wait), PAWL_ERR_STATE);
}

/* Without a clock the floor decides: too old is refused, new is not. */
static void without_a_clock_the_floor_decides(void)
{
    given_a_device();
    now_s = 0;
    given_a_request();
    cert_count = 0;
    not_valid_yet();
    CHECK_EQ(run(), PAWL_OK);

    given_a_device();
    now_s = 0;
    config.time_floor_s = NOW_S;
    given_a_request();
    cert_count = 0;
    expired();
    CHECK_EQ(run(), PAWL_ERR_EXPIRED);
}

/* A clock that is behind what is known for sure is no clock. */
static void a_clock_behind_the_floor_is_not_believed(void)
{
    given_a_device();
    now_s = 1000;
    given_a_request();
    cert_count = 0;
    the_leaf_alone();

    CHECK_EQ(run(), PAWL_OK);
}

static void what_announces_too_much_is_not_even_read(void)
{
    given_a_device();
    given_a_request();
    oversized();

    CHECK_EQ(run(), PAWL_ERR_LIMIT);
    CHECK_EQ(fake_http.at, 0);
}

/* Tickets and promotion wait for a server that really took us. */
static void a_refusal_does_not_count_as_accepted(void)
{
    given_a_device();
    given_a_request();
    cert_count = 0;
    broken_server();

    CHECK_EQ(run(), PAWL_ERR_REFUSED);
    CHECK_EQ(fake_http.accepted, 0);
    CHECK_EQ(pawl_enroll_result(&enroll)->http_status, 500);
}

static void a_key_store_that_fails_ends_it(void)
{
    given_a_device();
    keys.fail_sign = PAWL_ERR_KEYSTORE;

    CHECK_EQ(pawl_enroll_open(&enroll, &config), PAWL_ERR_KEYSTORE);
    CHECK_EQ(fake_http.posts, 0);
}

static void renewal_is_due_at_two_thirds_less_a_twelfth(void)
{
    struct pawl_credential ldevid = {.not_before_s = 1000000,
                                     .not_after_s = 1000000 + 12000};

    for (char c = 'a'; c <= 'z'; c++) {
        const char serial[] = {'S', c, '\0'};
        CHECK(!pawl_enroll_due(&ldevid, serial, 1000000 + 7000 - 1));
        CHECK(pawl_enroll_due(&ldevid, serial, 1000000 + 8000));
    }
}

static void a_fleet_does_not_renew_in_one_wave(void)
{
    struct pawl_credential ldevid = {.not_before_s = 0, .not_after_s = 120000};
    unsigned due = 0;

    for (unsigned i = 0; i < 1000; i++) {
        const char serial[] = {'S',
                               'N',
                               (char)('0' + i / 100),
                               (char)('0' + i / 10 % 10),
                               (char)('0' + i % 10),
                               '\0'};
        due += pawl_enroll_due(&ldevid, serial, 75000) ? 1u : 0u;
    }
    CHECK(due > 400 && due < 600); /* half of the twelfth is over */
}

static void what_has_no_end_is_never_due_and_what_is_odd_is_at_once(void)
{
    struct pawl_credential forever = {.not_before_s = 0,
                                      .not_after_s = INT64_MAX};
    struct pawl_credential odd = {.not_before_s = 100, .not_after_s = 100};

    CHECK(!pawl_enroll_due(&forever, "SN", INT64_MAX - 1));
    CHECK(pawl_enroll_due(&odd, "SN", 0));
}

static const struct check_test tests[] = {
    CHECK_TEST(judges_each_answer_by_its_rule),
    CHECK_TEST(posts_what_est_wants),
    CHECK_TEST(the_label_and_the_renewal_are_in_the_path),
    CHECK_TEST(a_renewal_keeps_the_subject_of_what_it_renews),
    CHECK_TEST(a_label_is_one_segment_of_plain_characters),
    CHECK_TEST(stores_the_chain_leaf_first_and_without_its_root),
    CHECK_TEST(the_time_to_come_again_is_told_and_bounded),
    CHECK_TEST(whoever_comes_again_brings_the_same_key),
    CHECK_TEST(an_unproved_ldevid_is_not_thrown_away),
    CHECK_TEST(works_with_any_pieces_and_any_waiting),
    CHECK_TEST(a_cut_at_any_byte_leaves_everything_as_it_was),
    CHECK_TEST(every_truncation_is_refused),
    CHECK_TEST(a_silent_server_is_given_up),
    CHECK_TEST(without_a_clock_the_floor_decides),
    CHECK_TEST(a_clock_behind_the_floor_is_not_believed),
    CHECK_TEST(what_announces_too_much_is_not_even_read),
    CHECK_TEST(a_refusal_does_not_count_as_accepted),
    CHECK_TEST(a_key_store_that_fails_ends_it),
    CHECK_TEST(renewal_is_due_at_two_thirds_less_a_twelfth),
    CHECK_TEST(a_fleet_does_not_renew_in_one_wave),
    CHECK_TEST(what_has_no_end_is_never_due_and_what_is_odd_is_at_once),
};

CHECK_MAIN(tests)
