"""Makes data/hosts/oem_telemetry.json from two lists of hosts that makers of devices collect data with.

    python -m phone_audit.knowledge.bulk.oem_hosts SOURCE [-o FILE]

SOURCE is a folder with `nextdns/` (a file a maker) and `perflyst/` (a file a kind of device). A host of the first list
belongs to the maker of its file. The second list mixes makers and advertisers, so a host is taken only where its own
domain is that of a maker; every other host is printed as left out.
"""

import re
from pathlib import Path

from phone_audit.knowledge.bulk.writing import run
from phone_audit.knowledge.fact_schema import FactSource, HostFact, HostFile
from phone_audit.knowledge.hosts import host_under
from phone_audit.model.apk import EndpointCategory

TARGET = "hosts/oem_telemetry.json"
NEXTDNS = FactSource(
    id="nextdns-native",
    title="native-tracking-domains: what devices and operating systems send to their makers",
    publisher="NextDNS",
    url="https://github.com/nextdns/native-tracking-domains",
    revision="6ede2ce38ecf58c56f460f1f084bb320ac3989e0",
    date="2023-01-25",
    licence="MIT",
)
PERFLYST = FactSource(
    id="perflyst",
    title="PiHoleBlocklist: smart televisions, Fire TV, Android tracking",
    publisher="Perflyst",
    url="https://github.com/Perflyst/PiHoleBlocklist",
    revision="5974014d8c8dad2d87cb97249b66845f6f1a643a",
    date="2025-11-17",
    licence="MIT",
)
MAKERS = {"alexa": "Amazon", "huawei": "Huawei", "samsung": "Samsung", "xiaomi": "Xiaomi"}
"""The files of the first list that are about Android devices or what stands beside them."""
PERFLYST_FILES = ("AmazonFireTV.txt", "SmartTV.txt", "android-tracking.txt")
DOMAINS: dict[str, tuple[str, EndpointCategory]] = {
    "amazon-adsystem.com": ("Amazon", "advertising"),
    "amazon.com": ("Amazon", "telemetry"),
    "hicloud.com": ("Huawei", "telemetry"),
    "hismarttv.com": ("Hisense", "telemetry"),
    "lgsmartad.com": ("LG", "advertising"),
    "lgtvcommon.com": ("LG", "telemetry"),
    "lgtvsdp.com": ("LG", "telemetry"),
    "miui.com": ("Xiaomi", "telemetry"),
    "samsungacr.com": ("Samsung", "telemetry"),
    "samsungadhub.com": ("Samsung", "advertising"),
    "samsungads.com": ("Samsung", "advertising"),
    "xiaomi.com": ("Xiaomi", "telemetry"),
}
"""Domains of makers in the second list. Firmware and account servers of televisions are no telemetry and stay out."""
_ADVERTISING = re.compile(r"(^|\.)(ads?|sdkconfig\.ad)\.")


def hosts_in(text: str) -> list[str]:
    """Give the hosts of a list: one a line, what follows `#` is a comment."""
    lines = (line.partition("#")[0].strip().lower() for line in text.splitlines())
    return [line for line in lines if line]


def fact_of(host: str) -> HostFact | None:
    """Give the fact of a host of the second list, or None where its domain is not that of a maker."""
    for domain, (owner, category) in DOMAINS.items():
        if host_under(host, domain):
            named = "advertising" if _ADVERTISING.search(host) else category
            return HostFact(host=host, owner=owner, category=named, source=PERFLYST.id)
    return None


def make(source: Path) -> tuple[HostFile, list[str]]:
    """Give the data file, and a line for each host that was left out. The first list counts before the second."""
    facts: dict[str, HostFact] = {}
    left = []
    for file, owner in MAKERS.items():
        for host in hosts_in((source / "nextdns" / f"{file}.txt").read_text("utf-8")):
            facts[host] = HostFact(host=host, owner=owner, category="telemetry", source=NEXTDNS.id)
    for name in PERFLYST_FILES:
        for host in hosts_in((source / "perflyst" / name).read_text("utf-8")):
            fact = fact_of(host)
            if fact:
                facts.setdefault(host, fact)
            else:
                left.append(f"{name}: {host}: left out: its domain is not that of a maker")
    return HostFile(sources=(NEXTDNS, PERFLYST), entries=tuple(facts[host] for host in sorted(facts))), left


if __name__ == "__main__":
    run(__doc__ or "", make, TARGET)
