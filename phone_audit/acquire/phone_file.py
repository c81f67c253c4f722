"""A file of the phone: as it lies there, and as it was brought here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
class FileOnPhone:
    """A regular file: its path as decoded, its size in bytes, and its SHA-256 where the phone could compute it."""

    path: str
    size: int
    sha256: str | None = None


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
        compiled: files that hold its code, where it lacks any.
        same: whether a file of which parts are held was, after they were read, still the one that the phone had hashed.
    """

    path: str
    local: Path | None
    sha256: str | None
    size: int
    parts: Parts | None = None
    compiled: tuple[CompiledFile, ...] = ()
    same: bool = False
