/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_ENDPOINT_H
#define PAWL_ENDPOINT_H

#include <pawl/bytes.h>
#include <pawl/port/transport.h>
#include <stdbool.h>
#include <stdint.h>

/* What an endpoint is talked to for. */
enum pawl_use {
    PAWL_USE_NONE = 0,
    PAWL_USE_ENROLL,   /* EST over HTTPS (RFC 7030) */
    PAWL_USE_MQTT,     /* MQTT 5 over TLS */
    PAWL_USE_DOWNLOAD, /* HTTPS: envelopes and payloads */
    PAWL_USE_OTHER     /* a protocol of the application's own */
};

/*
 * Connection IDs (RFC 9146, RFC 9147): the server recognises a device whose
 * address has changed, for example behind a NAT. The device itself asks for
 * none in what it receives: it is found by its socket. Where tls12 is allowed,
 * DTLS 1.2 alone is offered together with a connection ID: wolfSSL (5.9.2)
 * breaks off when a server that was offered both takes DTLS 1.2.
 */
enum pawl_connection_id {
    PAWL_CID_NONE = 0,
    PAWL_CID_OFFERED, /* used if the server agrees */
    PAWL_CID_REQUIRED /* a handshake without one fails: PAWL_ERR_POLICY */
};

/*
 * A server that the device may talk to. There is no other way to name one:
 * what is not on the list is not connected to, whatever a manifest or a
 * broker says. Strings and bytes stay valid as long as the list is in use.
 */
struct pawl_endpoint {
    enum pawl_use use;
    const char *host;        /* name or literal address */
    uint16_t port;           /* 1 to 65535 */
    const char *server_name; /* the name that its certificate must have
                              * (SAN), and SNI; NULL: host */
    const char *alpn;        /* protocol to ask for (RFC 7301); NULL: none */
    struct pawl_bytes pin;   /* SHA-256 of its SubjectPublicKeyInfo; empty:
                              * any certificate of the anchors */
    bool tls12;              /* TLS 1.2 is acceptable, besides 1.3; for
                              * datagrams, DTLS 1.2 */

    /* Hybrid key exchange, X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem), is
     * offered first, and secp256r1 with it: what is recorded today is not to
     * be read by a quantum computer later. TLS 1.3 over streams only; with a
     * build without PAWL_WITH_HYBRID, PAWL_ERR_UNSUPPORTED. A handshake then
     * takes 33 KiB of memory. */
    bool hybrid;

    /* PAWL_STREAM (0): TLS over TCP. PAWL_DATAGRAM: DTLS over UDP. */
    enum pawl_transport_kind transport;
    enum pawl_connection_id connection_id; /* for datagrams */
};

#endif
