# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzz targets: usage: seeds.py FOLDER

They come from the unit tests beside this folder: whatever stands there as
hexadecimal text, with the macros of its file and of the fixture filled in.
Each goes into FOLDER/<target>/, framed as its target wants it.
"""
import hashlib
import pathlib
import re
import sys

TEST = pathlib.Path(__file__).resolve().parent.parent
# What the device says, and what it is: see fuzz_process.c.
ANSWERS = ((b"\x00\x00", 0), (b"\x00\x01", 0), (b"\x00\x02", 0), (b"\x00\x03", 0),
           (b"\x55\xaa", 0x80), (b"\x00\x00", 0x60), (b"\x00\x01", 0x20))
LITERAL = r'"(?:[0-9a-fA-F() ]*)"|[A-Z][A-Z0-9_]*'
TEXT = re.compile(r"(?:%s)(?:\s+(?:%s))*" % (LITERAL, LITERAL))
TOKEN = re.compile(LITERAL)


def macros(*sources):
    found = {}
    for source in sources:
        source = source.replace("\\\n", " ")
        for name, body in re.findall(r"#define ([A-Z][A-Z0-9_]*)[ \t]+(.*)", source):
            if re.fullmatch(r"\s*(?:%s)(?:\s+(?:%s))*\s*" % (LITERAL, LITERAL), body):
                found[name] = body
    return found


def expand(text, known, depth=0):
    out = []
    for token in TOKEN.findall(text):
        if token.startswith('"'):
            out.append(token[1:-1])
        elif token in known and depth < 8:
            inner = expand(known[token], known, depth + 1)
            if inner is None:
                return None
            out.append(inner)
        else:
            return None
    return " ".join(out)


def head(major, value):
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << (8 * size):
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def bstr(data):
    return head(2, len(data)) + data


def assemble(text):
    """Hexadecimal text; what stands in brackets goes into a byte string."""
    stack = [bytearray()]
    text = text.replace(" ", "")
    i = 0
    while i < len(text):
        if text[i] == "(":
            stack.append(bytearray())
            i += 1
        elif text[i] == ")":
            inner = bytes(stack.pop())
            stack[-1] += bstr(inner)
            i += 1
        else:
            stack[-1] += bytes.fromhex(text[i : i + 2])
            i += 2
    if len(stack) != 1:
        raise ValueError("brackets")
    return bytes(stack[0])


def texts(folder):
    fixture = TEST / "manifest" / "manifest_fixture.h"
    shared = fixture.read_text() if fixture.exists() else ""
    for path in sorted((TEST / folder).glob("test_*.c")):
        source = path.read_text()
        known = macros(shared, source)
        body = source.replace("\\\n", " ")
        for match in TEXT.findall(body):
            text = expand(match, known)
            if text:
                try:
                    yield assemble(text)
                except (ValueError, IndexError):
                    pass


def envelope(manifest):
    """An envelope that fuzz_crypto.c takes for authentic."""
    digest = bytes.fromhex("822f5820") + bytes([len(bstr(manifest)) & 0xFF]) * 32
    block = bytes.fromhex("d28443a10126a0f65840") + b"\x5a" * 63 + b"\x00"
    wrapper = b"\x82" + bstr(digest) + bstr(block)
    return b"\xd8\x6b\xa2\x02" + bstr(wrapper) + b"\x03" + bstr(manifest)


def process(manifest, answers, pairs=0, members=b""):
    return answers + len(manifest).to_bytes(2, "big") + bytes([pairs]) + manifest + members


def severed():
    """A manifest whose install is severed, and the member."""
    sequence = assemble("84 14a1156162 150f")
    member = bstr(sequence)
    digest = bytes.fromhex("822f5820") + bytes([len(member)]) * 32
    manifest = assemble("a5 01 01 02 05 03 (a1 02 81 814100) 07 (82 0e0f) 14") + digest
    return manifest, b"\x14" + member + assemble("622361 43aabbcc")


def main():
    top = pathlib.Path(sys.argv[1])

    def put(target, data):
        folder = top / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    for data in texts("cbor"):
        put("cbor", data[:256])
        put("cbor", bytes([len(data) % 9]) + data[:255])
    for data in texts("cose"):
        put("cose", data.replace(bytes.fromhex("5840"), b"\x58\x40\x5a", 1))
        put("cose", data)
        if len(data) > 66:
            put("cose", data[:-64] + b"\x5a" * 64)
    for data in texts("manifest"):
        if data[:1] == b"\xd8":
            put("envelope", b"\x00" + data)
            start = data.find(b"\x01\x01\x02")  # version and sequence number
            if start > 0 and data[start - 1] >> 5 == 5:
                put("process", process(data[start - 1 :], b"\x00\x00"))
        elif data[:1] in (b"\xa3", b"\xa4", b"\xa5", b"\xa6", b"\xa7", b"\xa8"):
            put("envelope", b"\x00" + envelope(data))
            for answers, flags in ANSWERS:
                put("process", process(data, answers, flags))
    manifest, members = severed()
    whole = bytearray(envelope(manifest))
    whole[2] = 0xA4
    put("envelope", b"\x0b" + bytes(whole) + members)
    put("process", process(manifest, b"\x00\x00", 2, members))
    documents = (TEST / "trust" / "trust_documents.h").read_text()
    for text in re.findall(r"=\s*((?:\"[0-9a-f]*\"\s*)+);", documents):
        data = bytes.fromhex("".join(re.findall(r"[0-9a-f]+", text)))
        if len(data) > 2048:
            continue
        # Signatures that fuzz_crypto.c takes for right.
        put("trust", re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a", data,
                            flags=re.S))
        put("trust", data)
        put("trust", b"\x10" + re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a",
                                      data, flags=re.S))
    print({folder.name: len(list(folder.iterdir())) for folder in sorted(top.iterdir())})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: seeds.py FOLDER")
    main()
