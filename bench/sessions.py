# SPDX-License-Identifier: Apache-2.0
"""A handshake of pawl beside one of a bare client over the same wolfSSL, with
the same server, in one run: instructions, bytes, heap and stack."""

import os
import re
import sys
import tempfile

from build import ROOT, Unmeasured, command

sys.path.insert(0, f"{ROOT}/test/session")

# What, the server's version, how, whether it counts against a target.
HANDSHAKES = [("TLS 1.3, full", "tls13", "full"),
              ("TLS 1.3, resumed", "tls13", "resumed"),
              ("TLS 1.2, full", "tls12", "full"),
              ("DTLS 1.2, full", "dtls12", "full")]


def build(work):
    """The folder of the programs, compiled as a user does."""
    folder = f"{work}/host"
    command("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja",
            "-DPAWL_BUILD_TOOLS=OFF", "-DPAWL_BUILD_EXAMPLES=OFF")
    command("cmake", "--build", folder, "--parallel",
            str(os.cpu_count() or 1), "--target", "session_bench",
            "wolfssl_server")
    return f"{folder}/test/session"


def numbers(out):
    return {name: int(number)
            for name, number in re.findall(r"^(\w+) (\d+)$", out, re.M)}


def run(world, folder, port, client, version, how):
    """What one client uses for one handshake."""
    words = [f"{folder}/session_bench", client, version, str(port),
             world.chain, world.key, world.anchor, how]
    plain = numbers(command(*words, timeout=60))
    said = command("sh", "-c", 'exec "$@" 2>&1', "sh", "valgrind",
                   "--tool=callgrind", "--toggle-collect=measured",
                   "--callgrind-out-file=/dev/null", *words, timeout=300)
    plain["instructions"] = int(re.search(r"Collected : (\d+)", said).group(1))
    return plain


def measure(work):
    """{what: (pawl's numbers, the bare client's)}"""
    try:
        import peers
    except (ImportError, SystemExit) as reason:
        raise Unmeasured(f"openssl or a module is missing: {reason}") from None
    folder = build(work)
    result = {}
    with tempfile.TemporaryDirectory(dir=work) as files:
        world = peers.World(files)
        world.wolfssl_server = f"{folder}/wolfssl_server"
        for what, version, how in HANDSHAKES:
            with peers.WolfServer(world, wolf=version) as server:
                result[what] = tuple(
                    run(world, folder, server.port, client, version, how)
                    for client in ("pawl", "bare"))
    return result
