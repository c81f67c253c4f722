"""Hosts that a library puts together from two of its texts, where both stand in a DEX file of the package.

Which texts these are, knowledge says: one has `%s` in it, the other stands there when the code runs.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.text.host_text import Host, find_bare_host, find_first_url
from phone_audit.knowledge.schema.facts import LibraryFact


class JoinedHost(NamedTuple):
    """A host, and the file and the offset in bytes of the text with `%s`."""

    host: Host
    where: str
    offset: int


def joined_hosts(dexes: Iterable[DexFile], libraries: Iterable[LibraryFact]) -> Iterator[JoinedHost]:
    """Yield the hosts that the texts of each file give."""
    pairs = [pair for library in libraries for pair in library.joins]
    for dex in dexes:
        texts = {text: offset for offset, text in dex.strings.holding(rb"%s\0")}
        for template, part in pairs:
            if template in texts and any(one.text == part for one in dex.strings.beginning(part)):
                joined = template.replace("%s", part)
                if host := find_first_url(joined) or find_bare_host(joined):
                    yield JoinedHost(host, dex.name, texts[template])
