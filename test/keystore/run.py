#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each key store against real ones: SoftHSM, SoftHSM behind p11-kit's server,
a TPM of swtpm, and software.

usage: run.py STORE_PROBE FAILING_MODULE PAWL_TOOL [--only WORD]

Runs the conformance check in each, sessions to openssl s_server with each,
what can go wrong with each, and searches memories for the private key. Prints
a line for each row and a table at the end. Exit 0: all as it should be, 1:
not, 77: something is missing here.
"""

import argparse
import hashlib
import hmac
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

# First, since it says what is missing here.
from harness import (DIGEST, SLOTS, Probe, PublicOnly, Run,  # noqa: E402
                     make_store, says)

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

import bad_input  # noqa: E402
import devices  # noqa: E402
import memory  # noqa: E402
import peers  # noqa: E402
import pki  # noqa: E402
import stores  # noqa: E402


# ---- conformance ----

def fill_tpm(store, full, taken):
    """Takes all of the TPM's memory: by indices, and by persistent objects,
    for which a TPM keeps room aside."""
    if not full:
        for command, handle in taken:
            store.tool(command, "-Q", "-C", "o", *handle)
        return
    store.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "any")
    store.tool("tpm2_flushcontext", "-t")
    for size in (2048, 2048, 64):
        for _ in range(200):
            index = hex(0x01500000 + len(taken))
            try:
                store.tool("tpm2_nvdefine", "-Q", "-C", "o", "-s", str(size),
                           index)
            except subprocess.CalledProcessError:
                break
            taken.append(("tpm2_nvundefine", [index]))
    for number in range(200):
        handle = hex(0x81200000 + number)
        try:
            store.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "any",
                       handle)
        except subprocess.CalledProcessError:
            break
        finally:
            store.tool("tpm2_flushcontext", "-t")
        taken.append(("tpm2_evictcontrol", ["-c", handle]))


def can_seal(run, kind):
    """p11-kit's client need not hand AES-GCM on; all others seal."""
    if kind is not stores.P11Kit:
        return True
    with make_store(run, kind) as store, Probe(run, store) as probe:
        return not says(probe.say("seal 256 00"), "PAWL_ERR_UNSUPPORTED")


def check_store(run, kind):
    """The conformance check; the store is lost and filled on request."""
    with make_store(run, kind) as store:
        failing = os.path.join(store.folder, "failing")
        name, env = store.name, {}
        if kind is stores.SoftHsm: # SoftHSM is never full
            name = store.uri(module=run.arguments.failing_module)
            env = {"FAILING_MODULE": store.module, "FAILING_FILE": failing}
        can_lose = kind is not stores.Soft
        can_fill = kind in (stores.SoftHsm, stores.Tpm)
        taken = []
        with Probe(run, store, name, **env) as probe:
            probe.send(f"check 1 {int(can_lose)} {int(can_fill)} "
                       f"{400 if kind is not stores.Tpm else 200}")
            passed = skipped = 0
            while "violated" not in (answer := probe.read()):
                if "lose" in answer:
                    (store.lose if answer["lose"] else store.find_again)()
                    probe.send("done")
                elif "fill" in answer and kind is stores.Tpm:
                    fill_tpm(store, answer["fill"], taken)
                    probe.send("done")
                elif "fill" in answer:
                    pathlib.Path(failing).write_text(
                        "C_GenerateKeyPair 0x31\n" if answer["fill"] else "")
                    probe.send("done")
                elif "check" not in answer:
                    break
                elif answer["outcome"] == "violated":
                    print(f"       {answer}")
                else:
                    passed += answer["outcome"] == "passed"
                    skipped += answer["outcome"] == "skipped"
    run.cell(kind.kind, "conformance", f"{passed} held, {skipped} skipped")
    # Of 28: a store that cannot be lost or filled, or does not seal.
    expected = 2 * (not can_lose) + 2 * (not can_fill) + \
        6 * (not can_seal(run, kind))
    run.row(kind.kind, "conformance", answer.get("violated") == 0 and
            skipped == expected and passed == 28 - expected,
            f"{passed} sentences held, {skipped} skipped")


# ---- sealing ----

SECRET = "5a" * 48


def check_sealing(run, kind):
    """What one store has sealed, no other opens; and nobody in its place."""
    if not can_seal(run, kind):
        run.cell(kind.kind, "seals", "no")
        run.row(kind.kind, "cannot seal, and says so", True)
        return
    with make_store(run, kind) as store, make_store(run, kind) as other:
        with Probe(run, store) as probe, Probe(run, other) as stranger:
            sealed = probe.say("seal 256 " + SECRET)["data"]
            foreign = stranger.say("seal 256 " + SECRET)["data"]
            run.cell(kind.kind, "seals", f"adds {len(sealed) // 2 - 48}")
            run.row(kind.kind, "what is sealed is unsealed",
                    len(sealed) // 2 - 48 in range(1, 65) and
                    probe.say("unseal 48 " + sealed).get("data") == SECRET)
            answers = [probe.say("unseal 256 " + foreign),
                       stranger.say("unseal 256 " + sealed)]
            run.row(kind.kind, "what another store has sealed is refused",
                    all(says(each, "PAWL_ERR_SIGNATURE") for each in answers),
                    answers[0]["reason"])
            run.row(kind.kind, "and keys and sealing work as before",
                    says(probe.say("generate 1"), "PAWL_OK") and
                    says(probe.say("sign 1 " + DIGEST), "PAWL_OK") and
                    probe.say("unseal 48 " + sealed).get("data") == SECRET)
            for what, line in (("room to seal", "seal 50 " + SECRET),
                               ("room to unseal", "unseal 47 " + sealed)):
                run.row(kind.kind, f"too little {what}",
                        says(probe.say(line), "PAWL_ERR_TOO_SMALL"))
            if kind is stores.Soft:
                return
            run.row(kind.kind, "more than can be sealed",
                    probe.say("oversized") == {"seal": "PAWL_ERR_LIMIT",
                                               "unseal": "PAWL_ERR_SIGNATURE"})
            store.lose()
            answers = [probe.say("unseal 256 " + sealed),
                       probe.say("seal 256 " + SECRET)]
            run.row(kind.kind, "a store that is lost neither seals nor "
                    "unseals", all(says(each, "PAWL_ERR_KEYSTORE")
                                   for each in answers), answers[0]["reason"])
            store.find_again()
            run.row(kind.kind, "found again, it unseals what it had sealed",
                    probe.say("unseal 48 " + sealed).get("data") == SECRET)
        with Probe(run, store) as probe:
            run.row(kind.kind, "and so does another process",
                    probe.say("unseal 48 " + sealed).get("data") == SECRET)


# ---- sessions ----

def chain_of(run, point):
    leaf = peers.World.make_client(run.world.client_ca, end=300 * pki.DAY,
                                   key=PublicOnly(point))
    return run.world.write(leaf.der())


def delete_key(store, slot):
    """Somebody else destroys the key."""
    if isinstance(store, stores.Tpm):
        store.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c",
                   hex(store.handle + SLOTS[slot]))
    else:
        for half in ("privkey", "pubkey"):
            stores.run("pkcs11-tool", "--module", stores.first(stores.MODULES),
                       "--token-label", "pawl", "--login", "--pin", stores.PIN,
                       "--delete-object", "--type", half, "--label",
                       f"test-{slot}", env=store.env)


def check_sessions(run, kind):
    def good(answer):
        return answer.get("status") == "PAWL_OK" and \
            answer.get("signatures") == answer.get("asked") == 1

    with make_store(run, kind) as store, Probe(run, store) as probe, \
            peers.Server(run.world) as server:
        def session(chain, slot=1, ask=0, at_signature=None):
            probe.send(f"session {slot} {server.port} {chain} "
                       f"{run.world.anchor} {ask}")
            answer = probe.read()
            if "asks" in answer:
                at_signature()
                probe.send("go on")
                answer = probe.read()
            return answer

        probe.say("generate 1")
        probe.say("generate 2")
        chain = chain_of(run, probe.say("point 1")["data"])
        other = chain_of(run, probe.say("point 2")["data"])
        answer = session(chain)
        run.cell(kind.kind, "session", f"{answer.get('signatures')} signature")
        run.row(kind.kind, "TLS 1.3, mutual", good(answer) and
                answer["version"] == 0x0304, "signatures "
                f"{answer.get('signatures')}")
        answer = session(other)
        run.row(kind.kind, "the certificate of another key is refused",
                answer.get("status") == "PAWL_ERR_KEYSTORE" and
                answer.get("at") == "open" and answer["asked"] == 0 and
                answer["rule"] == "our key is not that of our certificate",
                f"{answer.get('status')} at {answer.get('at')}: "
                f"{answer.get('rule')}")
        run.row(kind.kind, "two stores in one process",
                says(probe.say("second 1"), "PAWL_OK"))
        if kind is stores.Soft:
            return
        answer = session(chain, ask=1, at_signature=store.lose)
        run.row(kind.kind, "lost in the middle of a handshake",
                answer.get("status") == "PAWL_ERR_KEYSTORE" and
                answer["asked"] == 1 and answer["signatures"] == 0 and
                answer["code"] != 0,
                f"{answer.get('status')}, code 0x{answer.get('code', 0):x}")
        run.cell(kind.kind, "lost in a handshake", answer.get("status"))
        answer = session(chain)
        run.row(kind.kind, "still lost: no session, nothing in its place",
                answer.get("status") == "PAWL_ERR_KEYSTORE" and
                answer["asked"] == 0, f"{answer.get('status')} at "
                f"{answer.get('at')}")
        store.find_again()
        run.row(kind.kind, "found again", good(session(chain)))
        answer = session(chain, ask=1,
                         at_signature=lambda: delete_key(store, "ldevid-a"))
        run.row(kind.kind, "the key is deleted in the middle of a handshake",
                answer.get("status") == "PAWL_ERR_KEYSTORE" and
                answer["signatures"] == 0, answer.get("status"))
        answer = session(chain)
        run.row(kind.kind, "the key was deleted between two sessions",
                answer.get("status") == "PAWL_ERR_KEYSTORE" and
                answer.get("at") == "open" and answer["asked"] == 0,
                f"{answer.get('status')} at {answer.get('at')}")


# ---- memories ----

def soft_scalar(folder):
    """The private key of slot 0, out of the blob as soft_keystore.h describes
    it."""
    sealing = pathlib.Path(folder, "sealing.key").read_bytes()
    blob = pathlib.Path(folder, "keys").read_bytes()
    record = blob[5:5 + 126]
    key = hmac.new(sealing, b"pawl soft keystore slots v1",
                   hashlib.sha256).digest()[:16]
    return AESGCM(key).decrypt(record[66:78], record[78:126],
                               blob[:5] + b"\0" + record[:66])


def search_memories(run, kind):
    with make_store(run, kind) as store:
        key = ec.generate_private_key(ec.SECP256R1())
        scalar = key.private_numbers().private_value.to_bytes(32, "big")
        if kind is not stores.Soft:
            pem = os.path.join(store.folder, "key.pem")
            pathlib.Path(pem).write_bytes(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
            store.import_key(pem)
        with Probe(run, store) as probe:
            if kind is stores.Soft:
                probe.say("generate 0")
                scalar = soft_scalar(store.folder)
                key = ec.derive_private_key(int.from_bytes(scalar, "big"),
                                            ec.SECP256R1())
            same = probe.say("point 0")["data"] == pki.point_of(key).hex()
            run.row(kind.kind, "the key that is searched is the store's", same)
            if kind is stores.Tpm:
                run.row("tpm2", "a key that was imported is exportable",
                        probe.say("attributes")["exportable"] == 1)
            probe.send("loop 0")
            inside = memory.search(probe.process.pid, scalar, 60)
            outside = None
            if store.outside is not None:
                found = [memory.search(pid, scalar, 60) for pid in
                         memory.group_of(store.outside.pid)]
                outside = any(each[0] for each in found)
            probe.send("enough")
            signed = probe.read()
            idle = memory.search(probe.process.pid, scalar, 1)
    run.cell(kind.kind, "when idle", "found" if idle[0] else "not found")
    if kind is stores.Soft:
        run.row("soft", "the private key in our memory when it is idle",
                not idle[0])
    judge_memories(run, kind, inside, outside, signed)


def judge_memories(run, kind, inside, outside, signed):
    words = "found" if inside[0] else "not found"
    note = (f"{words} at {inside[1]} moments of {signed.get('signatures')} "
            f"signatures, {inside[2] >> 10} KiB each")
    working = signed.get("status") == "PAWL_OK" and signed["signatures"] > 1
    run.cell(kind.kind, "key in our memory", words)
    run.cell(kind.kind, "key in its own process",
             "-" if outside is None else "found" if outside else "not found")
    if kind is stores.SoftHsm:
        # SoftHSM is a library: what it holds is in the process by nature.
        run.row(kind.kind, "the private key in our memory (it may be)",
                working, note)
    else:
        run.row(kind.kind, "the private key in our memory",
                working and inside[0] == (kind is stores.Soft), note)
    if outside is not None:
        run.row(kind.kind, "the private key in the other process: there it is",
                outside)


# ---- everything ----

def print_table(run):
    columns = ["conformance", "seals", "session", "lost in a handshake",
               "key in our memory", "when idle", "key in its own process"]
    rows = [["store"] + columns]
    for store, cells in run.table.items():
        rows.append([store] + [str(cells.get(each, "-")) for each in columns])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width)
                        for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe", type=os.path.abspath)
    parser.add_argument("failing_module", type=os.path.abspath)
    parser.add_argument("tool", type=os.path.abspath)
    parser.add_argument("--only", default="", help="parts with this in them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, folder)
        parts = [(f"{name} {kind.kind}", part, (run, kind))
                 for kind in stores.ALL
                 for name, part in (("check", check_store),
                                    ("sealing", check_sealing),
                                    ("sessions", check_sessions),
                                    ("memory", search_memories),
                                    ("tool", devices.check_tool))]
        parts += [("bad soft", bad_input.check_bad_soft, (run,)),
                  ("bad pkcs11", bad_input.check_bad_pkcs11, (run,)),
                  ("bad p11-kit", bad_input.check_bad_p11_kit, (run,)),
                  ("bad tpm2", bad_input.check_bad_tpm, (run,))]
        for name, part, given in parts:
            if arguments.only in name:
                part(*given)
        print_table(run)
    print(f"rows {run.rows} failed {run.failed}")
    return 1 if run.failed or run.rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
