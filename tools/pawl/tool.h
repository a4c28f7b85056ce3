/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_H
#define PAWL_TOOL_H

/* What the commands of the host tool share. */

#include <pawl/bytes.h>
#include <pawl/key.h>
#include <pawl/status.h>
#include <stdbool.h>

/* Exit codes, the same for every command. */
enum tool_exit {
    TOOL_OK = 0,
    TOOL_REFUSED = 1, /* the content is not right: signature, rule, trust */
    TOOL_USAGE = 2    /* the command line, or a file cannot be used */
};

/* ---- main.c ---- */

/*
 * Writes one line to standard error: what is wrong and what to do. Returns
 * code, so that a command can end with it.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int tool_fail(int code, const char *format, ...);

/* The same for a status of the library, in its own words. */
int tool_fail_status(const char *what, enum pawl_status status);

/* ---- arguments.c ---- */

/* One option of a command. A flag has no value; `values` collects at most max
 * of a repeatable one. */
struct tool_option {
    const char *name;    /* with its dashes */
    const char **values; /* NULL: a flag */
    size_t max;
    size_t *count; /* how often it stood there; may be NULL if max is 1 */
    bool required;
};

/*
 * Takes the command line of one command apart. words collects what is no
 * option: exactly word_count of them, named by word_names for the complaint.
 * Returns TOOL_OK or TOOL_USAGE, the reason printed.
 */
int tool_arguments(int argc, char **argv, const struct tool_option *options,
                   size_t option_count, const char **words,
                   const char *const *word_names, size_t word_count);

/* ---- files.c ---- */

/* The content of a file, from malloc; a zero byte follows it. */
struct tool_file {
    uint8_t *data;
    size_t len;
};

/* Reads a file of at most max bytes. TOOL_OK, or TOOL_USAGE with the reason
 * printed. Free it with tool_free(). */
int tool_read(const char *path, size_t max, struct tool_file *file);
/* The same for text: without zero bytes, behind which nothing would count. */
int tool_read_text(const char *path, size_t max, struct tool_file *file);
void tool_free(struct tool_file *file);
struct pawl_bytes tool_bytes(const struct tool_file *file);

/* Writes a file whole or not at all: beside it first, then renamed; "-" is
 * standard output. Of a link the file that it leads to is replaced; a device or
 * a pipe is written to. private_: nobody else may read the file, and it
 * replaces none. Reasons are printed. */
int tool_write(const char *path, struct pawl_bytes bytes, bool private_);

/* The folder of path, with its slash; "" for a plain name. From malloc. */
char *tool_folder(const char *path);
/* path as seen from folder, unless it is absolute. From malloc. */
char *tool_beside(const char *folder, const char *path);

/* ---- text.c ---- */

void tool_hex(char *out, struct pawl_bytes bytes); /* 2 * len + 1 */
/* Hex digits, an even number. False: they are none, or do not fit. */
bool tool_unhex(const char *text, uint8_t *out, size_t cap, size_t *len);
/* A decimal number behind skip characters of *at, which moves behind it.
 * False: there is none, or it is above 2^64 - 1. */
bool tool_number(const char **at, size_t skip, uint64_t *value);
/* A UUID in its usual notation (RFC 9562). */
bool tool_uuid(const char *text, uint8_t out[16]);
/* A slash-separated component identifier, "00" or "00/01", as the encoded
 * CBOR array. */
bool tool_component(const char *text, uint8_t *out, size_t cap, size_t *len);

/* ---- keys.c ---- */

/* A key of a file or of a token; free with tool_key_free(). */
struct pkcs11_token;
struct tool_key {
    void *pkey; /* OpenSSL's */
    struct pawl_key key;
    uint8_t bytes[65];
    bool is_private;
    struct pkcs11_token *token; /* that signs; NULL: pkey does */
};

/* Reads a PEM file with a public key or an unencrypted private key, P-256 or
 * Ed25519; or the public key that a pkcs11: URI names. Reasons are printed. */
int tool_key_read(const char *path, struct tool_key *key);
/* The same for a key that is to sign: a public one is refused. */
int tool_key_read_signer(const char *path, struct tool_key *key);
/* Makes a public key of its point: P-256 uncompressed, or Ed25519. */
bool tool_key_of_point(bool p256, struct pawl_bytes point,
                       struct tool_key *key);
void tool_key_free(struct tool_key *key);
/* Makes a key pair: "es256" or "ed25519". */
int tool_key_generate(const char *algorithm, struct tool_key *key);
/* Writes it as PEM: PKCS#8, or SubjectPublicKeyInfo. */
int tool_key_write(const struct tool_key *key, const char *path,
                   bool public_only);
/* The first eight bytes of SHA-256 of the public key, in hex: a name. */
void tool_key_name(const struct pawl_key *key, char out[17]);
/* The algorithm's name, "ESP256". */
const char *tool_algorithm_name(int64_t algorithm);
/* A COSE signer over it; the key stays in use by it. */
struct pawl_cose_signer;
void tool_key_signer(struct tool_key *key, struct pawl_cose_signer *signer);
/* Tells why signing what did not work: the token's reason if it has one. */
int tool_sign_failed(const struct tool_key *key, const char *what,
                     enum pawl_status status);
/* Certificates of a PEM file as DER, one behind the other, from malloc. */
int tool_certificates(const char *path, struct tool_file *der);
/* Whether the subject of the first of them has this serialNumber, or none. */
bool tool_certificate_is_for(const struct tool_file *der, const char *serial);

/* ---- the commands, each with the words behind its name ---- */

int key_generate(int argc, char **argv);
int key_public(int argc, char **argv);
int key_list(int argc, char **argv);
int trust_create(int argc, char **argv);
int trust_sign(int argc, char **argv);
int trust_show(int argc, char **argv);
int trust_verify(int argc, char **argv);
int trust_own(int argc, char **argv);
int trust_announce(int argc, char **argv);
int manifest_create(int argc, char **argv);
int manifest_sign(int argc, char **argv);
int manifest_show(int argc, char **argv);
int manifest_verify(int argc, char **argv);
int manifest_process(int argc, char **argv);
int device_provision(int argc, char **argv);
int device_csr(int argc, char **argv);
int device_install_cert(int argc, char **argv);
int device_show(int argc, char **argv);
int update_show(int argc, char **argv);
int update_announce(int argc, char **argv);
int connect_run(int argc, char **argv);

#endif
