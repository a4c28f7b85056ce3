# SPDX-License-Identifier: Apache-2.0
"""What the tests of key stores share: store_probe on a store, and the rows."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "session"))

import stores  # noqa: E402

if stores.missing():
    print("missing: " + ", ".join(stores.missing()))
    sys.exit(77)
try:
    from cryptography.hazmat.primitives.asymmetric import ec
    import peers
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


class PublicOnly:
    """A key of which only the public half is known, for a certificate."""

    def __init__(self, point):
        self.point = point

    def public_key(self):
        return ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes.fromhex(self.point))
