"""A published result on disk → the document it is."""

import json
import sys
from pathlib import Path

from pydantic import ValidationError

from phone_audit.errors import ResultError
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen, read_document
from phone_audit.model.fleet import Fleet
from phone_audit.model.results import Devices, Firmware, Scan
from phone_audit.model.watch import Watch

DOCUMENTS: dict[str, type[Frozen]] = {
    "phone-audit/scan/1": Scan,
    "phone-audit/apks/1": Apks,
    "phone-audit/apk/1": Apk,
    "phone-audit/firmware/1": Firmware,
    "phone-audit/devices/1": Devices,
    "phone-audit/fleet/1": Fleet,
    "phone-audit/watch/1": Watch,
}


def load_result(path: Path) -> Frozen:
    """Read a saved JSON result, also one that a later version wrote.

    Raises:
        ResultError: no such file, no JSON, or no result of phone-audit.
    """
    text = _read(path)
    schema = _schema(path, text)
    document = DOCUMENTS.get(schema)
    if document is None:
        known = ", ".join(sorted(DOCUMENTS))
        raise ResultError(
            f"{path} is a document of the kind {schema!r}, which cannot be shown.", f"Known kinds: {known}."
        )
    try:
        return read_document(document, text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultError(
            f"{path} is damaged: {place}: {first['msg']}.", "Make the result again with -f json."
        ) from error


def _read(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read().decode("utf-8")
        return path.read_text("utf-8")
    except OSError as error:
        raise ResultError(
            f"{path} cannot be read: {error.strerror or error}.", "Name a file made with -f json."
        ) from error
    except UnicodeDecodeError as error:
        raise ResultError(f"{path} is no JSON result.", "Name a file made with -f json.") from error


def _schema(path: Path, text: str) -> str:
    try:
        head = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ResultError(f"{path} is no JSON result.", "Name a file made with -f json.") from error
    schema = head.get("schema") if isinstance(head, dict) else None
    if not isinstance(schema, str):
        raise ResultError(
            f"{path} is JSON, but no result of phone-audit: it names no schema.", "Name a file made with -f json."
        )
    return schema


def judged_outcomes(document: Frozen) -> list[tuple[str, bool]]:
    """Give the outcome of each verdict in a result, and whether all that was promised was read."""
    match document:
        case Scan():
            return [(document.verdict.outcome, document.coverage.complete)]
        case Apks():
            left = document.skipped or any(apk.skipped for apk in document.apks)
            return [(document.verdict.outcome, not left)]
        case Apk():
            return [(document.outcome, not document.skipped)]
        case Fleet():
            return [(scan.outcome or "inconclusive", scan.complete) for scan in document.scans]
        case Watch():
            return [(document.verdict.outcome, not document.skipped)]
        case Firmware():
            return [(build.verdict.outcome, build.parsed is not None) for build in document.builds]
        case _:
            return []
