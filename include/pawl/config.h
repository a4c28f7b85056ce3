/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CONFIG_H
#define PAWL_CONFIG_H

/*
 * Every compile-time limit, with its default, unit and cost. Override with
 * -D for the whole of pawl, never for a single file. None of them changes the
 * layout of a public struct that a caller fills in (configs and ports); those
 * that change a context's size are part of PAWL_CONFIG_HASH, which
 * pawl_init() compares.
 */

/* Longest authentication wrapper and manifest together that is kept beside an
 * image, in bytes. Costs as much RAM in boot and update. */
#ifndef PAWL_MANIFEST_MAX
#define PAWL_MANIFEST_MAX 2048
#endif

/* Longest SUIT envelope that update takes in, integrated payloads apart, in
 * bytes. Costs as much RAM in the agent while one is fetched. */
#ifndef PAWL_ENVELOPE_MAX
#define PAWL_ENVELOPE_MAX 4096
#endif

/* Components of one device that can be updated. At most 8 (one bit each). */
#ifndef PAWL_COMPONENT_MAX
#define PAWL_COMPONENT_MAX 4
#endif

/* Largest program unit of a flash that is supported, in bytes. Costs one such
 * buffer in update. */
#ifndef PAWL_PROGRAM_MAX
#define PAWL_PROGRAM_MAX 512
#endif

/* Longest journal payload, in bytes. Costs two of them in each journal. */
#ifndef PAWL_JOURNAL_PAYLOAD_MAX
#define PAWL_JOURNAL_PAYLOAD_MAX 384
#endif

/* Bytes hashed before a call returns to its caller. */
#ifndef PAWL_HASH_CHUNK
#define PAWL_HASH_CHUNK 4096
#endif

/* Fewest bytes between two checkpoints of a download; a whole sector and a
 * 16th of the image are further lower bounds. */
#ifndef PAWL_CHECKPOINT_MIN
#define PAWL_CHECKPOINT_MIN (64 * 1024)
#endif

/* Boots of a trial image after a reset other than power-on; 1 to 255. */
#ifndef PAWL_TRIAL_ATTEMPTS
#define PAWL_TRIAL_ATTEMPTS 3
#endif

/* Trials of one image that may fail before it is refused for good; 1 to 255.
 * The engine remembers the last two images. */
#ifndef PAWL_TRIALS_OF_IMAGE
#define PAWL_TRIALS_OF_IMAGE 3
#endif

/* Boots of a trial image in all, whatever their cause; 1 to 255. */
#ifndef PAWL_TRIAL_BOOTS
#define PAWL_TRIAL_BOOTS 16
#endif

/* Longest trust document with its signatures, in bytes. */
#ifndef PAWL_TRUST_MAX
#define PAWL_TRUST_MAX 2048
#endif

/* Trust roots and manifest signers of one trust document. */
#ifndef PAWL_TRUST_ROOT_MAX
#define PAWL_TRUST_ROOT_MAX 8
#endif
#ifndef PAWL_TRUST_SIGNER_MAX
#define PAWL_TRUST_SIGNER_MAX 16
#endif

/* Certificate anchors of one trust document. */
#ifndef PAWL_TRUST_ANCHOR_MAX
#define PAWL_TRUST_ANCHOR_MAX 8
#endif

/* Longest certificate chain of an identity, in bytes of DER. */
#ifndef PAWL_CHAIN_MAX
#define PAWL_CHAIN_MAX 2048
#endif

/* Room for an open object store inside of struct pawl_identity, in bytes;
 * checked by an assertion. */
#ifndef PAWL_OBJECTS_STORAGE
#define PAWL_OBJECTS_STORAGE 4096
#endif

/* Longest host name or server name, with its end of string, in bytes. */
#ifndef PAWL_HOST_MAX
#define PAWL_HOST_MAX 128
#endif

/* Longest URI, with its end of string, in bytes. */
#ifndef PAWL_URI_MAX
#define PAWL_URI_MAX 256
#endif

/* Longest MQTT topic that the agent builds, with its end of string. */
#ifndef PAWL_TOPIC_MAX
#define PAWL_TOPIC_MAX 128
#endif

/* Longest MQTT packet that is received whole, in bytes; announced to the
 * broker as Maximum Packet Size. Costs as much RAM in the agent. */
#ifndef PAWL_MQTT_PACKET_MAX
#define PAWL_MQTT_PACKET_MAX 1024
#endif

/* Longest CoAP message that is sent or taken, in bytes; 1152 hold a block of
 * 1024 (RFC 7252, 4.6). Costs twice as much RAM in a client. */
#ifndef PAWL_COAP_MESSAGE_MAX
#define PAWL_COAP_MESSAGE_MAX 1152
#endif

/* Messages of a CoAP server that are remembered so that a repeated one is not
 * taken for another. Each costs 16 bytes of RAM in a client. */
#ifndef PAWL_COAP_SEEN_MAX
#define PAWL_COAP_SEEN_MAX 8
#endif

/* Whether the device's keys may lie in a key store that is not hardware: 1,
 * or 0 in a product (CMake: PAWL_RELEASE). With 0, pawl_identity_open() and
 * pawl_session_open() answer PAWL_ERR_POLICY for such a store. */
#ifndef PAWL_SOFT_KEYS
#define PAWL_SOFT_KEYS 1
#endif

#endif
