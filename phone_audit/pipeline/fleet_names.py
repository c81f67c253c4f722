"""Names of phones inside a fleet, which are names of files as well."""

import re

from phone_audit.model.results import Scan

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 40


def phone_name(number: int, scan: Scan | None) -> str:
    """Name a phone by its place in the fleet, its model, and the beginning of its pseudonym: no serial number.

    Example:
        >>> phone_name(3, None)
        '03-not-read'
    """
    if scan is None:
        return f"{number:02d}-not-read"
    words = (_safe(scan.device.model or "phone"), (scan.device.pseudonym or "")[:8])
    return "-".join((f"{number:02d}", *filter(None, words)))


def save_name(target: str) -> str:
    """Name the folder that keeps the raw answers of a phone, which hold its serial number anyway.

    Example:
        >>> save_name("127.0.0.1:5601"), save_name("..")
        ('127.0.0.1_5601', 'phone')
    """
    return _safe(target) or "phone"


def without_target(text: str, target: str) -> str:
    """Leave the name of a phone, mostly its serial number, out of a sentence.

    Example:
        >>> without_target("The phone B2N is gone.", "B2N")
        'The phone is gone.'
    """
    return text.replace(f" at {target}", "").replace(f" {target}", "").replace(target, "it")


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text).strip("._-")[:_LONGEST]
