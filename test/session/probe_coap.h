/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_PROBE_COAP_H
#define PAWL_TEST_PROBE_COAP_H

#include "probe_speak.h"

/*
 * CoAP over an established session of datagrams. words:
 *
 *   get:PATH                a GET, its body
 *   observe:PATH:N          N states of an observation, which is then ended
 *   large:PATH:SIZE:BLOCK   a PUT of SIZE bytes, a GET of all of them and one
 *                           from the middle, all in blocks of BLOCK bytes
 *
 * each with :ACK_TIMEOUT_MS:RETRANSMISSIONS behind it, if wanted.
 */
enum pawl_status speak_coap(struct pawl_session *session, struct speech *speech,
                            const char *words);

#endif
