"""Every file of a package that is no DEX file of its own, and the archives among them, within budgets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from phone_audit.apk.assets.embedded_formats import ASSEMBLY_MAGIC, compressed_assemblies, members, read_class
from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.page_requests import PageRequest, PageRequests
from phone_audit.apk.assets.url_search import MAX_MENTIONS, UrlSearch
from phone_audit.apk.assets.urls import Candidate, Mention
from phone_audit.apk.dex.descriptors import Classes
from phone_audit.apk.records import INSIDE
from phone_audit.apk.text.host_text import MAX_HOST
from phone_audit.apk.xml.typed_views import NO_HINTS, Hints, TypedViews
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import Entry
from phone_audit.apk.zip.inflate import bunzip2, gunzip, unxz
from phone_audit.apk.zip.media import OPENING, end_of_media, may_stay
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped

MAX_DEPTH: Final = 2
"""Archives inside one another that are opened."""
MAX_FILE: Final = 128 * 2**20
"""Bytes that one file may unpack to."""
MAX_TOTAL: Final = 512 * 2**20
"""Bytes that all files of a package together may unpack to, those inside archives included."""
MAX_DEX: Final = 128 * 2**20
"""Bytes of DEX files found under other names that are kept for reading."""

_UNPACKERS: Final = {FileType.GZIP: gunzip, FileType.BZIP2: bunzip2, FileType.XZ: unxz}
_PACKED: Final = (FileType.ZIP, FileType.TAR, *_UNPACKERS)
_ZEROS: Final = re.compile(rb"\0*")
_LONGEST_NAME: Final = MAX_HOST + len(":65535")


@dataclass(frozen=True)
class AssetFacts:
    """What the other files of a package hold.

    `mentions` are hosts of URLs, `candidates` texts that may be bare host names; what else the package holds decides.
    `dexes` are DEX files under any name, also inside archives; `classes` are Java classes, which libraries hold
    instead. The subjects of `skipped` are names inside the package. `views` is what is typed into views, by number,
    `hints` are their hints. `requests` are calls of pages and scripts that send something of a person.
    """

    mentions: tuple[Mention, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    dexes: tuple[tuple[str, bytes | memoryview], ...] = ()
    classes: tuple[Classes, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    views: Mapping[int, str] = field(default_factory=dict)
    hints: Hints = NO_HINTS
    requests: tuple[PageRequest, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was found that tells of endpoints or trackers."""
        return not (self.mentions or self.candidates or self.dexes or self.classes)


NO_ASSETS: Final = AssetFacts()


def read_assets(
    archive: Archive, own_dex: frozenset[Entry], *, total: int = MAX_TOTAL, depth: int = MAX_DEPTH
) -> AssetFacts:
    """Search the files of a package other than its DEX files.

    Never raises for what the bytes hold. Media that stayed on the phone are passed over. `own_dex` are the entries that
    are read as its DEX files anyway; others may name the same bytes. At most `total` bytes are unpacked, and archives
    opened that lie `depth` deep inside one another.
    """
    walker = _AssetWalker(total)
    walker.archive(archive, "", depth, own_dex)
    return walker.facts()


class _AssetWalker:
    def __init__(self, total: int) -> None:
        self._left = total
        self._left_dex = MAX_DEX
        self._skipped: list[Skipped] = []
        self._urls = UrlSearch(self._note)
        self._views = TypedViews()
        self._pages = PageRequests()
        self._dexes: list[tuple[str, bytes | memoryview]] = []
        self._named: dict[str, set[bytes]] = {}
        self._defined: dict[str, set[bytes]] = {}

    def facts(self) -> AssetFacts:
        self._urls.finish()
        if self._urls.full:
            reason = f"Its files mention hosts more than {MAX_MENTIONS} times; the others are not listed."
            self._note("", ApkError(reason, code="too-many-endpoints"))
        if self._views.is_cut:
            reason = (
                "Its layouts hold more fields or hints than are looked at; what is typed into the others is not known."
            )
            self._note("", ApkError(reason, code="too-many-views"))
        if self._pages.is_cut:
            reason = "Its scripts are larger than is looked at; what is typed into its pages and sent may be missing."
            self._note("", ApkError(reason, code="too-much-script"))
        classes = tuple(
            Classes(where, sorted(named), sorted(self._defined[where])) for where, named in sorted(self._named.items())
        )
        return AssetFacts(
            mentions=tuple(self._urls.mentions),
            candidates=tuple(self._urls.candidates),
            dexes=tuple(self._dexes),
            classes=classes,
            skipped=tuple(dict.fromkeys(self._skipped)),
            views=self._views.found,
            hints=self._views.hints,
            requests=self._pages.found,
        )

    def archive(self, archive: Archive, prefix: str, depth: int, own_dex: frozenset[Entry] = frozenset()) -> None:
        for entry in archive.entries:
            if not (entry.size or entry.compressed) or entry in own_dex:
                continue
            if not archive.partial.has(entry) and may_stay(entry.name, archive.opening(entry, OPENING)):
                continue
            try:
                content = memoryview(archive.read(entry, min(MAX_FILE, self._left)))
            except ApkError as error:
                self._note(prefix + entry.name, error)
                continue
            self._left -= len(content)
            self._try(AssetFile.of(prefix + entry.name, entry.name, content), depth)

    def _try(self, file: AssetFile, depth: int) -> None:
        try:
            self._read(file, depth)
        except ApkError as error:
            self._note(file.where, error)

    def _read(self, file: AssetFile, depth: int) -> None:
        if file.type in _PACKED:
            if depth == 0:
                raise ApkError(f"It lies inside {MAX_DEPTH} archives already and was not opened.", code="nested")
            self._open(file, depth - 1)
        elif file.type is FileType.MEDIA:
            self._media(file, depth)
        elif file.type is FileType.OTHER_ARCHIVE:
            raise ApkError("It is an archive of a kind that is not opened.", code="unknown-archive")
        elif file.type is FileType.DEX:
            self._dex(file)
        elif file.type is FileType.JAVA:
            self._java(file)
        else:
            self._search(file)

    def _media(self, file: AssetFile, depth: int) -> None:
        if depth < 0:
            raise ApkError("It stands behind several pictures already and was not looked at.", code="nested")
        end = end_of_media(file.data)
        if end == 0:
            self._search(file._replace(type=FileType.BINARY))
        else:
            self._behind(file, end, depth)

    def _search(self, file: AssetFile) -> None:
        self._urls.add(file)
        self._pages.add(file)
        if file.type is FileType.XML:
            self._views.add(file.data)
        of_assemblies = file.type is FileType.ELF and b"assemblies" in file.name.encode("utf-8", "replace")
        if file.type is FileType.ASSEMBLY or of_assemblies:
            self._assemblies(file)

    def _assemblies(self, file: AssetFile) -> None:
        for at, content in compressed_assemblies(file.data, min(MAX_FILE, self._left)):
            alone = bytes(file.data[:4]) == ASSEMBLY_MAGIC
            where = file.where if alone else f"{file.where}{INSIDE}{at}"
            if isinstance(content, ApkError):
                self._note(where, content)
            else:
                self._left -= len(content)
                self._search(AssetFile(where, file.name, FileType.BINARY, memoryview(content)))

    def _dex(self, file: AssetFile) -> None:
        if len(file.data) > self._left_dex:
            raise ApkError(f"DEX files under other names hold more than {MAX_DEX} bytes.", code="size-limit")
        self._left_dex -= len(file.data)
        self._dexes.append((file.where, file.data))

    def _java(self, file: AssetFile) -> None:
        read = read_class(file.data)
        if read is None:
            raise ApkError("The Java class is damaged.", code="damaged-class")
        home = file.where[: -len(file.name)].removesuffix(INSIDE) or "*.class"
        self._named.setdefault(home, set()).update(one for one in read.named if one.startswith(b"L"))
        self._defined.setdefault(home, set())
        if read.defined:
            self._defined[home].add(read.defined)
        candidates = [
            Candidate(text.decode("utf-8", "replace"), "dex-string", file.where, at)
            for at, text in read.texts
            if b"." in text and len(text) < _LONGEST_NAME and b"/" not in text
        ]
        self._urls.add(file, candidates)

    def _open(self, file: AssetFile, depth: int) -> None:
        if file.type is FileType.ZIP:
            self.archive(Archive(file.data, total_limit=self._left), file.where + INSIDE, depth)
        elif file.type is FileType.TAR:
            for member in members(file.data):
                if len(member.content):
                    self._try(AssetFile.of(f"{file.where}{INSIDE}{member.name}", member.name, member.content), depth)
        else:
            self._unpacked(file, depth)

    def _unpacked(self, file: AssetFile, depth: int) -> None:
        """Read a file that is compressed by itself; with a tar archive in it both count as one."""
        unpacked, end = _UNPACKERS[file.type](file.data, min(MAX_FILE, self._left))
        self._left -= len(unpacked)
        self._behind(file, end, depth)
        inner = AssetFile.of(file.where, file.where.rpartition(INSIDE)[2], memoryview(unpacked))
        self._read(inner, depth + (inner.type is FileType.TAR))

    def _behind(self, file: AssetFile, end: int, depth: int) -> None:
        """Search what stands behind the end of a picture, or of what is compressed, as a file of its own."""
        zeros = _ZEROS.match(file.data, end)
        begin = zeros.end() if zeros else end
        if begin == len(file.data):
            return
        name = file.where.rpartition(INSIDE)[2]
        rest = AssetFile.of(f"{file.where}{INSIDE}{begin}", name, file.data[begin:])
        self._try(rest, depth - (rest.type is FileType.MEDIA))

    def _note(self, where: str, error: ApkError) -> None:
        self._skipped.append(Skipped(subject=where, step="native", code=error.code, reason=error.message))
