"""Keys of computers that may debug the phone: the files `adb_keys`, or `dumpsys adb` → fingerprints.

AOSP `AdbDebuggingManager.dump` prints the files whole, as `user_keys=` (accepted on the screen) and `system_keys=`
(built into the firmware). A line of them is the key in base64 and the name that the computer gave itself; Android shows
the MD5 of the decoded key when it asks. The name can be that of a person, so only the fingerprint is kept.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, seen
from phone_audit.model.device import StateItem

ADB = listed_command("adb", timeout=15.0, limit=4 * MEGABYTE)

Which = Literal["user", "system"]
WHICH: Mapping[str, Which] = {"user_keys": "user", "system_keys": "system"}
FIELD = re.compile(r"^[ \t\r]*(\w+_keys|keystore)=", re.MULTILINE)
KEY = re.compile(r"(?:^|[\s=\"])(QAAAA[A-Za-z0-9+/]{20,4096}={0,2})(?=\s|\"|$)")
"""The key begins with its length in words, 64 (0x40 0 0 0) for the 2048 bits that ADB has always used."""


def parse_dumped_keys(text: str) -> dict[Which, tuple[str, ...]]:
    """Read `dumpsys adb`: which file → fingerprints, sorted. A file that the dump does not print is left out."""
    fields = list(FIELD.finditer(text))
    ends = [*(field.start() for field in fields[1:]), len(text)]
    found: dict[Which, tuple[str, ...]] = {}
    for field, end in zip(fields, ends, strict=False):
        which = WHICH.get(field[1])
        if which:
            found[which] = fingerprints(text[field.end() : end])
    return found


def fingerprints(text: str) -> tuple[str, ...]:
    """Return the fingerprint of each key in the text of a file `adb_keys`, sorted, in Android's form (`F0:A1:…`)."""
    found = {_fingerprint(key) for key in KEY.findall(text)}
    return tuple(sorted(one for one in found if one))


def _fingerprint(key: str) -> str | None:
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError:
        return None
    digest = hashlib.md5(raw, usedforsecurity=False).digest()
    return ":".join(f"{byte:02X}" for byte in digest)


def key_items(dumped: Mapping[Which, tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield the computers that may debug the phone, where only the service says so."""
    for which, keys in dumped.items():
        name, expected = ("adb_keys", None) if which == "user" else ("adb_keys_in_dump", "0")
        yield item(name, str(len(keys)), [seen("command", ADB.text, key) for key in keys], expected)


QUESTION = Question(ADB, parse_dumped_keys, key_items)
