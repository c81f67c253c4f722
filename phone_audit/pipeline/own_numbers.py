"""The file that `--own-numbers` names → numbers of the phone that its owner reads off it, such as the IMEI."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from phone_audit.errors import UsageError
from phone_audit.model.device import IdentifierKind, PhoneIdentifier
from phone_audit.pipeline.list_file import read_list

_HINT: Final = "A line each, such as: imei 490154203237518   (what *#06# shows). Kinds: " + ", ".join(
    get_args(IdentifierKind)
)
_MOST_BYTES: Final = 16 * 1024
_BETWEEN: Final = re.compile(r"[ ./-]")
_FORMS: Final[Mapping[IdentifierKind, re.Pattern[str]]] = {
    "imei": re.compile(r"\d{14,16}"),
    "imsi": re.compile(r"\d{14,15}"),
    "iccid": re.compile(r"89\d{16,18}"),
    "mac": re.compile(r"(?i)[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"),
    "serial": re.compile(r"[A-Za-z0-9]{6,32}"),
    "android-id": re.compile(r"(?i)[0-9a-f]{14,16}"),
}
"""What each looks like; whatever is shorter would be found in anything."""
_OF_DIGITS: Final = ("imei", "imsi", "iccid")


def read_own_numbers(path: Path, traffic: Sequence[Path]) -> tuple[PhoneIdentifier, ...]:
    """Read a list of numbers that `traffic` is searched for; blank lines and what follows a `#` are left out.

    Raises:
        UsageError: there is no traffic, the list cannot be read, or a line is none of them. No number is repeated.
    """
    if not traffic:
        raise UsageError("--own-numbers goes with --traffic.", "Name what was recorded with --traffic.")
    data = read_list(path, _MOST_BYTES, UsageError, _HINT)
    lines = (line.partition("#")[0].split(maxsplit=1) for line in data.decode("utf-8", "replace").splitlines())
    found = [_number(path, at, words) for at, words in enumerate(lines, 1) if words]
    if not found:
        raise UsageError(f"{path} holds no number.", _HINT)
    return tuple(found)


def _number(path: Path, at: int, words: list[str]) -> PhoneIdentifier:
    kind = next((name for name in _FORMS if name == words[0].lower()), None)
    said = words[1].strip() if len(words) > 1 else ""
    value = _BETWEEN.sub("", said) if kind in _OF_DIGITS else said
    if kind is None or not _FORMS[kind].fullmatch(value):
        raise UsageError(f"Line {at} of {path} is no kind with a number of its form.", _HINT)
    return PhoneIdentifier(kind=kind, value=value)
