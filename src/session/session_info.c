/* SPDX-License-Identifier: Apache-2.0 */

/* What was negotiated: for the session itself, and for who wants to see it. */

#include <string.h>

#include "session/session_internal.h"

/* wolfSSL tells by no function whether TLS 1.2 has the extended master secret.
 * Its private header does; the distribution's package lacks that. */
#ifdef WOLFSSL_USER_SETTINGS
#include <wolfssl/internal.h>
#endif

bool pawl_session_has_extended_secret(const struct session *session)
{
#ifdef WOLFSSL_USER_SETTINGS
    return session->ssl->options.haveEMS != 0;
#else
    (void)session;
    return true;
#endif
}

/* Whether wolfSSL may be asked: it knows more before, but nothing was
 * believed yet. */
static bool is_up(const struct session *session)
{
    return session->ssl != NULL && session->stage >= PAWL_SESSION_ESTABLISHED &&
           session->stage <= PAWL_SESSION_ACCEPTED;
}

const char *pawl_session_group(const struct pawl_session *session_in)
{
    const struct session *session = session_of_const(session_in);
    const char *name =
        is_up(session) ? wolfSSL_get_curve_name(session->ssl) : NULL;

    if (name == NULL) {
        return "";
    }
    /* As RFC 8446, 4.2.7, writes them. */
    if (strcmp(name, "SECP256R1") == 0) {
        return "secp256r1";
    }
    return strcmp(name, "X25519") == 0 ? "x25519" : name;
}

void pawl_session_alpn(const struct pawl_session *session_in,
                       char name[PAWL_SESSION_ALPN_MAX])
{
    const struct session *session = session_of_const(session_in);
    char *chosen = NULL;
    unsigned short len = 0;

    name[0] = '\0';
    if (is_up(session) &&
        wolfSSL_ALPN_GetProtocol(session->ssl, &chosen, &len) ==
            WOLFSSL_SUCCESS &&
        len < PAWL_SESSION_ALPN_MAX) {
        memcpy(name, chosen, len);
        name[len] = '\0';
    }
}
