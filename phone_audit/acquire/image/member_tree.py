"""The members of an archive as a file system, by their paths."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from phone_audit.acquire.image.byte_source import ByteSource, ImageError
from phone_audit.acquire.image.file_system import Entry, Kind, is_name

DEEPEST = 60


@dataclass(eq=False)
class _Folder:
    children: dict[str, "_Folder | ByteSource | str"] = field(default_factory=dict)


class MemberTree:
    """See `FileSystem`. A node is a folder, the bytes of a file, or the target of a link.

    Args:
        kind: what the archive is.
    """

    whole = True

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._root = _Folder()

    @property
    def root(self) -> object:
        return self._root

    def add(self, path: str, node: ByteSource | str | None) -> None:
        """Add a member: a file by its bytes, a link by its target, a folder by None. What is no path is left out."""
        steps = [step for step in path.split("/") if step not in ("", ".")]
        if not steps or len(steps) > DEEPEST or not all(map(is_name, steps)):
            return
        folder = self._root
        for step in steps[:-1] if node is not None else steps:
            inner = folder.children.setdefault(step, _Folder())
            if not isinstance(inner, _Folder):
                return
            folder = inner
        if node is not None and not isinstance(folder.children.get(steps[-1]), _Folder):
            folder.children[steps[-1]] = node

    def link(self, path: str, target: str) -> None:
        """Add a member that has the bytes of another, which came before."""
        node: _Folder | ByteSource | str | None = self._root
        for step in (step for step in target.split("/") if step not in ("", ".")):
            node = node.children.get(step) if isinstance(node, _Folder) else None
        if node is not None and not isinstance(node, _Folder):
            self.add(path, node)

    def entries(self, folder: object) -> Iterator[Entry]:
        if not isinstance(folder, _Folder):
            raise ImageError("what is named as a folder is none")
        for name, node in folder.children.items():
            kind: Kind = "folder" if isinstance(node, _Folder) else "link" if isinstance(node, str) else "file"
            yield Entry(name, kind, node if isinstance(node, _Folder) else (folder, name))

    def open(self, file: object) -> ByteSource:
        node = self._node(file)
        if isinstance(node, _Folder | str):
            raise ImageError("what is named as a file is none")
        return node

    def target(self, link: object) -> str:
        node = self._node(link)
        return node if isinstance(node, str) else ""

    def _node(self, place: object) -> "_Folder | ByteSource | str":
        if isinstance(place, tuple) and isinstance(place[0], _Folder):
            return place[0].children[place[1]]
        raise ImageError("there is no such file")
