"""How an app came onto a phone: by whoever installed it, as the phone names that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.app import InstallerFact
from phone_audit.model.apps import CameFrom, Origin
from phone_audit.model.device import Package, PackageUser, Snapshot
from phone_audit.model.stated import time_of


@dataclass(frozen=True)
class Installers:
    """Who installs apps on one phone, by what is known of stores, package installers and browsers.

    `system` is package → whether it came with the firmware, null where that is not known; `signers` is package → the
    certificates that signed it, by SHA-256, where they were read.
    """

    knowledge: Knowledge
    system: Mapping[str, bool | None]
    signers: Mapping[str, frozenset[str]]

    @classmethod
    def of(
        cls, snapshot: Snapshot, knowledge: Knowledge, signers: Mapping[str, Iterable[str]] = MappingProxyType({})
    ) -> "Installers":
        """Return those of a phone; `signers` are what its APKs show of packages beyond what the phone says."""
        return cls(
            knowledge,
            {package.name: package.system for package in snapshot.packages},
            {one.name: frozenset((*(one.signers or ()), *signers.get(one.name, ()))) for one in snapshot.packages},
        )

    def origin(self, package: Package, user: PackageUser) -> Origin:
        """Return how a user's copy of a package came there.

        Who installed it is what the phone notes; a person with a cable can make it note a store. A store that is not
        shown to be the one that bears its name counts for nothing.
        """
        if package.system is None:
            return "unknown"
        if package.system:
            return "firmware"
        if user.installer is None:
            return "hand"
        fact = self.knowledge.installer_of(user.installer)
        if fact is not None and fact.kind == "store" and not self._is_shown(fact):
            return "unknown"
        return fact.kind if fact else "other"

    def _is_shown(self, fact: InstallerFact) -> bool:
        """Tell whether a store is on this phone and is that store: by the firmware that has it, or by who signed it."""
        return bool(self.system.get(fact.id)) or not self.signers.get(fact.id, frozenset()).isdisjoint(fact.signers)

    def _may_be_shown(self, fact: InstallerFact) -> bool:
        """Tell whether it is here, and only what would show that it is that store was not read."""
        if fact.id not in self.system:
            return False
        return self.system[fact.id] is None or bool(fact.signers and not self.signers[fact.id])

    def is_by_hand(self, package: Package, user: PackageUser) -> bool:
        """Tell whether somebody chose the file, or an app that did not come with the phone brought it.

        An installer that came with the firmware counts as the maker's store, unless it is known to install files.
        """
        origin = self.origin(package, user)
        if package.system is not False or user.installer is None or origin not in ("other", "unknown"):
            return origin == "hand"
        fact = self.knowledge.installer_of(user.installer)
        if fact is None:
            return not self.system.get(user.installer)
        return origin == "unknown" and not self._may_be_shown(fact)

    def came_from(self, package: Package, user: PackageUser, labels: Mapping[str, str]) -> CameFrom:
        """Return the same with who installed it and when; `labels` are the names of apps on the screen."""
        name = user.installer
        fact = self.knowledge.installer_of(name) if name else None
        return CameFrom(
            kind=self.origin(package, user),
            installer=name,
            installed=time_of(user.first_install),
            updated=time_of(user.last_update),
            installer_name=fact.name if fact else labels.get(name or ""),
        )
