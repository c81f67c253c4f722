"""Tells whether a phone sends data where it should not, and whether it is one of the known-bad batches."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from phone_audit.version import __version__

__all__ = ["__version__", "check_firmware", "scan_apks", "scan_device"]

if TYPE_CHECKING:
    from phone_audit.pipeline.apks import scan_apks
    from phone_audit.pipeline.firmware import check_firmware
    from phone_audit.pipeline.scan import scan_device

_ROOMS = {"check_firmware": "firmware", "scan_apks": "apks", "scan_device": "scan"}


def __getattr__(name: str) -> Any:
    """Hand out the library's functions when first asked for, so that `--help` loads none of them."""
    if name in _ROOMS:
        return getattr(import_module(f"phone_audit.pipeline.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
