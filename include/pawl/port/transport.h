/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_TRANSPORT_H
#define PAWL_PORT_TRANSPORT_H

#include <pawl/status.h>
#include <stddef.h>
#include <stdint.h>

enum pawl_transport_kind {
    PAWL_STREAM,  /* TCP, or whatever carries bytes in order */
    PAWL_DATAGRAM /* UDP: one send is one datagram */
};

/*
 * Port: connections to named hosts, without encryption. Never blocks.
 *
 * Several connections may be open at once; each is named by a handle of the
 * vendor's. Pawl calls from one thread at a time per connection.
 *
 * Three answers are kept apart everywhere: PAWL_PENDING (would block, come
 * again when the connection is ready), PAWL_ERR_CLOSED (orderly end), and an
 * error. Zero bytes is never an answer to receive() on a stream.
 */
struct pawl_transport {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Begins to resolve host and to connect to it; every address of the name
     * is tried, IPv6 included. host is a name or a literal address and is not
     * retained. Sets *handle, which close() must release, only on PAWL_OK.
     * The connection need not be up yet: send() and receive() answer
     * PAWL_PENDING until it is, and PAWL_ERR_UNREACHABLE if no address
     * answered. Required.
     */
    enum pawl_status (*open)(void *ctx, enum pawl_transport_kind kind,
                             const char *host, uint16_t port, int *handle);

    /*
     * Takes up to len bytes and sets *sent to how many it took (1..len, on a
     * datagram all) on PAWL_OK. Required.
     */
    enum pawl_status (*send)(void *ctx, int handle, const void *data,
                             size_t len, size_t *sent);

    /*
     * Copies what has arrived, at most cap bytes, and sets *received to how
     * many (1..cap) on PAWL_OK. Required.
     */
    enum pawl_status (*receive)(void *ctx, int handle, void *buf, size_t cap,
                                size_t *received);

    /* Ends the connection and releases the handle. Required. */
    void (*close)(void *ctx, int handle);

    /* The vendor's own code of the last failure of this handle. Optional. */
    int32_t (*last_error)(void *ctx, int handle);
};

#endif
