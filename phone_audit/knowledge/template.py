"""A new incident as a file to fill in: what `db new` writes."""

import json
import re
from pathlib import Path
from typing import Any, Final

from phone_audit.errors import UsageError
from phone_audit.files.atomic_write import create_file

_FILL: Final = "TO FILL IN"
_FACT: Final = {"confidence": "sourced", "source": 1}


def new_incident(name: str, folder: Path) -> Path:
    """Write a template of an incident into `incidents/` of a knowledge folder, and return where it lies.

    It does not pass the check before its texts are filled in. Raises a UsageError where the id is none, or there is
    such a file already.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise UsageError(f"{name!r} is no id: maker, what, year, as in acme-one-weather-2026.", "Write a-z, 0-9 and -.")
    path = folder / "incidents" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        create_file(path, (json.dumps(_template(name), indent=1, ensure_ascii=False) + "\n").encode())
    except FileExistsError as error:
        raise UsageError(f"There is such a file already: {path}.", "Choose another id, or edit that file.") from error
    return path


def _template(name: str) -> dict[str, Any]:
    """Return what an incident says at least, and an example of each kind of fact that most have."""
    phones = {"ro.product.brand": [_FILL]}
    build = {"field": "ro.build.display.id", "match": "exact", "phones": phones}
    return {
        "id": name,
        "title": _FILL,
        "summary": "",
        "category": "data-leak",
        "severity": "high",
        "status": "unknown",
        "raises": "known-bad",
        "disclosed": "",
        "vendors": [{"value": _FILL, **_FACT}],
        "models": [{"value": _FILL, **_FACT, "field": "ro.product.model", "match": "exact", "phones": phones}],
        "builds": [{"value": _FILL, **_FACT, **build, "status": "affected"}],
        "packages": [{"value": _FILL, **_FACT, "standalone": False}],
        "endpoints": [{"value": _FILL, **_FACT, "kind": "domain", "weight": "strong"}],
        "data_types": [{"value": _FILL, **_FACT}],
        "vendor_response": [],
        "what_to_do": [f"{_FILL}: what the affected have to do first."],
        "sources": [{"n": 1, "title": _FILL, "publisher": _FILL, "date": "", "url": "", "kind": "primary"}],
        "tests": {
            "matches": [{"kind": "display-id", "value": _FILL, "status": "affected"}],
            "ignores": [{"kind": "display-id", "value": f"{_FILL} AS WELL", "why": ""}],
        },
    }
