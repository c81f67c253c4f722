"""The formats of results, and the suffixes of files that name them."""

from collections.abc import Callable, Iterable, Mapping

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.csv_v1 import render_csv, to_csv
from phone_audit.report.hosts import render_hosts, to_hosts
from phone_audit.report.indicators import SharedIndicator
from phone_audit.report.json_v1 import json_pieces, render_json_line
from phone_audit.report.stix import render_stix, to_stix
from phone_audit.report.text import render_text

Renderer = Callable[[Frozen, Style], Iterable[str]]
"""Gives a document as text, in pieces: what is large need not be in memory as a whole."""

FORMATS: Mapping[str, Renderer] = {
    "text": render_text,
    "json": lambda document, _: json_pieces(document),
    "jsonl": lambda document, _: (render_json_line(document),),
    "csv": render_csv,
    "stix": render_stix,
    "hosts": render_hosts,
}


def render(name: str, document: Frozen, style: Style) -> str:
    """Return a document in the format of that name, as one text."""
    return "".join(FORMATS[name](document, style))


SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".stix2": "stix",
    ".hosts": "hosts",
}
INDICATOR_FORMATS: Mapping[str, Callable[[Iterable[SharedIndicator], str], str]] = {
    "stix": to_stix,
    "csv": to_csv,
    "hosts": to_hosts,
}
"""How known indicators are exported: rows, and the time that they carry."""
