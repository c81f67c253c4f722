"""One file, unpacked: the URLs in it, by the way that its sort is searched."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from phone_audit.analyse.host_text import MAX_HOST, find_urls
from phone_audit.analyse.places.apart import DOCUMENT_FILE, PROSE, is_document, is_prose, rule_of
from phone_audit.analyse.places.encoded import encoded_in
from phone_audit.analyse.places.extents import (
    ExtentOf,
    binary_extent,
    java_extent,
    native_extent,
    text_extent,
)
from phone_audit.analyse.places.found import Candidate, Mention
from phone_audit.analyse.places.kinds import Sort, kind_of
from phone_audit.analyse.places.pool import Pool, read_pool
from phone_audit.analyse.places.structured import values
from phone_audit.analyse.places.tables import hermes_strings, unity_strings
from phone_audit.analyse.places.urls import Found, urls_in, urls_in_16
from phone_audit.model.finding import EvidenceKind

_URL_MARK: Final = rb":(?:\\?/){2}"
_OWN_HOST: Final = "schemas.android.com"
_XML_URL: Final = re.compile(rb"://(?!schemas\.android\.com/)")
_XML_URL_16: Final = re.compile(rb":\0/\0/\0(?!s\0c\0h\0e\0m\0a\0s\0\.\0a\0n\0d\0r\0o\0i\0d\0)")
"""Every compiled XML file names the namespace of Android itself. It says nothing and is not told."""
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-"
_LONGEST_HEAD: Final = MAX_HOST + len(":65535")
_THOROUGH_BELOW: Final = 2**20
"""Bytes up to which a binary file is searched for every encoding; larger ones hold code or data, no prose."""
_EXTENTS: Final[dict[Sort, ExtentOf]] = {Sort.TEXT: text_extent, Sort.ELF: native_extent, Sort.JAVA: java_extent}
_WIDE: Final = (Sort.BINARY, Sort.HERMES, Sort.UNITY, Sort.ASSEMBLY)


class File(NamedTuple):
    """A file to be searched: neither an archive nor a DEX file.

    Attributes:
        where: how it is called in evidence.
        name: its name in the archive that holds it.
        sort: what it is.
        data: its bytes; hostile.
        pool: its string pool, where it is a resource table or compiled XML that is worth a look.
    """

    where: str
    name: str
    sort: Sort
    data: memoryview
    pool: Pool | None

    @property
    def kind(self) -> EvidenceKind:
        """What sort of evidence a text in it is."""
        return kind_of(self.name, self.sort)


def file_of(where: str, name: str, sort: Sort, data: memoryview) -> File:
    """Prepare a file; `where`, `name`, `sort` and `data` as in `File`."""
    pooled = sort is Sort.TABLE or (
        sort is Sort.XML and (_is_configuration(name) or _XML_URL.search(data) or _XML_URL_16.search(data))
    )
    return File(where, name, sort, data, read_pool(data) if pooled else None)


def mentions_in(file: File) -> Iterator[Mention]:
    """Give the URLs in one file."""
    sort, data, where, kind = file.sort, file.data, file.where, file.kind
    if sort is Sort.TABLE or sort is Sort.XML:
        if file.pool is not None:
            yield from _pooled(where, kind, file.pool)
        return
    extent_of = _extent_of(sort, data)
    document = DOCUMENT_FILE if is_document(file.name) else None
    for found in _plain(sort, data, extent_of):
        rule = document or rule_of(sort, data, found)
        yield Mention(found.host, kind, where, found.begin, rule=rule)
    if document:
        return
    thorough = sort is Sort.TEXT or len(data) < _THOROUGH_BELOW
    for decoded in encoded_in(data, extent_of, thorough=thorough):
        yield Mention(decoded.found, "decoded", where, decoded.offset, decoded.encoding)


def _plain(sort: Sort, data: memoryview, extent_of: ExtentOf) -> Iterator[Found]:
    yield from urls_in(data, extent_of)
    if sort in _WIDE:
        yield from urls_in_16(data, None if sort in (Sort.BINARY, Sort.ASSEMBLY) else extent_of)


def candidates_in(file: File) -> Iterator[Candidate]:
    """Give the texts in one file that may be bare host names; only where its form tells that a text is a value."""
    kind, where, pool = file.kind, file.where, file.pool
    if file.sort is Sort.TEXT:
        yield from (Candidate(text, kind, where, at) for text, at in values(file.name, file.data))
    elif pool is not None and (file.sort is Sort.TABLE or (_is_configuration(file.name) and kind != "manifest")):
        for item, text in pool.strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD):
            if "/" not in text:
                yield Candidate(text, kind, where, pool.offset(item))


def _is_configuration(name: str) -> bool:
    """Tell whether compiled XML holds settings; layouts and drawings are many and hold none."""
    return "res/xml/" in name or name.endswith("AndroidManifest.xml")


def _pooled(where: str, kind: EvidenceKind, pool: Pool) -> Iterator[Mention]:
    for item, text in pool.strings.holding(_URL_MARK):
        for found in find_urls(text):
            if found.host == _OWN_HOST:
                continue
            rule = PROSE if is_prose(text.partition(found.url)[0]) else None
            yield Mention(found, kind, where, pool.offset(item), rule=rule)
    for decoded in encoded_in(pool.strings.data.data, binary_extent):
        yield Mention(decoded.found, "decoded", where, pool.offset(decoded.offset), decoded.encoding)


def _extent_of(sort: Sort, data: memoryview) -> ExtentOf:
    if sort in _EXTENTS:
        return _EXTENTS[sort]
    if sort is Sort.HERMES:
        return hermes_strings(data) or binary_extent
    if sort is Sort.UNITY:
        return unity_strings(data) or binary_extent
    return binary_extent
