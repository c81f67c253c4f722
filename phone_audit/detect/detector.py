"""What a detector is: it says what it saw, how bad that would be and how sure it is. The judge says what follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, NetworkPolicy
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Confidence, Evidence, Finding, Remedy, Severity, Source, Subject, finding_key


@dataclass(frozen=True)
class Detector:
    """The stable name of a detector, and how it writes its findings."""

    id: str
    category: str

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
        remedy: Sequence[Remedy] = (),
    ) -> Finding:
        """Write a finding.

        Args:
            subject: what it is about.
            title: a few words, the same for all subjects, so that reports can group by it.
            message: one sentence that claims no more than was seen.
            severity: how bad it is if true.
            confidence: how surely it is true.
            evidence: what was seen and where.
            main: what tells apart several findings of this detector on one subject; part of the stable key.
            sources: who published what the finding rests on.
            remedy: what the person can do.
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
            remedy=tuple(remedy),
        )


class ApkDetector(Protocol):
    """A file of `detectors/` that looks at one APK."""

    @property
    def DETECTOR(self) -> Detector:  # noqa: N802 - a constant of a module
        """Its name."""
        ...

    def check(self, info: ApkInfo, knowledge: Knowledge, /) -> Iterator[Finding]:
        """Yield what it sees."""
        ...


class DeviceDetector(Protocol):
    """A file of `detectors/` that looks at one phone."""

    @property
    def DETECTOR(self) -> Detector:  # noqa: N802 - a constant of a module
        """Its name."""
        ...

    def check(self, snapshot: Snapshot, knowledge: Knowledge, /) -> Iterator[Finding]:
        """Yield what it sees."""
        ...


def apk_subject(info: ApkInfo) -> Subject:
    """Name the package, or the file where the package is not known."""
    if info.package is None:
        return Subject(kind="apk", name=info.path)
    return Subject(kind="package", name=info.package)


def setting(name: str) -> Subject:
    """Name a property or a setting of the phone."""
    return Subject(kind="setting", name=name)


def settings_of(snapshot: Snapshot, names: Sequence[str]) -> dict[str, StateItem]:
    """Return the settings of these names that hold something, by name in this order."""
    by_key = {item.key: item for item in snapshot.state}
    return {name: by_key[name] for name in names if name in by_key and by_key[name].value}


def manifest_says(value: str) -> Evidence:
    """Show what the manifest says."""
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
    return tuple(
        Source(title=source.title, publisher=source.publisher, date=source.date, url=source.url)
        for source in knowledge.sources
        if source.id == source_id
    )


def may_use_network(info: ApkInfo) -> bool | None:
    """Tell whether the package may open connections itself; None where that is not known.

    The permission is given to a UID, so with a shared user id another package may have asked for it.
    """
    if info.permissions is None:
        return None
    if "android.permission.INTERNET" in info.permissions:
        return True
    return None if info.shared_user_id else False
