# SPDX-License-Identifier: Apache-2.0
"""Real key stores for tests, each in a folder of its own: SoftHSM in the
process, SoftHSM behind p11-kit's server, a TPM of swtpm. For `with`; each has
a name, as device.conf takes it, and an environment for the processes that use
it.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PIN = "271828"
SO_PIN = "161803"
MODULES = ["/usr/lib/softhsm/libsofthsm2.so",
           "/usr/lib64/pkcs11/libsofthsm2.so"]
CLIENTS = ["/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
           "/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so",
           "/usr/lib64/pkcs11/p11-kit-client.so"]


def first(paths):
    return next((path for path in paths if os.path.exists(path)), None)


def missing():
    """What these stores need and is not there; empty if nothing."""
    commands = ("softhsm2-util", "pkcs11-tool", "p11-kit", "swtpm",
                "tpm2_import", "openssl")
    absent = [each for each in commands if shutil.which(each) is None]
    if first(MODULES) is None:
        absent.append("libsofthsm2.so")
    if first(CLIENTS) is None:
        absent.append("p11-kit-client.so")
    return absent


def run(*command, env=None, **options):
    return subprocess.run(command, env=env, capture_output=True, timeout=60,
                          check=True, **options)


def end(process):
    """Ends a process that we have started, by its handle."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(what, process, seconds=10):
    give_up = time.monotonic() + seconds
    while not what():
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"{process.args[0]} does not start")
        time.sleep(0.02)


class Soft:
    """The software key store: the name is all."""
    kind = "soft"
    name = "soft"
    outside = None  # the process that has the keys

    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class SoftHsm:
    """SoftHSM in the process of who uses it."""
    kind = "pkcs11"
    outside = None

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder + "/tokens")
        conf = pathlib.Path(folder, "softhsm2.conf")
        conf.write_text(f"directories.tokendir = {folder}/tokens\n"
                        "objectstore.backend = file\nlog.level = ERROR\n",
                        encoding="utf-8")
        pin = pathlib.Path(folder, "pin")
        pin.write_text(PIN + "\n", encoding="utf-8")
        pin.chmod(0o600)
        self.env = dict(os.environ, SOFTHSM2_CONF=str(conf))
        self.module = first(MODULES)

    def __enter__(self):
        run("softhsm2-util", "--init-token", "--free", "--label", "pawl",
            "--so-pin", SO_PIN, "--pin", PIN, env=self.env)
        return self

    def uri(self, **changes):
        parts = {"token": "pawl", "object": "test", "module": self.module,
                 "pin": f"file:{self.folder}/pin", **changes}
        return (f"pkcs11:token={parts['token']};object={parts['object']}"
                f"?module-path={parts['module']}&pin-source={parts['pin']}")

    @property
    def name(self):
        return self.uri()

    def import_key(self, pem, slot="idevid"):
        """A key made elsewhere, for the search of memories."""
        run("softhsm2-util", "--import", pem, "--token", "pawl", "--pin", PIN,
            "--label", f"test-{slot}", "--id", "01", env=self.env)

    def lose(self):
        """The token is gone; SoftHSM sees that when it looks for it anew."""
        os.rename(self.folder + "/tokens", self.folder + "/away")
        os.mkdir(self.folder + "/tokens")

    def find_again(self):
        os.rmdir(self.folder + "/tokens")
        os.rename(self.folder + "/away", self.folder + "/tokens")

    def __exit__(self, *_):
        pass


class P11Kit(SoftHsm):
    """SoftHSM behind p11-kit's server: the keys are in another process."""
    kind = "p11-kit"

    def __enter__(self):
        super().__enter__()
        self.inner, self.module = self.module, first(CLIENTS)
        self.socket = self.folder + "/socket"
        self.env["P11_KIT_SERVER_ADDRESS"] = f"unix:path={self.socket}"
        self.outside = None
        self.find_again()
        return self

    def find_again(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.outside = subprocess.Popen(
            ["p11-kit", "server", "-f", "-n", self.socket, "--provider",
             self.inner, "pkcs11:token=pawl"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        wait_for(self.listens, self.outside)

    def listens(self):
        """Whether the socket takes connections: its file is there before."""
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        return any(line.endswith(" " + self.socket) and
                   line.split()[3] == "00010000" for line in lines)

    def lose(self):
        """The server and whatever it has started."""
        try:
            os.killpg(self.outside.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.outside.wait()

    def __exit__(self, *_):
        self.lose()


class Tpm:
    """swtpm on a free port of the loopback, its state in the folder."""
    kind = "tpm2"
    handle = 0x81007061

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        os.makedirs(self.folder)
        self.env = dict(os.environ, TSS2_LOG="all+NONE")
        self.outside = None
        self.port = None

    def __enter__(self):
        self.find_again()
        return self

    @staticmethod
    def two_ports():
        """A free port whose successor is free as well."""
        for _ in range(50):
            with socket.socket() as one, socket.socket() as two:
                one.bind(("127.0.0.1", 0))
                port = one.getsockname()[1]
                try:
                    two.bind(("127.0.0.1", port + 1))
                    return port
                except (OSError, OverflowError):
                    continue
        raise RuntimeError("no two free ports")

    def find_again(self):
        if self.port is None:
            self.port = self.two_ports()
        self.outside = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
             "--server", f"type=tcp,port={self.port},disconnect",
             "--ctrl", f"type=tcp,port={self.port + 1}",
             "--flags", "not-need-init,startup-clear"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        wanted = f"0100007F:{self.port:04X} 00000000:0000 0A"
        wait_for(lambda: wanted in
                 pathlib.Path("/proc/net/tcp").read_text(encoding="ascii"),
                 self.outside)

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    @property
    def name(self):
        return "tpm2:" + self.tcti

    def tool(self, command, *arguments):
        return run(command, "-T", self.tcti, *arguments, env=self.env,
                   cwd=self.folder)

    def import_key(self, pem, slot="idevid"):
        """A key made elsewhere, for the search of memories; not fixedTPM."""
        number = ["idevid", "ldevid-a", "ldevid-b"].index(slot)
        self.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c",
                  "parent")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_import", "-Q", "-C", "parent", "-G", "ecc", "-i", pem,
                  "-u", "pub", "-r", "priv")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_load", "-Q", "-C", "parent", "-u", "pub", "-r", "priv",
                  "-c", "key")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "key",
                  hex(self.handle + number))
        self.tool("tpm2_flushcontext", "-t")

    def lose(self):
        self.outside.kill()
        self.outside.wait()

    def __exit__(self, *_):
        end(self.outside)


ALL = [Soft, SoftHsm, P11Kit, Tpm]
