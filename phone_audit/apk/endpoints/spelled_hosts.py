"""Hosts in texts that code spells out as arrays: whole URLs, and texts that are a bare host name alone."""

from collections.abc import Sequence

from phone_audit.apk.assets.urls import Candidate, Mention
from phone_audit.apk.dex.array_texts import array_texts
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.text.host_text import find_bare_host, find_urls

SPELLED = "array"
"""How such a text is written, in the evidence."""


def spelled_hosts(indexes: Sequence[DexIndex]) -> tuple[tuple[Mention, ...], tuple[Candidate, ...]]:
    """Return the URLs that the code of a package spells out, and the texts that may be a host name."""
    mentions: list[Mention] = []
    candidates: list[Candidate] = []
    for index in indexes:
        for text, _, offset in array_texts(index):
            found = list(find_urls(text))
            mentions += (Mention(one, "decoded", index.name, offset, SPELLED) for one in found)
            if not found and find_bare_host(text):
                candidates.append(Candidate(text, "decoded", index.name, offset, SPELLED))
    return tuple(mentions), tuple(candidates)
