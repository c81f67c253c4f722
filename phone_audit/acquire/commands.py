"""What a phone is asked: the commands of the list with their arguments, and how long each may take."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phone_audit.model.command_list import COMMANDS, PLAIN_CHARACTER, listed

PLAIN = re.compile(f"{PLAIN_CHARACTER}*")

COMMAND_LENGTH = 30_000
"""Characters of the words in one command, as they are sent; see `command_list.LONGEST_COMMAND`."""

MEGABYTE = 2**20


@dataclass(frozen=True)
class Command:
    """One question. `timeout` in seconds, `limit` in bytes of output."""

    text: str
    timeout: float = 30.0
    limit: int = 64 * MEGABYTE


GETPROP = Command(listed("properties"), limit=8 * MEGABYTE)
DATE = Command(listed("date"), timeout=10.0, limit=MEGABYTE)
SHELL_ID = Command(listed("shell id"), timeout=10.0, limit=MEGABYTE)
SELINUX = Command(listed("selinux"), timeout=10.0, limit=MEGABYTE)
CORES = Command(listed("cores"), timeout=10.0, limit=100)
GLOBAL_SETTINGS = Command(listed("global settings"), limit=8 * MEGABYTE)
USERS = Command(listed("users"), limit=MEGABYTE)
USER_DUMP = Command(listed("user dump"), limit=8 * MEGABYTE)
CURRENT_USER = Command(listed("current user"), timeout=15.0, limit=MEGABYTE)
PACKAGE_DUMP = Command(listed("package dump"), timeout=120.0, limit=128 * MEGABYTE)

LIST_FLAGS = ("-f -u -i -U --show-versioncode", "-f -u -i -U", "-f -u -i", "-f -u", "-f")
"""Flags of the package list, richest first. `--show-versioncode` came with Android 9, `-U` with 8."""

NAME_FLAGS = ("-u -U", "-u", "")
"""Flags of the lists that have no free text, so that nothing in them can pretend another package."""


APEX_FLAGS = ("--apex-only -f --show-versioncode", "--apex-only -f", "--apex-only")
"""Flags of the list of APEX modules, which came with Android 10; the path stands in it from Android 11 on."""

LIST_TOOLS = ("pm", "cmd package")
"""Programs that list packages; the first one only hands on to the second, and some makers take it away."""


def package_list(flags: str, user: int, tool: str = LIST_TOOLS[0]) -> Command:
    """Ask for the packages of one user.

    Without a user, Android 14 and later list all of them, and fail as a whole where one forbids the shell to look.
    """
    flags = f" {flags}".rstrip()
    return Command(listed("package list", lister=tool, list_flags=flags, user=user), timeout=60.0)


SINGLE_PREFIX = COMMANDS["single packages"].partition("«")[0]


def one_package_dumps(names: Sequence[str]) -> Command:
    """Ask the package service about single packages; each answer follows a line `@INDEX`."""
    asked = "".join(f"echo @{index};dumpsys package {quoted(name)};" for index, name in enumerate(names))
    return Command(listed("single packages", packages=asked), timeout=120.0)


def quoted(path: str) -> str:
    r"""Quote a path of the phone for its shell, in ASCII only.

    Args:
        path: any text without NUL, as decoded with `parse.text.decode`.

    Returns:
        `'...'`, or mksh's `$'...'` with each byte that is not plain in octal.

    Example:
        >>> quoted("/data/app/a b/base.apk"), quoted("/data/it's\n")
        ("'/data/app/a b/base.apk'", "$'/data/it\\047s\\012'")
    """
    if PLAIN.fullmatch(path):
        return f"'{path}'"
    raw = path.encode("utf-8", "surrogateescape")
    return "$'" + "".join(chr(byte) if PLAIN.fullmatch(chr(byte)) else f"\\{byte:03o}" for byte in raw) + "'"


LOOK_PREFIX = COMMANDS["look"].partition("«")[0]
HASH_SETUP = COMMANDS["hash"].partition("«")[0]
DIGESTS_PREFIX = COMMANDS["digests"].partition("f=")[0]
NO_HASH_TOOL = "@none"
HASH_BYTES_A_SECOND = 10_000_000
"""What a slow phone hashes, for the time-out; a Cortex-A53 without crypto instructions does about 50 MB a second."""


def look_at(words: Sequence[str]) -> Command:
    """Ask what lies at each path. A word is `quoted(path)`, or `every_apk(folder)`.

    Paths are the phone's own words: they are quoted, and nothing at them is opened or run.
    """
    return Command(listed("look", places=" ".join(words)), timeout=20.0)


def every_apk(folder: str) -> str:
    """Return the word for the APK files that lie directly in a folder; itself where there are none."""
    return f"{quoted(folder)}/*.apk"


def hash_files(files: Sequence[tuple[str, int]]) -> Command:
    """Ask for the SHA-256 of regular files, each as path and size in bytes; answers come as `@INDEX` and a hash."""
    asked = "".join(f"h {index} {quoted(path)};" for index, (path, _) in enumerate(files))
    seconds = 60.0 + sum(size for _, size in files) / HASH_BYTES_A_SECOND
    return Command(listed("hash", hashed_files=asked), timeout=seconds, limit=MEGABYTE)


def digest_file(path: str) -> Command:
    """Ask for SHA-256, SHA-1 and MD5 of one regular file, a line each: incidents print all three kinds."""
    return Command(listed("digests", path=quoted(path)), timeout=120.0, limit=MEGABYTE)


def batches(words: Iterable[str], length: int = COMMAND_LENGTH) -> list[list[str]]:
    """Split words so that each batch fits in one command; on the way, each quotation mark becomes `'"'"'`."""
    split: list[list[str]] = []
    room = 0
    for word in words:
        cost = len(word) + 1 + 4 * word.count("'")
        if not split or cost > room:
            split.append([])
            room = length
        split[-1].append(word)
        room -= cost
    return split
