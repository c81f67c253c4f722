"""URLs of which a DEX file keeps every other letter in one string and those between in another.

Google's data transport, which Firebase sends its logs with, keeps its addresses so
(`com.google.android.datatransport.cct.StringMerger`).
"""

from collections.abc import Iterator
from itertools import chain, islice, product, zip_longest
from typing import Final

from phone_audit.apk.assets.urls import Mention, first_url, too_many
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.strings import Text
from phone_audit.apk.text.host_text import registered_domain

MAX_PAIRS: Final = 2_000
"""Pairs of strings looked at in one file."""
_HALVES: Final = (("hts/", "tp:/"), ("ht:/", "tp/"))
"""How both halves of an address begin: with `https://`, and with `http://`."""


def woven_mentions(dex: DexFile) -> Iterator[Mention]:
    """Yield the URLs that two strings of a file give when their letters are taken in turn.

    The place is that of the string with the first letter. Raises an ApkError (`too-many-endpoints`) after `MAX_PAIRS`.
    """
    pairs = chain.from_iterable(product(*_both_halves(dex, *heads)) for heads in _HALVES)
    fitting = ((first, second) for first, second in pairs if len(first.text) - len(second.text) in (0, 1))
    for number, (first, second) in enumerate(fitting):
        if number == MAX_PAIRS:
            raise too_many(MAX_PAIRS)
        url = "".join(map("".join, zip_longest(first.text, second.text, fillvalue="")))
        found = first_url(url)
        if found and found.url == url and registered_domain(found.host):
            yield Mention(found, "decoded", dex.name, first.offset, "woven")


def _both_halves(dex: DexFile, head: str, other: str) -> tuple[list[Text], list[Text]]:
    firsts = list(islice(dex.strings.beginning(head), MAX_PAIRS))
    return firsts, list(islice(dex.strings.beginning(other), MAX_PAIRS)) if firsts else []
