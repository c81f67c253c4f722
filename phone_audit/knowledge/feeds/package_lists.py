"""Lists of packages and signers: debloat lists (how safe it is to remove them), AOSP baselines, certificates.

Every reader raises FeedError for a file that is none of its format.
"""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Rejected, Row
from phone_audit.knowledge.feeds.text import FeedError, listed, mapping, read_json, rows, text
from phone_audit.knowledge.feeds.values import row, shown


def read_uad_ng(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of uad_lists.json, also in its older form as a list. Descriptions are left out."""
    document = read_json(data)
    if isinstance(document, dict):
        entries: list[tuple[object, object]] = list(document.items())
    else:
        packages = listed(document, "it is no list of packages")
        entries = [(mapping(entry).get("id"), entry) for entry in packages]
    for name, entry in entries:
        removal = text(mapping(entry).get("removal"))
        if not isinstance(name, str) or not removal:
            yield Rejected(shown(name), "it has no name, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("list")), removal, about)


def read_debloat_list(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of one file of android-debloat-list. Descriptions are left out."""
    for number, entry in enumerate(listed(read_json(data), "it is no list of packages"), 1):
        name, removal = text(mapping(entry).get("id")), text(mapping(entry).get("removal"))
        if not name or not removal:
            yield Rejected(shown(name or f"entry {number}"), "it has no id, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("label")), removal, about)


def _row(package: str, name: str, removal: str, about: About) -> Row:
    note = f"removal: {removal.lower()[:40]}"
    return row("package", package, About(name[:80] or about.name, "preinstalled", about.weight, note))


def read_certificates(data: bytes, about: About) -> Iterator[Row]:
    """Yield certificates that anybody can sign with as commonplace, those of makers as owners, others as classed."""
    for entry in map(mapping, listed(read_json(data), "it is no list of certificates")):
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
    """Yield the packages of an AOSP or GSI baseline, or the signers of Google's packages, as what is expected."""
    document = mapping(read_json(data))
    packages = document.get("packagesAll")
    if isinstance(packages, list):
        yield from rows("package", packages, About(about.name, "owner", "weak", "part of Android"))
        return
    if not document:
        raise FeedError("it has no packagesAll")
    for name, signer in document.items():
        yield row("certificate", text(signer), About(name, "owner", "strong", "signs this package"))
