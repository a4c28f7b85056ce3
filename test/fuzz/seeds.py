# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzz targets: usage: seeds.py FOLDER

They come from the unit tests beside this folder: whatever stands there as
hexadecimal text, with the macros of its file and of the fixture filled in; for
HTTP the answers as they are.
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


def unescape(text):
    plain = {"r": "\r", "n": "\n", "t": "\t", "0": "\0"}
    return re.sub(r"\\x([0-9a-fA-F]{2})|\\(.)",
                  lambda m: chr(int(m[1], 16)) if m[1] else plain.get(m[2], m[2]), text)


def strings(folder):
    """The strings of a folder's tests, those of macros filled in."""
    literal = r'"(?:[^"\\\n]|\\.)*"'
    for path in sorted((TEST / folder).glob("test_*.c")):
        source = path.read_text().replace("\\\n", " ")
        known = {name: body for name, body in
                 re.findall(r"#define ([A-Z][A-Z0-9]*) ((?:%s)+)" % literal, source)}
        token = "|".join([literal, *(r"\b%s\b" % name for name in known)])
        for match in re.findall(r"(?:%s)(?:\s+(?:%s))*" % (token, token), source):
            parts = [known.get(part, part)[1:-1] for part in re.findall(token, match)]
            yield unescape("".join(parts)).encode("latin-1")


def answer(rest, kind=2, code=0x45, number=0):
    """A datagram that fuzz_coap.c makes an answer to what was asked."""
    token = b"\0" * 8
    data = bytes([0xC8 | kind << 4, code]) + number.to_bytes(2, "big") + token + rest
    return bytes([len(data)]) + data


def coap_seeds(put):
    """Requests of each kind, and each option text as an answer to them."""
    block = assemble("d10a08ff") + b"a" * 16
    pieces = b"".join(answer(bytes([0xD1, 0x0E, i << 4 | 8]), code=0x5F) for i in range(8))
    blocks = b"".join(answer(bytes([0xD1, 0x0A, i << 4 | 8, 0xFF]) + b"a" * 16) for i in range(6))
    smaller = answer(assemble("d10e00"), code=0x8D)
    for choice in (1, 2, 3, 5, 17, 33, 65, 129, 193, 194):
        put("coap", bytes([choice]) + pieces + answer(b"\xff\x31") * 2)
        put("coap", bytes([choice]) + smaller + pieces + answer(b"\xff\x31", code=0x44) * 2)
        put("coap", bytes([choice | 64]) + smaller + pieces + answer(b"\xff\x31", code=0x44) * 2)
        put("coap", bytes([choice]) + blocks + answer(b"\xd1\x0a\x60"))
        put("coap", bytes([choice]) + blocks + answer(b"\xd1\x0a\x60", code=0x44))
        put("coap", bytes([choice]) + blocks + answer(b"", code=0x84))
        put("coap", bytes([choice]) + blocks + answer(b"\x41\xaa\xd1\6\x60"))
        put("coap", bytes([choice]) + answer(b"\xd1\xef\xaa", code=0x81) * 2)
        put("coap", bytes([choice]) + b"\x04\x60\x00\x74\x75" + answer(b"", kind=0))
    for data in texts("coap"):
        if len(data) > 230:
            continue
        for choice, kind in ((1, 2), (17, 2), (2, 0)):
            put("coap", bytes([choice]) + answer(data, kind))
            put("coap", bytes([choice]) + answer(block) + answer(data, kind))
            put("coap", bytes([choice]) + answer(b"\x61\x05\xff\x31") + answer(data, 0, 0x45, 9) * 2)
        put("coap", b"\x01" + bytes([len(data)]) + data)
    for special in (b"\0", b"\1\1", b"\1\2", b"\1\3"):
        put("coap", b"\x01" + special + b"\4\x40\0\x12\x34" * 2 + answer(block) + special + answer(block))
        put("coap", b"\x11" + answer(b"\x61\x05\xff\x31") + special + answer(b"\x61\6\xd1\4\x08\xff" + b"a" * 16, 0, 0x45, 9)
            + answer(b"\x61\7", 0, 0x45, 10) + special + answer(b"\xd1\x0a\x10\xffb"))


def stream_seeds(put):
    connected = bytes.fromhex("2003000000")
    for data in texts("mqtt"):
        for choice in (0, 0x1F, 0x60):
            put("mqtt", bytes([choice, 0]) + connected + data)
            put("mqtt", bytes([choice, 3]) + data)
        put("mqtt", b"\x03\0" + bytes([0x20, (3 + len(data)) & 127, 0, 0, len(data) & 127]) + data)
    for data in strings("http"):
        if data.startswith(b"HTTP/"):
            for choice in (0, 1, 4, 6, 0x22):
                put("http", bytes([choice, 128]) + data)
                put("http", bytes([choice, 0x41]) + data + data)
                if b"chunked" not in data:
                    put("http", bytes([choice, 128]) + data.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\nB: c\r\n\r\n"))
        elif data.startswith(b"https:"):
            put("http", b"\0\0" + data)
        elif b" GMT" in data:
            put("http", b"\0\0HTTP/1.1 200 OK\r\nDate: " + data + b"\r\nRetry-After: " + data + b"\r\n\r\n")


def journal_seeds(put):
    """Banks of frames, framed as fuzz_journal.c lays them out."""
    def pair(epoch, number, value):
        return bytes([7, epoch, number, value, 3, epoch, number, value])

    full = b"".join(pair(5, n, n) for n in range(8))
    older = b"".join(pair(4, n, n) for n in range(8))
    torn = bytes([5, 6, 9, 9, 20, 3])
    for shape in (0, 11, 83, 35, 191, 199):
        for fail in (255, 0, 3, 20, 130, 5, 6, 7, 1):
            head = bytes([shape, 4, fail])
            put("journal", head)
            put("journal", head + pair(5, 1, 1) + bytes(14) + older)
            put("journal", head + full + older)
            put("journal", head + full[:-4] + torn + older)
            put("journal", head + full[:-4] + bytes([6, 5, 9, 9]) + bytes(16))
            put("journal", head + pair(5, 1, 1) + torn + bytes([1] * 13) + bytes([1] * 16))
            put("journal", head + bytes([1] * 32))
            put("journal", head + pair(0xFF, 0xFF, 1) + bytes([4, 1, 5, 5, 5]))


def boot_seeds(put):
    """Devices as fuzz_boot_device.c lays them out: release 1 in slot A, release 2 in slot B."""
    a, b, none = bytes([1, 0, 0]), bytes([2, 1, 1]), b"\0"
    checkpoint = bytes([2, 0, 1, 4, 1])

    def record(state, flags, images, running, extension=none, boots=16, trust=1, reason=0, phase=0):
        return bytes([state, flags, reason, phase, 0, 1]) + b"".join(images) + bytes(
            [running, 3, boots, 1, 2, trust, 1]) + extension + none

    records = [none, bytes([1, 0, 0])]  # none, and one without a byte
    records += [b"\2" + said for said in (
        record(0, 0, (a, none, none), 0), record(0, 0, (none, none, none), 0),
        record(1, 0, (a, none, b), 0, checkpoint), record(2, 0, (a, none, b), 0),
        record(3, 1, (a, none, b), 0), record(3, 0, (a, none, b), 0),
        record(4, 0, (a, none, b), 1), record(5, 0, (a, none, b), 1),
        record(4, 2, (none, none, b), 1), record(5, 2, (none, none, b), 1),
        record(6, 0, (a, none, b), 0, bytes([3, 0, 1, 4, 1, 1, 1, 1, 1])),
        record(7, 4, (b, a, none), 1), record(7, 0, (b, a, none), 1),
        record(8, 0, (b, b, b), 1))]
    sessions = (
        bytes([3, 0, 1, 0x5A, 5, 0, 5, 0, 5, 0]),
        bytes([0x0B, 0, 1, 1, 0x09, 0xFF, 1, 3, 1, 0]),  # accept, clean
        bytes([0x0B, 0, 2, 2, 0xBA, 3, 0, 0x0B, 0, 1, 3]),  # reject, clean
        bytes([0x0B, 0, 3, 3, 14, 13, 3, 0, 0x0B, 0, 1, 1]),  # start, install
        bytes([0x0B, 0, 3, 3, 142, 4, 0x0B, 0, 2, 14, 13, 0x0B, 0, 1, 7]))
    edits = (none, bytes([1, 0x80, 0, 9, 1, 4]), bytes([1, 0x81, 0, 9, 1, 4]),
             bytes([2, 0x82, 0, 90, 1, 4, 0x80, 0, 9, 1, 4]),
             bytes([2, 0x80, 0, 9, 1, 4, 0x81, 0, 9, 1, 4]),
             bytes([1, 0x44, 0, 0, 2]), bytes([1, 0x44, 0, 3, 0]), bytes([1, 0x41, 0, 0, 3]),
             bytes([1, 0x84, 0, 20, 2, 1, 1]), bytes([2, 0x85, 0, 20, 1, 1, 0x85, 0x18, 20, 1, 1]),
             bytes([1, 0x88, 0, 9, 1, 4]), bytes([1, 0x47, 0, 3, 2]))
    slots = bytes([0, 0, 1, 1])
    for i, said in enumerate(records):
        for j, done in enumerate(sessions):
            for k, edit in enumerate(edits):
                shapes = (0, 2, 3, 4, 6, 8, 9, 12, 0x20) if j == k % 5 else (0,)
                for shape in shapes:
                    put("boot", bytes([shape, 1]) + slots + bytes([5 * k % 24])
                        + said + edit + done)
            backed = b"".join(bytes([done[0] & 0x0F | 0x38 | i << 6 & 0xC0, n]) + done[2:4] for n in (1, 0, 2, 1))
            put("boot", bytes([0x40, 1]) + slots + none + said + none + backed)
    rare = [b"\2" + said for said in (
        record(4, 0, (a, none, none), 1), record(0, 0, (none, none, none), 1),
        record(4, 0, (a, none, b), 1, boots=0), record(4, 0, (a, none, b), 1, trust=9),
        record(7, 0, (b, a, none), 0), record(6, 0, (none, none, b), 1), record(4, 0, (b, a, a), 0, boots=0))]
    rare.append(bytes([1, 5, 0, 1, 0, 0, 0, 0]))  # too short for what it says it is
    for said in rare:
        for done in sessions[:3]:
            for edit in (none, edits[1], edits[2], edits[5]):
                for shape in (0, 0x10):
                    put("boot", bytes([shape, 1]) + slots + none + said + edit + done)
    for reason in (*range(66), 128):  # each has a name
        said = record(0, 0, (a, none, none), 0, reason=reason, phase=reason % 9)
        put("boot", bytes([0, 1]) + slots + none + b"\2" + said + none + bytes([9, 0]))
    for release in range(11):  # whatever lies in them, with and without a journal
        for other in (0, 1, 10):
            lies = bytes([release, release, other, other])
            for shape in (0, 2):
                put("boot", bytes([shape, 2]) + lies + bytes(3) + sessions[0])
                put("boot", bytes([shape, 2]) + lies + bytes(1) + records[8] + none + sessions[1])


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
    said = []
    for name, text in re.findall(
            r"char (\w+)\[\] =\s*((?:\"[0-9a-f]*\"\s*)+);", documents):
        data = bytes.fromhex("".join(re.findall(r"[0-9a-f]+", text)))
        if name.startswith("says"):
            said.append(re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a", data,
                               flags=re.S))
        elif name == "owned":
            owned = re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a", data,
                           flags=re.S)
        if len(data) > 2048:
            continue
        # Signatures that fuzz_crypto.c takes for right.
        put("trust", re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a", data,
                            flags=re.S))
        put("trust", data)
        put("trust", b"\x10" + re.sub(rb"\xf6\x58\x40.", b"\xf6\x58\x40\x5a",
                                      data, flags=re.S))
    for data in said:
        put("trust", b"\x10" + owned + data)
    coap_seeds(put)
    stream_seeds(put)
    journal_seeds(put)
    boot_seeds(put)
    print({folder.name: len(list(folder.iterdir())) for folder in sorted(top.iterdir())})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: seeds.py FOLDER")
    main()
