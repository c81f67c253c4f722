"""Text from the command line: echo, printf, basename, dirname."""

import re
from collections.abc import Iterator

from phone_audit.simulated.userland.call import Call, Command
from phone_audit.simulated.userland.escapes import ESCAPE, unescape


def _echo(call: Call) -> int:
    words, end, escapes = list(call.args), "\n", False
    while words and re.fullmatch("-[neE]+", words[0]):
        option = words.pop(0)
        end = "" if "n" in option else end
        escapes = "e" in option
    text = " ".join(words)
    call.out((unescape(text) if escapes else text) + end)
    return 0


_CONVERSION = re.compile(r"%([-0+ #]*)([0-9]{0,4})(?:\.([0-9]{1,4}))?([sdiuxXocb%])")


def _printf(call: Call) -> int:
    if not call.args:
        return call.fail("Needs 1 argument")
    form, values, status = call.args[0], list(call.args[1:]), 0

    def one(found: re.Match[str]) -> str:
        nonlocal status
        flags, width, precision, kind = found.groups()
        if kind == "%":
            return "%"
        value = values.pop(0) if values else ""
        if kind in "sbc":
            text = unescape(value) if kind == "b" else value[:1] if kind == "c" else value
            return f"%{flags}{width}s" % (text if precision is None else text[: int(precision)])
        try:
            number = int(value or "0", 0)
        except ValueError:
            number, status = 0, 1
        return f"%{flags}{width}{kind}" % number

    while True:
        before = len(values)
        call.out("".join(_CONVERSION.sub(one, part) if number % 2 == 0 else part for number, part in _pieces(form)))
        if not values or len(values) == before:
            return status


def _pieces(form: str) -> Iterator[tuple[int, str]]:
    """Cut a format at its escapes; these have odd numbers and are replaced already."""
    at = 0
    for found in ESCAPE.finditer(form):
        yield 0, form[at : found.start()]
        yield 1, unescape(found[0])
        at = found.end()
    yield 0, form[at:]


def _base_name(call: Call) -> int:
    if not call.args:
        return call.fail("Needs 1 argument")
    path = call.args[0].rstrip("/") or "/"
    folder, slash, name = path.rpartition("/")
    if call.name == "dirname":
        call.out(f"{folder or (slash or '.')}\n")
    else:
        call.out(f"{name.removesuffix(call.args[1]) if len(call.args) > 1 else name or '/'}\n")
    return 0


COMMANDS: dict[str, Command] = {"echo": _echo, "printf": _printf, "basename": _base_name, "dirname": _base_name}
