"""One package read twice, from the parts that standard depth brings and as a whole: what differs, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone_audit.apk import range_planner as wanted
from phone_audit.apk.package_file import FileHashes
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.signature.signing_block import SigningBlock
from phone_audit.apk.zip.directory import Index
from phone_audit.apk.zip.media import named_like_media
from phone_audit.detect.detect import detect_apk
from phone_audit.judge.judge import ApkJudgement, judge_apk
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Endpoint
from phone_audit.model.finding import Finding
from tests.apk.in_parts import bring, lay_down

UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Compared:
    """One package.

    Attributes:
        name: of the file.
        size: bytes of it.
        bytes_read: bytes that were brought.
        in_parts: whether not all of it was.
        findings: findings, incidents and outcome that are not the same both ways; a line each.
        records: what else of the records is not the same; a line each, with the reason.
    """

    name: str
    size: int
    bytes_read: int
    in_parts: bool
    findings: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


def compare(path: Path, knowledge: Knowledge, scratch: Path) -> Compared:
    """Read a file both ways; `scratch` is where the parts are laid down."""
    data = path.read_bytes()
    brought = bring(data)
    if brought.parts is None or brought.parts.holds(0, len(data)):
        return Compared(path.name, len(data), brought.bytes_read, in_parts=False)
    lay_down(scratch, data, brought.parts)
    whole = read_apk(path, shown_as=path.name, knowledge=knowledge)
    told = FileHashes(whole.files[0].sha256, whole.files[0].sha1, whole.files[0].md5)
    parts = read_apk(scratch, shown_as=path.name, knowledge=knowledge, parts=brought.parts, hashes=told)
    findings = _findings(_judged(whole, knowledge), _judged(parts, knowledge))
    return Compared(path.name, len(data), brought.bytes_read, True, tuple(findings), tuple(_records(whole, parts)))


RULES = ("SMALL", "GAP", "TAIL", "_LITTLE_LEFT", "_LOOKED_INTO", "_is_unusual")
"""What `take_parts_of_everything` changes in `wanted`."""


def take_parts_of_everything() -> None:
    """Make the rules stricter than they are: also small files, small media, old signatures and files with little media.

    Few of the packages at hand are as large as those on phones; this makes parts of nearly all that hold any media.
    """

    def only_the_odd(index: Index, _: SigningBlock) -> bool:
        return bool(index.notes) or not index.entries

    changed = dict(zip(RULES, (0, 2**10, (2**12, 2**12), 2**62, 2**12, only_the_odd), strict=True))
    for name, value in changed.items():
        setattr(wanted, name, value)


def _judged(info: ApkInfo, knowledge: Knowledge) -> ApkJudgement:
    return judge_apk(info, detect_apk(info, knowledge))


def _findings(whole: ApkJudgement, parts: ApkJudgement) -> Iterator[str]:
    if whole.outcome != parts.outcome:
        yield f"outcome: {whole.outcome} as a whole, {parts.outcome} in parts"
    if whole.incidents != parts.incidents:
        yield "incidents differ"
    one, other = _by_key(whole.findings), _by_key(parts.findings)
    for key in sorted(one.keys() | other.keys()):
        if one.get(key) != other.get(key):
            which = "differs" if key in one and key in other else "as a whole only" if key in one else "in parts only"
            yield f"{(one.get(key) or other[key]).id}, {which}: {(one.get(key) or other[key]).message}"


def _by_key(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {one.key: one for one in findings}


def _records(whole: ApkInfo, parts: ApkInfo) -> Iterator[str]:
    for field in ApkInfo.model_fields:
        if field in ("left_on_phone", "files") or getattr(whole, field) == getattr(parts, field):
            continue
        if field == "signature" and parts.signature and parts.signature.verified is None and parts.signature.unchecked:
            yield f"signature: {_verdict(whole)} as a whole, not compared in parts, since pictures stayed on the phone"
        elif field == "endpoints":
            yield from _endpoints(whole.endpoints or (), parts.endpoints or ())
        else:
            yield f"{field}: {UNEXPLAINED}"


def _verdict(info: ApkInfo) -> str:
    return "verified" if info.signature and info.signature.verified else "refused"


def _endpoints(whole: tuple[Endpoint, ...], parts: tuple[Endpoint, ...]) -> Iterator[str]:
    held = {one.host: one for one in parts}
    for one in whole:
        other = held.pop(one.host, None)
        if one == other:
            continue
        places = {evidence.where for by in one.held_by for evidence in by.evidence}
        media = [place for place in sorted(places) if named_like_media(place.partition("!")[0])]
        counts = "counts" if one.ruled_out is None else f"ruled out as {one.ruled_out}"
        why = f"stands in {media[0]}" if media else UNEXPLAINED
        yield f"endpoint {one.host} ({counts}): {'fewer places' if other else 'not'} in parts; it {why}"
    yield from (f"endpoint {host} in parts only: {UNEXPLAINED}" for host in held)
