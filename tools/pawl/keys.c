/* SPDX-License-Identifier: Apache-2.0 */

/* Keys and certificates of a person or a factory, through OpenSSL: a library
 * other than the device's, so that each checks the other. Keys in a token are
 * in pkcs11.c. */

#include "cose/cose.h"
#include "pkcs11.h"
#include "tool.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX 65536
#define P256_GROUP "prime256v1"

/* Fills in what pawl needs to know of a key. */
static bool describe(struct tool_key *key)
{
    EVP_PKEY *pkey = key->pkey;
    char group[32] = "";
    size_t len = 0;

    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        len = 32;
        if (EVP_PKEY_get_raw_public_key(pkey, key->bytes, &len) != 1) {
            return false;
        }
        key->key.algorithm = PAWL_ALG_ED25519;
    } else if (EVP_PKEY_is_a(pkey, "EC") &&
               EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
               strcmp(group, P256_GROUP) == 0) {
        if (EVP_PKEY_get_octet_string_param(pkey, "encoded-pub-key", key->bytes,
                                            sizeof key->bytes, &len) != 1 ||
            len != 65 || key->bytes[0] != 0x04) {
            return false;
        }
        key->key.algorithm = PAWL_ALG_ES256;
    } else {
        return false;
    }
    key->key.bytes = (struct pawl_bytes){key->bytes, len};
    return true;
}

void tool_key_free(struct tool_key *key)
{
    EVP_PKEY_free(key->pkey);
    pkcs11_free(key->token);
    memset(key, 0, sizeof *key);
}

/* A passphrase is never asked for: encrypted keys are refused. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

int tool_key_read(const char *path, struct tool_key *key)
{
    struct tool_file file;

    if (pkcs11_is_uri(path)) {
        return pkcs11_read(path, false, key);
    }
    int code = tool_read(path, PEM_MAX, &file);
    memset(key, 0, sizeof *key);
    if (code != TOOL_OK) {
        return code;
    }
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
    key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    key->is_private = key->pkey != NULL;
    if (key->pkey == NULL) {
        (void)BIO_reset(bio);
        key->pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    }
    BIO_free(bio);
    OPENSSL_cleanse(file.data, file.len);
    tool_free(&file);
    if (key->pkey == NULL || !describe(key)) {
        tool_key_free(key);
        return tool_fail(TOOL_USAGE,
                         "%s holds no unencrypted PEM key of P-256 or Ed25519",
                         path);
    }
    return TOOL_OK;
}

int tool_key_read_signer(const char *path, struct tool_key *key)
{
    if (pkcs11_is_uri(path)) {
        return pkcs11_read(path, true, key);
    }
    int code = tool_key_read(path, key);
    if (code == TOOL_OK && !key->is_private) {
        tool_key_free(key);
        code = tool_fail(TOOL_USAGE,
                         "%s is a public key: signing needs the private one",
                         path);
    }
    return code;
}

bool tool_key_of_point(bool p256, struct pawl_bytes point, struct tool_key *key)
{
    /* SubjectPublicKeyInfo of P-256 (RFC 5480, 2), up to the point. */
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                   0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                   0x01, 0x07, 0x03, 0x42, 0x00};
    uint8_t info[sizeof head + 65];
    const uint8_t *at = info;

    if (point.len != (p256 ? 65 : 32)) {
        return false;
    }
    if (p256) {
        memcpy(info, head, sizeof head);
        memcpy(info + sizeof head, point.data, point.len);
        key->pkey = d2i_PUBKEY(NULL, &at, (long)sizeof info);
    } else {
        key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                point.data, point.len);
    }
    if (key->pkey != NULL && describe(key)) {
        return true;
    }
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
    return false;
}

int tool_key_generate(const char *algorithm, struct tool_key *key)
{
    memset(key, 0, sizeof *key);
    if (strcmp(algorithm, "es256") == 0) {
        key->pkey = EVP_EC_gen(P256_GROUP);
    } else if (strcmp(algorithm, "ed25519") == 0) {
        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        return tool_fail(TOOL_USAGE, "unknown algorithm %s: es256 or ed25519",
                         algorithm);
    }
    key->is_private = true;
    if (key->pkey == NULL || !describe(key)) {
        tool_key_free(key);
        return tool_fail(TOOL_USAGE, "the key could not be made");
    }
    return TOOL_OK;
}

int tool_key_write(const struct tool_key *key, const char *path,
                   bool public_only)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    bool good =
        bio != NULL &&
        (public_only ? PEM_write_bio_PUBKEY(bio, key->pkey)
                     : PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL,
                                                     0, NULL, NULL)) == 1;
    int code = TOOL_USAGE;

    if (good) {
        long len = BIO_get_mem_data(bio, &data);
        code = tool_write(
            path, (struct pawl_bytes){(const uint8_t *)data, (size_t)len},
            !public_only);
    } else {
        code = tool_fail(TOOL_USAGE, "the key could not be encoded");
    }
    BIO_free(bio);
    return code;
}

void tool_key_name(const struct pawl_key *key, char out[17])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(key->bytes.data, key->bytes.len, digest, &len, EVP_sha256(),
                   NULL) != 1) {
        memset(digest, 0, sizeof digest);
    }
    tool_hex(out, (struct pawl_bytes){digest, 8});
}

const char *tool_algorithm_name(int64_t algorithm)
{
    switch (algorithm) {
    case PAWL_ALG_HMAC_256:
        return "HMAC 256/256";
    case PAWL_ALG_ES256:
        return "ES256";
    case PAWL_ALG_EDDSA:
        return "EdDSA";
    case PAWL_ALG_ESP256:
        return "ESP256";
    case PAWL_ALG_ED25519:
        return "Ed25519";
    default:
        return "unknown";
    }
}

/* ECDSA comes as DER; COSE wants r || s (RFC 9053, 2.1). */
static bool to_raw(const uint8_t *der, size_t len,
                   uint8_t raw[PAWL_COSE_SIGNATURE_SIZE])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool good = sig != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    return good;
}

/* The reverse of to_raw(). */
static size_t to_der(const uint8_t raw[PAWL_COSE_SIGNATURE_SIZE],
                     uint8_t der[128])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    int len = 0;

    if (sig != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        len = i2d_ECDSA_SIG(sig, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return len > 0 ? (size_t)len : 0;
}

/* Whether a token has signed with the key that goes with its public one. */
static bool verifies(const struct tool_key *key, struct pawl_bytes message,
                     const uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    bool ecdsa = key->key.algorithm == PAWL_ALG_ES256;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t der[128];
    size_t len = ecdsa ? to_der(signature, der) : PAWL_COSE_SIGNATURE_SIZE;
    bool good = digest != NULL &&
                EVP_DigestVerifyInit(digest, NULL, ecdsa ? EVP_sha256() : NULL,
                                     NULL, key->pkey) == 1 &&
                EVP_DigestVerify(digest, ecdsa ? der : signature, len,
                                 message.data, message.len) == 1;

    EVP_MD_CTX_free(digest);
    return good;
}

static enum pawl_status
sign_in_token(void *ctx, struct pawl_bytes message,
              uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    struct tool_key *key = ctx;
    enum pawl_status status = pkcs11_sign(
        key->token, key->key.algorithm == PAWL_ALG_ES256, message, signature);

    return status != PAWL_OK || verifies(key, message, signature)
               ? status
               : PAWL_ERR_SIGNATURE;
}

static enum pawl_status sign(void *ctx, struct pawl_bytes message,
                             uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    struct tool_key *key = ctx;
    bool ecdsa = key->key.algorithm == PAWL_ALG_ES256;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t out[128];
    size_t len = sizeof out;
    bool good =
        digest != NULL &&
        EVP_DigestSignInit(digest, NULL, ecdsa ? EVP_sha256() : NULL, NULL,
                           key->pkey) == 1 &&
        EVP_DigestSign(digest, out, &len, message.data, message.len) == 1;

    EVP_MD_CTX_free(digest);
    if (!good) {
        return PAWL_ERR_KEYSTORE;
    }
    if (ecdsa) {
        return to_raw(out, len, signature) ? PAWL_OK : PAWL_ERR_KEYSTORE;
    }
    memcpy(signature, out, PAWL_COSE_SIGNATURE_SIZE);
    return len == PAWL_COSE_SIGNATURE_SIZE ? PAWL_OK : PAWL_ERR_KEYSTORE;
}

void tool_key_signer(struct tool_key *key, struct pawl_cose_signer *signer)
{
    *signer = (struct pawl_cose_signer){
        .ctx = key,
        .algorithm = key->key.algorithm == PAWL_ALG_ES256 ? PAWL_ALG_ESP256
                                                          : PAWL_ALG_ED25519,
        .sign = key->token != NULL ? sign_in_token : sign,
    };
}

int tool_sign_failed(const struct tool_key *key, const char *what,
                     enum pawl_status status)
{
    if (key->token != NULL && status == PAWL_ERR_KEYSTORE) {
        return tool_fail(TOOL_USAGE, "%s: not signed: %s", what,
                         pkcs11_error(key->token));
    }
    if (key->token != NULL && status == PAWL_ERR_SIGNATURE) {
        return tool_fail(TOOL_USAGE,
                         "%s: not signed: the token's public key does not go "
                         "with its private key: store the right one",
                         what);
    }
    return tool_fail_status(what, status);
}

/* Appends the DER of one certificate. */
static bool append(struct tool_file *der, X509 *certificate)
{
    uint8_t *more = NULL;
    int len = i2d_X509(certificate, &more);
    uint8_t *grown =
        len > 0 ? realloc(der->data, der->len + (size_t)len) : NULL;

    if (grown != NULL) {
        memcpy(grown + der->len, more, (size_t)len);
        der->data = grown;
        der->len += (size_t)len;
    }
    OPENSSL_free(more);
    return grown != NULL;
}

int tool_certificates(const char *path, struct tool_file *der)
{
    struct tool_file pem;
    X509 *certificate;
    bool good = true;
    int code = tool_read(path, PEM_MAX, &pem);

    *der = (struct tool_file){0};
    if (code != TOOL_OK) {
        return code;
    }
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    while (good &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        good = append(der, certificate);
        X509_free(certificate);
    }
    BIO_free(bio);
    tool_free(&pem);
    if (!good || der->len == 0) {
        tool_free(der);
        return tool_fail(TOOL_USAGE, "%s holds no PEM certificate", path);
    }
    return TOOL_OK;
}

bool tool_certificate_is_for(const struct tool_file *der, const char *serial)
{
    const unsigned char *at = der->data;
    X509 *leaf = d2i_X509(NULL, &at, (long)der->len);
    bool good = leaf != NULL;
    const X509_NAME *name = good ? X509_get_subject_name(leaf) : NULL;
    int i = good ? X509_NAME_get_index_by_NID(name, NID_serialNumber, -1) : -1;

    while (good && i >= 0) {
        const ASN1_STRING *text =
            X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
        size_t len = (size_t)ASN1_STRING_length(text);

        good = len == strlen(serial) &&
               memcmp(ASN1_STRING_get0_data(text), serial, len) == 0;
        i = X509_NAME_get_index_by_NID(name, NID_serialNumber, i);
    }
    X509_free(leaf);
    return good;
}
