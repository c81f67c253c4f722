"""What is there for people to read: whole files, and what a file says about itself or about its sources."""

import csv
import io
import re
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


def is_source_of_a_row(name: str, data: memoryview, begin: int) -> bool:
    """Tell whether a URL in a table stands in a column that says where the row comes from.

    Args:
        name: the name of the file.
        data: the file; hostile.
        begin: where the URL begins, in bytes.
    """
    if not _TABLE.fullmatch(name):
        return False
    mark = "\t" if name.lower().endswith("tsv") else ","
    header = _cells(_text(data, 0, _LONGEST_HEADER).partition("\n")[0], mark)
    if not any(_FOR_PEOPLE.fullmatch(cell.strip()) for cell in header):
        return False
    column = _column(data, begin, len(header), mark)
    return column is not None and _FOR_PEOPLE.fullmatch(header[column].strip()) is not None


def _column(data: memoryview, begin: int, columns: int, mark: str) -> int | None:
    """Give the column in which a URL stands, by the row around it that has as many cells as the header."""
    head = _text(data, max(0, begin - _LONGEST_ROW), begin)
    tail = _text(data, begin, begin + _LONGEST_ROW).split("\n")
    start = len(head)
    for _ in range(_LINES_OF_A_ROW):
        start = head.rfind("\n", 0, max(0, start - 1)) + 1
        for lines in range(1, _LINES_OF_A_ROW):
            if len(_cells(head[start:] + "\n".join(tail[:lines]), mark)) == columns:
                return len(_cells(head[start:], mark)) - 1
        if not start:
            break
    return None


def _cells(row: str, mark: str) -> list[str]:
    return next(csv.reader(io.StringIO(row.replace("\0", ""), newline=""), delimiter=mark), [])


def _text(data: memoryview, begin: int, end: int) -> str:
    return bytes(data[begin:end]).decode("utf-8", "replace")
