/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest and the update engine of the world. */
#include "agent/world.h"

#include "check.h"
#include <string.h>

enum pawl_status pawl_manifest_open(struct pawl_manifest *manifest,
                                    struct pawl_bytes envelope,
                                    const struct pawl_manifest_policy *policy)
{
    if (world.by_the_retired) {
        world.manifest_status =
            policy->allow_retired ? PAWL_OK : PAWL_ERR_SIGNATURE;
    }
    CHECK(envelope.len > 0);
    memset(manifest, 0, sizeof *manifest);
    memset(manifest->digest, world.digest, sizeof manifest->digest);
    manifest->sequence = world.sequence;
    manifest->failure.status = world.manifest_status;
    return world.manifest_status;
}

const struct pawl_manifest_failure *
pawl_manifest_failure(const struct pawl_manifest *manifest)
{
    return &manifest->failure;
}

enum pawl_status pawl_update_open(struct pawl_update *update,
                                  const struct pawl_update_config *config)
{
    (void)update;
    world.update_config = *config;
    return world.update_open_status;
}

void pawl_update_close(struct pawl_update *update)
{
    (void)update;
}

enum pawl_status pawl_update_step(struct pawl_update *update,
                                  struct pawl_wait *wait)
{
    enum pawl_status failing = world.failing;

    (void)update;
    (void)wait;
    world.steps++;
    world.failing = PAWL_OK;
    return failing != PAWL_OK ? failing : world.step_status;
}

enum pawl_status pawl_update_start(struct pawl_update *update,
                                   struct pawl_bytes envelope)
{
    (void)update;
    CHECK_EQ(envelope.len, world.body_len);
    world.starts++;
    if (world.start_status >= 0) {
        world.info.state = PAWL_UPDATE_WRITING;
    }
    return world.start_status;
}

enum pawl_status pawl_update_wanted(struct pawl_update *update,
                                    struct pawl_update_want *want)
{
    (void)update;
    *want = world.want;
    return world.want_status;
}

enum pawl_status pawl_update_write(struct pawl_update *update, uint32_t offset,
                                   struct pawl_bytes bytes)
{
    (void)update;
    CHECK_EQ(offset, world.info.offset);
    world.writes++;
    if (world.write_status >= 0) {
        size_t taken = world.write_status == PAWL_OK ? bytes.len : 0;
        world.info.offset += (uint32_t)taken;
        world.written += taken;
    } else {
        world.failing = world.write_status; /* and then it is FAILED */
    }
    if (world.info.offset >= world.info.size) {
        world.want_status = PAWL_ERR_NOT_FOUND;
    }
    return world.write_status;
}

uint32_t pawl_update_next_offset(const struct pawl_update *update)
{
    (void)update;
    return world.info.offset;
}

enum pawl_status pawl_update_finish(struct pawl_update *update)
{
    (void)update;
    world.finishes++;
    return PAWL_PENDING;
}

enum pawl_status pawl_update_install(struct pawl_update *update)
{
    (void)update;
    world.installs++;
    return PAWL_PENDING;
}

enum pawl_status pawl_update_accept(struct pawl_update *update)
{
    (void)update;
    world.accepts++;
    return world.accept_status;
}

enum pawl_status pawl_update_reject(struct pawl_update *update,
                                    enum pawl_update_reason reason)
{
    (void)update;
    world.rejected = reason;
    return world.reject_status;
}

enum pawl_status pawl_update_cancel(struct pawl_update *update)
{
    (void)update;
    world.cancels++;
    world.info.state = PAWL_UPDATE_FAILED;
    memset(&world.info.candidate, 0, sizeof world.info.candidate);
    return PAWL_PENDING;
}

enum pawl_status pawl_update_clean(struct pawl_update *update)
{
    (void)update;
    world.cleans++;
    world.info.state = PAWL_UPDATE_READY;
    return PAWL_PENDING;
}

enum pawl_status pawl_update_trust_changed(struct pawl_update *update)
{
    (void)update;
    world.trust_changes++;
    return world.trust_changed_status;
}

void pawl_update_query(const struct pawl_update *update,
                       struct pawl_update_info *info)
{
    (void)update;
    *info = world.info;
}

enum pawl_update_reason pawl_update_reason(const struct pawl_update *update)
{
    (void)update;
    return world.info.reason;
}
