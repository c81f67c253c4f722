"""What the matcher is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from phone_audit.judge.conditions import Fit
from phone_audit.knowledge.schema.incident import Fact, IncidentEntry
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence, Subject

Word = Literal["confirmed", "affected", "weak", "candidate", "model", "fixed"]
WORDS: tuple[Word, ...] = ("confirmed", "affected", "weak", "candidate", "model", "fixed")
"""Strongest first."""
UNKNOWN_BUILD = "unknown build"
"""Name of a build of which neither display id nor fingerprint is known."""
HitKind = Literal["build", "model", "package-version", "package", "endpoint", "hash", "certificate", "path", "property"]
PathKind = Literal["file", "folder"]


@dataclass(frozen=True)
class ObservedPackage:
    """A package on a phone, or one APK. What is not known is None or empty.

    `signers` and `hashes` are lower-case hexadecimal of any algorithm; `path` is where it was read; `system`: it came
    with the firmware.
    """

    name: str | None
    version_name: str | None = None
    version_code: int | None = None
    signers: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    endpoints: tuple[Endpoint, ...] = ()
    path: str = ""
    system: bool | None = None


@dataclass(frozen=True)
class Observed:
    """Everything that is held against the incidents.

    `properties` are the phone's, or those that a build identifier tells; `paths` maps a path that exists to its kind
    (None: not known). `build_name` is what findings call the build, `properties_from` where the properties were read.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[ObservedPackage, ...] = ()
    paths: Mapping[str, PathKind | None] = field(default_factory=dict)
    build_name: str | None = None
    properties_from: str = "getprop"


@dataclass(frozen=True)
class Hit:
    """One observation that meets an incident: how strongly, by which facts, on what, and what was seen.

    `undecided`: only a condition on the build that is not known keeps it from being more than weak.
    """

    kind: HitKind
    word: Word
    facts: tuple[Fact, ...]
    subject: Subject
    evidence: tuple[Evidence, ...]
    undecided: bool = False


@dataclass(frozen=True)
class IncidentMatch:
    """All hits on one incident, strongest first. `word` is the strongest; `hits` is never empty."""

    incident: IncidentEntry
    hits: tuple[Hit, ...]

    @property
    def word(self) -> Word:
        """The strongest word of the hits."""
        return self.hits[0].word


def confirmed_where(applies: Fit) -> Word:
    """Return the word of a match that confirms: only weak while it is not known whether an exception applies."""
    return "confirmed" if applies is Fit.SURE else "weak"
