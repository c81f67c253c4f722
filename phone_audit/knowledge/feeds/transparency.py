"""Google's logs of what it published: Pixel images, packages, Mainline modules → what is known to be its own.

An entry of a log is a few lines. Pixel images: build fingerprint, vbmeta digest
(https://developers.google.com/android/binary_transparency/pixel_overview#log_content). Packages and modules: hash, what
it is a hash of, name of the package, version code
(https://developers.google.com/android/binary_transparency/google_apk/overview#log_content and
https://developers.google.com/android/binary_transparency/mainline_modules/overview). `SHA256(APK)` and `SHA256(APEX)`
are hashes of the whole file; the older log of system packages has hashes of a token inside them, which say nothing of
the rest of the file.

The logs come in two forms. `image_info.txt`, `package_info.txt` and `module_info.txt` put the number of the entry on a
line before it and an empty line behind it, as Google's own verifier reads them
(https://github.com/android/android-binary-transparency, verifier_tools/verify/internal/tiles/reader.go). Logs since
mid-2026 are bundles of entries, each with its length in two bytes before it (https://c2sp.org/tlog-tiles, entry
bundles). Whether an entry stands in the log's Merkle tree is not proven here: whoever imports a file vouches for it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected, Row
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.feeds.values import NoValueError, read, shown

IMAGE_LOG: Final = "pixel-images"
FILE_LOGS: Final = ("google-packages", "mainline-modules")
"""The formats of these logs, as the head of a feed names them."""
VBMETA: Final = "ro.boot.vbmeta.digest"
_FINGERPRINT: Final = re.compile(
    r"[\w.-]+/[\w.-]+/[\w.-]+:[\w.]+/[\w.-]+/[\w.-]+:(user|userdebug|eng)/[\w.,-]+", re.ASCII
)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LENGTH: Final = 2
_PRINTABLE: Final = 9
"""The first byte of a text is at least a tab; the first of a bundle is the high byte of a length."""


def read_images(data: bytes, about: About) -> Iterator[Row]:
    """Yield the digest of each image as a property, under the fingerprint that it belongs to.

    Raises:
        FeedError: no entry has two lines.
    """
    return _rows(data, 2, lambda lines: _image(lines, about))


def read_packages(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hash of each APK, under the name of its package; the note is its version.

    Raises:
        FeedError: no entry has four lines.
    """
    versions: dict[tuple[str, str], About] = {}
    return _rows(data, 4, lambda lines: _file(lines, ("SHA256(APK)",), about, versions))


def read_modules(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hash of each APK and APEX, under the name of its package; the note is its version.

    Raises:
        FeedError: no entry has four lines.
    """
    versions: dict[tuple[str, str], About] = {}
    return _rows(data, 4, lambda lines: _file(lines, ("SHA256(APK)", "SHA256(APEX)"), about, versions))


def note_of(version: int) -> str:
    """Write the version of a file as the note of its row."""
    return f"version {version}"


def _image(lines: list[str], about: About) -> Indicator:
    fingerprint, digest = lines
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise NoValueError("it has no fingerprint of a build")
    if not _SHA256.fullmatch(digest):
        raise NoValueError("its digest is no SHA-256")
    return Indicator("property", f"{VBMETA}={digest.lower()}", About(fingerprint, about.class_, "strong", "published"))


def _file(lines: list[str], kinds: tuple[str, ...], about: About, versions: dict[tuple[str, str], About]) -> Indicator:
    digest, kind, package, version = lines
    if kind not in kinds:
        raise NoValueError(f"{shown(kind)!r} is no hash of a whole file")
    if not _SHA256.fullmatch(digest):
        raise NoValueError("its hash is no SHA-256")
    if not _VERSION.fullmatch(version):
        raise NoValueError("its version is no number")
    read("package", package)
    what = versions.get((package, version))
    if what is None:
        what = versions[package, version] = About(package, about.class_, "strong", note_of(int(version)))
    return Indicator("hash", digest.lower(), what)


def _rows(data: bytes, lines: int, row: Callable[[list[str]], Indicator]) -> Iterator[Row]:
    """Yield what each entry gives. A later entry does not take a value away from the earlier one that has it."""
    of: dict[str, str] = {}
    whole = False
    for place, entry in _bundled(data) if data and data[0] < _PRINTABLE else _numbered(data, lines):
        if len(entry) != lines:
            yield Rejected(place, f"it has not {lines} lines")
            continue
        whole = True
        try:
            item = row(entry)
        except NoValueError as fault:
            yield Rejected(place, str(fault))
            continue
        if of.setdefault(item.value, item.about.name) != item.about.name:
            yield Rejected(place, "an earlier entry says of the same hash that it belongs to something else")
        else:
            yield item
    if not whole:
        raise FeedError(f"no entry of it has {lines} lines")


def _numbered(data: bytes, lines: int) -> Iterator[tuple[str, list[str]]]:
    """Part a text at its empty lines; the number before an entry only names it."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    for count, block in enumerate(re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip()), 1):
        found = [line.strip() for line in block.split("\n")]
        numbered = len(found) == lines + 1 and found[0].isascii() and found[0].isdigit()
        yield (f"entry {found[0][:20]}", found[1:]) if numbered else (f"block {count}", found)


def _bundled(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """Part a bundle; one that ends too early loses its last entry."""
    start = count = 0
    while start < len(data):
        end = start + _LENGTH + int.from_bytes(data[start : start + _LENGTH], "big")
        entry = data[start + _LENGTH : end].decode("utf-8", "replace")
        if end > len(data):
            yield f"entry {count} of the bundle", []
            return
        yield f"entry {count} of the bundle", [line.strip() for line in entry.strip().split("\n")]
        start, count = end, count + 1
