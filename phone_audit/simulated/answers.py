"""Answers the commands of the list; here are those that ask the phone's services, and `file_answers` has the others.

Source of the forms: AOSP `PackageManagerShellCommand`, `dumpsys.cpp`, `cmd.cpp`, `SettingsService`, branch pie-release.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

from phone_audit.model.command_list import find_command
from phone_audit.simulated import dumpsys
from phone_audit.simulated.call import Answer, Call, Phone, Streams, every_path
from phone_audit.simulated.file_answers import FILE_ANSWERS, cat
from phone_audit.simulated.profile import SimulatedPackage
from phone_audit.simulated.tree import SHELL_GROUPS

_WITH_STATUS = re.compile(r"\(eval (?P<command>.+)\) </dev/null 2>&1; echo (?P<mark>\S+)\$\?", re.DOTALL)
_NO_SHELL = "the simulated phone has no shell: it answers what phone-audit sends"
_REFUSED = 2
_FAILED = 255  # -1, as Java commands end
_NO_SERVICE = 20
_GROUP_NAMES = {1004: "input", 1007: "log", 1011: "adb", 1015: "sdcard_rw", 1028: "sdcard_r", 2000: "shell",
                3001: "net_bt_admin", 3002: "net_bt", 3003: "inet", 3006: "net_bw_stats", 3009: "readproc",
                3011: "uhid"}  # fmt: skip
_KNOWN_FLAGS = {"-f", "-u", "-i", "-U", "-s", "-3", "-d", "--show-versioncode"}
_SINGLE_PACKAGE = re.compile("echo (@[0-9]+);dumpsys package '([^']*)';")
_TRAFFIC = "/proc/net/xt_qtaguid/stats"


def answer(text: str, phone: Phone, streams: Streams) -> int:
    """Answer a command of the list, alone or inside what asks for its exit status, and return its exit status.

    Raises a BrokenPipeError where the caller has left.
    """
    call = Call(phone, streams)
    wrapped = _WITH_STATUS.fullmatch(text)
    command = _unquoted(wrapped["command"]) if wrapped else None
    if wrapped is None or command is None:
        return _answer_one(text, call)
    status = _answer_one(command, replace(call, streams=Streams(BytesIO(), streams.stdout, streams.stdout)))
    return call.out(f"{wrapped['mark']}{status}\n")


def _answer_one(text: str, call: Call) -> int:
    found = find_command(text)
    if found is None:
        return call.complain(_NO_SHELL, _REFUSED)
    name, arguments = found
    return ANSWERS[name](replace(call, arguments=arguments))


def _unquoted(text: str) -> str | None:
    """Return the one word that a text is, quotes taken off; None where it is none."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    return words[0] if len(words) == 1 else None


# ------------------------------------------------------------------------------------------ the phone as a whole
def _properties(call: Call) -> int:
    return call.out("".join(f"[{name}]: [{value}]\n" for name, value in sorted(call.phone.profile.properties.items())))


def _date(call: Call) -> int:
    return call.out(f"{int(call.phone.clock())} +0000\n")


def _id(call: Call) -> int:
    groups = ",".join(f"{number}({_GROUP_NAMES[number]})" for number in SHELL_GROUPS)
    return call.out(f"uid=2000(shell) gid=2000(shell) groups={groups}, context=u:r:shell:s0\n")


# ------------------------------------------------------------------------------------------- users and packages
def _users(call: Call) -> int:
    rows = (f"\tUserInfo{{{user.id}:{user.name}:{user.flags}}} running\n" for user in call.phone.profile.users)
    return call.out("Users:\n" + "".join(rows))


def _package_list(call: Call) -> int:
    profile, flags = call.phone.profile, call.arguments["list flags"].split()
    unknown = [flag for flag in flags if flag not in _KNOWN_FLAGS]
    if unknown:
        call.out(f"Error: Unknown option: {unknown[0]}\n")
        return _FAILED
    if call.arguments["user"] in [str(user.id) for user in profile.users]:
        shown = [package for package in profile.packages if _is_wanted(package, flags)]
        call.out("".join(_row(package, flags) for package in shown))
    return 0


def _is_wanted(package: SimulatedPackage, flags: list[str]) -> bool:
    left_out = {"-d": not package.disabled, "-s": not package.system, "-3": package.system}
    return not any(left_out.get(flag, False) for flag in flags)


def _row(package: SimulatedPackage, flags: list[str]) -> str:
    row = f"package:{package.base_path}={package.name}" if "-f" in flags else f"package:{package.name}"
    row += f" versionCode:{package.version_code}" if "--show-versioncode" in flags else ""
    row += f"  installer={package.installer or 'null'}" if "-i" in flags else ""
    row += f" uid:{package.app_id}" if "-U" in flags else ""
    return row + "\n"


def _single_packages(call: Call) -> int:
    for mark, name in _SINGLE_PACKAGE.findall(call.arguments["packages"]):
        call.out(f"{mark}\n" + dumpsys.packages(call.phone.profile, name))
    return 0


# ----------------------------------------------------------------------------------------- settings and services
def _settings(space: str) -> Answer:
    def answer(call: Call) -> int:
        settings = call.phone.profile.settings[space]
        return call.out("".join(f"{name}={value}\n" for name, value in sorted(settings.items())))

    return answer


def _dump(service: str, *, quiet: bool = False) -> Answer:
    """Return what answers `dumpsys SERVICE`; `quiet` where its standard error goes nowhere."""

    def answer(call: Call) -> int:
        profile = call.phone.profile
        if service in profile.services:
            call.out(dumpsys.service(profile, service))
        elif not quiet:
            call.error(f"Can't find service: {service}\n")
        return 0  # dumpsys ends with 0 all the same

    return answer


def _appops(call: Call) -> int:
    _date(call)
    return _dump("appops")(call)


def _transparency(call: Call) -> int:
    for _ in ("image_info", "apex_info"):  # came with Android 14
        call.error("cmd: Can't find service: transparency\n")
    return _NO_SERVICE


# --------------------------------------------------------------------------------- what `watch` asks again and again
def _moment(call: Call) -> int:
    call.not_found("grep")
    return call.not_found("grep")


def _traffic(call: Call) -> int:
    if call.phone.tree.exists(_TRAFFIC):
        return cat(call, [_TRAFFIC])
    return _dump("netstats", quiet=True)(call)


def _sockets(call: Call) -> int:
    """Answer each line with the tables of sockets, until there is no other."""
    mark = call.arguments["mark"]
    paths = every_path(call.arguments["own paths"], call.phone.tree)
    together = replace(call, streams=replace(call.streams, stderr=call.streams.stdout))
    while call.streams.stdin.readline().endswith(b"\n"):
        cat(together, paths)
        call.out(f"{mark}\n")
        call.not_found("times")
        call.out(f"{mark}\n")
    return 0


ANSWERS: Mapping[str, Answer] = {
    **FILE_ANSWERS,
    "properties": _properties,
    "date": _date,
    "shell id": _id,
    "selinux": lambda call: call.out("Enforcing\n"),
    "cores": lambda call: call.not_found("nproc"),
    "mounts": lambda call: cat(call, ["/proc/mounts"]),
    "users": _users,
    "user dump": _dump("user"),
    "current user": lambda call: call.out("0\n"),
    "package list": _package_list,
    "package dump": _dump("package"),
    "single packages": _single_packages,
    "global settings": _settings("global"),
    "secure settings": _settings("secure"),
    "system settings": _settings("system"),
    "accessibility": _dump("accessibility"),
    "adb": _dump("adb"),
    "appops": _appops,
    "connectivity": _dump("connectivity"),
    "device policy": _dump("device_policy"),
    "idle list": _dump("deviceidle"),
    "netstats": _dump("netstats"),
    "roles": _dump("role"),
    "transparency": _transparency,
    "moment": _moment,
    "traffic": _traffic,
    "looked up names": _dump("dnsresolver", quiet=True),
    "sockets": _sockets,
}
"""Command of the list → what answers it; a test sees to it that none is left out."""
