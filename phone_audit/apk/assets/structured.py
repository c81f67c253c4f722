"""Values in configuration files that may be bare host names."""

import re
from collections.abc import Iterator
from typing import Final

SUFFIXES: Final = (".json", ".properties", ".xml", ".conf", ".cfg", ".ini", ".plist", ".toml", ".env")
MAX_BYTES: Final = 2**18
"""Configuration is small; a larger file is data, in which dots mean anything."""

_HOST: Final = (
    rb"(?:[a-z0-9-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*(?::[0-9]{1,5})?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?"
)
_VALUE: Final = re.compile(
    rb"(?:[:=]\s*\"("
    + _HOST
    + rb")\"|>\s*("
    + _HOST
    + rb")\s*<|^[A-Za-z0-9_.-]+[ \t]*[:=][ \t]*("
    + _HOST
    + rb")[ \t]*\r?$)",
    re.MULTILINE,
)


def values(name: str, data: memoryview) -> Iterator[tuple[str, int]]:
    """Yield each value that has the form of a host name or address, and where it begins.

    Taken are what a key names (`"host": "stat.example.cn"`, `host = stat.example.cn`) and the whole text of an element
    of XML; only in files that are configuration by their suffix.
    """
    if len(data) > MAX_BYTES or not name.lower().endswith(SUFFIXES):
        return
    for found in _VALUE.finditer(data):
        group = found.lastindex or 0
        yield found.group(group).decode("ascii"), found.start(group)
