r"""The list of what is sent to a phone's shell: every command, and the grammar of its arguments. Nothing else is sent.

`«name»` stands for an argument of `ARGUMENTS`, all else for itself. The phone says which packages and paths it has, so
it fills in some of the arguments; their grammar lets no word be an option, a sub-command or a second command. The name
of a package has a dot in it: that tells it from the sub-commands of `dumpsys package`, of which `write` and others
change the phone (AOSP `PackageManagerService.dump` takes for a name what has a dot, and `android`).

A test freezes the list; docs/security.md says what it is good for.
"""

import re
from collections.abc import Mapping
from functools import cache

from phone_audit.errors import UnlistedCommandError

LONGEST_COMMAND = 60_000
"""Characters. A packet of the oldest daemon we meet (Android 8) and the adb server take 64 KB."""

LONGEST_PATH = 4095
"""Bytes (Linux `PATH_MAX`, without the zero byte at its end)."""

LONGEST_NAME = 223
"""Characters of a package's name (AOSP `FrameworkParsingPackageUtils.MAX_FILE_NAME_SIZE`)."""

PLAIN_CHARACTER = r"[A-Za-z0-9 _./~=+@%,:()\-]"
"""Bytes that mean nothing to a shell inside single quotes, and look the same in every log."""

NAME = r"[A-Za-z][A-Za-z0-9_]*+(?:\.[A-Za-z][A-Za-z0-9_]*+)++"
"""A package's name (AOSP `FrameworkParsingPackageUtils.validateName`, with `requireSeparator`); see `LONGEST_NAME`."""

_NUMBER = "(?:0|[1-9][0-9]{0,18})"
_PLAIN_PATH = f"'/{PLAIN_CHARACTER}*+'"
_PATH = rf"(?:{_PLAIN_PATH}|\$'/(?:{PLAIN_CHARACTER}|\\(?!000)[0-3][0-7][0-7])*+')"
_PACKAGE = rf"'(?=[A-Za-z0-9_.]{{1,{LONGEST_NAME}}}'){NAME}'"
_PLACE = rf"{_PATH}(?:/\*\.apk|/oat/\*/\*\.\[ov\]dex|(?:/\*)?/boot\*\.vdex)?"


def _several(one: str) -> str:
    return f"{one}(?: {one})*+"


ARGUMENTS: Mapping[str, str] = {
    "user": "(?:0|[1-9][0-9]{0,8})",
    "number": _NUMBER,
    "block": _NUMBER,
    "skip": _NUMBER,
    "count": _NUMBER,
    "mark": "phone-audit:[0-9a-f]{16,32}",
    "lister": "(?:pm|cmd package)",
    "list flags": "(?: -[s3d])?(?: (?:-[fuiU]|--show-versioncode|--apex-only))*+",
    "path": _PATH,
    "plain path": _PLAIN_PATH,
    "plain paths": _several(_PLAIN_PATH),
    "places": _several(_PLACE),
    "small files": _several(rf"{_PLAIN_PATH}(?:/\*)?"),
    "own paths": _several(r"/[A-Za-z0-9_.*/]++"),
    "packages": rf"(?:echo @{_NUMBER};dumpsys package {_PACKAGE};)++",
    "hashed files": f"(?:h {_NUMBER} {_PATH};)*+",
    "hashed groups": (
        rf"(?:\$H {_several(_PLAIN_PATH)};"
        rf'|\$H <{_PATH}\|while read -r d n;do echo "\$d  @[0-9a-f]++";done;)*+'
    ),
}
"""Argument → regular expression. No text can be met in two ways, so that meeting it takes time as its length does."""

_REGULAR_FILES = 'do if [ -f "$a" ]&&[ -r "$a" ];then set -- "$@" "$a";'
_HASH_TOOL = "H=sha256sum;command -v $H >/dev/null 2>&1||H='toybox sha256sum';"

COMMANDS: Mapping[str, str] = {
    # the phone as a whole
    "properties": "getprop",
    "date": "date '+%s %z'",
    "shell id": "id",
    "selinux": "getenforce",
    "cores": "nproc",
    "mounts": "cat /proc/mounts",
    # users and packages
    "users": "pm list users",
    "user dump": "dumpsys user",
    "current user": "am get-current-user",
    "package list": "«lister» list packages«list flags» --user «user»",
    "package dump": "dumpsys package",
    "single packages": ": single;«packages»",
    # settings and services
    "global settings": "settings list global",
    "secure settings": "settings list --user «user» secure",
    "system settings": "settings list --user 0 system",
    "accessibility": "dumpsys accessibility",
    "adb": "dumpsys adb",
    "appops": "date '+%s %z';dumpsys appops",
    "connectivity": "dumpsys connectivity",
    "device policy": "dumpsys device_policy",
    "idle list": "dumpsys deviceidle whitelist",
    "netstats": "dumpsys netstats detail",
    "roles": "dumpsys role",
    "transparency": "cmd transparency get image_info;cmd transparency get apex_info",
    # what lies at paths: nothing is opened, so that a FIFO or a device cannot stop it
    "look": (
        f": look;set --;for a in «places»;{_REGULAR_FILES}else "
        'if [ -d "$a" ];then k=folder;elif [ -f "$a" ];then k=denied;elif [ -p "$a" ];then k=fifo;'
        'elif [ -e "$a" ];then k=device;else k=missing;fi;'
        "printf '\\0%s\\0%s\\0' $k \"$a\";fi;done;"
        "printf '\\0files\\0';stat -L -c %s \"$@\" 2>/dev/null;printf '\\0%s' \"$@\""
    ),
    "mode": "stat -L -c %f «path»",
    "times": ": times;date +%s;stat -L -c '%s %Y %Z %i %n' «plain paths»",
    # hashes of regular files
    "hash": (
        f": hash;{_HASH_TOOL}"
        '$H </dev/null >/dev/null 2>&1||H=;h(){ echo "@$1";[ -f "$2" ]&&$H <"$2" 2>/dev/null;};'
        '[ -z "$H" ]&&echo @none||{ :;«hashed files»}'
    ),
    "hashes": (
        ": hashes;exec 2>/dev/null;H=sha256sum;command -v $H >/dev/null||H='toybox sha256sum';"
        '$H </dev/null >/dev/null||H=;[ -z "$H" ]&&echo @none&&exit;«hashed groups»echo @end'
    ),
    "digests": (': digests;f=«path»;for t in sha256sum sha1sum md5sum;do [ -f "$f" ]&&$t <"$f" 2>/dev/null;done'),
    "framework hashes": (
        f": framework;set --;for a in «own paths»;{_REGULAR_FILES}fi;done;"
        f'{_HASH_TOOL}if [ $# -gt 0 ];then $H "$@" 2>/dev/null;fi'
    ),
    # bytes of regular files
    "small files": (
        f": files;set --;for a in «small files»;{_REGULAR_FILES}fi;done;"
        "printf '\\0folders\\0';for d in «plain paths»;do if [ ! -d \"$d\" ];then k=none;"
        'elif [ -r "$d" ]&&[ -x "$d" ];then k=open;else k=shut;fi;printf \'%s\\0%s\\0\' $k "$d";done;'
        "printf '\\0there\\0';for p in «own paths»;do if [ -e \"$p\" ];then printf '%s\\0' \"$p\";fi;done;"
        "printf '\\0files\\0';if [ $# -gt 0 ];then stat -L -c %s \"$@\" 2>/dev/null;printf '\\0';printf '%s\\0' \"$@\";"
        "printf '\\0bytes\\0';cat \"$@\" 2>/dev/null;else printf '\\0\\0bytes\\0';fi"
    ),
    "rest of a file": "dd if=«path» bs=«block» skip=«skip» 2>/dev/null </dev/null",
    "ranges": (
        'exec 2>/dev/null;part(){ dd if="$2" bs=$3 skip=$4 count=$5 </dev/null 2>/dev/null;echo «mark»:$1:$?;};'
        'echo «mark»:0:0;while IFS= read -r l;do eval "part $l";done'
    ),
    # what `watch` asks again and again
    "moment": (
        "dumpsys power 2>/dev/null|grep -m 1 mWakefulness=;dumpsys activity activities 2>/dev/null|grep ResumedActivity"
    ),
    "traffic": (
        "cat /proc/net/xt_qtaguid/stats 2>/dev/null||"
        "{ dumpsys netstats --poll >/dev/null 2>&1;dumpsys netstats detail 2>/dev/null;}"
    ),
    "looked up names": "dumpsys dnsresolver 2>/dev/null",
    "sockets": ": watch;while read -r w;do cat «own paths» 2>&1;echo «mark»;times;echo «mark»;done",
}
"""Name → command. `Transport.shell` and `LiveTransport.start` send nothing else."""

LINES: Mapping[str, str] = {
    "range": "«number» «plain path» «block» «skip» «count»\n",
    "again": "\n",
}
"""What is written to a program that runs: to `ranges` and to `sockets`."""

_ARGUMENT = re.compile("«([a-z ]+)»")
_SHOWN = 80


def listed(name: str, **arguments: str | int) -> str:
    """Return a command of the list with its arguments, `_` standing for a blank in their names.

    Whether the arguments have their grammar is seen where the text is sent.

    Example:
        >>> listed("secure settings", user=10)
        'settings list --user 10 secure'
    """
    return _filled(COMMANDS[name], arguments)


def line(name: str, **arguments: str | int) -> str:
    """Return a line of `LINES` with its arguments; an UnlistedCommandError where one does not have its grammar."""
    text = _filled(LINES[name], arguments)
    if not _pattern(LINES[name]).fullmatch(text):
        raise _unlisted(text)
    return text


def is_listed(text: str) -> bool:
    """Tell whether a command is in the list, and its arguments are what they have to be."""
    return len(text) <= LONGEST_COMMAND and any(_pattern(one).fullmatch(text) for one in COMMANDS.values())


def find_command(text: str) -> tuple[str, Mapping[str, str]] | None:
    """Return which command of the list a text is, and its arguments; None where it is none.

    Example:
        >>> find_command("settings list --user 10 secure")
        ('secure settings', {'user': '10'})
    """
    return next(((name, found) for name, one in COMMANDS.items() if (found := _arguments(one, text)) is not None), None)


def read_line(name: str, text: str) -> Mapping[str, str] | None:
    """Return the arguments of a line of `LINES`; None where the text is another one."""
    return _arguments(LINES[name], text)


def require_listed(text: str) -> None:
    """Raise UnlistedCommandError for a command that is not in the list."""
    if not is_listed(text):
        raise _unlisted(text)


def is_path(path: str) -> bool:
    """Tell whether a phone can have a file there: the path is absolute, not too long, and holds no zero byte."""
    return path.startswith("/") and "\0" not in path and len(path.encode("utf-8", "surrogateescape")) <= LONGEST_PATH


def is_package_name(name: str) -> bool:
    """Tell whether a package other than `android` can have this name.

    Example:
        >>> is_package_name("org.example.app_1"), is_package_name("write"), is_package_name("org.example;id")
        (True, False, False)
    """
    return len(name) <= LONGEST_NAME and re.fullmatch(NAME, name) is not None


def _filled(template: str, arguments: Mapping[str, str | int]) -> str:
    given = {key.replace("_", " "): str(value) for key, value in arguments.items()}
    return _ARGUMENT.sub(lambda found: given[found[1]], template)


def _unlisted(text: str) -> UnlistedCommandError:
    return UnlistedCommandError(
        f"This is not among the commands that phone-audit sends, so it was not sent: {text[:_SHOWN]!a}",
        "That is a fault of phone-audit, or somebody tries to use it; please report it.",
    )


def _arguments(template: str, text: str) -> Mapping[str, str] | None:
    found = _pattern(template).fullmatch(text)
    return None if found is None else dict(zip(_ARGUMENT.findall(template), found.groups(), strict=True))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Make the expression that a command meets as a whole, with a group for each argument."""
    words = _ARGUMENT.split(template)
    return re.compile(
        "".join(f"({ARGUMENTS[word]})" if index % 2 else re.escape(word) for index, word in enumerate(words))
    )
