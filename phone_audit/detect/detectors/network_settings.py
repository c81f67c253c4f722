"""Phones whose traffic, or look-up of names, is led through somebody."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, DeviceCheck, all_evidence, setting, settings_of
from phone_audit.detect.privileged_apps import per_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Evidence, Finding
from phone_audit.model.stated import parsed_address

PROXY_SET = Detector(
    id="proxy-set",
    category="network",
    sign="unclear",
    advice="If neither you nor the company that owns the phone set it: look in Settings at the proxy of each Wi-Fi "
    "network and at the device administrators, and take it out there.",
    risk="Where a company manages the phone, its network may then be out of reach.",
)
NETWORK_PROXY_SET = Detector(
    id="network-proxy-set",
    category="network",
    sign="unclear",
    advice="If neither you nor whoever runs this network set it: Settings, Network and internet, the network, "
    "no proxy.",
)
PRIVATE_DNS_SET = Detector(
    "private-dns-set",
    "network",
    "none",
    "If you did not choose it: Settings, Network and internet, Private DNS, set to Automatic.",
)
VPN_SET = Detector(
    "vpn-set", "network", "none", "If you did not choose it: Settings, Network and internet, VPN, forget it."
)
HOSTS_FILE_CHANGED = Detector(
    "hosts-file-changed",
    "network",
    "altered",
    "If you did not change it yourself (as some blockers of advertising do), install the maker's firmware.",
)
PROXY_HOST, PROXY_PORT = "global_http_proxy_host", "global_http_proxy_port"
PROXY_PAIR, PROXY_SCRIPT = "http_proxy", "global_proxy_pac_url"
NETWORK_PROXY = "network_proxy"
DNS_MODE, DNS_NAME = "private_dns_mode", "private_dns_specifier"
VPN_ALWAYS, VPN_IN_USE = "always_on_vpn_app", "vpn_in_use"
HOSTS_ENTRIES = "hosts_entries"


def proxy_set(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding where a proxy for all networks is set; Android keeps it under several names."""
    found = settings_of(snapshot, (PROXY_HOST, PROXY_PORT, PROXY_PAIR, PROXY_SCRIPT))
    port = f":{found[PROXY_PORT].value}" if PROXY_PORT in found else ""
    places = [f"{found[PROXY_HOST].value}{port}"] if PROXY_HOST in found else []
    places += [str(found[name].value) for name in (PROXY_PAIR, PROXY_SCRIPT) if name in found]
    if not places:
        return
    through = " and ".join(dict.fromkeys(places))
    yield PROXY_SET.finding(
        setting(PROXY_PAIR),
        "A proxy is set for all networks",
        f"All traffic of packages that honour the system's proxy goes through {through}.",
        severity="low",
        confidence="confirmed",
        evidence=all_evidence(found.values()),
    )


def network_proxy_set(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a network that is up uses a proxy that is not the one for all networks."""
    found = settings_of(snapshot, (NETWORK_PROXY, PROXY_PAIR, PROXY_HOST, PROXY_PORT, PROXY_SCRIPT))
    used = found.pop(NETWORK_PROXY, None)
    if used is None:
        return
    host, port = (found[name].value if name in found else "" for name in (PROXY_HOST, PROXY_PORT))
    known = {f"{host}:{port}", *(item.value for item in found.values())}
    others = [proxy for proxy in (used.value or "").split() if proxy not in known]
    if others:
        yield NETWORK_PROXY_SET.finding(
            setting(NETWORK_PROXY),
            "A network uses a proxy",
            f"On the network that is in use, traffic of packages that honour the proxy goes through "
            f"{' and '.join(others)}.",
            severity="low",
            confidence="confirmed",
            evidence=[piece for piece in used.evidence if piece.value in others],
        )


def private_dns_set(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a host is set and used; with another mode Android keeps the name and does not use it."""
    found = settings_of(snapshot, (DNS_MODE, DNS_NAME))
    if DNS_NAME in found and DNS_MODE in found and found[DNS_MODE].value == "hostname":
        yield PRIVATE_DNS_SET.finding(
            setting(DNS_NAME),
            "A private DNS host is set",
            f"The phone looks up the name of every host it contacts at {found[DNS_NAME].value}.",
            severity="info",
            confidence="confirmed",
            evidence=all_evidence(found.values()),
        )


def vpn_set(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package that is set as the tunnel for everything, or that runs one now."""
    found: dict[str, list[StateItem]] = {}
    for key in (VPN_ALWAYS, VPN_IN_USE):
        for _, item in per_user(snapshot, key):
            for name in (item.value or "").split():
                found.setdefault(name, []).append(item)
    for name, items in found.items():
        yield VPN_SET.finding(
            setting(VPN_ALWAYS),
            "Traffic goes through a VPN",
            f"The traffic of this phone goes through {name}, which can see where to.",
            severity="info",
            confidence="confirmed",
            evidence=all_evidence(items),
            main=name,
        )


def hosts_file_changed(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding, high where a name leads to another computer, low where names lead nowhere: to block them."""
    for item in settings_of(snapshot, (HOSTS_ENTRIES,)).values():
        if item.value == "0":
            continue
        led = [piece for piece in item.evidence if not _leads_nowhere(piece)]
        message = f"The system's hosts file blocks {item.value} names; AOSP's has none."
        if led:
            message = f"The system's hosts file sends host names to other computers, such as {led[0].value}."
        yield HOSTS_FILE_CHANGED.finding(
            setting(HOSTS_ENTRIES),
            "The system's hosts file was changed",
            message,
            severity="medium" if led else "info",
            confidence="high" if led else "low",
            evidence=led or item.evidence,
        )


def _leads_nowhere(piece: Evidence) -> bool:
    address = parsed_address(piece.value.partition(" ")[0].partition("%")[0])
    return address is not None and (address.is_loopback or address.is_unspecified)


CHECKS: tuple[tuple[Detector, DeviceCheck], ...] = (
    (PROXY_SET, proxy_set),
    (NETWORK_PROXY_SET, network_proxy_set),
    (PRIVATE_DNS_SET, private_dns_set),
    (VPN_SET, vpn_set),
    (HOSTS_FILE_CHANGED, hosts_file_changed),
)
