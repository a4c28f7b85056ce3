# SPDX-License-Identifier: Apache-2.0
"""A device directory made by the host tool, for tests of its sessions."""

import json
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

import pki

VENDOR = "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe"
CLASS = "1492af14-2569-5e48-bf42-9b2d51f2ab45"


def run(tool, folder, *words):
    done = subprocess.run([tool, *words], cwd=folder, capture_output=True,
                          text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pawl {' '.join(words)}: {done.stderr}")
    return done.stdout


def issue(request, issuer, begin=-pki.DAY, end=3000 * pki.DAY):
    """The factory's certificate for what a device asks for."""
    return (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(pki.NOW + begin).not_valid_after(pki.NOW + end)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, False,
                                     False, False, False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(issuer.key, hashes.SHA256()))


def make(tool, folder, name, anchors, issuer, configuration=(), **validity):
    """A device in folder/name that trusts anchors, a list of certificate and
    roles, with a certificate of issuer's, which is returned. issuer None: it
    has none."""
    folder = pathlib.Path(folder)
    files = []
    for number, (anchor, roles) in enumerate(anchors):
        (folder / f"{name}-anchor{number}.pem").write_bytes(anchor.pem())
        files.append({"certificate": f"{name}-anchor{number}.pem",
                      "roles": roles})
    if not (folder / "root.pem").exists():
        run(tool, folder, "key", "generate", "-o", "root.pem")
    run(tool, folder, "key", "public", "root.pem", "-o", "root.pub")
    (folder / "trust.json").write_text(json.dumps({
        "version": 1, "root_threshold": 1, "roots": ["root.pub"],
        "signer_threshold": 1,
        "signers": [{"key": "root.pub", "components": ["*"]}],
        "anchors": files}))
    (folder / "image").write_bytes(b"firmware" * 64)
    (folder / "manifest.json").write_text(json.dumps({
        "sequence": 1, "vendor_id": VENDOR, "class_id": CLASS,
        "components": [{"id": ["00"], "image": "image",
                        "uri": "https://fw.example/1"}]}))
    (folder / "device.conf").write_text("\n".join([
        "pawl_device = 1", f"serial = {name}", f"vendor_id = {VENDOR}",
        f"class_id = {CLASS}", *configuration, ""]))
    run(tool, folder, "trust", "create", "trust.json", "-o", "trust")
    run(tool, folder, "trust", "sign", "trust", "--key", "root.pem")
    run(tool, folder, "manifest", "create", "manifest.json", "-o", "manifest")
    run(tool, folder, "manifest", "sign", "manifest", "--key", "root.pem")
    run(tool, folder, "device", "provision", name, "--conf", "device.conf",
        "--trust", "trust", "--envelope", "manifest", "--image", "image")
    if issuer is None:
        return None
    run(tool, folder, "device", "csr", name, "-o", "device.csr")
    certificate = issue(
        x509.load_pem_x509_csr((folder / "device.csr").read_bytes()), issuer,
        **validity)
    issued = pki.Certificate(certificate, None, issuer)
    (folder / "chain.pem").write_bytes(issued.pem())
    run(tool, folder, "device", "install-cert", name, "chain.pem")
    return issued
