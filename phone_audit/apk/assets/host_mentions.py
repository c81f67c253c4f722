"""What was found outside the DEX files of a package."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from phone_audit.apk.endpoints.host_text import Host
from phone_audit.apk.trackers.trackers import Classes
from phone_audit.model.finding import EvidenceKind, Skipped


class Mention(NamedTuple):
    """A host that a file names.

    Attributes:
        found: the host, with its URL.
        kind: what sort of text it stands in.
        where: the file inside the package.
        offset: where it begins, in bytes of that file as it lies unpacked.
        encoding: how it was written, where it had to be decoded.
        rule: what takes it out because of the place it stands in.
    """

    found: Host
    kind: EvidenceKind
    where: str
    offset: int
    encoding: str | None = None
    rule: str | None = None


class Candidate(NamedTuple):
    """A text in a well-structured place that may be a bare host name as a whole."""

    text: str
    kind: EvidenceKind
    where: str
    offset: int


@dataclass(frozen=True)
class AssetFacts:
    """What the other files of a package hold.

    Attributes:
        mentions: hosts of URLs.
        candidates: texts that may be bare host names; what else the package holds decides.
        dexes: DEX files under any name, also inside archives; name and bytes.
        classes: Java classes, which libraries hold instead of DEX.
        skipped: what was not looked at; subjects are names inside the package.
    """

    mentions: tuple[Mention, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    dexes: tuple[tuple[str, bytes | memoryview], ...] = ()
    classes: tuple[Classes, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was found that tells of endpoints or trackers."""
        return not (self.mentions or self.candidates or self.dexes or self.classes)


NO_ASSETS: Final = AssetFacts()
