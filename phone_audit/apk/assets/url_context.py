"""URLs that are taken out by the place they stand in: documents, comments, certificates, prose.

The reasons are rules of the knowledge.
"""

import csv
import io
import re
from functools import cached_property
from typing import Final

from phone_audit.apk.assets.der import DerFile, is_named_uri
from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.string_tables import BEFORE
from phone_audit.apk.assets.urls import UrlMatch
from phone_audit.apk.text.prose import is_prose

_WEB: Final = re.compile(
    r".*\.(?:m?js|cjs|jsbundle|bundle|css|s?html?|xhtml|xml|svg|vue|glsl|frag|vert)", re.IGNORECASE
)
"""Names of files in which `#`, `;` and `--` begin no comment: a style, a statement and an expression begin so."""
_LINE: Final = re.compile(r"\s*(?://|/?\*(?![/{])(?!.*\*/)[^{]*\Z|<!--(?!.*-->))")
_LINE_ELSEWHERE: Final = re.compile(r"\s*(?:#|;|--)")
_BEHIND_CODE: Final = re.compile(r"(?:^|[\s;{}(,])/\*(?!.*\*/)|[;{}] ?// [^\"'`]*\Z")
_BLOCK: Final = 4_096
"""Bytes before a URL in which a comment of several lines may have begun, and behind it in which one may end."""
_MAY_STAND_BEFORE: Final = b" \t\r\n\0;{}(,)"
_QUOTES: Final = b"\"'`"
_SCRIPT: Final = re.compile(rb"<(?:script|style)\b[^<>]*>\s*\Z", re.IGNORECASE)
_ADDRESS_OF_STYLE: Final = b"url("
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
DOCUMENT_FILE: Final = "document-file"
"""What takes out a URL in a file that is there for people to read: a licence, a description, a source file."""
CERTIFICATE: Final = "certificate"
"""What takes out a URL that a certificate holds, for whoever checks whether it was revoked."""
_SURELY_WHOLE: Final = BEFORE // 4
"""Characters, of up to four bytes each, of which none was cut off."""
_REPLACED: Final = "\ufffd"
"""What stands for a byte that is no text."""
PROSE: Final = "prose"
"""What takes out a URL in the midst of a sentence, such as a message that tells where to read more, or in a comment."""
_CODE: Final = frozenset({FileType.ELF, FileType.BINARY, FileType.JAVA})
_MOVED_IN: Final = 4
"""Spaces before a line of a text that documents code."""
_LINK: Final = re.compile(r"<a\b[^<>]*>?\Z", re.IGNORECASE)
OF_PLACES: Final = frozenset({DOCUMENT_FILE, CERTIFICATE, PROSE})


def is_comment(before: str, name: str = "", *, is_whole: bool = True) -> bool:
    """Tell whether `before`, what stands before a URL in its line, begins a comment.

    The name of the file tells the languages of web pages from all others. With `is_whole` it reaches back to where the
    line begins; what was cut off somewhere may begin like a comment and be none, such as `//vendor.dev/a`);f(`.

    Example:
        >>> is_comment("  # a "), is_comment("f(); // a "), is_comment("x=1;/*! by "), is_comment('accept="*/*", u="')
        (True, True, True, False)
        >>> is_comment("#a{background:url(", "a.css"), is_comment("/*! by A */f('")
        (False, False)
        >>> is_comment("//vendor.dev/a`);f(`"), is_comment("//vendor.dev/a`);f(`", is_whole=False)
        (True, False)
    """
    if _BEHIND_CODE.search(before) or (is_whole and _LINE.match(before)):
        return True
    return is_whole and _LINE_ELSEWHERE.match(before) is not None and not _WEB.fullmatch(name)


def is_in_block(data: memoryview, begin: int, name: str) -> bool:
    """Tell whether a URL stands in a comment of several lines.

    In files of web pages the comment may go on to where nothing is looked at; elsewhere its end must be seen. A URL in
    quotes is none of a comment in a script, whatever stands before it: only code has it so.
    """
    head = bytes(data[max(0, begin - _BLOCK) : begin])
    if not _WEB.fullmatch(name):
        return _in_script_comment(head) and b"*/" in bytes(data[begin : begin + _BLOCK])
    return _in_script_comment(head) or _in_page_comment(head, data, begin)


def _in_script_comment(head: bytes) -> bool:
    at = head.rfind(b"/*")
    if at < 0 or head.find(b"*/", at + 2) >= 0 or head[-1:] in _QUOTES or head.endswith(_ADDRESS_OF_STYLE):
        return False
    return at == 0 or head[at - 1] in _MAY_STAND_BEFORE


def _in_page_comment(head: bytes, data: memoryview, begin: int) -> bool:
    """Tell it of a page; a script whose first line begins a comment, for browsers that know no scripts, is run."""
    at = head.rfind(b"<!--")
    if at < 0 or b"-->" in head[at:] or head[at - 1 : at] in (b'"', b"'", b"`") or _SCRIPT.search(head[:at]):
        return False
    return b"-->" in bytes(data[begin : begin + _BLOCK])


def is_web(name: str) -> bool:
    """Tell by its name whether a file is a script or a page."""
    return _WEB.fullmatch(name) is not None


def is_document(name: str) -> bool:
    """Tell by its name whether a file is there for people to read."""
    return _DOCUMENT.fullmatch(name) is not None


def is_description(data: memoryview, begin: int, before: str) -> bool:
    """Tell whether a URL is what a package, a page or a picture says about itself; `before` is its line up to it."""
    if _DESCRIPTION.match(before) or _HEAD_OF_PAGE.search(before):
        return True
    if not _PACKAGE_KEY.search(before):
        return False
    around = bytes(data[max(0, begin - _AROUND) : begin + _AROUND])
    return len(set(_PACKAGE_KEYS.findall(around))) > 1


class SourceColumns:
    """Tells which URLs in a table stand in a column that says where the row comes from.

    Reading rows again and again is bounded by the size of the file; a URL beyond that bound is none.
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


class FileContext:
    """A file, and what is found out about it once for all of its URLs."""

    def __init__(self, file: AssetFile) -> None:
        self.file = file
        self.sources = SourceColumns(file.name, file.data)
        self.der = DerFile(file.data)


def rule_of(context: FileContext, found: UrlMatch) -> str | None:
    """Return the rule that takes a URL out, by what stands around it in its file."""
    _, name, file_type, data = context.file
    if is_named_uri(data, found.begin) or context.der.holds_text(found.begin):
        return CERTIFICATE
    is_text = file_type is FileType.TEXT
    if is_text and (is_description(data, found.begin, found.before) or context.sources.has(found.begin)):
        return DOCUMENT_FILE
    comment = is_text and (
        is_comment(found.before, name, is_whole=_begins_line(data, found)) or is_in_block(data, found.begin, name)
    )
    before = _LINK.sub("", found.before) if file_type in _CODE else found.before
    if comment or is_prose(before) or _is_in_brackets(data, found) or _is_in_docstring(file_type, found.before):
        return PROSE
    return None


def _begins_line(data: memoryview, found: UrlMatch) -> bool:
    """Tell whether what stands before a URL reaches back to where its line begins, as far as that can be told."""
    if _REPLACED in found.before:
        return len(found.before) < _SURELY_WHOLE
    begin = found.begin - len(found.before.encode("utf-8", "replace"))
    return begin <= 0 or data[begin - 1] in b"\r\n\0"


def _is_in_brackets(data: memoryview, found: UrlMatch) -> bool:
    """Tell whether a URL stands in angle brackets, as text for people has it; no markup begins so."""
    end = found.begin + len(found.host.url.encode())
    return found.before.endswith("<") and bytes(data[end : end + 1]) == b">"


def _is_in_docstring(file_type: FileType, before: str) -> bool:
    """Tell whether a URL stands in a line of its own that is moved in, inside a text that code holds."""
    return file_type in _CODE and len(before) >= _MOVED_IN and not before.strip(" ")
