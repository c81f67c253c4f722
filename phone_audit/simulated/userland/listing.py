"""What files are: ls, stat, find, readlink, du.

The words are those of toybox, the tools of Android since 6.
"""

import re
import stat
import time
from collections.abc import Iterable
from functools import partial

from phone_audit.simulated.tree import Node
from phone_audit.simulated.userland.call import Call, Command, options
from phone_audit.simulated.userland.words import matches

_NAMES = {0: "root", 1000: "system", 1001: "radio", 1011: "adb", 1015: "sdcard_rw", 2000: "shell"}
_KINDS = {
    stat.S_IFREG: "regular file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFCHR: "character device",
}


def owner(number: int) -> str:
    """Return the name of a user or group, as Android has it."""
    return _NAMES.get(number, str(number))


def _blocks(node: Node) -> int:
    """Blocks of 512 bytes, whole pages."""
    return 0 if node.is_link else -(-node.size // 4096) * 8


def _links(node: Node) -> int:
    return 2 + sum(child.is_folder for child in node.children.values()) if node.is_folder else 1


def _context(path: str) -> str:
    kind = "apk_data_file" if path.startswith("/data/app/") else "system_file"
    return f"u:object_r:{kind}:s0"


def _rows(rows: list[tuple[str, ...]]) -> str:
    """Align all but the last column: names to the left, the numbers (links, size) to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if at in (1, 5) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row[:-1], widths, strict=False))
        ]
        lines.append(" ".join(cell for cell in [*cells, row[-1]] if cell) + "\n")
    return "".join(lines)


def _long(name: str, path: str, node: Node, found: dict[str, str]) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(node.time))
    who = (str(node.uid), str(node.gid)) if "n" in found else (owner(node.uid), owner(node.gid))
    context = _context(path) if "Z" in found else ""
    shown = f"{name} -> {node.link}" if node.is_link else name
    return (stat.filemode(node.mode), str(_links(node)), *who, context, str(node.size), when, shown)


def _list(call: Call, entries: Iterable[tuple[str, str, Node]], found: dict[str, str]) -> None:
    """Print entries (name, path, node) in the form that the options ask for."""
    entries = list(entries)
    if "l" in found or "n" in found:
        call.out(_rows([_long(name, path, node, found) for name, path, node in entries]) if entries else "")
        return
    for name, path, _node in entries:
        call.out(f"{_context(path)} {name}\n" if "Z" in found else f"{name}\n")


def _folder(call: Call, path: str, found: dict[str, str]) -> None:
    tree = call.phone.tree
    names = [name for name in tree.names(path) if "a" in found or "A" in found or not name.startswith(".")]
    entries = [(name, f"{path}/{name}", tree.find(f"{path}/{name}", follow=False)) for name in names]
    if "a" in found:
        dots = [(dot, path, tree.find(f"{path}/{dot}")) for dot in (".", "..")]
        entries = [*dots, *entries]
    if "l" in found or "n" in found or "s" in found:
        call.out(f"total {sum(_blocks(node) for _, _, node in entries) // 2}\n")
    _list(call, entries, found)


def _ls(call: Call) -> int:
    found, names = options(call, "1aAdlnsRZL")
    status, files, folders = 0, [], []
    for name in sorted(names) or ["."]:
        path = call.path(name)
        try:
            node = call.phone.tree.find(path, follow="L" in found or name.endswith("/"))
            into = node if "l" in found or "d" in found else call.phone.tree.find(path)
        except OSError as error:
            status = call.fail(f"{name}: {error.strerror}")
            continue
        if into.is_folder and "d" not in found:
            folders.append((name, path))
        else:
            files.append((name, path, node))
    _list(call, files, found)
    for name, path in folders:
        try:
            call.out(f"{name}:\n" if len(folders) > 1 or files or "R" in found else "")
            _folder(call, path, found)
        except OSError as error:
            status = call.fail(f"{name}: {error.strerror}")
    return status


def _value(name: str, node: Node, letter: re.Match[str]) -> str:
    """One `%` letter of `stat -c`."""
    when = time.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", time.gmtime(node.time))
    values = {
        "%": "%",
        "a": f"{stat.S_IMODE(node.mode):o}",
        "A": stat.filemode(node.mode),
        "b": str(_blocks(node)),
        "B": "512",
        "f": f"{node.mode:x}",
        "F": _KINDS.get(stat.S_IFMT(node.mode), "file"),
        "g": str(node.gid),
        "G": owner(node.gid),
        "h": str(_links(node)),
        "i": str(node.inode),
        "n": name,
        "N": f"{name} -> {node.link}" if node.is_link else name,
        "s": str(node.size),
        "u": str(node.uid),
        "U": owner(node.uid),
        **dict.fromkeys("xyz", when),
        **dict.fromkeys("XYZ", str(node.time)),
    }
    return values.get(letter[2], "?").rjust(int(letter[1] or "0"))


_LETTER = re.compile(r"% ?(\d*)(.)")
_USUAL = """\
  File: %N
  Size: %s\t Blocks: %b\t IO Blocks: %B\t %F
Device: fe00h/65024d\t Inode: %i\t Links: %h\t Device type: 0,0
Access: (0%a/%A)\tUid: (% 5u/% 8U)\tGid: (% 5g/% 8G)
Access: %x
Modify: %y
Change: %z"""


def _stat(call: Call) -> int:
    found, names = options(call, "L", "c")
    if not names:
        return call.fail("Needs 1 argument")
    status = 0
    for name in names:
        try:
            node = call.phone.tree.find(call.path(name), follow="L" in found)
        except OSError as error:
            status = call.fail(f"'{name}': {error.strerror}")
            continue
        shown = _LETTER.sub(partial(_value, name, node), found.get("c", _USUAL))
        call.out(shown + "\n")
    return status


def _find(call: Call) -> int:
    """`find PATH... [-type f|d|l] [-name PATTERN] [-maxdepth N] [-print0]`."""
    words = list(call.args)
    starts = []
    while words and not words[0].startswith("-"):
        starts.append(words.pop(0))
    wanted: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word in ("-print", "-print0"):
            wanted[word] = ""
        elif word in ("-type", "-name", "-maxdepth") and words:
            wanted[word] = words.pop(0)
        else:
            return call.fail(f"bad arg '{word}'")
    status, end = 0, "\0" if "-print0" in wanted else "\n"
    for start in starts or ["."]:
        try:
            for path, node in call.phone.tree.walk(call.path(start)):
                shown = start + path[len(call.path(start)) :]
                if _wanted(shown, node, shown.count("/") - start.rstrip("/").count("/"), wanted):
                    call.out(shown + end)
        except BrokenPipeError:
            raise
        except OSError as error:
            status = call.fail(f"'{start}': {error.strerror}")
    return status


def _wanted(path: str, node: Node, depth: int, wanted: dict[str, str]) -> bool:
    kind = "d" if node.is_folder else "l" if node.is_link else "f"
    if wanted.get("-type", kind) != kind or depth > int(wanted.get("-maxdepth", "999")):
        return False
    return matches(path.rpartition("/")[2], wanted.get("-name", "*"))


def _readlink(call: Call) -> int:
    found, names = options(call, "f")
    status = 0
    for name in names:
        try:
            node = call.phone.tree.find(call.path(name), follow=False)
        except OSError:
            status = 1
            continue
        if "f" in found:
            call.out(call.phone.tree.real_path(call.path(name)) + "\n")
        elif node.is_link:
            call.out(node.link + "\n")
        else:
            status = 1
    return status


COMMANDS: dict[str, Command] = {"ls": _ls, "stat": _stat, "find": _find, "readlink": _readlink}
