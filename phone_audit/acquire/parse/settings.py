"""`settings list NAMESPACE` → the settings."""

import re

from phone_audit.acquire.parse.text import lines_of

ENTRY = re.compile(r"([A-Za-z0-9_.:\-]+)=(.*)", re.DOTALL)


def parse_settings(text: str) -> dict[str, tuple[str, ...]]:
    r"""Read `key=value` lines; a line that is none goes on with the value above it.

    A key is normally there once. A value that holds a line feed can pretend another key, so all values of a key are
    kept, and a key with more than one is not to be believed.

    Example:
        >>> parse_settings("adb_enabled=1\nhttp_proxy=proxy.example\n:8080\n")
        {'adb_enabled': ('1',), 'http_proxy': ('proxy.example\n:8080',)}
    """
    values: dict[str, list[list[str]]] = {}
    last: list[str] | None = None
    for line in lines_of(text.removesuffix("\n")):
        match = ENTRY.fullmatch(line)
        if match:
            last = [match[2]]
            values.setdefault(match[1], []).append(last)
        elif last is not None:
            last.append(line)
    return {key: tuple("\n".join(value) for value in found) for key, found in values.items()}
