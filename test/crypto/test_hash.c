/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/crypto.h"

#include <string.h>

#include "check.h"
#include "fake/hex.h"

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

struct hash_row {
    const char *message;
    const char *digest;
};

/* FIPS 180-4's examples, as published by NIST. */
static const struct hash_row hashes[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb924"
         "27ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039"
     "a33ce45964ff2167f6ecedd419db06c1"},
};

static void sha256_gives_the_published_digests(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(hashes); i++) {
        uint8_t expected[32];
        uint8_t digest[32];

        (void)hex(hashes[i].digest, expected, sizeof expected);
        CHECK_EQ(pawl_sha256(text(hashes[i].message), digest), PAWL_OK);
        CHECK_MEM(digest, expected, 32);
    }
}

/* The same document's third example, fed in uneven pieces. */
static void sha256_of_a_million_letters_in_pieces(void)
{
    uint8_t letters[997];
    uint8_t expected[32];
    uint8_t digest[32];
    struct pawl_sha256 sha;

    memset(letters, 'a', sizeof letters);
    (void)hex("cdc76e5c9914fb9281a1c7e284d73e67"
              "f1809a48a497200e046d39ccc7112cd0",
              expected, sizeof expected);
    pawl_sha256_start(&sha);
    for (size_t left = 1000000; left > 0;) {
        size_t piece = left < sizeof letters ? left : sizeof letters;

        pawl_sha256_update(&sha, (struct pawl_bytes){letters, piece});
        left -= piece;
    }
    CHECK_EQ(pawl_sha256_finish(&sha, digest), PAWL_OK);
    CHECK_MEM(digest, expected, 32);
}

static void a_finished_hash_is_wiped(void)
{
    struct pawl_sha256 sha;
    uint8_t zeros[sizeof sha] = {0};
    uint8_t digest[32];

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, text("secret"));
    CHECK_EQ(pawl_sha256_finish(&sha, digest), PAWL_OK);
    CHECK_MEM(&sha, zeros, sizeof sha);
}

struct hmac_row {
    const char *key, *message, *tag;
};

/* RFC 4231, test cases 1 to 4, 6 and 7. */
static const struct hmac_row hmacs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddddddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
};

static void hmac_gives_the_published_tags(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(hmacs); i++) {
        uint8_t key[32];
        uint8_t message[64];
        uint8_t expected[32];
        uint8_t tag[32];

        (void)hex(hmacs[i].tag, expected, sizeof expected);
        CHECK_EQ(pawl_hmac_sha256(
                     hex(hmacs[i].key, key, sizeof key),
                     hex(hmacs[i].message, message, sizeof message), tag),
                 PAWL_OK);
        CHECK_MEM(tag, expected, 32);
    }
}

/* RFC 4231, test cases 6 and 7: a key longer than a block. */
static void hmac_hashes_a_key_longer_than_a_block(void)
{
    uint8_t key[131];
    uint8_t expected[32];
    uint8_t tag[32];

    memset(key, 0xaa, sizeof key);
    (void)hex("60e431591ee0b67f0d8a26aacbf5b77f"
              "8e0bc6213728c5140546040f0ee37f54",
              expected, sizeof expected);
    CHECK_EQ(pawl_hmac_sha256(
                 PAWL_BYTES(key),
                 text("Test Using Larger Than Block-Size Key - Hash Key First"),
                 tag),
             PAWL_OK);
    CHECK_MEM(tag, expected, 32);
    (void)hex("9b09ffa71b942fcb27635fbcd5b0e944"
              "bfdc63644f0713938a7f51535c3a35e2",
              expected, sizeof expected);
    CHECK_EQ(pawl_hmac_sha256(PAWL_BYTES(key),
                              text("This is a test using a larger than "
                                   "block-size key and a larger than "
                                   "block-size data. The key needs to be "
                                   "hashed before being used by the HMAC "
                                   "algorithm."),
                              tag),
             PAWL_OK);
    CHECK_MEM(tag, expected, 32);
}

static const struct check_test tests[] = {
    CHECK_TEST(sha256_gives_the_published_digests),
    CHECK_TEST(sha256_of_a_million_letters_in_pieces),
    CHECK_TEST(a_finished_hash_is_wiped),
    CHECK_TEST(hmac_gives_the_published_tags),
    CHECK_TEST(hmac_hashes_a_key_longer_than_a_block),
};
CHECK_MAIN(tests)
