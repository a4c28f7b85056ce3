/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PAWL_H
#define PAWL_PAWL_H

/*
 * Pawl: identity, sessions and updates for connected devices.
 *
 *   agent.h     one step() that drives a device's whole life
 *   enroll.h    EST: how a device gets its owner's certificate
 *   session.h   mutually authenticated TLS over the port's transport
 *   ticket.h ticket_store.h   how sessions go on: tickets, in RAM and in flash
 *   http.h      HTTP/1.1 client: GET with ranges, POST
 *   mqtt.h      MQTT 5 client
 *   coap.h      CoAP client: observation, block-wise transfers
 *   update.h    A/B updates: states, download, install, accept, reject
 *   boot.h      what a boot loader calls
 *   manifest.h  SUIT envelopes
 *   identity.h  IDevID and LDevID, certification requests
 *   trust.h     who may sign what; how that changes
 *   soft_keystore.h  keys in software, for hosts and first boards
 *   status.h bytes.h wait.h config.h   words used by all of them
 *   port/       what the vendor supplies, a header for each obligation
 *
 * Conventions, stated once:
 * - A status of 0 is success, negative is failure, PAWL_PENDING neither.
 * - Lengths are bytes and times milliseconds unless the name says otherwise.
 * - Pointers are not NULL unless stated. Strings end with a zero byte.
 * - Nothing allocates. The caller owns every context; its fields are private.
 *   A context must not be moved or copied once it is open.
 * - In a config, zero means the default, so clear it before filling it in.
 * - Calls on distinct contexts may run in parallel if the port has a lock;
 *   without one, all of pawl belongs to one thread. Calls on one context
 *   never run in parallel. Nothing may be called from an interrupt.
 * - No call blocks longer than one flash, key-store or public-key operation,
 *   or PAWL_HASH_CHUNK bytes of hashing, unless it says so.
 * - Secrets are wiped before a call returns.
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/port/port.h>
#include <pawl/status.h>
#include <pawl/wait.h>

#define PAWL_VERSION_MAJOR 0
#define PAWL_VERSION_MINOR 1
#define PAWL_VERSION_PATCH 0
#define PAWL_VERSION                                                           \
    (PAWL_VERSION_MAJOR * 10000 + PAWL_VERSION_MINOR * 100 + PAWL_VERSION_PATCH)

/* A number that differs when a limit that shapes a context differs. */
#define PAWL_CONFIG_HASH                                                       \
    ((uint32_t)PAWL_MANIFEST_MAX * 31u ^ (uint32_t)PAWL_ENVELOPE_MAX * 37u ^   \
     (uint32_t)PAWL_COMPONENT_MAX * 41u ^ (uint32_t)PAWL_PROGRAM_MAX * 43u ^   \
     (uint32_t)PAWL_JOURNAL_PAYLOAD_MAX * 47u ^                                \
     (uint32_t)PAWL_TRUST_MAX * 53u ^ (uint32_t)PAWL_TRUST_ROOT_MAX * 59u ^    \
     (uint32_t)PAWL_TRUST_SIGNER_MAX * 61u ^                                   \
     (uint32_t)PAWL_TRUST_ANCHOR_MAX * 67u ^ (uint32_t)PAWL_CHAIN_MAX * 71u ^  \
     (uint32_t)PAWL_HOST_MAX * 73u ^ (uint32_t)PAWL_URI_MAX * 79u ^            \
     (uint32_t)PAWL_TOPIC_MAX * 83u ^ (uint32_t)PAWL_MQTT_PACKET_MAX * 89u ^   \
     (uint32_t)PAWL_HASH_CHUNK * 97u ^                                         \
     (uint32_t)PAWL_COAP_MESSAGE_MAX * 101u ^                                  \
     (uint32_t)PAWL_COAP_SEEN_MAX * 103u ^                                     \
     (uint32_t)PAWL_OBJECTS_STORAGE * 107u)

/* pawl_init() with what the caller was compiled with. */
#define pawl_init(port)                                                        \
    pawl_init_checked((port), PAWL_VERSION, PAWL_CONFIG_HASH)

/*
 * Sets up what the cryptography keeps once per process: the arena, entropy
 * and lock of port. Call it through pawl_init(), before any other call that
 * hashes, verifies or connects; a second call with the same port is harmless.
 *
 * port         retained until pawl_finish(). Its entropy, arena and lock are
 *              used; entropy and arena may be absent where nothing is signed,
 *              sealed or connected (a boot loader needs neither).
 * version      PAWL_VERSION of the caller's headers
 * config_hash  PAWL_CONFIG_HASH of the caller's headers
 *
 * Returns PAWL_OK
 *         PAWL_ERR_ARGUMENT     headers and library were not built alike, or
 *                               the arena is too small to be one
 *         PAWL_ERR_STATE        initialised before with another port
 *         PAWL_ERR_ENTROPY      the generator cannot be seeded
 *         PAWL_ERR_NO_MEMORY    the arena does not hold the generator
 *         PAWL_ERR_FAULT        wolfCrypt cannot be set up
 * On an error nothing is set up, and it may be called again.
 *
 * Blocks for one read of entropy.
 */
PAWL_MUST_USE
enum pawl_status pawl_init_checked(const struct pawl_port *port, int version,
                                   uint32_t config_hash);

/*
 * Wipes and forgets what pawl_init() set up. Every context is closed before.
 * For hosts and tests; a device has no reason to call it.
 */
void pawl_finish(void);

/* The most bytes of the arena that were in use at once since pawl_init(). */
size_t pawl_arena_peak(void);

#endif
