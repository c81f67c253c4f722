"""Asks who uses the phone and which packages it has."""

from dataclasses import dataclass, field

from phone_audit.acquire import commands
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.parse.package_dump import PackageDump, parse_package_dump
from phone_audit.acquire.parse.package_list import PREFIX, Listed, flag_refused, parse_package_list, user_locked
from phone_audit.acquire.parse.text import decode, lines_of, number
from phone_audit.acquire.parse.users import parse_current_user, parse_users
from phone_audit.acquire.transport import Answer
from phone_audit.errors import UsageError

OWNER = 0
CONFIRMED_AT_MOST = 100
"""Packages that only the dump names and that are asked about one by one."""


@dataclass
class Listing:
    """What was learned, filled as the answers come, so that a phone that goes away leaves what it said.

    Attributes:
        users: id → kind, all users of the phone.
        asked: ids whose packages were asked for, in order.
        locked: ids into which the shell may not look.
        lists: id → the rich list, with paths and installers.
        names: every package, from lists without free text; None where such a list is missing.
        app_ids: name → app id, from the same lists.
        system, third_party: the sets as the phone gives them; None where it does not.
        disabled: id → names.
        dump: the whole `dumpsys package`, read against `names`.
    """

    users: dict[int, str] = field(default_factory=dict)
    asked: tuple[int, ...] = ()
    locked: set[int] = field(default_factory=set)
    lists: dict[int, tuple[Listed, ...]] = field(default_factory=dict)
    names: set[str] | None = None
    app_ids: dict[str, int] = field(default_factory=dict)
    system: set[str] | None = None
    third_party: set[str] | None = None
    disabled: dict[int, set[str]] = field(default_factory=dict)
    dump: PackageDump | None = None


def read_users(reader: Reader, listing: Listing, wanted: str) -> None:
    """Learn the users, and which of them to ask for.

    Args:
        reader: the phone.
        listing: filled.
        wanted: `all`, `current`, or an id.

    Raises:
        UsageError: the phone has no such user.
        DeviceLostError: the phone is gone.
    """
    text = reader.ask(commands.USERS) or ""
    listing.users = parse_users(text)
    dumped = parse_users(reader.ask(commands.USER_DUMP, optional=True) or "")
    listing.users.update(dumped if listing.users.keys() <= dumped.keys() else {})
    if not listing.users:
        reader.skip("users", "list", "no-user-list", "The phone does not say who uses it; only the owner was read.")
        listing.users = {OWNER: "system"}
    if wanted == "all":
        listing.asked = tuple(sorted(listing.users))
    elif wanted == "current":
        current = parse_current_user(reader.ask(commands.CURRENT_USER) or "")
        listing.asked = (current if current in listing.users else min(listing.users),)
    else:
        chosen = number(wanted)
        if chosen is None or chosen not in listing.users:
            there = ", ".join(str(user) for user in sorted(listing.users))
            raise UsageError(f"This phone has no user {wanted}.", f"Its users are {there}.")
        listing.asked = (chosen,)


def read_packages(reader: Reader, listing: Listing) -> None:
    """Ask for the lists of every user, then for the whole dump, and read them against each other."""
    rich: dict[int, str] = {}
    complete = True
    for user in listing.asked:
        answer = _ask_list(reader, listing, "", commands.LIST_FLAGS, user)
        if user in listing.locked:
            continue
        rich[user] = decode(answer.output) if answer else ""
        listing.lists[user] = parse_package_list(rich[user])
        complete = _read_plain_lists(reader, listing, user) and complete
    if complete and listing.system and listing.third_party is not None:
        listing.names = listing.system | listing.third_party
        listing.lists = {user: parse_package_list(text, listing.names) for user, text in rich.items()}
    text = reader.ask(commands.PACKAGE_DUMP)
    if text is not None:
        _read_dump(reader, listing, text)


def _read_plain_lists(reader: Reader, listing: Listing, user: int) -> bool:
    """Ask for the lists that hold nothing but names and uids, and tell whether they name every package of the user.

    The system's packages are the same for every user (`-u` also lists those that one does not have).
    """
    if listing.system is None:
        listing.system = _names(reader, listing, "-s ", user)
    third = _names(reader, listing, "-3 ", user)
    if third is not None:
        listing.third_party = third | (listing.third_party or set())
    disabled = _ask_list(reader, listing, "-d ", ("",), user)
    if disabled is not None and not disabled.truncated:
        listing.disabled[user] = {one.name for one in parse_package_list(decode(disabled.output))}
    return third is not None and listing.system is not None


def _names(reader: Reader, listing: Listing, kind: str, user: int) -> set[str] | None:
    """Give the names of a list without free text; None where it is not whole: it says nothing of the rest."""
    answer = _ask_list(reader, listing, kind, commands.NAME_FLAGS, user)
    if answer is None or answer.truncated:
        return None
    plain = parse_package_list(decode(answer.output))
    for one in plain:
        if one.uids:
            listing.app_ids[one.name] = one.uids[0] % 100_000
    return {one.name for one in plain}


def _ask_list(reader: Reader, listing: Listing, kind: str, variants: tuple[str, ...], user: int) -> Answer | None:
    """Ask for one list, with fewer flags where the phone refuses one; None, with a note, where there is no list."""
    for flags in variants:
        command = commands.package_list(kind + flags, user)
        answer = reader.try_ask(command)
        if answer is None:
            return None
        text = decode(answer.output)
        if flag_refused(text):
            continue
        if user_locked(text):
            listing.locked.add(user)
            kind_of_user = listing.users.get(user, "unknown")
            reason = (
                f"The phone does not let the shell look into user {user} ({kind_of_user}); ask its owner to allow it."
            )
            reader.skip(f"user {user}", "list", "user-locked", reason)
            return None
        if answer.truncated:
            reader.skip(command.text, "list", "cut-off", "The phone did not finish its list of packages.")
        elif answer.exit not in (0, None) and PREFIX not in text:
            reason = f"The phone gave no list of packages (status {answer.exit}): {text.strip()[:200]}"
            reader.skip(command.text, "list", "command-failed", reason)
            return None
        return answer
    reader.skip(
        f"pm list packages {kind}".strip(), "list", "flag-refused", "The phone refuses every form of this list."
    )
    return None


def _read_dump(reader: Reader, listing: Listing, text: str) -> None:
    listing.dump = parse_package_dump(text, listing.names)
    if not listing.dump.packages:
        reader.skip("dumpsys package", "list", "no-package-dump", "The package service named no package.")
    if listing.names is None or listing.asked != tuple(sorted(listing.users)) or not listing.dump.unknown:
        return
    confirmed = _confirm(reader, listing.dump.unknown[:CONFIRMED_AT_MOST])
    for name in listing.dump.unknown:
        if name not in confirmed:
            reason = (
                "dumpsys names this package, the phone does not know it when asked: text of another may pretend it."
            )
            reader.skip(name, "list", "unconfirmed-package", reason)
    if confirmed:
        listing.names |= confirmed
        listing.dump = parse_package_dump(text, listing.names)


def _confirm(reader: Reader, names: tuple[str, ...]) -> set[str]:
    """Ask about each name on its own: a static library, or a package of a locked user, is in no list but exists."""
    text = reader.ask(commands.one_package_dumps(names), subject="dumpsys package of single packages") or ""
    confirmed: set[str] = set()
    answers: dict[int, list[str]] = {}
    current: list[str] = []
    for line in lines_of(text):
        index = number(line[1:]) if line.startswith("@") else None
        if index is not None:
            current = answers.setdefault(index, [])
        current.append(line)
    for index, name in enumerate(names):
        if parse_package_dump("\n".join(answers.get(index, [])), {name}).packages:
            confirmed.add(name)
    return confirmed
