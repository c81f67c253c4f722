"""URLs that are taken out because of the place they stand in; the reasons are rules of the knowledge."""

import re
from typing import Final

from phone_audit.analyse.places.comments import is_comment, is_in_block
from phone_audit.analyse.places.documents import is_description, is_source_of_a_row
from phone_audit.analyse.places.extents import is_in_certificate
from phone_audit.analyse.places.kinds import Sort
from phone_audit.analyse.places.urls import Found
from phone_audit.analyse.sentences import is_prose

DOCUMENT_FILE: Final = "document-file"
"""What takes out a URL in a file that is there for people to read: a licence, a description, a source file."""
CERTIFICATE: Final = "certificate"
"""What takes out a URL that a certificate holds, for whoever checks whether it was revoked."""
PROSE: Final = "prose"
"""What takes out a URL in the midst of a sentence, such as a message that tells where to read more, or in a comment."""
_CODE: Final = frozenset({Sort.ELF, Sort.BINARY, Sort.JAVA})
_MOVED_IN: Final = 4
"""Spaces before a line of a text that documents code."""
_DER_LENGTHS: Final = range(0x82, 0x85)
_LINK: Final = re.compile(r"<a\b[^<>]*>?\Z", re.IGNORECASE)
OF_PLACES: Final = frozenset({DOCUMENT_FILE, CERTIFICATE, PROSE})


def rule_of(sort: Sort, data: memoryview, found: Found, name: str = "") -> str | None:
    """Give the rule that takes a URL out, by what stands around it in its file.

    Args:
        sort: what the file is.
        data: its bytes; hostile.
        found: the URL.
        name: the name of the file, which tells in a text file what language it is.
    """
    if is_in_certificate(data, found.begin, found.begin + len(found.host.url)) or _is_der(data):
        return CERTIFICATE
    if sort is Sort.TEXT and _is_for_people(data, found, name):
        return DOCUMENT_FILE
    comment = sort is Sort.TEXT and (is_comment(found.before, name) or is_in_block(data, found.begin, name))
    before = _LINK.sub("", found.before) if sort in _CODE else found.before
    if comment or is_prose(before) or _is_in_brackets(data, found) or _is_in_docstring(sort, found.before):
        return PROSE
    return None


def _is_for_people(data: memoryview, found: Found, name: str) -> bool:
    return is_description(data, found.begin, found.before) or is_source_of_a_row(name, data, found.begin)


def _is_in_brackets(data: memoryview, found: Found) -> bool:
    """Tell whether a URL stands in angle brackets, as text for people has it; no markup begins so."""
    end = found.begin + len(found.host.url.encode())
    return found.before.endswith("<") and bytes(data[end : end + 1]) == b">"


def _is_in_docstring(sort: Sort, before: str) -> bool:
    """Tell whether a URL stands in a line of its own that is moved in, inside a text that code holds."""
    return sort in _CODE and len(before) >= _MOVED_IN and not before.strip(" ")


def _is_der(data: memoryview) -> bool:
    """Tell whether a whole file is one DER structure: certificates, or a list of them."""
    if len(data) < 6 or data[0] != 0x30 or data[1] not in _DER_LENGTHS:
        return False
    end = 2 + data[1] - 0x80
    return end + int.from_bytes(data[2:end], "big") == len(data)
