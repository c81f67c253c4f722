"""How results name phones: apart from others, and without the serial number."""

import contextlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping

from phone_audit.files.atomic_write import create_file
from phone_audit.files.user_folders import data_folder
from phone_audit.model.device import Device
from phone_audit.model.results import Scan


def pseudonym(serial: str | None) -> str | None:
    """Return a keyed hash of the serial number, 16 hexadecimal digits. The key stays on this computer.

    Null where there is no serial, or where this computer lets us keep no key.
    """
    return pseudonyms([serial]).get(serial) if serial else None


def pseudonyms(serials: Iterable[str]) -> dict[str, str]:
    """Return the pseudonym of each serial number, for which the key is read once; of none where there is no key."""
    if (key := _key()) is None:
        return {}
    return {
        serial: hmac.digest(key, serial.encode("utf-8", "surrogatepass"), "sha256").hex()[:16] for serial in serials
    }


def _key() -> bytes | None:
    path = data_folder() / "pseudonym.key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):
                create_file(path, secrets.token_bytes(32))
        return path.read_bytes()
    except OSError:
        return None


def device_of(properties: Mapping[str, str], serial: str | None, *, with_identifiers: bool) -> Device:
    """Return what a result says of a phone; `serial` is its serial number, or what stands for one."""
    return Device(
        serial=serial if with_identifiers else None,
        pseudonym=pseudonym(serial),
        manufacturer=properties.get("ro.product.manufacturer"),
        brand=properties.get("ro.product.brand"),
        model=properties.get("ro.product.model"),
        product=properties.get("ro.product.name"),
        device=properties.get("ro.product.device"),
    )


_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 40
SHOWN_DIGITS = 8
"""Digits of a pseudonym that stand in names."""


def phone_name(number: int, scan: Scan | None) -> str:
    """Name a phone by its place in the fleet, its model, and the beginning of its pseudonym.

    Where identifiers were asked for, its label and its serial number stand there instead.

    Example:
        >>> phone_name(3, None)
        '03-not-read'
    """
    if scan is None:
        return f"{number:02d}-not-read"
    model, serial = scan.device.model or "phone", scan.device.serial
    words = (scan.label or "", model, serial) if serial else (model, (scan.device.pseudonym or "")[:SHOWN_DIGITS])
    return "-".join((f"{number:02d}", *filter(None, map(_safe, words))))


def save_name(target: str) -> str:
    """Name the folder that keeps the raw answers of a phone while it is read.

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
