"""What is there for people to read: whole files, and what a file says about itself or about its sources."""

import csv
import io
import re
from functools import cached_property
from typing import Final

_DOCUMENT: Final = re.compile(
    r"(?:.*/)?(?:(?:licen[sc]|notice|copying|readme|changelog|changes|authors|contributing|credits|third.?party"
    r"|attribution|acknowledg|open.?source|copyright|oss.?licen[sc])[^/.]*"
    r"(?:\.[^/.]*){0,2}(?<!\.js)(?<!\.json)(?<!\.dat)(?<!\.so)"
    r"|(?:open.?source|oss|third.?party).?licen[sc]es?\.json|aboutlibraries\.json"
    r"|[^/]+\.(?:egg|dist)-info/[^/]+|PKG-INFO|METADATA|pom\.xml|(?:package|bower|composer)\.json"
    r"|(?:package-lock|npm-shrinkwrap)\.json|(?:yarn|gemfile|podfile|cargo|poetry|pubspec|composer)\.lock"
    r"|(?:javadoc|apidocs)/.*\.html?"
    r"|\.(?:travis|pre-commit-config|appveyor|gitlab-ci|codecov)\.ya?ml|\.gitmodules"
    r"|[^/]*\.(?:java|kts?|md|rst|h|hh|hpp|cc|cpp|cxx|c|mm?|swift|scala|groovy|gradle|podspec|aidl|proto|pyi|dtd|xsd"
    r"|pom|pdf|rtf|map|flow|d\.ts|gypi?|cmake))",
    re.IGNORECASE,
)
_DESCRIPTION: Final = re.compile(
    r"(?:Module-Origin|Bundle-(?:DocURL|License|Vendor)|Implementation-(?:URL|Vendor)|Specification-Vendor|SCM-URL|HOMEURL"
    r"|Project-URL|Home-page)[ :=]"
)
"""Keys by which Java archives and Python packages describe themselves to people."""
_HEAD_OF_PAGE: Final = re.compile(
    r"<link\b[^<>]*\brel=[\"']?(?:canonical|licen[sc]e|author|shortlink|profile)\b[^<>]*\bhref=\s*[\"']?\Z"
    r"|<meta\b[^<>]*[\"'](?:og:url|twitter:url|generator|author|copyright|dc\.[a-z.]+)[\"'][^<>]*\bcontent=\s*[\"']?\Z"
    r"|<(?:dc|cc|xmp\w*|xap\w*|photoshop):\w+[^<>]*>\s*\Z|\bxmpRights:\w+=\s*[\"']\Z",
    re.IGNORECASE,
)
"""What a page or a picture says about itself in its head: its own address, who made it, and its licence."""
_PACKAGE_KEY: Final = re.compile(
    r"(?:^|[\s{,\"'\\])(?:homepage|bugs|repository|licen[sc]e|licenseUrl|source|url|web|website|scm|organisationUrl)"
    r"\\?[\"']?\s*:\s*\\?[\"'](?:git\+|scm:git:)?\Z"
)
_PACKAGE_KEYS: Final = re.compile(
    rb"[{,\s\"'\\](licen[sc]es?|repository|bugs|dependencies|devDependencies|peerDependencies|keywords|maintainers"
    rb"|contributors|copyright|artifactVersion|uniqueId|scm)\\?[\"']?\s*:"
)
"""Keys of the description of a package (package.json, lists of libraries); two of them make one."""
_AROUND: Final = 1_500
_TABLE: Final = re.compile(r".*\.(?:csv|tsv)", re.IGNORECASE)
_FOR_PEOPLE: Final = re.compile(
    r"\"?(?:.*[\W_])?(?:information.?source|references?|remarks?|comments?|citations?|licen[sc]es?|attributions?"
    r"|provenance|bibliography)\"?",
    re.IGNORECASE,
)
"""Names of columns that say where a row comes from. `source` alone may be what is played."""
_LONGEST_HEADER: Final = 4_096
_LONGEST_ROW: Final = 4_096
_LINES_OF_A_ROW: Final = 6
_READ_AGAIN: Final = 6
"""How often, on average, a byte of a table is read to find its rows; well-formed ones are read two or three times."""


def is_document(name: str) -> bool:
    """Tell by its name whether a file is there for people to read."""
    return _DOCUMENT.fullmatch(name) is not None


def is_description(data: memoryview, begin: int, before: str) -> bool:
    """Tell whether a URL is what a package, a page or a picture says about itself.

    Args:
        data: the text file; hostile.
        begin: where the URL begins, in bytes.
        before: the text of its line before it.
    """
    if _DESCRIPTION.match(before) or _HEAD_OF_PAGE.search(before):
        return True
    if not _PACKAGE_KEY.search(before):
        return False
    around = bytes(data[max(0, begin - _AROUND) : begin + _AROUND])
    return len(set(_PACKAGE_KEYS.findall(around))) > 1


class SourcesOfRows:
    """Tells which URLs in a table stand in a column that says where the row comes from.

    Reading rows again and again is bounded by the size of the file; a URL beyond that bound is none.

    Args:
        name: the name of the file.
        data: the file; hostile.
    """

    def __init__(self, name: str, data: memoryview) -> None:
        self._data = data
        self._mark = "\t" if name.lower().endswith("tsv") else ","
        self._is_table = _TABLE.fullmatch(name) is not None
        self._left = _READ_AGAIN * (len(data) + _LONGEST_ROW)

    def has(self, begin: int) -> bool:
        """Tell it of the URL that begins at this byte."""
        if not self._is_table or not any(self._for_people):
            return False
        column = self._column(begin)
        return column is not None and self._left > 0 and self._for_people[column]

    @cached_property
    def _for_people(self) -> list[bool]:
        """Whether each column is one that says it, by the header."""
        header = self._cells(_text(self._data, 0, _LONGEST_HEADER).partition("\n")[0])
        return [_FOR_PEOPLE.fullmatch(cell.strip()) is not None for cell in header]

    def _column(self, begin: int) -> int | None:
        """Return the column in which a URL stands, by the one row around it that has as many cells as the header."""
        head = _text(self._data, max(0, begin - _LONGEST_ROW), begin)
        tail = _text(self._data, begin, begin + _LONGEST_ROW).split("\n", _LINES_OF_A_ROW)
        start = len(head) + 1
        for _ in range(_LINES_OF_A_ROW):
            start = head.rfind("\n", 0, max(0, start - 1)) + 1
            for lines in range(1, _LINES_OF_A_ROW):
                if len(self._cells(head[start:] + "\n".join(tail[:lines]))) == len(self._for_people):
                    return max(0, len(self._cells(head[start:])) - 1)
            if not start or self._left <= 0:
                break
        return None

    def _cells(self, row: str) -> list[str]:
        self._left -= len(row)
        text = io.StringIO(row.replace("\0", ""), newline="")
        rows = list(csv.reader(text, delimiter=self._mark)) if self._left > 0 else []
        return rows[0] if len(rows) == 1 else []


def _text(data: memoryview, begin: int, end: int) -> str:
    return bytes(data[begin:end]).decode("utf-8", "replace")
