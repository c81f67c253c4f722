"""The table of formats: which documents each draws, which files it names, and where that code is.

Commands read it for their help, so nothing that draws is loaded before it is used.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from phone_audit.model.wording import listed

if TYPE_CHECKING:
    from phone_audit.model.base import Frozen
    from phone_audit.report.canvas import Style

KINDS: Final[Mapping[str, str]] = {
    "scan": "the result of a phone",
    "fleet": "the summary of several phones",
    "apks": "the result of a folder of APKs",
    "apk": "the record of one APK",
    "firmware": "the result of build identifiers",
    "watch": "the result of a watch",
    "devices": "a list of connected phones",
    "diff": "a comparison of two results",
}
"""What a result is, as its schema names it, and in words."""


@dataclass(frozen=True)
class Format:
    """A way to print a document.

    Attributes:
        draws: where the function is that gives a document in it, in pieces: what is large need not be in memory as a
            whole.
        suffixes: of files that hold it; the first for files that are named here.
        kinds: of documents that it draws.
        exports: where the function is that gives known indicators in it; empty where it holds none.
        streams: whether commands write each record as it is ready.
        only: what it holds where that is less than the report.
        needs: a library that the extra of the same name brings; its pieces are bytes and no text.
    """

    draws: str
    suffixes: tuple[str, ...]
    kinds: tuple[str, ...]
    exports: str = ""
    streams: bool = False
    needs: str = ""
    only: str = ""

    def render(self, document: "Frozen", style: "Style") -> Iterable[str | bytes]:
        """Give a document in pieces."""
        draw: Callable[[Frozen, Style], Iterable[str | bytes]] = resolve_name(self.draws)
        return draw(document, style)

    def export(self, rows: Iterable[Any], made: str) -> str:
        """Return indicators, and the time that they carry."""
        to_text: Callable[[Iterable[Any], str], str] = resolve_name(self.exports)
        return to_text(rows, made)


_ROOM: Final = "phone_audit.report"
_JUDGED: Final = ("scan", "apks", "apk", "firmware", "watch")
_OF_CODE: Final = ("scan", "apks", "apk")
FORMATS: Final[Mapping[str, Format]] = {
    "text": Format(f"{_ROOM}.text:render_text", (".txt",), tuple(KINDS)),
    "markdown": Format(f"{_ROOM}.markdown:render_markdown", (".md",), tuple(KINDS)),
    "json": Format(f"{_ROOM}.json_v1:render_pieces", (".json",), tuple(KINDS)),
    "html": Format(f"{_ROOM}.html.render:render_html", (".html", ".htm"), tuple(KINDS)),
    "jsonl": Format(f"{_ROOM}.json_v1:render_lines", (".jsonl", ".ndjson"), ("apks", "apk", "watch"), streams=True),
    "csv": Format(f"{_ROOM}.csv_v1:render_csv", (".csv",), (*_JUDGED, "fleet", "diff"), f"{_ROOM}.csv_v1:to_csv"),
    "stix": Format(
        f"{_ROOM}.stix:render_stix", (".stix2",), _OF_CODE, f"{_ROOM}.stix:to_stix",
        only="what published lists and incidents name as malicious",
    ),
    "sarif": Format(f"{_ROOM}.sarif:render_sarif", (".sarif",), _JUDGED),
    "hosts": Format(
        f"{_ROOM}.hosts:render_hosts", (".hosts",), _OF_CODE, f"{_ROOM}.hosts:to_hosts", only="hosts to block"
    ),
    "parquet": Format(f"{_ROOM}.parquet:render_parquet", (".parquet",), (*_OF_CODE, "fleet"), needs="pyarrow"),
}  # fmt: skip
SUFFIXES: Final = {suffix: name for name, one in FORMATS.items() for suffix in one.suffixes}
EXPORTED: Final = tuple(name for name, one in FORMATS.items() if one.exports)
"""Formats of known indicators."""


def formats_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the formats that draw a document of one of these kinds."""
    wanted = set(kinds)
    return tuple(name for name, one in FORMATS.items() if wanted.intersection(one.kinds))


def kind_of(document: "Frozen") -> str:
    return str(getattr(document, "schema_", "/")).split("/")[1]


def unfit(name: str, kinds: Sequence[str]) -> str:
    """Say that there is no such format for a document, and which there are.

    Example:
        >>> unfit("stix", ["diff"])
        "There is no format 'stix' for a comparison of two results; there are text, markdown, json, html and csv."
    """
    known = formats_of(kinds)
    of = f" for {KINDS[kinds[0]]}" if len(kinds) == 1 else ""
    return f"There is no format {name!r}{of}; there are {listed(known, len(known))}."


def encoded(piece: str | bytes) -> bytes:
    """Return what is written to a file: texts as UTF-8."""
    return piece.encode("utf-8", "backslashreplace") if isinstance(piece, str) else piece


def render(name: str, document: "Frozen", style: "Style") -> str:
    """Return a document in the format of that name, as one text; bytes that are none are replaced."""
    return b"".join(map(encoded, FORMATS[name].render(document, style))).decode("utf-8", "replace")
