"""Commands of the list that look at files, hash them, or give out their bytes."""

import hashlib
import re
import stat
from collections.abc import Iterable, Mapping

from phone_audit.model.command_list import read_line
from phone_audit.simulated.call import PATH, Answer, Call, decode, every_path, one_path
from phone_audit.simulated.tree import Node, Tree, allowed

_CHUNK = 64 * 1024
_HASHED = re.compile(rf"h ([0-9]+) ({PATH});")
_HASHED_GROUP = re.compile(
    rf"""\$H <(?P<odd>{PATH})\|while read -r d n;do echo "\$d  (?P<shown>@[0-9a-f]+)";done;"""
    rf"|\$H (?P<paths>{PATH}(?: {PATH})*);"
)


# ------------------------------------------------------------------------------- what a shell asks of a file
def _find(tree: Tree, path: str) -> Node | None:
    try:
        return tree.find(path)
    except OSError:
        return None


def _is_regular(node: Node | None) -> bool:
    return node is not None and stat.S_ISREG(node.mode)


def _readable_files(tree: Tree, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (node := _find(tree, path)) and _is_regular(node) and allowed(node, 4)]


def _size_lines(tree: Tree, paths: Iterable[str]) -> str:
    return "".join(f"{tree.find(path).size}\n" for path in paths)


def cat(call: Call, paths: Iterable[str]) -> int:
    """Write the bytes of each file; of one that cannot be read it is said, and the others follow all the same."""
    status = 0
    for path in paths:
        try:
            with call.phone.tree.open(path) as file:
                while chunk := file.read(_CHUNK):
                    call.streams.stdout.write(chunk)
        except BrokenPipeError:
            raise
        except OSError as error:
            call.error(f"cat: {path}: {error.strerror}\n")
            status = 1
    return status


def _digest(tree: Tree, path: str, kind: str) -> str | None:
    """Return the hash of a file in hexadecimal; None where it cannot be read."""
    state = hashlib.new(kind, usedforsecurity=False)
    try:
        with tree.open(path) as file:
            while chunk := file.read(_CHUNK):
                state.update(chunk)
    except OSError:
        return None
    return state.hexdigest()


# ------------------------------------------------------------------------------------------ what lies at paths
def _kind(node: Node | None) -> str:
    if node is None:
        return "missing"
    if node.is_folder:
        return "folder"
    if _is_regular(node):
        return "denied"
    return "fifo" if stat.S_ISFIFO(node.mode) else "device"


def _look(call: Call) -> int:
    tree = call.phone.tree
    paths = every_path(call.arguments["places"], tree)
    files = _readable_files(tree, paths)
    readable = set(files)
    for path in paths:
        if path not in readable:
            call.out(f"\0{_kind(_find(tree, path))}\0{path}\0")
    return call.out("\0files\0" + _size_lines(tree, files) + ("".join(f"\0{path}" for path in files) or "\0"))


def _stat(call: Call, paths: Iterable[str], form: str) -> int:
    """Write a line for each path; `form` names the fields of a `Node`, and `path`."""
    status = 0
    for path in paths:
        try:
            node = call.phone.tree.find(path)
        except OSError as error:
            call.error(f"stat: '{path}': {error.strerror}\n")
            status = 1
        else:
            call.out(form.format(node=node, path=path) + "\n")
    return status


def _mode(call: Call) -> int:
    return _stat(call, [one_path(call.arguments["path"])], "{node.mode:x}")


def _times(call: Call) -> int:
    call.out(f"{int(call.phone.clock())}\n")
    paths = every_path(call.arguments["plain paths"], call.phone.tree)
    return _stat(call, paths, "{node.size} {node.time} {node.time} {node.inode} {path}")


# ------------------------------------------------------------------------------------------------------ hashes
def _hash(call: Call) -> int:
    status = 0
    for number, word in _HASHED.findall(call.arguments["hashed files"]):
        call.out(f"@{number}\n")
        status = _hash_input(call, one_path(word), "sha256")
    return status


def _hash_input(call: Call, path: str, kind: str) -> int:
    """Hash a regular file that the shell opens, so that it is the shell that says why it cannot."""
    tree = call.phone.tree
    if not _is_regular(_find(tree, path)):
        return 1
    try:
        tree.open(path).close()
    except OSError as error:
        return call.complain(f"can't open {path}: {error.strerror}", 1)
    return _print_hash(call, path, "-", kind)


def _hashes(call: Call) -> int:
    tree = call.phone.tree
    for found in _HASHED_GROUP.finditer(call.arguments["hashed groups"]):
        if found["odd"]:
            _print_hash(call, one_path(found["odd"]), found["shown"])
            continue
        for path in every_path(found["paths"], tree):
            _print_hash(call, path, path)
    return call.out("@end\n")


def _print_hash(call: Call, path: str, shown: str, kind: str = "sha256") -> int:
    """Write `HASH  SHOWN` for a file; nothing where it cannot be read."""
    digest = _digest(call.phone.tree, path, kind)
    if digest is None:
        return 1
    return call.out(f"{digest}  {shown}\n")


def _digests(call: Call) -> int:
    path = one_path(call.arguments["path"])
    return [_hash_input(call, path, kind) for kind in ("sha256", "sha1", "md5")][-1]


def _framework_hashes(call: Call) -> int:
    tree = call.phone.tree
    for path in _readable_files(tree, every_path(call.arguments["own paths"], tree)):
        _print_hash(call, path, path)
    return 0


# ------------------------------------------------------------------------------------------------------- bytes
def _folder_state(node: Node | None) -> str:
    if node is None or not node.is_folder:
        return "none"
    return "open" if allowed(node, 4) and allowed(node, 1) else "shut"


def _small_files(call: Call) -> int:
    tree, arguments = call.phone.tree, call.arguments
    files = _readable_files(tree, every_path(arguments["small files"], tree))
    folders = every_path(arguments["plain paths"], tree)
    there = [path for path in every_path(arguments["own paths"], tree) if tree.exists(path)]
    call.out("\0folders\0" + "".join(f"{_folder_state(_find(tree, path))}\0{path}\0" for path in folders))
    call.out("\0there\0" + "".join(f"{path}\0" for path in there))
    call.out("\0files\0" + _size_lines(tree, files) + "\0" + "".join(f"{path}\0" for path in files) + "\0bytes\0")
    return cat(call, files)


def _dd(call: Call, path: str, arguments: Mapping[str, str]) -> int:
    """Write part of a file, of which `skip` and `count` are in blocks; without a count, up to its end."""
    block = int(arguments["block"])
    if block == 0:
        return 1
    left = int(arguments["count"]) * block if "count" in arguments else None
    try:
        with call.phone.tree.open(path) as file:
            file.seek(min(int(arguments["skip"]) * block, file.seek(0, 2)))
            while chunk := file.read(_CHUNK if left is None else min(left, _CHUNK)):
                call.streams.stdout.write(chunk)
                left = None if left is None else left - len(chunk)
    except BrokenPipeError:
        raise
    except OSError:
        return 1
    return 0


def _rest(call: Call) -> int:
    return _dd(call, one_path(call.arguments["path"]), call.arguments)


def _ranges(call: Call) -> int:
    """Answer each line that asks for part of a file, until there is no other."""
    mark = call.arguments["mark"]
    call.out(f"{mark}:0:0\n")
    while (line := decode(call.streams.stdin.readline())).endswith("\n"):
        asked = read_line("range", line)
        if asked is not None:
            status = _dd(call, one_path(asked["plain path"]), asked)
            call.out(f"{mark}:{asked['number']}:{status}\n")
    return 0


FILE_ANSWERS: Mapping[str, Answer] = {
    "look": _look,
    "mode": _mode,
    "times": _times,
    "hash": _hash,
    "hashes": _hashes,
    "digests": _digests,
    "framework hashes": _framework_hashes,
    "small files": _small_files,
    "rest of a file": _rest,
    "ranges": _ranges,
}
"""Command of the list → what answers it."""
