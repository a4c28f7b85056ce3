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
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "session"))

import memory  # noqa: E402
import stores  # noqa: E402

if stores.missing():
    print("missing: " + ", ".join(stores.missing()))
    sys.exit(77)
try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    import peers
    import pki
except ImportError:
    print("missing: python3-cryptography")
    sys.exit(77)

SLOTS = {"idevid": 0, "ldevid-a": 1, "ldevid-b": 2}
DIGEST = "c7" * 32


class Run:
    """The rows so far, and what all of them share."""

    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.rows = self.failed = 0
        self.table = {}
        self.numbers = 0
        self.world = peers.World(self.make_folder())

    def make_folder(self):
        self.numbers += 1
        path = os.path.join(self.folder, f"work{self.numbers}")
        os.mkdir(path)
        return path

    def row(self, store, what, holds, note=""):
        self.rows += 1
        self.failed += not holds
        note = f": {note}" if note else ""
        print(f"{'ok    ' if holds else 'FAILED'} {store:8} {what}{note}")
        sys.stdout.flush()
        return holds

    def cell(self, store, column, text):
        self.table.setdefault(store, {})[column] = text


class Probe:
    """store_probe on a store."""

    def __init__(self, run, store, name=None, folder=None, **env):
        folder = folder or store.folder
        if store.kind == "soft":
            prepare_soft(folder)
        self.run, self.kind = run, store.kind
        self.process = subprocess.Popen(
            [run.arguments.probe, folder, name or store.name],
            env={**store.env, **env}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.opened = self.read()

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"status": "the probe is gone"}

    def send(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read() will tell

    def say(self, line):
        self.send(line)
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            stores.end(self.process)
        if self.process.returncode != 0:
            self.run.row(self.kind, "the probe ends well", False,
                         f"exit code {self.process.returncode}")


def prepare_soft(folder):
    path = pathlib.Path(folder, "sealing.key")
    if not path.exists():
        path.write_bytes(os.urandom(32))
        path.chmod(0o600)


def make_store(run, kind):
    folder = run.make_folder()
    if kind is not stores.Soft:
        folder += "/store"
    return kind(folder)


def says(answer, status, reason=""):
    return answer.get("status") == status and reason in answer.get("reason", "")


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
    # Of 25: a store that cannot be lost or filled, or does not seal.
    expected = 2 * (not can_lose) + 2 * (not can_fill) + \
        3 * (kind is not stores.Soft)
    run.row(kind.kind, "conformance", answer.get("violated") == 0 and
            skipped == expected and passed == 25 - expected,
            f"{passed} sentences held, {skipped} skipped")


# ---- sessions ----

class PublicOnly:
    """A key of which only the public half is known, for a certificate."""

    def __init__(self, point):
        self.point = point

    def public_key(self):
        return ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes.fromhex(self.point))


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


# ---- what can go wrong ----

def check_bad_soft(run):
    with make_store(run, stores.Soft) as store:
        path = pathlib.Path(store.folder, "sealing.key")
        with Probe(run, store) as probe:
            probe.say("generate 0")
            point = probe.say("point 0")["data"]
        good = path.read_bytes()
        for what, change in (
                ("another sealing key",
                 lambda: path.write_bytes(os.urandom(32))),
                ("a sealing key that others may read",
                 lambda: path.chmod(0o644)),
                ("no sealing key of 32 bytes",
                 lambda: path.write_bytes(good[:-1]))):
            change()
            with Probe(run, store) as probe:
                run.row("soft", what, says(probe.opened, "PAWL_ERR_KEYSTORE"),
                        probe.opened["reason"][:60])
            path.write_bytes(good)
            path.chmod(0o600)
        mode = os.stat(os.path.join(store.folder, "keys")).st_mode & 0o777
        run.row("soft", "the file of keys is its owner's alone", mode == 0o600,
                oct(mode))
        limited = subprocess.Popen(
            ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh",
             run.arguments.probe, store.folder, "soft"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answers = limited.communicate("generate 0\npoint 0\ngenerate 1\n",
                                      timeout=60)[0].splitlines()
        answers = [json.loads(line) for line in answers]
        run.row("soft", "no room for the file: the old keys stay",
                len(answers) == 4 and says(answers[1], "PAWL_ERR_FULL") and
                answers[2]["data"] == point and
                says(answers[3], "PAWL_ERR_FULL"),
                answers[1]["status"] if len(answers) > 1 else "no answer")


def pkcs11_tool(store, *arguments):
    stores.run("pkcs11-tool", "--module", stores.first(stores.MODULES),
               "--token-label", "pawl", "--login", "--pin", stores.PIN,
               *arguments, env=store.env)


def check_bad_names(run, store):
    for what, name, reason in (
            ("no such token", store.uri(token="none"), "no such token"),
            ("no such module", store.uri(module="/none.so"),
             "cannot be loaded"),
            ("a module that is none",
             store.uri(module="/usr/lib/x86_64-linux-gnu/libz.so.1"),
             "module"),
            ("no PIN file", store.uri(pin="file:none"), "no PIN"),
            ("a command for a PIN", store.uri(pin="%7Ccat"), "needs pkcs11:"),
            ("an unknown part", store.name + "&x=y", "needs pkcs11:"),
            ("a label too long", store.uri(object="x" * 90), "label")):
        with Probe(run, store, name) as probe:
            run.row("pkcs11", what,
                    probe.opened["status"] in ("PAWL_ERR_KEYSTORE",
                                               "PAWL_ERR_MALFORMED") and
                    reason in probe.opened["reason"],
                    probe.opened["reason"][:70])
    pin = pathlib.Path(store.folder, "pin")
    pin.chmod(0o644)
    with Probe(run, store) as probe:
        run.row("pkcs11", "a PIN file that others may read",
                says(probe.opened, "PAWL_ERR_KEYSTORE", "no PIN"),
                probe.opened["reason"][:70])
    pin.chmod(0o600)


class Failing:
    """A SoftHSM behind failing_module."""

    def __init__(self, run, store):
        self.file = pathlib.Path(store.folder, "failing")
        self.log = pathlib.Path(store.folder, "logins")
        self.name = store.uri(module=run.arguments.failing_module)
        self.env = {"FAILING_MODULE": store.module,
                    "FAILING_FILE": str(self.file),
                    "FAILING_LOG": str(self.log)}

    def asks(self, text):
        self.file.write_text(text)

    def logins(self):
        """How often a PIN was tried since the last question."""
        count = len(self.log.read_text().splitlines()) \
            if self.log.exists() else 0
        self.log.write_text("")
        return count


def check_pins(run, store, failing):
    pin = pathlib.Path(store.folder, "pin")
    pin.write_text("314159\n")
    with Probe(run, store, failing.name, **failing.env) as probe:
        run.row("pkcs11", "wrong PIN, tried once",
                says(probe.opened, "PAWL_ERR_KEYSTORE", "the PIN is wrong") and
                failing.logins() == 1, probe.opened["reason"])
    pin.write_text(stores.PIN + "\n")
    for what, flags, reason in (
            ("locked PIN: none is tried", "0x40000", "locked"),
            ("last try: none is tried", "0x20000", "would lock")):
        failing.asks(f"flags {flags}\n")
        with Probe(run, store, failing.name, **failing.env) as probe:
            run.row("pkcs11", what,
                    says(probe.opened, "PAWL_ERR_KEYSTORE", reason) and
                    failing.logins() == 0, probe.opened["reason"])
    failing.asks("")
    with Probe(run, store, failing.name, **failing.env) as probe:
        failing.logins()
        pin.write_text("314159\n")
        failing.asks("C_SignInit 0x32\nonce 1\n")  # removed
        answers = [probe.say("sign 0 " + DIGEST) for _ in range(4)]
        pin.write_text(stores.PIN + "\n")
        answers += [probe.say("sign 0 " + DIGEST), probe.say("generate 1")]
        run.row("pkcs11", "a PIN that became wrong is tried once",
                all(says(each, "PAWL_ERR_KEYSTORE") for each in answers) and
                "PIN is wrong" in answers[-1]["reason"] and
                failing.logins() == 1)
        run.row("pkcs11", "and again after the store was reopened",
                says(probe.say("reopen"), "PAWL_OK") and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))


def check_failures(run, store, failing):
    rows = (
        ("full", "C_GenerateKeyPair 0x31", "generate 1", "PAWL_ERR_FULL",
         "full"),
        ("removed while it signs", "C_Sign 0x32", "sign 0", "PAWL_ERR_KEYSTORE",
         "removed"),
        ("broken while it signs", "C_Sign 0x30", "sign 0", "PAWL_ERR_KEYSTORE",
         "broken"),
        ("the key may not sign", "C_SignInit 0x68", "sign 0",
         "PAWL_ERR_KEYSTORE", "may not sign"),
        ("removed while it looks for a key", "C_FindObjectsInit 0x32",
         "point 0", "PAWL_ERR_KEYSTORE", "removed"),
        ("the key cannot be destroyed", "C_DestroyObject 0x1b", "destroy 0",
         "PAWL_ERR_KEYSTORE", "see the number"),
        ("a token that makes keys that can be read", "extractable 1",
         "generate 2", "PAWL_ERR_KEYSTORE", "can be read"),
    )
    for what, asked, call, status, reason in rows:
        with Probe(run, store, failing.name, **failing.env) as probe:
            failing.asks(asked + "\n")
            answer = probe.say(call + " " + DIGEST)
            failing.asks("")
            again = probe.say("sign 0 " + DIGEST)
            run.row("pkcs11", what, says(answer, status, reason) and
                    says(again, "PAWL_OK"),
                    f"{answer['status']}, {answer['reason']}, "
                    f"0x{answer['code']:x}")
    with Probe(run, store, failing.name, **failing.env) as probe:
        run.row("pkcs11", "such a key is not kept",
                says(probe.say("point 2"), "PAWL_ERR_NOT_FOUND"))
        for what, code in (("closed", "0xb0"), ("invalid", "0xb3"),
                           ("logged out", "0x101")):
            failing.logins()
            failing.asks(f"C_SignInit {code}\nonce 1\n")
            run.row("pkcs11", f"a session that was {what} is opened again",
                    says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    for what, asked in (("write-protected", "flags 0x2"),
                        ("no session for writing", "C_OpenSession 0xe2")):
        failing.asks(asked + "\n")
        with Probe(run, store, failing.name, **failing.env) as probe:
            before = probe.say("point 0")["data"]
            answers = [probe.say("generate 0"), probe.say("destroy 0")]
            run.row("pkcs11", f"read-only ({what}): signs, changes nothing",
                    says(probe.opened, "PAWL_OK") and
                    all(says(each, "PAWL_ERR_KEYSTORE", "write-protected")
                        for each in answers) and
                    probe.say("point 0")["data"] == before and
                    says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    failing.asks("C_GetMechanismInfo 0x70\n")
    with Probe(run, store, failing.name, **failing.env) as probe:
        run.row("pkcs11", "no ECDSA", says(probe.opened, "PAWL_ERR_KEYSTORE",
                                          "cannot sign by ECDSA"),
                probe.opened["reason"])
    failing.asks("")


def check_foreign_keys(run, store):
    """Keys that other tools have put into the token."""
    pkcs11_tool(store, "--keypairgen", "--key-type", "EC:secp384r1", "--label",
                "test-ldevid-a", "--id", "a1")
    with Probe(run, store) as probe:
        run.row("pkcs11", "a key of another curve",
                says(probe.say("point 1"), "PAWL_ERR_KEYSTORE", "P-256"))
    pkcs11_tool(store, "--keypairgen", "--key-type", "EC:prime256v1", "--label",
                "test-ldevid-a", "--id", "a2")
    with Probe(run, store) as probe:
        run.row("pkcs11", "two keys of one label: none is chosen",
                says(probe.opened, "PAWL_ERR_KEYSTORE", "two keys"),
                probe.opened["reason"])
    for number in ("a1", "a2"):
        for half in ("privkey", "pubkey"):
            pkcs11_tool(store, "--delete-object", "--type", half, "--id",
                        number)
    pkcs11_tool(store, "--keypairgen", "--key-type", "EC:prime256v1", "--label",
                "test-ldevid-a", "--id", "a3", "--extractable")
    with Probe(run, store) as probe:
        told = probe.say("attributes")
        probe.say("generate 1")
        run.row("pkcs11", "a key that can be read is said to be exportable",
                told["exportable"] == 1 and
                probe.say("attributes")["exportable"] == 0)


def check_bad_pkcs11(run):
    with make_store(run, stores.SoftHsm) as store:
        failing = Failing(run, store)
        failing.asks("")
        with Probe(run, store) as probe:
            probe.say("generate 0")
        check_bad_names(run, store)
        check_pins(run, store, failing)
        check_failures(run, store, failing)
        check_foreign_keys(run, store)


def lockout_counter(store):
    text = store.tool("tpm2_getcap", "properties-variable").stdout.decode()
    line = next(each for each in text.splitlines()
                if "TPM2_PT_LOCKOUT_COUNTER" in each)
    return int(line.split(":")[1], 16)


def check_bad_auth(run, store):
    with Probe(run, store, PAWL_PIN="right") as probe:
        made = probe.say("generate 1")
        run.row("tpm2", "a key with an authorisation value signs",
                says(made, "PAWL_OK") and
                says(probe.say("sign 1 " + DIGEST), "PAWL_OK"))
    before = lockout_counter(store)
    with Probe(run, store, PAWL_PIN="wrong") as probe:
        answers = [probe.say("sign 1 " + DIGEST) for _ in range(5)]
        tried = lockout_counter(store) - before
        run.row("tpm2", "a wrong one is tried once",
                all(says(each, "PAWL_ERR_KEYSTORE", "value is wrong")
                    for each in answers) and tried == 1,
                f"{answers[0]['reason']}; tried {tried} times")
    store.tool("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000")
    with Probe(run, store, PAWL_PIN="right") as probe:
        answer = probe.say("sign 1 " + DIGEST)
        run.row("tpm2", "a TPM that is locked", says(
            answer, "PAWL_ERR_KEYSTORE", "locked"), answer["reason"])
    store.tool("tpm2_dictionarylockout", "-s", "-n", "31", "-t", "1000")
    store.tool("tpm2_dictionarylockout", "-c")


def check_owner(run, store):
    with Probe(run, store) as probe:
        before = probe.say("point 0")["data"]
        store.tool("tpm2_changeauth", "-c", "o", "secret")
        answer = probe.say("generate 0")
        run.row("tpm2", "the owner's authorisation is missing: the key stays",
                says(answer, "PAWL_ERR_KEYSTORE", "value is wrong") and
                probe.say("point 0")["data"] == before, answer["reason"])
    with Probe(run, store, PAWL_OWNER_AUTH="secret") as probe:
        run.row("tpm2", "the owner's authorisation is given",
                says(probe.say("generate 0"), "PAWL_OK") and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    store.tool("tpm2_changeauth", "-c", "o", "-p", "secret")


def check_bad_tpm(run):
    with make_store(run, stores.Tpm) as store:
        with Probe(run, store) as probe:
            probe.say("generate 0")
        check_bad_auth(run, store)
        check_owner(run, store)
        store.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "rsa", "-c",
                   "rsa")
        store.tool("tpm2_flushcontext", "-t")
        store.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "rsa",
                   hex(store.handle + 2))
        store.tool("tpm2_flushcontext", "-t")
        with Probe(run, store) as probe:
            answers = [probe.say(f"{call} 2 {DIGEST}") for call in
                       ("point", "sign", "generate", "destroy")]
            listed = store.tool("tpm2_getcap", "handles-persistent").stdout
            run.row("tpm2", "a handle that holds something else is left alone",
                    all(says(each, "PAWL_ERR_KEYSTORE", "something else")
                        for each in answers) and
                    hex(store.handle + 2) in listed.decode().lower(),
                    answers[2]["reason"][:50])
            transient = store.tool("tpm2_getcap", "handles-transient").stdout
            run.row("tpm2", "nothing transient is left in the TPM",
                    transient.strip() == b"")
        for what, name, reason in (
                ("no TPM there", "tpm2:swtpm:host=127.0.0.1,port=1",
                 "no TPM answers"),
                ("no such TCTI", "tpm2:nonsense:x", "no TPM answers"),
                ("handles of the platform", store.name + "?handle=0x81800000",
                 "owner's range"),
                ("a handle that is none", store.name + "?handle=x",
                 "needs tpm2:")):
            with Probe(run, store, name) as probe:
                run.row("tpm2", what, probe.opened["status"] in
                        ("PAWL_ERR_KEYSTORE", "PAWL_ERR_MALFORMED") and
                        reason in probe.opened["reason"],
                        probe.opened["reason"][:60])


def check_bad_p11_kit(run):
    """The other process dies: writing to it must not end ours by SIGPIPE."""
    with make_store(run, stores.P11Kit) as store, Probe(run, store) as probe:
        probe.say("generate 0")
        status = pathlib.Path(f"/proc/{probe.process.pid}/status").read_text()
        ignored = int(status.split("SigIgn:")[1].split()[0], 16) >> 12 & 1
        store.lose()
        answers = [probe.say("point 0"), probe.say("sign 0 " + DIGEST)]
        run.row("p11-kit", "a server that has gone does not end our process",
                not ignored and
                all(says(each, "PAWL_ERR_KEYSTORE") for each in answers),
                f"ignored: {ignored}")
        store.find_again()
        run.row("p11-kit", "the server is back",
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))


# ---- the tool's devices ----

def pawl(run, store, *arguments):
    return subprocess.run([run.arguments.tool, *arguments], env=store.env,
                          capture_output=True, text=True, timeout=60,
                          check=False, stdin=subprocess.DEVNULL)


def provision_inputs(run, folder):
    """What a factory needs besides: trust, an image with its envelope."""
    def path(name):
        return os.path.join(folder, name)

    vendor = "11111111-2222-3333-4444-555555555555"
    pathlib.Path(path("d.conf")).write_text(
        f"pawl_device = 1\nserial = dev-1\nvendor_id = {vendor}\n"
        f"class_id = {vendor}\n")
    pathlib.Path(path("v.bin")).write_bytes(bytes(range(256)) * 20)
    pathlib.Path(path("ca.pem")).write_bytes(run.world.ca.pem())
    pathlib.Path(path("t.json")).write_text(json.dumps({
        "version": 1, "root_threshold": 1, "roots": [path("k.pub")],
        "signer_threshold": 1, "signers": [{"key": path("k.pub"),
                                            "components": ["*"]}],
        "anchors": [{"certificate": path("ca.pem"), "roles": ["server"]}]}))
    pathlib.Path(path("m.json")).write_text(json.dumps({
        "sequence": 1, "vendor_id": vendor, "class_id": vendor,
        "components": [{"id": ["00"], "image": path("v.bin"),
                        "uri": "https://fw.example/v.bin",
                        "security_counter": 1}]}))
    for words in (["key", "generate", "-o", path("k.pem")],
                  ["key", "public", path("k.pem"), "-o", path("k.pub")],
                  ["trust", "create", path("t.json"), "-o", path("t")],
                  ["trust", "sign", path("t"), "--key", path("k.pem")],
                  ["manifest", "create", path("m.json"), "-o", path("m")],
                  ["manifest", "sign", path("m"), "--key", path("k.pem")]):
        stores.run(run.arguments.tool, *words)
    return ["--conf", path("d.conf"), "--trust", path("t"), "--envelope",
            path("m"), "--image", path("v.bin")]


def key_of(request):
    csr = x509.load_pem_x509_csr(pathlib.Path(request).read_bytes())
    return csr.public_key().public_numbers()


def certify(run, request, out):
    """The factory's answer to a request."""
    csr = x509.load_pem_x509_csr(pathlib.Path(request).read_bytes())
    leaf = peers.World.make_client(
        run.world.client_ca, end=300 * pki.DAY,
        key=PublicOnly(csr.public_key().public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint).hex()))
    pathlib.Path(out).write_bytes(leaf.pem())
    return csr.is_signature_valid


def check_tool(run, kind):
    folder = run.make_folder()
    given = provision_inputs(run, folder)
    device = os.path.join(folder, "device")
    with make_store(run, kind) as store:
        made = pawl(run, store, "device", "provision", device, *given,
                    "--keystore", store.name)
        asked = pawl(run, store, "device", "csr", device, "-o",
                     device + ".csr")
        run.row(kind.kind, "pawl device provision, csr",
                made.returncode == 0 and asked.returncode == 0 and
                certify(run, device + ".csr", device + ".pem"),
                (made.stderr + asked.stderr).strip())
        stranger = peers.World.make_client(run.world.client_ca)
        pathlib.Path(device + ".other").write_bytes(stranger.pem())
        wrong = pawl(run, store, "device", "install-cert", device,
                     device + ".other")
        right = pawl(run, store, "device", "install-cert", device,
                     device + ".pem")
        run.row(kind.kind, "install-cert takes the key's own certificate only",
                wrong.returncode == 1 and right.returncode == 0,
                (wrong.stderr.strip() + right.stderr.strip())[:100])
        shown = pawl(run, store, "device", "show", device, "--json")
        files = sorted(os.listdir(device))
        run.row(kind.kind, "the device shows what its key store is",
                shown.returncode == 0 and json.loads(shown.stdout)["key_store"]
                == {"hardware": False, "exportable": False,
                    "persistent": True} and
                ("keys" in files) == ("sealing.key" in files) ==
                (kind is stores.Soft), shown.stderr.strip())
        if kind is stores.Soft:
            return
        again = pawl(run, store, "device", "provision", device + "2", *given,
                     "--keystore", store.name)
        still = pawl(run, store, "device", "csr", device, "-o", device + ".2")
        run.row(kind.kind, "a second device does not take the first one's key",
                again.returncode == 1 and not os.path.exists(device + "2") and
                still.returncode == 0 and
                key_of(device + ".2") == key_of(device + ".csr"),
                again.stderr.strip()[:90])
        store.lose()
        lost = pawl(run, store, "device", "csr", device, "-o", device + ".3")
        run.row(kind.kind, "without its key store the device does not open",
                lost.returncode == 2 and lost.stderr.count("\n") == 1 and
                not os.path.exists(device + ".3"), lost.stderr.strip()[-80:])
        store.find_again()


# ---- everything ----

def print_table(run):
    columns = ["conformance", "session", "lost in a handshake",
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
                                    ("sessions", check_sessions),
                                    ("memory", search_memories),
                                    ("tool", check_tool))]
        parts += [("bad soft", check_bad_soft, (run,)),
                  ("bad pkcs11", check_bad_pkcs11, (run,)),
                  ("bad p11-kit", check_bad_p11_kit, (run,)),
                  ("bad tpm2", check_bad_tpm, (run,))]
        for name, part, given in parts:
            if arguments.only in name:
                part(*given)
        print_table(run)
    print(f"rows {run.rows} failed {run.failed}")
    return 1 if run.failed or run.rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
