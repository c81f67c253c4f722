"""One file → one record: puts archive, signatures, manifest and code together. Runs inside the worker process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict

from phone_audit.apk.assets.asset_walker import read_assets
from phone_audit.apk.assets.host_mentions import NO_ASSETS, AssetFacts
from phone_audit.apk.behaviours.find import Declared
from phone_audit.apk.code.obfuscation import hidden_in_files, with_hidden
from phone_audit.apk.code.package_code import CodeFacts, read_code
from phone_audit.apk.oat.code_files import read_beside
from phone_audit.apk.package_file import (
    UNKNOWN_HASHES,
    FileHashes,
    PackageFile,
    hash_pieces,
    join_members,
    members_of,
    pieces_of,
)
from phone_audit.apk.records import INSIDE, empty_record, skipped_in_order
from phone_audit.apk.signature.signers import read_signing
from phone_audit.apk.signature.verify import TargetPlatform, hashes_to_take, target_platform, verify
from phone_audit.apk.worker.record_size import RECORD
from phone_audit.apk.worker.steps import Steps
from phone_audit.apk.xml.network_policy import with_code
from phone_audit.apk.xml.package_facts import PackageFacts, read_package_facts
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.apk.zip.contents import CodeEntries, code_entries, is_container
from phone_audit.apk.zip.directory import Entry
from phone_audit.apk.zip.second_thread import LARGE, SecondThread
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkFile, ApkInfo, Signature, Signer
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped
from phone_audit.model.parts import Parts

_DEX_LIMIT = 128 * 2**20

Signing = tuple[Signature, tuple[Signer, ...]]


def _unwatched(_: str) -> None:
    """Nobody listens."""


def read_apk(
    path: Path,
    *,
    shown_as: str,
    knowledge: Knowledge,
    leave_out: frozenset[str] = frozenset(),
    on_step: Callable[[str], None] = _unwatched,
    parts: Parts | None = None,
    told: FileHashes = UNKNOWN_HASHES,
    beside: Sequence[CompiledFile] = (),
) -> ApkInfo:
    """Read one file; whatever it holds, the answer is one record.

    Args:
        path: an APK, an archive of APKs, a bundle, or anything else.
        shown_as: its name in the record.
        knowledge: trackers, owners of hosts, public keys.
        leave_out: steps that are not tried: `signature`, `resources`, `manifest`, `native`, `dex`.
        on_step: is told each step before it begins.
        parts: what of the file is here; None: all of it.
        told: of parts, the hashes of the whole file.
        beside: files that may hold its code, read where it holds none itself.

    Returns:
        What could be read; what could not is listed under `skipped`.

    Raises:
        MemoryError: there is not even room for the list of entries.
    """
    steps = Steps(leave_out, on_step)
    on_step("read")
    file = None
    with SecondThread() as thread:
        try:
            with map_file(path) as data:
                hashed = _hashing(path, len(data), thread) if parts is None else partial(_same, told)
                file = PackageFile(shown_as, hashed, len(data), path, tuple(beside))
                return _Reader(knowledge, steps, thread).read(file, Archive(data, parts=parts))
        except ApkError as error:
            steps.note(shown_as, "read", error)
            return empty_record(shown_as, steps.taken(), **_known_of(file))


def _hashing(path: Path, size: int, thread: SecondThread) -> Callable[[], FileHashes]:
    """Hash a file by reading, not through its map, whose pages would stay in memory; a large one is hashed beside."""
    if size < LARGE:
        return partial(_same, _hashed(path))
    return thread.start(_hashed, path).result


def _hashed(path: Path) -> FileHashes:
    try:
        with path.open("rb") as file:
            return hash_pieces(pieces_of(file))
    except OSError as error:
        raise ApkError(f"The file cannot be read: {error.strerror}.") from error


def _same(found: FileHashes) -> FileHashes:
    return found


class _FileFields(TypedDict, total=False):
    sha256: str | None
    size: int
    files: tuple[ApkFile, ...]


def _known_of(file: PackageFile | None) -> _FileFields:
    """What a record says of a file in which nothing could be read."""
    with suppress(ApkError):
        if file is not None:
            return {"sha256": file.sha256, "size": file.size, "files": (file.in_role("base"),)}
    return {}


class _Reader:
    def __init__(self, knowledge: Knowledge, steps: Steps, thread: SecondThread) -> None:
        self._knowledge = knowledge
        self._steps = steps
        self._thread = thread

    def read(self, file: PackageFile, archive: Archive) -> ApkInfo:
        """Read whatever the file is."""
        return self.container(file, archive) if is_container(archive) else self.package(file, archive)

    def package(self, file: PackageFile, archive: Archive) -> ApkInfo:
        """Read one APK, bundle or library."""
        self._steps.note_archive(file.shown_as, archive.notes)
        facts = read_package_facts(archive, file.shown_as, self._steps)
        asked = target_platform(facts.manifest)
        self._steps.run("signature", file.shown_as, lambda: self._prepare(archive, asked))
        entries = self._with_beside(file, code_entries(archive))
        self._steps.run("native", file.shown_as, lambda: self._begin_inflating(archive, entries))
        code = self._code(file, archive, facts, entries)
        signing = self._steps.run("signature", file.shown_as, lambda: self._signing(file, archive, asked))
        hidden = self._steps.run("native", file.shown_as, lambda: hidden_in_files(archive, self._knowledge))
        self._steps.announce(RECORD)
        record = self._record(file, archive, signing, facts, entries, code)
        return with_hidden(record, hidden, self._knowledge)

    def container(self, file: PackageFile, archive: Archive) -> ApkInfo:
        """Read an archive of APKs (`.apks`, `.xapk`, `.apkm`): base and splits make one record."""
        self._steps.note_archive(file.shown_as, archive.notes)
        members = []
        noted = list(self._steps.taken())
        for member, inner in members_of(file, archive, self._steps):
            noted.extend(self._steps.taken())
            members.append(self.package(member, inner))
        self._steps.announce(RECORD)
        return join_members(file, members, (*noted, *self._steps.taken()))

    def _prepare(self, archive: Archive, asked: TargetPlatform) -> None:
        """Have the hashes that the signature needs taken while the entries are read anyway."""
        archive.hash_what_is_read(hashes_to_take(archive, asked), self._thread)

    def _begin_inflating(self, archive: Archive, entries: CodeEntries) -> None:
        archive.inflate_ahead(_last_ones_first(archive, entries), self._thread)

    def _signing(self, file: PackageFile, archive: Archive, asked: TargetPlatform) -> Signing:
        checked = self._steps.run("signature", file.shown_as, lambda: verify(archive, file.path, asked))
        return read_signing(archive, file.path, self._knowledge.key_of, checked)

    def _code(self, file: PackageFile, archive: Archive, facts: PackageFacts, entries: CodeEntries) -> CodeFacts | None:
        elsewhere = self._elsewhere(file, archive, entries)
        missing = _no_code(facts, entries)
        if missing is not None:
            self._steps.note(file.shown_as, "dex", missing)
            if elsewhere.empty and not entries.dex:
                return None
        dexes = self._dexes(file, archive, entries)
        code = self._steps.run(
            "dex", file.shown_as, lambda: read_code(list(dexes), self._knowledge, _declared(facts), elsewhere)
        )
        self._add_inside(file, code.skipped if code else ())
        return code

    def _with_beside(self, file: PackageFile, entries: CodeEntries) -> CodeEntries:
        """Add the DEX files that Android took out of the archive when it compiled the package."""
        if entries.loaded or not file.beside:
            return entries
        found = self._steps.run("dex", file.shown_as, lambda: read_beside(file.beside, file.shown_as))
        self._add_inside(file, found.skipped if found else ())
        return replace(entries, beside=found.dexes) if found else entries

    def _elsewhere(self, file: PackageFile, archive: Archive, entries: CodeEntries) -> AssetFacts:
        own_dex = frozenset(entry for _, entry in entries.dex)
        found = self._steps.run("native", file.shown_as, lambda: read_assets(archive, own_dex))
        self._add_inside(file, found.skipped if found else ())
        return found or NO_ASSETS

    def _add_inside(self, file: PackageFile, skipped: Iterable[Skipped]) -> None:
        for one in skipped:
            self._steps.add(one.model_copy(update={"subject": f"{file.shown_as}{INSIDE}{one.subject}"}))

    def _dexes(
        self, file: PackageFile, archive: Archive, entries: CodeEntries
    ) -> Iterator[tuple[str, bytes | memoryview]]:
        for name, entry in entries.dex:
            try:
                yield name, archive.read(entry, _DEX_LIMIT)
            except ApkError as error:
                self._steps.note(file.shown_as, "dex", error)
        yield from entries.beside

    def _record(
        self,
        file: PackageFile,
        archive: Archive,
        signing: Signing | None,
        facts: PackageFacts,
        entries: CodeEntries,
        code: CodeFacts | None,
    ) -> ApkInfo:
        manifest = facts.manifest
        role = file.in_role(manifest.role if manifest else "base")
        files = role, *(map(_listed, file.beside) if entries.beside else ())
        record = empty_record(
            file.shown_as, skipped_in_order(self._steps.taken()), sha256=file.sha256, size=file.size, files=files
        )
        known: dict[str, object] = {
            "network_policy": facts.policy,
            "left_on_phone": archive.partial.left_on_phone(archive.entries),
        }
        if entries.dex or entries.java or entries.beside:
            known["has_code"] = True
        if signing is not None:
            known["signature"], known["signers"] = signing
        if manifest is not None:
            known |= {field: getattr(manifest, field) for field in _MANIFEST_FIELDS}
            known["app_name"] = manifest.label
        if code is not None:
            any_dex = entries.dex or _no_code(facts, entries) is None
            fields = _CODE_FIELDS if any_dex else _FIELDS_WITHOUT_DEX[entries.java]
            known |= {name: getattr(code, name) for name in fields}
            known["network_policy"] = with_code(facts.policy, code.accepting)
        return record.model_copy(update=known)


def _listed(beside: CompiledFile) -> ApkFile:
    found = FileHashes(beside.sha256, None, None)
    with suppress(ApkError):
        if beside.local is not None:
            found = _hashed(beside.local)
    return ApkFile(
        path=beside.path, sha256=found.sha256, size=beside.size, role=beside.role, sha1=found.sha1, md5=found.md5
    )


def _last_ones_first(archive: Archive, entries: CodeEntries) -> list[Entry]:
    """Return the entries in the opposite order of reading, so that two threads that inflate meet in the middle."""
    large = [entry for entry in archive.entries if entry.size >= LARGE and not entry.name.lower().endswith(_MEDIA)]
    code = [entry for _, entry in entries.dex]
    read_as_code = set(code)
    return [*reversed(code), *(entry for entry in reversed(large) if entry not in read_as_code)]


_MEDIA = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".ttf", ".otf", ".mp3", ".mp4", ".ogg", ".wav", ".webm")
"""Most of these are not read."""

_MANIFEST_FIELDS = (
    "package", "version_name", "version_code", "min_sdk", "target_sdk", "shared_user_id", "has_code", "debuggable",
    "permissions", "components",
)  # fmt: skip


_CODE_FIELDS = ("trackers", "endpoints", "behaviours", "flows_complete", "obfuscation")
_FIELDS_WITHOUT_DEX = {True: ("trackers", "endpoints"), False: ("endpoints",)}
"""What is known where code is missing, by whether there are Java classes."""


def _declared(facts: PackageFacts) -> Declared:
    manifest = facts.manifest
    if manifest is None:
        return Declared()
    active = frozenset(one.name for one in manifest.components) - set(manifest.disabled)
    return Declared(manifest.permissions, manifest.components, manifest.package, manifest.meta_data, active)


def _no_code(facts: PackageFacts, entries: CodeEntries) -> ApkError | None:
    """Tell why there is no DEX that Android would load; None where there is some, or none is expected."""
    if entries.loaded or entries.beside:
        return None
    if entries.java and not entries.dex:
        return ApkError(
            "The archive holds Java bytecode: its classes and texts were read, what the code does was not.",
            code="java-bytecode",
        )
    manifest = facts.manifest
    if manifest is not None and manifest.role in ("base", "feature") and manifest.has_code:
        reason = "The manifest speaks of code, but the file holds none that is run; it may lie beside it (odex, vdex)."
        return ApkError(reason, code="no-code")
    return None
