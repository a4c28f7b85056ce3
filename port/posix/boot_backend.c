/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A boot loader that is not pawl's, reduced to what it remembers: five
 * numbers in a file. It tries a selected set once, and goes back at the next
 * reset unless the set was confirmed. For tests of the boot backend port.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdio.h>

#define TEXT_MAX 32

struct state {
    unsigned running;  /* the set that runs */
    unsigned fallback; /* the set that was confirmed last */
    unsigned selected; /* the set to try next; NOTHING: none */
    unsigned trial;    /* running is on trial */
    unsigned reverted; /* the last trial was given up */
};

#define NOTHING 256u /* no set: a set has 8 bits */

static enum pawl_status store(const struct pawl_posix_backend *self,
                              const struct state *state)
{
    char text[TEXT_MAX];
    int len = snprintf(text, sizeof text, "%u %u %u %u %u\n", state->running,
                       state->fallback, state->selected, state->trial,
                       state->reverted);
    if (len < 0 || (size_t)len >= sizeof text ||
        pawl_posix_file_replace(self->dir_fd, self->path, text, (size_t)len,
                                0600) != 0) {
        return PAWL_ERR_IO;
    }
    return PAWL_OK;
}

static enum pawl_status load(const struct pawl_posix_backend *self,
                             struct state *state)
{
    char text[TEXT_MAX] = "";
    size_t len = 0;
    if (pawl_posix_file_read(self->dir_fd, self->path, text, sizeof text - 1,
                             &len) != 0) {
        return PAWL_ERR_IO;
    }
    text[len] = '\0';
    if (sscanf(text, "%3u %3u %3u %1u %1u", &state->running, &state->fallback,
               &state->selected, &state->trial, &state->reverted) != 5 ||
        state->running >= NOTHING || state->fallback >= NOTHING ||
        state->selected > NOTHING || state->trial > 1 || state->reverted > 1) {
        return PAWL_ERR_CORRUPT;
    }
    return PAWL_OK;
}

static enum pawl_status query(void *ctx, struct pawl_boot_facts *facts)
{
    struct state state;
    enum pawl_status status = load(ctx, &state);
    if (status == PAWL_OK) {
        *facts = (struct pawl_boot_facts){
            .running = (pawl_slot_set)state.running,
            .trial = state.trial != 0,
            .reverted = state.reverted != 0,
        };
    }
    return status;
}

static enum pawl_status select_set(void *ctx, pawl_slot_set set)
{
    struct state state;
    enum pawl_status status = load(ctx, &state);
    if (status != PAWL_OK || state.selected == set) {
        return status;
    }
    state.selected = set;
    return store(ctx, &state);
}

static enum pawl_status confirm(void *ctx)
{
    struct state state;
    enum pawl_status status = load(ctx, &state);
    if (status != PAWL_OK || state.trial == 0) {
        return status;
    }
    state.trial = 0;
    state.fallback = state.running;
    return store(ctx, &state);
}

enum pawl_status pawl_posix_backend_reset(struct pawl_posix_backend *backend)
{
    struct state state;
    enum pawl_status status = load(backend, &state);
    if (status != PAWL_OK) {
        return status;
    }
    if (state.trial != 0) {
        state.running = state.fallback;
        state.trial = 0;
        state.reverted = 1;
    } else if (state.selected != NOTHING) {
        state.running = state.selected;
        state.trial = 1;
        state.reverted = 0;
    }
    state.selected = NOTHING;
    return store(backend, &state);
}

enum pawl_status pawl_posix_backend_create(int dir_fd, const char *path)
{
    const struct pawl_posix_backend fresh = {.dir_fd = dir_fd, .path = path};
    const struct state state = {.selected = NOTHING};
    return store(&fresh, &state);
}

void pawl_posix_backend_init(struct pawl_posix_backend *backend, int dir_fd,
                             const char *path)
{
    *backend = (struct pawl_posix_backend){
        .backend = {.ctx = backend,
                    .query = query,
                    .select = select_set,
                    .confirm = confirm},
        .dir_fd = dir_fd,
        .path = path,
    };
}
