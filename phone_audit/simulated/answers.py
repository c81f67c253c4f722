"""Answers what a computer sends to `shell:` or `exec:`.

That is a command of the list, alone or inside what asks for its exit status. Of what people type with the stock adb
client, `echo`, `cat` and `exit` are known. There is no shell.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

from phone_audit.model.command_list import find_command
from phone_audit.simulated.call import Answer, Call, Phone, Streams
from phone_audit.simulated.file_answers import FILE_ANSWERS, cat, copy
from phone_audit.simulated.system_answers import SYSTEM_ANSWERS

ANSWERS: Mapping[str, Answer] = {**SYSTEM_ANSWERS, **FILE_ANSWERS}
"""Command of the list → what answers it; a test sees to it that none is left out."""

_WITH_STATUS = re.compile(r"\(eval (?P<command>.+)\) </dev/null 2>&1; echo (?P<mark>\S+)\$\?", re.DOTALL)
_SHELL_SIGNS = re.compile(r"[;&|<>()$`\\\n*?\[{#~!]")
_NUMBER = re.compile("[0-9]{1,9}")
_NO_SHELL = "the simulated phone has no shell: it answers what phone-audit sends, and echo, cat and exit"
_REFUSED = 2


def answer(text: str, phone: Phone, streams: Streams) -> int:
    """Answer one command and return its exit status.

    Raises:
        BrokenPipeError: the caller has left.
    """
    call = Call(phone, streams)
    wrapped = _WITH_STATUS.fullmatch(text)
    words = _split(wrapped["command"]) if wrapped else []
    if wrapped is None or len(words) != 1:
        return _answer_one(text, call)
    inner = replace(call, streams=Streams(BytesIO(), streams.stdout, streams.stdout))
    status = _answer_one(words[0], inner)
    call.out(f"{wrapped['mark']}{status}\n")
    return 0


def _answer_one(text: str, call: Call) -> int:
    found = find_command(text)
    if found is None:
        return _answer_typed(text, call)
    name, arguments = found
    return ANSWERS[name](replace(call, arguments=arguments))


def _answer_typed(text: str, call: Call) -> int:
    """Answer what a person typed behind `adb shell` or `adb exec-out`."""
    words = [] if _SHELL_SIGNS.search(text) else _split(text)
    if not words:
        return call.complain(_NO_SHELL, _REFUSED)
    program, arguments = words[0], words[1:]
    if program == "echo":
        call.out(" ".join(arguments) + "\n")
        return 0
    if program == "cat" and arguments:
        return cat(call, arguments)
    if program == "cat":
        copy(call.streams.stdin, call)
        return 0
    if program == "exit":
        return int(arguments[0]) & 0xFF if arguments and _NUMBER.fullmatch(arguments[0]) else 0
    return call.not_found(program)


def _split(text: str) -> list[str]:
    """Return the words of a line, quotes taken off; none where a quote is left open."""
    try:
        return shlex.split(text)
    except ValueError:
        return []
