"""The URLs in files: each searched in the way of its type, small ones many at a time, in their order."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Final

import numpy as np

from phone_audit.apk.assets import string_tables
from phone_audit.apk.assets.encoded_urls import DecodedUrl, all_of, encoded_in
from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.page_links import PageLinks, author_pages, is_anchor, viewed_texts
from phone_audit.apk.assets.script_calls import is_asked
from phone_audit.apk.assets.url_context import DOCUMENT_FILE, PROSE, FileContext, is_document, is_web, rule_of
from phone_audit.apk.assets.url_scanner import MOST, UrlPositions, scanner
from phone_audit.apk.assets.urls import Candidate, Mention, script_hosts, too_many, urls_in, urls_in_16, values
from phone_audit.apk.dex.strings import Bytes
from phone_audit.apk.text.host_text import MAX_HOST, find_urls, unescaped
from phone_audit.apk.text.prose import is_prose, is_shown
from phone_audit.apk.xml.elements import Element
from phone_audit.apk.xml.xml_parser import read_regular
from phone_audit.errors import ApkError

_URL_MARK: Final = rb":(?:\\?/){2}"
_OWN_HOST: Final = "schemas.android.com"
_OWN_URL: Final = re.compile(rb"://schemas\.android\.com/")
_OWN_URL_16: Final = re.compile(rb":\0/\0/\0s\0c\0h\0e\0m\0a\0s\0\.\0a\0n\0d\0r\0o\0i\0d\0")
"""Every compiled XML file names the namespace of Android itself. It says nothing and is not told."""
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-"
_LONGEST_HEAD: Final = MAX_HOST + len(":65535")
_EXTENTS: Final[dict[FileType, string_tables.ExtentOf]] = {
    FileType.TEXT: string_tables.text_extent,
    FileType.ELF: string_tables.native_extent,
    FileType.JAVA: string_tables.java_extent,
}
_WIDE: Final = (FileType.BINARY, FileType.HERMES, FileType.UNITY, FileType.ASSEMBLY)
MAX_MENTIONS: Final = 100_000
_TOGETHER: Final = 1 << 19
"""Bytes of small files that are scanned at once: most files of a package are far smaller, and hold nothing."""
_ALONE: Final = 1 << 16
"""Bytes from which on a file is scanned by itself, with no copy of it."""
_NO_MARKS: Final = UrlPositions()
_BEFORE: Final = 1 << 10
"""Characters before a URL in a string pool that are looked at: one text may hold very many URLs."""


def _pool_of(file: AssetFile, marks: UrlPositions) -> string_tables.StringPool | None:
    """Read the string pool of a resource table or of compiled XML; None where it has none, or is not worth a look."""
    if file.type is FileType.TABLE or file.configuration or _foreign(file, marks):
        return string_tables.read_pool(file.data)
    return None


def _foreign(file: AssetFile, marks: UrlPositions) -> bool:
    """Tell whether it names another address than the namespace of Android."""
    if max(len(marks.plain), len(marks.wide)) >= MOST:
        return True
    own = all(_OWN_URL.match(file.data, at) for at in marks.plain)
    return not own or not all(_OWN_URL_16.match(file.data, at) for at in marks.wide)


def _mentions_in(file: AssetFile, marks: UrlPositions) -> Iterator[Mention]:
    """Yield the URLs in one file that is no string pool, of which a scanner found the marks.

    Raises an ApkError (`too-many-endpoints`) after everything, where not all of it was looked at.
    """
    data, where, kind = file.data, file.where, file.kind
    extent_of = _extent_of(file)
    document = DOCUMENT_FILE if is_document(file.name) else None
    context = FileContext(file)
    plain = [urls_in(data, extent_of, marks.plain)]
    if file.type in _WIDE:
        by_run = file.type in (FileType.BINARY, FileType.ASSEMBLY)
        plain.append(urls_in_16(data, None if by_run else extent_of, marks.wide))
    rules = ((found, document or rule_of(context, found)) for found in all_of(plain))
    links = PageLinks(file)
    is_script = file.type is FileType.TEXT and is_web(file.name)
    forms: list[Iterator[Mention]] = [
        (
            Mention(
                found.host,
                kind,
                where,
                found.begin,
                rule=rule,
                is_link=rule is None and links.has(found),
                is_asked=rule is None and is_script and is_asked(found.before),
            )
            for found, rule in rules
        )
    ]
    if not document:
        forms.append(_decoded(file, encoded_in(data, extent_of, marks, thorough=file.thorough)))
        forms.extend(_decoded_wide(file, phase) for phase in ((0, 1) if file.wide_texts else ()))
    yield from all_of(forms)


def _decoded(file: AssetFile, found: Iterator[DecodedUrl], begin: int = 0, step: int = 1) -> Iterator[Mention]:
    for one in found:
        yield Mention(one.found, "decoded", file.where, begin + step * one.offset, one.encoding, one.rule)


def _decoded_wide(file: AssetFile, phase: int) -> Iterator[Mention]:
    low = np.frombuffer(file.data, np.uint8)[phase::2].copy()
    yield from _decoded(file, encoded_in(low.data, string_tables.binary_extent, scanner().marks(low)), phase, 2)


def _mentions_in_pool(file: AssetFile, pool: string_tables.StringPool, marks: UrlPositions) -> Iterator[Mention]:
    """Yield the URLs in a string pool; the marks are those of its characters."""
    root = _configuration(file) if marks.plain else None
    links = viewed_texts(root) | author_pages(root) if root else frozenset()
    is_table = file.type is FileType.TABLE
    for item, text in pool.strings.holding(_URL_MARK) if marks.plain else ():
        told, plain, begin = is_table and is_shown(text), unescaped(text), 0
        for found in find_urls(text):
            if found.host == _OWN_HOST:
                continue
            begin = max(begin, plain.find(found.url, begin))
            before = plain[max(0, begin - _BEFORE) : begin]
            rule = PROSE if told or is_prose(before) else None
            is_link = rule is None and (text in links or (is_table and is_anchor(before)))
            yield Mention(found, file.kind, file.where, pool.offset(item), rule=rule, is_link=is_link)
    decoded = encoded_in(pool.strings.data.data, string_tables.binary_extent, marks)
    yield from _decoded(file, decoded, pool.base, pool.width)


def _configuration(file: AssetFile) -> Element | None:
    """Return a settings page or the like; nothing where it is odd in any way."""
    return read_regular(bytes(file.data)) if file.configuration and file.kind != "manifest" else None


def _candidates_in_pool(file: AssetFile, pool: string_tables.StringPool) -> Iterator[Candidate]:
    """Yield the texts in a string pool that may be bare host names."""
    kind, where = file.kind, file.where
    if file.type is FileType.TABLE or (file.configuration and kind != "manifest"):
        for item, text in pool.strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD):
            if "/" not in text:
                yield Candidate(text, kind, where, pool.offset(item))


def _extent_of(file: AssetFile) -> string_tables.ExtentOf:
    if file.type is FileType.HERMES:
        return string_tables.hermes_strings(file.data) or string_tables.binary_extent
    if file.type is FileType.UNITY:
        return string_tables.unity_strings(file.data) or string_tables.binary_extent
    return _EXTENTS.get(file.type, string_tables.binary_extent)


class UrlSearch:
    """Searches files for `mentions` of hosts, and for `candidates`: texts that may be bare host names.

    `note` is told where something was not looked at, and why.
    """

    def __init__(self, note: Callable[[str, ApkError], None]) -> None:
        self.mentions: list[Mention] = []
        self.candidates: list[Candidate] = []
        self._note = note
        self._waiting: list[tuple[AssetFile, Sequence[Candidate]]] = []
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether there is more than is kept."""
        return len(self.mentions) == MAX_MENTIONS or len(self.candidates) == MAX_MENTIONS

    def add(self, file: AssetFile, candidates: Sequence[Candidate] = ()) -> None:
        """Search a file, at once or later; `candidates` are texts that its own reader found in it."""
        if file.type is FileType.TABLE or len(file.data) >= _ALONE:
            self.finish()
            self._alone(file)
            self._take(candidates)
            return
        self._waiting.append((file, candidates))
        self._bytes += len(file.data)
        if self._bytes >= _TOGETHER:
            self.finish()

    def finish(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if waiting:
            files = [file for file, _ in waiting]
            marks = self._together([np.frombuffer(file.data, np.uint8) for file in files])
            pools = [_pool_of(file, its) if file.pooled else None for file, its in zip(files, marks, strict=True)]
            in_pools = iter(self._together([pool.strings.data for pool in pools if pool is not None]))
            for (file, candidates), its, pool in zip(waiting, marks, pools, strict=True):
                self._search(file, its if pool is None else next(in_pools), pool)
                self._take(candidates)

    def _alone(self, file: AssetFile) -> None:
        marks = _NO_MARKS
        if file.type is not FileType.TABLE:
            marks = scanner().marks(np.frombuffer(file.data, np.uint8), thorough=file.thorough)
        pool = _pool_of(file, marks) if file.pooled else None
        self._search(file, marks if pool is None else scanner().marks(pool.strings.data), pool)

    def _together(self, parts: list[Bytes]) -> list[UrlPositions]:
        """Return the marks of each of several files, for which they are scanned as one.

        Where that is more than is told at once, each is scanned alone: no file takes the room of another.
        """
        if not parts:
            return []
        begins = [0, *accumulate(part.size for part in parts)][:-1]
        whole = scanner().marks(np.concatenate(parts))
        if whole.full:
            return [scanner().marks(part) for part in parts]
        found = whole.apart(begins)
        return [found.get(number, _NO_MARKS) for number in range(len(parts))]

    def _search(self, file: AssetFile, marks: UrlPositions, pool: string_tables.StringPool | None) -> None:
        try:
            if pool is not None:
                self._keep(_mentions_in_pool(file, pool, marks))
                self._take(_candidates_in_pool(file, pool))
            elif not file.pooled and (marks is not _NO_MARKS or file.wide_texts):
                self._keep(_mentions_in(file, marks))
            if file.type is FileType.TEXT and not is_document(file.name):  # its form tells which texts are values
                found = values(file.name, file.data)
                self._take(Candidate(text, file.kind, file.where, at) for text, at in found)
                hosts = script_hosts(file.data) if is_web(file.name) else ()
                self._take(Candidate(text, file.kind, file.where, at) for text, at in hosts)
            if marks is not _NO_MARKS and marks.full:
                raise too_many(MOST)
        except ApkError as error:
            self._note(file.where, error)

    def _keep(self, mentions: Iterable[Mention]) -> None:
        self.mentions += islice(mentions, MAX_MENTIONS - len(self.mentions))

    def _take(self, candidates: Iterable[Candidate]) -> None:
        if candidates:
            self.candidates += islice(candidates, MAX_MENTIONS - len(self.candidates))
