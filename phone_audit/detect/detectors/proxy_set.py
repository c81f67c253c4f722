"""Phones whose traffic is led through another computer."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="proxy-set", category="network")
HOST, PORT, PAIR, SCRIPT = "global_http_proxy_host", "global_http_proxy_port", "http_proxy", "global_proxy_pac_url"
REMEDY = Remedy(
    text="If neither you nor the company that owns the phone set it: look in Settings at the proxy of each Wi-Fi "
    "network and at the device administrators, and take it out there.",
    risk="Where a company manages the phone, its network may then be out of reach.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding where a proxy for all networks is set; Android keeps it under several names."""
    found = settings_of(snapshot, (HOST, PORT, PAIR, SCRIPT))
    port = f":{found[PORT].value}" if PORT in found else ""
    places = [f"{found[HOST].value}{port}"] if HOST in found else []
    places += [str(found[name].value) for name in (PAIR, SCRIPT) if name in found]
    if not places:
        return
    yield DETECTOR.finding(
        setting(PAIR),
        "A proxy is set for all networks",
        f"All traffic of packages that honour the system's proxy goes through {' and '.join(dict.fromkeys(places))}.",
        severity="low",
        confidence="confirmed",
        evidence=[piece for item in found.values() for piece in item.evidence],
        remedy=(REMEDY,),
    )
