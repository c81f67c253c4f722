"""Knowledge folders for tests, and where the shared material lies."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STUDY = "https://lab.example/study"


def shared(*parts: str) -> Path:
    """Return a path in the shared material; the test is skipped where it is not there."""
    path = Path(os.environ.get("PHONE_AUDIT_SHARED", ROOT.parent / "shared"), *parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} of the shared material; PHONE_AUDIT_SHARED names its folder")
    return path


def source(**changes: Any) -> dict[str, Any]:
    return {
        "id": "s",
        "title": "A list",
        "publisher": "A lab",
        "url": "https://lab.example/list",
        "revision": "",
        "date": "2026-01-31",
        "licence": "MIT",
        **changes,
    }


def switch(**changes: Any) -> dict[str, Any]:
    return {"name": "spotter_on", "values": {"false": "sends nothing"}, "source": "https://spotter.io/docs", **changes}


def tracker(**changes: Any) -> dict[str, Any]:
    return {
        "id": "t-1",
        "name": "Spotter",
        "owner": None,
        "categories": ["analytics"],
        "code": ["com.spotter.sdk"],
        "hosts": ["spotter.io"],
        "website": "https://spotter.io",
        "source": "s",
        "matches": ["com.spotter.sdk.Start", "eu.spotter.io"],
        "ignores": ["com.spotter.sdkx.Start", "notspotter.io"],
        **changes,
    }


def host(**changes: Any) -> dict[str, Any]:
    return {"host": "maker.io", "owner": "Maker", "category": "cloud", "source": "s", **changes}


def key(**changes: Any) -> dict[str, Any]:
    return {
        "id": "k-1",
        "name": "A test key",
        "kind": "aosp-test-key",
        "sha256": "a" * 64,
        "sha1": None,
        "source": "s",
        **changes,
    }


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "id": "namespace",
        "reason": "names, not places",
        "hosts": ["schemas.names.org"],
        "url_prefixes": ["www.names.org/ns/"],
        "source": "s",
        "matches": ["http://schemas.names.org/a"],
        "ignores": ["http://www.names.org/b"],
        **changes,
    }


def incident(**changes: Any) -> dict[str, Any]:
    return {
        "id": "maker-leak-2026",
        "title": "A leak",
        "summary": "Maker sent the IMEI to a server.",
        "category": "data-leak",
        "severity": "high",
        "status": "fixed",
        "raises": "known-bad",
        "disclosed": "2026-02-01",
        "vendors": [{"value": "Maker", "confidence": "sourced", "source": 1}],
        "models": [],
        "builds": [],
        "packages": [],
        "hashes": [],
        "certificates": [],
        "paths": [],
        "properties": [],
        "endpoints": [],
        "data_types": [],
        "cves": [],
        "vendor_response": [],
        "sources": [
            {"n": 1, "title": "A study", "publisher": "A lab", "date": "2026", "url": STUDY, "kind": "primary"},
        ],
        "tests": {"unmatchable": "nothing was published to compare with"},
        **changes,
    }


def library(**changes: Any) -> dict[str, Any]:
    return {
        "id": "l-1",
        "name": "Web library",
        "owner": "Maker",
        "role": "library",
        "code": ["com.maker.web"],
        "source": "s",
        "matches": ["com.maker.web.Client"],
        "ignores": ["com.maker.webx.Client"],
        **changes,
    }


def write_facts(folder: Path, kind: str, *entries: dict[str, Any], name: str = "facts.json") -> Path:
    """Write a file of trackers, hosts, keys or rules with one source, and give its folder."""
    return write(folder, kind, {"sources": [source()], "entries": list(entries)}, name)


def write_incident(folder: Path, entry: dict[str, Any]) -> Path:
    """Write an incident under its own name, and give its folder."""
    return write(folder, "incidents", entry, f"{entry['id']}.json")


def write(folder: Path, kind: str, document: object, name: str) -> Path:
    path = folder / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return folder
