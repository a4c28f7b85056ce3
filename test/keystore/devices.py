# SPDX-License-Identifier: Apache-2.0
"""The host tool's devices, with their keys in each key store."""

import json
import os
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import peers
import pki
import stores
from harness import PublicOnly, make_store


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
