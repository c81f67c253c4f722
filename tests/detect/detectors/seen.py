"""Knowledge and values for the tests of the detectors."""

import json
from pathlib import Path
from typing import Any

from phone_audit.knowledge.files import DataFile, read_folder
from phone_audit.knowledge.load import BUNDLED, Knowledge
from phone_audit.model.apk import NetworkPolicy, Tier, Tracker
from phone_audit.model.finding import Evidence, Source

SOURCE = Source(title="A list", publisher="A lab", date="2026-01-01", url="https://lab.example/list")
CLASS = Evidence(kind="class", where="classes.dex", value="com.ads.Sdk")
_SOURCES = [
    {"id": "list", "title": "A list", "publisher": "A lab", "url": "https://lab.example/list", "revision": "1",
     "date": "2026-01-01", "licence": "fact"}
]  # fmt: skip
_ENTRIES: dict[str, list[dict[str, Any]]] = {
    "trackers": [
        {"id": "ads", "name": "Ads", "owner": "Ads Inc.", "categories": ["advertising"], "code": ["com.ads."],
         "hosts": ["ads.example"], "website": "", "source": "list", "matches": ["com.ads.Sdk"],
         "ignores": ["com.adsx.A"]},
        {"id": "rented", "name": "Rented", "owner": "Proxy Inc.", "country": "Finland",
         "categories": ["residential-proxy"], "code": ["com.rented."], "hosts": [], "website": "", "source": "list",
         "takes": {"data": ["the IMEI", "the position"], "source": "https://lab.example/takes"},
         "matches": ["com.rented.A"], "ignores": ["com.rentedx.A"]},
    ],
    "hosts": [{"host": "stats.example", "owner": "Acme", "category": "telemetry", "source": "list"}],
    "keys": [
        {"id": "test", "name": "AOSP test key 'platform'", "kind": "aosp-test-key", "sha256": "01" * 32,
         "sha1": None, "source": "list"},
        {"id": "leaked", "name": "the platform key of Acme", "kind": "leaked", "sha256": "02" * 32, "sha1": None,
         "source": "list"},
        {"id": "vendor", "name": "the key of Acme", "kind": "vendor", "sha256": "03" * 32, "sha1": None,
         "source": "list"},
    ],
}  # fmt: skip


def knowledge() -> Knowledge:
    """One tracker, one kit that rents out the connection, one owner of a host, and one key of each kind."""
    return Knowledge(
        tuple(
            DataFile(kind, 0, Path(f"{kind}.json"), json.dumps({"sources": _SOURCES, "entries": entries}).encode())
            for kind, entries in _ENTRIES.items()
        )
    )


def firmware_knowledge() -> Knowledge:
    """The bundled firmware rules and keys."""
    return Knowledge(tuple(file for file in read_folder(BUNDLED, 0) if file.kind in ("firmware", "keys")))


def tracker(tier: Tier = "present", **changes: Any) -> Tracker:
    fields: dict[str, Any] = {
        "id": "ads", "name": "Ads", "owner": "Ads Inc.", "categories": ("advertising",), "tier": tier,
        "endpoints": (), "evidence": (CLASS,),
    }  # fmt: skip
    return Tracker(**(fields | changes))


def policy(**changes: Any) -> NetworkPolicy:
    """A network policy that allows nothing out of the ordinary."""
    fields: dict[str, Any] = {
        "cleartext": False, "domains": (), "trusts_user_cas": False, "pins": False, "accepts_any_certificate": False,
        "source": "network security config",
    }  # fmt: skip
    return NetworkPolicy(**(fields | changes))
