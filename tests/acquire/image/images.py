"""Makes images for the tests: with Debian's tools where it has them, else by the definition of the format."""

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.kit import unavailable

PACKAGES = {
    "mke2fs": "e2fsprogs",
    "mkfs.erofs": "erofs-utils",
    "img2simg": "android-sdk-libsparse-utils",
    "lz4": "lz4",
}
"""Tool → the Debian package that has it; `.ci/run` installs them."""
SECTOR = 512


def run(tool: str, *words: str | Path) -> None:
    """Run a tool of Debian; where it is not there the test is skipped with the reason."""
    place = shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    if place is None:
        unavailable(f"{tool} is not here (Debian's package {PACKAGES[tool]})")
    done = subprocess.run([place, *map(str, words)], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr


def make_ext4(folder: Path, into: Path, *options: str, size: str = "32M") -> Path:
    """Make an ext4 image of a folder."""
    run("mke2fs", "-q", "-t", "ext4", *options, "-d", folder, into, size)
    return into


def make_erofs(folder: Path, into: Path, *options: str) -> Path:
    """Make an EROFS image of a folder."""
    run("mkfs.erofs", "--quiet", *options, into, folder)
    return into


def make_sparse(image: Path, into: Path) -> Path:
    """Make a sparse image."""
    run("img2simg", image, into)
    return into


def make_super(images: Mapping[str, bytes], into: Path, slots: int = 2) -> Path:
    """Make a super partition of logical ones, as `lpmake` does, which Debian does not have. One lies in two extents."""
    into.write_bytes(super_bytes(images, slots))
    return into


def super_bytes(images: Mapping[str, bytes], slots: int = 2, *, shared: bool = False) -> bytes:
    """Return a super partition; see liblp's `metadata_format.h`. `shared`: each names the first two extents."""
    most = 4096
    partitions, extents, data = b"", b"", b""
    begin = 1024 * 1024
    for number, (name, content) in enumerate(images.items()):
        padded = content + bytes(-len(content) % 4096)
        halves = [padded] if number else [padded[: len(padded) // 8192 * 4096], padded[len(padded) // 8192 * 4096 :]]
        halves = [half for half in halves if half]
        first, count = (0, 2) if shared else (len(extents) // 24, len(halves))
        partitions += struct.pack("<36sIIII", name.encode(), 1, first, count, 0)
        for half in halves:
            extents += struct.pack("<QIQI", len(half) // SECTOR, 0, (begin + len(data)) // SECTOR, 0)
            data += half + bytes(4096)
    groups = struct.pack("<36sIQ", b"default", 0, 0)
    device = struct.pack("<QIIQ36sI", begin // SECTOR, 4096, 0, begin + len(data), b"super", 0)
    tables = partitions + extents + groups + device
    places = (
        (0, len(partitions) // 52, 52),
        (len(partitions), len(extents) // 24, 24),
        (len(partitions) + len(extents), 1, 48),
        (len(partitions) + len(extents) + 48, 1, 64),
    )
    described = b"".join(struct.pack("<III", *place) for place in places)
    head = struct.pack("<IHHI", 0x414C5030, 10, 0, 128)
    rest = struct.pack("<I32s", len(tables), hashlib.sha256(tables).digest()) + described
    head += hashlib.sha256(head + bytes(32) + rest).digest() + rest
    copy = (head + tables).ljust(most, b"\0")
    geometry = struct.pack("<II", 0x616C4467, 52)
    rest = struct.pack("<III", most, slots, 4096)
    geometry += hashlib.sha256(geometry + bytes(32) + rest).digest() + rest
    start = bytes(4096) + 2 * geometry.ljust(4096, b"\0") + 2 * slots * copy
    return start.ljust(begin, b"\0") + data


def number(value: int) -> bytes:
    """A number of a protocol buffer."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(key: int, value: int | bytes) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return number(key << 3) + number(value)
    return number(key << 3 | 2) + number(len(value)) + value


PACKERS: tuple[tuple[int, Callable[[bytes], bytes]], ...] = ((8, lzma.compress), (1, bz2.compress), (0, bytes))
"""Type of an operation → what packs its bytes: XZ, bzip2, as it is."""
CHUNK = 256 * 1024
BLOCK = 4096


def payload_bytes(images: Mapping[str, bytes]) -> bytes:
    """Return a payload with whole partitions, whose operations are packed in turn; see `update_metadata.proto`.

    Blocks that hold nothing are told as zeros, and each operation has two extents where it can.
    """
    blobs, partitions = b"", b""
    for name, image in images.items():
        content = image + bytes(-len(image) % BLOCK)
        operations = b""
        for turn, at in enumerate(range(0, len(content), CHUNK)):
            chunk = content[at : at + CHUNK]
            kind, pack = PACKERS[turn % len(PACKERS)]
            first, count = at // BLOCK, len(chunk) // BLOCK
            halves = [(first, count // 2), (first + count // 2, count - count // 2)]
            extents = b"".join(field(6, field(1, begin) + field(2, length)) for begin, length in halves if length)
            if not chunk.strip(b"\0"):
                operations += field(8, field(1, 6) + extents)
                continue
            packed = pack(chunk)
            place = field(2, len(blobs)) + field(3, len(packed)) + field(8, hashlib.sha256(packed).digest())
            operations += field(8, field(1, kind) + place + extents)
            blobs += packed
        partitions += field(13, field(1, name.encode()) + field(7, field(1, len(image))) + operations)
    manifest = field(3, BLOCK) + partitions
    return b"CrAU" + struct.pack(">QQI", 2, len(manifest), 4) + manifest + b"sign" + blobs


def make_zip(members: Mapping[str, bytes], into: Path, *, packed: bool) -> Path:
    """Make a ZIP archive."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return into


def tar_bytes(members: Iterable[tuple[str, Path]], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar archive of files and folders."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, path in members:
            archive.add(path, name)
    return out.getvalue()


def make_tgz(members: Iterable[tuple[str, Path]], into: Path) -> Path:
    """Make a packed tar archive."""
    into.write_bytes(gzip.compress(tar_bytes(members)))
    return into
