"""The phones seen → the published list."""

from phone_audit.acquire.adb.connect import list_devices
from phone_audit.model.results import Devices, DevicesRun
from phone_audit.pipeline.options import TOOL, rfc3339, utc_now


def find_devices() -> Devices:
    """List the phones that can be seen over USB and through a running adb server, with what blocks them."""
    started = utc_now()
    return Devices(
        schema_="phone-audit/devices/1", devices=list_devices(), tool=TOOL, run=DevicesRun(started=rfc3339(started))
    )
