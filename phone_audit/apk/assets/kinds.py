"""What sort of file it is, by its first bytes; names prove nothing."""

import re
from enum import Enum, auto
from typing import Final

from phone_audit.apk.assets import assemblies, java, pool, tables, tar
from phone_audit.apk.zip.media_names import MEDIA_MAGICS, MPEG4
from phone_audit.model.finding import EvidenceKind

HEAD: Final = 512
"""Bytes that are enough to tell."""


class Sort(Enum):
    """Sorts of files that are searched in different ways."""

    MEDIA = auto()
    DEX = auto()
    ZIP = auto()
    TAR = auto()
    GZIP = auto()
    BZIP2 = auto()
    XZ = auto()
    OTHER_ARCHIVE = auto()
    ELF = auto()
    TABLE = auto()
    XML = auto()
    HERMES = auto()
    UNITY = auto()
    ASSEMBLY = auto()
    JAVA = auto()
    TEXT = auto()
    BINARY = auto()


_MAGICS: Final[tuple[tuple[bytes, Sort], ...]] = (
    (b"PK\x03\x04", Sort.ZIP),
    (b"\x7fELF", Sort.ELF),
    (pool.TABLE_MAGIC, Sort.TABLE),
    *((magic, Sort.XML) for magic in pool.XML_MAGICS),
    (b"\x1f\x8b\x08", Sort.GZIP),
    (b"BZh", Sort.BZIP2),
    (b"\xfd7zXZ\0", Sort.XZ),
    (b"7z\xbc\xaf\x27\x1c", Sort.OTHER_ARCHIVE),
    (b"Rar!\x1a\x07", Sort.OTHER_ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Sort.OTHER_ARCHIVE),
    (tables.HERMES_MAGIC, Sort.HERMES),
    (tables.UNITY_MAGIC, Sort.UNITY),
    (assemblies.MAGIC, Sort.ASSEMBLY),
    (assemblies.STORE_MAGIC, Sort.ASSEMBLY),
    (java.MAGIC, Sort.JAVA),
    *((magic, Sort.MEDIA) for magic in MEDIA_MAGICS),
)
_BY_BEGINNING: Final = {
    beginning: tuple((magic, sort) for magic, sort in _MAGICS if magic[:2] == beginning)
    for beginning in {magic[:2] for magic, _ in _MAGICS}
}
_DEX: Final = re.compile(rb"dex\n[0-9]{3}\0")
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def sort_of(head: bytes) -> Sort:
    """Tell what a file is from its first `HEAD` bytes."""
    if _DEX.match(head):
        return Sort.DEX
    for magic, sort in _BY_BEGINNING.get(head[:2], ()):
        if head.startswith(magic):
            return sort
    if head[4:8] == MPEG4:
        return Sort.MEDIA
    if tar.is_tar(head):
        return Sort.TAR
    return Sort.BINARY if b"\0" in head or _CONTROL.search(head) else Sort.TEXT


def kind_of(name: str, sort: Sort) -> EvidenceKind:
    """Return what sort of evidence a text in this file is."""
    if sort is Sort.ELF:
        return "native-string"
    if sort in (Sort.DEX, Sort.JAVA):
        return "dex-string"
    if name.endswith("AndroidManifest.xml"):
        return "manifest"
    if sort in (Sort.TABLE, Sort.XML) or name.startswith(("res/", "base/res/")) or name.endswith("/resources.pb"):
        return "resource"
    return "asset"
