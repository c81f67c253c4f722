"""Identifiers of a phone in bytes that were sent without encryption, in the spellings that software uses.

Looked for are the identifiers that the acquisition knows, and beside them numbers of the form of an IMEI, IMSI, SIM
card number or hardware address behind a word that calls them so: of those it is not known whose they are. What
`decoded` undoes is undone first. The numbers themselves leave this file masked only.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from phone_audit.acquire.traffic.decoded import views
from phone_audit.model.device import IdentifierKind, PhoneIdentifier
from phone_audit.model.traffic import masked

LONGEST_SPELLING: Final = 512
"""Bytes that a message is overlapped by where it is looked through in pieces."""
MOST_SEARCHED: Final = 256 * 2**20
"""Bytes in the clear of one file that are looked through."""
_SHORTEST: Final = 6
_BETWEEN: Final = "[ ._/-]?"
"""What people and programs write between the digits of a number; of a known one alone."""
_NAMED: Final = re.compile(
    rb"""(?P<imei>imei|device_?id)[a-z0-9_]{0,8}[^a-z0-9]{1,8}(?P<imei_value>\d{14,16})(?!\d)
       | (?P<iccid>iccid|sim_?serial(?:number)?|ccid)[a-z0-9_]{0,4}[^a-z0-9]{1,8}(?P<iccid_value>89\d{16,18})(?!\d)
       | (?P<imsi>imsi|subscriber_?id)[a-z0-9_]{0,4}[^a-z0-9]{1,8}(?P<imsi_value>\d{14,15})(?!\d)
       | (?P<mac>mac)[a-z_]{0,8}[^a-z0-9]{1,8}(?P<mac_value>[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})(?![0-9a-f])""",
    re.VERBOSE,
)
_NAMES: Final[tuple[IdentifierKind, ...]] = ("imei", "iccid", "imsi", "mac")
_HINTS: Final = (b"imei", b"device", b"ccid", b"serial", b"imsi", b"subscriber", b"mac")
_NO_MAC: Final = re.compile("(?:02|00)(?::?00){5}|(?:ff:?){5}ff")
"""What Android gives packages instead of a hardware address, and addresses of nobody."""


class IdentifierHit(NamedTuple):
    """One identifier that was found. `own`: it is known to be this phone's."""

    kind: IdentifierKind
    masked: str
    own: bool


class IdentifierSearch:
    """Looks for the identifiers of one phone that the acquisition knows; there may be none.

    `unsearched` counts messages that came after `MOST_SEARCHED` bytes had been looked through.
    """

    def __init__(self, identifiers: Iterable[PhoneIdentifier]) -> None:
        self.unsearched = 0
        self._left = MOST_SEARCHED
        self._found: dict[str, IdentifierHit] = {}
        parts = []
        for number, one in enumerate(identifiers):
            spelling = _spelling(one)
            if spelling:
                name = f"i{number}"
                parts.append(f"(?P<{name}>{spelling})")
                self._found[name] = IdentifierHit(one.kind, masked(one.kind, one.value), own=True)
        self._own = re.compile("|".join(parts).encode()) if parts else None

    def find(self, data: bytes) -> set[IdentifierHit]:
        """Return what stands in a message; each once, the phone's own before what has only the form."""
        self._left -= len(data)
        if self._left < 0:
            self.unsearched += 1
            return set()
        return self.hits(data)

    def hits(self, data: bytes) -> set[IdentifierHit]:
        """Return what stands in a short text, however much was searched before."""
        found: set[IdentifierHit] = set()
        for text in views(data):
            found.update(hit for _, hit in self.matches(text))
        return _each_once(found)

    def hits_plain(self, text: bytes) -> set[IdentifierHit]:
        """Return what stands in bytes that are decoded and in lower case already."""
        return _each_once({hit for _, hit in self.matches(text)})

    def matches(self, text: bytes) -> Iterator[tuple[re.Match[bytes], IdentifierHit]]:
        """Yield where identifiers stand in bytes that are in lower case, and which they are."""
        if self._own is not None:
            yield from ((match, self._found[match.lastgroup or ""]) for match in self._own.finditer(text))
        if any(hint in text for hint in _HINTS):
            for match in _NAMED.finditer(text):
                kind = next(name for name in _NAMES if match[name])
                value = match[f"{kind}_value"].decode()
                if _is_plausible(kind, value):
                    yield match, IdentifierHit(kind, masked(kind, value), own=False)


def _each_once(found: set[IdentifierHit]) -> set[IdentifierHit]:
    own = {(one.kind, one.masked) for one in found if one.own}
    return {one for one in found if one.own or (one.kind, one.masked) not in own}


def _spelling(one: PhoneIdentifier) -> str:
    """Return a regular expression for all spellings in lower case; empty for what is too short to tell."""
    value = one.value.lower()
    if one.kind == "mac":
        pairs = re.findall("[0-9a-f]{2}", value)
        return f"(?<![0-9a-f]){'(?:[:.-]|%3a)?'.join(pairs)}(?![0-9a-f])" if len(pairs) == 6 else ""
    if len(value) < _SHORTEST or len(set(value)) < 3:
        return ""
    if one.kind == "imei" and value.isdigit():  # with its check digit, with a version, or without either
        return rf"(?<!\d){_spaced(value[:14])}(?:{_BETWEEN}\d){{0,2}}(?!\d)"
    if one.kind == "iccid" and len(value) >= 18:  # a last check digit is often left out
        return rf"(?<!\d){_spaced(value[:18])}(?:{_BETWEEN}[\df]){{0,2}}(?!\d)"
    if one.kind == "imsi":
        return rf"(?<![0-9a-z]){_spaced(value)}(?![0-9a-z])"
    return f"(?<![0-9a-z]){re.escape(value)}(?![0-9a-z])"


def _spaced(digits: str) -> str:
    return _BETWEEN.join(map(re.escape, digits))


def _is_plausible(kind: IdentifierKind, value: str) -> bool:
    if kind == "imei":
        return len(set(value)) > 2 and (len(value) != 15 or _luhn(value))
    if kind == "mac":
        return not _NO_MAC.fullmatch(value.replace("-", ":"))
    return len(set(value)) > 2


def _luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (3GPP TS 23.003, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0
