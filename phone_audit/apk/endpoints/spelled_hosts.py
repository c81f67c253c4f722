"""Hosts that code hides from a list of its strings: in texts that it spells out as arrays, or writes in Base64.

Of arrays whole URLs count, and texts that are a bare host alone; Base64 has to be a text of its own that holds a bare
host in small letters and nothing else (encoded URLs are found elsewhere, see `encoded_urls`).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.urls import Candidate, Mention, too_many
from phone_audit.apk.dex.array_texts import array_texts
from phone_audit.apk.dex.file import DexFile
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.endpoints.address_nodes import Spot
from phone_audit.apk.text.host_text import find_bare_host, find_urls
from phone_audit.model.finding import Skipped

MOST: Final = 20_000
"""Texts of each kind of one file that are looked at."""
ARRAY: Final = "array"
BASE64: Final = "base64"
"""How such a text is written, in the evidence."""
_OPENINGS: Final = (
    b"MNOYZabcde", b"CDGHSTWXijmnyz23", b"ABEFIJMNQRUVYZcdghklopstwx014589", b"hijklmnopqrstuvwxyz0123456",
)  # fmt: skip
"""What the first letters of Base64 may be where small letters, digits, dots and hyphens are encoded."""
_LENGTHS: Final = range(6, 124)
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+(?::[0-9]{2,5})?")


class SpelledHosts(NamedTuple):
    """What was found: URLs, texts that may be a host, the methods that have the arrays, and what was left out."""

    mentions: tuple[Mention, ...]
    candidates: tuple[Candidate, ...]
    methods: Mapping[Spot, Sequence[tuple[DexIndex, int]]]
    skipped: tuple[Skipped, ...]


def spelled_hosts(indexes: Sequence[DexIndex]) -> SpelledHosts:
    """Return what the code of a package spells out."""
    mentions: dict[Mention, None] = {}
    candidates: dict[Candidate, None] = {}
    methods: dict[Spot, list[tuple[DexIndex, int]]] = {}
    full: set[str] = set()
    for index in indexes:
        for number, (text, row, offset) in enumerate(islice(array_texts(index), MOST + 1)):
            found = [Mention(one, "decoded", index.name, offset, ARRAY) for one in find_urls(text)]
            is_bare = not found and find_bare_host(text) is not None
            mentions.update(dict.fromkeys(found))
            if is_bare:
                candidates[Candidate(text, "decoded", index.name, offset, ARRAY)] = None
            if found or is_bare:
                methods.setdefault(Spot(index.name, offset), []).append((index, row))
            full.update([index.name] if number == MOST else ())
    for dex in {id(index.file): index.file for index in indexes}.values():
        in_base64 = list(islice(_in_base64(dex), MOST + 1))
        candidates.update(dict.fromkeys(in_base64))
        full.update([dex.name] if len(in_base64) > MOST else ())
    error = too_many(MOST)
    skipped = tuple(Skipped(subject=name, step="dex", code=error.code, reason=error.message) for name in sorted(full))
    return SpelledHosts(tuple(mentions), tuple(candidates), methods, skipped)


def _in_base64(dex: DexFile) -> Iterator[Candidate]:
    """Yield the hosts that are alone in a text; padding may be missing, and a line may end behind it."""
    for offset, text in dex.strings.opening(_OPENINGS, _LENGTHS):
        plain = text.rstrip("\r\n")
        try:
            decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if _HOST.fullmatch(decoded) and find_bare_host(decoded):
            yield Candidate(decoded, "decoded", dex.name, offset, BASE64)
