"""How much a knowledge folder holds, in the lines that `db check` prints."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from phone_audit.knowledge import kinds
from phone_audit.knowledge.check.folder import CheckedFolder

_KINDS: Final[Mapping[str, str]] = {"primary": "primary", "secondary": "press", "list": "list"}


def counts_of(found: CheckedFolder) -> list[str]:
    incidents, trackers = found.entries(kinds.INCIDENTS), found.entries(kinds.TRACKERS)
    libraries, packers = found.entries(kinds.LIBRARIES), found.entries(kinds.PACKERS)
    schemes, baselines = found.entries(kinds.SCHEMES), found.entries(kinds.BASELINES)
    facts = [fact for entry in incidents for _, fact in entry.facts()]
    sourced = sum(fact.confidence == "sourced" for fact in facts)
    kinds_of: Counter[str] = Counter(source.kind for entry in incidents for source in entry.sources)
    resting: Counter[str] = Counter(
        source.kind
        for entry in incidents
        for source in entry.sources
        for _, fact in entry.facts()
        if fact.source == source.n
    )
    without = [source for entry in incidents for source in entry.sources if not source.url]
    return [
        f"incidents {len(incidents)}: {len(facts)} facts ({sourced} sourced, {len(facts) - sourced} recalled), "
        f"{_total(entry.sources for entry in incidents)} sources, "
        f"{_total(entry.tests.matches for entry in incidents)} identifiers that match, "
        f"{_total(entry.tests.ignores for entry in incidents)} near misses, "
        f"{sum(entry.tests.unmatchable is not None for entry in incidents)} unmatchable",
        "facts by kind of source: "
        + ", ".join(f"{resting[kind]} {_KINDS[kind]} ({kinds_of[kind]} sources)" for kind in _KINDS)
        + f"; sources without address {len(without)}, each with its reason",
        f"trackers {len(trackers)}: {_total(entry.code for entry in trackers)} class prefixes, "
        f"{_total(entry.hosts for entry in trackers)} hosts",
        f"owners of hosts {len(found.of(kinds.HOSTS))}, rules over names of hosts {len(found.of(kinds.HOST_RULES))}, "
        f"public keys {len(found.of(kinds.KEYS))}, "
        f"rules {len(found.of(kinds.RULES))}, "
        f"rules of behaviour {len(found.of(kinds.BEHAVIOURS))}, rules of firmware {len(found.of(kinds.FIRMWARE))}, "
        f"calls {len(found.of(kinds.CALLS))}",
        f"libraries {len(libraries)}: {_total(entry.code for entry in libraries)} class prefixes",
        f"packers {len(packers)}: {_total(entry.files + entry.weak_files for entry in packers)} files, "
        f"{_total(entry.classes for entry in packers)} class prefixes",
        f"schemes of build numbers {len(schemes)}: {_total(entry.forms for entry in schemes)} forms, "
        f"{_total(entry.examples for entry in schemes)} examples; models with an end of support "
        f"{len(found.of(kinds.SUPPORT))}",
        f"baselines {len(baselines)}: {_total((*entry.packages, *entry.files) for entry in baselines)} packages, "
        f"certificate authorities {len(found.of(kinds.AUTHORITIES))}",
        f"installers {len(found.of(kinds.INSTALLERS))}, powers of apps {len(found.of(kinds.POWERS))}",
        f"feeds {len(found.feeds)}: {sum(sum(feed.counts.values()) for feed in found.feeds)} indicators",
    ]


def _total(lists: Iterator[Sequence[object]]) -> int:
    return sum(len(items) for items in lists)
