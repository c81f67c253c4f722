"""Every file of a package that is no DEX file of its own, and the archives among them, within budgets."""

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from phone_audit.apk.assets.embedded_formats import ASSEMBLY_MAGIC, compressed_assemblies, members, read_class
from phone_audit.apk.assets.file_types import HEAD, FileType, file_type_of
from phone_audit.apk.assets.host_mentions import AssetFacts, Candidate
from phone_audit.apk.assets.url_search import MAX_MENTIONS, File, UrlSearch
from phone_audit.apk.endpoints.host_text import MAX_HOST
from phone_audit.apk.trackers.trackers import Classes
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import Entry
from phone_audit.apk.zip.inflate import bunzip2, gunzip, unxz
from phone_audit.apk.zip.media import OPENING, end_of_media, may_stay
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped

INSIDE: Final = "!"
"""Stands between the name of an archive and that of a file inside it."""
MAX_DEPTH: Final = 2
"""Archives inside one another that are opened."""
MAX_FILE: Final = 128 * 2**20
"""Bytes that one file may unpack to."""
MAX_TOTAL: Final = 512 * 2**20
"""Bytes that all files of a package together may unpack to, those inside archives included."""
MAX_DEX: Final = 128 * 2**20
"""Bytes of DEX files found under other names that are kept for reading."""

_PACKED: Final = (FileType.ZIP, FileType.TAR, FileType.GZIP, FileType.BZIP2, FileType.XZ)
_ZEROS: Final = re.compile(rb"\0*")
_LONGEST_NAME: Final = MAX_HOST + len(":65535")


def read_assets(
    archive: Archive, own_dex: frozenset[Entry], *, total: int = MAX_TOTAL, depth: int = MAX_DEPTH
) -> AssetFacts:
    """Search the files of a package other than its DEX files.

    Never raises for what the bytes hold. Media that stayed on the phone are passed over.

    Args:
        archive: the package.
        own_dex: the entries that are read as its DEX files anyway; others may name the same bytes.
        total: bytes that may be unpacked.
        depth: archives inside one another that are opened.
    """
    walk = _AssetWalker(total)
    walk.archive(archive, "", depth, own_dex)
    return walk.found()


class _AssetWalker:
    def __init__(self, total: int) -> None:
        self._left = total
        self._left_dex = MAX_DEX
        self._skipped: list[Skipped] = []
        self._sweep = UrlSearch(partial(_noted, self._skipped))
        self._dexes: list[tuple[str, bytes | memoryview]] = []
        self._named: dict[str, set[bytes]] = {}
        self._defined: dict[str, set[bytes]] = {}

    def found(self) -> AssetFacts:
        """Return everything, with the cuts."""
        self._sweep.finish()
        if self._sweep.full:
            reason = f"Its files mention hosts more than {MAX_MENTIONS} times; the others are not listed."
            self._note("", ApkError(reason, code="too-many-endpoints"))
        classes = tuple(
            Classes(where, sorted(self._named[where]), sorted(self._defined[where])) for where in sorted(self._named)
        )
        return AssetFacts(
            mentions=tuple(self._sweep.mentions),
            candidates=tuple(self._sweep.candidates),
            dexes=tuple(self._dexes),
            classes=classes,
            skipped=tuple(dict.fromkeys(self._skipped)),
        )

    def archive(self, archive: Archive, prefix: str, depth: int, own_dex: frozenset[Entry] = frozenset()) -> None:
        for entry in archive.entries:
            if not (entry.size or entry.compressed) or entry in own_dex:
                continue
            where = prefix + entry.name
            if not archive.partial.has(entry) and may_stay(entry.name, archive.opening(entry, OPENING)):
                continue
            try:
                self._entry(where, archive, entry, depth)
            except ApkError as error:
                self._note(where, error)

    def _entry(self, where: str, archive: Archive, entry: Entry, depth: int) -> None:
        sort = file_type_of(archive.peek(entry, HEAD))
        self._file(where, entry.name, sort, self._read(archive, entry), depth)

    def _read(self, archive: Archive, entry: Entry) -> memoryview:
        content = memoryview(archive.read(entry, min(MAX_FILE, self._left)))
        self._left -= len(content)
        return content

    def _file(self, where: str, name: str, sort: FileType, data: memoryview, depth: int) -> None:
        if sort in _PACKED:
            if depth == 0:
                raise ApkError(f"It lies inside {MAX_DEPTH} archives already and was not opened.", code="nested")
            self._open(where, sort, data, depth - 1)
        elif sort is FileType.MEDIA:
            self._media(where, name, data, depth)
        elif sort is FileType.OTHER_ARCHIVE:
            raise ApkError("It is an archive of a kind that is not opened.", code="unknown-archive")
        elif sort is FileType.DEX:
            self._dex(where, data)
        elif sort is FileType.JAVA:
            self._java(where, name, data)
        else:
            self._search(where, name, sort, data)

    def _media(self, where: str, name: str, data: memoryview, depth: int) -> None:
        if depth < 0:
            raise ApkError("It stands behind several pictures already and was not looked at.", code="nested")
        end = end_of_media(data)
        if end == 0:
            self._search(where, name, FileType.BINARY, data)
        else:
            self._behind(where, data, end, depth)

    def _search(self, where: str, name: str, sort: FileType, data: memoryview) -> None:
        self._sweep.add(File(where, name, sort, data))
        if sort is FileType.ASSEMBLY or (sort is FileType.ELF and b"assemblies" in name.encode("utf-8", "replace")):
            self._assemblies(where, name, data)

    def _assemblies(self, where: str, name: str, data: memoryview) -> None:
        for at, content in compressed_assemblies(data, min(MAX_FILE, self._left)):
            inside = where if bytes(data[:4]) == ASSEMBLY_MAGIC else f"{where}{INSIDE}{at}"
            if isinstance(content, ApkError):
                self._note(inside, content)
            else:
                self._left -= len(content)
                self._search(inside, name, FileType.BINARY, memoryview(content))

    def _dex(self, where: str, data: memoryview) -> None:
        if len(data) > self._left_dex:
            raise ApkError(f"DEX files under other names hold more than {MAX_DEX} bytes.", code="size-limit")
        self._left_dex -= len(data)
        self._dexes.append((where, data))

    def _java(self, where: str, name: str, data: memoryview) -> None:
        read = read_class(data)
        if read is None:
            raise ApkError("The Java class is damaged.", code="damaged-class")
        home = where[: -len(name)].removesuffix(INSIDE) or "*.class"
        self._named.setdefault(home, set()).update(one for one in read.named if one.startswith(b"L"))
        self._defined.setdefault(home, set())
        if read.defined:
            self._defined[home].add(read.defined)
        candidates = [
            Candidate(text.decode("utf-8", "replace"), "dex-string", where, at)
            for at, text in read.texts
            if b"." in text and len(text) < _LONGEST_NAME and b"/" not in text
        ]
        self._sweep.add(File(where, name, FileType.JAVA, data), candidates)

    def _open(self, where: str, sort: FileType, data: memoryview, depth: int) -> None:
        if sort is FileType.ZIP:
            self.archive(Archive(data, total_limit=self._left), where + INSIDE, depth)
        elif sort is FileType.TAR:
            self._tar(where, data, depth)
        else:
            self._unpacked(_UNPACKERS[sort], where, data, depth)

    def _tar(self, where: str, data: memoryview, depth: int) -> None:
        for member in members(data):
            inside = f"{where}{INSIDE}{member.name}"
            sort = file_type_of(bytes(member.content[:HEAD]))
            if len(member.content):
                try:
                    self._file(inside, member.name, sort, member.content, depth)
                except ApkError as error:
                    self._note(inside, error)

    def _unpacked(self, unpack_it: "_Unpack", where: str, data: memoryview, depth: int) -> None:
        """Read a file that is compressed by itself; with a tar archive in it both count as one."""
        unpacked, end = unpack_it(data, min(MAX_FILE, self._left))
        content = memoryview(unpacked)
        self._left -= len(content)
        self._behind(where, data, end, depth)
        sort = file_type_of(bytes(content[:HEAD]))
        self._file(where, where.rpartition(INSIDE)[2], sort, content, depth + (sort is FileType.TAR))

    def _behind(self, where: str, data: memoryview, end: int, depth: int) -> None:
        """Search what stands behind the end of a picture, or of what is compressed, as a file of its own."""
        rest = data[end:]
        if not len(rest):
            return
        zeros = _ZEROS.match(rest)
        begin = end + (zeros.end() if zeros else 0)
        if begin == len(data):
            return
        inside = f"{where}{INSIDE}{begin}"
        sort = file_type_of(bytes(data[begin : begin + HEAD]))
        try:
            self._file(inside, where.rpartition(INSIDE)[2], sort, data[begin:], depth - (sort is FileType.MEDIA))
        except ApkError as error:
            self._note(inside, error)

    def _note(self, where: str, error: ApkError) -> None:
        _noted(self._skipped, where, error)


def _noted(skipped: list[Skipped], where: str, error: ApkError) -> None:
    skipped.append(Skipped(subject=where, step="native", code=error.code, reason=error.message))


_Unpack = Callable[[memoryview, int], tuple[bytes, int]]
_UNPACKERS: Final[dict[FileType, _Unpack]] = {
    FileType.GZIP: gunzip,
    FileType.BZIP2: bunzip2,
    FileType.XZ: unxz,
}
