"""Files of the formats in which hosts hide, as small as can be."""

import io
import struct
import tarfile
from collections.abc import Mapping, Sequence

import numpy as np

from phone_audit.apk.assets.asset_walker import AssetFacts, read_assets
from phone_audit.apk.assets.url_scanner import Scanner, UrlPositions
from phone_audit.apk.xml.elements import STRING, Value
from phone_audit.apk.zip.archive import Archive
from tests.apk.tables import Type, make_table
from tests.apk.zips import Part, make_zip


def look(files: Mapping[str, bytes], *, total: int = 2**28, depth: int = 2) -> AssetFacts:
    """Search the files as if they were those of a package."""
    data = make_zip([Part(name, content) for name, content in files.items()])
    return read_assets(Archive(memoryview(data)), frozenset(), total=total, depth=depth)


def marks(data: memoryview) -> UrlPositions:
    """Return what a scanner finds in bytes."""
    return Scanner().marks(np.frombuffer(data, np.uint8))


def tar(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def hermes(texts: Sequence[str], *, function_header: int = 16, functions: int = 3) -> bytes:
    """Bytecode with nothing but strings, laid side by side; ASCII in 8 bits, others in UTF-16."""
    small, overflow, storage = b"", b"", b""
    for text in texts:
        wide = not text.isascii()
        raw = text.encode("utf-16-le") if wide else text.encode("ascii")
        if len(text) < 0xFF:
            small += struct.pack("<I", wide | len(storage) << 1 | len(text) << 24)
        else:
            small += struct.pack("<I", wide | (len(overflow) // 8) << 1 | 0xFF << 24)
            overflow += struct.pack("<II", len(storage), len(text))
        storage += raw
    head = struct.pack("<QI20sII", 0x1F1903C103BC1FC6, 96, b"\x11" * 20, 0, 0)
    head += struct.pack("<6I", functions, 1, 2, len(texts), len(overflow) // 8, len(storage))
    return head.ljust(128, b"\0") + b"\x01" * (function_header * functions + 4 * 3) + small + overflow + storage


def unity(texts: Sequence[str]) -> bytes:
    raw = [text.encode() for text in texts]
    storage = b"".join(raw)
    table = b"".join(struct.pack("<II", len(one), sum(map(len, raw[:number]))) for number, one in enumerate(raw))
    head = struct.pack("<I5i", 0xFAB11BAF, 29, 64, len(table), 64 + len(table), len(storage))
    return head.ljust(64, b"\0") + table + storage


def java_class(name: str, texts: Sequence[str], *, uses: Sequence[str] = ()) -> bytes:
    """A class file: itself, the classes it uses, the texts that its code loads, and one long number."""
    pool, count = b"", 1

    def word(text: str) -> int:
        nonlocal pool, count
        pool += b"\x01" + struct.pack(">H", len(text.encode())) + text.encode()
        count += 1
        return count - 1

    def reference(tag: int, text: str) -> int:
        nonlocal pool, count
        at = word(text)
        pool += struct.pack(">BH", tag, at)
        count += 1
        return count - 1

    pool += struct.pack(">BQ", 5, 7)
    count += 2
    this = reference(7, name)
    for used in uses:
        reference(7, used)
    for text in texts:
        reference(8, text)
    return struct.pack(">4sHHH", b"\xca\xfe\xba\xbe", 0, 52, count) + pool + struct.pack(">4H", 0x21, this, 0, 0)


def lz4_block(content: bytes) -> bytes:
    """Everything as literals, in one sequence."""
    rest = len(content) - 15
    if rest < 0:
        return bytes([len(content) << 4]) + content
    return b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + content


def compressed_assembly(content: bytes, index: int = 0) -> bytes:
    return struct.pack("<4sII", b"XALZ", index, len(content)) + lz4_block(content)


def assembly(texts: Sequence[str]) -> bytes:
    """A .NET assembly as far as it matters here: strings of code in UTF-16, each with its length and a last byte."""
    heap = b"".join(bytes([2 * len(text) + 1]) + text.encode("utf-16-le") + b"\0" for text in texts)
    return b"MZ\x90\0" + bytes(60) + b"PE\0\0" + bytes(64) + b"\0" + heap


def compiled_xml(text: str, *, wide: bool = False) -> bytes:
    """A compiled XML file that is no more than its string pool: the namespace of Android and one value."""
    table = make_table([], ["http://schemas.android.com/apk/res/android", text], utf8=not wide)
    pool = table[12 : 12 + struct.unpack_from("<I", table, 16)[0]]
    return struct.pack("<HHI", 3, 8, 8 + len(pool)) + pool


def resource_table(text: str, *, wide: bool = False) -> bytes:
    return make_table([Type(1, {0: Value(STRING, 0)})], ["x", text], utf8=not wide)


def elf(text: str) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(600) + b"%s: \0" + text.encode() + b"\0/system/bin\0"
