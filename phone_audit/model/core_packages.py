"""Packages without which Android does not start, or cannot be unlocked, called with or repaired: never switched off.

Source: AOSP build/make, target/product/base_system.mk, handheld_system.mk, telephony_system.mk and media_system.mk, and
the names that Google's builds give the same modules.
"""

from typing import Final

CORE_PACKAGES: Final = frozenset({
    "android", "com.android.systemui", "com.android.settings", "com.android.phone", "com.android.server.telecom",
    "com.android.providers.telephony", "com.android.providers.contacts", "com.android.providers.settings",
    "com.android.providers.media", "com.android.providers.media.module", "com.android.providers.downloads",
    "com.android.providers.calendar", "com.android.providers.blockednumber", "com.android.externalstorage",
    "com.android.permissioncontroller", "com.google.android.permissioncontroller",
    "com.android.packageinstaller", "com.google.android.packageinstaller", "com.android.shell",
    "com.android.bluetooth", "com.android.bluetooth.services", "com.android.nfc", "com.android.se",
    "com.android.keychain", "com.android.certinstaller", "com.android.vpndialogs", "com.android.location.fused",
    "com.android.inputdevices", "com.android.networkstack", "com.google.android.networkstack",
    "com.android.networkstack.tethering", "com.android.wifi.resources", "com.android.webview",
    "com.google.android.webview", "com.android.launcher3", "com.android.inputmethod.latin",
    "com.android.documentsui", "com.android.emergency", "com.android.cellbroadcastreceiver",
    "com.android.modulemetadata", "com.android.ons", "com.android.carrierconfig", "com.android.proxyhandler",
    "com.google.android.gms", "com.google.android.gsf",
})  # fmt: skip


def may_be_switched_off(package: str) -> bool:
    """Tell whether a phone goes on without a package.

    Example:
        >>> may_be_switched_off("com.adups.fota"), may_be_switched_off("com.android.systemui")
        (True, False)
    """
    return package not in CORE_PACKAGES
