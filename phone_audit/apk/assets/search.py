"""One file, unpacked: the URLs in it, by the way that its sort is searched."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.assets.apart import DOCUMENT_FILE, PROSE, Surroundings, rule_of
from phone_audit.apk.assets.documents import is_document
from phone_audit.apk.assets.encoded import Decoded, all_of, encoded_in
from phone_audit.apk.assets.extents import (
    ExtentOf,
    binary_extent,
    java_extent,
    native_extent,
    text_extent,
)
from phone_audit.apk.assets.found import Candidate, Mention
from phone_audit.apk.assets.kinds import Sort, kind_of
from phone_audit.apk.assets.marks import MOST, Marks, scanner
from phone_audit.apk.assets.pool import Pool, read_pool
from phone_audit.apk.assets.structured import values
from phone_audit.apk.assets.tables import hermes_strings, unity_strings
from phone_audit.apk.assets.urls import Found, urls_in, urls_in_16
from phone_audit.apk.endpoints.host_text import MAX_HOST, find_urls
from phone_audit.apk.endpoints.prose import is_prose
from phone_audit.model.finding import EvidenceKind

_URL_MARK: Final = rb":(?:\\?/){2}"
_OWN_HOST: Final = "schemas.android.com"
_OWN_URL: Final = re.compile(rb"://schemas\.android\.com/")
_OWN_URL_16: Final = re.compile(rb":\0/\0/\0s\0c\0h\0e\0m\0a\0s\0\.\0a\0n\0d\0r\0o\0i\0d\0")
"""Every compiled XML file names the namespace of Android itself. It says nothing and is not told."""
_NAME_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-"
_LONGEST_HEAD: Final = MAX_HOST + len(":65535")
_THOROUGH_BELOW: Final = 2**20
"""Bytes up to which a binary file is searched for every encoding; larger ones hold code or data, no prose."""
_ASSEMBLY: Final = b"MZ"
_EXTENTS: Final[dict[Sort, ExtentOf]] = {Sort.TEXT: text_extent, Sort.ELF: native_extent, Sort.JAVA: java_extent}
_WIDE: Final = (Sort.BINARY, Sort.HERMES, Sort.UNITY, Sort.ASSEMBLY)


class File(NamedTuple):
    """A file to be searched: neither an archive nor a DEX file.

    Attributes:
        where: how it is called in evidence.
        name: its name in the archive that holds it.
        sort: what it is.
        data: its bytes; hostile.
    """

    where: str
    name: str
    sort: Sort
    data: memoryview

    @property
    def kind(self) -> EvidenceKind:
        """What sort of evidence a text in it is."""
        return kind_of(self.name, self.sort)

    @property
    def pooled(self) -> bool:
        """Whether its texts stand in a string pool."""
        return self.sort is Sort.TABLE or self.sort is Sort.XML

    @property
    def thorough(self) -> bool:
        """Whether it is searched for every encoding."""
        return self.sort is Sort.TEXT or len(self.data) < _THOROUGH_BELOW

    @property
    def wide_texts(self) -> bool:
        """Whether it is an assembly of .NET, whose code has its texts in UTF-16."""
        return self.sort is Sort.BINARY and bytes(self.data[:2]) == _ASSEMBLY

    @property
    def configuration(self) -> bool:
        """Whether it is compiled XML that holds settings; layouts and drawings are many and hold none."""
        return self.sort is Sort.XML and ("res/xml/" in self.name or self.name.endswith("AndroidManifest.xml"))


def pool_of(file: File, marks: Marks) -> Pool | None:
    """Read the string pool of a resource table or of compiled XML; None where it has none, or is not worth a look.

    Args:
        file: the file.
        marks: what a scanner found in its bytes.
    """
    if file.sort is Sort.TABLE or file.configuration or _foreign(file, marks):
        return read_pool(file.data)
    return None


def _foreign(file: File, marks: Marks) -> bool:
    data = file.data
    if max(len(marks.plain), len(marks.wide)) >= MOST:
        return True
    return not all(_OWN_URL.match(data, at) for at in marks.plain) or not all(
        _OWN_URL_16.match(data, at) for at in marks.wide
    )


def mentions_in(file: File, marks: Marks) -> Iterator[Mention]:
    """Yield the URLs in one file that is no string pool.

    Args:
        file: the file.
        marks: what a scanner found in its bytes.

    Raises:
        ApkError: code `too-many-endpoints`, after everything, where not all of it was looked at.
    """
    sort, data, where, kind = file.sort, file.data, file.where, file.kind
    extent_of = _extent_of(sort, data)
    document = DOCUMENT_FILE if is_document(file.name) else None
    plain = _plain(sort, data, extent_of, marks)
    around = Surroundings(sort, data, file.name)
    rules = ((found, document or rule_of(around, found)) for found in plain)
    forms: list[Iterator[Mention]] = [
        (Mention(found.host, kind, where, found.begin, rule=rule) for found, rule in rules)
    ]
    if not document:
        forms.append(_decoded(file, encoded_in(data, extent_of, marks, thorough=file.thorough)))
        forms.extend(_decoded_wide(file, phase) for phase in ((0, 1) if file.wide_texts else ()))
    yield from all_of(forms)


def _decoded(file: File, found: Iterator[Decoded], begin: int = 0, step: int = 1) -> Iterator[Mention]:
    for one in found:
        yield Mention(one.found, "decoded", file.where, begin + step * one.offset, one.encoding, one.rule)


def _decoded_wide(file: File, phase: int) -> Iterator[Mention]:
    low = np.frombuffer(file.data, np.uint8)[phase::2].copy()
    yield from _decoded(file, encoded_in(low.data, binary_extent, scanner().marks(low)), phase, 2)


def _plain(sort: Sort, data: memoryview, extent_of: ExtentOf, marks: Marks) -> Iterator[Found]:
    forms = [urls_in(data, extent_of, marks.plain)]
    if sort in _WIDE:
        forms.append(urls_in_16(data, None if sort in (Sort.BINARY, Sort.ASSEMBLY) else extent_of, marks.wide))
    yield from all_of(forms)


def mentions_in_pool(file: File, pool: Pool, marks: Marks) -> Iterator[Mention]:
    """Yield the URLs in a string pool.

    Args:
        file: the file that it is from.
        pool: the pool.
        marks: what a scanner found in the characters of the pool.
    """
    for item, text in pool.strings.holding(_URL_MARK) if marks.plain else ():
        for found in find_urls(text):
            if found.host == _OWN_HOST:
                continue
            rule = PROSE if is_prose(text.partition(found.url)[0]) else None
            yield Mention(found, file.kind, file.where, pool.offset(item), rule=rule)
    for decoded in encoded_in(pool.strings.data.data, binary_extent, marks):
        yield Mention(decoded.found, "decoded", file.where, pool.offset(decoded.offset), decoded.encoding, decoded.rule)


def candidates_in_pool(file: File, pool: Pool) -> Iterator[Candidate]:
    """Yield the texts in a string pool that may be bare host names."""
    kind, where = file.kind, file.where
    if file.sort is Sort.TABLE or (file.configuration and kind != "manifest"):
        for item, text in pool.strings.headed(_NAME_BYTES, b".:", _LONGEST_HEAD):
            if "/" not in text:
                yield Candidate(text, kind, where, pool.offset(item))


def candidates_in(file: File) -> Iterator[Candidate]:
    """Yield the texts in a text file that may be bare host names; only where its form tells that a text is a value."""
    if is_document(file.name):
        return
    for text, at in values(file.name, file.data):
        yield Candidate(text, file.kind, file.where, at)


def _extent_of(sort: Sort, data: memoryview) -> ExtentOf:
    if sort in _EXTENTS:
        return _EXTENTS[sort]
    if sort is Sort.HERMES:
        return hermes_strings(data) or binary_extent
    if sort is Sort.UNITY:
        return unity_strings(data) or binary_extent
    return binary_extent
