"""Networks whose traffic is led through another computer."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="network-proxy-set", category="network")
IN_USE = "network_proxy"
FOR_ALL = ("http_proxy", "global_http_proxy_host", "global_http_proxy_port", "global_proxy_pac_url")
REMEDY = Remedy(
    text="If neither you nor whoever runs this network set it: Settings, Network and internet, the network, no proxy."
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a network that is up uses a proxy that is not the one for all networks."""
    found = settings_of(snapshot, (IN_USE, *FOR_ALL))
    host, port = (found[name].value if name in found else "" for name in FOR_ALL[1:3])
    known = {f"{host}:{port}", *(item.value for name, item in found.items() if name != IN_USE)}
    others = [proxy for proxy in (found[IN_USE].value or "").split() if proxy not in known] if IN_USE in found else []
    if others:
        yield DETECTOR.finding(
            setting(IN_USE),
            "A network uses a proxy",
            f"On the network that is in use, traffic of packages that honour the proxy goes through "
            f"{' and '.join(others)}.",
            severity="low",
            confidence="confirmed",
            evidence=[piece for piece in found[IN_USE].evidence if piece.value in others],
            remedy=(REMEDY,),
        )
