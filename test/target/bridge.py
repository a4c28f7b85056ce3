#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network behind UART 1 of an MPS2 board: a modem's other end.

usage: bridge.py SOCKET      listens there for QEMU (qemu.sh, modem=SOCKET)

Each connection of QEMU's is a device that has just started. The frames are
described in port/mps2/link.h.
"""
import asyncio
import errno
import os
import random
import socket
import struct
import sys
import threading
import zlib

FLAG, ESCAPE, FLIP = 0x7E, 0x7D, 0x20
PAYLOAD = 1536
WINDOW = 16384  # bytes that the device may send before more credit


def encode(kind, connection, number, payload=b""):
    body = bytes((ord(kind), connection, number)) + payload
    body += struct.pack("<I", zlib.crc32(body))
    body = body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    return body + b"\x7e"


def unstuff(raw):
    out, flip = bytearray(), 0
    for byte in raw:
        if byte == ESCAPE:
            flip = FLIP
        else:
            out.append(byte ^ flip)
            flip = 0
    return bytes(out)


def decode(raw):
    """(kind, connection, number, payload), or None: damaged."""
    body = unstuff(raw) if ESCAPE in raw else bytes(raw)
    if len(body) < 7 or \
            zlib.crc32(body[:-4]) != struct.unpack("<I", body[-4:])[0]:
        return None
    return chr(body[0]), body[1], body[2], body[3:-4]


class Connection:
    """One of the device's, and its socket."""

    def __init__(self, device, number, datagram):
        self.device, self.number, self.datagram = device, number, datagram
        self.credit = 0  # bytes that the device has room for
        self.more = asyncio.Event()
        self.reader = self.writer = self.transport = None
        self.to_send = asyncio.Queue()
        self.tasks = []

    def start(self, work):
        self.tasks.append(asyncio.ensure_future(work))

    def give(self, credit):
        self.credit += credit
        self.more.set()

    async def run(self, host, port):
        try:
            if self.datagram:
                loop = asyncio.get_running_loop()
                self.transport, _ = await loop.create_datagram_endpoint(
                    lambda: Datagrams(self), remote_addr=(host, port))
            else:
                self.reader, self.writer = \
                    await asyncio.open_connection(host, port)
        except socket.gaierror:
            self.fail(errno.EHOSTUNREACH)
            return
        except OSError as error:
            self.fail(error.errno or errno.EIO)
            return
        self.device.send("K", self.number)
        self.device.send("C", self.number, struct.pack(">I", WINDOW))
        if not self.datagram:
            self.start(self.up())
            self.start(self.down())

    async def down(self):
        """From the network to the device."""
        try:
            while True:
                while self.credit == 0:
                    self.more.clear()
                    await self.more.wait()
                data = await self.reader.read(min(self.credit, 512))
                if not data:
                    self.device.send("X", self.number)
                    return
                self.credit -= len(data)
                self.device.send("D", self.number, data)
                await self.device.drain()
        except OSError as error:
            self.fail(error.errno or errno.EIO)

    async def up(self):
        """From the device to the network."""
        try:
            while True:
                data = await self.to_send.get()
                self.writer.write(data)
                await self.writer.drain()
                self.device.send("C", self.number,
                                 struct.pack(">I", len(data)))
        except OSError as error:
            self.fail(error.errno or errno.EIO)

    def from_device(self, data):
        if self.datagram and self.transport:
            self.transport.sendto(data)
            self.device.send("C", self.number,
                             struct.pack(">I", len(data) + 2))
        else:
            self.to_send.put_nowait(data)

    def fail(self, code):
        self.device.send("E", self.number, struct.pack(">i", code))

    def close(self):
        for task in self.tasks:
            task.cancel()
        if self.writer:
            self.writer.close()
        if self.transport:
            self.transport.close()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, connection):
        self.connection = connection

    def datagram_received(self, data, _address):
        one = self.connection
        if len(data) <= PAYLOAD and one.credit >= len(data) + 2:
            one.credit -= len(data) + 2
            one.device.send("D", one.number, data)

    def error_received(self, error):
        self.connection.fail(error.errno or errno.EIO)


class Device:
    """One run of QEMU."""

    def __init__(self, bridge, reader, writer):
        self.bridge, self.reader, self.writer = bridge, reader, writer
        self.connections = {}
        self.number = self.expected = 0
        self.synced = False

    def send(self, kind, connection, payload=b""):
        if self.writer.is_closing():
            return
        frame = encode(kind, connection, self.number, payload)
        self.number = (self.number + 1) % 256
        self.writer.write(self.bridge.disturbed(frame))

    async def drain(self):
        await self.writer.drain()

    def forget(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}

    def damaged(self):
        self.forget()
        self.synced = False
        self.send("R", 0)

    def take(self, raw):
        frame = decode(raw)
        if frame and frame[0] == "H":
            self.forget()
            self.synced, self.number = True, 0
            self.expected = (frame[2] + 1) % 256
            self.send("H", 0, b"\x01")
            return
        if not self.synced:
            return
        if frame is None or frame[2] != self.expected:
            self.damaged()
            return
        self.expected = (self.expected + 1) % 256
        self.act(*frame)

    def act(self, kind, number, _count, payload):
        one = self.connections.get(number)
        if kind == "O":
            port = struct.unpack(">H", payload[1:3])[0]
            one = Connection(self, number, payload[0] == 1)
            self.connections[number] = one
            one.start(one.run(payload[3:].decode("ascii", "replace"), port))
        elif one is None:
            pass
        elif kind == "D":
            one.from_device(payload)
        elif kind == "C":
            one.give(struct.unpack(">I", payload)[0])
        elif kind == "X":
            self.connections.pop(number).close()

    async def run(self):
        rest = b""
        try:
            while True:
                data = await self.reader.read(65536)
                if not data:
                    break
                self.bridge.bytes_from_device += len(data)
                *frames, rest = (rest + data).split(b"\x7e")
                for raw in frames:
                    if raw:
                        self.take(raw)
        except (ConnectionError, asyncio.CancelledError):
            pass
        self.forget()
        self.writer.close()


class Bridge:
    """Listens on a socket, in a thread of its own."""

    def __init__(self, path):
        self.path = path
        self.noise = 0.0       # chance that a frame to the device is damaged
        self.random = random.Random(1)
        self.bytes_to_device = self.bytes_from_device = 0
        self.devices = set()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._main, daemon=True)

    def __enter__(self):
        self.thread.start()
        if not self.ready.wait(10):
            raise RuntimeError("the bridge does not listen")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self._stop)
        self.thread.join(10)

    def hang_up(self):
        """Closes the line to every device, as a host that goes away."""
        def close():
            for device in list(self.devices):
                device.forget()
                device.writer.close()
        self.loop.call_soon_threadsafe(close)

    def disturbed(self, frame):
        self.bytes_to_device += len(frame)
        if self.noise == 0 or self.random.random() >= self.noise:
            return frame
        at = self.random.randrange(len(frame))
        kind = self.random.randrange(3)
        if kind == 0:
            return frame[:at] + bytes((frame[at] ^
                                       1 << self.random.randrange(8),)) + \
                frame[at + 1:]
        if kind == 1:
            return frame[:at] + frame[at + 1:]
        return frame[:at] + self.random.randbytes(5) + frame[at:]

    async def _accept(self, reader, writer):
        device = Device(self, reader, writer)
        self.devices.add(device)
        await device.run()
        self.devices.discard(device)

    def _stop(self):
        tasks = [t for t in asyncio.all_tasks(self.loop)]

        async def end():
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.loop.stop()
        self.loop.create_task(end())

    def _main(self):
        asyncio.set_event_loop(self.loop)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.loop.run_until_complete(
            asyncio.start_unix_server(self._accept, self.path))
        self.ready.set()
        self.loop.run_forever()


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n")[2], file=sys.stderr)
        return 2
    with Bridge(sys.argv[1]) as bridge:
        try:
            bridge.thread.join()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
