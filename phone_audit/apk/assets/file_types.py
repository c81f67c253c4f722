"""What sort of file it is, by its first bytes; names prove nothing."""

import re
from enum import Enum, auto
from typing import Final

from phone_audit.apk.assets.embedded_formats import ASSEMBLY_MAGIC, ASSEMBLY_STORE_MAGIC, CLASS_MAGIC, is_tar
from phone_audit.apk.assets.string_tables import HERMES_MAGIC, TABLE_MAGIC, UNITY_MAGIC, XML_MAGICS
from phone_audit.apk.zip.media import MEDIA_MAGICS, MPEG4
from phone_audit.model.finding import EvidenceKind

HEAD: Final = 512
"""Bytes that are enough to tell."""


class FileType(Enum):
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


_MAGICS: Final[tuple[tuple[bytes, FileType], ...]] = (
    (b"PK\x03\x04", FileType.ZIP),
    (b"\x7fELF", FileType.ELF),
    (TABLE_MAGIC, FileType.TABLE),
    *((magic, FileType.XML) for magic in XML_MAGICS),
    (b"\x1f\x8b\x08", FileType.GZIP),
    (b"BZh", FileType.BZIP2),
    (b"\xfd7zXZ\0", FileType.XZ),
    (b"7z\xbc\xaf\x27\x1c", FileType.OTHER_ARCHIVE),
    (b"Rar!\x1a\x07", FileType.OTHER_ARCHIVE),
    (b"\x28\xb5\x2f\xfd", FileType.OTHER_ARCHIVE),
    (HERMES_MAGIC, FileType.HERMES),
    (UNITY_MAGIC, FileType.UNITY),
    (ASSEMBLY_MAGIC, FileType.ASSEMBLY),
    (ASSEMBLY_STORE_MAGIC, FileType.ASSEMBLY),
    (CLASS_MAGIC, FileType.JAVA),
    *((magic, FileType.MEDIA) for magic in MEDIA_MAGICS),
)
_BY_BEGINNING: Final = {
    beginning: tuple((magic, sort) for magic, sort in _MAGICS if magic[:2] == beginning)
    for beginning in {magic[:2] for magic, _ in _MAGICS}
}
_DEX: Final = re.compile(rb"dex\n[0-9]{3}\0")
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def file_type_of(head: bytes) -> FileType:
    """Tell what a file is from its first `HEAD` bytes."""
    if _DEX.match(head):
        return FileType.DEX
    for magic, sort in _BY_BEGINNING.get(head[:2], ()):
        if head.startswith(magic):
            return sort
    if head[4:8] == MPEG4:
        return FileType.MEDIA
    if is_tar(head):
        return FileType.TAR
    return FileType.BINARY if b"\0" in head or _CONTROL.search(head) else FileType.TEXT


def evidence_kind(name: str, sort: FileType) -> EvidenceKind:
    """Return what sort of evidence a text in this file is."""
    if sort is FileType.ELF:
        return "native-string"
    if sort in (FileType.DEX, FileType.JAVA):
        return "dex-string"
    if name.endswith("AndroidManifest.xml"):
        return "manifest"
    if (
        sort in (FileType.TABLE, FileType.XML)
        or name.startswith(("res/", "base/res/"))
        or name.endswith("/resources.pb")
    ):
        return "resource"
    return "asset"
