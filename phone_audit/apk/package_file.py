"""The file that is read: its hashes, and the APKs in it where it is an archive of them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from phone_audit.apk.records import INSIDE, empty_record, join, moved_inside, skipped_in_order
from phone_audit.apk.steps import Steps, out_of_memory
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import is_member
from phone_audit.errors import ApkError
from phone_audit.model.apk import ApkFile, ApkInfo, FileRole
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped

_PIECE = 2**20
INNER_LIMIT = 512 * 2**20
"""Bytes that one APK inside a container may have."""
_MAX_MEMBERS = 256


@dataclass(frozen=True, slots=True)
class FileHashes:
    """Lower-case hexadecimal; None where it is not known."""

    sha256: str | None
    sha1: str | None = None
    md5: str | None = None

    def listed(self, path: str, size: int, role: FileRole) -> ApkFile:
        """Return the file with these hashes as a record lists it."""
        return ApkFile(path=path, sha256=self.sha256, size=size, role=role, sha1=self.sha1, md5=self.md5)


UNKNOWN_HASHES: Final = FileHashes(None)


def hash_pieces(pieces: Iterable[bytes | memoryview]) -> FileHashes:
    """Hash bytes that come in pieces, in one pass.

    Example:
        >>> hash_pieces([b"a", b"bc"]).md5
        '900150983cd24fb0d6963f7d28e17f72'
    """
    sha256 = hashlib.sha256()
    sha1 = hashlib.sha1(usedforsecurity=False)
    md5 = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        sha256.update(piece)
        sha1.update(piece)
        md5.update(piece)
    return FileHashes(sha256.hexdigest(), sha1.hexdigest(), md5.hexdigest())


def hash_file(path: Path) -> FileHashes:
    """Hash a file by reading, not through its map, whose pages would stay in memory; an `ApkError` if that fails."""
    try:
        with path.open("rb") as file:
            return hash_pieces(iter(lambda: file.read(_PIECE), b""))
    except OSError as error:
        raise ApkError(f"The file cannot be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class PackageFile:
    """The file that is read.

    Attributes:
        shown_as: what it is called in the record.
        taken: its hashes, or what will give them.
        size: bytes.
        path: where it lies; None inside a container.
        compiled: the files that hold its code where it holds none itself.
    """

    shown_as: str
    taken: FileHashes | Future[FileHashes]
    size: int
    path: Path | None
    compiled: tuple[CompiledFile, ...] = ()

    @property
    def hashes(self) -> FileHashes:
        """Its hashes; waits until they are taken, or raises the `ApkError` for which they cannot be."""
        return self.taken.result() if isinstance(self.taken, Future) else self.taken

    def record(self, skipped: Iterable[Skipped], files: tuple[ApkFile, ...]) -> ApkInfo:
        """Return a record of this file in which everything else is unknown."""
        return empty_record(self.shown_as, skipped, sha256=self.hashes.sha256, size=self.size, files=files)

    def in_role(self, role: FileRole) -> ApkFile:
        return self.hashes.listed(self.shown_as, self.size, role)


def members_of(file: PackageFile, archive: Archive, steps: Steps) -> Iterator[tuple[PackageFile, Archive]]:
    """Open the APKs of a container one after the other; what cannot be opened is noted."""
    entries = [entry for entry in archive.entries if is_member(entry)]
    for entry in entries[:_MAX_MEMBERS]:
        name = f"{file.shown_as}{INSIDE}{entry.name}"
        try:
            content = memoryview(archive.read(entry, INNER_LIMIT))
            yield PackageFile(name, hash_pieces([content]), len(content), None), Archive(content)
        except ApkError as error:
            steps.note(name, "read", error)
        except MemoryError:
            steps.note(name, "read", out_of_memory("read"))
    if len(entries) > _MAX_MEMBERS:
        reason = f"The archive holds {len(entries)} APKs; {_MAX_MEMBERS} were read."
        steps.note(file.shown_as, "list", ApkError(reason, code="too-many-entries"))


def join_members(file: PackageFile, members: Sequence[ApkInfo], skipped: Sequence[Skipped]) -> ApkInfo:
    """Put the records of the members together into the record of the container.

    The base names the package. Members of another package are listed as not looked at: one record is one package.
    """
    container = file.in_role("container")
    base = _base(members)
    if base is None:
        return file.record(skipped, (container,))
    inside = [
        moved_inside(member, member.path.removeprefix(f"{file.shown_as}{INSIDE}"))
        for member in members
        if _belongs(member, base)
    ]
    inside.sort(key=lambda member: member.path != base.path)
    joined = join(inside[0], inside[1:])
    odd = [skip for member in members if (skip := _odd(member, base)) is not None]
    return joined.model_copy(
        update={
            "path": file.shown_as,
            "sha256": container.sha256,
            "size": file.size,
            "files": (container, *joined.files),
            "skipped": skipped_in_order((*joined.skipped, *skipped, *odd)),
        }
    )


def _base(members: Sequence[ApkInfo]) -> ApkInfo | None:
    """The base APK: one that is no split, by preference named so, else the largest."""
    bases = [member for member in members if member.package and member.files[0].role == "base"]
    candidates = bases or [member for member in members if member.package] or members
    return max(candidates, key=lambda m: (_called_base(m), m.size or 0, m.path), default=None)


def _called_base(member: ApkInfo) -> bool:
    name = PurePosixPath(member.path).name.rsplit(INSIDE, 1)[-1]
    return name in ("base.apk", "base-master.apk")


def _belongs(member: ApkInfo, base: ApkInfo) -> bool:
    return member.package in (None, base.package)


def _odd(member: ApkInfo, base: ApkInfo) -> Skipped | None:
    if not _belongs(member, base):
        reason = f"It belongs to another package, {member.package}, and is not part of this record."
        return Skipped(subject=member.path, step="list", code="other-package", reason=reason)
    if _signers(member) != _signers(base):
        reason = "It is not signed by the key of the base; Android refuses such a set."
        return Skipped(subject=member.path, step="signature", code="other-signer", reason=reason)
    return None


def _signers(info: ApkInfo) -> set[str]:
    return {signer.sha256 for signer in info.signers or ()}
