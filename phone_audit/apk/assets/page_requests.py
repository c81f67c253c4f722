"""What pages and scripts of a package send of a person; nothing but places where no page has a field for a password."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.script_requests import URL, Script, ScriptRequest
from phone_audit.apk.assets.script_variables import Budget
from phone_audit.apk.assets.script_words import PLACE
from phone_audit.apk.assets.url_context import is_document
from phone_audit.model.apk import host_in

_SCRIPT: Final = re.compile(r".*\.(?:m?js|cjs|jsbundle|bundle|s?html?|xhtml|vue)", re.IGNORECASE)
_LARGEST: Final = 1 << 23
"""Bytes of a file that are looked at."""
_MOST_BYTES: Final = 1 << 26
"""The same of all files of a package."""
_MOST_CHARACTERS: Final = 3_000_000
"""Characters of expressions of a package that are read."""
_MOST: Final = 200
"""Requests of a package that are remembered; of one file, of the same data to the same place, `_MOST_ALIKE`."""
_MOST_ALIKE: Final = 5
_MOST_URLS: Final = 10_000
"""URLs of a package that are looked at."""
_LONGEST_NAME: Final = 100
"""Characters before a URL in which the variable stands that is set to it."""
_NAMED: Final = re.compile(r"(?<![?\w$-])(?<!case )([A-Za-z_$][\w$]{2,40})[\"']?\s{0,30}[:=]\s{0,30}[\"'`]\Z")
_HIDDEN: Final = re.compile(
    rb"(?<![\[\w-])type\\?[\"'`\]]{0,2}\s?[=:,]\s?[\"'`]?(?:[\w.$!()=&\s]{1,40}\?\s?(?:[\"'`]text[\"'`]\s?:\s?)?)?"
    rb"\\?[\"'`]?password(?![\w-])|\bsecureTextEntry\b",
    re.IGNORECASE,
)
"""A field of a page, or of React Native, in which what is typed is not shown; no selector of one."""


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

    @property
    def host(self) -> str | None:
        """The host that it is sent to, as far as that is known."""
        return host_in(self.url or "")

    @property
    def cleartext(self) -> bool | None:
        """Whether it is sent without encryption, as far as that is known."""
        return None if self.url is None else self.url.lower().startswith("http:")


class PageRequests:
    """Gathers them over the files of a package."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES
        self._left_urls = _MOST_URLS
        self._budget = Budget(_MOST_CHARACTERS)
        self._found: list[tuple[str, ScriptRequest]] = []
        self._hides_input = False
        self._urls: dict[str, set[str]] = defaultdict(set)

    @property
    def is_cut(self) -> bool:
        """Whether there was more than is looked at."""
        return self._budget.is_cut

    def add(self, file: AssetFile) -> None:
        """Take in a file, where it is a page or a script."""
        if file.type is not FileType.TEXT or not _SCRIPT.fullmatch(file.name) or is_document(file.name):
            return
        data = file.data[: min(_LARGEST, self._left)]
        self._left -= len(data)
        self._budget.is_cut |= len(data) < len(file.data)
        self._hides_input |= _HIDDEN.search(data) is not None
        text = str(data, "latin-1")  # so that characters are bytes
        script = Script(text, data, file.name, self._budget)
        for found in islice(URL.finditer(text), self._left_urls):
            self._left_urls -= 1
            if name := _named(text, script, found.start()):
                self._urls[name].add(found[0])
        self._budget.is_cut |= not self._left_urls
        for one in _varied(script.requests()):
            if len(self._found) == _MOST:
                self._budget.is_cut = True
                return
            self._found.append((file.where, one))

    @property
    def found(self) -> tuple[PageRequest, ...]:
        """What is sent."""
        return tuple(
            PageRequest(where, one.at, one.data, one.url or self._url_of(one.name), one.shown)
            for where, one in self._found
            if self._hides_input or one.data == PLACE
        )

    def _url_of(self, name: str | None) -> str | None:
        """Return the URL that a variable is set to, where that is one in the whole package."""
        urls = self._urls.get(name or "", set())
        return next(iter(urls)) if len(urls) == 1 else None


def _named(text: str, script: Script, at: int) -> str | None:
    """Return the variable that is set to a URL; none where that is commented, or an attribute of a page's tag."""
    begin = max(0, at - _LONGEST_NAME)
    name = _NAMED.search(text, begin, at)
    in_tag = text.rfind("<", begin, at) > text.rfind(">", begin, at)
    return None if name is None or in_tag or script.is_commented(name.start()) else name[1]


def _varied(requests: Iterator[ScriptRequest]) -> Iterator[ScriptRequest]:
    """Leave out what says once more what others said, so that many alike do not keep out another."""
    alike: dict[tuple[str, str | None, str | None], int] = defaultdict(int)
    for one in requests:
        alike[one.data, one.url, one.name] += 1
        if alike[one.data, one.url, one.name] <= _MOST_ALIKE:
            yield one
