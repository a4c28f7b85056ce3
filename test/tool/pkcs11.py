# SPDX-License-Identifier: Apache-2.0
"""usage: pkcs11.py TOOL

The host tool with keys in a token: SoftHSM's, in a temporary folder. What it
signs is verified by python3-cryptography; what is wrong is refused with exit 2
and one line that does not show the PIN. Exit 1: a check failed.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(sys.argv[1])
PIN = "271828"
UUID = "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe"
failed = 0


def check(what, good):
    global failed
    if not good:
        failed += 1
        print(f"FAILED: {what}")


def run(*words, pin=None):
    env = {k: v for k, v in os.environ.items() if k != "PAWL_PIN"}
    if pin is not None:
        env["PAWL_PIN"] = pin
    return subprocess.run([TOOL, *words], env=env, capture_output=True,
                          text=True, timeout=30, check=False)


def works(what, *words, pin=None):
    done = run(*words, pin=pin)
    check(f"{what}: {done.returncode} {done.stderr}",
          done.returncode == 0 and done.stderr == "")
    return done.stdout


def refused(what, part, *words, pin=None):
    """Exit 2, one line with a part that tells why, and no PIN in it."""
    before = read("m") if os.path.exists("m") else b""
    done = run(*words, pin=pin)
    said = done.stderr
    check(f"{what}: {done.returncode} {said}",
          done.returncode == 2 and said.count("\n") == 1 and part in said)
    check(f"{what}: the PIN is shown", PIN not in said + done.stdout and
          "314159" not in said + done.stdout)
    check(f"{what}: the envelope changed",
          not before or read("m") == before)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text, mode="w"):
    with open(path, mode) as file:
        file.write(text)


def signed_by(path, blocks, payload, aad=b""):
    """How many of the COSE_Sign1 a key of a PEM file has signed."""
    key = serialization.load_pem_public_key(read(path))
    count = 0
    for block in blocks:
        protected, _, _, raw = cbor2.loads(block).value
        message = cbor2.dumps(["Signature1", protected, aad, payload])
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(utils.encode_dss_signature(
                    int.from_bytes(raw[:32], "big"),
                    int.from_bytes(raw[32:], "big")), message,
                    ec.ECDSA(hashes.SHA256()))
            else:
                key.verify(raw, message)
            count += 1
        except InvalidSignature:
            pass
    return count


def envelope_signed_by(path):
    envelope = cbor2.loads(read("m"))
    envelope = getattr(envelope, "value", envelope)
    wrapper = cbor2.loads(envelope[2])
    digest = cbor2.loads(wrapper[0])
    head = cbor2.dumps(envelope[3])
    check("the digest is the manifest's",
          digest[1] == hashlib.sha256(head).digest())
    return signed_by(path, wrapper[1:], wrapper[0])


def make_token(label):
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label,
                    "--pin", PIN, "--so-pin", "161803"],
                   check=True, capture_output=True)


def make_foreign_key(label, kind, key_id, *more):
    """A key made by another tool. False: the token cannot."""
    return subprocess.run(
        ["pkcs11-tool", "--module", MODULE, "--token-label", "one", "--login",
         "--pin", PIN, "--keypairgen", "--key-type", kind, "--label", label,
         "--id", key_id, *more], capture_output=True,
        check=False).returncode == 0


def make_inputs():
    write("d.json", json.dumps({
        "sequence": 2, "vendor_id": UUID, "class_id": UUID,
        "components": [{"id": ["00"], "image": "pin",
                        "uri": "https://fw.example.com/v2.bin"}]}))
    write("pin", PIN + "\n")
    make_token("one")
    make_token("two")
    works("file key", "key", "generate", "-o", "f.pem")
    works("its public half", "key", "public", "f.pem", "-o", "f.pub")
    works("create", "manifest", "create", "d.json", "-o", "m")


ONE = "pkcs11:token=one"
KEY = ONE + ";object=k"
for candidate in ("/usr/lib/softhsm/libsofthsm2.so",
                  "/usr/local/lib/softhsm/libsofthsm2.so"):
    if os.path.exists(candidate):
        MODULE = candidate
        break
else:
    print("SoftHSM's module was not found")
    sys.exit(77)


def test_signing():
    works("generate", "key", "generate", "-o", KEY, pin=PIN)
    works("public", "key", "public", KEY, "-o", "k.pub")
    works("sign by both", "manifest", "sign", "m", "--key", KEY, "--key",
          "f.pem", pin=PIN)
    check("the token has signed", envelope_signed_by("k.pub") == 1)
    check("the file's key has signed", envelope_signed_by("f.pub") == 1)
    works("verify", "manifest", "verify", "m", "--key", KEY, "--key", "f.pub")
    before = read("m")
    works("sign twice", "manifest", "sign", "m", "--key", KEY, pin=PIN)
    check("nothing changed", read("m") == before)
    check("another key did not sign: verify refuses", run(
        "manifest", "verify", "m", "--key", "g.pub").returncode != 0)


def test_other_pins_and_modules():
    """Each makes a signature of its own on a fresh envelope."""
    source = f"{KEY}?pin-source=file:{os.getcwd()}/pin"
    for what, uri in (("pin-source", source),
                      ("pin-value", f"{KEY}?pin-value={PIN}"),
                      ("module-path", f"{source}&module-path={MODULE}"),
                      ("type=private", f"{KEY};type=private?pin-value={PIN}")):
        works("create", "manifest", "create", "d.json", "-o", "m")
        works(what, "manifest", "sign", "m", "--key", uri)
        check(what, envelope_signed_by("k.pub") == 1)


def test_foreign_keys():
    """Keys of OpenSC's tool: a P-256 one by its id, and one of Ed25519."""
    works("create", "manifest", "create", "d.json", "-o", "m")
    check("pkcs11-tool", make_foreign_key("p", "EC:prime256v1", "a1"))
    keys = [ONE + ";id=%A1"]
    works("Ed25519", "key", "generate", "-o", ONE + ";object=e",
          "--algorithm", "ed25519", pin=PIN)
    keys.append(ONE + ";object=e")
    for key in keys:
        works("sign", "manifest", "sign", "m", "--key", key, pin=PIN)
        works("public", "key", "public", key, "-o", "o.pub")
        check(f"{key} has signed", envelope_signed_by("o.pub") == 1)
    rows = json.loads(works("list", "key", "list", ONE, "--json", pin=PIN))
    check("the list has both halves", sorted(
        (row["object"], row["type"]) for row in rows["keys"]) == sorted(
            (name, kind) for name in "kpe" for kind in ("private", "public")))


def test_trust():
    write("t.json", json.dumps({
        "version": 1, "root_threshold": 1, "roots": ["k.pub"],
        "signer_threshold": 1,
        "anchors": [{"certificate": "ca.pem", "roles": ["server"]}],
        "issued": 0, "expires": 0, "signers": [
            {"key": "k.pub", "components": ["*"], "retired": False}]}))
    subprocess.run(["openssl", "req", "-x509", "-key", "f.pem", "-subj",
                    "/CN=test", "-days", "2", "-out", "ca.pem"],
                   check=True, capture_output=True)
    works("trust create", "trust", "create", "t.json", "-o", "t")
    works("trust sign", "trust", "sign", "t", "--key", KEY, pin=PIN)
    works("trust verify", "trust", "verify", "t")
    write("t2.json", read("t.json").replace(b'["k.pub"]',
                                            f'["{KEY}"]'.encode()), "wb")
    refused("a URI in a description", "names files", "trust", "create",
            "t2.json", "-o", "t2")
    check("nothing was written", not os.path.exists("t2"))


def test_refusals():
    check("RSA", make_foreign_key("r", "rsa:2048", "b1"))
    check("a second k", make_foreign_key("k2", "EC:prime256v1", "c1") and
          make_foreign_key("k2", "EC:prime256v1", "c2"))
    sign = ("manifest", "sign", "m", "--key")
    refused("wrong PIN", "PIN is wrong", *sign, KEY, pin="314159")
    refused("wrong PIN of the URI", "PIN is wrong", *sign,
            KEY + "?pin-value=314159", pin=PIN)
    refused("no PIN", "PAWL_PIN", *sign, KEY)
    refused("missing object", "no such private key", *sign,
            ONE + ";object=none", pin=PIN)
    refused("missing public object", "no such public key", "key", "public",
            ONE + ";object=none")
    refused("missing token", "no such token", *sign,
            "pkcs11:token=none;object=k", pin=PIN)
    refused("several tokens", "tokens match", *sign,
            "pkcs11:manufacturer=SoftHSM%20project;object=k", pin=PIN)
    refused("several objects", "several private keys", *sign,
            ONE + ";object=k2", pin=PIN)
    refused("RSA", "P-256 or Ed25519", *sign, ONE + ";object=r", pin=PIN)
    refused("one good key of two", "no such token", *sign, "f.pem", "--key",
            "pkcs11:token=none", pin=PIN)
    refused("public key", "type=", *sign, KEY + ";type=public", pin=PIN)
    refused("module", "cannot be loaded", *sign,
            f"{KEY}?module-path=/none.so&pin-value={PIN}")
    refused("no URI", "RFC 7512", *sign, f"pkcs11:%?pin-value={PIN}")
    refused("unknown attribute", "unknown", *sign,
            f"pkcs11:tokn=one?pin-value={PIN}")
    refused("a word too many", "too many", "key", "public", "f.pem",
            f"{KEY}?pin-value={PIN}")
    refused("no such PIN file", "none", *sign, KEY + "?pin-source=file:none")
    refused("a command for a PIN", "file", *sign, KEY + "?pin-source=%7Ccat")
    refused("same name", "such a key", "key", "generate", "-o", KEY, pin=PIN)
    refused("no name", "object=", "key", "generate", "-o", ONE, pin=PIN)


def test_pin_for_each_signature():
    """CKA_ALWAYS_AUTHENTICATE: the token wants the PIN again each time."""
    check("pkcs11-tool --always-auth",
          make_foreign_key("a", "EC:prime256v1", "d1", "--always-auth"))
    works("create", "manifest", "create", "d.json", "-o", "m")
    works("sign", "manifest", "sign", "m", "--key", ONE + ";object=a",
          pin=PIN)
    works("public", "key", "public", ONE + ";object=a", "-o", "a.pub")
    check("it has signed", envelope_signed_by("a.pub") == 1)


def test_what_softhsm_never_shows():
    """A module over SoftHSM's, which differs from it in one thing."""
    flags = subprocess.run(["pkg-config", "--cflags", "p11-kit-1"],
                           capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run(
        ["cc", "-shared", "-fPIC", *flags,
         os.path.join(HERE, "defective_module.c"), "-o", "defective.so",
         "-ldl"], check=True)
    os.environ["PAWL_TEST_MODULE"] = MODULE
    uri = f"{KEY}?module-path={os.getcwd()}/defective.so"
    sign = ("manifest", "sign", "m", "--key", uri)
    make = ("key", "generate", "-o", uri.replace("object=k", "object=new"))
    works("create", "manifest", "create", "d.json", "-o", "m")
    for defect, words, says in (
            ("locked-flag", sign, "the PIN is locked: unlock it"),
            ("locked-flag", make, "the PIN is locked: unlock it"),
            ("locked-login", sign, "the PIN is locked: unlock it"),
            ("locked-login", make, "the PIN is locked: unlock it"),
            ("no-ecdsa", sign, "no mechanism CKM_ECDSA"),
            ("no-generation", make, "no such mechanism")):
        os.environ["PAWL_TEST_DEFECT"] = defect
        refused(f"{defect}, {words[0]}", says, *words, pin=PIN)
    os.environ["PAWL_TEST_DEFECT"] = ""
    works("without a defect it is a good module", *sign, pin=PIN)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("tokens")
        write("softhsm2.conf", f"directories.tokendir = {folder}/tokens\n"
              "log.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = folder + "/softhsm2.conf"
        make_inputs()
        works("another", "key", "generate", "-o", "g.pem")
        works("another's", "key", "public", "g.pem", "-o", "g.pub")
        test_signing()
        test_other_pins_and_modules()
        test_foreign_keys()
        test_trust()
        test_refusals()
        test_pin_for_each_signature()
        test_what_softhsm_never_shows()
        os.chdir("/")
    sys.exit(1 if failed else 0)


main()
