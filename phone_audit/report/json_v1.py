"""The published JSON documents, version 1 of each schema."""

from phone_audit.model.base import Frozen
from phone_audit.report.safe import json_safe


def render_json(document: Frozen) -> str:
    """Give the document as indented JSON that ends in a line break."""
    return json_safe(document.model_dump_json(indent=2)) + "\n"


def render_json_line(document: Frozen) -> str:
    """Give the document as one line of JSON that ends in a line break."""
    return json_safe(document.model_dump_json()) + "\n"
