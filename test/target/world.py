# SPDX-License-Identifier: Apache-2.0
"""What a device needs around it: authorities, servers, a factory."""
import json
import os
import shutil
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "examples", "quickstart"))

import flash_image  # noqa: E402
import pki  # noqa: E402
import servers  # noqa: E402

VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "vendor.pawl.test")
CLASS = uuid.uuid5(VENDOR, "target-device")
SERIAL = "PAWL-M"
NAMES = {"est": "est.pawl.test", "mqtt": "mqtt.pawl.test",
         "fw": "fw.pawl.test"}


class World:
    """Authorities, keys and servers, in a folder of their own."""

    def __init__(self, folder, tool):
        self.folder, self.tool = folder, tool
        self.up = {}
        self.ports = {name: servers.free_port() for name in NAMES}
        os.makedirs(self.path("www"), exist_ok=True)
        self.server_ca = pki.Authority(folder, "server-ca")
        self.factory_ca = pki.Authority(folder, "factory-ca")
        self.ldevid_ca = pki.Authority(folder, "ldevid-ca")
        for label, name in NAMES.items():
            self.server_ca.issue(self.path(label), name, [pki.SERVER], [name])
        self.ldevid_ca.issue(self.path("operator"), "operator", [pki.CLIENT])
        for key in ("root", "signer"):
            self.pawl("key", "generate", "-o", self.path(key + ".pem"))
            self.pawl("key", "public", self.path(key + ".pem"), "-o",
                      self.path(key + ".pub.pem"))
        self._trust()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def pawl(self, *words):
        done = subprocess.run([self.tool, *words], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError("pawl %s: %s" % (" ".join(words[:2]),
                                                done.stderr.strip()))
        return done.stdout

    def _trust(self):
        with open(self.path("trust.json"), "w", encoding="utf-8") as f:
            json.dump({
                "version": 1, "root_threshold": 1, "roots": ["root.pub.pem"],
                "signer_threshold": 1,
                "signers": [{"key": "signer.pub.pem", "components": ["*"]}],
                "anchors": [
                    {"certificate": "server-ca.pem",
                     "roles": ["enroll", "server", "download"]},
                    {"certificate": "ldevid-ca.pem", "roles": ["enroll"]}]},
                f)
        self.pawl("trust", "create", self.path("trust.json"), "-o",
                  self.path("trust.cbor"))
        self.pawl("trust", "sign", self.path("trust.cbor"), "--key",
                  self.path("root.pem"))

    # ---- servers ----

    def start(self):
        self.up["est"] = servers.est(ROOT, self.folder, self.ports["est"],
                                     self.path("est"), self.ldevid_ca,
                                     self.factory_ca)
        self.up["mqtt"] = servers.mosquitto(
            self.folder, self.ports["mqtt"], self.path("mqtt"),
            self.ldevid_ca.pem)
        self.start_files()

    def start_files(self):
        self.up["fw"] = servers.nginx(
            self.folder, "fw", self.ports["fw"], self.path("fw"),
            self.ldevid_ca.pem, self.path("www"))

    def stop(self, label):
        server = self.up.pop(label, None)
        if server is not None:
            server.stop()

    def close(self):
        for label in list(self.up):
            self.stop(label)

    # ---- releases ----

    def release(self, name, images, sequence, counter=None):
        """Serves images (files for slot A and B) and a signed envelope."""
        described = []
        for letter, image in zip("ab", images):
            served = "%s-%s.bin" % (name, letter)
            shutil.copy(image, self.path("www", served))
            described.append({"image": served, "uri": "https://%s:%d/%s" % (
                NAMES["fw"], self.ports["fw"], served)})
        component = {"id": ["00"], "slots": described}
        if counter:
            component["security_counter"] = counter
        description = self.path("www", name + ".json")
        with open(description, "w", encoding="utf-8") as f:
            json.dump({"sequence": sequence, "vendor_id": str(VENDOR),
                       "class_id": str(CLASS), "components": [component]}, f)
        path = self.path("www", name + ".suit")
        self.pawl("manifest", "create", description, "-o", path)
        self.pawl("manifest", "sign", path, "--key", self.path("signer.pem"))
        return path

    def announce(self, name, serial=SERIAL):
        payload = self.path("announcement")
        self.pawl("update", "announce", "--uri", "https://%s:%d/%s.suit" %
                  (NAMES["fw"], self.ports["fw"], name), "-o", payload)
        operator = self.path("operator")
        subprocess.run(
            ["mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p",
             str(self.ports["mqtt"]), "--cafile", self.server_ca.pem,
             "--cert", operator + ".pem", "--key", operator + ".key",
             "--insecure", "-q", "1", "-r", "-t",
             "pawl/%s/announce" % serial, "-f", payload],
            check=True, timeout=30, capture_output=True)

    # ---- the factory ----

    def provision(self, label, envelope, image, serial=SERIAL):
        """A device with v1 in slot A and an IDevID; its flash as a file."""
        directory = self.path(label + "-device")
        conf = self.path(label + ".conf")
        endpoints = [("enroll", "127.0.0.1", self.ports["est"], NAMES["est"]),
                     ("mqtt", "127.0.0.1", self.ports["mqtt"],
                      NAMES["mqtt"]),
                     ("download", "127.0.0.1", self.ports["fw"],
                      NAMES["fw"])]
        with open(conf, "w", encoding="utf-8") as f:
            f.write(flash_image.conf(serial, VENDOR, CLASS))
        self.pawl("device", "provision", directory, "--conf", conf,
                  "--trust", self.path("trust.cbor"), "--envelope", envelope,
                  "--image", image)
        request = self.path(label + ".csr")
        self.pawl("device", "csr", directory, "-o", request)
        self.factory_ca.issue_for_request(request, self.path(label + ".pem"))
        self.pawl("device", "install-cert", directory,
                  self.path(label + ".pem"))
        flash = self.path(label + ".flash")
        flash_image.build(flash, directory, flash_image.factory(
            serial, VENDOR, CLASS,
            flash_image.read(directory, "sealing.key"), endpoints))
        return flash
