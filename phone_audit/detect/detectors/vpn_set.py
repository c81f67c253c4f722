"""Phones whose traffic goes through a package that made a tunnel."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting
from phone_audit.detect.privileged_apps import per_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="vpn-set", category="network")
ALWAYS, IN_USE = "always_on_vpn_app", "vpn_in_use"
REMEDY = Remedy(text="If you did not choose it: Settings, Network and internet, VPN, forget it.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package that is set as the tunnel for everything, or that runs one now."""
    found: dict[str, list[StateItem]] = {}
    for key in (ALWAYS, IN_USE):
        for _, item in per_user(snapshot, key):
            for name in (item.value or "").split():
                found.setdefault(name, []).append(item)
    for name, items in found.items():
        yield DETECTOR.finding(
            setting(ALWAYS),
            "Traffic goes through a VPN",
            f"The traffic of this phone goes through {name}, which can see where to.",
            severity="info",
            confidence="confirmed",
            evidence=[piece for item in items for piece in item.evidence],
            main=name,
            remedy=(REMEDY,),
        )
