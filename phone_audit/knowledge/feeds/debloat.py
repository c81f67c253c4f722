"""Lists of preinstalled packages and how safe it is to remove them: UAD-NG and android-debloat-list."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, text
from phone_audit.knowledge.feeds.values import row, shown

Row = Indicator | Rejected


def read_uad_ng(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of uad_lists.json, also in its older form as a list. Descriptions are left out.

    Raises:
        FeedError: it is neither.
    """
    document = read_json(data)
    if isinstance(document, dict):
        entries: list[tuple[object, object]] = list(document.items())
    elif isinstance(document, list):
        entries = [(mapping(entry).get("id"), entry) for entry in document]
    else:
        raise FeedError("it is no list of packages")
    for name, entry in entries:
        removal = text(mapping(entry).get("removal"))
        if not isinstance(name, str) or not removal:
            yield Rejected(shown(name), "it has no name, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("list")), removal, about)


def read_debloat_list(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of one file of android-debloat-list. Descriptions are left out.

    Raises:
        FeedError: it is no list.
    """
    document = read_json(data)
    if not isinstance(document, list):
        raise FeedError("it is no list of packages")
    for number, entry in enumerate(document, 1):
        name, removal = text(mapping(entry).get("id")), text(mapping(entry).get("removal"))
        if not name or not removal:
            yield Rejected(shown(name or f"entry {number}"), "it has no id, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("label")), removal, about)


def _row(package: str, name: str, removal: str, about: About) -> Row:
    return row(
        "package",
        package,
        About(name[:80] or about.name, "preinstalled", about.weight, f"removal: {removal.lower()[:40]}"),
    )
