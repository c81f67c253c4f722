"""The schemas of facts on apps: who installs them, and what Android lets some of them do."""

from typing import Final, Literal

from phone_audit.model.apps import Watching
from phone_audit.model.base import Frozen
from phone_audit.model.stated import Sha256

InstallerKind = Literal["store", "hand", "other"]
"""`store` looks at what it offers and keeps it up to date. `hand`: it installs what a person chose, from a file, the
web or a cable. `other`: it brings apps without anybody choosing each, as another phone's are moved over."""
InstallerRole = Literal[
    "store", "store-client", "package-installer", "file-app", "file-transfer", "browser", "cable", "phone-transfer",
]  # fmt: skip
ROLES: Final[dict[InstallerRole, InstallerKind]] = {
    "store": "store",
    "store-client": "store",
    "package-installer": "hand",
    "file-app": "hand",
    "file-transfer": "hand",
    "browser": "hand",
    "cable": "hand",
    "phone-transfer": "other",
}
"""What an installer is → what it means that an app came by it."""


class InstallerFact(Frozen):
    """Something that installs apps: `id` is its package as phones name it, `name` what people call it.

    `signers` are all certificates, by SHA-256, that it is given out with; by them a store counts that a person added.
    """

    id: str
    name: str
    role: InstallerRole
    source: str
    signers: tuple[Sha256, ...] = ()
    signers_source: str = ""

    @property
    def kind(self) -> InstallerKind:
        """What it means that an app came by it."""
        return ROLES[self.role]


class PowerFact(Frozen):
    """Something that Android lets some apps do beyond what every app may.

    Attributes:
        id: of it in results.
        title: what it is, in one word or a few: `microphone`.
        can: what an app with it does, in words that follow "may".
        did: the same of an app that an app-op shows to have done it, in words that follow its name.
        watching: what of a person can be watched with it.
        rank: the order in which powers are told, the lowest first.
        permissions: each of them gives it.
        ops: the app-ops that note its use, by the names that the phone prints.
        op_gives: whether the owner gives it by the app-op and not by the permission: settings call it special access.
        states: items of the state that list the packages or components that have it.
        platform: the key that signed the system gives it.
        since: the first API level that has it.
        matches, ignores: permissions, app-ops or items that show it, and near misses that do not.
    """

    id: str
    title: str
    can: str
    did: str = ""
    watching: Watching
    rank: int
    permissions: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()
    op_gives: bool = False
    states: tuple[str, ...] = ()
    platform: bool = False
    since: int = 1
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]

    def covers(self, text: str) -> bool:
        """Tell whether a permission, an app-op or an item of the state shows it."""
        return text in self.permissions or text in self.ops or text in self.states
