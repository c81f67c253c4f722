"""How an app came onto a phone."""

import pytest

from phone_audit.detect.apps.origin import Installers
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apps import CameFrom
from phone_audit.model.device import Package
from tests.detect.apps.phone_apps import app_package, phone, user

PLAY = app_package("com.android.vending", system=True)
FDROID = "43238d512c1e5eb2d6569f4a3afbf5523418b82e0a3ed1552770abb9a9c9ccab"


@pytest.mark.parametrize(
    ("system", "installer", "kind", "name"),
    [
        (True, None, "firmware", None),
        (True, "com.android.vending", "firmware", "Google Play"),
        (None, "com.android.vending", "unknown", "Google Play"),
        (False, "com.android.vending", "store", "Google Play"),
        (False, "com.sec.android.app.samsungapps", "unknown", "Galaxy Store"),
        (False, "com.aurora.store", "unknown", "Aurora Store"),
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
    added = app_package("com.aurora.store", system=False)
    installers = Installers.of(phone(package, PLAY, added), load_knowledge())
    came_from = installers.came_from(package, package.users[0], {"com.other": "Other App"})
    assert came_from == CameFrom(kind=kind, installer=installer, installed=None, updated=None, installer_name=name)


def test_times_that_are_none_are_not_told() -> None:
    package = app_package("com.app", user(first_install="2021-01-16T16:15:26Z", last_update="last week"))
    came_from = Installers.of(phone(package), load_knowledge()).came_from(package, package.users[0], {})
    assert (came_from.installed, came_from.updated) == ("2021-01-16T16:15:26Z", None)


@pytest.mark.parametrize(
    ("store", "kind", "by_hand"),
    [
        (None, "unknown", True),
        (app_package("org.fdroid.fdroid", system=True), "store", False),
        (app_package("org.fdroid.fdroid", system=None), "unknown", False),
        (app_package("org.fdroid.fdroid", signers=(FDROID,)), "store", False),
        (app_package("org.fdroid.fdroid", signers=("a" * 64,)), "unknown", True),
        (app_package("org.fdroid.fdroid"), "unknown", False),
        (app_package("org.fdroid.fdroid", user(installed=False), system=True), "store", False),
    ],
)
def test_a_store_counts_where_it_is_shown_to_be_one(store: Package | None, kind: str, by_hand: bool) -> None:
    package = app_package("com.spy", user(installer="org.fdroid.fdroid"))
    installers = Installers.of(phone(package, *((store,) if store else ())), load_knowledge())
    assert installers.origin(package, package.users[0]) == kind
    assert installers.is_by_hand(package, package.users[0]) == by_hand


def test_a_package_that_calls_itself_a_store_of_the_firmware_is_none() -> None:
    itself = app_package("com.android.vending", user(installer="com.android.vending"), system=False)
    package = app_package("com.spy", user(installer="com.android.vending"))
    installers = Installers.of(phone(package, itself), load_knowledge())
    for one in (itself, package):
        assert installers.origin(one, one.users[0]) == "unknown"
        assert installers.is_by_hand(one, one.users[0])


def test_the_apk_of_a_store_shows_who_signed_it() -> None:
    package = app_package("com.app", user(installer="org.fdroid.fdroid"))
    on_phone = phone(package, app_package("org.fdroid.fdroid"))
    for signer, kind in ((FDROID, "store"), ("a" * 64, "unknown")):
        installers = Installers.of(on_phone, load_knowledge(), {"org.fdroid.fdroid": [signer]})
        assert installers.origin(package, package.users[0]) == kind
