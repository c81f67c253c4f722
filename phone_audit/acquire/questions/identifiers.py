"""Answers that are asked for anyway → the numbers by which this phone can be told from all others.

They are searched for in recorded traffic, and published nowhere. Sources: the serial number and whatever makers put
into properties (`getprop`), `android_id` and `bluetooth_address` of AOSP's `Settings.Secure`, and `subscriberId` of a
mobile network in `dumpsys netstats`, which is the IMSI; newer versions of Android print the beginning of it only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from phone_audit.acquire.questions.settings import parse_settings
from phone_audit.acquire.text import shown
from phone_audit.model.device import IdentifierKind, PhoneIdentifier

_MAC: Final = re.compile(r"(?i)[0-9a-f]{2}(?:([:-]?)[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}")
_SERIAL: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9]{6,32}")
_OF_PROPERTIES: Final[tuple[tuple[IdentifierKind, re.Pattern[str], re.Pattern[str]], ...]] = (
    ("imei", re.compile(r"(?i)imei"), re.compile(r"\d{14,16}")),
    ("iccid", re.compile(r"(?i)ccid"), re.compile(r"89\d{16,18}")),
    ("imsi", re.compile(r"(?i)imsi"), re.compile(r"\d{14,15}")),
    ("mac", re.compile(r"(?i)mac(?![a-z]*hin|ro)|bdaddr|bt_?addr"), _MAC),
    ("serial", re.compile(r"(?i)serial_?(?:no|number)$|\.serial$"), _SERIAL),
)
"""What makers call properties that hold an identifier, and the form that it has there."""
_NOBODY: Final = re.compile(r"(?i)(.)\1*|0123456789abcdef|(?:0[02]|ff)(?:[:-]?(?:00|ff)){5}|unknown")
"""Values that stand for no value, or that many phones have."""
_SUBSCRIBER: Final = re.compile(r"\bsubscriberId=(\d{14,15})\b")
_MOST: Final = 64


def property_identifiers(properties: Mapping[str, str]) -> Iterator[PhoneIdentifier]:
    """Yield what stands in properties.

    Example:
        >>> [one.kind for one in property_identifiers({"persist.sys.imei1": "490154203237518", "ro.serialno": "B2N7"})]
        ['imei']
    """
    for name, value in properties.items():
        for kind, called, form in _OF_PROPERTIES:
            if called.search(name) and form.fullmatch(value) and not _NOBODY.fullmatch(value):
                yield PhoneIdentifier(kind=kind, value=value)
                break


def settings_identifiers(text: str) -> Iterator[PhoneIdentifier]:
    """Yield what stands in the settings of one user."""
    settings = parse_settings(text)
    for value in settings.get("android_id", ()):
        if re.fullmatch("[0-9a-f]{14,16}", value) and not _NOBODY.fullmatch(value):
            yield PhoneIdentifier(kind="android-id", value=value)
    for value in settings.get("bluetooth_address", ()):
        if _MAC.fullmatch(value) and not _NOBODY.fullmatch(value):
            yield PhoneIdentifier(kind="mac", value=value)


def netstats_identifiers(text: str) -> Iterator[PhoneIdentifier]:
    """Yield the whole numbers of subscribers among the networks that were used."""
    for value in dict.fromkeys(_SUBSCRIBER.findall(text)):
        yield PhoneIdentifier(kind="imsi", value=value)


def distinct(identifiers: Iterable[PhoneIdentifier]) -> tuple[PhoneIdentifier, ...]:
    """Return them each once, fit for text, and no more than any phone has."""
    found: dict[tuple[str, str], PhoneIdentifier] = {}
    for one in identifiers:
        value = shown(one.value)
        found.setdefault((one.kind, value.lower()), PhoneIdentifier(kind=one.kind, value=value))
    return tuple(found.values())[:_MOST]
