"""Asks for one list of packages, in whatever form the phone gives it."""

from dataclasses import dataclass

from phone_audit.acquire import commands
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.parse.package_list import PREFIX, flag_refused, until_error, user_locked
from phone_audit.acquire.parse.text import decode, lines_of
from phone_audit.acquire.transport import Answer

NO_SUCH_PROGRAM = (126, 127)
SAID = 200
"""Characters of an error that a note repeats."""


@dataclass(frozen=True)
class AskedList:
    """What the phone said.

    Attributes:
        text: the list, without an error behind it.
        whole: whether the phone finished it; else it says nothing of what is not in it.
        locked: the shell may not look into the user; the list is empty.
    """

    text: str
    whole: bool = True
    locked: bool = False


def ask_list(reader: Reader, kind: str, variants: tuple[str, ...], user: int) -> AskedList | None:
    """Ask for the packages of a user, with fewer flags where the phone refuses one.

    Args:
        reader: the phone.
        kind: flags that choose packages, with a blank behind them, or nothing.
        variants: flags that say what stands in a line, richest first.
        user: whose packages.

    Returns:
        None, with a note, where there is no list.

    Raises:
        DeviceLostError: the phone is gone.
    """
    for flags in variants:
        answer = _ask(reader, kind + flags, user)
        if answer is None:
            return None
        text = decode(answer.output)
        if flag_refused(text):
            continue
        if user_locked(text):
            return AskedList("", whole=False, locked=True)
        return _taken(reader, commands.package_list(kind + flags, user).text, answer, text)
    reader.skip(
        f"pm list packages {kind}".strip(), "list", "flag-refused", "The phone refuses every form of this list."
    )
    return None


def _ask(reader: Reader, flags: str, user: int) -> Answer | None:
    """Ask the usual program, and the one behind it where the phone lacks that."""
    answer = None
    for tool in commands.LIST_TOOLS:
        answer = reader.try_ask(commands.package_list(flags, user, tool))
        if answer is None or answer.exit not in NO_SUCH_PROGRAM:
            break
    return answer


def _taken(reader: Reader, command: str, answer: Answer, text: str) -> AskedList | None:
    """Return the list as far as it goes, with a note where that is not to its end."""
    listed, error = until_error(text)
    if answer.truncated:
        reader.skip(command, "list", "cut-off", "The phone did not finish its list of packages.")
    elif answer.exit not in (0, None) and PREFIX not in text:
        reason = f"The phone gave no list of packages (status {answer.exit}): {text.strip()[:SAID]}"
        reader.skip(command, "list", "command-failed", reason)
        return None
    elif error or answer.exit not in (0, None):
        said = error.strip() or f"It ended with status {answer.exit}; the last line is {lines_of(listed.rstrip())[-1]}"
        reader.skip(command, "list", "cut-off", f"The phone broke off its list of packages: {said[:SAID]}")
    else:
        return AskedList(listed)
    return AskedList(listed, whole=False)
