"""What the shell does itself, since it changes the shell or runs other commands."""

import re
from collections.abc import Mapping

from phone_audit.simulated.userland.call import Call, Source, Streams, decode
from phone_audit.simulated.userland.condition import condition
from phone_audit.simulated.userland.control import ExitShell, LeaveLoop, ReturnFromFunction
from phone_audit.simulated.userland.shell import NOT_FOUND, SHELL_PATH, Builtin, Shell
from phone_audit.simulated.userland.words import cut_fields

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _number(call: Call, otherwise: int) -> int:
    return int(call.args[0]) if call.args and call.args[0].isdigit() else otherwise


def _complain(call: Call, text: str, status: int = 1) -> int:
    call.error(f"{SHELL_PATH}: {call.name}: {text}\n")
    return status


def _true(_shell: Shell, _call: Call) -> int:
    return 0


def _false(_shell: Shell, _call: Call) -> int:
    return 1


def _exit(shell: Shell, call: Call) -> int:
    raise ExitShell(_number(call, shell.status) & 0xFF)


def _return(shell: Shell, call: Call) -> int:
    raise ReturnFromFunction(_number(call, shell.status) & 0xFF)


def _break(_shell: Shell, call: Call) -> int:
    raise LeaveLoop(_number(call, 1), again=False)


def _continue(_shell: Shell, call: Call) -> int:
    raise LeaveLoop(_number(call, 1), again=True)


def _cd(shell: Shell, call: Call) -> int:
    word = call.args[0] if call.args else "/"
    path = call.path(word)
    try:
        shell.tree.names(path)
    except OSError as error:
        return _complain(call, f"{word}: {error.strerror}", 2)
    kept: list[str] = []
    for name in path.split("/"):
        if name == ".." and kept:
            kept.pop()
        elif name not in ("", ".", ".."):
            kept.append(name)
    shell.folder = "/" + "/".join(kept)
    return 0


def _pwd(shell: Shell, call: Call) -> int:
    call.out(shell.folder + "\n")
    return 0


def _assign(shell: Shell, call: Call) -> int:
    """`export` and `local`: every parameter of this shell is seen by what it runs."""
    for word in call.args:
        name, equals, value = word.partition("=")
        if not _NAME.fullmatch(name):
            return _complain(call, f"{word}: is not an identifier")
        if equals:
            shell.parameters[name] = value
    return 0


def _unset(shell: Shell, call: Call) -> int:
    for name in call.args:
        shell.parameters.pop(name, None)
        shell.functions.pop(name, None)
    return 0


def _shift(shell: Shell, call: Call) -> int:
    count = _number(call, 1)
    if count > len(shell.arguments):
        return _complain(call, "nothing to shift")
    shell.arguments = shell.arguments[count:]
    return 0


def _set(shell: Shell, call: Call) -> int:
    if call.args[:1] == ("--",):
        shell.arguments = call.args[1:]
        return 0
    if call.args:
        return _complain(call, f"{call.args[0]}: unknown option")
    call.out("".join(f"{name}={value}\n" for name, value in sorted(shell.parameters.items())))
    return 0


def _read(shell: Shell, call: Call) -> int:
    raw = call.args[:1] == ("-r",)
    names = call.args[1:] if raw else call.args
    line = _line(call.streams.stdin, raw=raw)
    separators = shell.parameters.get("IFS", " \t\n")
    found = _cut_line(line.rstrip("\n"), separators, len(names) or 1)
    for number, name in enumerate(names or ("REPLY",)):
        shell.parameters[name] = found[number] if number < len(found) else ""
    return 0 if line.endswith("\n") else 1


def _line(source: Source, *, raw: bool) -> str:
    line = decode(source.readline())
    while not raw and line.endswith("\\\n"):
        line = line[:-2] + decode(source.readline())
    return line if raw else re.sub(r"\\(.)", r"\1", line)


def _cut_line(line: str, separators: str, count: int) -> list[str]:
    """Cut a line into at most `count` fields; the last one takes the rest."""
    blanks = "".join(char for char in separators if char in " \t\n")
    rest = line.strip(blanks) if blanks else line
    found: list[str] = []
    while rest and len(found) < count - 1:
        first = next((cut for cut in cut_fields(rest, separators) if cut is not None), "")
        found.append(first)
        rest = rest[len(first) :].lstrip(blanks) if blanks else rest[len(first) :]
        if rest[:1] and rest[0] in separators:
            rest = rest[1:].lstrip(blanks) if blanks else rest[1:]
    return [*found, rest] if rest else found


def _test(shell: Shell, call: Call) -> int:
    words = call.args
    if call.name == "[":
        if words[-1:] != ("]",):
            return _complain(call, "missing ]", 2)
        words = words[:-1]
    try:
        return 0 if condition(words, shell.tree, call.path) else 1
    except ValueError as error:
        return _complain(call, str(error), 2)


def _eval(shell: Shell, call: Call) -> int:
    return shell.run(" ".join(call.args), call.streams)


def _sh(shell: Shell, call: Call) -> int:
    """`sh -c PROGRAM`, or a program on standard input."""
    child = shell.child()
    child.functions = {}
    if call.args[:1] == ("-c",) and len(call.args) > 1:
        child.name, child.arguments = (call.args[2:3] or (SHELL_PATH,))[0], call.args[3:]
        return child.run(call.args[1], call.streams)
    if call.args:
        return _complain(call, f"{call.args[0]}: can't open: No such file or directory", NOT_FOUND)
    return child.run(decode(call.streams.stdin.read()), call.streams)


def _run(shell: Shell, call: Call) -> int:
    """`exec`: the shell becomes the command."""
    if not call.args:
        return 0
    raise ExitShell(shell.call(call.args[0], call.args[1:], call.streams))


def _where(shell: Shell, name: str) -> str | None:
    if name in shell.functions or name in shell.builtins:
        return name
    return f"/system/bin/{name}" if name in shell.commands else None


def _command(shell: Shell, call: Call) -> int:
    """`command -v NAME`, or a command of which no function takes the place."""
    if call.args[:1] != ("-v",):
        return shell.call(call.args[0], call.args[1:], call.streams) if call.args else 0
    found = [_where(shell, name) for name in call.args[1:]]
    call.out("".join(f"{where}\n" for where in found if where))
    return 0 if found and all(found) else 1


def _type(shell: Shell, call: Call) -> int:
    status = 0
    for name in call.args:
        where = _where(shell, name)
        if where is None:
            call.out(f"{name} not found\n")
            status = 1
        elif where == name:
            call.out(f"{name} is a {'function' if name in shell.functions else 'shell builtin'}\n")
        else:
            call.out(f"{name} is {where}\n")
    return status


def _toybox(shell: Shell, call: Call) -> int:
    """`toybox NAME...`: the programs again, by their one binary."""
    if call.args and call.args[0] in shell.commands:
        return shell.call(f"/system/bin/{call.args[0]}", call.args[1:], call.streams)
    return call.fail(f'Unknown command {call.args[0]} (see "toybox --help")') if call.args else 0


def _xargs(shell: Shell, call: Call) -> int:
    """`xargs [-0] [-n COUNT] COMMAND...`."""
    words, zero, count = list(call.args), False, 0
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "-0":
            zero = True
        elif option == "-n" and words and words[0].isdigit():
            count = int(words.pop(0))
        else:
            return call.fail(f"Unknown option '{option.lstrip('-')}'")
    text = decode(call.streams.stdin.read())
    found = [part for part in text.split("\0") if part] if zero else text.split()
    words = words or ["echo"]
    status = 0
    size = count or len(found) or 1
    for start in range(0, len(found), size) if found else ():
        shell.budget.spend()
        inner = Streams(call.streams.stdin, call.streams.stdout, call.streams.stderr)
        if shell.call(words[0], (*words[1:], *found[start : start + size]), inner):
            status = 123
    return status


BUILTINS: Mapping[str, Builtin] = {
    ":": _true, "true": _true, "false": _false, "exit": _exit, "return": _return, "break": _break,
    "continue": _continue, "cd": _cd, "pwd": _pwd, "export": _assign, "local": _assign, "unset": _unset,
    "shift": _shift, "set": _set, "read": _read, "test": _test, "[": _test, "eval": _eval, "sh": _sh,
    "exec": _run, "command": _command, "type": _type, "xargs": _xargs,
    "toybox": _toybox,
}  # fmt: skip
"""The shell's own commands, and those that run other commands."""
