"""The published JSON documents, version 1 of each schema."""

from collections.abc import Iterator

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.safe import json_safe

_NO_APKS = '"apks": []'


def render_json(document: Frozen) -> str:
    """Return the document as indented JSON that ends in a line break."""
    return "".join(render_pieces(document, Style()))


def render_pieces(document: Frozen, style: Style) -> Iterator[str]:
    """Yield the same piece by piece, so that the records of a folder need not be in memory together."""
    if isinstance(document, Apks):
        yield from _folder(document)
    else:
        yield json_safe(document.model_dump_json(indent=2))
    yield "\n"


def render_lines(document: Frozen, style: Style) -> Iterator[str]:
    """Yield the document as a line of JSON; a folder as a line for each record."""
    yield from map(render_json_line, document.apks if isinstance(document, Apks) else (document,))


def render_json_line(document: Frozen) -> str:
    """Return the document as one line of JSON that ends in a line break."""
    return json_safe(document.model_dump_json()) + "\n"


def _folder(document: Apks) -> Iterator[str]:
    """Yield what stands before the records, each of them where the empty list of them would stand, and the rest."""
    around = json_safe(document.model_copy(update={"apks": ()}).model_dump_json(indent=2))
    before, _, after = around.partition(_NO_APKS)  # inside a text its quotes would be escaped
    yield before + _NO_APKS[:-1]
    first = True
    for apk in document.apks:
        yield ("\n    " if first else ",\n    ") + json_safe(apk.model_dump_json(indent=2)).replace("\n", "\n    ")
        first = False
    yield ("]" if first else "\n  ]") + after
