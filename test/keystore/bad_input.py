# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with each key store."""

import json
import os
import pathlib
import subprocess

import stores
from harness import DIGEST, Probe, make_store, says


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


def check_pin_each_time(run, store, failing):
    """A key that wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE),
    beside one that does not."""
    pin = pathlib.Path(store.folder, "pin")
    pkcs11_tool(store, "--keypairgen", "--key-type", "EC:prime256v1", "--label",
                "test-ldevid-a", "--id", "a4", "--always-auth")
    failing.asks("")
    failing.logins()
    with Probe(run, store, failing.name, **failing.env) as probe:
        run.row("pkcs11", "a key that wants the PIN each time",
                says(probe.say("sign 1 " + DIGEST), "PAWL_OK") and
                failing.logins() == 2)
        pin.write_text("314159\n")
        answers = [probe.say("sign 1 " + DIGEST) for _ in range(3)]
        run.row("pkcs11", "a wrong one is tried once, other keys sign on",
                all(says(each, "PAWL_ERR_KEYSTORE", "PIN is wrong")
                    for each in answers) and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK") and
                says(probe.say("sign 1 " + DIGEST), "PAWL_ERR_KEYSTORE") and
                failing.logins() == 1, answers[-1]["reason"])
        pin.write_text(stores.PIN + "\n")
        run.row("pkcs11", "and again after the store was reopened",
                says(probe.say("reopen"), "PAWL_OK") and
                says(probe.say("sign 1 " + DIGEST), "PAWL_OK"))
        for code in ("0x20", "0x30", "0x101"):
            failing.asks(f"again {code}\nonce 1\n")
            answer = probe.say("sign 1 " + DIGEST)
            run.row("pkcs11", f"a login for one use that failed ({code})",
                    (code == "0x101" or says(answer, "PAWL_ERR_KEYSTORE")) and
                    says(probe.say("sign 1 " + DIGEST), "PAWL_OK") and
                    says(probe.say("sign 0 " + DIGEST), "PAWL_OK"),
                    answer["reason"])
        failing.logins()
        failing.asks("flags 0x20000\n")
        run.row("pkcs11", "last try: none is tried for one use either",
                says(probe.say("sign 1 " + DIGEST), "PAWL_ERR_KEYSTORE",
                     "would lock") and failing.logins() == 0)
        failing.asks("")
        run.row("pkcs11", "and the key signs once the token is at ease",
                says(probe.say("sign 1 " + DIGEST), "PAWL_OK"))
        probe.say("destroy 1")


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


def check_sealing(run, store, failing):
    """A token that fails is told from what it has not sealed."""
    secret = "5a" * 48
    with Probe(run, store, failing.name, **failing.env) as probe:
        for what, asked, status, reason in (
                ("read-only: no key for sealing is made", "flags 0x2",
                 "PAWL_ERR_KEYSTORE", "write-protected"),
                ("full: nor there", "C_GenerateKey 0x31", "PAWL_ERR_FULL",
                 "full"),
                ("nor one that can be read", "extractable 1",
                 "PAWL_ERR_KEYSTORE", "can be read"),
                ("fails while it seals", "C_Encrypt 0x30",
                 "PAWL_ERR_KEYSTORE", "broken")):
            failing.asks(asked + "\n")
            opened = probe.say("reopen")
            answer = probe.say("seal 256 " + secret)
            run.row("pkcs11", what, says(opened, "PAWL_OK") and
                    says(answer, status, reason), answer["reason"])
        failing.asks("")
        sealed = probe.say("seal 256 " + secret)["data"]
        for what, asked, status in (
                ("damage by its name", "C_Decrypt 0x40", "PAWL_ERR_SIGNATURE"),
                ("general error, and it works", "C_Decrypt 0x5\nonce 1",
                 "PAWL_ERR_SIGNATURE"),
                ("general error, and always", "C_Decrypt 0x5",
                 "PAWL_ERR_KEYSTORE"),
                ("removed while it unseals", "C_Decrypt 0x32",
                 "PAWL_ERR_KEYSTORE")):
            failing.asks(asked + "\n")
            answer = probe.say("unseal 256 " + sealed)
            failing.asks("")
            again = probe.say("unseal 256 " + sealed)
            run.row("pkcs11", what, says(answer, status) and
                    answer["data"] == "" and again["data"] == secret,
                    f"{answer['status']}, {answer['reason']}")
    failing.asks("without 0x1087\n")
    with Probe(run, store, failing.name, **failing.env) as probe:
        run.row("pkcs11", "without AES-GCM nothing is sealed",
                says(probe.say("seal 256 " + secret), "PAWL_ERR_UNSUPPORTED")
                and says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    failing.asks("")


def check_foreign_keys(run, store):
    """Keys that other tools have put into the token."""
    pkcs11_tool(store, "--keypairgen", "--key-type", "EC:secp384r1", "--label",
                "test-ldevid-a", "--id", "a1")
    with Probe(run, store) as probe:
        run.row("pkcs11", "a key of another curve",
                says(probe.say("point 1"), "PAWL_ERR_KEYSTORE", "P-256") and
                says(probe.say("sign 1 " + DIGEST), "PAWL_ERR_KEYSTORE",
                     "P-256") and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
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
        check_pin_each_time(run, store, failing)
        check_failures(run, store, failing)
        check_sealing(run, store, failing)
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
    with Probe(run, store) as probe:
        answers = [probe.say("seal 256 5a"), probe.say("seal 256 5a")]
        run.row("tpm2", "nor is anything sealed, but keys sign",
                all(says(each, "PAWL_ERR_KEYSTORE", "value is wrong")
                    for each in answers) and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    with Probe(run, store, PAWL_OWNER_AUTH="secret") as probe:
        sealed = probe.say("seal 256 5a")
        run.row("tpm2", "with it, it is", says(sealed, "PAWL_OK") and probe.say(
            "unseal 1 " + sealed["data"])["data"] == "5a")
        run.row("tpm2", "the owner's authorisation is given",
                says(probe.say("generate 0"), "PAWL_OK") and
                says(probe.say("sign 0 " + DIGEST), "PAWL_OK"))
    store.tool("tpm2_changeauth", "-c", "o", "-p", "secret")


def crowd(store):
    """Takes all of the TPM's memory for transient objects."""
    for _ in range(10):
        try:
            store.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc",
                       "-c", "left")
        except subprocess.CalledProcessError:
            return


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
        with Probe(run, store) as probe:
            for call in ("sign 0 " + DIGEST, "generate 1", "reopen"):
                crowd(store)
                answer = probe.say(call)
                run.row("tpm2", "memory that a killed process took: " +
                        call.split()[0], says(answer, "PAWL_OK"),
                        answer["status"])
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
