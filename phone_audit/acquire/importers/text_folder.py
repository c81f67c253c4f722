"""A folder of dumps that somebody made by hand: each text is known by what it says, not by its name."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from phone_audit.acquire.importers import answers, imported
from phone_audit.acquire.importers.bugreport import is_main_text
from phone_audit.acquire.packages import package_dump, users
from phone_audit.acquire.packages.package_list import ListEntry, parse_package_list
from phone_audit.acquire.questions import identity
from phone_audit.acquire.store.container import TEXT_LIMIT, FileContainer
from phone_audit.acquire.text import decode, shown
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

LOOKED_AT = 64 * 2**10
"""Bytes of a text by which it is known."""
LIST_LIMIT = 16 * 2**20
SUFFIXES = (".txt", ".log", ".prop", ".out")
BEFORE = re.compile(rb"WARNING|\* daemon |Warning:")
"""Lines that the tools of the computer, or the linker of the phone, put in front."""
PROPERTY = re.compile(rb"\[[A-Za-z0-9_.\-]{1,200}\]: \[")
SERVICE = re.compile(rb"DUMP OF SERVICE \S")
PACKAGE_DUMP = re.compile(
    rb"(?:Packages|Key Set Manager|Activity Resolver Table):$| +Package \[.{1,300}\] \([0-9a-f]+\):$"
)
PACKAGES = re.compile(rb"package:\S")
USERS = re.compile(rb"[ \t]*UserInfo\{\d")
SELINUX = re.compile(rb"\s*(?:Enforcing|Permissive|Disabled)\s*\Z")
SETTING = re.compile(rb"\A(?:[A-Za-z0-9_.:\-]+=.*\n)+")
WORD = re.compile(r"[a-z0-9]+")
NOT = frozenset({"except", "no", "non", "not", "without"})
"""Words that turn a word beside them round, so that the name of a file decides nothing."""
MOST_TEXTS = 500
DUMPS, LISTS = "dumps", "packages"


def recognised(container: FileContainer, names: Sequence[str]) -> bool:
    return any(_kind(container, name) for name in _texts(names)[:MOST_TEXTS])


def unused(container: FileContainer, used: Container[str]) -> tuple[Skipped, ...]:
    """Note the texts beside another tool's files that hold answers of a phone: they are none of that tool's."""
    reason = "This text looks like a phone's answers but was not written by the tool; it was not read."
    texts = [name for name in _texts(container.names()) if name not in used][:MOST_TEXTS]
    return tuple(answers.note(name, "read", "unused-text", reason) for name in texts if _kind(container, name))


def read_text_folder(container: FileContainer) -> imported.ImportedAcquisition:
    """Read every text that is known; the others are named as not looked at.

    Raises a SnapshotError where the texts are those of several phones.
    """
    reading = _AnswerReader(container)
    texts = _texts(container.names())
    for name in texts[:MOST_TEXTS]:
        reading.read(name)
    if len(texts) > MOST_TEXTS:
        reason = f"Of {len(texts)} texts only the first {MOST_TEXTS} were read."
        reading.skipped.append(answers.note(texts[MOST_TEXTS], "read", "too-many-texts", reason))
    listed = {name: parse_package_list(decode(text)).packages for name, text in reading.lists.items()}
    return imported.ImportedAcquisition(
        source="folder",
        answers=reading.all_answers(),
        packages=_packages(listed, container.names()),
        cannot_hold=(imported.NO_FILES, imported.NO_HIDDEN, imported.NO_WATCH),
        skipped=tuple(reading.skipped),
    )


class _AnswerReader:
    """Reads one text after another.

    Attributes:
        lists: name of a text → the list of packages that it is.
        skipped: what was not read, or contradicts another text.
    """

    def __init__(self, container: FileContainer) -> None:
        self.lists: dict[str, bytes] = {}
        self.skipped: list[Skipped] = []
        self._container = container
        self._alone: dict[str, dict[bytes, None]] = {}  # command → its different answers, in order
        self._dumped: dict[str, dict[bytes, None]] = {}
        self._properties: dict[str, bytes] = {}
        self._dumped_properties: dict[str, bytes] = {}

    def read(self, name: str) -> None:
        """Read one text; a damaged one is noted."""
        kind = _kind(self._container, name)
        if kind is None:
            self.skipped.append(answers.note(name, "read", "unknown-text", "Its contents are not recognised."))
            return
        try:
            if kind == LISTS:
                self.lists[name] = self._text(name, LIST_LIMIT)
                return
            text = self._text(name, TEXT_LIMIT)
        except SnapshotError as error:
            self.skipped.append(answers.damaged(name, error))
            return
        if kind == identity.GETPROP.text:
            self._properties[name] = text
        if kind != DUMPS:
            self._add(self._alone, kind, text)
        if kind == DUMPS or (kind == package_dump.PACKAGE_DUMP.text and re.search(rb"^DUMP OF SERVICE ", text, re.M)):
            self._read_dumps(name, text, kind)

    def _text(self, name: str, limit: int) -> bytes:
        text, long_lines = answers.bounded_text(self._container.read(name, limit), name)
        self.skipped += long_lines
        return text

    def _read_dumps(self, name: str, text: bytes, kind: str) -> None:
        """Read the dumps of several services. One that begins as that of the package service is that one as well."""
        said, notes = answers.from_dumps(text)
        self.skipped += notes
        if identity.GETPROP.text in said:
            self._dumped_properties[name] = said[identity.GETPROP.text]
        if kind == DUMPS:
            for command, body in said.items():
                self._add(self._dumped, command, body)
        else:
            for command, body in said.items():
                self._dumped.setdefault(command, {body: None})
            self.skipped.append(
                answers.contradiction(kind, "Other dumps begin inside this one: its text may have invented them.")
            )

    def _add(self, kept: dict[str, dict[bytes, None]], command: str, body: bytes) -> None:
        """Keep an answer. Of several the first counts, except of the package service, where all do."""
        bodies = kept.setdefault(command, {})
        if bodies and body not in bodies and command in answers.READ:
            self.skipped.append(answers.contradiction(command, "Several texts answer this, and they differ."))
        if not bodies or command == package_dump.PACKAGE_DUMP.text:
            bodies[body] = None

    def all_answers(self) -> dict[str, bytes]:
        """Return the answers; those that are a text of their own count before those that were found in a dump.

        Raises as `read_text_folder`.
        """
        if len(set(self._properties.values())) > 1:
            named = ", ".join(shown(name) for name in list(self._properties)[:5])
            raise SnapshotError(
                f"{self._container.path} holds the properties of several readings, and they differ: {named}.",
                "Put each phone, and each reading of it, into a folder of its own.",
            )
        answers.one_phone(self._container.path, {**self._properties, **self._dumped_properties})
        alone, command = self._alone, package_dump.PACKAGE_DUMP.text
        for body in self._dumped.get(command, ()) if command in alone else ():
            self._add(alone, command, body)
        return {command: _joined(bodies) for command, bodies in {**self._dumped, **alone}.items()}


def _joined(bodies: Iterable[bytes]) -> bytes:
    """Put texts one after another, with an empty line between them."""
    *others, last = bodies
    return b"".join(one.rstrip(b"\n") + b"\n\n" for one in others) + last


def _texts(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(SUFFIXES) or "." not in PurePosixPath(name).name]


def _kind(container: FileContainer, name: str) -> str | None:
    """Return the command that a text answers, `dumps` for many of them, `packages` for a list; None for another text.

    A text of a package may stand in any dump, so what the first lines are decides.
    """
    try:
        start = answers.text_of(container.begins(name, LOOKED_AT))
    except SnapshotError:
        return None
    if is_main_text(start):
        return DUMPS
    if SELINUX.match(start):
        return identity.SELINUX.text
    lines = [line.rstrip(b" \t\r") for line in start.split(b"\n") if line.strip() and not BEFORE.match(line)]
    first = lines[0] if lines else b""
    if PROPERTY.match(first) and 2 * sum(1 for line in lines if PROPERTY.match(line)) > len(lines):
        return identity.GETPROP.text
    if PACKAGES.match(first):
        return LISTS
    table = next((word for word in answers.NAMESPACES if {"settings", word} <= _words(name)), None)
    if table and SETTING.match(start):
        return answers.settings_command(table)
    return next((kind for line in lines for form, kind in _FORMS if form.match(line)), None)


_FORMS = ((SERVICE, DUMPS), (PACKAGE_DUMP, package_dump.PACKAGE_DUMP.text), (USERS, users.USERS.text))


def _words(name: str) -> set[str]:
    """Return the whole words of a file's own name.

    The folders above it say nothing. None where one turns them round.
    """
    words = set(WORD.findall(PurePosixPath(name).name.lower()))
    return set() if words & NOT else words


def _packages(lists: Mapping[str, Sequence[ListEntry]], names: Sequence[str]) -> tuple[imported.ImportedPackage, ...]:
    """Put the lists together; a list of the disabled, the system's or the others is known by a word of its name."""
    disabled, system, third = (
        {one.name for name, listed in lists.items() if word in _words(name) for one in listed}
        for word in ("disabled", "system", "third")
    )
    copies = _copies(names)
    found: dict[str, imported.ImportedPackage] = {}
    files: dict[str, dict[imported.ImportedFile, None]] = {}
    for one in (one for listed in lists.values() for one in listed):
        if one.path:
            files.setdefault(one.name, {})[imported.ImportedFile(one.path, stored=copies.get(one.name))] = None
        known = found.get(one.name)
        if known is None:
            found[one.name] = imported.ImportedPackage(
                name=one.name,
                installer=one.installer,
                uid=one.uids[0] if one.uids else None,
                system=None if (one.name in system) == (one.name in third) else one.name in system,
                disabled=True if one.name in disabled else None,
                version_code=one.version_code,
            )
        elif one.installer or one.uids or one.version_code is not None:
            found[one.name] = replace(
                known,
                installer=known.installer or one.installer,
                uid=known.uid if known.uid is not None or not one.uids else one.uids[0],
                version_code=one.version_code if known.version_code is None else known.version_code,
            )
    return tuple(replace(one, files=tuple(files.get(name, ()))) for name, one in found.items())


def _copies(names: Iterable[str]) -> dict[str, str]:
    """Find the copies of base APKs by the names that people give them: `NAME.apk`, or `NAME/base.apk`."""
    found: dict[str, str] = {}
    for name in names:
        path = PurePosixPath(name)
        if path.name == "base.apk":
            found.setdefault(path.parent.name, name)
        elif path.suffix == ".apk":
            found.setdefault(path.stem, name)
    return found
