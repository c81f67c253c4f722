"""How help is written: names, values and sentences in plain text, and examples at the end."""

import re
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from phone_audit.cli.examples import EXAMPLES

Rows = list[tuple[str, str]]

_VALUES = re.compile(r"<([^<>]*)>")
_NOT_SAID = re.compile(r" *\[required\]|; required")
_FROM = re.compile(r"\bx>=(\d+)")
_FROM_TO = re.compile(r"(\d+)<=x<=(\d+)")
_DEFAULT = re.compile(r"default: \(([^()]*)\)")


def arguments_of(command: Any, context: Any) -> Rows:
    """Return what stands on the command line by its place, and what it is."""
    rows = (one.get_help_record(context) for one in command.get_params(context) if one.param_type_name == "argument")
    return [(_VALUES.sub("", row[0]).strip(), _plain(row[1])) for row in rows if row]


def options_of(command: Any, context: Any) -> Rows:
    """Return the options with their values, and what they do."""
    rows = (one.get_help_record(context) for one in command.get_params(context) if one.param_type_name == "option")
    return [(_VALUES.sub(r"\1", row[0]), _plain(row[1])) for row in rows if row]


def commands_of(command: Any, context: Any) -> Rows:
    names = command.list_commands(context)
    return [(name, " ".join((command.get_command(context, name).help or "").split())) for name in names]


def examples_of(context: Any) -> tuple[tuple[str, str], ...]:
    return EXAMPLES.get(context.command_path.partition(" ")[2], ())


def _plain(text: str) -> str:
    for form, words in ((_DEFAULT, r"default: \1"), (_FROM, r"at least \1"), (_FROM_TO, r"\1 to \2"), (_NOT_SAID, "")):
        text = form.sub(words, text)
    return text


def _write(context: Any, formatter: Any, sections: Sequence[tuple[str, Rows]]) -> None:
    for title, rows in sections:
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
    examples = examples_of(context)
    if examples:
        with formatter.section("Examples"):
            for line, what in examples:
                formatter.write(f"  {line}\n      {what}\n")


class Command(TyperCommand):
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the name of a command, without braces about what has to be there."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write(ctx, formatter, (("Arguments", arguments_of(self, ctx)), ("Options", options_of(self, ctx))))


class Group(TyperGroup):
    """A group of commands with such a help."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write(ctx, formatter, (("Commands", commands_of(self, ctx)), ("Options", options_of(self, ctx))))
