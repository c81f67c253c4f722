"""Tells whether a phone sends data where it should not, and whether it is one of the known-bad batches."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "check_firmware", "scan_apks", "scan_device"]

if TYPE_CHECKING:
    from phone_audit.pipeline import check_firmware, scan_apks, scan_device


def __getattr__(name: str) -> Any:
    """Hand out the library's functions when first asked for, so that `--help` loads none of them."""
    if name in ("check_firmware", "scan_apks", "scan_device"):
        from phone_audit import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
