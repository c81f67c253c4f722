"""Puts what the lists and the dump say of a package, or of a module of the system, together."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.packages.package_block import DumpedPackage, DumpedUser
from phone_audit.acquire.packages.package_dump import DumpedApex
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.questions.identity import utc
from phone_audit.acquire.questions.question import PER_USER_RANGE
from phone_audit.acquire.text import known, shown
from phone_audit.model.device import AppOp, Module, NotUnderstood, Package, PackageFile, PackageUser, Traffic, User

Value = TypeVar("Value")

OFF = frozenset({2, 3, 4})
"""COMPONENT_ENABLED_STATE_DISABLED, _DISABLED_USER, _DISABLED_UNTIL_USED; 0 is the default, 1 enabled."""

FORMS_AT_MOST = 10

MOST_PACKAGES = 20_000
"""Packages of one phone; the fullest known here has 700."""

UPDATED = "/data/apex/active/"
"""Where an update of a module lies; a compressed one of the firmware lies unpacked beside it, in `decompressed`."""

NOTHING_SENT = Traffic(
    since=None, received=0, sent=0, sent_background=0, received_background=0, mobile_received=0, mobile_sent=0
)


def users_of(listing: Listing) -> tuple[User, ...]:
    """Return the phone's users, by id."""
    return tuple(
        User(id=user, type=kind, readable=user not in listing.locked) for user, kind in sorted(listing.users.items())
    )


def names_of(listing: Listing, reader: Reader) -> tuple[str, ...]:
    """Return the packages of the users that were asked for, by name; of more than any phone has, the first ones."""
    names = set(listing.names or ())
    for listed in listing.lists.values():
        names.update(one.name for one in listed)
    found = sorted(names | (listing.dump.packages.keys() if listing.dump else set()))
    if len(found) > MOST_PACKAGES:
        reason = f"{len(found)} packages are named, more than any phone has; the first {MOST_PACKAGES} were looked at."
        reader.skip("packages", "list", "too-many", reason)
    return tuple(found[:MOST_PACKAGES])


def listed_by_name(listing: Listing) -> Mapping[str, tuple[ListEntry, ...]]:
    """Return the different lines that name a package; a repeated line counts once."""
    found: dict[str, dict[ListEntry, None]] = {}
    for listed in listing.lists.values():
        for one in listed:
            found.setdefault(one.name, {})[one] = None
    return {name: tuple(lines) for name, lines in found.items()}


def not_understood_of(listing: Listing) -> tuple[NotUnderstood, ...]:
    """Return the answers that hold lines of unknown form, by command."""
    answers = []
    for command, forms in sorted(listing.strange.items()):
        if forms:
            most = sorted(shown(form) for form, _ in forms.most_common(FORMS_AT_MOST))
            answers.append(NotUnderstood(command=command, lines=forms.total(), forms=tuple(most)))
    return tuple(answers)


def block_of(
    name: str, blocks: tuple[DumpedPackage, ...], lines: tuple[ListEntry, ...], reader: Reader
) -> DumpedPackage:
    """Choose the block to believe: the one whose code lies where the list says, else the first.

    More than one is no phone's doing, so it is noted.
    """
    if not blocks:
        return DumpedPackage(name)
    if len(blocks) > 1:
        reason = "dumpsys describes this package more than once: text of one package imitates another."
        reader.skip(name, "list", "contradiction", reason)
    paths = sorted(line.path for line in lines if line.path)
    return next((block for block in blocks if _holds(block, paths)), blocks[0])


def package_of(
    name: str,
    block: DumpedPackage,
    lines: tuple[ListEntry, ...],
    listing: Listing,
    files: Iterable[PackageFile],
    offset: int,
) -> Package:
    """Return the package as the contract has it. `block` may be empty; `offset` is the phone's from UTC in seconds."""
    users = tuple(
        _user(user, name, block, lines, listing, offset)
        for user in sorted(block.users.keys() | (listing.lists.keys() if lines else ()))
        if user in listing.asked
    )
    code = block.version_code if block.version_code is not None else _first(line.version_code for line in lines)
    app_id = listing.app_ids.get(name, block.app_id)
    if app_id is None:
        app_id = _first(line.uids[0] % PER_USER_RANGE for line in lines if line.uids)
    return Package(
        name=shown(name),
        app_id=app_id,
        system=_system(name, block, listing),
        version_code=code,
        version_name=None if block.version_name is None else shown(block.version_name),
        signers=block.signers,
        files=tuple(sorted(files, key=lambda file: (file.path, file.role))),
        users=users,
    )


def with_usage(
    package: Package,
    appops: Mapping[tuple[int, str], tuple[AppOp, ...]] | None,
    traffic: Mapping[tuple[int, int], Traffic] | None,
) -> Package:
    """Return the package with what its users' copies did.

    Packages with one uid share its counters, so all of them carry the same bytes. Nothing counted is zero bytes, and
    nothing said of operations is none, where the answer was there.
    """
    if appops is None and traffic is None:
        return package
    users = []
    for user in package.users:
        here = user.installed is not False
        operations, moved = user.appops, user.traffic
        if appops is not None:
            operations = appops.get((user.id, package.name), ()) if here else ()
        if traffic is not None and package.app_id is not None and here:
            moved = traffic.get((user.id, package.app_id), NOTHING_SENT)
        users.append(user.model_copy(update={"appops": operations, "traffic": moved}))
    return package.model_copy(update={"users": tuple(users)})


def _user(
    user: int, name: str, block: DumpedPackage, lines: tuple[ListEntry, ...], listing: Listing, offset: int
) -> PackageUser:
    state = block.users.get(user, DumpedUser())
    installed = state.installed
    if installed is None and user in listing.present:
        installed = name in listing.present[user]
    here = installed is not False
    first = state.first_install or block.first_install
    return PackageUser(
        id=user,
        installed=installed,
        enabled=_enabled(state.enabled, name in listing.disabled.get(user, ()), user in listing.disabled),
        hidden=state.hidden,
        suspended=state.suspended,
        installer=known(_first(line.installer for line in lines) or block.installer),
        first_install=utc(first, offset) if here else None,
        last_update=utc(block.last_update, offset) if here else None,
        granted=_granted(block, state, listing, user) if user in block.users else None,
        appops=None,
        traffic=None,
    )


def _granted(block: DumpedPackage, state: DumpedUser, listing: Listing, user: int) -> tuple[str, ...]:
    """Return what the user's copy may do; a package with a shared user has that user's grants, printed only there."""
    if state.installed is False:
        return ()
    shared = listing.shared_grants(block.shared_user, user) if block.shared_user else frozenset()
    return tuple(sorted(shown(permission) for permission in block.granted | state.granted | shared))


def _enabled(state: int | None, in_list: bool, list_known: bool) -> bool | None:
    """Only the list of disabled packages knows what the manifest says where the state is the default, 0."""
    if in_list or state in OFF:
        return False
    return True if state is not None or list_known else None


def _system(name: str, block: DumpedPackage, listing: Listing) -> bool | None:
    if listing.system is not None and name in listing.system:
        return True
    if listing.third_party is not None and name in listing.third_party:
        return False
    return "SYSTEM" in block.flags if block.flags else None


def _holds(block: DumpedPackage, paths: Sequence[str]) -> bool:
    """Tell whether the code of a block is one of the paths, which are sorted, or the folder of one."""
    code = block.code_path
    return code is not None and any(
        _at(paths, begin) == begin if begin == code else _at(paths, begin).startswith(begin)
        for begin in (code, code.rstrip("/") + "/")
    )


def _at(paths: Sequence[str], begin: str) -> str:
    """Return the first of the paths that is not before a text; empty where there is none."""
    at = bisect_left(paths, begin)
    return paths[at] if at < len(paths) else ""


def _first(values: Iterable[Value | None]) -> Value | None:
    return next((value for value in values if value is not None), None)


def modules_of(entries: Iterable[ListEntry], dumped: Iterable[DumpedApex]) -> tuple[Module, ...]:
    """Return the APEX modules by name; where the phone lists them, no others count."""
    listed = {one.name: one for one in entries}
    names = listed.keys() or {apex.name for apex in dumped}
    described: dict[str, list[DumpedApex]] = {}
    for one in dumped:
        described.setdefault(one.name, []).append(one)
    modules = []
    for name in sorted(names):
        versions = described.get(name, [])
        active = next((one for one in versions if one.active), None)
        factory = next((one for one in versions if one.factory), None)
        line = listed.get(name)
        path = (line.path if line else None) or (active.path if active else None)
        code = line.version_code if line else None
        if code is None and active:
            code = active.version_code
        modules.append(
            Module(
                name=shown(name),
                version_code=code,
                path=known(path),
                updated=path.startswith(UPDATED) if path else None,
                factory_version_code=factory.version_code if factory else None,
                factory_path=known(factory.path) if factory else None,
            )
        )
    return tuple(modules)
