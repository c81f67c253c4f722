"""Small pieces of plain English that sentences are put together from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

DATA_WORDS: Final[Mapping[str, str]] = {
    "sms": "text messages",
    "sms-sender": "numbers that messages come from",
    "call-log": "the call log",
    "contacts": "the contacts",
    "calendar": "the calendar",
    "clipboard": "the clipboard",
    "password": "a password that is typed in",
    "hidden-text": "text that is hidden while it is typed in, as passwords are",
    "location": "the place of the phone",
    "cell": "the cell that the phone is in",
    "wifi-networks": "Wi-Fi networks that the phone sees or uses",
    "accounts": "the accounts",
    "signed-in": "the account that its user signed in with",
    "phone-number": "the phone number",
    "typed-phone": "a phone number that is typed in",
    "email": "an e-mail address that is typed in",
    "user-name": "a user name that is typed in",
    "typed-name": "a person's name that is typed in",
    "imei": "the IMEI",
    "imsi": "the IMSI",
    "iccid": "the number of the SIM card",
    "serial": "the serial number",
    "mac": "a hardware address",
    "android-id": "the Android ID",
    "drm-id": "the ID of the phone's copy protection",
    "advertising-id": "the advertising ID",
    "packages": "the list of installed packages",
}
"""Private data that is followed through code, and what it is called in a sentence; the most private first."""
_RANKS: Final[Mapping[str, int]] = {kind: rank for rank, kind in enumerate(DATA_WORDS)}


def kinds_of_data(kinds: Iterable[str]) -> list[str]:
    """Name kinds of private data, each once, the most private first.

    Example:
        >>> kinds_of_data(["imei", "sms", "imei"])
        ['text messages', 'the IMEI']
    """
    return [
        DATA_WORDS.get(kind, kind.replace("-", " "))
        for kind in sorted(set(kinds), key=lambda one: (_RANKS.get(one, 99), one))
    ]


def listed(items: Sequence[str], most: int = 6, last: str = "and") -> str:
    """Join items as a person would; of a long list the first ones and the count of the others.

    Example:
        >>> listed(["IMEI", "IMSI", "ICCID"])
        'IMEI, IMSI and ICCID'
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def one_of(name: str, number: int) -> str:
    """Return the name of the first of some packages, as what begins a sentence about all of them.

    Example:
        >>> one_of("com.a", 1), one_of("com.a", 3)
        ('com.a', 'com.a, as one of 3 packages,')
    """
    return f"{name}, as one of {number} packages," if number > 1 else name


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1, "package"), counted(3, "package")
        ('1 package', '3 packages')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


_MONTH: Final = 30.436875
"""Days of a month, on average."""


def months_in(days: int) -> int:
    """Return the whole months in a number of days.

    Example:
        >>> months_in(30), months_in(31), months_in(731)
        (0, 1, 24)
    """
    return max(0, int(days / _MONTH))


def day_of(text: str) -> date | None:
    """Return the day that a text begins with; None where it is none.

    Example:
        >>> day_of("2024-12-05T10:00:00Z")
        datetime.date(2024, 12, 5)
    """
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def sentence(text: str) -> str:
    """End a text as a sentence, unless it is ended.

    Example:
        >>> sentence("Update the phone"), sentence("Update the phone.")
        ('Update the phone.', 'Update the phone.')
    """
    return text if text.endswith((".", "!", "?")) else text + "."


_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def amount(size: int) -> str:
    """Write a number of bytes as people do.

    Example:
        >>> amount(713), amount(480_486)
        ('713 B', '480.5 kB')
    """
    value = float(size)
    for unit in _UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_UNITS[-1]}"
