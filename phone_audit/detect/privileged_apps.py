"""Who holds privileges over a phone: what the state says, by package and user."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from phone_audit.model.device import Package, PackageUser, Snapshot, StateItem
from phone_audit.model.finding import Evidence

Privilege = Literal["accessibility", "notifications", "admin", "input", "owner"]
STATE_KEYS: tuple[tuple[str, Privilege], ...] = (
    ("accessibility_services", "accessibility"),
    ("enabled_accessibility_services", "accessibility"),
    ("enabled_notification_listeners", "notifications"),
    ("device_admins", "admin"),
    ("device_owner", "owner"),
    ("profile_owner", "owner"),
    ("default_input_method", "input"),
)
"""Item of the state → the privilege that the components in it have."""


@dataclass(frozen=True)
class PrivilegedApp:
    """One package with one privilege for one user. `package` is None where the phone lists none of that name."""

    name: str
    user: int
    privilege: Privilege
    evidence: tuple[Evidence, ...]
    package: Package | None
    copy: PackageUser | None

    @property
    def system(self) -> bool | None:
        """Whether it came with the firmware; None where that is not known."""
        return self.package.system if self.package else None


def privileged_apps(snapshot: Snapshot) -> tuple[PrivilegedApp, ...]:
    """Return them by package, user and privilege. A setting that a removed package left behind gives none."""
    packages = {package.name: package for package in snapshot.packages}
    found: dict[tuple[str, int, Privilege], list[Evidence]] = {}
    for key, privilege in STATE_KEYS:
        for user, item in per_user(snapshot, key):
            for component in (item.value or "").split(":"):
                if "/" in component:
                    pieces = found.setdefault((component.partition("/")[0], user, privilege), [])
                    pieces.extend(piece for piece in item.evidence if component in piece.value)
    apps = []
    for (name, user, privilege), pieces in sorted(found.items()):
        package = packages.get(name)
        copies = package.users if package else ()
        copy = next((one for one in copies if one.id == user), None)
        if package is None or (copy and copy.installed is not False):
            apps.append(PrivilegedApp(name, user, privilege, tuple(dict.fromkeys(pieces)), package, copy))
    return tuple(apps)


def per_user(snapshot: Snapshot, name: str) -> Iterator[tuple[int, StateItem]]:
    """Yield an item of the state for every user that has it: `name`, and `name@10` for user 10."""
    for item in snapshot.state:
        base, at, user = item.key.partition("@")
        if base == name and item.value and (not at or user.isdecimal()):
            yield int(user) if at else 0, item


def shown_user(user: int) -> str:
    """Name a user in a sentence; the owner needs no name."""
    return "" if user == 0 else f" (user {user})"
