"""A result → what of it is compared with another one: small, so that the result itself need not be held."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from phone_audit.judge.comparison.package_facts import Files, PackageFacts, add_record, of_package
from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.device import StateItem
from phone_audit.model.diff import DiffSide
from phone_audit.model.finding import Finding, Reason
from phone_audit.model.results import Scan

_ENDS: Final = ("device-lost", "interrupted")
_NOT_COMPARED: Final = MappingProxyType({"evidence": (), "remedy": (), "sources": ()})


@dataclass(frozen=True)
class ResultFacts:
    """One result, as far as it is compared.

    Attributes:
        side: what the comparison says of it.
        packages: by name.
        lists_all: whether a package that is not among them was not there.
        state: of a phone, by key; empty for APKs.
        reads_state: whether an item that is not among them is not set.
        reads_installers: whether it names who installed an app, of any.
        framework: hashes of files of the framework, by path.
        unread_users: users of the phone that could not be looked into.
        special_access: by package and user, whether it may do what the records of apps tell, by the id of the power;
            null where the result has no such records.
        users: of the phone, with their types.
        findings: by key.
        reasons: of the verdict.
        unread: what was not read, by its subject.
        knowledge, tool, depth: with what and how deeply it was judged.
    """

    side: DiffSide
    packages: Mapping[str, PackageFacts]
    lists_all: bool
    findings: Mapping[str, Finding]
    reasons: tuple[Reason, ...]
    unread: frozenset[str]
    knowledge: str
    tool: str
    state: Mapping[str, StateItem] = field(default_factory=dict)
    reads_state: bool = False
    reads_installers: bool = False
    framework: Files = field(default_factory=dict)
    unread_users: frozenset[int] = frozenset()
    special_access: Mapping[tuple[str, int], Mapping[str, bool | None]] | None = None
    users: Mapping[int, str | None] = field(default_factory=dict)
    depth: str | None = None

    @property
    def is_phone(self) -> bool:
        return self.side.device is not None


def facts_of(document: Frozen, *, file: str | None = None, digest: str | None = None) -> ResultFacts | None:
    """Return what of a result is compared; None for a document that has no packages.

    `file` is its name, as given, and `digest` the SHA-256 of that file.
    """
    match document:
        case Scan():
            return _of_scan(document, file, digest)
        case Apks() | Apk():
            return _of_apks(document, file, digest)
        case _:
            return None


def _of_scan(scan: Scan, file: str | None, digest: str | None) -> ResultFacts:
    skipped = scan.coverage.skipped
    lost = any(item.code in _ENDS for item in skipped)
    steps = {item.step for item in skipped}
    unread = frozenset(item.subject for item in skipped)
    unlisted = frozenset(item.subject for item in skipped if item.step == "list")
    records: dict[str, list[Apk]] = {}
    owners = {file.path: package.name for package in scan.packages for file in package.files}
    for apk in scan.apks:
        name = owners.get(apk.path) or apk.package
        if name is not None:
            records.setdefault(name, []).append(apk)
    names = {package.name for package in scan.packages}
    return ResultFacts(
        side=DiffSide(
            file=file,
            digest=digest,
            document=scan.schema_,
            label=scan.label,
            device=scan.device,
            build=scan.build,
            outcome=scan.verdict.outcome,
            complete=scan.coverage.complete,
        ),
        packages={one.name: of_package(one, records.get(one.name, []), unread, unlisted) for one in scan.packages},
        lists_all=bool(scan.packages) and not lost and "list" not in steps,
        state={item.key: item for item in scan.state},
        reads_state=bool(scan.state) and not lost and "command" not in steps,
        reads_installers=any(user.installer for package in scan.packages for user in package.users),
        framework={
            piece.where: piece.value
            for item in scan.state
            for piece in item.evidence
            if piece.kind == "hash" and piece.where.startswith("/")
        },
        unread_users=frozenset(user.id for user in scan.users if not user.readable),
        special_access={
            (app.package, app.user): {power.what: power.granted for power in app.powers}
            for app in scan.apps
            if app.package in names
        }
        or None,
        users={user.id: user.type for user in scan.users},
        findings=_findings(scan.findings),
        reasons=scan.verdict.reasons,
        unread=unread,
        knowledge=scan.knowledge.digest,
        tool=scan.tool.version,
        depth=scan.acquisition.depth,
    )


def _of_apks(result: Apks | Apk, file: str | None, digest: str | None) -> ResultFacts:
    if isinstance(result, Apks):
        apks, skipped, label, knowledge = result.apks, result.skipped, result.label, result.knowledge.digest
        outcome, reasons = result.verdict.outcome, result.verdict.reasons
    else:
        apks, skipped, label, knowledge = (result,), (), None, result.knowledge_digest
        outcome = result.outcome
        reasons = tuple(Reason(finding=one.key, text=one.message, kind="detector") for one in result.findings)
    packages: dict[str, PackageFacts] = {}
    for apk in apks:
        add_record(packages, apk)
    unread = frozenset(item.subject for item in (*skipped, *(item for apk in apks for item in apk.skipped)))
    return ResultFacts(
        side=DiffSide(
            file=file,
            digest=digest,
            document=result.schema_,
            label=label,
            device=None,
            build=None,
            outcome=outcome,
            complete=not unread,
        ),
        packages=packages,
        lists_all=not skipped and all(apk.package is not None for apk in apks),
        findings=_findings(finding for apk in apks for finding in apk.findings),
        reasons=reasons,
        unread=unread,
        knowledge=knowledge,
        tool=result.tool.version,
    )


def _findings(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {one.key: one.model_copy(update=_NOT_COMPARED) for one in findings}
