"""The phone's services: getprop, pm, cmd, dumpsys, settings, service, am.

Source of the forms: AOSP `PackageManagerShellCommand`, `dumpsys.cpp`, `cmd.cpp`, `SettingsService`, branch pie-release.
"""

from phone_audit.simulated import dumps
from phone_audit.simulated.package_dump import packages as dump_packages
from phone_audit.simulated.profile import Profile, SimulatedPackage
from phone_audit.simulated.userland.call import Call, Command

_FAILED = 255  # -1, as Java commands end
_NO_SERVICE = 20


def _getprop(call: Call) -> int:
    properties = call.phone.profile.properties
    if call.args:
        call.out(properties.get(call.args[0], call.args[1] if len(call.args) > 1 else "") + "\n")
    else:
        call.out("".join(f"[{name}]: [{value}]\n" for name, value in sorted(properties.items())))
    return 0


def _pm(call: Call) -> int:
    return _package(call, call.args)


def _cmd(call: Call) -> int:
    services = call.phone.profile.services
    if call.args == ("-l",):
        call.out("Currently running services:\n" + "".join(f"  {name}\n" for name in sorted(services)))
        return 0
    if not call.args:
        call.error("cmd: No service specified; use -l to list all services\n")
        return _NO_SERVICE
    service, words = call.args[0], call.args[1:]
    if service == "package":
        return _package(call, words)
    if service == "settings":
        return _settings_of(call, words)
    if service == "activity":
        return _activity(call, words)
    if service not in services:
        call.error(f"cmd: Can't find service: {service}\n")
        return _NO_SERVICE
    call.out(f"Unknown command: {words[0] if words else ''}\n")
    return _FAILED


def _package(call: Call, words: tuple[str, ...]) -> int:
    """`pm` and `cmd package`."""
    profile, verb = call.phone.profile, words[0] if words else ""
    if verb == "list":
        return _list(call, words[1:])
    if verb == "path":
        return _path(call, words[1:])
    if verb == "dump" and len(words) > 1:
        call.out("DUMP OF SERVICE package:\n" + dump_packages(profile, words[1]))
        return 0
    if verb == "get-max-users":
        call.out("Maximum supported users: 4\n")
        return 0
    call.out(
        f"Unknown command: {verb}\n"
        if verb
        else "Package manager (package) commands:\n  help\n    Print this help text.\n"
    )
    return _FAILED


def _list(call: Call, words: tuple[str, ...]) -> int:
    kind = words[0] if words else ""
    if kind in ("package", "packages"):
        return _list_packages(call, words[1:])
    if kind == "users":
        users = (f"\tUserInfo{{{user.id}:{user.name}:{user.flags}}} running\n" for user in call.phone.profile.users)
        call.out("Users:\n" + "".join(users))
        return 0
    call.out(f"Error: unknown list type '{kind}'\n")
    return _FAILED


def _path(call: Call, words: tuple[str, ...]) -> int:
    user, names = _user(words)
    package = call.phone.profile.package(names[0]) if names else None
    if package is None or not _has_user(call.phone.profile, user):
        return 1
    call.out("".join(f"package:{path}\n" for path in (package.base_path, *package.split_paths.values())))
    return 0


def _user(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Take `--user ID` out of the words."""
    if "--user" not in words[:-1]:
        return "0", words
    at = words.index("--user")
    return words[at + 1], words[:at] + words[at + 2 :]


def _has_user(profile: Profile, user: str) -> bool:
    return user in ("current", "cur", *(str(one.id) for one in profile.users))


_LIST_OPTIONS = ("-d", "-e", "-a", "-f", "-i", "-l", "-s", "-U", "-u", "-3", "--show-versioncode")


def _list_packages(call: Call, words: tuple[str, ...]) -> int:
    user, words = _user(words)
    if user in ("all", "-1"):
        call.out("Error: java.lang.SecurityException: Shell does not have permission to access user -1\n")
        return _FAILED
    wanted, asked = "", set()
    for word in words:
        if word.startswith("-") and word not in _LIST_OPTIONS:
            call.out(f"Error: Unknown option: {word}\n")
            return _FAILED
        asked.add(word)
        wanted = wanted if word.startswith("-") else word
    packages = call.phone.profile.packages if _has_user(call.phone.profile, user) else ()
    call.out(
        "".join(_row(package, asked) for package in packages if wanted in package.name and _listed(package, asked))
    )
    return 0


def _listed(package: SimulatedPackage, asked: set[str]) -> bool:
    left_out = {"-d": not package.disabled, "-e": package.disabled, "-s": not package.system, "-3": package.system}
    return not any(left_out[option] for option in asked & left_out.keys())


def _row(package: SimulatedPackage, asked: set[str]) -> str:
    row = f"package:{package.base_path}={package.name}" if "-f" in asked else f"package:{package.name}"
    row += f" versionCode:{package.version_code}" if "--show-versioncode" in asked else ""
    row += f"  installer={package.installer or 'null'}" if "-i" in asked else ""
    row += f" uid:{package.app_id}" if "-U" in asked else ""
    return row + "\n"


def _dumpsys(call: Call) -> int:
    words, services = list(call.args), sorted(call.phone.profile.services)
    if words[:1] == ["-l"]:
        call.out("Currently running services:\n" + "".join(f"  {name}\n" for name in services))
        return 0
    while words and words[0] in ("-t", "-T"):
        del words[:2]
    if not words:
        call.out("Currently running services:\n" + "".join(f"  {name}\n" for name in services))
        for name in services:
            call.out(f"{'-' * 79}\nDUMP OF SERVICE {name}:\n" + dumps.service(call.phone.profile, name, ()))
        return 0
    if words[0] not in services:
        call.error(f"Can't find service: {words[0]}\n")  # dumpsys ends with 0 all the same
        return 0
    call.out(dumps.service(call.phone.profile, words[0], tuple(words[1:])))
    return 0


def _settings(call: Call) -> int:
    return _settings_of(call, call.args)


def _settings_of(call: Call, words: tuple[str, ...]) -> int:
    _, words = _user(words)
    spaces = call.phone.profile.settings
    verb, space = words[0] if words else "", words[1] if len(words) > 1 else ""
    if space in spaces and verb == "list":
        call.out("".join(f"{name}={value}\n" for name, value in sorted(spaces[space].items())))
        return 0
    if space in spaces and verb == "get" and len(words) > 2:
        call.out(spaces[space].get(words[2], "null") + "\n")
        return 0
    call.error(
        "Invalid namespace\n"
        if space
        else "Settings provider (settings) commands:\n  help\n      Print this help text.\n"
    )
    return _FAILED


def _service(call: Call) -> int:
    services = sorted(call.phone.profile.services)
    if call.args[:1] == ("list",):
        rows = (f"{number}\t{name}: [android.os.I{name.title()}]\n" for number, name in enumerate(services))
        call.out(f"Found {len(services)} services:\n" + "".join(rows))
        return 0
    if call.args[:1] == ("check",) and len(call.args) > 1:
        call.out(f"Service {call.args[1]}: {'found' if call.args[1] in services else 'not found'}\n")
        return 0
    call.out("service: No command specified\n")
    return 10


def _am(call: Call) -> int:
    return _activity(call, call.args)


def _activity(call: Call, words: tuple[str, ...]) -> int:
    """`am` and `cmd activity`: only what reads."""
    if words[:1] == ("get-current-user",):
        call.out("0\n")
        return 0
    call.error(f"Unknown command: {words[0]}\n" if words else "Activity manager (activity) commands:\n")
    return _FAILED


COMMANDS: dict[str, Command] = {
    "getprop": _getprop, "pm": _pm, "cmd": _cmd, "dumpsys": _dumpsys, "settings": _settings, "service": _service,
    "am": _am,
}  # fmt: skip
