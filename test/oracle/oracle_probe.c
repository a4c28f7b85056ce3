/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs envelopes that test/oracle/oracle.py makes, and says what came of them.
 *
 * usage: oracle_probe P256-POINT ED25519-KEY MAC-KEY (hexadecimal)
 *
 * One case a line on standard input: procedure (u or i), threshold, slot of
 * each of three components, whether image-match and check-content hold for
 * each, whether operations fail, whether images are linked for their slot,
 * and the envelope. One line each on standard output: accepted or rejected,
 * the reason, and section.offset.command.component.result of each command.
 */
#include <pawl/manifest.h>

#include "fake/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 20000
#define COMPONENTS 3

struct device {
    char slot[COMPONENTS + 1];
    char match[COMPONENTS + 1];
    char content[COMPONENTS + 1];
    char fails;
};

static enum pawl_status find(void *ctx, struct pawl_bytes component,
                             uint32_t *handle)
{
    (void)ctx;
    if (component.len != 3 || component.data[0] != 0x81 ||
        component.data[1] != 0x41 || component.data[2] >= COMPONENTS) {
        return PAWL_ERR_NOT_FOUND;
    }
    *handle = component.data[2];
    return PAWL_OK;
}

static enum pawl_status slot(void *ctx, uint32_t handle, uint64_t *out)
{
    const struct device *device = ctx;

    *out = (uint64_t)(device->slot[handle] - '0');
    return PAWL_OK;
}

static enum pawl_status match(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              enum pawl_verdict *verdict)
{
    const struct device *device = ctx;

    (void)p;
    *verdict = device->match[handle] == '1' ? PAWL_VERDICT_MATCH
                                            : PAWL_VERDICT_DIFFERENT;
    return PAWL_OK;
}

static enum pawl_status check_content(void *ctx, uint32_t handle,
                                      const struct pawl_suit_parameters *p,
                                      enum pawl_verdict *verdict)
{
    const struct device *device = ctx;

    (void)p;
    *verdict = device->content[handle] == '1' ? PAWL_VERDICT_MATCH
                                              : PAWL_VERDICT_DIFFERENT;
    return PAWL_OK;
}

static enum pawl_status act(void *ctx, uint32_t handle,
                            const struct pawl_suit_parameters *p)
{
    const struct device *device = ctx;

    (void)handle;
    (void)p;
    return device->fails == '1' ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status fetch(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              struct pawl_bytes payload)
{
    (void)payload;
    return act(ctx, handle, p);
}

static enum pawl_status copy(void *ctx, uint32_t handle, uint32_t source,
                             const struct pawl_suit_parameters *p)
{
    (void)source;
    return act(ctx, handle, p);
}

static void trace(void *ctx, enum pawl_suit_section section, size_t offset,
                  int64_t command, size_t component, enum pawl_status result)
{
    (void)ctx;
    printf(" %d.%zu.%d.%zu.%d", (int)section, offset, (int)command, component,
           result == PAWL_OK ? 1 : 0);
}

static void run_case(const struct pawl_manifest_policy *policy,
                     enum pawl_procedure procedure, struct device *device,
                     bool fixed, struct pawl_bytes envelope)
{
    static struct pawl_manifest manifest;
    static struct pawl_manifest_process process;
    static uint8_t ids[2][16];
    const struct pawl_manifest_device identity = {
        hex("fa6b4a53d5ad5fdfbe9de663e4d41ffe", ids[0], 16),
        hex("1492af1425695e48bf429b2d51f2ab45", ids[1], 16), PAWL_NO_BYTES};
    const struct pawl_manifest_operations operations = {
        .ctx = device,
        .find = find,
        .slot = slot,
        .image_match = match,
        .check_content = check_content,
        .fetch = fetch,
        .write = act,
        .copy = copy,
        .invoke = act,
        .trace = trace,
        .fixed = fixed,
    };
    const struct pawl_manifest_failure *failure;
    enum pawl_status status = pawl_manifest_open(&manifest, envelope, policy);

    failure = pawl_manifest_failure(&manifest);
    if (status == PAWL_OK) {
        status = pawl_manifest_start(&process, &manifest, procedure, &identity,
                                     &operations);
        failure = pawl_manifest_process_failure(&process);
        while (status == PAWL_OK || status == PAWL_PENDING) {
            status = pawl_manifest_step(&process);
            if (status == PAWL_OK) {
                break;
            }
        }
    }
    printf(" %s %s\n", status == PAWL_OK ? "accepted" : "rejected",
           pawl_suit_reason_name(failure->reason));
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_LEN];
    static char text[LINE_MAX_LEN];
    static uint8_t keys[3][80];
    static uint8_t any[] = {0x80};
    static uint8_t first[] = {0x81, 0x41, 0x00};
    const struct pawl_bytes all = {any, sizeof any};
    const struct pawl_bytes below = {first, sizeof first};

    if (argc != 4) {
        fprintf(stderr, "usage: oracle_probe P256-POINT ED25519-KEY MAC-KEY\n");
        return 2;
    }
    const struct pawl_signer signers[3] = {
        {{PAWL_ALG_ESP256, hex(argv[1], keys[0], 65)}, &all, 1, false},
        {{PAWL_ALG_ED25519, hex(argv[2], keys[1], 32)}, &below, 1, false},
        {{PAWL_ALG_HMAC_256, hex(argv[3], keys[2], 32)}, &all, 1, false},
    };

    while (fgets(line, sizeof line, stdin) != NULL) {
        struct device device;
        char procedure = 'u';
        char fixed = '0';
        unsigned threshold = 1;
        if (sscanf(line, "%c %u %3s %3s %3s %c %c %19000s", &procedure,
                   &threshold, device.slot, device.match, device.content,
                   &device.fails, &fixed, text) != 8) {
            fprintf(stderr, "oracle_probe: a line that is no case\n");
            return 2;
        }
        size_t len = strlen(text) / 2;
        uint8_t *envelope = malloc(len + 1); /* exactly: sanitizers see more */
        if (envelope == NULL) {
            return 2;
        }
        const struct pawl_manifest_policy policy = {
            .signers = signers,
            .signer_count = 3,
            .threshold = (uint8_t)threshold,
        };
        run_case(&policy,
                 procedure == 'i' ? PAWL_PROCEDURE_INVOKE
                                  : PAWL_PROCEDURE_UPDATE,
                 &device, fixed == '1', hex(text, envelope, len));
        free(envelope);
    }
    return 0;
}
