"""What a phone is asked, as data: the commands, what each is for, and how long it may take."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PLAIN = re.compile(r"[A-Za-z0-9 _./~=+@%,:()\-]*")
"""Bytes that mean nothing to a shell inside single quotes, and look the same in every log."""

COMMAND_LENGTH = 30_000
"""Characters of one command. A packet of the oldest daemon we meet (Android 8) and the adb server take 64 KB."""

MEGABYTE = 2**20


@dataclass(frozen=True)
class Command:
    """One question. `timeout` in seconds, `limit` in bytes of output."""

    text: str
    timeout: float = 30.0
    limit: int = 64 * MEGABYTE


GETPROP = Command("getprop", limit=8 * MEGABYTE)
DATE = Command("date '+%s %z'", timeout=10.0, limit=MEGABYTE)
SHELL_ID = Command("id", timeout=10.0, limit=MEGABYTE)
SELINUX = Command("getenforce", timeout=10.0, limit=MEGABYTE)
GLOBAL_SETTINGS = Command("settings list global", limit=8 * MEGABYTE)
USERS = Command("pm list users", limit=MEGABYTE)
USER_DUMP = Command("dumpsys user", limit=8 * MEGABYTE)
CURRENT_USER = Command("am get-current-user", timeout=15.0, limit=MEGABYTE)
PACKAGE_DUMP = Command("dumpsys package", timeout=120.0, limit=128 * MEGABYTE)

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
    return Command(f"{tool} list packages {flags}".rstrip() + f" --user {user}", timeout=60.0)


def one_package_dumps(names: Iterable[str]) -> Command:
    """Ask the package service about single packages; each answer follows a line `@INDEX`."""
    asked = "".join(f"echo @{index};dumpsys package {quoted(name)};" for index, name in enumerate(names))
    return Command(": single;" + asked, timeout=120.0)


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


LOOK = (
    ': look;set --;for a in @;do if [ -f "$a" ]&&[ -r "$a" ];then set -- "$@" "$a";else '
    'if [ -d "$a" ];then k=folder;elif [ -f "$a" ];then k=denied;elif [ -p "$a" ];then k=fifo;'
    'elif [ -e "$a" ];then k=device;else k=missing;fi;'
    "printf '\\0%s\\0%s\\0' $k \"$a\";fi;done;"
    "printf '\\0files\\0';stat -L -c %s \"$@\" 2>/dev/null;printf '\\0%s' \"$@\""
)
"""What each word that stands for `@` leads to, then the sizes and names of the files.

Nothing is opened, so a FIFO or a device cannot stop it. One process for all sizes: a phone needs 3 ms to start one.
"""

LOOK_PREFIX = LOOK.partition("@")[0]

HASH_SETUP = (
    ": hash;H=sha256sum;command -v $H >/dev/null 2>&1||H='toybox sha256sum';"
    '$H </dev/null >/dev/null 2>&1||H=;h(){ echo "@$1";[ -f "$2" ]&&$H <"$2" 2>/dev/null;};'
    '[ -z "$H" ]&&echo @none||{ :;'
)
NO_HASH_TOOL = "@none"
HASH_BYTES_A_SECOND = 10_000_000
"""What a slow phone hashes, for the time-out; a Cortex-A53 without crypto instructions does about 50 MB a second."""


def look_at(words: Sequence[str]) -> Command:
    """Ask what lies at each path. A word is `quoted(path)`, or `every_apk(folder)`.

    Paths are the phone's own words: they are quoted, and nothing at them is opened or run.
    """
    return Command(LOOK.replace("@", " ".join(words), 1), timeout=20.0)


def every_apk(folder: str) -> str:
    """Give the word for the APK files that lie directly in a folder; itself where there are none."""
    return f"{quoted(folder)}/*.apk"


def hash_files(files: Sequence[tuple[str, int]]) -> Command:
    """Ask for the SHA-256 of regular files, each as path and size in bytes; answers come as `@INDEX` and a hash."""
    asked = "".join(f"h {index} {quoted(path)};" for index, (path, _) in enumerate(files))
    seconds = 60.0 + sum(size for _, size in files) / HASH_BYTES_A_SECOND
    return Command(f"{HASH_SETUP}{asked}}}", timeout=seconds, limit=MEGABYTE)


DIGESTS_PREFIX = ": digests;"


def digest_file(path: str) -> Command:
    """Ask for SHA-256, SHA-1 and MD5 of one regular file, a line each: incidents print all three kinds."""
    tools = 'for t in sha256sum sha1sum md5sum;do [ -f "$f" ]&&$t <"$f" 2>/dev/null;done'
    return Command(f"{DIGESTS_PREFIX}f={quoted(path)};{tools}", timeout=120.0, limit=MEGABYTE)


def batches(words: Iterable[str], length: int = COMMAND_LENGTH) -> list[list[str]]:
    """Split words so that each batch fits in one command."""
    split: list[list[str]] = []
    room = 0
    for word in words:
        if not split or len(word) >= room:
            split.append([])
            room = length
        split[-1].append(word)
        room -= len(word) + 1
    return split
