"""`pm list users` and `dumpsys user` → the phone's users."""

import re
from collections.abc import Iterator, Mapping

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.questions.question import OWNER
from phone_audit.acquire.text import lines_of, number
from phone_audit.errors import UsageError

USERS = listed_command("users", limit=MEGABYTE)
USER_DUMP = listed_command("user dump", limit=8 * MEGABYTE)
CURRENT_USER = listed_command("current user", timeout=15.0, limit=MEGABYTE)

MOST_USERS = 64
"""Users that are read of; a phone has a handful, and each costs a dozen questions."""
BEGIN = "UserInfo{"
USER = re.compile(re.escape(BEGIN) + r"(\d{1,9}):")
USER_FLAGS = re.compile(r":([0-9a-fA-F]{1,8})\}")
TYPE = re.compile(r"\s*Type: *android\.os\.usertype\.([A-Za-z.]+)\s*")
CURRENT = re.compile(r"\s*(?:Current user: *)?(\d{1,9})\s*")

FLAGS = (
    (0x4, "guest"),
    (0x8, "restricted"),
    (0x20, "managed"),
    (0x200, "demo"),
    (0x1000, "profile"),
    (0x800, "system"),
)
"""Bits of AOSP `UserInfo.flags`, the telling ones first."""

TYPES = {
    "full.SYSTEM": "system",
    "system.HEADLESS": "system",
    "full.SECONDARY": "secondary",
    "full.GUEST": "guest",
    "full.RESTRICTED": "restricted",
    "full.DEMO": "demo",
    "profile.MANAGED": "managed",
    "profile.CLONE": "clone",
    "profile.PRIVATE": "private",
}


def parse_users(text: str) -> dict[int, str]:
    r"""Read the users of either command: id → kind, in the phone's order.

    The kind is Android's own type where `dumpsys user` prints it (11 and later: it tells a clone and a private space
    from a work profile), else what the flags say.

    Example:
        >>> parse_users("Users:\n\tUserInfo{0:Owner:c13} running\n\tUserInfo{10:Work profile:1030} running\n")
        {0: 'system', 10: 'managed'}
    """
    users: dict[int, str] = {}
    for user, flags, more in _users(text):
        type_ = _first(TYPE, more)
        users.setdefault(
            user, _by_flags(flags) if type_ is None else TYPES.get(type_, type_.rpartition(".")[2].lower())
        )
    return users


def first_users(users: Mapping[int, str]) -> dict[int, str]:
    """Return the users whose packages are read, those with the lowest ids."""
    return {user: users[user] for user in sorted(users)[:MOST_USERS]}


def _users(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield id, flags, and what stands behind them up to the next user. A name may hold any text, also line feeds."""
    begin = USER.search(text)
    while begin:
        flags = USER_FLAGS.search(text, begin.end())
        if flags is None:
            return
        end = text.find(BEGIN, flags.end())
        yield int(begin[1]), int(flags[1], 16), text[flags.end() : end if end >= 0 else len(text)]
        begin = USER.search(text, end) if end >= 0 else None


def _first(form: re.Pattern[str], text: str) -> str | None:
    """Return the group of the first line that has the form."""
    return next((match[1] for line in lines_of(text) if (match := form.fullmatch(line))), None)


def unread_user_lines(text: str) -> tuple[str, ...]:
    """Return the lines of `pm list users` that name no user and are not its title; empty ones are left out."""
    lines = (line.strip() for line in lines_of(text))
    return tuple(line for line in lines if line and line != "Users:" and not line.startswith("UserInfo{"))


def parse_current_user(text: str) -> int | None:
    """Read the answer of `am get-current-user`, a bare number, or the `Current user:` line of `dumpsys user`."""
    return number(_first(CURRENT, text))


def _by_flags(flags: int) -> str:
    if flags & 0x1:
        # The owner: Android 8 to 10 do not set the bit for the system user on every phone.
        return "system"
    return next((kind for bit, kind in FLAGS if flags & bit), "secondary")


def read_users(reader: Reader, listing: Listing, wanted: str) -> None:
    """Fill in the users, and which of them to ask for; `wanted` is `all`, `current`, or an id.

    Raises:
        UsageError: the phone has no such user.
        DeviceLostError: the phone is gone.
    """
    text = reader.ask(USERS) or ""
    listing.users = parse_users(text)
    if listing.users:
        listing.note_strange(USERS.text, unread_user_lines(text))
    dump = reader.ask(USER_DUMP, optional=True) or ""
    dumped = parse_users(dump)
    listing.users.update(dumped if listing.users.keys() <= dumped.keys() else {})
    if not listing.users:
        reader.skip("users", "list", "no-user-list", "The phone does not say who uses it; only the owner was read.")
        listing.users = {OWNER: "system"}
    if len(listing.users) > MOST_USERS:
        reason = (
            f"The phone names {len(listing.users)} users, more than any phone has; the first {MOST_USERS} were read."
        )
        reader.skip("users", "list", "too-many", reason)
        listing.users = first_users(listing.users)
    if wanted == "all":
        listing.asked = tuple(sorted(listing.users))
    elif wanted == "current":
        current = parse_current_user(reader.ask(CURRENT_USER) or "")
        current = parse_current_user(dump) if current is None else current
        listing.asked = (current if current in listing.users else min(listing.users),)
    else:
        chosen = number(wanted)
        if chosen is None or chosen not in listing.users:
            there = ", ".join(str(user) for user in sorted(listing.users))
            raise UsageError(f"This phone has no user {wanted}.", f"Its users are {there}.")
        listing.asked = (chosen,)
