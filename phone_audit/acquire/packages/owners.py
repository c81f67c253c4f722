"""Whose a uid is: the packages of every user, with the files that hold their code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.package_list import PREFIX, ListEntry, ask_list, parse_package_list
from phone_audit.acquire.packages.users import USERS, first_users, parse_users
from phone_audit.acquire.questions.file_facts import every_apk, look_command, parse_look
from phone_audit.acquire.questions.netstats import app_of
from phone_audit.acquire.questions.question import OWNER

FLAGS = ("-f -U", "-U")
"""Flags of the list: with the files, and without where a phone refuses that."""

FLAGS_OF_ALL = ("-f -u -U", "-u -U")
"""The same for all packages on the phone, also those that the user does not have."""


@dataclass(frozen=True)
class Owners:
    """Which packages a uid stands for.

    Attributes:
        names: (user, app id) → packages, sorted. Packages with one shared user id have one app id.
        files: package → its base file on the phone.
        system: packages that came with the firmware; None where the phone does not tell.
        users: the users whose packages were listed.
        elsewhere: app id → packages, for a user whose packages may not be listed: an app id is the same for all users.
    """

    names: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    system: frozenset[str] | None = None
    users: tuple[int, ...] = ()
    elsewhere: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def of(self, uid: int) -> tuple[str, ...]:
        """Return the packages of a uid; empty for a uid of the system that is no package's, and for an unknown one."""
        user, app_id = app_of(uid)
        if user in self.users:
            return self.names.get((user, app_id), ())
        return self.elsewhere.get(app_id, ())


def read_owners(reader: Reader) -> Owners:
    """Ask for the packages of every user that the shell may look into; DeviceLostError where the phone is gone."""
    users = tuple(first_users(parse_users(reader.ask(USERS) or ""))) or (OWNER,)
    names: dict[tuple[int, int], set[str]] = {}
    elsewhere: dict[int, set[str]] = {}
    files: dict[str, str] = {}
    listed: list[int] = []
    for user in users:
        packages = _listed(reader, user, FLAGS)
        if packages is None:
            continue
        listed.append(user)
        for one in packages:
            for uid in one.uids:
                whose, app_id = app_of(uid)
                if whose == user:
                    names.setdefault((user, app_id), set()).add(one.name)
            if one.path is not None:
                files.setdefault(one.name, one.path)
    noted = reader.noted
    if listed and len(listed) < len(users):
        for one in _listed(reader, listed[0], FLAGS_OF_ALL) or ():
            for uid in one.uids:
                elsewhere.setdefault(app_of(uid)[1], set()).add(one.name)
            if one.path is not None:
                files.setdefault(one.name, one.path)
    reader.forget_since(noted)  # that a user is closed is noted already
    return Owners(
        names={key: tuple(sorted(found)) for key, found in names.items()},
        files=files,
        system=_system(reader, listed[0]) if listed else None,
        users=tuple(listed),
        elsewhere={app_id: tuple(sorted(found)) for app_id, found in elsewhere.items()},
    )


def code_files(reader: Reader, bases: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the files of packages: each base, and the splits that lie beside it.

    Raises a DeviceLostError where the phone is gone.
    """
    found: dict[str, tuple[str, ...]] = {}
    for base in bases:
        folder = base.rpartition("/")[0]
        text = reader.ask(look_command([every_apk(folder)]), subject=folder, optional=True) or ""
        there = [path for path, what in parse_look(text).items() if what.kind == "file" and path.startswith(folder)]
        found[base] = tuple(sorted({base, *there}))
    return found


def _listed(reader: Reader, user: int, variants: tuple[str, ...]) -> tuple[ListEntry, ...] | None:
    """Return the packages of a user; None, with one note, where there is no list."""
    noted = reader.noted
    answer = ask_list(reader, "", variants, user)
    if answer and answer.locked:
        reason = f"The phone does not let the shell look into user {user}: its packages have no names here."
        reader.skip(f"user {user}", "list", "user-locked", reason)
        return None
    if answer is None or PREFIX not in answer.text:
        reader.forget_since(noted)
        reason = "The phone gave no list of packages with their uids."
        reader.skip(f"user {user}", "list", "command-failed", reason)
        return None
    return parse_package_list(answer.text).packages


def _system(reader: Reader, user: int) -> frozenset[str] | None:
    """A list that broke off says nothing of what is not in it."""
    noted = reader.noted
    answer = ask_list(reader, "-s", ("",), user)
    reader.forget_since(noted)
    return frozenset(parse_package_list(answer.text).names) or None if answer and answer.whole else None
