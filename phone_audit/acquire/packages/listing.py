"""Asks who uses the phone and which packages it has."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import Command
from phone_audit.acquire.packages import package_dump, package_list
from phone_audit.acquire.packages.package_block import MOST_GRANTS, form_of
from phone_audit.acquire.questions.question import OWNER, PER_USER_RANGE
from phone_audit.acquire.text import lines_of, number
from phone_audit.model.command_list import LONGEST_NAME, is_package_name

LIST = "pm list packages"
SECURE_FOLDERS = range(150, 161)
"""User ids that Samsung gives to its Secure Folder and to what it makes after it."""

CONFIRMED_AT_MOST = 100
"""Packages that only the dump names and that are asked about one by one; with the longest names, a command of 26,000
characters."""

SINGLE = re.compile(r"echo @(\d{1,4});dumpsys package '([A-Za-z0-9_.]+)';")

UNCONFIRMED_AT_MOST = 100
"""Packages that only the dump names and of which each has a note of its own."""

UNKNOWN = (
    "dumpsys names this package, but the phone does not know it when asked: text of another package "
    "may have invented it."
)
NO_NAME = "dumpsys names this package, but no package can have such a name: text of another package has invented it."
IN_TEXT = "It stands in the version name of another package, which invented it; the phone was not asked about it."


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
        present: id → names that the user has now, asked for only where the dump does not say it of every package.
        dump: the whole `dumpsys package`, read against `names`.
        modules: the APEX modules as listed, those in use.
        apex: the APEX modules as the dump describes them, all versions.
        strange: command → form of lines that are not understood → how many.
    """

    users: dict[int, str] = field(default_factory=dict)
    asked: tuple[int, ...] = ()
    locked: set[int] = field(default_factory=set)
    lists: dict[int, tuple[package_list.ListEntry, ...]] = field(default_factory=dict)
    names: set[str] | None = None
    app_ids: dict[str, int] = field(default_factory=dict)
    system: set[str] | None = None
    third_party: set[str] | None = None
    disabled: dict[int, set[str]] = field(default_factory=dict)
    present: dict[int, set[str]] = field(default_factory=dict)
    dump: package_dump.PackageDump | None = None
    modules: tuple[package_list.ListEntry, ...] = ()
    apex: tuple[package_dump.DumpedApex, ...] = ()
    strange: dict[str, Counter[str]] = field(default_factory=dict)
    _grants: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)

    def shared_grants(self, shared_user: str, user: int) -> frozenset[str]:
        """Return what all packages of a shared user may do for one user of the phone.

        Put together once: a dump may describe a shared user often, and name it in many packages. Of what is pretended
        in that way only the first counts.
        """
        if (shared_user, user) not in self._grants:
            granted: set[str] = set()
            for one in self.dump.shared.get(shared_user, ()) if self.dump else ():
                of_user = one.users.get(user)
                granted |= one.granted | (of_user.granted if of_user else frozenset())
                if len(granted) >= MOST_GRANTS:
                    break
            self._grants[shared_user, user] = frozenset(granted)
        return self._grants[shared_user, user]

    def note_strange(self, command: str, lines: Iterable[str]) -> None:
        """Count lines that are not understood."""
        self.strange.setdefault(command, Counter()).update(form_of(line) for line in lines)


def read_packages(reader: Reader, listing: Listing) -> None:
    """Ask for the lists of every user, then for the whole dump, and read them against each other."""
    rich: dict[int, str] = {}
    complete = True
    try:
        for user in listing.asked:
            asked = package_list.ask_list(reader, "", package_list.LIST_FLAGS, user)
            if asked and asked.locked:
                listing.locked.add(user)
                continue
            rich[user] = asked.text if asked else ""
            complete = _read_plain_lists(reader, listing, user) and complete
        if complete and listing.system and listing.third_party is not None:
            listing.names = listing.system | listing.third_party
    finally:
        lists = {user: package_list.parse_package_list(text, listing.names) for user, text in rich.items()}
        listing.lists = {user: one.packages for user, one in lists.items()}
    for one in lists.values():
        listing.note_strange(LIST, one.unread)
    try:
        dump = reader.ask(package_dump.PACKAGE_DUMP)
        if dump is not None:
            _read_dump(reader, listing, dump)
    finally:
        _note_locked(reader, listing)
    _read_present(reader, listing)
    _read_modules(reader, listing)


def _read_plain_lists(reader: Reader, listing: Listing, user: int) -> bool:
    """Ask for the lists that hold nothing but names and uids, and tell whether they name every package of the user.

    The system's packages are the same for every user (`-u` also lists those that one does not have).
    """
    if listing.system is None:
        listing.system = _names(reader, listing, "-s ", user)
    third = _names(reader, listing, "-3 ", user)
    if third is not None:
        listing.third_party = third | (listing.third_party or set())
    disabled = package_list.ask_list(reader, "-d ", ("",), user)
    if disabled and disabled.locked:
        listing.locked.add(user)
    elif disabled and disabled.whole:
        listing.disabled[user] = package_list.parse_package_list(disabled.text).names
    return third is not None and listing.system is not None


def _names(reader: Reader, listing: Listing, kind: str, user: int) -> set[str] | None:
    """Return the names of a list without free text; None where it is not whole: it says nothing of the rest."""
    asked = package_list.ask_list(reader, kind, package_list.NAME_FLAGS, user)
    if asked and asked.locked:
        listing.locked.add(user)
    if asked is None or not asked.whole:
        return None
    plain = package_list.parse_package_list(asked.text)
    for one in plain.packages:
        if one.uids:
            listing.app_ids[one.name] = one.uids[0] % PER_USER_RANGE
    listing.note_strange(LIST, plain.unread)
    missed = [line for line in plain.unread if line.startswith(package_list.PREFIX)]
    if missed:
        reason = f"{len(missed)} packages are listed in an unknown form, the first as: {missed[0][:80]}"
        reader.skip(f"{LIST} {kind}".strip(), "list", "not-understood", reason)
        return None
    return plain.names


def _note_locked(reader: Reader, listing: Listing) -> None:
    for user in sorted(listing.locked):
        kind = listing.users.get(user, "unknown")
        folder = " (on a Samsung: the Secure Folder)" if user in SECURE_FOLDERS else ""
        reason = f"The phone does not let the shell look into user {user} ({kind}){folder}; ask its owner to allow it."
        if user == OWNER:  # no profile, whose owner could allow it: the service itself refuses
            reason = "The phone refuses to list the packages of its main user."
        if listing.dump and any(user in one.users for its in listing.dump.packages.values() for one in its):
            reason += " What dumpsys says of its packages was read."
        reader.skip(f"user {user}", "list", "user-locked", reason)


def _read_present(reader: Reader, listing: Listing) -> None:
    """Ask which packages each user has now, where the dump does not say it of every package that is listed.

    An older saved acquisition was not asked, so nothing is promised of it.
    """
    notes = reader.noted
    described = listing.dump.packages.keys() if listing.dump else ()
    for user, listed in listing.lists.items():
        if any(one.name not in described for one in listed):
            asked = package_list.ask_list(reader, "", ("",), user)
            if asked and asked.whole:
                listing.present[user] = package_list.parse_package_list(asked.text).names
    reader.forget_since(notes)


def _read_modules(reader: Reader, listing: Listing) -> None:
    """Ask for the APEX modules; a phone before Android 10 has none, and refuses the question."""
    for flags in package_list.APEX_FLAGS:
        command = package_list.package_list_command(flags, min(listing.asked, default=OWNER))
        text = reader.ask(command, optional=True) or ""
        listing.modules = package_list.parse_package_list(text).packages
        if not package_list.flag_refused(text):
            return


def _read_dump(reader: Reader, listing: Listing, text: str) -> None:
    listing.dump = package_dump.parse_package_dump(text, listing.names)
    listing.apex = package_dump.parse_apex(text)
    if not listing.dump.packages:
        reader.skip("dumpsys package", "list", "no-package-dump", "The package service named no package.")
    if listing.dump.pretended:
        reason = (
            "Packages stand where a phone puts none: the text of one imitates a heading. They were read all the same."
        )
        reader.skip(package_dump.PACKAGE_DUMP.text, "list", "contradiction", reason)
    listing.strange[package_dump.PACKAGE_DUMP.text] = Counter(listing.dump.strange)
    if listing.names is None or listing.asked != tuple(sorted(listing.users)):
        return
    possible = tuple(name for name in listing.dump.unknown if is_package_name(name))
    confirmed = _confirm(reader, possible[:CONFIRMED_AT_MOST])
    _note_unconfirmed(reader, listing.dump, confirmed)
    if confirmed:
        listing.names |= confirmed
        listing.dump = package_dump.parse_package_dump(text, listing.names)


def _note_unconfirmed(reader: Reader, dump: package_dump.PackageDump, confirmed: Collection[str]) -> None:
    reasons = {name: UNKNOWN if is_package_name(name) else NO_NAME for name in dump.unknown if name not in confirmed}
    reasons.update(dict.fromkeys(dump.pretended_names, IN_TEXT))
    for name, reason in islice(reasons.items(), UNCONFIRMED_AT_MOST):
        reader.skip(name[:LONGEST_NAME], "list", "unconfirmed-package", reason)
    if len(reasons) > UNCONFIRMED_AT_MOST:
        reason = (
            f"dumpsys names {len(reasons)} packages that are in no list; the first {UNCONFIRMED_AT_MOST} are named."
        )
        reader.skip(package_dump.PACKAGE_DUMP.text, "list", "unconfirmed-package", reason)


def _confirm(reader: Reader, names: Collection[str]) -> set[str]:
    """Ask about each name on its own: a static library, or a package of a locked user, is in no list but exists."""
    confirmed: set[str] = set()
    for command in _single_packages(reader, names):
        text = reader.ask(command, subject="dumpsys package of single packages") or ""
        asked = {int(index): name for index, name in SINGLE.findall(command.text)}
        for index, answer in _answers(text).items():
            name = asked.get(index, "")
            if name in names and package_dump.parse_package_dump(answer, {name}).packages:
                confirmed.add(name)
    return confirmed


def _single_packages(reader: Reader, names: Collection[str]) -> list[Command]:
    """Return the commands; a saved acquisition was asked in those of its own time."""
    if not names:
        return []
    recorded = reader.transport.recorded(package_dump.SINGLE_PREFIX)
    if recorded:
        return [Command(text) for text in recorded]
    return [package_dump.single_packages_command(tuple(names))]


def _answers(text: str) -> dict[int, str]:
    """Split the answer at its lines `@INDEX`."""
    answers: dict[int, list[str]] = {}
    current: list[str] = []
    for line in lines_of(text):
        index = number(line[1:]) if line.startswith("@") else None
        if index is not None:
            current = answers.setdefault(index, [])
        current.append(line)
    return {index: "\n".join(lines) for index, lines in answers.items()}
