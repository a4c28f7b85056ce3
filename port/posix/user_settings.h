/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_POSIX_USER_SETTINGS_H
#define PAWL_POSIX_USER_SETTINGS_H

/*
 * wolfSSL's settings on a host: a lean client without legacy. Compiled into
 * wolfSSL and into pawl alike, which must agree; the installed package brings
 * this file along.
 *
 * -D options:
 *   PAWL_WITH_HYBRID   X25519MLKEM768, for endpoints that ask for it; not for
 *                      small devices: 1.2 KB more each way, 20 KB of memory
 *   PAWL_WITH_RSA      RSA in the chains of servers (2048 to 4096 bits)
 *   PAWL_WITH_SERVER   wolfSSL's server side, for tests alone
 */

#include <stddef.h>
/* wolfSSL takes ssize_t and gettimeofday() as given. */
#include <sys/time.h>
#include <sys/types.h>
#include <wolfssl/version.h>

#include <pawl/port/wolfssl.h>

/* ---- the platform ---- */

#define SINGLE_THREADED /* the port's lock stands in front of pawl's calls */
#define NO_FILESYSTEM
#define NO_WRITEV
#define NO_MAIN_DRIVER
#define NO_DEV_RANDOM
#define WOLFSSL_NO_SOCK
#define WOLFSSL_USER_IO
#define WOLFSSL_USE_ALIGN /* no unaligned words, also where they would work */
#define SIZEOF_LONG_LONG 8
#define WOLFSSL_IGNORE_FILE_WARN

/* Memory comes from a fixed arena, the heap hint; see <pawl/port/wolfssl.h>.
 * WOLFSSL_SMALL_STACK stays off: a boot loader has no arena. */
#define XMALLOC_OVERRIDE
#define XMALLOC(size, heap, type) pawl_wolfssl_malloc((size), (heap), (type))
#define XFREE(block, heap, type) pawl_wolfssl_free((block), (heap), (type))
#define XREALLOC(block, size, heap, type)                                      \
    pawl_wolfssl_realloc((block), (size), (heap), (type))
#define WOLFSSL_SP_NO_MALLOC

#define HAVE_HASHDRBG
#define CUSTOM_RAND_GENERATE_SEED pawl_wolfssl_seed

/* Pawl judges the dates of certificates itself, against its own floor of the
 * time. The clock of the host only dates session tickets. */
#define NO_ASN_TIME_CHECK

/* ---- mathematics ---- */

#define WOLFSSL_HAVE_SP_ECC
#define WOLFSSL_SP_384
#define ECC_TIMING_RESISTANT
#define TFM_TIMING_RESISTANT
#ifdef PAWL_WITH_RSA
#define WOLFSSL_SP_MATH_ALL
#define SP_INT_BITS 4096
#define WC_RSA_PSS
#define WC_RSA_BLINDING
#else
#define WOLFSSL_SP_MATH
#define NO_RSA
#endif

/* ---- algorithms ---- */

#define HAVE_ECC
#define ECC_USER_CURVES /* P-256, and those named here */
#define HAVE_ECC384
#define WOLFSSL_ECDSA_DETERMINISTIC_K
#define HAVE_CURVE25519
#define HAVE_ED25519
#define WOLFSSL_ED25519_STREAMING_VERIFY
#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define WOLFSSL_NOSHA512_224
#define WOLFSSL_NOSHA512_256
#define HAVE_AESGCM
#define GCM_TABLE_4BIT
#define HAVE_AESCCM
#define WOLFSSL_AES_DIRECT
#define HAVE_AES_ECB /* record numbers of DTLS 1.3 */
#define NO_AES_CBC
#define NO_AES_192
#define NO_AES_256
#define HAVE_HKDF

#if defined(PAWL_WITH_HYBRID) && LIBWOLFSSL_VERSION_HEX >= 0x05009001
#define WOLFSSL_HAVE_MLKEM
#define WOLFSSL_NO_ML_KEM_512
#define WOLFSSL_NO_ML_KEM_1024
#define WOLFSSL_TLS_NO_MLKEM_STANDALONE
#define WOLFSSL_PQC_HYBRIDS
/* wolfSSL asks for it beside; over datagrams the hybrid is never offered. */
#define WOLFSSL_DTLS_CH_FRAG
#define WOLFSSL_SHA3
#define WOLFSSL_SHAKE128
#define WOLFSSL_SHAKE256
#endif

#define NO_DH
#define NO_DSA
#define NO_RC4
#define NO_DES3
#define NO_MD4
#define NO_MD5
#define NO_SHA
#define NO_PSK
#define NO_PWDBASED

/* ---- certificates; requests and PKCS#7 are written and read by pawl ---- */

#define WOLFSSL_ASN_TEMPLATE
#define WOLFSSL_ALWAYS_VERIFY_CB

/* ---- TLS ---- */

#define WOLFSSL_TLS13
#define NO_OLD_TLS
#define WOLFSSL_DTLS
#define WOLFSSL_DTLS_MTU
#define WOLFSSL_DTLS_CID
#define DTLS_CID_MAX_SIZE 8
/* Before 5.9.1 a list of DTLS 1.3's overflows (CVE-2026-5264). */
#if LIBWOLFSSL_VERSION_HEX >= 0x05009001
#define WOLFSSL_DTLS13
#define WOLFSSL_SEND_HRR_COOKIE
#define WOLFSSL_W64_WRAPPER
#else
#undef WOLFSSL_DTLS_CID /* there it is a part of DTLS 1.3 alone */
#endif
#define HAVE_TLS_EXTENSIONS
#define HAVE_SUPPORTED_CURVES
#define HAVE_SNI
#define HAVE_ALPN
#define HAVE_MAX_FRAGMENT
#define HAVE_EXTENDED_MASTER
#define HAVE_SESSION_TICKET
#define HAVE_EXT_CACHE
#define WOLFSSL_EXTRA_ALERTS
#define WOLFSSL_SET_CIPHER_BYTES /* suites are named by number */
#define WOLF_CRYPTO_CB
#define WOLF_PRIVATE_KEY_ID
#ifdef PAWL_WITH_SERVER
#define WOLFSSL_DTLS13_NO_HRR_ON_RESUME
#else
#define NO_WOLFSSL_SERVER
/* Pawl keeps tickets itself; wolfSSL's own cache, which stays empty, is as
 * small as can be. Where nothing is to be resumed: NO_SESSION_CACHE. */
#define MICRO_SESSION_CACHE
#define NO_SESSION_CACHE_REF
#define NO_CLIENT_CACHE
#endif

#endif
