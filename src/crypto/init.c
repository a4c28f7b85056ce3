/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/pawl.h>

#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/wc_port.h>

/* What the process was set up with; wolfSSL's own globals hang on it. */
static struct {
    const struct pawl_port *port; /* NULL: not initialised */
    struct pawl_arena arena;
} process;

static enum pawl_status open_arena(const struct pawl_port *port)
{
    struct pawl_arena *arena = NULL;
    enum pawl_status status = PAWL_OK;

    if (port->arena != NULL) {
        status = pawl_arena_open(&process.arena, port->arena, port->arena_size);
        arena = &process.arena;
    }
    pawl_arena_use(arena, port->lock);
    return status;
}

/* A generator takes memory, unless wolfSSL brings an allocator of its own. */
static bool wants_generator(const struct pawl_port *port)
{
#ifdef XMALLOC_OVERRIDE
    return port->entropy != NULL && port->arena != NULL;
#else
    return port->entropy != NULL;
#endif
}

static enum pawl_status set_up(const struct pawl_port *port)
{
    enum pawl_status status = open_arena(port);

    if (status != PAWL_OK) {
        return status;
    }
    if (wolfCrypt_Init() != 0) {
        return PAWL_ERR_FAULT;
    }
    if (wants_generator(port)) {
        status = pawl_random_open(port->entropy);
    }
    if (status != PAWL_OK) {
        pawl_random_close();
        (void)wolfCrypt_Cleanup();
    }
    return status;
}

bool pawl_crypto_ready(void)
{
    return process.port != NULL;
}

static void forget(void)
{
    pawl_arena_use(NULL, NULL);
    pawl_arena_close(&process.arena);
    process.port = NULL;
}

enum pawl_status pawl_init_checked(const struct pawl_port *port, int version,
                                   uint32_t config_hash)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    if (port == NULL || version != PAWL_VERSION ||
        config_hash != PAWL_CONFIG_HASH) {
        return PAWL_ERR_ARGUMENT;
    }
    if (process.port != NULL) {
        return process.port == port ? PAWL_OK : PAWL_ERR_STATE;
    }
    status = set_up(port);
    if (status == PAWL_OK) {
        process.port = port;
    } else {
        forget();
    }
    return status;
}

void pawl_finish(void)
{
    if (process.port != NULL) {
        pawl_random_close();
        (void)wolfCrypt_Cleanup();
        forget();
    }
}

size_t pawl_arena_peak(void)
{
    return process.arena.peak;
}
