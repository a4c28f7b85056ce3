#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the host tool: tool.py PATH-OF-PAWL. Exit: 0 all passed, 1 not.

A row for each command line: its exit code (0 done, 1 refused, 2 wrong command
line or file), exactly one line on standard error unless it is 0, and nothing
left behind by what failed. What it signs is verified with cbor2 and
python3-cryptography, which share no code with it.
"""
import base64
import datetime
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import uuid

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    encode_dss_signature)
from cryptography import x509
from cryptography.x509.oid import NameOID

DONE, REFUSED, USAGE = 0, 1, 2
VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "vendor.example")
CLASS = uuid.uuid5(VENDOR, "class")
IMAGE = bytes(range(256)) * 20
AAD_TRUST = b"pawl-trust-v1"


class Test:
    def __init__(self, tool):
        self.tool = tool
        self.folder = tempfile.mkdtemp()
        self.passed = self.failed = 0

    # ---- helpers ----

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def check(self, what, holds, note=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED: %s %s" % (what, note))

    def listing(self):
        return sorted(os.listdir(self.folder))

    def pawl(self, code, *args, says=None, what=None):
        """Runs the tool in the folder, and judges how it ends."""
        before = self.listing()
        run = subprocess.run([self.tool, *args], cwd=self.folder,
                             stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=60)
        error = run.stderr.decode(errors="replace")
        name = what or "pawl " + " ".join(a or "''" for a in args)[:100]
        self.check(name, run.returncode == code,
                   "exit %d, not %d: %s" % (run.returncode, code, error))
        if code == DONE:
            self.check(name, error == "", "says: " + error)
        else:
            self.check(name, error.count("\n") == 1 and
                       error.startswith("pawl: ") and len(error) > 10,
                       "not one line of error: %r" % error)
            self.check(name, self.listing() == before,
                       "left behind: %s" % (set(self.listing()) - set(before)))
            if says is not None:
                self.check(name, says in error, "says: " + error)
        return run.stdout

    # ---- material ----

    def keys(self):
        for name, algorithm in (("root", "es256"), ("root2", "ed25519"),
                                ("signer", "es256"), ("second", "ed25519"),
                                ("stranger", "es256")):
            self.pawl(DONE, "key", "generate", "-o", name + ".pem",
                      "--algorithm", algorithm)
            self.pawl(DONE, "key", "public", name + ".pem", "-o",
                      name + ".pub.pem")
            mode = stat.S_IMODE(os.stat(self.path(name + ".pem")).st_mode)
            self.check("a key is its owner's alone", mode == 0o600, oct(mode))
            private = serialization.load_pem_private_key(
                self.read(name + ".pem"), None)
            public = serialization.load_pem_public_key(
                self.read(name + ".pub.pem"))
            spki = (serialization.Encoding.DER,
                    serialization.PublicFormat.SubjectPublicKeyInfo)
            self.check("the public half belongs to the key",
                       private.public_key().public_bytes(*spki) ==
                       public.public_bytes(*spki))

    def anchor(self):
        """A certificate of an authority, for the trust document."""
        import datetime
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(
            x509.oid.NameOID.COMMON_NAME, "anchor")])
        now = datetime.datetime(2026, 1, 1)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(7)
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(True, None), True)
            .sign(key, hashes.SHA256()))
        self.write("ca.pem",
                   certificate.public_bytes(serialization.Encoding.PEM))

    def trust_description(self, **changes):
        description = {
            "version": 1, "root_threshold": 1, "roots": ["root.pub.pem"],
            "signer_threshold": 1,
            "signers": [{"key": "signer.pub.pem", "components": ["*"]}],
            "anchors": [{"certificate": "ca.pem", "roles": ["server"]}],
        }
        description.update(changes)
        return json.dumps({k: v for k, v in description.items()
                           if v is not None})

    def manifest_description(self, component=None, **changes):
        one = {"id": ["00"], "image": "v.bin",
               "uri": "https://fw.example/v.bin", "security_counter": 2,
               **(component or {})}
        description = {
            "sequence": 2, "vendor_id": str(VENDOR), "class_id": str(CLASS),
            "components": [{k: v for k, v in one.items() if v is not None}],
        }
        description.update(changes)
        return json.dumps({k: v for k, v in description.items()
                           if v is not None})

    # ---- what every command does with a wrong command line ----

    def command_lines(self):
        self.pawl(USAGE, says="pawl --help")
        for args in (["nonsense"], ["key"], ["key", "nonsense"],
                     ["nonsense", "create"], ["--nonsense"],
                     ["", ""], ["key", "--nonsense"]):
            self.pawl(USAGE, *args)
        rows = [
            (["key", "generate"], "-o"),
            (["key", "generate", "-o"], "-o"),
            (["key", "generate", "-o", "x", "--algorithm", "rsa"], "rsa"),
            (["key", "generate", "-o", "x", "--nonsense"], "--nonsense"),
            (["key", "generate", "-o", "x", "-o", "y"], None),
            (["key", "generate", "-o", "x", "more"], None),
            (["key", "public"], None),
            (["trust", "create", "trust.json"], "-o"),
            (["trust", "create", "-o", "x"], None),
            (["trust", "sign", "t.cbor"], "--key"),
            (["trust", "show"], None),
            (["trust", "verify"], None),
            (["manifest", "create", "m.json"], "-o"),
            (["manifest", "sign", "m.suit"], "--key"),
            (["manifest", "verify", "m.suit"], "--key"),
            (["manifest", "show"], None),
            (["device", "provision", "dir"], "--"),
            (["device", "csr", "dir"], "-o"),
            (["device", "install-cert", "dir"], None),
            (["device", "show"], None),
            (["update", "show"], None),
            (["update", "announce", "-o", "x"], "--uri"),
            (["update", "announce", "--uri", "https://a/b"], "-o"),
        ]
        for args, says in rows:
            self.pawl(USAGE, *args, says=says)
        for args in (["--help"], ["key", "generate", "--help"],
                     ["device", "provision", "x", "-h"]):
            out = self.pawl(DONE, *args)
            self.check("help is shown", out.startswith(b"Usage: pawl"))

    def unreadable_files(self):
        self.write("empty", b"")
        self.write("noise", bytes(range(200)))
        os.mkdir(self.path("folder"))
        for name in ("missing", "folder", "empty", "noise"):
            for args in (["key", "public", name],
                         ["trust", "create", name, "-o", "x"],
                         ["trust", "sign", "t.cbor", "--key", name],
                         ["manifest", "create", name, "-o", "x"],
                         ["manifest", "sign", "m.suit", "--key", name],
                         ["manifest", "verify", "m.suit", "--key", name]):
                self.pawl(USAGE, *args)
            # A file that can be read, and is none of ours, is refused.
            code = REFUSED if name in ("empty", "noise") else USAGE
            for args in (["trust", "show", name], ["trust", "verify", name],
                         ["trust", "sign", name, "--key", "root.pem"],
                         ["manifest", "show", name],
                         ["manifest", "sign", name, "--key", "signer.pem"],
                         ["manifest", "verify", name, "--key",
                          "signer.pub.pem"],
                         ["manifest", "verify", "m.suit", "--trust", name]):
                self.pawl(code, *args)
            for args in (["device", "show", name], ["update", "show", name],
                         ["device", "csr", name, "-o", "x"]):
                self.pawl(USAGE, *args)
        self.pawl(USAGE, "key", "generate", "-o", "nowhere/key.pem")
        before = self.read("root.pem")
        self.pawl(USAGE, "key", "generate", "-o", "root.pem", says="exists",
                  what="a private key is never replaced")
        self.check("the key is what it was", self.read("root.pem") == before)
        os.symlink("root.pem", self.path("alias"))
        self.pawl(USAGE, "key", "generate", "-o", "alias", says="exists",
                  what="nor one that a link leads to")
        self.check("that key is what it was", self.read("root.pem") == before)
        self.pawl(USAGE, "trust", "create", "trust.json", "-o", "nowhere/x")
        self.pawl(USAGE, "trust", "create", "trust.json", "-o", "folder",
                  what="a folder where a file should be written")
        self.pawl(USAGE, "trust", "sign", "t.cbor", "--key", "root.pub.pem",
                  what="a public key cannot sign")

    # ---- trust ----

    def trust(self):
        self.write("trust.json", self.trust_description())
        self.pawl(DONE, "trust", "create", "trust.json", "-o", "t.cbor")
        self.pawl(REFUSED, "trust", "verify", "t.cbor",
                  what="an unsigned document is not trusted")
        unsigned = self.read("t.cbor")
        self.pawl(DONE, "trust", "sign", "t.cbor", "--key", "root.pem")
        self.pawl(DONE, "trust", "verify", "t.cbor")
        signed = self.read("t.cbor")
        self.check("signing adds", len(signed) > len(unsigned))
        self.pawl(DONE, "trust", "sign", "t.cbor", "--key", "root.pem")
        self.check("signing twice changes nothing",
                   self.read("t.cbor") == signed)
        # Who is no root may be one of the document before; alone he counts
        # for nothing.
        self.write("u.cbor", unsigned)
        self.pawl(DONE, "trust", "sign", "u.cbor", "--key", "stranger.pem")
        self.pawl(REFUSED, "trust", "verify", "u.cbor",
                  what="a document that only a stranger has signed")
        self.trust_by_others(signed)
        shown = json.loads(self.pawl(DONE, "trust", "show", "t.cbor",
                                     "--json"))
        self.check("the version is shown", shown.get("version") == 1, shown)
        self.trust_damaged(signed)
        self.trust_successor()

    def trust_by_others(self, signed):
        """The signature is right by doc/SPEC.md, "Trust document"."""
        document, *signatures = cbor2.loads(signed)
        self.check("one signature", len(signatures) == 1)
        message = cbor2.loads(signatures[0])
        self.check("it is a COSE_Sign1", message.tag == 18)
        content = cbor2.loads(document)
        signer = self.point("signer.pub.pem")
        anchor = x509.load_pem_x509_certificate(self.read("ca.pem"))
        self.check("the document says what was described", content == {
            1: 1, 2: 1, 3: 1,
            4: [[content[4][0][0], self.point("root.pub.pem")]],
            5: 1, 6: [[content[6][0][0], signer, [[]], False]],
            7: [[2, anchor.public_bytes(serialization.Encoding.DER)]]},
            content)
        self.check("it is deterministic",
                   cbor2.dumps(content, canonical=True) == document)
        self.verify_es256("root.pub.pem", message.value, AAD_TRUST, document)
        try:
            self.raw_verify("stranger.pub.pem", message.value, AAD_TRUST,
                            document)
            self.check("another key does not verify it", False)
        except InvalidSignature:
            self.check("another key does not verify it", True)

    def point(self, name):
        key = serialization.load_pem_public_key(self.read(name))
        return key.public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint)

    def raw_verify(self, public, sign1, aad, payload):
        protected, _, attached, signature = sign1
        assert attached is None and len(signature) == 64
        to_be_signed = cbor2.dumps(["Signature1", protected, aad, payload])
        key = serialization.load_pem_public_key(self.read(public))
        key.verify(encode_dss_signature(
            int.from_bytes(signature[:32], "big"),
            int.from_bytes(signature[32:], "big")),
            to_be_signed, ec.ECDSA(hashes.SHA256()))
        return cbor2.loads(protected)

    def verify_es256(self, public, sign1, aad, payload):
        try:
            header = self.raw_verify(public, sign1, aad, payload)
            self.check("its algorithm is ES256", header.get(1) in (-7, -9),
                       header)
        except (InvalidSignature, AssertionError) as e:
            self.check("the signature verifies elsewhere", False, repr(e))

    def trust_damaged(self, signed):
        for length in range(0, len(signed), 7):
            self.write("cut", signed[:length])
            self.pawl(REFUSED, "trust", "verify", "cut",
                      what="a document cut at %d" % length)
        for at in range(0, len(signed), 13):
            flipped = bytearray(signed)
            flipped[at] ^= 0x04
            self.write("cut", bytes(flipped))
            self.pawl(REFUSED, "trust", "verify", "cut",
                      what="a document with a bit flipped at %d" % at)
        self.write("cut", signed + b"\0")
        self.pawl(REFUSED, "trust", "verify", "cut",
                  what="a document with something behind")

    def trust_successor(self):
        self.write("trust2.json", self.trust_description(
            version=2, roots=["root2.pub.pem"]))
        self.pawl(DONE, "trust", "create", "trust2.json", "-o", "t2.cbor")
        self.pawl(USAGE, "trust", "sign", "t2.cbor", "--key", "root2.pem",
                  what="a successor is not signed without what it replaces")
        self.pawl(DONE, "trust", "sign", "t2.cbor", "--key", "root2.pem",
                  "--after", "t.cbor")
        self.pawl(DONE, "trust", "verify", "t2.cbor")
        self.pawl(REFUSED, "trust", "verify", "t2.cbor", "--after", "t.cbor",
                  what="the old root has not signed its successor")
        self.pawl(REFUSED, "trust", "verify", "t.cbor", "--after", "t2.cbor",
                  what="version 1 does not follow version 2")
        self.pawl(REFUSED, "trust", "verify", "t.cbor", "--after", "t.cbor",
                  what="a document does not follow itself")
        self.pawl(DONE, "trust", "sign", "t2.cbor", "--key", "root.pem",
                  "--after", "t.cbor")
        self.pawl(DONE, "trust", "verify", "t2.cbor", "--after", "t.cbor")
        self.trust_without_a_way()
        self.trust_announcement()
        self.trust_owner()

    def trust_without_a_way(self):
        """What a device would refuse is not even signed."""
        signer = {"key": "signer.pub.pem", "components": ["01"]}
        for name, version, changes, what in (
                ("gap", 3, {}, "a version is left out"),
                ("old", 1, {}, "the version is no higher"),
                ("way", 2, {"signers": [signer]},
                 "component 00 would have no signer")):
            self.write("bad.json", self.trust_description(
                version=version, **changes))
            self.pawl(DONE, "trust", "create", "bad.json", "-o", name)
            before = self.read(name)
            self.pawl(REFUSED, "trust", "sign", name, "--key", "root.pem",
                      "--after", "t.cbor", what=what)
            self.check("nothing was signed: " + what,
                       self.read(name) == before)

    def trust_owner(self):
        """By doc/SPEC.md, "Trust document", read and verified elsewhere."""
        self.write("owned.json", self.trust_description(owner={
            "key": "stranger.pub.pem", "roles": ["server", "download"]}))
        self.pawl(DONE, "trust", "create", "owned.json", "-o", "owned.cbor")
        content = cbor2.loads(cbor2.loads(self.read("owned.cbor"))[0])
        self.check("the owner's right is in the document", content[10][1:] ==
                   [self.point("stranger.pub.pem"), 6], content)
        shown = json.loads(self.pawl(DONE, "trust", "show", "owned.cbor",
                                     "--json"))
        self.check("and shown", shown["owner"]["roles"] ==
                   ["server", "download"], shown)
        anchors = [{"certificate": "ca.pem", "roles": ["download"]}]
        self.write("said.json", json.dumps({"version": 3,
                                            "anchors": anchors}))
        self.pawl(DONE, "trust", "own", "said.json", "--key", "stranger.pem",
                  "-o", "said.cbor")
        document, signature = cbor2.loads(self.read("said.cbor"))
        anchor = x509.load_pem_x509_certificate(self.read("ca.pem"))
        self.check("what the owner says is as specified",
                   cbor2.loads(document) == {1: 1, 2: 3, 7: [[
                       4, anchor.public_bytes(serialization.Encoding.DER)]]})
        self.verify_es256("stranger.pub.pem", cbor2.loads(signature).value,
                          b"pawl-owner-v1", document)
        for what, text in (("an unknown member", {"version": 1, "anchors":
                                                  anchors, "roots": []}),
                           ("no version", {"anchors": anchors}),
                           ("an unknown role", {"version": 1, "anchors": [
                               {"certificate": "ca.pem", "roles": ["x"]}]})):
            self.write("bad.json", json.dumps(text))
            self.pawl(USAGE, "trust", "own", "bad.json", "--key",
                      "stranger.pem", "-o", "x", what=what)

    def trust_announcement(self):
        uri = "https://fw.example/trust-{version}.cbor"
        self.pawl(DONE, "trust", "announce", "--uri", uri, "--newest", "12",
                  "-o", "announce")
        self.check("the announcement is as specified",
                   cbor2.loads(self.read("announce")) ==
                   {1: 1, 2: uri, 3: 12})
        for bad in (["--uri", "http://x/y", "--newest", "2"],
                    ["--uri", uri, "--newest", "0"],
                    ["--uri", uri, "--newest", "2x"],
                    ["--uri", uri],
                    ["--uri", "https://fw.example/" + "a" * 300,
                     "--newest", "2"]):
            self.pawl(USAGE, "trust", "announce", *bad, "-o", "x")

    def trust_descriptions(self):
        good = {"key": "signer.pub.pem", "components": ["*"]}
        rows = [
            ("unknown member", dict(verson=1)),
            ("no version", dict(version=None)),
            ("no roots", dict(roots=None)),
            ("version is text", dict(version="1")),
            ("version 0", dict(version=0)),
            ("version is negative", dict(version=-1)),
            ("roots is text", dict(roots="root.pub.pem")),
            ("roots is empty", dict(roots=[])),
            ("a root that is missing", dict(roots=["missing.pem"])),
            ("a root twice", dict(roots=["root.pub.pem", "root.pub.pem"])),
            ("threshold over the roots", dict(root_threshold=2)),
            ("threshold 0", dict(root_threshold=0)),
            ("no signer", dict(signers=[])),
            ("an unknown member of a signer",
             dict(signers=[dict(good, retird=True)])),
            ("a component that is not hex",
             dict(signers=[dict(good, components=["0g"])])),
            ("an unknown role",
             dict(anchors=[{"certificate": "ca.pem", "roles": ["servr"]}])),
            ("an anchor that is no certificate",
             dict(anchors=[{"certificate": "noise", "roles": ["server"]}])),
            ("expired before it was issued", dict(issued=200, expires=100)),
        ]
        for what, changes in rows:
            self.write("bad.json", self.trust_description(**changes))
            self.refuse_description("trust", what)
        for what, text in (("a list", "[]"), ("nothing", ""), ("cut", "{"),
                           ("something behind", "{} {}")):
            self.write("bad.json", text)
            self.refuse_description("trust", what)
            self.refuse_description("manifest", what)

        for group, text in (("trust", self.trust_description()),
                            ("manifest", self.manifest_description())):
            member = "version" if group == "trust" else "sequence"
            self.write("bad.json", text[:-1] + ', "%s": 1}' % member)
            self.refuse_description(group, "a member twice")

    def refuse_description(self, group, what):
        """A description is refused as unusable, or by a rule: not done."""
        before = self.listing()
        run = subprocess.run(
            [self.tool, group, "create", "bad.json", "-o", "bad.out"],
            cwd=self.folder, capture_output=True, timeout=60)
        error = run.stderr.decode(errors="replace")
        name = "%s description: %s" % (group, what)
        self.check(name, run.returncode in (REFUSED, USAGE),
                   "exit %d" % run.returncode)
        self.check(name, error.count("\n") == 1, "error: %r" % error)
        self.check(name, self.listing() == before, "left something behind")

    # ---- manifests ----

    def manifests(self):
        self.write("v.bin", IMAGE)
        self.write("m.json", self.manifest_description())
        self.pawl(DONE, "manifest", "create", "m.json", "-o", "m.suit")
        self.pawl(REFUSED, "manifest", "verify", "m.suit", "--key",
                  "signer.pub.pem", what="an unsigned envelope")
        self.pawl(DONE, "manifest", "sign", "m.suit", "--key", "signer.pem")
        self.pawl(DONE, "manifest", "verify", "m.suit", "--key",
                  "signer.pub.pem")
        self.pawl(DONE, "manifest", "verify", "m.suit", "--trust", "t.cbor")
        signed = self.read("m.suit")
        self.pawl(DONE, "manifest", "sign", "m.suit", "--key", "signer.pem")
        self.check("signing twice changes nothing",
                   self.read("m.suit") == signed)
        self.pawl(REFUSED, "manifest", "verify", "m.suit", "--key",
                  "stranger.pub.pem", what="the wrong key")
        self.manifest_by_others(signed)
        self.manifest_damaged(signed)
        self.manifest_of_another_digest(signed)
        self.write("s.suit", self.read("m.suit"))
        self.pawl(DONE, "manifest", "sign", "s.suit", "--key", "second.pem")
        self.pawl(DONE, "manifest", "verify", "s.suit", "--key",
                  "signer.pub.pem", "--key", "second.pub.pem")
        self.pawl(REFUSED, "manifest", "verify", "m.suit", "--key",
                  "signer.pub.pem", "--key", "second.pub.pem",
                  what="one of two has not signed")
        self.pawl(DONE, "manifest", "create", "m.json", "-o", "x.suit")
        self.pawl(DONE, "manifest", "sign", "x.suit", "--key", "stranger.pem")
        self.pawl(REFUSED, "manifest", "verify", "x.suit", "--trust", "t.cbor",
                  what="a signer that the trust document does not name")
        shown = json.loads(self.pawl(DONE, "manifest", "show", "m.suit",
                                     "--json"))
        self.check("the sequence is shown",
                   shown["manifest"]["sequence-number"] == 2, shown)
        self.what_others_wrote_is_shown_as_text()

    def what_others_wrote_is_shown_as_text(self):
        """An envelope may be anybody's: what it says moves no cursor, and
        adds no line of its own."""
        kind, odd = "https://fw.example/v.bin".encode(), (
            "x\x1b[2J\x07\nresult:\x7f \x9b é\r".encode())
        self.write("odd.suit", self.read("m.suit").replace(
            kind, odd.ljust(len(kind), b".")))
        told = self.pawl(DONE, "manifest", "show", "odd.suit").decode()
        self.check("no control character is shown", not [
            c for c in told if c != "\n" and (c < " " or
                                              "\x7f" <= c < "\xa0")], told)
        self.check("no line is made up", "\nresult:" not in told, told)
        self.check("it is shown all the same", r"x\x1b[2J\x07\x0aresult:\x7f "
                   r"\x9b é\x0d" in told, told)

    def manifest_by_others(self, signed):
        """Authentication and content, by the SUIT manifest format."""
        envelope = cbor2.loads(signed)
        self.check("the envelope has its tag", getattr(
            envelope, "tag", None) == 107)
        wrapper = cbor2.loads(envelope.value[2])
        manifest = envelope.value[3]
        digest = cbor2.loads(wrapper[0])
        self.check("the digest is SHA-256 of the manifest's bstr", digest == [
            -16, hashlib.sha256(cbor2.dumps(manifest)).digest()])
        self.check("one signature", len(wrapper) == 2)
        message = cbor2.loads(wrapper[1])
        self.check("it is a COSE_Sign1", message.tag == 18)
        self.verify_es256("signer.pub.pem", message.value, b"", wrapper[0])
        content = cbor2.loads(manifest)
        self.check("version and sequence", (content[1], content[2]) == (1, 2))
        image = hashlib.sha256(IMAGE).digest()
        for what, part in (("the image's digest", image),
                           ("vendor", VENDOR.bytes), ("class", CLASS.bytes),
                           ("URI", b"https://fw.example/v.bin")):
            self.check(what + " is in the manifest", part in manifest)

    def manifest_damaged(self, signed):
        for length in range(0, len(signed), 5):
            self.write("cut", signed[:length])
            self.pawl(REFUSED, "manifest", "verify", "cut", "--key",
                      "signer.pub.pem", what="an envelope cut at %d" % length)
        for at in range(0, len(signed), 11):
            flipped = bytearray(signed)
            flipped[at] ^= 0x10
            self.write("cut", bytes(flipped))
            self.pawl(REFUSED, "manifest", "verify", "cut", "--key",
                      "signer.pub.pem",
                      what="an envelope with a bit flipped at %d" % at)

    def manifest_of_another_digest(self, signed):
        """What is shown is what is signed: the digest in the wrapper may be
        that of a manifest which the signer has never seen."""
        envelope = cbor2.loads(signed)
        wrapper = cbor2.loads(envelope.value[2])
        right = hashlib.sha256(cbor2.dumps(envelope.value[3])).digest()
        for what, digest in (
                ("of another manifest",
                 cbor2.dumps([-16, hashlib.sha256(b"another").digest()])),
                ("without the head",
                 cbor2.dumps([-16, hashlib.sha256(envelope.value[3])
                              .digest()])),
                ("of another algorithm", cbor2.dumps([-18, right])),
                ("that is none", b"to be signed")):
            swapped = cbor2.dumps([digest])
            self.write("swapped.suit", cbor2.dumps(cbor2.CBORTag(
                107, {2: swapped, 3: envelope.value[3]})))
            before = self.read("swapped.suit")
            self.pawl(REFUSED, "manifest", "sign", "swapped.suit", "--key",
                      "signer.pem", what="a digest " + what,
                      says="digest")
            self.check("nothing was signed: a digest " + what,
                       self.read("swapped.suit") == before)
            shown = json.loads(self.pawl(DONE, "manifest", "show",
                                         "swapped.suit", "--json"))
            self.check("show says so: a digest " + what,
                       shown.get("digest_matches") is False, shown)
        self.check("the digest was right", wrapper[0] ==
                   cbor2.dumps([-16, right]))
        shown = json.loads(self.pawl(DONE, "manifest", "show", "m.suit",
                                     "--json"))
        self.check("show says that a digest is right",
                   shown.get("digest_matches") is True, shown)

    def outputs(self):
        """What -o names stays what it is: a pipe, a link to a file."""
        os.mkfifo(self.path("pipe"))
        reader = subprocess.Popen(["cat", "pipe"], cwd=self.folder,
                                  stdout=subprocess.PIPE)
        writer = subprocess.run(
            [self.tool, "key", "public", "signer.pem", "-o", "pipe"],
            cwd=self.folder, capture_output=True, timeout=60)
        still = stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode)
        self.check("a pipe is written to, not replaced",
                   writer.returncode == DONE and still, writer.stderr)
        if not still:
            reader.kill()
        self.check("and its reader gets all", reader.communicate(timeout=60)[
            0] == self.read("signer.pub.pem") or not still)
        os.remove(self.path("pipe"))
        os.mkdir(self.path("store"))
        self.write("store/real", b"old")
        os.symlink("store/real", self.path("link"))
        self.pawl(DONE, "key", "public", "signer.pem", "-o", "link")
        self.check("a link stays one", os.path.islink(self.path("link")))
        self.check("what it names is replaced", self.read("store/real") ==
                   self.read("signer.pub.pem"))
        self.check("nothing stays beside it",
                   os.listdir(self.path("store")) == ["real"])
        os.remove(self.path("link"))
        shutil.rmtree(self.path("store"))
        with open("/dev/full", "wb") as full:
            for args in (["manifest", "show", "m.suit"], ["--help"],
                         ["key", "public", "signer.pem", "-o", "-"],
                         ["manifest", "verify", "m.suit", "--key",
                          "signer.pub.pem"]):
                run = subprocess.run([self.tool, *args], cwd=self.folder,
                                     stdout=full, stderr=subprocess.PIPE,
                                     timeout=60)
                self.check("output that is lost is an error: " + args[0],
                           run.returncode == USAGE and
                           run.stderr.count(b"\n") == 1,
                           "exit %d: %s" % (run.returncode, run.stderr))

    @staticmethod
    def slots():
        return [{"image": name, "uri": "https://fw.example/" + name}
                for name in ("v.bin", "other.bin")]

    def manifest_for_slots(self):
        """Images linked for their slot: the device's slot decides which."""
        self.write("other.bin", IMAGE[::-1])
        self.write("slots.json", self.manifest_description(
            dict(slots=self.slots(), image=None, uri=None)))
        self.pawl(DONE, "manifest", "create", "slots.json", "-o", "slots.suit")
        self.pawl(DONE, "manifest", "sign", "slots.suit", "--key",
                  "signer.pem")
        for slot, name in enumerate(("v.bin", "other.bin")):
            out = self.process_slots("--component",
                                     "00,slot=%d,file=%s" % (slot, name))
            self.check("the image of slot %d passes there" % slot,
                       out[-1].get("result") == "accepted", out[-1])
            out = self.process_slots(
                "--component", "00,slot=%d,file=%s" % (1 - slot, name))
            self.check("the image of slot %d is refused elsewhere" % slot,
                       out[-1].get("reason") == "condition-failed", out[-1])
        shown = self.pawl(DONE, "manifest", "show", "slots.suit")
        for part in ("component-slot: 1", "https://fw.example/other.bin",
                     hashlib.sha256(IMAGE[::-1]).hexdigest()):
            self.check("show tells " + part, part.encode() in shown, shown)
        content = cbor2.loads(cbor2.loads(self.read("slots.suit")).value[3])
        shared = cbor2.loads(cbor2.loads(content[3])[4])
        self.check("the shared sequence tries each slot", shared[2] == 15 and [
            cbor2.loads(branch)[1] for branch in shared[3]] == [{5: 0}, {5: 1}],
            shared)

    def process_arguments(self):
        """Numbers and files that are none, and a component twice."""
        self.write("local.json", self.manifest_description(
            dict(uri="v.bin")))
        self.pawl(DONE, "manifest", "create", "local.json", "-o", "local.suit")
        self.pawl(DONE, "manifest", "sign", "local.suit", "--key",
                  "signer.pem")
        common = ["manifest", "process", "local.suit", "--key",
                  "signer.pub.pem", "--vendor-id", str(VENDOR), "--class-id",
                  str(CLASS)]
        self.pawl(DONE, *common, "--component", "00", "--sequence", "2",
                  what="the number that was accepted before")
        self.pawl(REFUSED, *common, "--component", "00", "--sequence",
                  str(2 ** 64 - 1), what="a higher one was accepted before")
        for options, says in (
                (["--component", "00", "--sequence", str(2 ** 64)],
                 "--sequence"),
                (["--component", "00", "--sequence", "2x"], "--sequence"),
                (["--component", "00,slot=%d" % 2 ** 64], "slot"),
                (["--component", "00,slot=-1"], "slot"),
                (["--component", "00", "--component", "00,slot=1"], "twice"),
                (["--component", "00,file=nowhere/out.bin"], "nowhere"),
                (["--component", "00,file=folder"], "folder")):
            self.pawl(USAGE, *common, *options, says=says,
                      what="process " + " ".join(options))

    def process_slots(self, *options):
        run = subprocess.run(
            [self.tool, "manifest", "process", "slots.suit", "--key",
             "signer.pub.pem", "--vendor-id", str(VENDOR), "--class-id",
             str(CLASS), "--procedure", "invoke", "--json", *options],
            cwd=self.folder, capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in run.stdout.split("\n") if line]

    def manifest_descriptions(self):
        self.write("zero.bin", b"")
        rows = [
            ("unknown member", {}, dict(sequenz=1)),
            ("no sequence", {}, dict(sequence=None)),
            ("sequence is text", {}, dict(sequence="2")),
            ("sequence is negative", {}, dict(sequence=-1)),
            ("no vendor", {}, dict(vendor_id=None)),
            ("a vendor that is no UUID", {}, dict(vendor_id="acme")),
            ("no components", {}, dict(components=[])),
            ("an unknown member of a component", dict(urn="x"), {}),
            ("an image that is missing", dict(image="missing"), {}),
            ("an image that is empty", dict(image="zero.bin"), {}),
            ("an id that is not hex", dict(id=["zz"]), {}),
            ("an id that is text", dict(id="00"), {}),
            ("a component twice", {}, dict(components=2 * [dict(
                id=["00"], image="v.bin", uri="https://fw.example/v")])),
            ("a text that is a number", {}, dict(text=dict(version=2))),
            ("a text that is a list", {}, dict(text=dict(description=[]))),
            ("a counter that is text", dict(security_counter="2"), {}),
            ("slots beside an image", dict(slots=self.slots()), {}),
            ("one slot", dict(slots=self.slots()[:1], image=None, uri=None),
             {}),
            ("five slots", dict(slots=self.slots() * 3, image=None, uri=None),
             {}),
            ("an unknown member of a slot", dict(
                slots=[dict(one, id=["00"]) for one in self.slots()],
                image=None, uri=None), {}),
            ("a slot without a URI", dict(
                slots=[{"image": "v.bin"}] * 2, image=None, uri=None), {}),
        ]
        for what, component, changes in rows:
            self.write("bad.json",
                       self.manifest_description(component, **changes))
            self.refuse_description("manifest", what)

    # ---- devices ----

    def configuration(self, **changes):
        rows = {"pawl_device": "1", "serial": "dev-1",
                "vendor_id": str(VENDOR), "class_id": str(CLASS),
                "endpoint": "mqtt 127.0.0.1 8883 mqtt.example"}
        rows.update(changes)
        return "".join("%s = %s\n" % row for row in rows.items()
                       if row[1] is not None)

    def devices(self):
        self.write("d.conf", self.configuration())
        good = {"--conf": "d.conf", "--trust": "t.cbor",
                "--envelope": "m.suit", "--image": "v.bin"}

        def provision(code, folder, what=None, **changes):
            options = dict(good)
            options.update({"--" + k: v for k, v in changes.items()})
            flat = [x for pair in options.items() for x in pair]
            self.pawl(code, "device", "provision", folder, *flat, what=what)

        provision(DONE, "dev")
        before = self.tree("dev")
        provision(USAGE, "dev", "a device that exists")
        self.check("it is as it was", self.tree("dev") == before)
        self.write("a-file", b"x")
        provision(USAGE, "a-file", "a file where the device should be")
        provision(USAGE, "nowhere/dev", "a folder that does not exist")
        self.write("other.bin", IMAGE[:-1] + b"x")
        self.write("t-cut", self.read("t.cbor")[:-1])
        self.write("m-cut", self.read("m.suit")[:-1])
        self.write("m2.json", self.manifest_description(
            class_id=str(uuid.uuid5(VENDOR, "other"))))
        self.pawl(DONE, "manifest", "create", "m2.json", "-o", "m2.suit")
        self.pawl(DONE, "manifest", "sign", "m2.suit", "--key", "signer.pem")
        for what, changes in (
                ("an image that was not signed", dict(image="other.bin")),
                ("a trust document cut short", dict(trust="t-cut")),
                ("an envelope cut short", dict(envelope="m-cut")),
                ("an envelope by a stranger", dict(envelope="x.suit")),
                ("an envelope for another class", dict(envelope="m2.suit"))):
            provision(REFUSED, "dev2", what, **changes)
        for what, changes in (
                ("an image that is missing", dict(image="missing")),
                ("a trust document that is missing", dict(trust="missing"))):
            provision(USAGE, "dev2", what, **changes)
        for what, text in (
                ("an unknown key", self.configuration(serail="x")),
                ("no serial", self.configuration(serial=None)),
                ("a serial with a slash", self.configuration(serial="a/b")),
                ("a vendor that is no UUID",
                 self.configuration(vendor_id="acme")),
                ("a key twice", self.configuration() + "serial = x\n"),
                ("another format", self.configuration(pawl_device="2")),
                ("a port that is none", self.configuration(
                    endpoint="mqtt 127.0.0.1 70000 mqtt.example"))):
            self.write("bad.conf", text)
            provision(USAGE, "dev2", what, conf="bad.conf")
        self.identity()
        self.line()

    # ---- a production line ----

    CERTIFY = """#!/bin/sh
[ ! -e refuse ] || case $1 in */SN-2.request.pem) exit 1 ;; esac
exec openssl x509 -req -in "$1" -out "$2" -CA factory.pem \\
    -CAkey factory.key -days 30 -extfile factory.cnf 2>/dev/null
"""
    FACTORY = ("basicConstraints=critical,CA:false\n"
               "keyUsage=critical,digitalSignature\n"
               "extendedKeyUsage=clientAuth\n")

    def given_a_factory(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", "factory.key",
             "-out", "factory.pem", "-days", "30", "-subj", "/CN=factory"],
            cwd=self.folder, check=True, capture_output=True, timeout=60)
        self.write("factory.cnf", self.FACTORY)
        self.write("certify", self.CERTIFY)
        os.chmod(self.path("certify"), 0o700)
        self.write("line.conf", self.configuration(serial=None))
        self.write("line.csv", "serial,device_id\nSN-1,%s\nSN-2\n\nSN-3\n" %
                   uuid.uuid5(VENDOR, "SN-1"))
        os.mkdir(self.path("line"))

    def provision_line(self, code, what=None, **changes):
        options = {"--conf": "line.conf", "--trust": "t.cbor",
                   "--envelope": "m.suit", "--image": "v.bin",
                   "--line": "line.csv", "--audit": "audit.log",
                   "--certify": "./certify"}
        options.update({"--" + k: v for k, v in changes.items()})
        flat = [x for pair in options.items() if pair[1] for x in pair]
        return self.pawl(code, "device", "provision", "line", *flat, what=what)

    def audit(self):
        """The lines of the audit file, whose chain is checked here anew."""
        lines = self.read("audit.log").decode().splitlines()
        before = "0" * 64
        for line in lines:
            self.check("the chain holds",
                       json.loads(line)["previous"] == before, line)
            before = hashlib.sha256(line.encode()).hexdigest()
        return [json.loads(line) for line in lines]

    def line(self):
        self.given_a_factory()
        for what, text in (("a serial twice", "SN-1\nSN-1\n"),
                           ("a path for a serial", "../x\n"),
                           ("no row", "serial\n")):
            self.write("bad.csv", text)
            self.provision_line(USAGE, what, line="bad.csv")
        self.provision_line(USAGE, "a line without an audit file", audit=None)
        self.provision_line(USAGE, "one serial for all", conf="d.conf")
        self.write("bad.csv", "SN-1\nSN-2,no-uuid\n")
        self.provision_line(USAGE, "a device id that is none", line="bad.csv")
        # What lies behind a zero byte would be left out in silence.
        self.write("bad.csv", "SN-1\nSN-2\n\0\nSN-3\n")
        self.provision_line(USAGE, "rows behind a zero byte", line="bad.csv")
        self.write("bad.conf", self.configuration(serial=None) +
                   "\0\nwall_clock = no\n")
        self.provision_line(USAGE, "a configuration behind a zero byte",
                            conf="bad.conf")
        self.check("nothing was made", os.listdir(self.path("line")) == [],
                   os.listdir(self.path("line")))
        self.write("refuse", b"")
        self.write("audit.log", b"")
        told = self.provision_line(REFUSED, "the authority refuses the second")
        self.check("it says where to go on", b"line 3 (SN-2); the 1 before" in
                   told, told)
        self.check("the first is finished",
                   [one["serial"] for one in self.audit()] == ["SN-1"])
        whole = self.tree("line/SN-1")
        os.unlink(self.path("refuse"))
        self.provision_line(DONE)
        audit = self.audit()
        self.check("the same command went on", self.tree("line/SN-1") == whole
                   and [one["serial"] for one in audit] ==
                   ["SN-1", "SN-2", "SN-3"], audit)
        self.check("no request is left",
                   sorted(os.listdir(self.path("line"))) ==
                   ["SN-1", "SN-2", "SN-3"])
        self.line_audited(audit)
        # Power failed between the certificate and the audit's line.
        third = self.tree("line/SN-3")
        self.write("audit.log", b"".join(
            self.read("audit.log").splitlines(True)[:2]))
        self.provision_line(DONE)
        self.check("a device that was finished is only noted",
                   self.tree("line/SN-3") == third and len(self.audit()) == 3)
        before = self.read("audit.log")
        self.provision_line(DONE)
        self.check("one run more changes nothing",
                   self.read("audit.log") == before)
        self.line_damaged(before)

    def line_audited(self, audit):
        for one in audit:
            shown = json.loads(self.pawl(
                DONE, "device", "show", "line/" + one["serial"], "--json"))
            self.pawl(DONE, "device", "csr", "line/" + one["serial"], "-o",
                      "line.csr")
            key = x509.load_pem_x509_csr(self.read("line.csr")).public_key()
            point = key.public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint)
            self.check("the audit names key and certificate of " +
                       one["serial"],
                       one["key"] == hashlib.sha256(point).hexdigest() and
                       one["certificates"] ==
                       [shown["identity"]["idevid"]["serial"]] and
                       one["trust"] == 1 and "@" in one["who"], one)
        self.check("the device id is noted", audit[0]["device_id"] ==
                   str(uuid.uuid5(VENDOR, "SN-1")))

    def line_damaged(self, good):
        lines = good.splitlines(True)
        for what, data in (
                ("a line of the audit that was changed",
                 good.replace(b"SN-2", b"SN-9", 1)),
                ("a line of the audit that is gone",
                 lines[0] + lines[2]),
                ("an audit that was cut", good[:-20])):
            self.write("audit.log", data)
            self.provision_line(REFUSED, what)
            self.check("it is as it was: " + what,
                       self.read("audit.log") == data)

    def tree(self, name):
        return {f: self.read(os.path.join(name, f))
                for f in sorted(os.listdir(self.path(name)))}

    def identity(self):
        self.pawl(DONE, "device", "csr", "dev", "-o", "dev.csr")
        request = x509.load_pem_x509_csr(self.read("dev.csr"))
        self.check("the request is signed with its own key",
                   request.is_signature_valid)
        names = {a.value for a in request.subject}
        self.check("it names the serial", names == {"dev-1"}, names)
        self.pawl(REFUSED, "device", "install-cert", "dev", "ca.pem",
                  what="a certificate for another key")
        self.pawl(USAGE, "device", "install-cert", "dev", "noise",
                  what="a certificate that is none")
        self.a_certificate_for_another_device(request)
        self.a_name_that_is_no_text(request)
        shown = json.loads(self.pawl(DONE, "device", "show", "dev", "--json"))
        self.check("the serial is shown", shown.get("serial") == "dev-1",
                   shown)
        self.pawl(DONE, "update", "show", "dev")
        shown = json.loads(self.pawl(DONE, "update", "show", "dev", "--json"))
        slots = {slot["slot"]: slot for slot in shown["slots"]}
        self.check("the slots are shown, and what lies in them",
                   sorted(slots) == ["A", "B"] and
                   slots["A"]["sequence"] == 2 and
                   slots["B"]["manifest"] == "none", slots)
        self.check("the security counter is shown",
                   shown["security_counter"] == 0, shown)
        kept = self.read("dev/counter")
        self.write("dev/counter", b"none\n")
        unread = json.loads(self.pawl(DONE, "update", "show", "dev", "--json"))
        self.check("a counter that cannot be read is not shown as a number",
                   unread["security_counter"] is None, unread)
        self.write("dev/counter", kept)
        self.check("the journal's wear and its frames are shown",
                   shown["journal_wear"]["bank_erases"] == 0 and
                   shown["frames"] == [] and shown["failed_trials"] == [],
                   shown)

    def certify_device(self, request, subject):
        """A certificate for the key of a request, by a factory."""
        key = ec.generate_private_key(ec.SECP256R1())
        begin = datetime.datetime(2026, 1, 1)
        return (x509.CertificateBuilder()
                .issuer_name(x509.Name([x509.NameAttribute(
                    NameOID.COMMON_NAME, "factory")]))
                .subject_name(subject)
                .public_key(request.public_key()).serial_number(77)
                .not_valid_before(begin)
                .not_valid_after(begin + datetime.timedelta(days=9999))
                .add_extension(x509.KeyUsage(
                    True, False, False, False, False, False, False, False,
                    False), critical=True)
                .sign(key, hashes.SHA256())
                .public_bytes(serialization.Encoding.DER))

    def write_pem(self, name, der):
        self.write(name, b"-----BEGIN CERTIFICATE-----\n" +
                   base64.encodebytes(der) + b"-----END CERTIFICATE-----\n")

    def a_certificate_for_another_device(self, request):
        """Right key, wrong serial number: it would be there for life."""
        self.write_pem("other-device.pem", self.certify_device(
            request, x509.Name([x509.NameAttribute(
                NameOID.SERIAL_NUMBER, "dev-10")])))
        self.pawl(REFUSED, "device", "install-cert", "dev",
                  "other-device.pem", says="another device",
                  what="a certificate for another device")
        shown = json.loads(self.pawl(DONE, "device", "show", "dev", "--json"))
        self.check("it was not stored", shown["identity"]["idevid"] is None,
                   shown)
        shutil.copytree(self.path("dev"), self.path("unnamed"))
        self.write_pem("unnamed.pem", self.certify_device(
            request, x509.Name([x509.NameAttribute(
                NameOID.COMMON_NAME, "no serial number")])))
        self.pawl(DONE, "device", "install-cert", "unnamed", "unnamed.pem",
                  what="a certificate that names no serial number")

    def a_name_that_is_no_text(self, request):
        """The factory's name is in no encoding that JSON has."""
        self.write_pem("odd.pem", self.certify_device(
            request, request.subject).replace(
                b"\x0c\x07factory", b"\x14\x07f\xe9ctory"))
        shutil.copytree(self.path("dev"), self.path("odd"))
        self.pawl(DONE, "device", "install-cert", "odd", "odd.pem")
        told = self.pawl(DONE, "device", "show", "odd", "--json")
        shown = json.loads(told) if told.strip() else {}
        self.check("the rest of it is shown", shown.get("serial") == "dev-1" and
                   shown["identity"]["idevid"]["issuer"] is None and
                   shown["identity"]["idevid"]["serial"] == "4d", told)

    def announcements(self):
        uri = "https://fw.example/v2.suit"
        self.pawl(DONE, "update", "announce", "--uri", uri, "-o", "a.cbor")
        self.check("an announcement is as specified",
                   self.read("a.cbor") == cbor2.dumps({1: 1, 2: uri}))
        for bad in ("http://fw.example/v2.suit", "nonsense", "",
                    "https://user@fw.example/x", "https://a/" + "x" * 300):
            self.pawl(USAGE, "update", "announce", "--uri", bad, "-o", "x")

    def run(self):
        try:
            self.keys()
            self.anchor()
            self.trust()
            self.manifests()
            self.command_lines()
            self.unreadable_files()
            self.outputs()
            self.trust_descriptions()
            self.manifest_for_slots()
            self.process_arguments()
            self.manifest_descriptions()
            self.devices()
            self.announcements()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        print("%d checks passed, %d failed" % (self.passed, self.failed))
        return 0 if self.failed == 0 and self.passed > 0 else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tool.py PATH-OF-PAWL")
    sys.exit(Test(os.path.abspath(sys.argv[1])).run())
