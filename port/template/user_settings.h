/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEMPLATE_USER_SETTINGS_H
#define PAWL_TEMPLATE_USER_SETTINGS_H

/*
 * wolfSSL's settings on a bare microcontroller: a client of TLS 1.3 alone, no
 * files, no sockets, no heap. doc/PORTING.md says what each part costs. The
 * same file must compile wolfSSL and pawl.
 *
 * AES-GCM has a table of 4 bits: it is 16 times as fast as without.
 */

#include <stddef.h>
#include <wolfssl/version.h>

#include <pawl/port/wolfssl.h>

/* ---- the platform ---- */

#define SINGLE_THREADED
#define NO_FILESYSTEM
#define NO_WRITEV
#define NO_MAIN_DRIVER
#define NO_DEV_RANDOM
#define WOLFSSL_NO_SOCK
#define WOLFSSL_USER_IO
#define WOLFSSL_USE_ALIGN /* no unaligned words, also where they would work */
#define SIZEOF_LONG_LONG 8
#define SIZEOF_LONG __SIZEOF_LONG__
#define WOLFSSL_GENERAL_ALIGNMENT 4
#define NO_ERROR_STRINGS
#define NO_SIG_WRAPPER
#define USER_TICKS  /* LowResTimer() and TimeNowInMilliseconds(): clock.c */
#define NO_ASN_TIME /* nobody asks for the date */
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

/* ---- mathematics ---- */

#define WOLFSSL_HAVE_SP_ECC
#define ECC_TIMING_RESISTANT
#define TFM_TIMING_RESISTANT
#define WOLFSSL_SP_MATH
#define NO_RSA
/* Not WOLFSSL_SP_ARM_CORTEX_M_ASM: see port/mps2/user_settings.h. */

/* ---- algorithms ---- */

#define HAVE_ECC
#define ECC_USER_CURVES /* P-256 alone */
#define WOLFSSL_ECDSA_DETERMINISTIC_K
#define HAVE_CURVE25519
#define HAVE_ED25519
#define WOLFSSL_ED25519_STREAMING_VERIFY
#define ED25519_SMALL /* 36 KB less, and slower */
#define CURVE25519_SMALL
#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define USE_SLOW_SHA512 /* 6 KB less */
#define WOLFSSL_NOSHA512_224
#define WOLFSSL_NOSHA512_256
#define HAVE_AESGCM
#define GCM_TABLE_4BIT
#define HAVE_AESCCM
#define NO_AES_CBC
#define WOLFSSL_AES_SMALL_TABLES
#define NO_AES_192
#define NO_AES_256
#define HAVE_HKDF

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
#define WOLFSSL_NO_TLS12
#define HAVE_TLS_EXTENSIONS
#define HAVE_SUPPORTED_CURVES
#define HAVE_SNI
#define HAVE_ALPN
#define HAVE_MAX_FRAGMENT
#define HAVE_EXTENDED_MASTER
#define HAVE_SESSION_TICKET
#define HAVE_EXT_CACHE
/* Nothing is resumed. If it is to be, instead: MICRO_SESSION_CACHE,
 * NO_SESSION_CACHE_REF and NO_CLIENT_CACHE. */
#define NO_SESSION_CACHE
#define WOLFSSL_EXTRA_ALERTS
#define WOLFSSL_SET_CIPHER_BYTES /* suites are named by number */
#define WOLF_CRYPTO_CB
#define WOLF_PRIVATE_KEY_ID
#define NO_WOLFSSL_SERVER

#endif
