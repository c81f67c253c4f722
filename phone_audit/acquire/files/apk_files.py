"""Finds the APK files of every package on the phone, and their sizes and hashes there."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import COMMAND_LENGTH, Command, batches, quoted
from phone_audit.acquire.packages.package_block import DumpedPackage
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.questions import file_facts
from phone_audit.acquire.store.saved_files import FileHashes
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import PULL_LIMIT, PulledApk
from phone_audit.errors import DeviceLostError
from phone_audit.model.command_list import is_path
from phone_audit.model.device import HashSource, PackageFileRole

APK = ".apk"
BATCH_BYTES = 2 * 2**30
"""Bytes that one hashing command reads, so that progress is seen and a time-out costs little."""

MOST_OWNERS = 20
"""Packages that one file or folder counts for. A phone has one for each; a dump may claim it for any number."""

PLACES = "what lies at the paths"
"""What a look is called where it fails."""
STUCK_AT_MOST = 5
"""Files that may stop the hashing before it is given up; what is left is hashed here, after copying."""

SENTENCES = {
    "folder": "It is a folder, not a file.",
    "fifo": "It is a pipe; reading it would never end.",
    "device": "It is a device or a socket, not a file.",
    "missing": "It is not there, or the shell may not see it.",
    "denied": "The shell may not read it.",
}


@dataclass
class ApkFiles:
    """The APK files of all packages, filled as they are learned.

    Attributes:
        roles: path → package → role. Paths are as decoded, so that they can be handed back to the phone.
        found: path → what lies there.
        hashes: path → SHA-256 as computed on the phone.
        sources: path → where its hash comes from, where that is not the phone in this very scan.
        copies: path → the copy.
    """

    roles: dict[str, dict[str, PackageFileRole]] = field(default_factory=dict)
    found: dict[str, file_facts.PathStatus] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    sources: dict[str, HashSource] = field(default_factory=dict)
    copies: dict[str, PulledApk] = field(default_factory=dict)

    def readable(self) -> list[tuple[str, int]]:
        """Return the files that can be read, by path, with their size in bytes (0: not known)."""
        files = ((path, self.found.get(path, file_facts.PathStatus("file", None))) for path in sorted(self.roles))
        return [
            (path, found.size or 0)
            for path, found in files
            if found.kind == "file" and found.size != 0 and (found.size or 0) <= PULL_LIMIT
        ]

    def take_hashes(self, hashed: FileHashes, reader: Reader) -> None:
        """Take hashes that were taken in threads of their own, or saved, and note what is said of the rest."""
        for path, (digest, source) in hashed.hashes.items():
            self.hashes[path] = digest
            self.sources[path] = source
        reader.keep(hashed.notes)


@dataclass(frozen=True)
class PathsOnPhone:
    """Which paths exist on the phone, and those that a saved acquisition was never asked about."""

    there: Mapping[str, Literal["file", "folder"]] = field(default_factory=dict)
    never_asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackageLocation:
    """Where the files of one package are: the lines of the lists, and the blocks of the dump with their folders."""

    name: str
    lines: tuple[ListEntry, ...]
    blocks: tuple[DumpedPackage, ...]
    hidden: tuple[DumpedPackage, ...]

    @property
    def listed(self) -> tuple[str, ...]:
        """The paths in the lists, each once."""
        return tuple(dict.fromkeys(line.path for line in self.lines if line.path))

    @property
    def removed(self) -> bool:
        """Whether no user has the package any more: it was removed and only its data kept, so no file is expected."""
        states = [state.installed for block in self.blocks for state in block.users.values()]
        return bool(states) and all(installed is False for installed in states)


def find_files(reader: Reader, files: ApkFiles, places: Sequence[PackageLocation]) -> None:
    """Look at every path in a few commands, and list the APK files beside it, which `pm list packages` leaves out."""
    folders: dict[str, dict[str, PackageFileRole]] = {}
    for place in places:
        _expect(files, folders, place)
    _note_claims(reader, files.roles, folders)
    splits = [path for place in places for path in _split_paths(place)]
    files.found = look(reader, (*files.roles, *splits), tuple(folders))
    for path in sorted(files.found):
        owners = folders.get(path.rpartition("/")[0])
        if owners and path.endswith(APK) and files.found[path].kind != "missing":
            roles = files.roles.setdefault(path, {})
            for name, role in owners.items():
                if len(roles) < MOST_OWNERS:
                    roles.setdefault(name, _role(path, role))
    _note_unreadable(reader, files, places)


def look(reader: Reader, paths: Sequence[str], folders: Sequence[str] = ()) -> dict[str, file_facts.PathStatus]:
    """Ask what lies at each path and which APKs lie in each folder; a path that stops the phone is given up.

    A saved acquisition answers with all that was looked at when it was made. Where no phone can have a file, none is:
    the phone is not asked.
    """
    found = {path: file_facts.PathStatus("missing", None) for path in paths if not is_path(path)}
    paths = [path for path in paths if is_path(path)]
    folders = [folder for folder in folders if is_path(folder)]
    recorded = reader.transport.recorded(file_facts.LOOK_PREFIX)
    if recorded is not None:
        return {**_looked(reader, recorded, paths, folders), **found}
    words = [quoted(path) for path in paths] + [file_facts.every_apk(folder) for folder in folders]
    pending = batches(words)
    while pending:
        batch = pending.pop(0)
        answer = reader.try_ask(file_facts.look_command(batch), subject=PLACES)
        answered = _possible(file_facts.parse_look(decode(answer.output))) if answer else {}
        found.update(answered)
        if answer and answer.truncated and not answered and len(batch) > 1:
            half = len(batch) // 2
            pending[:0] = [batch[:half], batch[half:]]
    return found


def _possible(found: Mapping[str, file_facts.PathStatus]) -> dict[str, file_facts.PathStatus]:
    """Return what lies at paths that a phone can have; an answer may hold any text."""
    return {path: there for path, there in found.items() if is_path(path)}


def _looked(
    reader: Reader, recorded: Iterable[str], paths: Sequence[str], folders: Sequence[str]
) -> dict[str, file_facts.PathStatus]:
    if reader.looked is None:
        reader.looked = {}
        for text in recorded:
            try:
                answer = reader.try_ask(Command(text), subject=PLACES)
            except DeviceLostError:
                continue  # the phone went away at this one, which may look for other paths than these
            reader.looked.update(_possible(file_facts.parse_look(decode(answer.output))) if answer else {})
    listed = {path.rpartition("/")[0] for path in reader.looked}
    if any(path not in reader.looked for path in paths) or any(folder not in listed for folder in folders):
        reader.transport.raise_if_gone()
    return reader.looked


def hash_files(reader: Reader, files: ApkFiles) -> None:
    """Let the phone hash every file in a few long commands."""
    wanted = files.readable()
    pending = deque(wanted)
    stuck = 0
    while pending and stuck < STUCK_AT_MOST:
        batch = _batch(pending)
        reader.on_progress("hashes", len(wanted) - len(pending), len(wanted))
        answer = reader.try_ask(file_facts.hash_command(batch), subject="the hashes of the APK files")
        if answer is None:
            return
        text = decode(answer.output)
        if text.startswith(file_facts.NO_HASH_TOOL):
            break
        hashes = {index: digest for index, digest in file_facts.parse_hashes(text).items() if index < len(batch)}
        files.hashes.update({batch[index][0]: digest for index, digest in hashes.items()})
        for _ in batch:
            pending.popleft()
        if answer.truncated:
            left = [file for index, file in enumerate(batch) if index not in hashes]
            if not hashes and left:
                stuck += 1
                left = left[1:]
            pending.extendleft(reversed(left))
    reader.on_progress("hashes", len(wanted), len(wanted))


def paths_there(reader: Reader, paths: Sequence[str]) -> PathsOnPhone:
    """Tell which of the paths exist on the phone; anything that is no folder counts as a file.

    Those of which the phone said nothing are noted. What a saved acquisition was never asked about is told apart: that
    knowledge is newer than the acquisition is no fault of its reading.
    """
    asked = tuple(dict.fromkeys(paths))
    found = look(reader, asked) if asked else {}
    recorded = reader.transport.recorded(file_facts.LOOK_PREFIX)
    silent = [path for path in asked if path not in found]
    never = () if recorded is None else tuple(path for path in silent if not _is_word(quoted(path), recorded))
    unknown = [path for path in silent if path not in never]
    if unknown:
        of = len(asked) - len(never)
        reason = f"{len(unknown)} of {of} paths that incidents name were not looked for, such as {unknown[0]}."
        reader.skip("paths that incidents name", "command", "not-looked-for", reason)
    there: dict[str, Literal["file", "folder"]] = {}
    for path in asked:
        kind = found[path].kind if path in found else "missing"
        if kind != "missing":
            there[path] = "folder" if kind == "folder" else "file"
    return PathsOnPhone(there, never)


def _is_word(word: str, commands: Iterable[str]) -> bool:
    """Tell whether a command asks for this very place."""
    return any(f" {word} " in command or f" {word};" in command for command in commands)


def digests_there(reader: Reader, there: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the hashes of those of the paths that are files, as the phone computes them. What gives none is noted.

    One question a file: there are few, and an acquisition then answers for each, whatever else is asked later.
    """
    digests: dict[str, tuple[str, ...]] = {}
    for path in (path for path, kind in there.items() if kind == "file"):
        answer = reader.try_ask(file_facts.digest_command(path), subject=f"the hashes of {path}")
        found = file_facts.parse_digests(decode(answer.output)) if answer else ()
        if found:
            digests[path] = found
        elif answer:
            reader.skip(path, "read", "not-hashed", "An incident names this file, and its hash could not be had.")
    return digests


def digests_of(reader: Reader, files: ApkFiles, packages: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return all kinds of hashes of the files of some packages, of which incidents publish MD5 or SHA-1 alone.

    A saved acquisition that was not asked says nothing of them, and nothing is noted.
    """
    paths = [path for path, _ in files.readable() if any(name in packages for name in files.roles[path])]
    held = [path for path in paths if reader.transport.holds(file_facts.digest_command(path).text)]
    return digests_there(reader, dict.fromkeys(held, "file"))


def _note_claims(
    reader: Reader, roles: dict[str, dict[str, PackageFileRole]], folders: dict[str, dict[str, PackageFileRole]]
) -> None:
    """Leave out the packages that claim a file or folder after the first ones, and say so."""
    for path, owners in (*roles.items(), *folders.items()):
        left = len(owners) - MOST_OWNERS
        for name in list(owners)[MOST_OWNERS:]:
            del owners[name]
        if left > 0:
            reason = f"{left} more packages claim this place; it was counted for the first {MOST_OWNERS} alone."
            reader.skip(path, "list", "contradiction", reason)


def _expect(files: ApkFiles, folders: dict[str, dict[str, PackageFileRole]], place: PackageLocation) -> None:
    """Add the paths that are known before the phone is asked, and the folders in which to list."""
    for path in place.listed:
        files.roles.setdefault(path, {})[place.name] = "base"
    for block in place.blocks:
        _expect_code(files, folders, place.name, block.code_path or "", "base")
    for block in place.hidden:
        _expect_code(files, folders, place.name, block.code_path or "", "hidden-system")
    if not place.blocks:
        for path in place.listed:
            folder = path.rpartition("/")[0]
            if folder.startswith("/data/"):
                folders.setdefault(folder, {})[place.name] = "base"


def _expect_code(
    files: ApkFiles, folders: dict[str, dict[str, PackageFileRole]], name: str, code: str, role: PackageFileRole
) -> None:
    """A code path is the package's own folder; in old firmware it can be the file itself."""
    if code.endswith(APK):
        files.roles.setdefault(code, {}).setdefault(name, role)
    elif code.startswith("/"):
        folders.setdefault(code.rstrip("/"), {})[name] = role


def _split_paths(place: PackageLocation) -> list[str]:
    """Return where Android puts the splits, for a folder that the shell may enter but not list."""
    return [
        f"{block.code_path.rstrip('/')}/split_{split}{APK}"
        for block in place.blocks
        if block.code_path and block.code_path.startswith("/")
        for split in block.splits
        if split != "base"
    ]


def _role(path: str, folder_role: PackageFileRole) -> PackageFileRole:
    if folder_role == "hidden-system":
        return folder_role
    return "split" if path.rpartition("/")[2].startswith("split_") else "base"


def _note_unreadable(reader: Reader, files: ApkFiles, places: Sequence[PackageLocation]) -> None:
    removed = {place.name for place in places if place.removed}
    for path in sorted(files.roles):
        found = files.found.get(path)
        if found is None:
            reader.skip(path, "read", "no-answer", "The phone does not say what lies there.")
        elif found.kind == "missing" and files.roles[path].keys() <= removed:
            continue
        elif found.kind != "file":
            reader.skip(path, "read", found.kind, SENTENCES[found.kind])
        elif found.size == 0:
            reader.skip(path, "read", "empty", "The file is empty.")
        elif found.size is not None and found.size > PULL_LIMIT:
            reader.skip(path, "read", "too-large", f"It has {found.size} bytes, more than is ever read of one APK.")
    roles: dict[str, list[PackageFileRole]] = {}
    for its in files.roles.values():
        for name, role in its.items():
            roles.setdefault(name, []).append(role)
    for place in places:
        if not place.removed:
            _note_missing_splits(reader, roles.get(place.name, ()), place)


def _note_missing_splits(reader: Reader, roles: Sequence[PackageFileRole], place: PackageLocation) -> None:
    """The dump counts the splits; where fewer files were found, or none of a hidden package, some were not read."""
    there = sum(role in ("base", "split") for role in roles)
    promised = max((len(block.splits) or 1 for block in place.blocks), default=0)
    if promised > there:
        reason = f"The phone says that the package has {promised} APK files; {there} were found."
        reader.skip(place.name, "list", "split-missing", reason)
    if place.hidden and "hidden-system" not in roles:
        reason = "The firmware's own copy, which an update hides, was not found."
        reader.skip(place.name, "list", "hidden-missing", reason)


def _batch(pending: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    batch: list[tuple[str, int]] = []
    length = size = 0
    for path, its_size in pending:
        length += len(quoted(path)) + 8
        size += its_size
        if batch and (length > COMMAND_LENGTH or size > BATCH_BYTES):
            break
        batch.append((path, its_size))
    return batch
