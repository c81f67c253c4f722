"""What pages and scripts of a package send of a person; nothing but places where no page has a field for a password."""

import re
from collections import defaultdict
from collections.abc import Collection
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.script_requests import PLACE, URL, ScriptRequest, script_requests
from phone_audit.apk.assets.url_context import is_document, is_web

_LARGEST: Final = 1 << 23
"""Bytes of a file that are looked at."""
_MOST_BYTES: Final = 1 << 26
"""The same of all files of a package."""
_MOST: Final = 200
"""Requests of a package that are remembered."""
_MOST_URLS: Final = 10_000
_LONGEST_NAME: Final = 100
"""Characters before a URL in which the variable stands that is set to it."""
_NAMED: Final = re.compile(r"([A-Za-z_$][\w$]{2,40})[\"']?\s{0,30}[:=]\s{0,30}[\"'`]\Z")
_HIDDEN: Final = re.compile(
    rb"\btype\\?[\"']?\s?[=:,]\s?(?:[\w.$!]{1,40}\s?\?\s?(?:[\"']text[\"']\s?:\s?)?)?\\?[\"']?password\b"
    rb"|\bsecureTextEntry\b",
    re.IGNORECASE,
)
"""A field of a page, or of React Native, in which what is typed is not shown."""


class PageRequest(NamedTuple):
    """One call, or form, that sends something of a person.

    Attributes:
        where: the file.
        at: the byte in it at which the call begins.
        data: what is sent, such as `password`.
        url: where to, as far as it is known.
        shown: how the call begins.
    """

    where: str
    at: int
    data: str
    url: str | None
    shown: str


class PageRequests:
    """Gathers them over the files of a package. `is_cut` tells whether there was more than is looked at."""

    def __init__(self) -> None:
        self.is_cut = False
        self._left = _MOST_BYTES
        self._found: list[tuple[str, ScriptRequest]] = []
        self._hides_input = False
        self._urls: dict[str, set[str]] = defaultdict(set)

    def add(self, file: AssetFile) -> None:
        """Take in a file, where it is a page or a script."""
        if file.type is not FileType.TEXT or not is_web(file.name) or is_document(file.name):
            return
        data = file.data[: min(_LARGEST, self._left)]
        self._left -= len(data)
        self.is_cut |= len(data) < len(file.data)
        self._hides_input |= _HIDDEN.search(data) is not None
        script = str(data, "latin-1")  # so that characters are bytes
        for found in islice(URL.finditer(script), _MOST_URLS):
            if name := _NAMED.search(script, max(0, found.start() - _LONGEST_NAME), found.start()):
                self._urls[name[1]].add(found[0])
        for one in islice(script_requests(script), _MOST - len(self._found)):
            self._found.append((file.where, one))

    @property
    def found(self) -> tuple[PageRequest, ...]:
        """What is sent."""
        return tuple(
            PageRequest(where, one.at, one.data, one.url or self._url_of(one.names), one.shown)
            for where, one in self._found
            if self._hides_input or one.data == PLACE
        )

    def _url_of(self, names: Collection[str]) -> str | None:
        """Return the URL that the first of some variables has that has just one in the whole package."""
        return next((next(iter(urls)) for name in names if len(urls := self._urls.get(name, set())) == 1), None)
