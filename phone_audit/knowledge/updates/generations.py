"""What was fetched, as it lies on disk: one folder for each version, and one file that says which ones stand.

updates/current.json                    the pointer; replaced as a whole, so nobody sees half of it
updates/kept/<source>/<generation>/     a knowledge folder; never changed once it has its name
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, ValidationError

from phone_audit.errors import KnowledgeError
from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import JsonError, read_checked
from phone_audit.files.bounds import OWN_LIST, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.updates.locks import FOLDER, changing
from phone_audit.model.base import Frozen, read_strictly

SOURCE_ID: Final = r"^[a-z0-9]+([.-][a-z0-9]+)*$"
_GENERATION: Final = r"^[0-9TZ]{16}-[0-9a-f]{12}(-[0-9]+)?$"
_KEPT: Final = "kept"
_POINTER: Final = "current.json"
_PART: Final = ".part-"
_DRAFT: Final = r"^\.part-[0-9]+$"
_PATIENCE: Final = 3.0  # seconds; looking something up takes less, a scan more


class Order(Frozen):
    """What tells which of two signed versions is the newer: the numbers of the trusted comment."""

    version: int | None = None
    timestamp: int | None = None


class Version(Frozen):
    """A version that was taken.

    Its folder, which content that is (by what it was proved with), the hash of what was fetched, the day of the
    content, when it was taken, from where, and how many entries it has.
    """

    generation: Annotated[str, Field(pattern=_GENERATION)]
    identity: str
    sha256: str
    date: str
    taken: str
    url: str
    entries: int


class SourceState(Frozen):
    """What is kept of a source.

    `newest` is the newest order ever taken: nothing older is taken again, also after a rollback. `taken_back` is the
    identity of the version that a rollback left: an update does not bring it again by itself.
    """

    current: Version
    previous: Version | None = None
    newest: Order | None = None
    taken_back: str | None = None


class SignerState(Frozen):
    """The newest that was ever taken of what one key signs under one name, and which content that is."""

    newest: Order
    identity: str


class Pointer(Frozen):
    """The pointer: which version of each source stands.

    `seen` is what is remembered of a key and a name (by `Claim.signer`), whatever the source is called here: it stays
    when the source is dropped, so that one that is listed again takes nothing older.
    """

    sources: dict[Annotated[str, Field(pattern=SOURCE_ID)], SourceState] = Field(default_factory=dict)
    seen: dict[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], SignerState] = Field(default_factory=dict)


def read_pointer(own: Path) -> Pointer:
    """Read the pointer of a knowledge folder; where nothing was fetched, it names nothing.

    Raises:
        KnowledgeError: it is damaged.
    """
    path = own / FOLDER / _POINTER
    try:
        with open_regular(path) as file:
            return read_strictly(Pointer, read_checked(file, OWN_LIST))
    except FileNotFoundError:
        return Pointer()
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror}.", "Check your rights.") from error
    except (BoundsError, JsonError, ValidationError) as error:
        raise KnowledgeError(
            f"{path} is damaged.", f"Remove the folder {own / FOLDER}, and fetch again: phone-audit db update."
        ) from error


def point(
    own: Path, source: str, kept: SourceState | None, seen: Mapping[str, SignerState] = MappingProxyType({})
) -> None:
    """Let a version of a source stand, or none, and remember what was seen; waits a little while others read.

    Raises:
        KnowledgeError: others go on reading, or the pointer is damaged.
        OSError: the pointer cannot be written; the old one stands.
    """
    with changing(own, patience=_PATIENCE):
        current = read_pointer(own)
        sources = {name: it for name, it in current.sources.items() if name != source}
        if kept is not None:
            sources[source] = kept
        pointer = Pointer(sources=sources, seen={**current.seen, **seen})
        replace_file(own / FOLDER / _POINTER, pointer.model_dump_json(indent=1).encode() + b"\n")


def version_folder(own: Path, source: str, version: Version) -> Path:
    return _source_folder(own, source) / version.generation


@contextlib.contextmanager
def draft_folder(own: Path, source: str) -> Iterator[Path]:
    """Yield an empty folder beside the versions of a source; it is gone afterwards, with all that still lies in it.

    Raises:
        OSError: it cannot be made.
    """
    folder = _source_folder(own, source) / f"{_PART}{os.getpid()}"
    try:
        folder.mkdir(parents=True, mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(own: Path, source: str, made: Path, stamp: str, sha256: str) -> str:
    """Name a finished folder among the versions of a source, and return that name.

    Raises:
        OSError: that cannot be done.
    """
    for file in made.rglob("*"):
        if file.is_file():
            with file.open("rb+") as written:
                os.fsync(written.fileno())
    folder, name, again = _source_folder(own, source), f"{stamp}-{sha256[:12]}", 1
    while (folder / name).exists():
        again += 1
        name = f"{stamp}-{sha256[:12]}-{again}"
    made.replace(folder / name)
    return name


def forget_others(own: Path) -> None:
    """Remove what the pointer does not name, and what an update left that did not end.

    Only folders that an update made itself go, told by their names; no symbolic link is followed, nor removed.
    """
    sources = read_pointer(own).sources
    for folder in _real_folders(own / FOLDER / _KEPT, SOURCE_ID):
        kept = sources.get(folder.name)
        named = {version.generation for version in (kept.current, kept.previous) if version} if kept else set()
        for version in _real_folders(folder, f"{_GENERATION}|{_DRAFT}"):
            if version.name not in named:
                shutil.rmtree(version, ignore_errors=True)
        if not named:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _real_folders(parent: Path, names: str) -> list[Path]:
    """Return the sub-folders that have such names and are no symbolic links; none where they cannot be listed."""
    try:
        with os.scandir(parent) as found:
            return [
                Path(item.path)
                for item in found
                if re.fullmatch(names, item.name) and item.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def _source_folder(own: Path, source: str) -> Path:
    return own / FOLDER / _KEPT / source
