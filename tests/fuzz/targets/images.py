"""Firmware: whatever it is packed in, down to the files of its partitions."""

import struct
from contextlib import suppress
from itertools import islice
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Run, Runs, Work, hashes_of
from phone_audit.acquire.image.firmware import MOST_ENTRIES, Firmware
from phone_audit.acquire.image.layers import Contents, is_layer
from phone_audit.acquire.image.open import mount_modules
from phone_audit.acquire.image.properties import properties_of
from phone_audit.acquire.image.state import firmware_items, small_files
from phone_audit.acquire.image.transport import DIGESTS
from phone_audit.model.command_list import LONGEST_PATH
from tests.acquire.image.memory import MemoryBytes
from tests.fuzz.target import Target, promise

SECTOR: Final = 512
_PIECE: Final = 2**16
_MOST_FILES: Final = 40
_MOST_PIECES: Final = 8


def sectors(data: bytes) -> bytes:
    """Return an image as an input holds it: its sectors up to their last byte, behind number and length of each."""
    out = b""
    for at in range(0, len(data), SECTOR):
        content = data[at : at + SECTOR].rstrip(b"\0")
        out += struct.pack("<HH", at // SECTOR, len(content)) + content if content else b""
    return out


def image_of(data: bytes) -> ByteSource:
    """Return the image that an input stands for; the last of two sectors with one number counts."""
    held: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        number, length = struct.unpack_from("<HH", data, at)
        length = min(length, SECTOR)
        held[number] = data[at + 4 : at + 4 + length].ljust(SECTOR, b"\0")
        at += 4 + length
    runs = [Run(number * SECTOR, SECTOR, MemoryBytes(content)) for number, content in sorted(held.items())]
    return Runs(runs, (max(held, default=0) + 16) * SECTOR)


def firmware_image(data: bytes) -> None:
    """Read an image by its sectors."""
    _read(image_of(data))


def firmware_archive(data: bytes) -> None:
    """Read what is packed, as it stands."""
    _read(MemoryBytes(data))


def _read(source: ByteSource) -> None:
    is_layer(source)
    contents = Contents(Work(2**30))
    contents.take(source, "image")
    firmware = Firmware(contents.partitions, contents.skipped)
    mount_modules(firmware, contents.work)
    properties_of(firmware)
    small_files(firmware)
    list(firmware_items(firmware))
    paths = list(firmware.files)
    promise(len(paths) <= MOST_ENTRIES, "more files than are kept")
    for path in paths[:_MOST_FILES]:
        promise(path.startswith("/") and not {"", ".", ".."} & set(path.split("/")[1:]), "a path leads elsewhere")
        promise(len(path) <= LONGEST_PATH * 4, "a path is longer than any")
        with suppress(ImageError):
            _read_file(firmware.open(path))


def _read_file(file: ByteSource) -> None:
    for at in islice(range(0, file.size, _PIECE), _MOST_PIECES):
        count = min(_PIECE, file.size - at)
        promise(len(file.read(at, count)) == count, "a piece has another length than was asked for")
    if file.size < _PIECE:
        promise(len(hashes_of(file, *DIGESTS)) == 3, "a file has hashes of three kinds")


TARGETS: Final = {
    "firmware_image": Target(
        firmware_image,
        ("phone_audit.acquire.image",),
        (
            b"\x53\xef", b"\x0a\xf3", b"\xe2\xe1\xf5\xe0", b"\x3a\xff\x26\xed", b"gDla", b"0PLA", b"\x10\x20\xf5\xf2",
            b"build.prop", b"system", b"vendor", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\x02\0\0\0",
            b"\xc1\xca", b"\xc2\xca",
        ),
        whole=False,
    ),
    "firmware_archive": Target(
        firmware_archive,
        ("phone_audit.acquire.image",),
        (
            b"CrAU", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"payload.bin", b"system.img", b"\x1f\x8b\x08",
            b"\x04\x22\x4d\x18", b"ustar\0", b"ustar  \0", b"\xfd7zXZ\0", b"BZh9", b"apex_manifest.pb",
            b"apex_payload.img",
            b"original_apex", b"10 path=a\n", b"13 size=1000\n", b"system/build.prop", b"ro.build.id=x\n",
        ),
    ),
}  # fmt: skip
