"""Comments in text files: what no program acts on."""

import re
from typing import Final

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


def is_comment(before: str, name: str = "") -> bool:
    """Tell whether what stands before a URL in its line begins a comment.

    Args:
        before: the text of the line up to the URL.
        name: the name of the file, which tells the languages of web pages from all others.

    Example:
        >>> is_comment("  # a "), is_comment("f(); // a "), is_comment("x=1;/*! by "), is_comment('accept="*/*", u="')
        (True, True, True, False)
        >>> is_comment("#a{background:url(", "a.css"), is_comment("/*! by A */f('")
        (False, False)
    """
    if _LINE.match(before) or _BEHIND_CODE.search(before):
        return True
    return _LINE_ELSEWHERE.match(before) is not None and not _WEB.fullmatch(name)


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
