"""URLs that are taken out because of the place they stand in; the reasons are rules of the knowledge."""

import re
from typing import Final

from phone_audit.analyse.places.extents import is_in_certificate
from phone_audit.analyse.places.kinds import Sort
from phone_audit.analyse.places.urls import Found

_DOCUMENT: Final = re.compile(
    r"(?:.*/)?(?:(?:licen[sc]|notice|copying|readme|changelog|changes|authors|contributing|credits|third.?party)[^/.]*"
    r"(?:\.[^/.]*){0,2}(?<!\.js)(?<!\.json)(?<!\.dat)(?<!\.so)"
    r"|[^/]+\.(?:egg|dist)-info/[^/]+|PKG-INFO|METADATA|pom\.xml|[^/]*\.(?:java|kt|md|rst|h|dtd|xsd))",
    re.IGNORECASE,
)
DOCUMENT_FILE: Final = "document-file"
"""What takes out a URL in a file that is there for people to read: a licence, a description, a source file."""
CERTIFICATE: Final = "certificate"
"""What takes out a URL that a certificate holds, for whoever checks whether it was revoked."""
PROSE: Final = "prose"
"""What takes out a URL in the midst of a sentence, such as a message that tells where to read more, or in a comment."""
_COMMENT: Final = re.compile(r"\s*(?:#|//|/?\*|<!--|;|--)")
_SENTENCE: Final = re.compile(r"[A-Za-z]{2,}[,.]? (?:[A-Za-z]+[,.]? )*[A-Za-z]+[,.:]? [(<\[]?\Z")
OF_PLACES: Final = frozenset({DOCUMENT_FILE, CERTIFICATE, PROSE})


def is_document(name: str) -> bool:
    """Tell by its name whether a file is there for people to read."""
    return _DOCUMENT.fullmatch(name) is not None


def is_prose(before: str) -> bool:
    """Tell whether the text before a URL, in the same string, is the beginning of a sentence: two words and more.

    Example:
        >>> is_prose("For details see "), is_prose("GET "), is_prose("url = ")
        (True, False, False)
    """
    return _SENTENCE.search(before) is not None


def is_comment(before: str) -> bool:
    """Tell whether what stands before a URL in its line begins a comment."""
    return _COMMENT.match(before) is not None


def rule_of(sort: Sort, data: memoryview, found: Found) -> str | None:
    """Give the rule that takes a URL out, by what stands around it in its file."""
    if is_in_certificate(data, found.begin, found.begin + len(found.host.url)):
        return CERTIFICATE
    comment = sort is Sort.TEXT and is_comment(found.before)
    return PROSE if comment or is_prose(found.before) else None
