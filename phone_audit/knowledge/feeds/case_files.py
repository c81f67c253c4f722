"""Facts of published cases as JSON: Doctor Web's firmware malware, CVE records, signing certificates, baselines."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, text, texts
from phone_audit.knowledge.feeds.values import row, shown

Row = Indicator | Rejected
IN_CVE = "named in a vulnerability record"


def read_drweb(data: bytes, about: About) -> Iterator[Row]:
    """Yield hashes and hosts of `{"hashes": […], "network": […]}`.

    Raises:
        FeedError: it has no hashes.
    """
    document = mapping(read_json(data))
    if not isinstance(document.get("hashes"), list):
        raise FeedError("it has no hashes")
    for entry in map(mapping, document["hashes"]):
        what = About(text(entry.get("family")) or about.name, about.class_)
        yield row("hash", text(entry.get("sha1")), what)
    network = document.get("network")
    for entry in map(mapping, network if isinstance(network, list) else ()):
        yield row("host", text(entry.get("value")), About(text(entry.get("family")) or about.name, about.class_))


def read_cve(data: bytes, about: About) -> Iterator[Row]:
    """Yield packages, paths, hosts and properties of CVE records; none proves more than that the code is there.

    Raises:
        FeedError: it is no list of records.
    """
    document = read_json(data)
    if not isinstance(document, list):
        raise FeedError("it is no list of records")
    for number, entry in enumerate(map(mapping, document), 1):
        name = text(entry.get("cve"))
        if not name:
            yield Rejected(f"record {number}", "it has no number")
            continue
        what = About(name, "vulnerable", "weak", IN_CVE)
        listed = entry.get("packages")
        packages = [mapping(item).get("package") for item in listed] if isinstance(listed, list) else []
        lists: tuple[tuple[Kind, object], ...] = (
            ("package", packages), ("path", entry.get("device_paths")), ("host", entry.get("hosts")),
            ("property", entry.get("system_properties")),
        )  # fmt: skip
        for kind, values in lists:
            yield from (row(kind, value, what) for value in texts(values))


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
