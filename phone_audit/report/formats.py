"""The formats of results, and the suffixes of files that name them."""

from collections.abc import Callable, Iterable

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.csv_v1 import csv_pieces
from phone_audit.report.found import render_hosts, render_stix
from phone_audit.report.json_v1 import json_pieces, render_json_line
from phone_audit.report.text import render_text

Renderer = Callable[[Frozen, Style], Iterable[str]]
"""Gives a document as text, in pieces: what is large need not be in memory as a whole."""

FORMATS: dict[str, Renderer] = {
    "text": lambda document, style: (render_text(document, style),),
    "json": lambda document, _: json_pieces(document),
    "jsonl": lambda document, _: (render_json_line(document),),
    "csv": lambda document, style: csv_pieces(document, style.stated_in),
    "stix": lambda document, style: (render_stix(document, style.stated_in),),
    "hosts": lambda document, style: (render_hosts(document, style.stated_in),),
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
