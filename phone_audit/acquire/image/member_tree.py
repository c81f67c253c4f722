"""The members of an archive as a file system, by their paths."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from phone_audit.acquire.image.byte_source import ByteSource, ImageError
from phone_audit.acquire.image.file_system import Entry, Flaw, Kind, is_name

DEEPEST = 60
_MOST_FLAWS, _MOST_SHOWN = 20, 200


@dataclass(eq=False)
class _Folder:
    children: dict[str, "_Folder | ByteSource | str"] = field(default_factory=dict)


class MemberTree:
    """See `FileSystem`. A node is a folder, the bytes of a file, or the target of a link."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.flaws: list[Flaw] = []
        self._root = _Folder()

    @property
    def root(self) -> object:
        return self._root

    def add(self, path: str, node: ByteSource | str | None) -> None:
        """Add a member: a file by its bytes, a link by its target, a folder by None. What is no path is noted."""
        steps = [step for step in path.split("/") if step not in ("", ".")]
        if not steps and node is None:
            return  # the folder in which all lie
        if not steps or len(steps) > DEEPEST or not all(map(is_name, steps)):
            self.leave_out(path, "its path leads out of it, or is deeper than any")
            return
        folder = self._root
        for step in steps[:-1] if node is not None else steps:
            inner = folder.children.setdefault(step, _Folder())
            if not isinstance(inner, _Folder):
                self.leave_out(path, "a file, or a link, is where its folder should be")
                return
            folder = inner
        if node is None:
            return
        if steps[-1] in folder.children:
            self.leave_out(path, "it is there more than once; only the first was read")
            return
        folder.children[steps[-1]] = node

    def leave_out(self, path: str, why: str) -> None:
        if len(self.flaws) < _MOST_FLAWS:
            self.flaws.append(("left-out", f"The member {path[:_MOST_SHOWN]} was not read: {why}."))
        elif len(self.flaws) == _MOST_FLAWS:
            self.flaws.append(("too-many", "There are more such members."))

    def link(self, path: str, target: str) -> None:
        """Add a member that has the bytes of another, which came before."""
        node: _Folder | ByteSource | str | None = self._root
        for step in (step for step in target.split("/") if step not in ("", ".")):
            node = node.children.get(step) if isinstance(node, _Folder) else None
        if node is None or isinstance(node, _Folder):
            self.leave_out(path, "the member whose bytes it should have is none that came before it")
        else:
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
