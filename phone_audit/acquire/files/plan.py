"""What whoever asks for a phone says of its files: which bytes are wanted, which are known, and who gets them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from phone_audit.acquire.files.file_queue import FileOnPhone
from phone_audit.acquire.files.phone_identity import PhoneIdentity
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts, Range


class Bytes(Protocol):
    """The bytes of a file on this computer."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


NextWanted = Callable[[Bytes, int, Parts], tuple[Range, ...] | None]
"""Gets a file as far as it is here, its size in bytes and what of it is held; gives the ranges that are wanted next,
none where enough is held, or None for the whole file."""


@dataclass(frozen=True)
class PulledApk:
    """A file of the phone whose bytes, or what is known of them, are here.

    Attributes:
        path: the one on the phone, as published.
        local: where its bytes lie; files with equal bytes may share it. None where the bytes are known from an earlier
            phone and were not copied.
        sha256: None where nothing could hash it.
        size: bytes it has on the phone.
        parts: which of the bytes are held, where not all are; `local` has the full size all the same.
        beside: files that hold its code, where it lacks any.
        same: whether a file of which parts are held was, after they were read, still the one that the phone had hashed.
    """

    path: str
    local: Path | None
    sha256: str | None
    size: int
    parts: Parts | None = None
    beside: tuple[CompiledFile, ...] = ()
    same: bool = False


class Waiting(Protocol):
    """Holds a file back until what belongs to it has come; see `code_beside.StrippedApks`."""

    def arrived(self, path: str, copy: PulledApk) -> list[tuple[str, PulledApk]]: ...

    def failed(self, path: str) -> list[tuple[str, PulledApk]]: ...

    def is_beside(self, path: str) -> bool: ...

    def next_wanted(self) -> FileOnPhone | None: ...

    def candidates(self, path: str) -> Sequence[FileOnPhone]: ...

    def left(self) -> list[tuple[str, PulledApk]]: ...


class Alone:
    """Every file is complete by itself."""

    def arrived(self, path: str, copy: PulledApk) -> list[tuple[str, PulledApk]]:
        """Hand it on."""
        return [(path, copy)]

    def failed(self, path: str) -> list[tuple[str, PulledApk]]:
        """Hand nothing on."""
        del path
        return []

    def is_beside(self, path: str) -> bool:
        """It is not."""
        del path
        return False

    def next_wanted(self) -> FileOnPhone | None:
        """Want nothing."""
        return None

    def candidates(self, path: str) -> Sequence[FileOnPhone]:
        """Know of nothing."""
        del path
        return ()

    def left(self) -> list[tuple[str, PulledApk]]:
        """Have held nothing back."""
        return []


def _nothing_known(sha256: str) -> bool:
    del sha256
    return False


def _nothing_saved(sha256: str, into: Path) -> PulledApk | None:
    del sha256, into
    return None


def _room_enough(size: int) -> None:
    del size


def _nobody(apk: PulledApk) -> None:
    del apk


def _lacks_nothing(path: Path, parts: Parts | None) -> bool:
    del path, parts
    return False


def _no_memory(phone: PhoneIdentity) -> Path | None:
    del phone
    return None


@dataclass(frozen=True)
class Plan:
    """How the files of a phone are read. All is called from the threads that read them, one at a time.

    Attributes:
        next_wanted: which parts are wanted; None where whole files are.
        is_known: whether the file with this SHA-256 was analysed before, so that its bytes are not needed.
        on_apk: gets each file as soon as it is complete.
        memory: where the hashes of this phone are remembered; None where nowhere.
        rehash: whether nothing that is remembered of the phone is used.
        earlier: gives the file with this SHA-256 from an earlier reading that was interrupted, as a new file in this
            folder.
        room: gets the bytes that all files have, before one is copied, and raises `AcquireError` where they do not fit.
        lacks_code: whether a file, of which so much is here, has its code elsewhere, so that what lies beside it on the
            phone is wanted.
        is_stripped: whether the file with this SHA-256 was found to have its code elsewhere, so that only its hash
            together with those of that code tells whether it is known; see `joint_hash`.
        waiting: holds files back until what belongs to them is there.
    """

    next_wanted: NextWanted | None = None
    is_known: Callable[[str], bool] = _nothing_known
    on_apk: Callable[[PulledApk], None] = _nobody
    memory: Callable[[PhoneIdentity], Path | None] = _no_memory
    rehash: bool = False
    earlier: Callable[[str, Path], PulledApk | None] = _nothing_saved
    room: Callable[[int], None] = _room_enough
    lacks_code: Callable[[Path, Parts | None], bool] = _lacks_nothing
    is_stripped: Callable[[str], bool] = _nothing_known
    waiting: Waiting = field(default_factory=Alone)
