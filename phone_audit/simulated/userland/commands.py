"""Every program of the phone, and what runs one line of its shell."""

from collections.abc import Callable, Mapping

from phone_audit.simulated.userland import android, listing, printing, reading, system
from phone_audit.simulated.userland.builtins import BUILTINS
from phone_audit.simulated.userland.call import Call, Command, Phone, Streams, UnknownOptionError
from phone_audit.simulated.userland.control import Budget, ShellLimitError
from phone_audit.simulated.userland.shell import SHELL_PATH, Shell


def _careful(command: Command) -> Command:
    """Return a command that says what is wrong with its options, as toybox does."""

    def run(call: Call) -> int:
        try:
            return command(call)
        except UnknownOptionError as error:
            return call.fail(f'{error} (see "{call.name} --help")')
        except ValueError as error:
            return call.fail(f"not a number: {error}")

    return run


PROGRAMS: Mapping[str, Command] = {
    name: _careful(command)
    for part in (android.COMMANDS, listing.COMMANDS, printing.COMMANDS, reading.COMMANDS, system.COMMANDS)
    for name, command in part.items()
}
"""The programs in /system/bin, by name."""


def run_line(line: str, phone: Phone, streams: Streams, gone: Callable[[], bool]) -> int:
    """Run what a computer sent to `shell:` or `exec:` and return its exit status.

    Args:
        line: the program; may have many lines.
        phone: the phone it runs on.
        streams: where its input comes from and its output goes to.
        gone: tells whether the caller has left.

    Raises:
        BrokenPipeError: the caller has left.
    """
    shell = Shell(phone, PROGRAMS, BUILTINS, Budget(gone))
    try:
        return shell.run(line, streams)
    except ShellLimitError as error:
        streams.stderr.write(f"{SHELL_PATH}: the simulated phone gives up: {error}\n".encode())
        return 1
