/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TICKET_H
#define PAWL_TICKET_H

/*
 * Resumption (RFC 8446, 2.2): a session that goes on from a ticket of an
 * earlier one needs no certificates and no operation of the key store. The
 * ticket stands for the key, and so is guarded like one:
 *
 * - It lies in memory of the caller's, which may be retained through sleep and
 *   reset, or in flash, sealed by the key store: nowhere else.
 * - It is good for the endpoint, name, protocol (ALPN), anchors of trust,
 *   version of the trust document and certificate of ours that it was made
 *   with, up to the end of the server's certificates, for 7 days at most, and
 *   never for longer than a session may last since its full handshake
 *   (max_age_s). Where the time since then is not known, it is not used.
 * - TLS 1.3 and DTLS 1.3 only, always with a new key exchange, never with
 *   early data.
 *
 * wolfSSL 5.7 or later, built with HAVE_SESSION_TICKET and HAVE_EXT_CACHE and
 * without NO_SESSION_CACHE (MICRO_SESSION_CACHE is enough); with any other no
 * ticket is ever written.
 *
 * A ticket that is not good, or not taken by the server, costs a full
 * handshake and does no other harm. It is good for one session; only where the
 * network let no answer come back it is offered again (RFC 8446, C.4 advises
 * against it, for then one who watches can tell that both are one device's).
 */

#include <pawl/port/keystore.h>
#include <pawl/status.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes of one ticket; servers whose tickets are longer than this less 160
 * are not resumed. */
#define PAWL_TICKET_STORAGE 1536

/* One ticket, for one endpoint. Zeros, or anything else that no session has
 * written (retained memory after a power cut), hold none. */
struct pawl_ticket {
    uint64_t storage[PAWL_TICKET_STORAGE / 8];
};

/*
 * What makes sessions resume: for the field resumption of struct
 * pawl_session_config, beside ticket. A program that does not name it does not
 * link it.
 */
struct pawl_resumption;
extern const struct pawl_resumption pawl_resumption;

/* Whether there is a ticket, undamaged. It may have run out nevertheless. */
bool pawl_ticket_holds(const struct pawl_ticket *ticket);

/* Forgets a ticket. To be called whenever the identity is given up; after a
 * change of it no ticket is used in any case. */
void pawl_ticket_wipe(struct pawl_ticket *ticket);

/* The most that pawl_ticket_seal() writes. */
#define PAWL_TICKET_SEALED_MAX (PAWL_TICKET_STORAGE + PAWL_SEAL_OVERHEAD_MAX)

/*
 * Encrypts a ticket under a key of the key store, for flash. Not for boot's
 * journal; and flash wears: once an hour is often.
 *
 * sealed_len  the room on entry, the length on return
 *
 * Returns PAWL_ERR_UNSUPPORTED  the key store cannot seal
 *         PAWL_ERR_NOT_FOUND    there is no ticket
 *         PAWL_ERR_TOO_SMALL, PAWL_ERR_KEYSTORE
 */
PAWL_MUST_USE
enum pawl_status pawl_ticket_seal(const struct pawl_ticket *ticket,
                                  const struct pawl_keystore *keystore,
                                  uint8_t *sealed, size_t *sealed_len);

/*
 * The reverse. On an error *ticket holds none, and the next handshake is a
 * full one. PAWL_ERR_UNSUPPORTED, PAWL_ERR_SIGNATURE (not sealed here, or
 * damaged), PAWL_ERR_MALFORMED (sealed, but no ticket), PAWL_ERR_KEYSTORE.
 */
PAWL_MUST_USE
enum pawl_status pawl_ticket_unseal(struct pawl_ticket *ticket,
                                    const struct pawl_keystore *keystore,
                                    struct pawl_bytes sealed);

#endif
