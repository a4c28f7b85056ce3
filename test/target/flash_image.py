# SPDX-License-Identifier: Apache-2.0
"""The flash of an MPS2 board (port/mps2/flash.c) made from a device directory
that `pawl device provision` has written, and back again."""
import os
import struct
import uuid
import zlib

SIZE = 16 * 1024 * 1024
USED = 2560 * 1024  # behind it the board has no region
KB = 1024
SECTOR = 4096
# File of the device directory: (offset, size).
REGIONS = {
    "journal": (64 * KB, 16 * KB),
    "identity.journal": (128 * KB, 16 * KB),
    "identity.objects": (192 * KB, 64 * KB),
    "slot-a.manifest": (256 * KB, 4 * KB),
    "slot-b.manifest": (320 * KB, 4 * KB),
    "slot-a.image": (1024 * KB, 512 * KB),
    "slot-b.image": (2048 * KB, 512 * KB),
}
FACTORY, COUNTER, KEYS = 0, 384 * KB, 448 * KB
MAGIC, KEYS_MAGIC = 0x3253504D, 0x4B53504D
USES = {"enroll": 1, "mqtt": 2, "download": 3}
ENDPOINTS = 4


def conf(serial, vendor, class_id):
    """A device.conf with the board's geometry."""
    return ("pawl_device = 1\nserial = %s\nvendor_id = %s\nclass_id = %s\n"
            "sector_size = %d\nprogram_unit = 8\nslot_size = %d\n"
            "manifest_size = %d\njournal_size = %d\nobjects_size = %d\n" %
            (serial, vendor, class_id, SECTOR, 512 * KB, 4 * KB,
             16 * KB, 64 * KB))


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as f:
        return f.read()


def factory(serial, vendor, class_id, sealing_key, endpoints,
            prefix="pawl"):
    """struct mps2_factory. endpoints: (use, host, port, name)."""
    out = struct.pack("<I", MAGIC)
    out += uuid.UUID(str(vendor)).bytes + uuid.UUID(str(class_id)).bytes
    out += bytes(16) + sealing_key
    out += struct.pack("68s36s", serial.encode(), prefix.encode())
    for use, host, port, name in endpoints:
        out += struct.pack("<BBH64s64s", USES[use], 0, port, host.encode(),
                           name.encode())
    out += bytes(132 * (ENDPOINTS - len(endpoints)))
    return out + struct.pack("<I", zlib.crc32(out))


def key_blob(blob):
    """A sector of keyblob.c."""
    body = struct.pack("<II", 1, len(blob)) + blob
    return struct.pack("<IIII", KEYS_MAGIC, 1, len(blob),
                       zlib.crc32(body)) + blob


def put(path, offset, data):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(data)


def build(path, directory, factory_sector):
    """Writes the flash of a provisioned device."""
    flash = bytearray(b"\xff" * USED)
    for name, (offset, size) in REGIONS.items():
        data = read(directory, name)
        assert len(data) <= size, name
        flash[offset:offset + len(data)] = data
    for offset, data in ((FACTORY, factory_sector),
                         (KEYS, key_blob(read(directory, "keys")))):
        flash[offset:offset + len(data)] = data
    with open(path, "wb") as f:
        f.write(flash)
        f.truncate(SIZE)


def counter(path):
    """The value of the security counter (counter.c)."""
    with open(path, "rb") as f:
        f.seek(COUNTER)
        units = f.read(2 * SECTOR)
    values = [v for v, c in struct.iter_unpack("<II", units)
              if v == c ^ 0xFFFFFFFF]
    return max(values, default=0)


def extract(path, directory):
    """Puts the regions back into a device directory, for `pawl update show`."""
    with open(path, "rb") as f:
        for name, (offset, _size) in REGIONS.items():
            f.seek(offset)
            size = os.path.getsize(os.path.join(directory, name))
            with open(os.path.join(directory, name), "r+b") as out:
                out.write(f.read(size))
    with open(os.path.join(directory, "counter"), "w",
              encoding="utf-8") as out:
        out.write("%d\n" % counter(path))
