"""ZIP directories, entries, what lies compressed in them, and the ends of media."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from phone_audit.apk.assets.asset_walker import read_assets
from phone_audit.apk.code.obfuscation import encrypted_files
from phone_audit.apk.range_planner import next_ranges
from phone_audit.apk.signature.jar_digests import is_read_as_signed, signed_extent, signed_pieces
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import code_entries, feature_modules, is_container, is_library
from phone_audit.apk.zip.directory import Entry, records
from phone_audit.apk.zip.media import end_of_media, is_media_to_its_end, may_stay
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts
from tests.apk.zips import Part, make_zip
from tests.fuzz.target import Target, promise

_MOST_ENTRIES: Final = 64
_ENTRY_LIMIT: Final = 2**20
_TOTAL: Final = 2**24
_MOST_ROUNDS: Final = 64
_FILLED: Final = 2**19
"""Bytes put into the middle of a file, so that it is too large to be brought as a whole."""


def zip_directory(data: bytes) -> None:
    """Read the directory, and some entries in every way in which entries are read."""
    view = memoryview(data)
    with suppress(ApkError):
        sum(1 for _ in islice(records(view), 10_000))
    with suppress(ApkError):
        archive = Archive(view, total_limit=_TOTAL)
        is_container(archive), is_library(archive), feature_modules(archive), code_entries(archive)
        encrypted_files(archive)
        for entry in archive.entries[:_MOST_ENTRIES]:
            _read(archive, entry)


def _read(archive: Archive, entry: Entry) -> None:
    archive.opening(entry, 64)
    with suppress(ApkError):
        promise(len(archive.read(entry, _ENTRY_LIMIT)) <= _ENTRY_LIMIT, "an entry is larger than was allowed")
    with suppress(ApkError):
        sum(map(len, islice(archive.pieces(entry), 32)))
    with suppress(ApkError):
        signed_extent(archive, entry)
        is_read_as_signed(entry, sum(map(len, islice(signed_pieces(archive, entry), 32))))


def range_planner(data: bytes) -> None:
    """Bring the ranges of a file round by round, as from a phone; the first two bytes say where it is filled up."""
    cut = 2 + int.from_bytes(data[:2], "little") % max(1, len(data))
    content = data[2:cut] + bytes(_FILLED) + data[cut:]
    held = Parts(())
    for _ in range(_MOST_ROUNDS):
        wanted = next_ranges(memoryview(content), len(content), held)
        if wanted is None:
            return
        if not wanted:
            _read_held(content, held)
            return
        promise(not any(held.holds(*one) for one in wanted), "what is held was asked for")
        held = held.plus(wanted)
    promise(False, "the rounds have no end")


def _read_held(content: bytes, held: Parts) -> None:
    with suppress(ApkError):
        archive = Archive(memoryview(content), total_limit=_TOTAL, parts=held)
        archive.partial.left_on_phone(archive.entries)
        for entry in archive.entries[:_MOST_ENTRIES]:
            _read(archive, entry)


def media_ends(data: bytes) -> None:
    """Look for the end of a picture, sound, video or font; the first byte says how much of it is held."""
    content = memoryview(data)[1:]
    opening = len(content) * (data[0] if data else 0) // 255
    with suppress(ApkError):
        is_media_to_its_end(content, 0, len(content), opening)
    promise(0 <= end_of_media(content) <= len(content), "media end outside of their file")
    may_stay("res/raw/a.png", bytes(content[:opening]))


def packed_files(data: bytes) -> None:
    """Open archives inside archives: tar, gzip, bzip2, xz, ZIP, and compressed assemblies."""
    found = read_assets(_package("assets/assemblies.blob", data), frozenset(), total=_TOTAL)
    promise(all(note.code and note.reason for note in found.skipped), "something was left out without a reason")


def _package(name: str, content: bytes) -> Archive:
    return Archive(memoryview(make_zip([Part(name, content, deflate=False)])))


def _end_records() -> Iterator[bytes]:
    yield from (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"AndroidManifest.xml")


TARGETS: Final = {
    "zip_directory": Target(
        zip_directory,
        (
            "phone_audit.apk.zip.directory",
            "phone_audit.apk.zip.archive",
            "phone_audit.apk.zip.partial_archive",
            "phone_audit.apk.zip.contents",
            "phone_audit.apk.code.obfuscation",
            "phone_audit.apk.signature.jar_digests",
        ),
        tuple(_end_records()),
    ),
    "range_planner": Target(
        range_planner,
        ("phone_audit.apk.range_planner", "phone_audit.apk.zip.partial_archive", "phone_audit.model.parts"),
        tuple(_end_records()),
    ),
    "media_ends": Target(
        media_ends,
        ("phone_audit.apk.zip.media", "phone_audit.apk.zip.media", "phone_audit.apk.zip.media"),
        (b"\x89PNG\r\n\x1a\n", b"IDAT", b"IEND", b"RIFF", b"WEBP", b"VP8 ", b"OTTO", b"ftyp", b"moov", b"mdat"),
    ),
    "packed_files": Target(
        packed_files,
        (
            "phone_audit.apk.zip.inflate",
            "phone_audit.apk.assets.embedded_formats",
            "phone_audit.apk.assets.embedded_formats",
            "phone_audit.apk.assets.embedded_formats",
            "phone_audit.apk.assets.asset_walker",
        ),
        (b"XALZ", b"XABA", b"BZh", b"\xfd7zXZ\0", b"\x1f\x8b\x08", b"ustar\x0000", b"PK\x03\x04", b"PK\x05\x06"),
    ),
}
