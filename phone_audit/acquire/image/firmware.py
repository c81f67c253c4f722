"""The partitions of a firmware as one tree of paths, as the phone would mount them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

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
MOST_LINKS, MOST_STEPS = 40, 5000
"""Links that one path may go through, as Linux has it, and names in all of them."""
MOST_NOTES = 2000
INSIDE = {"vendor": "/system/vendor", "product": "/system/product", "system_ext": "/system/system_ext",
          "odm": "/vendor/odm"}  # fmt: skip
"""Where a partition lies that a phone does not have by itself."""
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
        self._files: dict[str, tuple[FileSystem, object]] = {}
        self._folders: dict[str, list[str]] = {"": []}
        self._links: dict[str, str] = {}
        self._left = MOST_ENTRIES
        self._text_left = MOST_TEXT
        mounts = [(_mount_of(one), one) for one in partitions]
        self._mounted = {place for place, _ in mounts}
        for place, partition in sorted(mounts, key=lambda mount: mount[0]):
            self.mount(partition, place)
        for name, place in INSIDE.items():
            if self.resolved(f"/{name}") is None and self.is_folder(place):
                self._links[f"/{name}"] = place
                self._folders[""].append(f"/{name}")

    def mount(self, partition: Partition, place: str) -> None:
        """Add the paths of a partition below a place; of two partitions at one place the first stands."""
        if partition.name in self.names:
            reason = f"There are two partitions {partition.name}; only the first of them was read."
            self.skip(partition.where, "contradiction", reason)
            return
        self.names.append(partition.name)
        self._mounted.add(place)
        self._add_folder(place)
        seen: dict[object, str] = {}
        pending = [(place, partition.files.root, 0)]
        while pending and self._left > 0 and self._text_left > 0:
            path, node, depth = pending.pop()
            if node in seen:
                self._links[path] = seen[node]
                reason = f"The folder is the same as {seen[node]}; what lies in it is listed there."
                self.skip(path, "contradiction", reason)
                continue
            seen[node] = path
            folders = self._listed(partition.files, path, node)
            inner = [(f"{path}/{one.name}", one.node, depth + 1) for one in folders]
            if inner and depth >= DEEPEST:
                self.skip(path, "too-deep", f"Folders more than {DEEPEST} deep were not looked at.")
            else:
                pending += (one for one in inner if one[0] not in self._mounted)
        if pending or self._left < 0 or self._text_left < 0:
            reason = f"The image names more than {MOST_ENTRIES:,} files; the rest was not looked at."
            self.skip(partition.where, "too-many", reason)

    def _listed(self, files: FileSystem, path: str, node: object) -> list[Entry]:
        """Take what lies in a folder, and return the folders of it."""
        folders = []
        names: set[str] = set()
        try:
            for entry in files.entries(node):
                self._left -= 1
                self._text_left -= len(path) + len(entry.name)
                if self._left < 0 or self._text_left < 0:
                    break
                if entry.name in names:
                    reason = "Two entries of a folder have this name; only the first was read."
                    self.skip(f"{path}/{entry.name}", "contradiction", reason)
                    continue
                names.add(entry.name)
                if is_name(entry.name) and self._take(files, f"{path}/{entry.name}", entry):
                    folders.append(entry)
        except ImageError as error:
            self.skip(path or "/", "damaged", f"The folder was not read to its end: {error}.")
        return folders

    def _take(self, files: FileSystem, path: str, entry: Entry) -> bool:
        """Take one entry; True for a folder. Where a partition is mounted its folder alone counts."""
        if path in self._mounted and entry.kind != "folder":
            return False
        if entry.kind == "folder":
            self._add_folder(path)
            return True
        if entry.kind == "file":
            self._files.setdefault(path, (files, entry.node))
        elif entry.kind == "damaged":
            self.skip(path, "damaged", "It was not read: what the file system says of it is not there.")
        elif entry.kind == "link":
            try:
                target = files.target(entry.node)
                self._text_left -= len(target)
                self._links.setdefault(path, target)
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
        """Note what was not looked at; of countless notes the first."""
        if len(self.skipped) == MOST_NOTES:
            subject, code, reason = "notes", "too-many", "There is more that was not looked at."
        elif len(self.skipped) > MOST_NOTES:
            return
        self.skipped.append(Skipped(subject=shown(subject), step="read", code=code, reason=shown(reason)))

    @property
    def files(self) -> Iterator[str]:
        """Every file by its own path, and by that of a link that gives it another suffix, in no order."""
        yield from self._files
        for path, target in self._links.items():
            suffix = PurePosixPath(path).suffix
            if suffix and suffix != PurePosixPath(target).suffix and self.resolved(path) in self._files:
                yield path

    def note_dangling(self, suffix: str) -> None:
        """Note the links with a suffix that lead to nothing here: a phone may have what they lead to."""
        for path, target in sorted(self._links.items()):
            if path.endswith(suffix) and self.resolved(path) is None:
                self.skip(path, "not-held", f"It is a link to {target}, which the image does not hold.")

    def resolved(self, path: str) -> str | None:
        """Return the path that a path leads to, link by link; None where nothing lies there."""
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        here = ""
        followed = steps = 0
        while todo:
            steps += 1
            part = todo.pop()
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            here = f"{here}/{part}"
            target = self._links.get(here)
            if target is not None:
                followed += 1
                if followed > MOST_LINKS or steps > MOST_STEPS:
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

        Raises an ImageError where there is none, it is damaged, or packed in a way that is not read.
        """
        place = self._files.get(self.resolved(path) or "")
        if place is None:
            raise ImageError("there is no such file")
        files, node = place
        return files.open(node)

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
    """Return a file that has at most so many bytes. Raises ImageError where it has more."""
    if source.size > limit:
        raise ImageError(f"it has more than {limit:,} bytes, which no such file has")
    return source


def _mount_of(partition: Partition) -> str:
    """Return where the phone mounts it. A system partition may hold the root of everything (Android 9 and later)."""
    if partition.name != SYSTEM:
        return f"/{partition.name}"
    top = _top(partition.files, partition.files.root)
    inner = top.get(SYSTEM)
    if inner is None or inner.kind != "folder":
        return ROOT_FOLDER
    return "" if "build.prop" not in top or "build.prop" in _top(partition.files, inner.node) else ROOT_FOLDER


def _top(files: FileSystem, folder: object) -> dict[str, Entry]:
    """Return what lies in a folder, as far as it can be read, each name once."""
    found: dict[str, Entry] = {}
    with suppress(ImageError):
        for entry in islice(files.entries(folder), MOST_ENTRIES):
            found.setdefault(entry.name, entry)
    return found
