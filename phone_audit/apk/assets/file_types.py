"""What type of file it is, by its first bytes; names prove nothing."""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from phone_audit.apk.assets.embedded_formats import ASSEMBLY_MAGIC, ASSEMBLY_STORE_MAGIC, CLASS_MAGIC, is_tar
from phone_audit.apk.assets.string_tables import HERMES_MAGIC, TABLE_MAGIC, UNITY_MAGIC, XML_MAGICS
from phone_audit.apk.zip.media import MEDIA_MAGICS, MPEG4
from phone_audit.model.finding import EvidenceKind

HEAD: Final = 512
"""Bytes that are enough to tell."""


class FileType(Enum):
    """Types of files that are searched in different ways."""

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
_BY_BEGINNING: Final[dict[bytes, list[tuple[bytes, FileType]]]] = {}
for _magic, _type in _MAGICS:
    _BY_BEGINNING.setdefault(_magic[:2], []).append((_magic, _type))
_DEX: Final = re.compile(rb"dex\n[0-9]{3}\0")
_THOROUGH_BELOW: Final = 2**20
"""Bytes up to which a binary file is searched for every encoding; larger ones hold code or data, no prose."""
_ASSEMBLY: Final = b"MZ"
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def file_type_of(head: bytes) -> FileType:
    """Tell what a file is from its first `HEAD` bytes."""
    if _DEX.match(head):
        return FileType.DEX
    for magic, file_type in _BY_BEGINNING.get(head[:2], ()):
        if head.startswith(magic):
            return file_type
    if head[4:8] == MPEG4:
        return FileType.MEDIA
    if is_tar(head):
        return FileType.TAR
    return FileType.BINARY if b"\0" in head or _CONTROL.search(head) else FileType.TEXT


class AssetFile(NamedTuple):
    """One file of a package, or inside an archive of it; its bytes are hostile.

    `where` is how evidence calls it, `name` its name in the archive that holds it.
    """

    where: str
    name: str
    type: FileType
    data: memoryview

    @classmethod
    def of(cls, where: str, name: str, data: memoryview) -> "AssetFile":
        """Return a file of the type that its first bytes tell."""
        return cls(where, name, file_type_of(bytes(data[:HEAD])), data)

    @property
    def kind(self) -> EvidenceKind:
        """What sort of evidence a text in it is."""
        if self.type is FileType.ELF:
            return "native-string"
        if self.type is FileType.JAVA:
            return "dex-string"
        if self.name.endswith("AndroidManifest.xml"):
            return "manifest"
        in_resources = self.name.startswith(("res/", "base/res/")) or self.name.endswith("/resources.pb")
        return "resource" if self.pooled or in_resources else "asset"

    @property
    def pooled(self) -> bool:
        """Whether its texts stand in a string pool."""
        return self.type is FileType.TABLE or self.type is FileType.XML

    @property
    def thorough(self) -> bool:
        """Whether it is searched for every encoding."""
        return self.type is FileType.TEXT or len(self.data) < _THOROUGH_BELOW

    @property
    def wide_texts(self) -> bool:
        """Whether it is an assembly of .NET, whose code has its texts in UTF-16."""
        return self.type is FileType.BINARY and bytes(self.data[:2]) == _ASSEMBLY

    @property
    def configuration(self) -> bool:
        """Whether it is compiled XML that holds settings; layouts and drawings are many and hold none."""
        return self.type is FileType.XML and ("res/xml/" in self.name or self.name.endswith("AndroidManifest.xml"))
