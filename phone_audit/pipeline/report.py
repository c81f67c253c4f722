"""A published result on disk → the document it is."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from phone_audit.errors import ResultError
from phone_audit.files.bounded_json import CheckedJson, JsonError, read_checked
from phone_audit.files.bounds import RESULT, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.files.short_repr import short_repr
from phone_audit.judge.gate import gating_outcome, gating_outcome_of_scan
from phone_audit.judge.outcomes import strongest
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen, first_fault, parse_unicode, read_values
from phone_audit.model.diff import Diff
from phone_audit.model.finding import OUTCOMES, Finding, Outcome
from phone_audit.model.results import Devices, Firmware, Fleet, Scan
from phone_audit.model.watch import Watch

SEAL_SUFFIX = ".minisig"
_NAME_A_RESULT = "Name a file made with -f json; what a command writes is piped in: phone-audit report -"
_SAVED = (
    "Name a file in it that -f json made, such as fleet.json. If it is a saved phone, scan it: phone-audit scan FOLDER."
)
_LINES = "It holds a record a line, for other programs. Name a file made with -f json."
NOT_SEALED = "It is not sealed: whoever had it in hand can have changed it."

DOCUMENTS: dict[str, type[Frozen]] = {
    "phone-audit/scan/1": Scan,
    "phone-audit/apks/1": Apks,
    "phone-audit/apk/1": Apk,
    "phone-audit/firmware/1": Firmware,
    "phone-audit/devices/1": Devices,
    "phone-audit/fleet/1": Fleet,
    "phone-audit/watch/1": Watch,
    "phone-audit/diff/1": Diff,
}


def parse_result(path: Path, text: CheckedJson) -> Frozen:
    """Parse a result. Its values are somebody's claim; those with a form of their own are held against it.

    Raises:
        ResultError: no JSON, or no result of phone-audit.
    """
    with _without_collection():
        values = _parsed(path, text)
        document = _kind(path, values)
        try:
            return read_values(document, values)
        except ValidationError as error:
            place, what = first_fault(error)
            raise ResultError(f"{path} is damaged: {place}: {what}.", "Make the result again with -f json.") from error


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Let no cycles be looked for meanwhile: parsed JSON has none, and looking takes three quarters of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def seal_of(path: Path) -> Path:
    """Return where the seal of a file lies, if it has one.

    Example:
        >>> seal_of(Path("a/scan.json"))
        PosixPath('a/scan.json.minisig')
    """
    return path.with_name(path.name + SEAL_SUFFIX)


def has_seal(path: Path) -> bool:
    """Tell whether something lies where the seal of a file does, be it a link to nowhere."""
    return str(path) != "-" and os.path.lexists(seal_of(path))


def check_seal_of(path: Path, text: bytes, keys: Sequence[str] = ()) -> str:
    """Check the seal of a result, and return a sentence on it; what that takes is loaded only where there is one.

    Raises as `seal.check_seal`; where keys are named, also where there is no seal by one of them.
    """
    if not keys and not has_seal(path):
        return NOT_SEALED
    from phone_audit.pipeline.seal import check_seal, read_known_keys

    return check_seal(path, text, read_known_keys(keys), wanted=bool(keys))


def read_result(path: Path) -> CheckedJson:
    """Read the text of a saved result, or of standard input (`-`), once: what a seal is held against is what is parsed.

    Raises:
        ResultError: no such file, or larger than any result.
    """
    try:
        return _read(path)
    except OSError as error:
        raise ResultError(
            f"{path} cannot be read: {error.strerror or error}.",
            _SAVED if isinstance(error, IsADirectoryError) else _NAME_A_RESULT,
        ) from error
    except BoundsError as error:
        raise ResultError(
            f"{path} was not read: {error}, which no result does.", "Name a result, or parts of it."
        ) from error


def _parsed(path: Path, text: CheckedJson) -> Any:
    try:
        return parse_unicode(text)
    except JsonError as error:
        hint = _LINES if path.suffix == ".jsonl" else "Name a file made with -f json."
        raise ResultError(f"{path} is no JSON result.", hint) from error


def _read(path: Path) -> CheckedJson:
    if str(path) != "-":
        with open_regular(path) as file:
            return read_checked(file, RESULT)
    if sys.stdin is None:
        raise ResultError("Standard input is closed.", "Name a file made with -f json.")
    return read_checked(sys.stdin.buffer, RESULT)


def _kind(path: Path, values: Any) -> type[Frozen]:
    schema = values.get("schema") if isinstance(values, dict) else None
    if not isinstance(schema, str):
        raise ResultError(
            f"{path} is JSON, but no result of phone-audit: it names no schema.", "Name a file made with -f json."
        )
    document = DOCUMENTS.get(schema)
    if document is None:
        known = ", ".join(sorted(DOCUMENTS))
        raise ResultError(
            f"{path} is a document of the kind {short_repr(schema)}, which cannot be shown.", f"Known kinds: {known}."
        )
    return document


def judged_outcomes(document: Frozen) -> list[tuple[str, bool]]:
    """Return the outcome of each verdict without what was accepted, and whether all that was promised was read."""
    match document:
        case Scan():
            return [(gating_outcome_of_scan(document), document.coverage.complete)]
        case Apks():
            left = document.skipped or any(apk.skipped for apk in document.apks)
            return [(_gating_of_folder(document), not left)]
        case Apk():
            return [_gated(document.outcome, document.findings, complete=not document.skipped)]
        case Fleet():
            return [(scan.gating or scan.outcome or "inconclusive", scan.complete) for scan in document.scans]
        case Watch():
            return [_gated(document.verdict.outcome, document.findings, complete=not document.skipped)]
        case Firmware():
            builds = document.builds
            return [_gated(one.verdict.outcome, one.findings, complete=one.parsed is not None) for one in builds]
        case _:
            return []


def _gating_of_folder(result: Apks) -> str:
    """Return the strongest outcome of a record without what was accepted; where nothing was, that of the folder."""
    if not any(finding.accepted_by for apk in result.apks for finding in apk.findings):
        return result.verdict.outcome
    outcomes = [gating_outcome(apk.outcome, apk.findings, complete=not apk.skipped) for apk in result.apks]
    return next((word for word in outcomes if word not in OUTCOMES), None) or strongest(outcomes)


def _gated(outcome: Outcome, findings: Sequence[Finding], *, complete: bool) -> tuple[str, bool]:
    return gating_outcome(outcome, findings, complete=complete), complete
