"""Tells a phone that only charges from everything else that is plugged in: by its maker, and by what it offers.

The makers are those of AOSP's former system/core/adb/usb_vendors.cpp and of M0Rf30/android-udev-rules
(51-android.rules), where they mainly make phones; a maker of keyboards and disks as well counts only where nothing else
fits.
"""

from collections.abc import Collection

Kind = tuple[int, int, int]
"""Class, subclass and protocol of a USB interface."""

PHONE_MAKERS = frozenset(
    {
        0x04E8,  # Samsung
        0x05C6,  # Qualcomm, as it comes from the factory
        0x0BB4,  # HTC, and many makers without a number of their own
        0x0E8D,  # MediaTek
        0x0FCE,  # Sony
        0x1004,  # LG
        0x109B,  # Hisense
        0x12D1,  # Huawei
        0x1782,  # Unisoc
        0x18D1,  # Google
        0x19D2,  # ZTE
        0x1BBB,  # TCL, Alcatel
        0x22B8,  # Motorola
        0x22D9,  # OPPO, realme
        0x2717,  # Xiaomi
        0x2A45,  # Meizu
        0x2A70,  # OnePlus
        0x2AE5,  # Fairphone
        0x2D95,  # vivo
        0x2E04,  # HMD (Nokia)
    }
)
_NO_PHONE = frozenset({0x01, 0x03, 0x07, 0x08, 0x09, 0x0B, 0x0E})
"""Classes of audio, keyboards and mice, printers, disks, hubs, card readers, cameras."""

_VENDOR, _NETWORK = 0xFF, 0xE0


def may_be_charging(vendor: int, kinds: Collection[Kind]) -> bool:
    """Tell whether a device is a phone that offers no files and no debugging.

    Args:
        vendor: USB vendor id.
        kinds: what its interfaces are.

    Example:
        >>> may_be_charging(0x18D1, []), may_be_charging(0x04E8, [(0x08, 6, 0x50)])
        (True, False)
    """
    if vendor not in PHONE_MAKERS or any(kind[0] in _NO_PHONE for kind in kinds):
        return False
    return all(kind[0] in (_VENDOR, _NETWORK, 0x02, 0x0A) for kind in kinds)
