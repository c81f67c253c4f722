"""The members of a ZIP archive, where they lie: what is stored is read in place, what is packed where it is read."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Lazy, Part, SourceFile, Work, begins
from phone_audit.acquire.image.inflated import RAW, Inflated
from phone_audit.acquire.image.member_tree import MemberTree
from phone_audit.files.bounded_zip import ZipBounds, ZipEntry, ZipError, ZipReader, is_plain
from phone_audit.files.bounds import BoundsError

_MAGIC: Final = b"PK\x03\x04"
_BOUNDS: Final = ZipBounds(50_000)
_IMAGE: Final = re.compile(
    r"(?:.*/)?(?:payload\.bin|[^/]+\.img(?:\.ext4|\.lz4|\.gz|\.raw)?|image-[^/]+\.zip|[^/]+\.(?:tar|tar\.md5|tgz|tar\.gz))",
    re.IGNORECASE | re.DOTALL,
)
_DUMP: Final = "/system/build.prop"
"""What an unpacked dump has."""
_MANIFEST: Final = "AndroidManifest.xml"
"""What an archive that is an app has, whatever else lies in it."""
_PATCHED: Final = re.compile(r"(?:.*/)?[^/]+\.new\.dat(?:\.br)?", re.IGNORECASE | re.DOTALL)


def is_zip_of_images(source: ByteSource) -> bool:
    """Tell whether a source is an archive that holds an image of a firmware."""
    if begins(source, 0, 4) != _MAGIC:
        return False
    try:
        names = [entry.filename for entry in zip_entries(source)]
        return _MANIFEST not in names and any(
            _IMAGE.fullmatch(name) or _PATCHED.fullmatch(name) or f"/{name}".endswith(_DUMP) for name in names
        )
    except ImageError:
        return False


def zip_tree(source: ByteSource, work: Work) -> MemberTree:
    """Return the members as a file system; one that cannot be read says so when it is.

    Raises an ImageError where it is damaged, or of a kind that is not read.
    """
    entries = zip_entries(source)
    if patched := next((entry.filename for entry in entries if _PATCHED.fullmatch(entry.filename)), None):
        raise ImageError(f"it holds a block-based update ({patched.rpartition('/')[2]}), which is not read")
    tree = MemberTree("ZIP")
    for entry in entries:
        content = Lazy(entry.file_size, partial(stored_or_inflated, source, entry, work))
        tree.add(entry.filename, None if entry.filename.endswith("/") else content)
    return tree


def stored_or_inflated(source: ByteSource, entry: ZipEntry, work: Work) -> ByteSource:
    """Return the bytes of an entry. Raises ImageError where it is encrypted, packed in another way, or lies outside."""
    if not is_plain(entry):
        raise ImageError("an entry of the archive is encrypted, or packed in a way that is not read")
    head = source.read(entry.header_offset, 30)
    if head[:4] != _MAGIC:
        raise ImageError("an entry of the archive is damaged")
    start = entry.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    packed = Part(source, start, entry.compress_size)
    return Inflated(packed, entry.file_size, RAW, work) if entry.compress_type else packed


def zip_entries(source: ByteSource, bounds: ZipBounds = _BOUNDS) -> Sequence[ZipEntry]:
    """Return the entries of an archive. Raises ImageError where it is damaged, or has more than the bounds allow."""
    try:
        return ZipReader(SourceFile(source), bounds).entries  # type: ignore[arg-type]
    except BoundsError as error:
        raise ImageError(str(error)) from error
    except (ZipError, OSError) as error:
        raise ImageError("it is not a complete ZIP archive; it may be cut off") from error
