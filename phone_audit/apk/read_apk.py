"""One file → one record: puts archive, signatures, manifest and code together. Runs inside the worker process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from phone_audit.apk.assets.asset_walker import NO_ASSETS, read_assets
from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.code.obfuscation import hidden_in_files, with_hidden
from phone_audit.apk.oat.code_files import read_beside
from phone_audit.apk.package_code import CodeFacts, read_code
from phone_audit.apk.package_file import UNKNOWN_HASHES, FileHashes, PackageFile, hash_file, join_members, members_of
from phone_audit.apk.record_size import RECORD
from phone_audit.apk.records import INSIDE, empty_record
from phone_audit.apk.signature.signers import read_signing
from phone_audit.apk.signature.verify import hashes_to_take, target_platform, verify
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.manifest import ManifestFacts
from phone_audit.apk.xml.package_facts import read_package_facts, with_code
from phone_audit.apk.xml.typed_views import kinds_by_hint, typed_into
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.apk.zip.contents import MANIFEST, code_entries, is_container
from phone_audit.apk.zip.directory import Entry
from phone_audit.apk.zip.inflate import LARGE, ContentHashes, SecondThread
from phone_audit.apk.zip.media import OPENING, may_stay, named_like_media
from phone_audit.errors import ApkError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkFile, ApkInfo, Signature, Signer
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped, Step
from phone_audit.model.parts import Parts

_DEX_LIMIT = 128 * 2**20
_MANIFEST_FIELDS = (
    "package", "version_name", "version_code", "min_sdk", "target_sdk", "shared_user_id", "has_code", "debuggable",
    "permissions", "components", "instruments",
)  # fmt: skip
_CODE_FIELDS = ("trackers", "endpoints", "behaviours", "flows_complete", "flows_followed", "obfuscation")
_FIELDS_WITHOUT_DEX = {True: ("trackers", "endpoints"), False: ("endpoints",)}
"""What is known where code is missing, by whether there are Java classes."""

_Done = TypeVar("_Done")
_Signing = tuple[Signature, tuple[Signer, ...]]


def read_apk(
    path: Path,
    *,
    shown_as: str,
    knowledge: Knowledge,
    leave_out: frozenset[str] = frozenset(),
    on_step: Callable[[str], None] = lambda _: None,
    parts: Parts | None = None,
    hashes: FileHashes = UNKNOWN_HASHES,
    compiled: Sequence[CompiledFile] = (),
) -> ApkInfo:
    """Read one file; whatever it holds, the answer is one record.

    Args:
        path: an APK, an archive of APKs, a bundle, or anything else.
        shown_as: its name in the record.
        knowledge: trackers, owners of hosts, public keys.
        leave_out: steps that are not tried: `signature`, `resources`, `manifest`, `native`, `dex`.
        on_step: is told each step before it begins.
        parts: what of the file is here; None: all of it.
        hashes: of parts, the hashes of the whole file.
        compiled: files that may hold its code, read where it holds none itself.

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
                taken: FileHashes | Future[FileHashes] = hashes
                if parts is None:
                    taken = hash_file(path) if len(data) < LARGE else thread.start(hash_file, path)
                file = PackageFile(shown_as, taken, len(data), path, tuple(compiled))
                archive = Archive(data, parts=parts)
                read = _read_container if is_container(archive) else _read_package
                return read(file, archive, knowledge, steps, thread)
        except ApkError as error:
            steps.note(shown_as, "read", error)
            return _unread_record(shown_as, file, steps.taken())


def _unread_record(shown_as: str, file: PackageFile | None, skipped: tuple[Skipped, ...]) -> ApkInfo:
    """Return the record of a file in which nothing could be read."""
    if file is not None:
        with suppress(ApkError):
            return file.record(skipped, (file.in_role("base"),))
    return empty_record(shown_as, skipped)


def _read_package(
    file: PackageFile, archive: Archive, knowledge: Knowledge, steps: Steps, thread: SecondThread
) -> ApkInfo:
    """Read one APK, bundle or library."""
    steps.note_archive(file.shown_as, archive.index.notes)
    return _PackageReader(file, archive, knowledge, steps, thread).record()


def _read_container(
    file: PackageFile, archive: Archive, knowledge: Knowledge, steps: Steps, thread: SecondThread
) -> ApkInfo:
    """Read an archive of APKs (`.apks`, `.xapk`, `.apkm`): base and splits make one record."""
    steps.note_archive(file.shown_as, archive.index.notes)
    members = []
    noted = list(steps.taken())
    for member, inner in members_of(file, archive, steps):
        noted.extend(steps.taken())
        members.append(_read_package(member, inner, knowledge, steps, thread))
    steps.announce(RECORD)
    return join_members(file, members, (*noted, *steps.taken()))


class _PackageReader:
    def __init__(
        self, file: PackageFile, archive: Archive, knowledge: Knowledge, steps: Steps, thread: SecondThread
    ) -> None:
        self._file = file
        self._archive = archive
        self._knowledge = knowledge
        self._steps = steps
        self._thread = thread
        self._facts = read_package_facts(archive, file.shown_as, steps)
        self._platform = target_platform(self._facts.manifest)
        self._entries = code_entries(archive)

    def record(self) -> ApkInfo:
        """Do every step; signatures come last, since by then most entries have been read and hashed."""
        self._run("signature", self._hash_what_is_read)
        self._find_compiled_code()
        self._run("native", self._inflate_ahead)
        code = self._code()
        signing = self._run("signature", self._signing)
        hidden = self._run("native", lambda: hidden_in_files(self._archive, self._knowledge))
        self._steps.announce(RECORD)
        return with_hidden(self._put_together(signing, code), hidden, self._knowledge)

    def _run(self, step: Step, work: Callable[[], _Done]) -> _Done | None:
        return self._steps.run(step, self._file.shown_as, work)

    def _hash_what_is_read(self) -> None:
        """Have the hashes that the signature needs taken while the entries are read anyway."""
        self._archive.hashes = ContentHashes(hashes_to_take(self._archive, self._platform), self._thread)

    def _find_compiled_code(self) -> None:
        """Add the DEX files that Android took out of the archive when it compiled the package."""
        compiled = self._file.compiled
        if self._entries.loaded or not compiled:
            return
        found = self._run("dex", lambda: read_beside(compiled, self._file.shown_as))
        if found is not None:
            self._note_inside(found.skipped)
            self._entries = replace(self._entries, compiled=found.dexes)

    def _inflate_ahead(self) -> None:
        """Inflate in the opposite order of reading, so that two threads meet in the middle."""
        code = [entry for _, entry in self._entries.dex]
        read_as_code = set(code)
        large = (entry for entry in reversed(self._archive.entries) if entry.size >= LARGE)
        others = (e for e in large if e not in read_as_code and not named_like_media(e.name))
        self._archive.inflate_ahead([*reversed(code), *others], self._thread)

    def _code(self) -> CodeFacts | None:
        own_dex = frozenset(entry for _, entry in self._entries.dex)
        assets = self._run("native", lambda: read_assets(self._archive, own_dex)) or NO_ASSETS
        self._note_inside(assets.skipped)
        missing = self._why_no_code()
        if missing is not None:
            self._steps.note(self._file.shown_as, "dex", missing)
            if assets.empty and not self._entries.dex:
                return None
        dexes = self._dexes()
        declared = _declared(self._facts.manifest)
        hints = self._run("resources", lambda: kinds_by_hint(assets.hints, self._facts.text_of)) or {}
        views = typed_into(assets.views, self._facts.views, hints)
        code = self._run(
            "dex",
            lambda: read_code(
                list(dexes), self._knowledge, declared, assets, lambda: self._others(own_dex), views, self._facts.ids_of
            ),
        )
        self._note_inside(code.skipped if code else ())
        return code

    def _others(self, own_dex: frozenset[Entry]) -> Iterator[memoryview]:
        """Yield the bytes of the other files, in which classes may be named; but for the manifest and media."""
        for entry in self._archive.entries:
            if (
                entry in own_dex
                or entry.name == MANIFEST
                or may_stay(entry.name, self._archive.opening(entry, OPENING))
            ):
                continue
            yield memoryview(self._archive.read(entry, max(entry.size, 1)))

    def _dexes(self) -> Iterator[tuple[str, bytes | memoryview]]:
        for name, entry in self._entries.dex:
            try:
                yield name, self._archive.read(entry, _DEX_LIMIT)
            except ApkError as error:
                self._steps.note(self._file.shown_as, "dex", error)
        yield from self._entries.compiled

    def _why_no_code(self) -> ApkError | None:
        """Tell why there is no DEX that Android would load; None where there is some, or none is expected."""
        entries, manifest = self._entries, self._facts.manifest
        if entries.loaded or entries.compiled:
            return None
        if entries.java and not entries.dex:
            reason = "The archive holds Java bytecode: its classes and texts were read, but not what the code does."
            return ApkError(reason, code="java-bytecode")
        if manifest is not None and manifest.role in ("base", "feature") and manifest.has_code:
            reason = (
                "The manifest says that there is code, but the file holds none that is run; it may "
                "be stored next to it (odex, vdex)."
            )
            return ApkError(reason, code="no-code")
        return None

    def _signing(self) -> _Signing:
        path = self._file.path
        checked = self._run("signature", lambda: verify(self._archive, path, self._platform))
        return read_signing(self._archive, path, self._knowledge.key_of, checked)

    def _note_inside(self, skipped: Iterable[Skipped]) -> None:
        for one in skipped:
            self._steps.add(one.model_copy(update={"subject": f"{self._file.shown_as}{INSIDE}{one.subject}"}))

    def _put_together(self, signing: _Signing | None, code: CodeFacts | None) -> ApkInfo:
        entries, manifest = self._entries, self._facts.manifest
        role = self._file.in_role(manifest.role if manifest else "base")
        files = role, *(map(_listed, self._file.compiled) if entries.compiled else ())
        record = self._file.record(self._steps.taken(), files)
        known: dict[str, object] = {
            "network_policy": self._facts.policy,
            "left_on_phone": self._archive.partial.left_on_phone(self._archive.entries),
        }
        if signing is not None:
            known["signature"], known["signers"] = signing
        if manifest is not None:
            known |= {field: getattr(manifest, field) for field in _MANIFEST_FIELDS}
            known["app_name"] = manifest.label
        if entries.dex or entries.java or entries.compiled:
            known["has_code"] = True  # whatever the manifest says: other packages can load it
        if code is not None:
            any_dex = entries.dex or self._why_no_code() is None
            fields = _CODE_FIELDS if any_dex else _FIELDS_WITHOUT_DEX[entries.java]
            known |= {name: getattr(code, name) for name in fields}
            known["network_policy"] = with_code(self._facts.policy, code.accepting)
        return record.model_copy(update=known)


def _listed(compiled: CompiledFile) -> ApkFile:
    found = FileHashes(compiled.sha256)
    with suppress(ApkError):
        if compiled.local is not None:
            found = hash_file(compiled.local)
    return found.listed(compiled.path, compiled.size, compiled.role)


def _declared(manifest: ManifestFacts | None) -> Declared:
    if manifest is None:
        return Declared()
    active = frozenset(one.name for one in manifest.components) - set(manifest.disabled)
    return Declared(
        manifest.permissions,
        manifest.components,
        manifest.package,
        manifest.meta_data,
        active,
        manifest.loaded,
        shares_uid=manifest.shared_user_id is not None,
        target=manifest.platform_target,
    )
