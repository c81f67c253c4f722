"""The phone's files: a read-only tree made from the profile, looked at with the rights of the shell user."""

import errno
import os
import stat
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from phone_audit.simulated.profile import Profile, base_path

SHELL_UID = 2000
SHELL_GROUPS = (2000, 1004, 1007, 1011, 1015, 1028, 3001, 3002, 3003, 3006, 3009, 3011)
FIRMWARE_TIME = 1230768000  # 2009-01-01, the time that every file of a system image carries
_MOST_LINKS = 40

# path: mode, owner, group (AOSP system/core/rootdir/init.rc, Android 9)
_FOLDERS = {
    "/data": (0o771, 1000, 1000),
    "/data/app": (0o771, 1000, 1000),
    "/data/data": (0o771, 1000, 1000),
    "/data/drm": (0o770, 1019, 1019),
    "/data/local": (0o751, 0, 0),
    "/data/local/tmp": (0o771, 2000, 2000),
    "/data/system": (0o775, 1000, 1000),
    "/storage/emulated/0": (0o771, 0, 1015),
    "/system/app": (0o755, 0, 0),
    "/system/bin": (0o755, 0, 2000),
    "/system/xbin": (0o755, 0, 2000),
    "/vendor": (0o755, 0, 2000),
}
_LINKS = {"/etc": "/system/etc", "/sdcard": "/storage/self/primary", "/storage/self/primary": "/storage/emulated/0",
          "/system/vendor": "/vendor"}  # fmt: skip
_PROGRAMS = ("am", "cat", "cmd", "date", "dd", "dumpsys", "echo", "getenforce", "getprop", "id", "md5sum", "pm",
             "settings", "sh", "sha1sum", "sha256sum", "stat", "toybox")  # fmt: skip
"""What lies in /system/bin."""


@dataclass(frozen=True)
class Node:
    """A file, a folder or a link. `mode` is as in `st_mode`; `time` in seconds since 1970; `size` in bytes."""

    mode: int
    uid: int
    gid: int
    time: int
    size: int
    inode: int
    content: bytes | Path | None = None
    link: str = ""
    children: dict[str, "Node"] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)


def fault(number: int, path: str) -> OSError:
    """Return the error of a system call, as its subclass of `OSError`."""
    return OSError(number, os.strerror(number), path)


def allowed(node: Node, want: int) -> bool:
    """Tell whether the shell user may read (4), write (2) or enter (1) a node."""
    if node.uid == SHELL_UID:
        return bool(node.mode >> 6 & want)
    if node.gid in SHELL_GROUPS:
        return bool(node.mode >> 3 & want)
    return bool(node.mode & want)


class Tree:
    """Every file of the phone. Nothing in it changes."""

    def __init__(self, profile: Profile) -> None:
        self._inodes = iter(range(11, 1 << 31))
        self.root = self._folder("/")
        for path in _FOLDERS:
            self._make_folder(path)
        for path, target in _LINKS.items():
            self._put(path, self._node(stat.S_IFLNK | 0o777, len(target), link=target))
        self._put("/dev/null", self._node(stat.S_IFCHR | 0o666, 0, content=b""))
        for name in _PROGRAMS:
            self._put(f"/system/bin/{name}", self._file(b"\x7fELF", 0o755, 0, 2000))
        for file in profile.files:
            self._put(file.path, self._file(file.text.encode(), int(file.mode, 8), file.uid, file.gid))
        self._put_packages(profile)

    def _put_packages(self, profile: Profile) -> None:
        for package in profile.packages:
            owner = 0 if package.system and package.hidden_system is None else 1000
            when = package.last_update if owner else FIRMWARE_TIME
            apks = {package.base_path: package.apk}
            apks.update({path: package.splits[name] for name, path in package.split_paths.items()})
            for path, apk in apks.items():
                self._put(path, self._apk(profile.folder / apk, owner, when))
            if package.hidden_system is not None:
                hidden = package.hidden_system
                self._put(base_path(hidden.code_path), self._apk(profile.folder / hidden.apk, 0, FIRMWARE_TIME))

    def _node(self, mode: int, size: int, uid: int = 0, gid: int = 0, time: int = FIRMWARE_TIME, *,
              content: bytes | Path | None = None, link: str = "") -> Node:  # fmt: skip
        return Node(mode, uid, gid, time, size, next(self._inodes), content, link)

    def _folder(self, path: str) -> Node:
        mode, uid, gid = _FOLDERS.get(path, (0o755, 1000, 1000) if path.startswith("/data/app/") else (0o755, 0, 0))
        return self._node(stat.S_IFDIR | mode, 4096, uid, gid)

    def _file(self, content: bytes, mode: int, uid: int, gid: int) -> Node:
        return self._node(stat.S_IFREG | mode, len(content), uid, gid, content=content)

    def _apk(self, file: Path, owner: int, time: int) -> Node:
        return self._node(stat.S_IFREG | 0o644, file.stat().st_size, owner, owner, time, content=file)

    def _make_folder(self, path: str) -> Node:
        node, at = self.root, ""
        for name in path.strip("/").split("/"):
            if not name:
                continue
            at = f"{at}/{name}"
            if name not in node.children:
                node.children[name] = self._folder(at)
            node = node.children[name]
        return node

    def _put(self, path: str, node: Node) -> None:
        folder, _, name = path.rpartition("/")
        self._make_folder(folder).children[name] = node

    def find(self, path: str, *, follow: bool = True) -> Node:
        """Return the node of an absolute path.

        Raises:
            OSError: as the system calls raise it: nothing there, no folder, no permission, a loop of links.
        """
        if not path:
            raise fault(errno.ENOENT, path)
        left, links = _names(path), 0
        trail = [self.root]
        while left:
            name, node = left.pop(0), trail[-1]
            if not node.is_folder:
                raise fault(errno.ENOTDIR, path)
            if not allowed(node, 1):
                raise fault(errno.EACCES, path)
            if name == "..":
                if len(trail) > 1:
                    trail.pop()
                continue
            child = node.children.get(name)
            if child is None:
                raise fault(errno.ENOENT, path)
            if child.is_link and (follow or left):
                links += 1
                if links > _MOST_LINKS:
                    raise fault(errno.ELOOP, path)
                left = _names(child.link) + left
                trail = trail[:1]
                continue
            trail.append(child)
        return trail[-1]

    def exists(self, path: str, *, follow: bool = True) -> bool:
        """Tell whether there is a node at an absolute path that the shell user can reach."""
        try:
            self.find(path, follow=follow)
        except OSError:
            return False
        return True

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a folder. Raises OSError where it is no folder, or the shell may not list it."""
        node = self.find(path)
        if not node.is_folder:
            raise fault(errno.ENOTDIR, path)
        if not allowed(node, 4):
            raise fault(errno.EACCES, path)
        return sorted(node.children)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading. Raises OSError where there is none, or the shell may not read it."""
        node = self.find(path)
        if not allowed(node, 4):
            raise fault(errno.EACCES, path)
        if node.is_folder:
            raise fault(errno.EISDIR, path)
        return node.content.open("rb") if isinstance(node.content, Path) else BytesIO(node.content or b"")


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]
