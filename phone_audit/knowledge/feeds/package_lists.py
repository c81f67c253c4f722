"""Lists of packages and signers: debloat lists (how safe it is to remove them), AOSP baselines, certificates."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Rejected, Row
from phone_audit.knowledge.feeds.text import FeedError, mapping, read_json, text, texts
from phone_audit.knowledge.feeds.values import row, shown


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


def read_certificates(data: bytes, about: About) -> Iterator[Row]:
    """Yield certificates that anybody can sign with as commonplace, those of makers as owners, others as classed.

    Raises:
        FeedError: it is no list.
    """
    document = read_json(data)
    if not isinstance(document, list):
        raise FeedError("it is no list of certificates")
    for entry in map(mapping, document):
        name, kind = text(entry.get("name")), text(entry.get("class"))
        if kind.startswith("aosp"):
            what = About(name, "commonplace", "strong", "everybody has this key")
        else:
            what = About(name, "owner" if kind == "vendor-known-good" else about.class_, "strong", kind)
        values = [text(entry.get(field)) for field in ("sha256", "sha1", "md5")]
        if not any(values):
            yield Rejected(shown(name), "it has no fingerprint")
        yield from (row("certificate", value, what) for value in values if value)


def read_baseline(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of an AOSP or GSI baseline, or the signers of Google's packages, as what is expected.

    Raises:
        FeedError: it is neither.
    """
    document = mapping(read_json(data))
    listed = document.get("packagesAll")
    if isinstance(listed, list):
        yield from (
            row("package", name, About(about.name, "owner", "weak", "part of Android")) for name in texts(listed)
        )
        return
    if not document:
        raise FeedError("it has no packagesAll")
    for name, signer in document.items():
        yield row("certificate", text(signer), About(name, "owner", "strong", "signs this package"))
