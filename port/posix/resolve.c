/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names to addresses without blocking: a literal address is parsed at once;
 * a name goes to a thread that calls getaddrinfo(), which may take as long as
 * it likes. A pipe tells when it is done, so that the caller can poll for it.
 * The work belongs to both; who lets go last frees it, so a connection that
 * is closed in the meantime waits for nobody.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct pawl_posix_resolution {
    atomic_int owners;
    char host[PAWL_POSIX_HOST_MAX];
    char port[8];
    int socket_type;
    int done_fd;           /* the thread's end of the pipe */
    struct addrinfo *list; /* written before done_fd is */
    int32_t code;          /* 0: list is good */
    bool done;             /* of the connection's side */
};

static int look_up(struct pawl_posix_resolution *resolution, int flags)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = resolution->socket_type,
                                   .ai_flags = AI_NUMERICSERV | flags};
    int code = getaddrinfo(resolution->host, resolution->port, &hints,
                           &resolution->list);
    resolution->code = code == EAI_SYSTEM ? errno : code;
    return code;
}

void pawl_posix_resolve_release(struct pawl_posix_resolution *resolution)
{
    if (resolution == NULL || atomic_fetch_sub(&resolution->owners, 1) != 1) {
        return;
    }
    if (resolution->list != NULL) {
        freeaddrinfo(resolution->list);
    }
    free(resolution);
}

static void *resolver(void *argument)
{
    struct pawl_posix_resolution *resolution = argument;
    (void)look_up(resolution, 0);
    /* The reader sees the end of the pipe: nothing is written, so a reader
     * that has gone raises no SIGPIPE. Closing orders list before it. */
    (void)close(resolution->done_fd);
    pawl_posix_resolve_release(resolution);
    return NULL;
}

/* Starts the thread; signals stay with the threads of the program. */
static int start_thread(struct pawl_posix_resolution *resolution)
{
    pthread_t thread;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = pthread_create(&thread, NULL, resolver, resolution);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        (void)pthread_detach(thread);
    }
    return error;
}

static enum pawl_status start_lookup(struct pawl_posix_resolution *resolution,
                                     int *fd)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return PAWL_ERR_NO_MEMORY;
    }
    resolution->done_fd = ends[1];
    atomic_store(&resolution->owners, 2);
    if (start_thread(resolution) != 0) {
        atomic_store(&resolution->owners, 1);
        (void)close(ends[0]);
        (void)close(ends[1]);
        return PAWL_ERR_NO_MEMORY;
    }
    *fd = ends[0];
    return PAWL_OK;
}

enum pawl_status
pawl_posix_resolve_start(const char *host, uint16_t port,
                         enum pawl_transport_kind kind,
                         struct pawl_posix_resolution **resolution, int *fd)
{
    struct pawl_posix_resolution *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return PAWL_ERR_NO_MEMORY;
    }
    atomic_init(&fresh->owners, 1);
    fresh->socket_type = kind == PAWL_STREAM ? SOCK_STREAM : SOCK_DGRAM;
    int len = snprintf(fresh->host, sizeof fresh->host, "%s", host);
    (void)snprintf(fresh->port, sizeof fresh->port, "%u", (unsigned)port);
    enum pawl_status status = PAWL_ERR_ARGUMENT;
    *fd = -1;
    if (len > 0 && (size_t)len < sizeof fresh->host) {
        fresh->done = look_up(fresh, AI_NUMERICHOST) == 0;
        status = fresh->done ? PAWL_OK : start_lookup(fresh, fd);
    }
    if (status != PAWL_OK) {
        pawl_posix_resolve_release(fresh);
        return status;
    }
    *resolution = fresh;
    return PAWL_OK;
}

enum pawl_status
pawl_posix_resolve_list(struct pawl_posix_resolution *resolution, int fd,
                        const struct addrinfo **list, int32_t *code)
{
    char nothing;
    if (!resolution->done && read(fd, &nothing, 1) != 0) {
        return PAWL_PENDING;
    }
    resolution->done = true;
    *list = resolution->list;
    *code = resolution->code;
    return resolution->code == 0 ? PAWL_OK : PAWL_ERR_UNREACHABLE;
}
