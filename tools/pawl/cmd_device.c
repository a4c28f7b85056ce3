/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "describe.h"
#include "provision.h"
#include "tool.h"
#include <pawl/identity.h>
#include <pawl/pawl.h>
#include <pawl/trust.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF_MAX 65536
#define IMAGE_MAX (64u << 20)
#define ENVELOPE_MAX (1u << 20)
#define CSR_MAX 1024

static const char *const dir_name[] = {"the device's DIR",
                                       "the CHAIN of certificates"};

/* Opens a device and the library over it. */
int device_open(struct pawl_posix_device *device, const char *dir,
                enum pawl_posix_mode mode)
{
    char error[PAWL_POSIX_ERROR_MAX];

    if (pawl_posix_device_open(device, dir, mode, error) != PAWL_OK) {
        return tool_fail(TOOL_USAGE, "%s", error);
    }
    enum pawl_status status = pawl_init(&device->port);
    if (status != PAWL_OK) {
        pawl_posix_device_close(device);
        return tool_fail_status(dir, status);
    }
    return TOOL_OK;
}

void device_close(struct pawl_posix_device *device)
{
    pawl_finish();
    pawl_posix_device_close(device);
}

/* ---- provision ---- */

static int read_conf(const char *path, struct pawl_posix_config *config)
{
    char error[PAWL_POSIX_ERROR_MAX];
    struct tool_file file;
    int code = tool_read(path, CONF_MAX, &file);

    if (code != TOOL_OK) {
        return code;
    }
    pawl_posix_config_default(config);
    if (pawl_posix_config_parse(config, path, (const char *)file.data, file.len,
                                error) != PAWL_OK) {
        code = tool_fail(TOOL_USAGE, "%s", error);
    }
    tool_free(&file);
    return code;
}

/* Takes another key store than the configuration's. What it may be is read
 * when the configuration is written. */
int device_name_keystore(struct pawl_posix_config *config, const char *name)
{
    if (name == NULL) {
        return TOOL_OK;
    }
    int len = snprintf(config->keystore, sizeof config->keystore, "%s", name);

    return len > 0 && (size_t)len < sizeof config->keystore
               ? TOOL_OK
               : tool_fail(TOOL_USAGE, "--keystore needs soft, pkcs11:... or "
                                       "tpm2:...");
}

/* Fills the draft; only a whole device is put in its place. */
int device_make(const char *dir, const struct pawl_posix_config *config,
                const struct provision *from)
{
    static struct pawl_posix_device device;
    char error[PAWL_POSIX_ERROR_MAX];
    struct pawl_posix_draft draft;

    if (pawl_posix_draft_create(&draft, dir, config, error) != PAWL_OK) {
        return tool_fail(TOOL_USAGE, "%s", error);
    }
    int code = device_open(&device, draft.path, PAWL_POSIX_WRITE);
    if (code == TOOL_OK) {
        code = provision_fill(&device, from);
        device_close(&device);
    }
    if (code != TOOL_OK) {
        pawl_posix_draft_discard(&draft);
        return code;
    }
    if (pawl_posix_draft_commit(&draft, error) != PAWL_OK) {
        return tool_fail(TOOL_USAGE, "%s", error);
    }
    return TOOL_OK;
}

static int make_one(const struct provision_line *line,
                    const struct provision *from)
{
    struct pawl_posix_config config;
    int code = read_conf(line->conf, &config);

    if (code == TOOL_OK) {
        code = device_name_keystore(&config, line->keystore);
    }
    return code == TOOL_OK ? device_make(line->folder, &config, from) : code;
}

/* A line needs an audit file; one device needs neither that nor a CA. */
static int check_line(const struct provision_line *line)
{
    if (line->csv != NULL && line->audit == NULL) {
        return tool_fail(TOOL_USAGE, "--line needs --audit FILE");
    }
    if (line->csv == NULL && (line->audit != NULL || line->certify != NULL)) {
        return tool_fail(TOOL_USAGE,
                         "--audit and --certify go with --line CSV");
    }
    return TOOL_OK;
}

int device_provision(int argc, char **argv)
{
    const char *trust = NULL, *envelope = NULL, *image = NULL;
    struct provision_line line = {.folder = NULL};
    const struct tool_option options[] = {
        {"--conf", &line.conf, 1, NULL, true},
        {"--trust", &trust, 1, NULL, true},
        {"--envelope", &envelope, 1, NULL, true},
        {"--image", &image, 1, NULL, true},
        {"--keystore", &line.keystore, 1, NULL, false},
        {"--line", &line.csv, 1, NULL, false},
        {"--audit", &line.audit, 1, NULL, false},
        {"--certify", &line.certify, 1, NULL, false},
    };
    struct provision from = {.trust = {0}, .envelope = {0}, .image = {0}};
    int code =
        tool_arguments(argc, argv, options, 8, &line.folder, dir_name, 1);

    if (code == TOOL_OK) {
        code = check_line(&line);
    }
    if (code == TOOL_OK) {
        code = tool_read(trust, PAWL_TRUST_MAX, &from.trust);
    }
    if (code == TOOL_OK) {
        code = tool_read(envelope, ENVELOPE_MAX, &from.envelope);
    }
    if (code == TOOL_OK) {
        code = tool_read(image, IMAGE_MAX, &from.image);
    }
    if (code == TOOL_OK) {
        code = line.csv != NULL ? provision_line(&line, &from)
                                : make_one(&line, &from);
    }
    tool_free(&from.trust);
    tool_free(&from.envelope);
    tool_free(&from.image);
    return code;
}

/* ---- csr and install-cert ---- */

/* DER as PEM (RFC 7468). */
static int write_pem(const char *path, const char *label, struct pawl_bytes der)
{
    static char text[4 * CSR_MAX], pem[6 * CSR_MAX];
    size_t len = sizeof text;

    if (pawl_base64_encode(der, text, &len) != PAWL_OK) {
        return tool_fail(TOOL_REFUSED, "the request is too long");
    }
    size_t at =
        (size_t)snprintf(pem, sizeof pem, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < len; i += 64) {
        at += (size_t)snprintf(pem + at, sizeof pem - at, "%.*s\n",
                               (int)(len - i < 64 ? len - i : 64), text + i);
    }
    at += (size_t)snprintf(pem + at, sizeof pem - at, "-----END %s-----\n",
                           label);
    return tool_write(path, (struct pawl_bytes){(const uint8_t *)pem, at},
                      false);
}

int device_request(struct pawl_posix_device *device, const char *path)
{
    uint8_t csr[CSR_MAX];
    size_t len = sizeof csr;
    const struct pawl_csr_subject subject = {
        .common_name = device->product.serial,
        .serial_number = device->product.serial,
    };
    enum pawl_status status = pawl_csr_write(&subject, device->port.keystore,
                                             PAWL_KEY_IDEVID, csr, &len);

    return status == PAWL_OK
               ? write_pem(path, "CERTIFICATE REQUEST",
                           (struct pawl_bytes){csr, len})
               : tool_fail_status("the request for the IDevID", status);
}

int device_csr(int argc, char **argv)
{
    static struct pawl_posix_device device;
    const char *dir = NULL, *out = NULL;
    const struct tool_option options[] = {{"-o", &out, 1, NULL, true}};
    int code = tool_arguments(argc, argv, options, 1, &dir, dir_name, 1);

    if (code == TOOL_OK) {
        code = device_open(&device, dir, PAWL_POSIX_WRITE);
    }
    if (code == TOOL_OK) {
        code = device_request(&device, out);
        device_close(&device);
    }
    return code;
}

int device_install(struct pawl_posix_device *device, const char *path)
{
    static struct pawl_identity identity;
    struct tool_file chain;
    int code = tool_certificates(path, &chain);

    if (code != TOOL_OK) {
        return code;
    }
    /* It is stored once: what another device's name is on stays there. */
    if (!tool_certificate_is_for(&chain, device->product.serial)) {
        tool_free(&chain);
        return tool_fail(TOOL_REFUSED,
                         "%s is for another device: the subject's serialNumber "
                         "must be %s",
                         path, device->product.serial);
    }
    enum pawl_status status = pawl_identity_open(&identity, &device->port);
    if (status == PAWL_OK) {
        status = pawl_identity_install_idevid(&identity, tool_bytes(&chain));
    }
    tool_free(&chain);
    return status == PAWL_OK ? TOOL_OK : tool_fail_status(path, status);
}

int device_install_cert(int argc, char **argv)
{
    static struct pawl_posix_device device;
    const char *words[2] = {NULL, NULL};
    int code = tool_arguments(argc, argv, NULL, 0, words, dir_name, 2);

    if (code == TOOL_OK) {
        code = device_open(&device, words[0], PAWL_POSIX_WRITE);
    }
    if (code == TOOL_OK) {
        code = device_install(&device, words[1]);
        device_close(&device);
    }
    return code;
}

/* ---- show ---- */

/* The first attribute of a Name that is a common name, as "CN=text": enough
 * to know a certificate by. None where it is in no UTF-8. */
static json_t *name_json(struct pawl_bytes name)
{
    static const uint8_t cn[] = {0x06, 0x03, 0x55, 0x04, 0x03};
    char text[128];

    for (size_t i = 0; i + sizeof cn + 2 < name.len; i++) {
        const uint8_t *value = name.data + i + sizeof cn;

        if (memcmp(name.data + i, cn, sizeof cn) == 0 &&
            value[1] <= name.len - i - sizeof cn - 2 &&
            value[1] < sizeof text - 3) {
            (void)snprintf(text, sizeof text, "CN=%.*s", (int)value[1],
                           (const char *)value + 2);
            json_t *json = json_string(text);

            return json != NULL ? json : json_null();
        }
    }
    return json_null();
}

static json_t *hex_json(struct pawl_bytes bytes)
{
    char hex[2 * 64 + 1] = "";

    if (bytes.len <= 64) {
        tool_hex(hex, bytes);
    }
    return json_string(hex);
}

/* The leaf of a chain: its length is in its head. */
static struct pawl_bytes leaf_of(struct pawl_bytes chain)
{
    if (chain.len < 4 || chain.data[0] != 0x30 || chain.data[1] != 0x82) {
        return chain;
    }
    size_t len = 4 + ((size_t)chain.data[2] << 8 | chain.data[3]);

    return (struct pawl_bytes){chain.data, len < chain.len ? len : chain.len};
}

static json_t *credential_json(const struct pawl_identity *identity,
                               enum pawl_identity_kind kind)
{
    uint8_t chain[PAWL_CHAIN_MAX];
    size_t len = sizeof chain;
    struct pawl_credential credential;
    struct pawl_x509 leaf;
    const char *rule = "";
    enum pawl_status status =
        pawl_identity_get(identity, kind, &credential, chain, &len);

    if (status == PAWL_ERR_NOT_FOUND) {
        return json_null();
    }
    if (status == PAWL_OK) {
        status = pawl_x509_parse(&leaf, leaf_of(credential.chain), &rule);
    }
    if (status != PAWL_OK) {
        return json_pack("{s:s}", "status", pawl_status_name(status));
    }
    return json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:i}", "subject", name_json(leaf.subject),
        "issuer", name_json(leaf.issuer), "serial", hex_json(leaf.serial),
        "not_before", (json_int_t)credential.not_before_s, "not_after",
        (json_int_t)credential.not_after_s, "key_slot", (int)credential.slot);
}

static json_t *device_json(struct pawl_posix_device *device)
{
    static struct pawl_identity identity;
    static struct pawl_trust trust;
    const struct pawl_keystore_attributes *store =
        &device->port.keystore->attributes;
    enum pawl_status opened = pawl_identity_open(&identity, &device->port);
    enum pawl_status trusted = pawl_trust_open(&trust, device->port.store);
    if (trusted == PAWL_OK) {
        trusted = pawl_trust_open_owner(&trust);
    }
    json_t *who = json_pack(
        "{s:o, s:o, s:o}", "idevid",
        credential_json(&identity, PAWL_IDENTITY_IDEVID), "ldevid",
        credential_json(&identity, PAWL_IDENTITY_LDEVID), "ldevid_next",
        credential_json(&identity, PAWL_IDENTITY_LDEVID_NEXT));

    return json_pack(
        "{s:s, s:o, s:o, s:s, s:{s:b, s:b, s:b}, s:s, s:o, s:s, s:o}", "serial",
        device->product.serial, "vendor_id",
        hex_json(PAWL_BYTES(device->product.vendor_id)), "class_id",
        hex_json(PAWL_BYTES(device->product.class_id)), "store",
        pawl_status_name(opened), "key_store", "hardware", store->hardware,
        "exportable", store->exportable, "persistent", store->persistent,
        "identity_status", pawl_status_name(opened), "identity", who,
        "trust_status", pawl_status_name(trusted), "trust",
        trusted == PAWL_OK ? trust_json(&trust) : json_null());
}

int device_show(int argc, char **argv)
{
    static struct pawl_posix_device device;
    const char *dir = NULL;
    size_t as_json = 0;
    const struct tool_option options[] = {{"--json", NULL, 1, &as_json, false}};
    int code = tool_arguments(argc, argv, options, 1, &dir, dir_name, 1);

    if (code == TOOL_OK) {
        code = device_open(&device, dir, PAWL_POSIX_READ_ONLY);
    }
    if (code == TOOL_OK) {
        json_t *json = device_json(&device);
        tool_print(json, as_json > 0);
        json_decref(json);
        device_close(&device);
    }
    return code;
}
