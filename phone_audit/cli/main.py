"""The program: the table of commands, and errors turned into sentences and exit codes."""

import sys
import textwrap
from typing import Any, Final

import typer

from phone_audit.cli import exits
from phone_audit.cli.apks import apks
from phone_audit.cli.db import db
from phone_audit.cli.demo import demo
from phone_audit.cli.devices import devices
from phone_audit.cli.diff import diff
from phone_audit.cli.firmware import firmware
from phone_audit.cli.help_text import Command, Group
from phone_audit.cli.messages import forget_output, tell
from phone_audit.cli.report import report
from phone_audit.cli.scan import scan
from phone_audit.cli.watch import watch
from phone_audit.errors import TO_TYPE, NoDeviceError, PhoneAuditError, UsageError
from phone_audit.files.atomic_write import DISK_FAILS, DISK_HINT
from phone_audit.version import __version__

_WORDS: Final = {
    "int_parsing": "it has to be a whole number",
    "int_parsing_size": "it has to be a smaller number",
    "float_parsing": "it has to be a number",
    "greater_than_equal": "it has to be at least {ge:g}",
    "less_than_equal": "it has to be at most {le:g}",
    "value_error": "{error}",
}
"""What pydantic calls a fault → what a person reads."""


def usage_lines(error: typer.TyperException) -> tuple[str, ...]:
    """Return what is wrong with a call, and where it stands how it is made."""
    text = error.format_message()
    if text.startswith("Usage: "):  # a group of commands without one: its help
        return tuple(text.splitlines())
    faults: list[Any] = getattr(error.__cause__, "errors", list)()
    if faults:
        said = _WORDS.get(faults[0]["type"], "it is not understood").format(**faults[0].get("ctx", {}))
        text = text.removesuffix(error.message) + said
    context = getattr(error, "ctx", None)
    asked = context.command_path if context is not None else "phone-audit"
    end = "" if text.endswith((".", "?")) else "."
    return f"phone-audit: {text}{end}", f"  '{asked} --help' shows how it is called."


app = typer.Typer(
    name="phone-audit",
    help="Tells whether a phone sends data where it should not, and whether it is one of the known-bad batches.",
    epilog=f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in exits.MEANINGS.items())}.",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: it can be read aloud and copied, and takes half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (scan, apks, firmware, watch, devices, report, diff, demo):
    app.command(cls=Command)(command)
app.add_typer(db)


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"phone-audit {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", "-V", help="Print the version.", callback=_print_version, is_eager=True
    ),
) -> None:
    """Tells whether a phone sends data where it should not, and whether it is one of the known-bad batches."""


def main() -> None:
    try:
        code = app(prog_name="phone-audit", standalone_mode=False)
    except typer.TyperException as error:
        tell(*usage_lines(error))
        sys.exit(exits.WRONG_USAGE)
    except typer.Abort:  # typer's word for an EOFError
        tell("phone-audit: What was to be read ended too early.")
        sys.exit(exits.COULD_NOT_RUN)
    except PhoneAuditError as error:
        tell(f"phone-audit: {error.message}", *(line for hint in error.hint.splitlines() for line in _wrapped(hint)))
        sys.exit(_code(error))
    except BrokenPipeError:
        forget_output()
        sys.exit(exits.COULD_NOT_RUN)
    except OSError as error:
        forget_output()
        hints = [f"  {DISK_HINT}"] if error.errno in DISK_FAILS else []
        tell(f"phone-audit: The result cannot be written: {error.strerror or error}.", *hints)
        sys.exit(exits.COULD_NOT_RUN)
    sys.exit(code)


def _wrapped(hint: str) -> list[str]:
    """Break a hint into lines; a rule or a command that has to be copied stays whole."""
    if hint.startswith(TO_TYPE):
        return [hint]
    return textwrap.wrap(hint, 78, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _code(error: PhoneAuditError) -> int:
    match error:
        case UsageError():
            return exits.WRONG_USAGE
        case NoDeviceError():
            return exits.NOTHING_TO_SCAN
        case _:
            return exits.COULD_NOT_RUN
