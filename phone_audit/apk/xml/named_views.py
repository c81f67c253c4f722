"""Views of an app whose names in its compiled resources say what may be typed into them.

The numbers by which code asks for such a view are found also where a shrinker took the names out of the code.
Formats: AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`, "ResTable_package", "ResTable_type"
(`resources.arsc`); `frameworks/base/tools/aapt2/Resources.proto`, "Package", "Type", "Entry" (bundles).
"""

import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

import numpy as np

from phone_audit.apk.xml.bundle_xml import Budget, text_of
from phone_audit.apk.xml.resources import PACKAGE, TABLE, TYPE, Chunk, chunks
from phone_audit.apk.zip.directory import Buffer

KINDS: Final[Mapping[str, Sequence[bytes]]] = {
    "password": (b"passw", b"pwd", b"psw", b"senha", b"contrasen", b"kennwort", b"wachtwoord", b"motdepasse"),
    "email": (b"mail", b"correo"),
    "typed-phone": (b"phone", b"mobile", b"telefon", b"telepon", b"celular"),
    "pass": (b"pass",),
    "typed-name": (b"firstname", b"first_name", b"lastname", b"last_name", b"fullname", b"full_name", b"surname"),
    "user-name": (b"user", b"usr", b"uname", b"login", b"nick", b"usuario", b"utilisateur", b"benutzer"),
}
"""What the data is called that names of views say, and the letters by which they do.

The last one in a name counts (`reset_password_email`), but for one of users (`password_login`), and for a password as
long as it is not known that what is typed is shown. `pass` is a password where something is typed in, for it may as
well be a button, or the beginning of another word.
"""
_ORDER: Final = tuple(KINDS)
_NO_NAME: Final = (
    b"server", b"servers", b"host", b"hostname", b"url", b"urls", b"otp", b"captcha", b"search", b"message",
    b"messages", b"msg", b"comment", b"comments",
)  # fmt: skip
"""Words for what is no name of a person, whatever stands before: `login_screen_server` only says on which screen."""
_VERIFIES: Final = b"verif"
"""Begins such words of several endings."""
_NONE: Final = len(_ORDER) + 1
"""The group of the pattern for these."""
EITHER: Final = "password-or-"
"""Begins a kind where a name says both, the password first: where the text is shown, it is the other."""
_NO_PASSWORDS: Final = (b"port", b"eng", b"age", b"ion", b"ive")
"""What makes another word of `pass`: passport, passenger, passage, passion, passive."""
_NOT_THE_NAME: Final = (b"gender", b"sex", b"age", b"birth", b"city", b"addr", b"country", b"tel", b"card")
"""What else of a user may be typed in, and is named behind the word for the user."""

_PALETTE: Final = b"editText"
"""How the name begins that a layout editor gives a field for phone numbers, which makers drag in for any text."""


def _pattern(end: bytes) -> re.Pattern[bytes]:
    """Return the pattern of all words, a group for each kind, where `end` stands behind each letter."""

    def wide(text: bytes) -> bytes:
        return b"".join(bytes((letter,)) + end for letter in text)

    words = [b"|".join(map(wide, of_kind)) for of_kind in KINDS.values()]
    words[_ORDER.index("pass")] += b"(?!%b)" % b"|".join(map(wide, _NO_PASSWORDS))
    others = b"(?!(?:%b)?(?:%b))" % (wide(b"_"), b"|".join(map(wide, _NOT_THE_NAME)))
    words[_ORDER.index("user-name")] = b"(?:%b)%b" % (words[_ORDER.index("user-name")], others)
    words[_ORDER.index("typed-phone")] = b"(?<!%b)(?:%b)" % (wide(_PALETTE), words[_ORDER.index("typed-phone")])
    whole = b"(?i:%b)(?![a-z])" % b"|".join(map(wide, sorted(_NO_NAME, key=len, reverse=True)))
    begins = b"(?:(?<=_%b)|(?<=[a-z]%b)(?=[A-Z]))" % (end, end)
    none = b"%b(?:%b|(?i:%b))" % (begins, whole, wide(_VERIFIES))
    return re.compile(b"|".join(b"(?i:(%b))" % one for one in words) + b"|(%b)" % none)


_NAME: Final = _pattern(b"")
_WIDE_NAME: Final = _pattern(b"\0")
_KIND: Final = re.compile(rb"\x02\x02id\0")
_WIDE_KIND: Final = re.compile(rb"\x02\0i\0d\0\0\0")
"""The name of the type of such numbers, with its length before it and its end."""
_UTF8: Final = 0x100
_SPARSE, _SHORT_OFFSETS, _COMPACT = 1, 2, 8
_NONE32, _NONE16 = 0xFFFFFFFF, 0xFFFF
_TYPE_NAMES, _KEYS = 268, 276
"""Where in the head of a package it stands at which offset its names of types, and of values, begin."""
_MOST: Final = 1 << 16
"""Values of one type that are looked at; more have no number."""
_MOST_SEARCHED: Final = 4
"""Times that a byte of a table is searched, on average."""


def kind_of_name(name: bytes | memoryview) -> str | None:
    """Return what the name of a view says, None where it says nothing."""
    return _kind([one.lastindex or 0 for one in _NAME.finditer(name)])


def _kind(groups: Sequence[int]) -> str | None:
    """Return what a name says, by the groups of the pattern that were found in it."""
    kinds = [_ORDER[one - 1] for one in groups if one != _NONE]
    if groups and groups[-1] == _NONE:
        kinds = [one for one in kinds if one != "user-name"]
    last = next((one for one in reversed(kinds) if one != "user-name"), kinds[-1] if kinds else None)
    if "password" not in kinds:
        return last
    return "password" if last in {"password", "pass"} else f"{EITHER}{last}"


def named_views(data: Buffer) -> dict[int, str]:
    """Return what the names of views say, by their number; nothing of what cannot be read."""
    found: dict[int, str] = {}
    pools = _Pools(data)
    table = next(chunks(data, 0, len(data)), None)
    if table is None or table.type != TABLE:
        return {}
    for package in chunks(data, table.start + table.header, table.end):
        if package.type == PACKAGE:
            try:
                found |= _in_package(data, package, pools)
            except (struct.error, IndexError, ValueError):
                continue
    return found


def bundled_named_views(data: memoryview, budget: Budget) -> dict[int, str]:
    """Return the same of the table of a bundle's module, up to damage or the end of the budget."""
    found: dict[int, str] = {}
    with suppress(ValueError):
        for package in budget.messages(data, 2):
            package_id = budget.number(budget.inner(package, 1), 1)
            for kind in budget.messages(package, 3):
                if text_of(budget.inner(kind, 2)) == "id":
                    type_id = budget.number(budget.inner(kind, 1), 1)
                    first = (package_id & 0xFF) << 24 | (type_id & 0xFF) << 16
                    found.update((first | entry & 0xFFFF, what) for entry, what in _bundled_entries(kind, budget))
    return found


def _bundled_entries(kind: memoryview, budget: Budget) -> Iterator[tuple[int, str]]:
    for entry in budget.messages(kind, 3):
        if said := kind_of_name(budget.inner(entry, 2)):
            yield budget.number(budget.inner(entry, 1), 1), said


def _in_package(data: Buffer, package: Chunk, pools: "_Pools") -> dict[int, str]:
    (number,) = struct.unpack_from("<I", data, package.start + 8)
    types, keys = (struct.unpack_from("<I", data, package.start + at)[0] for at in (_TYPE_NAMES, _KEYS))
    wanted = pools.holding(package.start + keys, _NAME, _WIDE_NAME)
    kinds = pools.holding(package.start + types, _KIND, _WIDE_KIND) if wanted else {}
    found: dict[int, str] = {}
    for chunk in chunks(data, package.start + package.header, package.end):
        if chunk.type == TYPE and data[chunk.start + 8] - 1 in kinds:
            first = (number & 0xFF) << 24 | data[chunk.start + 8] << 16
            found |= {
                first | entry: kind for entry, key in _entries(data, chunk) if (kind := _kind(wanted.get(key, ())))
            }
    return found


class _Pools:
    """Searches the pools of strings of a table; forged packages may share one, or have pools that overlap."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._left = _MOST_SEARCHED * len(data)
        self._known: dict[tuple[int, re.Pattern[bytes]], dict[int, list[int]]] = {}

    def holding(self, start: int, plain: re.Pattern[bytes], wide: re.Pattern[bytes]) -> dict[int, list[int]]:
        """Return the numbers of the strings of a pool in which a pattern is found, with its groups that are."""
        if (start, plain) not in self._known:
            (size,) = struct.unpack_from("<I", self._data, start + 4)
            self._left -= size
            self._known[start, plain] = _holding(self._data, start, plain, wide) if self._left >= 0 else {}
        return self._known[start, plain]


def _holding(data: Buffer, start: int, plain: re.Pattern[bytes], wide: re.Pattern[bytes]) -> dict[int, list[int]]:
    """Return the numbers of the strings of a pool in which a pattern is found, with its groups that are."""
    _, header, size, count, _, flags, strings = struct.unpack_from("<HHIIIII", data, start)
    pool = bytes(data[start : start + size])
    begins = np.frombuffer(pool, "<u4", min(count, max(0, len(pool) - header) // 4), header).astype(np.int64) + strings
    order = np.argsort(begins, kind="stable")
    hits = list(islice((plain if flags & _UTF8 else wide).finditer(pool, strings), _MOST))
    at = np.searchsorted(begins[order], [one.start() for one in hits], side="right") - 1
    found: dict[int, list[int]] = defaultdict(list)
    for place, hit in zip(at.tolist(), hits, strict=True):
        if place >= 0:
            found[int(order[place])].append(hit.lastindex or 0)
    return found


def _entries(data: Buffer, chunk: Chunk) -> Iterator[tuple[int, int]]:
    """Yield number and key of the values of a type."""
    flags = data[chunk.start + 9]
    count, entries = struct.unpack_from("<II", data, chunk.start + 12)
    at = chunk.start + chunk.header
    if flags & _SPARSE:
        rows = struct.iter_unpack("<HH", data[at : at + 4 * min(count, _MOST)])
        places = [(number, 4 * offset) for number, offset in rows]
    elif flags & _SHORT_OFFSETS:
        short = np.frombuffer(data, "<u2", min(count, _MOST), at).tolist()
        places = [(number, 4 * offset) for number, offset in enumerate(short) if offset != _NONE16]
    else:
        whole = np.frombuffer(data, "<u4", min(count, _MOST), at).tolist()
        places = [(number, offset) for number, offset in enumerate(whole) if offset != _NONE32]
    for number, offset in places:
        size, how, key = struct.unpack_from("<HHI", data, chunk.start + entries + offset)
        yield number, size if how & _COMPACT else key
