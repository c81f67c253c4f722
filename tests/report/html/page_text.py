"""A page taken apart by the parser of Python's library: what a person reads, and what a browser would act on."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render

_VOID = ("meta", "link", "input", "br")
_IN_LINE = ("a", "b", "bdi", "span", "code")


@dataclass
class Page(HTMLParser):
    """What stands in a page: its text outside scripts and styles, each element, and which elements are not closed."""

    source: str
    text: str = ""
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    own: dict[str, list[str]] = field(default_factory=lambda: {"style": [], "script": []})
    open: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()
        self.text = " ".join("".join(self._parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._parts.append(" " * (tag not in _IN_LINE))
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"
        self._parts.append(" " * (tag not in _IN_LINE))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.own:
            self.own[self.open[-1]].append(data)
        else:
            self._parts.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def page_of(document: Frozen, style: Style | None = None) -> Page:
    return Page(render("html", document, style or Style()))
