"""Hosts that code hides from a list of its strings: in texts that it spells out as arrays, or writes in Base64.

Of arrays whole URLs count, and texts that are a bare host alone; Base64 has to be a text of its own that holds a bare
host and nothing else (encoded URLs are found elsewhere, see `encoded_urls`).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

from phone_audit.apk.assets.urls import Candidate, Mention
from phone_audit.apk.dex.array_texts import array_texts
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.text.host_text import find_bare_host, find_urls

ARRAY: Final = "array"
BASE64: Final = "base64"
"""How such a text is written, in the evidence."""
_OPENINGS: Final = (
    b"MNOYZabcde",
    b"CDGHSTWXijmnyz23",
    b"ABEFIJMNQRUVYZcdghklopstwx014589",
    b"hijklmnopqrstuvwxyz0123456",
)
"""What the first letters of Base64 may be where small letters, digits, dots and hyphens are encoded."""
_LENGTHS: Final = range(8, 124, 4)
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+(?::[0-9]{2,5})?")


def spelled_hosts(indexes: Sequence[DexIndex]) -> tuple[tuple[Mention, ...], tuple[Candidate, ...]]:
    """Return the URLs that the code of a package spells out, and the texts that may be a host name."""
    mentions: list[Mention] = []
    candidates: list[Candidate] = []
    for index in indexes:
        for text, _, offset in array_texts(index):
            found = list(find_urls(text))
            mentions += (Mention(one, "decoded", index.name, offset, ARRAY) for one in found)
            if not found and find_bare_host(text):
                candidates.append(Candidate(text, "decoded", index.name, offset, ARRAY))
    for dex in {index.name: index.file for index in indexes}.values():
        candidates += _in_base64(dex)
    return tuple(mentions), tuple(candidates)


def _in_base64(dex: DexFile) -> Iterator[Candidate]:
    for offset, text in dex.strings.opening(_OPENINGS, _LENGTHS):
        try:
            decoded = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if _HOST.fullmatch(decoded) and find_bare_host(decoded):
            yield Candidate(decoded, "decoded", dex.name, offset, BASE64)
