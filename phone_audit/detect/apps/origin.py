"""How an app came onto a phone: by whoever installed it, as the phone names that."""

from collections.abc import Mapping
from dataclasses import dataclass

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apps import CameFrom, Origin
from phone_audit.model.device import Package, PackageUser, Snapshot
from phone_audit.model.stated import is_time


@dataclass(frozen=True)
class Installers:
    """Who installs apps on one phone.

    Attributes:
        knowledge: has the stores, package installers and browsers.
        system: package → whether it came with the firmware, null where that is not known.
    """

    knowledge: Knowledge
    system: Mapping[str, bool | None]

    @classmethod
    def of(cls, snapshot: Snapshot, knowledge: Knowledge) -> "Installers":
        """Return those of a phone."""
        return cls(knowledge, {package.name: package.system for package in snapshot.packages})

    def origin(self, package: Package, user: PackageUser) -> Origin:
        """Return how a user's copy of a package came there.

        Who installed it is what the phone notes; a person with a cable can make it note a store.
        """
        if package.system is None:
            return "unknown"
        if package.system:
            return "firmware"
        if user.installer is None:
            return "hand"
        fact = self.knowledge.installer_of(user.installer)
        return fact.kind if fact else "other"

    def is_by_hand(self, package: Package, user: PackageUser) -> bool:
        """Tell whether somebody chose the file, or an app that did not come with the phone brought it.

        An installer that came with the firmware counts as the maker's store, unless it is known to install files.
        """
        origin = self.origin(package, user)
        if origin != "other" or user.installer is None:
            return origin == "hand"
        return self.knowledge.installer_of(user.installer) is None and not self.system.get(user.installer)

    def came_from(self, package: Package, user: PackageUser, labels: Mapping[str, str]) -> CameFrom:
        """Return the same with who installed it and when; `labels` are the names of apps on the screen."""
        name = user.installer
        fact = self.knowledge.installer_of(name) if name else None
        return CameFrom(
            kind=self.origin(package, user),
            installer=name,
            installed=_time(user.first_install),
            updated=_time(user.last_update),
            installer_name=fact.name if fact else labels.get(name or ""),
        )


def _time(text: str | None) -> str | None:
    return text if text is not None and is_time(text) else None
