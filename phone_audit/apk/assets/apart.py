"""URLs that are taken out because of the place they stand in; the reasons are rules of the knowledge."""

import re
from typing import Final

from phone_audit.apk.assets.comments import is_comment, is_in_block
from phone_audit.apk.assets.der import Whole, is_named_uri
from phone_audit.apk.assets.documents import SourcesOfRows, is_description
from phone_audit.apk.assets.kinds import Sort
from phone_audit.apk.assets.urls import Found
from phone_audit.apk.endpoints.prose import is_prose

DOCUMENT_FILE: Final = "document-file"
"""What takes out a URL in a file that is there for people to read: a licence, a description, a source file."""
CERTIFICATE: Final = "certificate"
"""What takes out a URL that a certificate holds, for whoever checks whether it was revoked."""
PROSE: Final = "prose"
"""What takes out a URL in the midst of a sentence, such as a message that tells where to read more, or in a comment."""
_CODE: Final = frozenset({Sort.ELF, Sort.BINARY, Sort.JAVA})
_MOVED_IN: Final = 4
"""Spaces before a line of a text that documents code."""
_LINK: Final = re.compile(r"<a\b[^<>]*>?\Z", re.IGNORECASE)
OF_PLACES: Final = frozenset({DOCUMENT_FILE, CERTIFICATE, PROSE})


class Surroundings:
    """A file, and what is found out about it once for all of its URLs.

    Args:
        sort: what the file is.
        data: its bytes; hostile.
        name: its name, which tells in a text file what language it is.
    """

    def __init__(self, sort: Sort, data: memoryview, name: str) -> None:
        self.sort = sort
        self.data = data
        self.name = name
        self.sources = SourcesOfRows(name, data)
        self.der = Whole(data)


def rule_of(file: Surroundings, found: Found) -> str | None:
    """Return the rule that takes a URL out, by what stands around it in its file.

    Args:
        file: the file.
        found: the URL.
    """
    sort, data, name = file.sort, file.data, file.name
    if is_named_uri(data, found.begin) or file.der.holds_text(found.begin):
        return CERTIFICATE
    if sort is Sort.TEXT and (is_description(data, found.begin, found.before) or file.sources.has(found.begin)):
        return DOCUMENT_FILE
    comment = sort is Sort.TEXT and (is_comment(found.before, name) or is_in_block(data, found.begin, name))
    before = _LINK.sub("", found.before) if sort in _CODE else found.before
    if comment or is_prose(before) or _is_in_brackets(data, found) or _is_in_docstring(sort, found.before):
        return PROSE
    return None


def _is_in_brackets(data: memoryview, found: Found) -> bool:
    """Tell whether a URL stands in angle brackets, as text for people has it; no markup begins so."""
    end = found.begin + len(found.host.url.encode())
    return found.before.endswith("<") and bytes(data[end : end + 1]) == b">"


def _is_in_docstring(sort: Sort, before: str) -> bool:
    """Tell whether a URL stands in a line of its own that is moved in, inside a text that code holds."""
    return sort in _CODE and len(before) >= _MOVED_IN and not before.strip(" ")
