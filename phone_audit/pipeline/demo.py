"""A simulated phone on loopback → its result, through the ordinary path."""

from phone_audit.model.results import Scan
from phone_audit.pipeline.options import Progress, ScanOptions, no_progress
from phone_audit.pipeline.scan import scan_device
from phone_audit.simulated.phone import SimulatedPhone

PROFILE = "nokia7plus"


def scan_simulated(on_progress: Progress = no_progress) -> Scan:
    with SimulatedPhone(PROFILE) as phone:
        return scan_device(phone.address, on_progress=on_progress, options=ScanOptions(via="direct", label="demo"))
