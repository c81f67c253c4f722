"""The formats of results, and the suffixes of files that name them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.csv_v1 import render_csv, to_csv
from phone_audit.report.hosts import render_hosts, to_hosts
from phone_audit.report.indicators import SharedIndicator
from phone_audit.report.json_v1 import json_pieces, render_json_line
from phone_audit.report.markdown import render_markdown
from phone_audit.report.sarif import render_sarif
from phone_audit.report.stix import render_stix, to_stix
from phone_audit.report.text import render_text

Renderer = Callable[[Frozen, Style], Iterable[str]]
"""Gives a document as text, in pieces: what is large need not be in memory as a whole."""


@dataclass(frozen=True)
class Format:
    """A way to print a document.

    Attributes:
        render: gives the document in it.
        suffixes: of files that hold it; the first for files that are named here.
        commands: that write it.
    """

    render: Renderer
    suffixes: tuple[str, ...]
    commands: tuple[str, ...]


def _render_html(document: Frozen, style: Style) -> Iterable[str]:
    """Yield a document as a page; what draws pages is loaded only here."""
    from phone_audit.report.html.render import render_html

    return render_html(document, style)


_EVERY: Final = ("scan", "apks", "firmware", "watch", "devices", "report", "diff", "demo")
_OF_PACKAGES: Final = ("scan", "apks", "report")
FORMATS: Final[Mapping[str, Format]] = {
    "text": Format(render_text, (".txt",), _EVERY),
    "markdown": Format(render_markdown, (".md",), (*_OF_PACKAGES, "firmware")),
    "json": Format(lambda document, _: json_pieces(document), (".json",), _EVERY),
    "html": Format(_render_html, (".html", ".htm"), _EVERY),
    "jsonl": Format(lambda document, _: (render_json_line(document),), (".jsonl", ".ndjson"), ("apks", "watch")),
    "csv": Format(render_csv, (".csv",), (*_OF_PACKAGES, "firmware", "watch", "diff")),
    "stix": Format(render_stix, (".stix2",), _OF_PACKAGES),
    "sarif": Format(render_sarif, (".sarif",), _OF_PACKAGES),
    "hosts": Format(render_hosts, (".hosts",), _OF_PACKAGES),
}
SUFFIXES: Final = {suffix: name for name, one in FORMATS.items() for suffix in one.suffixes}


def formats_of(command: str) -> tuple[str, ...]:
    return tuple(name for name, one in FORMATS.items() if command in one.commands)


def render(name: str, document: Frozen, style: Style) -> str:
    """Return a document in the format of that name, as one text."""
    return "".join(FORMATS[name].render(document, style))


INDICATOR_FORMATS: Mapping[str, Callable[[Iterable[SharedIndicator], str], str]] = {
    "stix": to_stix,
    "csv": to_csv,
    "hosts": to_hosts,
}
"""How known indicators are exported: rows, and the time that they carry."""
