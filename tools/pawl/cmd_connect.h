/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_CMD_CONNECT_H
#define PAWL_TOOL_CMD_CONNECT_H

/* One session of `pawl connect`, between what makes it and what shows it. */

#include "tool.h"
#include <pawl/session.h>

/* Exit codes of this command: who has to act. */
enum connect_exit {
    CONNECT_OK = 0,      /* confirmed; or established, and nothing was said */
    CONNECT_BY_US = 1,   /* we refused: certificate, name, policy, key */
    CONNECT_BY_PEER = 2, /* the server refused */
    CONNECT_NETWORK = 3, /* not reached, silent, or cut off */
    CONNECT_USAGE = 4    /* the command line, or a file */
};

#define CONNECT_CHAIN_MAX 4

struct connection {
    struct pawl_endpoint endpoint;
    char host[PAWL_HOST_MAX];
    const char *target;   /* HOST:PORT as it was given */
    const char *identity; /* "ldevid" or "idevid" */
    enum pawl_status status;
    const struct pawl_session *session;

    /* The server's chain, copied. */
    size_t chain_count;
    struct tool_file chain[CONNECT_CHAIN_MAX];
    char group[32], alpn[PAWL_SESSION_ALPN_MAX];
    bool asks_to_resume;
    struct pawl_session_info full; /* of the session before, if one resumes */
};

/* Which exit code a finished connection has. */
int connect_exit(const struct connection *connection);

/* Prints it on standard output; on failure one line of advice on standard
 * error. Returns the exit code. */
int connect_show(const struct connection *connection, bool as_json);

#endif
