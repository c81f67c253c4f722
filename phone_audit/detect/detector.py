"""What a detector is: it says what it saw, how bad that would be and how sure it is. The judge says what follows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from phone_audit.detect.incidents.citations import cited_source
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Endpoint, NetworkPolicy
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Remedy,
    Severity,
    Sign,
    Source,
    Subject,
    finding_key,
)

ApkCheck = Callable[[ApkInfo, Knowledge], Iterator[Finding]]
"""Looks at one APK."""
DeviceCheck = Callable[[Snapshot, Knowledge], Iterator[Finding]]
"""Looks at one phone."""


@dataclass(frozen=True)
class Detector:
    """The stable name of a detector, and what all its findings have.

    `sign` is what they are a sign of, which the judge turns into an outcome; `advice` is what the person can do, and
    `risk` what may come of that; `held` is what packages hold of it, in words for a headline, which else names its
    titles.
    """

    id: str
    category: str
    sign: Sign
    advice: str = ""
    risk: str | None = None
    held: str = ""

    @property
    def remedy(self) -> tuple[Remedy, ...]:
        return (Remedy(text=self.advice, risk=self.risk),) if self.advice else ()

    def finding(
        self,
        subject: Subject,
        title: str,
        message: str,
        *,
        severity: Severity,
        confidence: Confidence,
        evidence: Sequence[Evidence],
        main: str = "",
        sources: Sequence[Source] = (),
        advised: bool = True,
    ) -> Finding:
        """Write a finding.

        The title is the same for all subjects, so that reports can group by it; the message claims no more than was
        seen. `main` tells apart several findings of this detector on one subject, and is part of the stable key.
        `advised`: the advice of the detector fits.
        """
        return Finding(
            id=self.id,
            key=finding_key(self.id, subject, main),
            category=self.category,
            title=title,
            message=message,
            severity=severity,
            confidence=confidence,
            subject=subject,
            evidence=tuple(evidence),
            sources=tuple(sources),
            remedy=self.remedy if advised else (),
            headline=self.held,
            held=bool(self.held),
            sign=self.sign,
        )


def apk_subject(info: ApkInfo) -> Subject:
    """Name the package, or the file where the package is not known."""
    if info.package is None:
        return Subject(kind="apk", name=info.path)
    return Subject(kind="package", name=info.package)


def setting(name: str) -> Subject:
    return Subject(kind="setting", name=name)


def all_evidence(items: Iterable[StateItem]) -> list[Evidence]:
    return [piece for item in items for piece in item.evidence]


def settings_of(snapshot: Snapshot, names: Sequence[str]) -> dict[str, StateItem]:
    """Return the settings of these names that hold something, by name in this order."""
    by_key = {item.key: item for item in snapshot.state}
    return {name: by_key[name] for name in names if name in by_key and by_key[name].value}


def evidence_of(endpoints: Iterable[Endpoint]) -> tuple[Evidence, ...]:
    """Return the places in the files at which endpoints stand, and what code does with them there, each once."""
    found: dict[Evidence, None] = {}
    for endpoint in endpoints:
        found |= dict.fromkeys(piece for holder in endpoint.held_by for piece in holder.evidence)
        found |= dict.fromkeys(endpoint.use_evidence)
    return tuple(found)


def manifest_says(value: str) -> Evidence:
    return Evidence(kind="manifest", where="AndroidManifest.xml", value=value)


def policy_says(policy: NetworkPolicy, value: str) -> Evidence:
    """Show what the network policy allows, and by which text of the package."""
    if is_default(policy):
        return manifest_says(f"{value} (default for its target version)")
    return Evidence(kind="manifest", where=policy.source, value=value)


def is_default(policy: NetworkPolicy) -> bool:
    """Tell whether the package says nothing itself, so that Android's default for its target version holds."""
    return policy.source == "platform default"


def source_of(knowledge: Knowledge, source_id: str) -> tuple[Source, ...]:
    """Return the publication behind a bulk fact; empty where the knowledge names none of that id."""
    return tuple(cited_source(source) for source in knowledge.sources if source.id == source_id)


def may_use_network(info: ApkInfo) -> bool | None:
    """Tell whether the package may open connections itself; None where that is not known.

    The permission is given to a UID, so with a shared user id another package may have asked for it. A split has those
    of its base, a package that tests another one those of that, and a library those of the package that it is built
    into: it is not signed and has no network policy.
    """
    if info.permissions is None:
        return None
    if "android.permission.INTERNET" in info.permissions:
        return True
    alone = bool(info.files) and info.files[0].role in _OF_A_BASE
    library = info.network_policy is None and info.signature is not None and not info.signature.schemes
    tests_others = any(name != info.package for name in info.instruments or ())
    return None if info.shared_user_id or alone or library or tests_others else False


_OF_A_BASE = frozenset({"split", "feature", "config"})
