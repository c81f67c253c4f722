"""The partitions of a firmware as one tree of paths, as the phone would mount them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from phone_audit.acquire.image.byte_source import ByteSource, ImageError
from phone_audit.acquire.image.file_system import Entry, FileSystem, is_name
from phone_audit.acquire.image.inflated import gunzipped
from phone_audit.acquire.text import shown
from phone_audit.model.device import Module
from phone_audit.model.finding import Skipped

MOST_ENTRIES = 200_000
"""Entries of all folders; the fullest firmware known here has some 20,000."""
MOST_TEXT = 32 * 2**20
"""Characters of all paths together."""
DEEPEST = 40
MOST_LINKS = 8
"""Links that one path may go through."""
MOST_AT_TOP = 1000
ROOT_FOLDER = "/system"
PACKED = ".gz"
APKS = (".apk", f".apk{PACKED}")
"""How the files of packages end."""
SYSTEM = "system"


@dataclass(frozen=True)
class Partition:
    """A partition by its name, without the letter of its slot, and where it was."""

    name: str
    files: FileSystem
    where: str


@dataclass(frozen=True, slots=True)
class _Place:
    files: FileSystem
    node: object


class Firmware:
    """Every path of the partitions. What cannot be listed is in `skipped`; the rest goes on.

    Attributes:
        names: the partitions that were read, sorted.
        skipped: what was not looked at.
        others: what it holds besides, such as a kernel.
        modules: its APEX modules.
    """

    def __init__(
        self, partitions: Sequence[Partition], skipped: Iterable[Skipped] = (), others: tuple[str, ...] = ()
    ) -> None:
        self.others = others
        self.skipped: list[Skipped] = list(skipped)
        self.names: list[str] = []
        self.modules: list[Module] = []
        self._files: dict[str, _Place] = {}
        self._folders: dict[str, list[str]] = {"": []}
        self._links: dict[str, str] = {}
        self._left = MOST_ENTRIES
        self._text_left = MOST_TEXT
        mounts = [(_mount_of(one), one) for one in partitions]
        self._mounted = {place for place, _ in mounts}
        for place, partition in sorted(mounts, key=lambda mount: mount[0]):
            self.mount(partition, place)

    def mount(self, partition: Partition, place: str) -> None:
        """Add the paths of a partition below a place; of two partitions at one place the first stands."""
        if partition.name in self.names:
            reason = f"There are two partitions {partition.name}; only the first of them was read."
            self.skip(partition.where, "contradiction", reason)
            return
        self.names.append(partition.name)
        self._mounted.add(place)
        self._add_folder(place)
        seen: set[object] = set()
        pending = [(place, partition.files.root, 0)]
        while pending and self._left > 0 and self._text_left > 0:
            path, node, depth = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            folders = self._listed(partition.files, path, node)
            inner = [(f"{path}/{one.name}", one.node, depth + 1) for one in folders]
            if inner and depth >= DEEPEST:
                self.skip(path, "too-deep", f"Folders more than {DEEPEST} deep were not looked at.")
            else:
                pending += (one for one in inner if one[0] not in self._mounted)
        if pending:
            reason = f"The image names more than {MOST_ENTRIES:,} files; the rest was not looked at."
            self.skip(partition.where, "too-many", reason)

    def _listed(self, files: FileSystem, path: str, node: object) -> list[Entry]:
        """Take what lies in a folder, and return the folders of it."""
        folders = []
        try:
            for entry in files.entries(node):
                self._left -= 1
                self._text_left -= len(path) + len(entry.name)
                if self._left < 0 or self._text_left < 0:
                    break
                if is_name(entry.name) and self._take(files, f"{path}/{entry.name}", entry):
                    folders.append(entry)
        except ImageError as error:
            self.skip(path or "/", "damaged", f"The folder was not read to its end: {error}.")
        return folders

    def _take(self, files: FileSystem, path: str, entry: Entry) -> bool:
        """Take one entry; True for a folder."""
        if entry.kind == "folder":
            self._add_folder(path)
            return True
        if entry.kind == "file":
            self._files.setdefault(path, _Place(files, entry.node))
        elif entry.kind == "link":
            try:
                self._links.setdefault(path, files.target(entry.node))
            except ImageError as error:
                self.skip(path, "damaged", f"The link was not read: {error}.")
        self._folders.setdefault(path.rpartition("/")[0], []).append(path)
        return False

    def _add_folder(self, path: str) -> None:
        while path not in self._folders:
            self._folders[path] = []
            above = path.rpartition("/")[0]
            self._folders.setdefault(above, []).append(path)
            path = above

    def skip(self, subject: str, code: str, reason: str) -> None:
        """Note what was not looked at."""
        self.skipped.append(Skipped(subject=shown(subject), step="read", code=code, reason=shown(reason)))

    @property
    def files(self) -> Iterator[str]:
        """Every file by its own path, in no order."""
        return iter(self._files)

    def resolved(self, path: str) -> str | None:
        """Return the path that a path leads to, link by link; None where nothing lies there."""
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        here = ""
        followed = 0
        while todo:
            part = todo.pop()
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            here = f"{here}/{part}"
            target = self._links.get(here)
            if target is not None:
                followed += 1
                if followed > MOST_LINKS:
                    return None
                here = "" if target.startswith("/") else here.rpartition("/")[0]
                todo += [part for part in reversed(target.split("/")) if part not in ("", ".")]
        return here if here in self._files or here in self._folders else None

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is that of a folder, or leads to one."""
        return self.resolved(path) in self._folders

    def children(self, folder: str) -> list[str]:
        """Return the paths of what lies in a folder, as they stand below the path that was given, sorted."""
        real = self.resolved(folder)
        names = (path.rpartition("/")[2] for path in self._folders.get(real, ())) if real is not None else ()
        return sorted(f"{folder.rstrip('/')}/{name}" for name in set(names))

    def open(self, path: str) -> ByteSource:
        """Return the bytes of a file.

        Raises:
            ImageError: there is none, it is damaged, or packed in a way that is not read.
        """
        place = self._files.get(self.resolved(path) or "")
        if place is None:
            raise ImageError("there is no such file")
        return place.files.open(place.node)

    def open_apk(self, path: str) -> ByteSource:
        """Return the bytes of an APK, also of one that the phone unpacks when it starts for the first time.

        Source: AOSP `PackageManagerServiceUtils.decompressFile`, for `Stub.apk` and `*.apk.gz` beside it.

        Raises:
            ImageError: as for `open`.
        """
        source = self.open(path)
        return gunzipped(source) if path.endswith(PACKED) else source

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a small file; None where there is none. One that is larger or damaged is noted, and left out."""
        if self.resolved(path) not in self._files:
            return None
        try:
            source = within(self.open(path), limit)
            return source.read(0, source.size)
        except ImageError as error:
            self.skip(path, "damaged", f"The file was not read: {error}.")
            return None


def within(source: ByteSource, limit: int) -> ByteSource:
    """Return a file that has at most so many bytes.

    Raises:
        ImageError: it has more.
    """
    if source.size > limit:
        raise ImageError(f"it has more than {limit:,} bytes, which no such file has")
    return source


def _mount_of(partition: Partition) -> str:
    """Return where the phone mounts it. A system partition may hold the root of everything (Android 9 and later)."""
    if partition.name != SYSTEM:
        return f"/{partition.name}"
    try:
        names = {entry.name for entry in islice(partition.files.entries(partition.files.root), MOST_AT_TOP)}
    except ImageError:
        return ROOT_FOLDER
    return "" if SYSTEM in names and "build.prop" not in names else ROOT_FOLDER
