"""Hosts that a library puts together from two of its texts, where both stand in DEX files of a package that holds it.

Which texts these are, knowledge says: one has `%s` in it, the other stands there when the code runs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from phone_audit.apk.dex.descriptors import descriptor_prefix, under
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.text.host_text import Host, find_bare_host, find_first_url
from phone_audit.knowledge.schema.facts import LibraryFact


class JoinedHost(NamedTuple):
    """A host, and the file and the offset in bytes of the text with `%s`."""

    host: Host
    where: str
    offset: int


def joined_hosts(
    dexes: Sequence[DexFile], classes: Sequence[Sequence[bytes]], libraries: Sequence[LibraryFact]
) -> Iterator[JoinedHost]:
    """Yield the hosts that the texts of a package give.

    Args:
        dexes: its DEX files.
        classes: for each of them the sorted descriptors of the classes it names.
        libraries: what is known of them.
    """
    for library in libraries:
        prefixes = [descriptor_prefix(code) for code in library.code] if library.joins else []
        if any(under(named, prefix) for named in classes for prefix in prefixes):
            yield from _of_library(dexes, library)


def _of_library(dexes: Sequence[DexFile], library: LibraryFact) -> Iterator[JoinedHost]:
    for template, part in library.joins:
        if any(one.text == part for dex in dexes for one in dex.strings.beginning(part)):
            joined = template.replace("%s", part)
            host = find_first_url(joined) or find_bare_host(joined)
            places = ((dex.name, one) for dex in dexes for one in dex.strings.beginning(template))
            yield from (JoinedHost(host, name, one.offset) for name, one in places if host and one.text == template)
