"""What an acquisition of another tool holds, in one form for all of them, and a transport that gives its answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from phone_audit.acquire.importers.answers import SAME
from phone_audit.acquire.questions.identity import DATE, SHELL_ID
from phone_audit.acquire.store.container import sha256_of
from phone_audit.acquire.transport import SHELL_LIMIT, SHELL_TIMEOUT, Answer, Transport
from phone_audit.errors import CommandError, NotHeldError
from phone_audit.model.device import AcquisitionSource, Depth
from phone_audit.model.finding import Skipped

NO_APKS = "Such an acquisition holds no APK files: the code of the packages was not read."
NO_HIDDEN = "Such an acquisition does not hold the firmware's own copies of packages that an update hides."
NO_FILES = "Such an acquisition does not show other files of the phone, such as those that an incident names."
OWN = "Such an acquisition does not hold the settings of the phone: Hubble is an ordinary app and cannot ask for them."
NO_WATCH = "Such an acquisition holds no connections that were seen live."


@dataclass(frozen=True)
class ImportedFile:
    """One APK of a package, by its path on the phone. None is not known.

    The hashes are those that the tool took, MD5 and SHA-1 in `others`; `stored` is the name of a copy in the
    acquisition.
    """

    path: str
    sha256: str | None = None
    others: tuple[str, ...] = ()
    size: int | None = None
    stored: str | None = None


@dataclass(frozen=True)
class ImportedPackage:
    """A package as the tool's own list has it; None is not known."""

    name: str
    files: tuple[ImportedFile, ...] = ()
    installer: str | None = None
    uid: int | None = None
    system: bool | None = None
    disabled: bool | None = None
    version_name: str | None = None
    version_code: int | None = None
    signers: tuple[str, ...] | None = None
    granted: frozenset[str] | None = None


@dataclass(frozen=True)
class ImportedAcquisition:
    """Everything that was found.

    Attributes:
        source: which tool made it.
        answers: our own command → what the phone said to it, or to one that says the same.
        packages: the tool's own list; empty where it has none.
        cannot_hold: sentences on what such an acquisition never contains.
        skipped: what in it is damaged or missing.
        used: names of the texts that were read.
        whole: whether the list names every package of the phone.
        further: dumps of the package service beside the one that is read; only their packages' names count.
    """

    source: AcquisitionSource
    answers: Mapping[str, bytes] = field(default_factory=dict)
    packages: tuple[ImportedPackage, ...] = ()
    cannot_hold: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    used: frozenset[str] = frozenset()
    whole: bool = False
    further: tuple[bytes, ...] = ()

    @property
    def depth(self) -> Depth:
        """What the acquisition promises: `deep` where it holds APKs, since they are whole, else `quick`."""
        return "deep" if any(file.stored for package in self.packages for file in package.files) else "quick"


def joined(packages: Sequence[ImportedPackage]) -> tuple[tuple[ImportedPackage, ...], tuple[str, ...]]:
    """Put entries of the same name together, with the files of all; give the packages, and the names of such ones."""
    found: dict[str, ImportedPackage] = {}
    twice: dict[str, None] = {}
    files: dict[str, dict[ImportedFile, None]] = {}
    for package in packages:
        files.setdefault(package.name, {}).update(dict.fromkeys(package.files))
        first = found.setdefault(package.name, package)
        if first is not package:
            twice[package.name] = None
            signers = tuple(sorted({*(first.signers or ()), *(package.signers or ())}))
            found[package.name] = replace(first, signers=signers or None)
    return tuple(replace(one, files=tuple(files[name])) for name, one in found.items()), tuple(twice)


NEVER_HELD = (DATE.text, SHELL_ID.text)
"""No tool asks these; a text that seems to answer them is that of a package."""


class ImportedTransport(Transport):
    """Gives the answers that are held, and refuses every other question; see `Transport`."""

    def __init__(self, answers: Mapping[str, bytes], path: Path) -> None:
        self.serial = ""
        self.via = "file"
        self._answers = answers
        self._path = path

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """Return the answer; `NotHeldError` where none is held."""
        said = self._held(command)
        if said is None:
            raise NotHeldError("The acquisition has no answer to this question.")
        output = self._answers[said]
        cut = len(output) > limit
        return Answer(output[:limit], None if cut else 0, cut)

    def holds(self, command: str) -> bool:
        return self._held(command) is not None

    def _held(self, command: str) -> str | None:
        if command in NEVER_HELD:
            return None
        return next((text for text in (command, SAME.get(command, "")) if text in self._answers), None)

    def pull(self, path: str, into: Path) -> Path:
        """Refuse: files are taken from the acquisition itself."""
        raise CommandError(f"The acquisition does not contain {path}.")

    def finish(self) -> str | None:
        return sha256_of(self._path)
