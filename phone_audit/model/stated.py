"""The forms of values in a published result, held against them when one is read: anybody can have written it.

What a block list, a pattern of STIX, a command line or a calculation is made from has a form of its own here, and a
result that breaks it is refused. What a result of this program is made from was checked where it came from.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ValidationInfo

from phone_audit.model.base import READ_CONTEXT
from phone_audit.model.core_packages import may_be_switched_off

_LABEL: Final = "[A-Za-z0-9_-]{1,63}"
_HOST: Final = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_MASKED_LABELS: Final = re.compile(r"…[A-Za-z0-9]{0,4}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_URL: Final = re.compile(r"https?://[^\s\x00-\x20\"'<>`\\^{|}\x7f]{1,2000}")
_HASHES: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")
_PATH: Final = re.compile(r"/[^\x00-\x1f\x7f]{0,4095}")
_PROPERTY: Final = re.compile(r"[A-Za-z0-9_.@:-]{1,255}(?:=[^\x00-\x1f\x7f]{0,4096})?")
PACKAGE_NAME: Final = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"
"""The characters that Android allows in a package name: nothing that a shell would read as more than a name."""
_PACKAGE: Final = re.compile(PACKAGE_NAME)
_COMMAND: Final = re.compile(rf"adb shell pm (?:disable-user|enable) (?:--user \d{{1,9}} )?{PACKAGE_NAME}", re.ASCII)
_SHOWN: Final = 60


def parsed_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_address(text: str) -> bool:
    if parsed_address(text) is None:
        return False
    return "%" not in text or bool(re.fullmatch(r"[^%]+%[A-Za-z0-9_.-]{1,15}", text))


def is_host(text: str) -> bool:
    """Tell whether a text is a host name or an IP address, and nothing else beside it.

    Example:
        >>> is_host("a.example"), is_host("2001:db8::1"), is_host("6.6.6.6 accounts.google.com")
        (True, True, False)
    """
    return bool(_HOST.fullmatch(text)) or is_address(text)


def is_shown_host(text: str) -> bool:
    """Tell whether a text is a host whose labels may be masked: by `…` and the last characters of what stood there.

    Example:
        >>> is_shown_host("…7518.t.example"), is_shown_host("a.example"), is_shown_host("a…b.example")
        (True, True, False)
    """
    plain = (label for label in text.split(".") if not _MASKED_LABELS.fullmatch(label))
    return is_host(text) or is_host(".".join(plain) or "x")


def is_hash(text: str) -> bool:
    """Tell whether a text is an MD5, SHA-1, SHA-256 or SHA-512 in lower-case hexadecimal."""
    return bool(_HASHES.fullmatch(text))


def is_package(text: str) -> bool:
    """Tell whether a text is a package name by Android's own grammar."""
    return bool(_PACKAGE.fullmatch(text)) and len(text) < 256


def is_path(text: str) -> bool:
    """Tell whether a text is an absolute path without control characters."""
    return bool(_PATH.fullmatch(text))


def is_property(text: str) -> bool:
    """Tell whether a text is the name of a property, or `name=value`."""
    return bool(_PROPERTY.fullmatch(text))


def is_time(text: str) -> bool:
    """Tell whether a text is a time that exists, as RFC 3339 writes it in UTC."""
    return bool(_TIME.fullmatch(text)) and _exists(lambda: datetime.fromisoformat(text[:19]))


def time_of(text: str | None) -> str | None:
    return text if text is not None and is_time(text) else None


def is_day(text: str) -> bool:
    """Tell whether a text is a day that exists.

    Example:
        >>> is_day("2026-01-31"), is_day("9999-99-99")
        (True, False)
    """
    return bool(_DAY.fullmatch(text)) and _exists(lambda: date.fromisoformat(text))


def is_web_address(text: str) -> bool:
    """Tell whether a text is an http or https URL that can be copied as it stands."""
    return bool(_URL.fullmatch(text))


def is_known_command(text: str) -> bool:
    """Tell whether a text is one of the commands that this program gives as advice, with nothing behind it.

    None is about a package that Android needs.
    """
    known = bool(_COMMAND.fullmatch(text)) and len(text) < 400
    return known and may_be_switched_off(text.rsplit(" ", 1)[-1])


def _exists(make: Callable[[], object]) -> bool:
    try:
        make()
    except ValueError:
        return False
    return True


def _form(is_right: Callable[[Any], bool], what: str) -> AfterValidator:
    """Return what refuses a value of another form, in a result that is read."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if info.context == READ_CONTEXT and not is_right(value):
            raise ValueError(f"{_shown(value)} is no {what}")
        return value

    return AfterValidator(check)


def _shown(value: object) -> str:
    if isinstance(value, int):
        return "the number"  # it may have thousands of digits
    return repr(value[:_SHOWN] if isinstance(value, str) else value)


Host = Annotated[str, _form(is_host, "host")]
ShownHost = Annotated[str, _form(is_shown_host, "host")]
Address = Annotated[str, _form(is_address, "IP address")]
Sha256 = Annotated[str, _form(lambda text: len(text) == 64 and is_hash(text), "SHA-256")]
Sha1 = Annotated[str, _form(lambda text: len(text) == 40 and is_hash(text), "SHA-1")]
Md5 = Annotated[str, _form(lambda text: len(text) == 32 and is_hash(text), "MD5")]
Time = Annotated[str, _form(is_time, "time (RFC 3339, UTC)")]
PackageName = Annotated[str, _form(is_package, "package name")]
Day = Annotated[str, _form(is_day, "day")]
Number = Annotated[int, _form(lambda number: abs(number) < 2**63, "number of 64 bits")]
Decimal = Annotated[float, _form(math.isfinite, "finite number")]
