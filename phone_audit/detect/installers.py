"""Who put a package on the phone: a store that looks at what it offers, the firmware, or a person's own hand.

The names are those of the installers themselves, as each phone reports them (`installer=` in `pm list packages -i`).
"""

from phone_audit.model.device import Package, PackageUser, Snapshot

STORES = frozenset(
    {
        "com.amazon.venezia",
        "com.android.vending",
        "com.aurora.store",
        "com.bbk.appstore",
        "com.google.android.feedback",
        "com.heytap.market",
        "com.hihonor.appmarket",
        "com.huawei.appmarket",
        "com.oppo.market",
        "com.sec.android.app.samsungapps",
        "com.vivo.appstore",
        "com.xiaomi.discover",
        "com.xiaomi.market",
        "com.xiaomi.mipicks",
        "org.fdroid.basic",
        "org.fdroid.fdroid",
    }
)
"""Stores of Google, the makers and F-Droid. `com.google.android.feedback` stands for the Play Store in old installs."""

BY_HAND = frozenset(
    {
        "com.android.chrome",
        "com.android.documentsui",
        "com.android.packageinstaller",
        "com.android.shell",
        "com.google.android.apps.nbu.files",
        "com.google.android.documentsui",
        "com.google.android.packageinstaller",
        "com.miui.packageinstaller",
        "com.samsung.android.packageinstaller",
        "com.sec.android.app.myfiles",
        "pc",
    }
)
"""What installs a file that a person, or somebody who held the phone or its cable, chose."""


def is_by_hand(package: Package, user: PackageUser, snapshot: Snapshot) -> bool:
    """Tell whether a package came neither with the firmware nor from a store.

    An installer that came with the firmware counts as the maker's store, unless it is known to install files.
    """
    if package.system is not False:
        return False
    name = user.installer
    if name is None or name in BY_HAND:
        return True
    if name in STORES:
        return False
    return not any(other.name == name and other.system for other in snapshot.packages)
