"""`dumpsys connectivity` → proxies, private DNS and tunnels of the networks that are up.

AOSP writes each network as `NetworkAgentInfo{…}` in one line: a `VPN` transport, `OwnerUid`, and the `LinkProperties`
with `HttpProxy: [HOST] PORT` and `PrivateDnsServerName: NAME`. Names of Wi-Fi networks stand in the same line, and
anybody can choose one: what is read here shows what a network says, and proves nothing about the phone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import PER_USER_RANGE, Question, item, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

CONNECTIVITY = listed_command("connectivity", limit=16 * MEGABYTE)

AGENT = "NetworkAgentInfo{"
PROXY = re.compile(r" HttpProxy: \[([^\[\]\s]{1,255})\] (\d{1,5})\b")
SCRIPT = re.compile(r" HttpProxy: PAC Script: (\S{1,2048}?)\]?(?:\s|$)")
PRIVATE_DNS = re.compile(r" PrivateDnsServerName: ([\w.\-]{1,255})")
TUNNEL = re.compile(r"Transports: [A-Z_|&]*\bVPN\b|\bni\{(?:\[type: )?VPN\b")
OWNER = re.compile(r"OwnerUid: (\d{1,10})\b")


@dataclass(frozen=True)
class Networks:
    """What the networks that are up say. `tunnels` are the uids of the packages that made a VPN, sorted."""

    proxies: tuple[str, ...]
    private_dns: tuple[str, ...]
    tunnels: tuple[int, ...]


def parse_networks(text: str) -> Networks | None:
    """Read the dump; None where it names no network."""
    lines = [line for line in lines_of(text) if AGENT in line]
    if not lines:
        return None
    proxies: set[str] = set()
    names: set[str] = set()
    tunnels: set[int] = set()
    for line in lines:
        proxies |= {f"{host}:{port}" for host, port in PROXY.findall(line)} | set(SCRIPT.findall(line))
        names |= set(PRIVATE_DNS.findall(line))
        owner = OWNER.search(line)
        if owner and TUNNEL.search(line):
            tunnels.add(int(owner[1]))
    return Networks(tuple(sorted(proxies)), tuple(sorted(names)), tuple(sorted(tunnels)))


def network_items(networks: Networks | None, packages: Mapping[int, tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield what the networks that are up say of proxies, private DNS and tunnels; nothing where they were not read."""
    if networks is None:
        return
    where = CONNECTIVITY.text
    evidence = [seen("command", where, one) for one in networks.proxies]
    yield item("network_proxy", " ".join(networks.proxies), evidence, "")
    if networks.private_dns:
        evidence = [seen("command", where, one) for one in networks.private_dns]
        yield item("network_private_dns", " ".join(networks.private_dns), evidence)
    makers: dict[str, None] = {}
    unknown = []
    for uid in networks.tunnels:
        names = packages.get(uid % PER_USER_RANGE)
        if names is None:
            unknown.append(f"uid {uid}")
        else:
            makers.update(dict.fromkeys(names))
    evidence = [seen("command", where, f"VPN, OwnerUid: {uid}") for uid in networks.tunnels]
    yield item("vpn_in_use", " ".join((*makers, *unknown)), evidence)


def connectivity(packages: Mapping[int, tuple[str, ...]]) -> Question[Networks | None]:
    """Make the question; `packages` is app id → names of packages."""
    return Question(CONNECTIVITY, parse_networks, lambda networks: network_items(networks, packages))
