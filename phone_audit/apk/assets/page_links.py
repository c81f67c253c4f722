"""Which URLs of a web page or a settings page are only links: somebody has to touch them."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Final

from phone_audit.apk.assets.file_types import AssetFile, FileType
from phone_audit.apk.assets.urls import UrlMatch
from phone_audit.apk.xml.elements import ANDROID, Element

_PAGE: Final = re.compile(r".*\.(?:s?html?|xhtml)", re.IGNORECASE)
_PLAIN_STYLE: Final = re.compile(
    rb"<style(?:\s+(?:type\s*=\s*[\"']?text/css[\"']?|media\s*=\s*[\"']?[a-z]+[\"']?))*\s*>"
    rb"(?:(?<![\w-])(?:rgb|hsl)a?\([0-9.,%\s/]*\)|[^()@\\<&])*</style\s*>",
    re.IGNORECASE,
)
"""Styles that fetch nothing: no function but that of a colour, no rule that begins with `@`, no escape."""
_SAID_OF_PAGE: Final = re.compile(
    rb"<meta\s+http-equiv\s*=\s*[\"']?(?:content-type|content-language|content-style-type|content-script-type|cache-control"
    rb"|expires|pragma|x-ua-compatible)[\"']?(?=[\s/>])",
    re.IGNORECASE,
)
"""What a head says instead of a server, and nothing is fetched for."""
_MOVES: Final = re.compile(
    rb"<\s*(?:script|i?frame|object|embed|applet|base|form|input|portal|svg|math|template)\b|<[^>]*\bhttp-equiv\b"
    rb"|\b(?:javascript|vbscript|data)\s*:|[\s\"'/]on[a-z]+\s*=|\b(?:ping|srcdoc|formaction|action|manifest)\s*=|<!\[CDATA"
    rb"|[\s\"'/]style\s*=|<\s*style\b|<\s*link\b",
    re.IGNORECASE,
)
"""What may make a page do more than show its text, or read its own links."""
_ANCHOR: Final = re.compile(r"<(?:a|area)\b[^<>]*\shref\s*=\s*(?:\"|'|)\Z", re.IGNORECASE)
_ANCHOR_TEXT: Final = re.compile(r"<a\b[^<>]*>\s*\Z", re.IGNORECASE)
_STYLE_OF_TEXT: Final = re.compile(r"a;(?:[a-z]+=[^;]*;)*href=")
"""How a table of resources keeps the address of an anchor in a text: as the name of a style."""
_MOST: Final = 2**20
"""Bytes of a page that is looked at; in a larger one nothing is a link."""
_VIEW: Final = "android.intent.action.VIEW"
_FOR_ANYBODY: Final = frozenset({"action", "data"})


def is_anchor(before: str) -> bool:
    """Tell whether a URL is the address or the text of an anchor, by all that stands before it in a text resource.

    Example:
        >>> is_anchor('<a href="'), is_anchor("a;href="), is_anchor('<img src="'), is_anchor("href=")
        (True, True, False, False)
    """
    return bool(_ANCHOR.search(before) or _ANCHOR_TEXT.search(before) or _STYLE_OF_TEXT.fullmatch(before))


class PageLinks:
    """Tells of the URLs in one file which are no more than links or text."""

    def __init__(self, file: AssetFile) -> None:
        self._file = file

    def has(self, found: UrlMatch) -> bool:
        """Tell whether a URL is the address of an anchor, or stands in the text, of a page that only shows itself."""
        before = found.before
        in_text = before.rfind(">") > before.rfind("<")
        return bool(in_text or _ANCHOR.search(before)) and self._only_shows

    @cached_property
    def _only_shows(self) -> bool:
        name, data = self._file.name, self._file.data
        is_page = self._file.type is FileType.TEXT and _PAGE.fullmatch(name) is not None and len(data) <= _MOST
        return is_page and _MOVES.search(_PLAIN_STYLE.sub(b" ", _SAID_OF_PAGE.sub(b"<meta ", data))) is None


def viewed_texts(root: Element) -> frozenset[str]:
    """Return the texts that stand in XML nowhere but as the data of an `intent` to view it that names no class."""
    return _only_in(root, lambda one, name: name == "data" and _is_view(one))


def _is_view(one: Element) -> bool:
    said = {attribute.name: attribute.value.text for attribute in one.attributes if attribute.namespace == ANDROID}
    is_link = one.tag == "intent" and said.get("action") == _VIEW and said.keys() == _FOR_ANYBODY
    return is_link and len(one.attributes) == len(said) and not one.children


def author_pages(root: Element) -> frozenset[str]:
    """Return the texts that stand in the configuration of a widget nowhere but as the page of its author.

    Cordova has such a file. Source: W3C, Packaged Web Apps (Widgets), "The author element".
    """
    authors = {id(one) for one in root.children if one.tag == "author"} if root.tag == "widget" else set()
    return _only_in(root, lambda one, name: name == "href" and id(one) in authors)


def _only_in(root: Element, is_place: Callable[[Element, str], bool]) -> frozenset[str]:
    """Return the texts that stand in XML nowhere but in attributes of some places, told by element and name."""
    found: set[str] = set()
    others: set[str] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        waiting += one.children
        for attribute in one.attributes:
            held = found if is_place(one, attribute.name) else others
            held.update(text for text in (attribute.value.text, attribute.raw) if text)
        others.add(one.text)
    return frozenset(found - others)
