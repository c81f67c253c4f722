"""The formats of results, and the suffixes of files that name them."""

from collections.abc import Callable

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.csv_v1 import render_csv
from phone_audit.report.found import render_hosts, render_stix
from phone_audit.report.json_v1 import render_json, render_json_line
from phone_audit.report.text import render_text

Renderer = Callable[[Frozen, Style], str]

FORMATS: dict[str, Renderer] = {
    "text": render_text,
    "json": lambda document, _: render_json(document),
    "jsonl": lambda document, _: render_json_line(document),
    "csv": lambda document, _: render_csv(document),
    "stix": lambda document, _: render_stix(document),
    "hosts": lambda document, _: render_hosts(document),
}
SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".stix2": "stix",
    ".hosts": "hosts",
}
