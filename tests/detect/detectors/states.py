"""A phone whose state and packages a test chooses."""

from typing import Any

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Package, PackageUser, StateItem
from phone_audit.model.finding import Evidence, Finding
from tests.judge.cases import PIXEL, snapshot

NOTHING_KNOWN = Knowledge(())


def says(value: str, *, kind: Any = "command", where: str = "dumpsys") -> Evidence:
    return Evidence(kind=kind, where=where, value=value)


def item(key: str, value: str | None, *evidence: Evidence) -> StateItem:
    return StateItem(key=key, value=value, expected=None, evidence=evidence)


def installed(
    name: str,
    *,
    system: bool | None = False,
    installer: str | None = "com.android.vending",
    users: tuple[int, ...] = (0,),
) -> Package:
    copies = tuple(
        PackageUser(id=user, installed=True, enabled=True, hidden=False, suspended=False, installer=installer,
                    first_install=None, last_update=None, granted=None, appops=None, traffic=None)
        for user in users
    )  # fmt: skip
    unknown = dict.fromkeys(("app_id", "version_code", "version_name", "signers"))
    return Package.model_validate({"name": name, "system": system, "files": (), "users": copies, **unknown})


def on_phone(
    detector: Any,
    *state: StateItem,
    packages: tuple[Package, ...] = (),
    knowledge: Knowledge = NOTHING_KNOWN,
    sdk: int | None = None,
) -> list[Finding]:
    phone = snapshot(PIXEL, state=tuple(sorted(state, key=lambda one: one.key)), packages=packages)
    if sdk is not None:
        phone = phone.model_copy(update={"build": phone.build.model_copy(update={"sdk": sdk})})
    return list(detector(phone, knowledge))
