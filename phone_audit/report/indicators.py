"""Indicators given out: STIX 2.1, CSV, a hosts block list. What they are is handed in; here is only how they look."""

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from phone_audit.model.stated import is_day, is_host
from phone_audit.report.safe import json_safe, visible

_SPACE: Final = uuid.UUID("6f1f0d1e-6a0c-5d7b-9d6a-2a6e0d0e4c11")
"""Ids are made from what they stand for, so that the same indicator has the same id in every export."""
_HASHES: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_CERTIFICATES: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_PATHS: Final[Mapping[str, str]] = {
    "host": "domain-name:value", "package": "app:id", "path": "file:path", "file": "file:name",
    "process": "process:name",
}  # fmt: skip
_TYPES: Final[Mapping[str, str]] = {
    "stalkerware": "spyware", "spyware": "spyware", "watchware": "spyware", "adware": "adware",
}  # fmt: skip


@dataclass(frozen=True)
class Shared:
    """One indicator to give out, with where it comes from.

    `kind` and `value` as in the feeds; `class_` what it is a sign of; `date` a day. `where` says where it was
    found, and is empty for what is only known. `weak`: no proof, and nothing to block.
    """

    kind: str
    value: str
    name: str
    class_: str
    publisher: str
    title: str
    url: str
    date: str
    licence: str = ""
    where: str = ""
    weak: bool = False


def to_csv(rows: Iterable[Shared], made: str) -> str:
    """Return one line an indicator. Cells that a spreadsheet would compute are made text. `made` is not written."""
    del made
    return table(
        ("kind", "value", "name", "class", "weak", "where", "publisher", "title", "date", "url", "licence"),
        (
            (
                row.kind, row.value, row.name, row.class_, "yes" if row.weak else "", row.where, row.publisher,
                row.title, row.date, row.url, row.licence,
            )
            for row in rows
        ),
    )  # fmt: skip


def table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    r"""Return CSV (RFC 4180, with line feeds): every cell quoted, none a formula, and no control character left.

    Example:
        >>> table(("a", "b"), [("=1+1", "x,y")])
        '"a","b"\n"\'=1+1","x,y"\n'
    """
    return "".join(table_pieces(head, lines))


def table_pieces(head: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a `table` one by one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for line in chain((head,), ([_cell(cell) for cell in line] for line in lines)):
        writer.writerow(line)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet computes; the last four are the wide forms of East Asian text."""


def _cell(text: str) -> str:
    seen = visible(text)
    return f"'{seen}" if seen.startswith(_FORMULA) else seen


def to_hosts(rows: Iterable[Shared], made: str, stated_in: str = "") -> str:
    """Return a hosts file that sends each host nowhere, with what it is listed for.

    A hosts file can hold no address.
    """
    by_host: dict[str, list[Shared]] = {}
    others = 0
    for row in rows:
        if row.kind == "host" and not row.weak and is_host(row.value):
            by_host.setdefault(row.value, []).append(row)
        else:
            others += row.kind in ("host", "address", "network", "url")
    lines = [
        "# Block list made by phone-audit; a host covers itself only, not what lies below it.",
        f"# {len(by_host)} hosts, {made[:10]}; not in it: {others} addresses, URLs, and hosts that others use too.",
    ]
    if stated_in:
        lines.append(f"# As stated in {_comment(stated_in)}; no phone and no APK was looked at again.")
    for host in sorted(by_host):
        names = sorted({_comment(f"{row.name} ({row.publisher})") for row in by_host[host]})
        lines.append(f"0.0.0.0 {host} # {', '.join(names)}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return visible(text).replace("#", " ")


def to_stix(rows: Iterable[Shared], made: str, stated_in: str = "") -> str:
    """Return a STIX 2.1 bundle: each indicator, the malware that it indicates, and who says so.

    Patterns have one comparison and are written as MVT reads them. What STIX has no pattern for is left out, and so is
    what is weak: whoever reads a bundle takes each indicator of it for a sign.

    Args:
        rows: the indicators.
        made: the time that objects carry whose own time is not known, RFC 3339 with milliseconds.
        stated_in: the file that states all of this, where it comes from a saved result.
    """
    objects: dict[str, dict[str, Any]] = {}
    for row in rows:
        pattern = None if row.weak else pattern_of(row.kind, row.value)
        if pattern is None:
            continue
        at = f"{row.date}T00:00:00.000Z" if is_day(row.date) else made
        identity = _identity(row.publisher, made)
        malware = _malware(row, identity["id"], made)
        indicator = _indicator(row, pattern, identity["id"], at) | _described(row, stated_in)
        relation = _object("relationship", f"{indicator['id']} {malware['id']}", identity["id"], at)
        relation |= {
            "relationship_type": "indicates", "source_ref": indicator["id"], "target_ref": malware["id"],
        }  # fmt: skip
        for item in (identity, malware, indicator, relation):
            objects.setdefault(item["id"], item)
    ordered = [objects[name] for name in sorted(objects)]
    bundle = {"type": "bundle", "id": _id("bundle", " ".join(objects)), "objects": ordered}
    return json_safe(json.dumps(bundle, indent=1, ensure_ascii=False)) + "\n"


def pattern_of(kind: str, value: str) -> str | None:
    r"""Return the STIX pattern of a value, or None.

    Example:
        >>> pattern_of("path", "/data/it's")
        "[file:path='/data/it\\'s']"
    """
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    if kind in _PATHS:
        return f"[{_PATHS[kind]}='{quoted}']"
    if kind in ("address", "network"):
        return f"[ipv{6 if ':' in value else 4}-addr:value='{quoted}']"
    if kind == "url":
        return f"[url:value='http://{quoted}']"
    if kind == "hash":
        return f"[file:hashes.'{_HASHES[len(value)]}'='{quoted}']" if len(value) in _HASHES else None
    if kind == "certificate":
        return f"[app:cert.{_CERTIFICATES[len(value)]}='{quoted}']" if len(value) in _CERTIFICATES else None
    if kind == "property":
        name, equals, set_to = quoted.partition("=")
        also = f" AND android-property:value='{set_to}'" if equals else ""
        return f"[android-property:name='{name}'{also}]"
    return None


def _id(kind: str, text: str) -> str:
    return f"{kind}--{uuid.uuid5(_SPACE, f'{kind} {text}')}"


def _object(kind: str, text: str, by: str, at: str) -> dict[str, Any]:
    return {
        "type": kind, "spec_version": "2.1", "id": _id(kind, text), "created_by_ref": by, "created": at, "modified": at,
    }  # fmt: skip


def _identity(publisher: str, made: str) -> dict[str, Any]:
    name = publisher or "unknown"
    return {
        "type": "identity", "spec_version": "2.1", "id": _id("identity", name), "created": made, "modified": made,
        "name": name, "identity_class": "organization",
    }  # fmt: skip


def _malware(row: Shared, by: str, made: str) -> dict[str, Any]:
    item = _object("malware", f"{row.name} {row.class_} {by}", by, made)
    kinds = [_TYPES[row.class_]] if row.class_ in _TYPES else ["unknown"]
    return item | {"name": row.name, "is_family": True, "malware_types": kinds, "labels": [row.class_]}


def _indicator(row: Shared, pattern: str, by: str, at: str) -> dict[str, Any]:
    reference = {"source_name": row.publisher or "unknown", "description": _reference(row)}
    item = _object("indicator", f"{pattern} {row.name} {row.title} {row.where}", by, at)
    return item | {
        "name": f"{row.kind} of {row.name}", "indicator_types": ["malicious-activity"], "pattern": pattern,
        "pattern_type": "stix", "pattern_version": "2.1", "valid_from": at, "labels": [row.class_],
        "external_references": [reference | ({"url": row.url} if row.url else {})],
    }  # fmt: skip


def _described(row: Shared, stated_in: str) -> dict[str, Any]:
    found = (row.where and f"found in {row.where}", stated_in and f"as stated in {stated_in}")
    said = ", ".join(part for part in found if part)
    return {"description": f"{said[0].upper()}{said[1:]}."} if said else {}


def _reference(row: Shared) -> str:
    return f"{row.title}, {row.date}" + (f"; licence {row.licence}" if row.licence else "")


GIVEN_OUT: Final[Mapping[str, Callable[[Iterable[Shared], str], str]]] = {
    "stix": to_stix,
    "csv": to_csv,
    "hosts": to_hosts,
}
