# SPDX-License-Identifier: Apache-2.0
"""The session profile, P1 to P17: which rows and tests show each point.

A row is named by its title; a test by its function, with the file that has it
under test/. Both are looked for, so that a name that has changed is noticed.
"""

import pathlib

TESTS = pathlib.Path(__file__).resolve().parents[1]

PROFILE = [
    ("P1", "suites in the profile's order",
     ["ClientHello, TLS 1.3", "ClientHello, TLS 1.2 too",
      "TLS 1.3, AES-128-CCM alone", "TLS 1.3, CCM_8 alone"]),
    ("P2", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 in 1.2",
     ["TLS 1.2, CCM_8", "DTLS 1.2, CCM_8", "gnutls-serv: TLS 1.2, CCM_8",
      "gnutls-serv: DTLS 1.2, CCM_8",
      "coap-server-gnutls: TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 (P2)"]),
    ("P3", "secp256r1 and its signatures; X25519",
     ["TLS 1.3, X25519 alone (a second ClientHello)",
      "gnutls-serv: TLS 1.3, X25519", "no group in common",
      "a key share of a group not offered", "TLS 1.2, a curve not offered",
      "RSA of 1024 bits"]),
    ("P4", "extensions of the ClientHello",
     ["ClientHello, TLS 1.3", "ClientHello, TLS 1.2 too",
      "the protocol asked for (ALPN)",
      "TLS 1.2, no extended master secret"]),
    ("P5", "the server's name, for names alone",
     ["ClientHello, TLS 1.3", "ClientHello, no server name for an address",
      "a literal address"]),
    ("P6", "never early data",
     ["ClientHello, TLS 1.3", "a ticket that allows early data",
      "tickets: one that allows early data is used without",
      "early data accepted that was not offered"]),
    ("P7", "no resumption without a new key exchange",
     ["ClientHello, TLS 1.3",
      "psk_ke only: a pre-shared key and no key share",
      "a pre-shared key that was not offered"]),
    ("P8", "every alert is told",
     ["every alert is told by its name",
      "our certificate is refused after the handshake",
      "sending fails, and an alert says why",
      ("session/test_session.c", "alerts_have_names"),
      ("agent/test_agent_link.c",
       "an_ldevid_that_a_server_calls_expired_is_enrolled_anew"),
      ("agent/test_agent_link.c",
       "an_ldevid_that_was_revoked_is_not_replaced")]),
    ("P9", "timers of DTLS by the port's clock",
     ["DTLS 1.2, nobody answers, and the timers",
      "DTLS 1.3, nobody answers, and the timers",
      "DTLS 1.2, 30 % of the datagrams are lost, 1",
      "DTLS 1.3, 30 % of the datagrams are lost, 1"]),
    ("P10", "rules for certificates",
     ["version 1", "signed with SHA-1", "a leaf used as a CA",
      "path length", "a CA without keyCertSign", "EKU clientAuth",
      "key usage without digitalSignature", "unknown critical extension",
      "the name in CN only", "no SAN, and another name in CN", "a wildcard",
      "a server without an expiry date (99991231235959Z)",
      ("crypto/test_x509.c", "each_broken_rule_is_named")]),
    ("P11", "requests for an LDevID",
     [("crypto/test_csr.c", "a_request_holds_what_was_asked_for")]),
    ("P12", "coarse time",
     ["clock unknown: issued after the floor is accepted",
      "clock unknown: expired before the floor",
      "clock behind the floor counts as unknown",
      "our own has expired, but it is for its renewal",
      ("crypto/test_x509_path.c",
       "without_a_clock_a_chain_was_valid_at_one_time_at_least"),
      ("posix/test_clock.c", "a_rate_counts_from_its_base")]),
    ("P13", "anchors from the trust document, and replaceable",
     ["a chain that brings its root",
      "unknown CA, its certificate sent along",
      "an anchor of another role", "a right CA for another use",
      ("agent/test_agent_trust.c",
       "an_announced_document_is_fetched_and_comes_into_force"),
      ("agent/test_agent_trust.c",
       "a_pushed_document_ends_the_sessions_of_the_one_before")]),
    ("P14", "bounded age of a session",
     ["tickets: a session that is as old as it may be",
      "tickets: a session that is a day old",
      "tickets: a session that outlives the server's certificate",
      "tickets: a session that outlives our certificate",
      "tickets: the age counts from the full handshake"]),
    ("P15", "nothing of old",
     ["TLS 1.2, RC4 is chosen", "TLS 1.2, NULL is chosen",
      "TLS 1.2, CBC is chosen", "TLS 1.2, static RSA is chosen",
      "TLS 1.2, compression is chosen",
      "TLS 1.2, truncated HMAC, which was not offered",
      "TLS 1.2, renegotiation is asked for (HelloRequest)",
      "TLS 1.2, a proof with SHA-1", "signed with SHA-1",
      "TLS 1.0 only", "TLS 1.1 only"]),
    ("P16", "entropy is checked; signatures need none",
     [("port_check/test_entropy.c", "each_broken_sentence_is_named"),
      ("crypto/test_soft_keystore.c", "one_digest_has_one_signature")]),
    ("P17", "the LDevID on operational links",
     [("agent/test_agent_link.c",
       "the_right_credential_talks_to_the_right_server")]),
]


def exists(shown_by, titles):
    if isinstance(shown_by, str):
        return shown_by in titles
    path, function = shown_by
    file = TESTS / path
    return file.exists() and f"CHECK_TEST({function})" in file.read_text()


def show(titles):
    """Prints the table. False: something that it names is not there."""
    lost = 0
    for number, subject, names in PROFILE:
        print(f"{number:4} {subject}")
        if not names:
            print("       nothing shows it yet")
        for name in names:
            there = exists(name, titles)
            lost += not there
            text = f"row: {name}" if isinstance(name, str) else \
                f"test/{name[0]}: {name[1]}"
            print(f"     {'  ' if there else '! '}{text}"
                  f"{'' if there else ' (does not exist)'}")
    shown = sum(bool(names) for _, _, names in PROFILE)
    print(f"profile: {shown} of {len(PROFILE)} shown, {lost} names lost")
    return lost == 0
