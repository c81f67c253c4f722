"""Indicators as STIX 2.1."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from phone_audit.model.base import Frozen
from phone_audit.model.stated import is_day
from phone_audit.report.canvas import Style
from phone_audit.report.indicators import TRACKING, SharedIndicator, indicators_in, made_at
from phone_audit.report.safe import json_safe

_SPACE: Final = uuid.UUID("6f1f0d1e-6a0c-5d7b-9d6a-2a6e0d0e4c11")
"""Ids are made from what they stand for, so that the same indicator has the same id in every export."""
_HASHES: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_CERTIFICATES: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_PATHS: Final[Mapping[str, str]] = {
    "host": "domain-name:value", "package": "app:id", "path": "file:path", "file": "file:name",
    "process": "process:name",
}  # fmt: skip
MVT: Final = "mvt"
_TYPES: Final[Mapping[str, str]] = {
    "stalkerware": "spyware", "spyware": "spyware", "watchware": "spyware", "adware": "adware",
}  # fmt: skip


def render_stix(document: Frozen, style: Style) -> Iterator[str]:
    """Yield what a result found of malware and published incidents as a STIX 2.1 bundle."""
    rows = [row for row in indicators_in(document) if row.class_ != TRACKING]
    yield to_stix(rows, f"{made_at(document)}.000Z", style.stated_in)


def to_stix(rows: Iterable[SharedIndicator], made: str, stated_in: str = "") -> str:
    """Return a STIX 2.1 bundle: each indicator, the malware that it indicates, and who says so.

    Patterns have one comparison and are written as MVT reads them. What STIX has no pattern for is left out, and so is
    what is weak: whoever reads a bundle takes each indicator of it for a sign. `made` (RFC 3339 with milliseconds) is
    the time of objects whose own is not known, `stated_in` the file of a saved result.
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
    bundle: dict[str, Any] = {"type": "bundle", "id": _id("bundle", " ".join(objects))}
    if ordered:  # the standard knows no empty list
        bundle["objects"] = ordered
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


def _malware(row: SharedIndicator, by: str, made: str) -> dict[str, Any]:
    item = _object("malware", f"{row.name} {row.class_} {by}", by, made)
    kinds = [_TYPES[row.class_]] if row.class_ in _TYPES else ["unknown"]
    return item | {"name": row.name, "is_family": True, "malware_types": kinds, "labels": [row.class_]}


def _indicator(row: SharedIndicator, pattern: str, by: str, at: str) -> dict[str, Any]:
    licence = f"; licence {row.licence}" if row.licence else ""
    reference = {"source_name": row.publisher or "unknown", "description": f"{row.title}, {row.date}{licence}"}
    item = _object("indicator", f"{pattern} {row.name} {row.title} {row.where}", by, at)
    return item | {
        "name": f"{row.kind} of {row.name}", "indicator_types": ["malicious-activity"], "pattern": pattern,
        **_language(row.kind), "valid_from": at, "labels": [row.class_],
        "external_references": [reference | ({"url": row.url} if row.url else {})],
    }  # fmt: skip


def _language(kind: str) -> dict[str, str]:
    """Say what the pattern is written in: `app:id`, as MVT reads packages, is too short a name for STIX."""
    return {"pattern_type": MVT} if kind == "package" else {"pattern_type": "stix", "pattern_version": "2.1"}


def _described(row: SharedIndicator, stated_in: str) -> dict[str, Any]:
    found = (row.where and f"found in {row.where}", stated_in and f"as stated in {stated_in}")
    said = ", ".join(part for part in found if part)
    return {"description": f"{said[0].upper()}{said[1:]}."} if said else {}
