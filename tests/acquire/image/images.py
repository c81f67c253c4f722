"""Makes images for the tests: with Debian's tools where it has them, else by the definition of the format."""

import hashlib
import shutil
import struct
import subprocess
from collections.abc import Mapping
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


def super_bytes(images: Mapping[str, bytes], slots: int = 2) -> bytes:
    """Return a super partition; see liblp's `metadata_format.h`."""
    most = 4096
    partitions, extents, data = b"", b"", b""
    begin = 1024 * 1024
    for number, (name, content) in enumerate(images.items()):
        padded = content + bytes(-len(content) % 4096)
        halves = [padded] if number else [padded[: len(padded) // 8192 * 4096], padded[len(padded) // 8192 * 4096 :]]
        halves = [half for half in halves if half]
        partitions += struct.pack("<36sIIII", name.encode(), 1, len(extents) // 24, len(halves), 0)
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
