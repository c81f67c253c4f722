"""How an app came onto a phone."""

import pytest

from phone_audit.detect.apps.origin import Installers
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apps import CameFrom
from tests.detect.apps.phone_apps import app_package, phone, user


@pytest.mark.parametrize(
    ("system", "installer", "kind", "name"),
    [
        (True, None, "firmware", None),
        (True, "com.android.vending", "firmware", "Google Play"),
        (None, "com.android.vending", "unknown", "Google Play"),
        (False, "com.android.vending", "store", "Google Play"),
        (False, "com.aurora.store", "store", "Aurora Store"),
        (False, None, "hand", None),
        (False, "com.lenovo.anyshare.gps", "hand", "SHAREit"),
        (False, "com.google.android.packageinstaller", "hand", "the package installer"),
        (False, "com.sec.android.easyMover", "other", "Samsung Smart Switch"),
        (False, "com.other", "other", "Other App"),
        (False, "com.android.vending\x1b[0m", "other", None),
    ],
)
def test_who_installed_it(system: bool | None, installer: str | None, kind: str, name: str | None) -> None:
    package = app_package("com.app", user(installer=installer), system=system)
    installers = Installers.of(phone(package), load_knowledge())
    came_from = installers.came_from(package, package.users[0], {"com.other": "Other App"})
    assert came_from == CameFrom(kind=kind, installer=installer, installed=None, updated=None, installer_name=name)


def test_times_that_are_none_are_not_told() -> None:
    package = app_package("com.app", user(first_install="2021-01-16T16:15:26Z", last_update="last week"))
    came_from = Installers.of(phone(package), load_knowledge()).came_from(package, package.users[0], {})
    assert (came_from.installed, came_from.updated) == ("2021-01-16T16:15:26Z", None)
