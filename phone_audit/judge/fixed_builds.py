"""What the incidents say of fixed builds, and whether a build number shows enough to be compared with them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from phone_audit.knowledge.compare import HMD_BUILD
from phone_audit.knowledge.schema.incident import BuildFact, IncidentEntry
from phone_audit.knowledge.schemes import SchemeIndex
from phone_audit.model.results import FixCompared
from phone_audit.model.wording import listed


@dataclass(frozen=True)
class ShownVersion:
    """An HMD build number as a phone shows it. `pack` is None where no service pack is shown."""

    text: str
    branch: str
    pack: str | None
    whole: bool
    """False where only the fingerprint is known, which never holds the service pack."""


def shown_version(properties: Mapping[str, str]) -> ShownVersion | None:
    """Return the HMD build number that is known of a build, or None."""
    for name in ("ro.build.display.id", "ro.build.version.incremental"):
        text = properties.get(name, "")
        found = HMD_BUILD.fullmatch(text)
        if found:
            return ShownVersion(text, found["branch"], found["pack"], whole=name == "ro.build.display.id")
        if text:
            return None
    return None


def fixed_sentence(incident: IncidentEntry, properties: Mapping[str, str]) -> str:
    """Name the fixed builds, those of this build's own branch first; empty where none is published."""
    shown = shown_version(properties)
    own, others = [], []
    for fact in incident.builds:
        if fact.status != "fixed" or fact.confidence != "sourced":
            continue
        branch = _branch(fact)
        if shown and branch == shown.branch:
            own.append(fact.label or fact.value)
        else:
            others.append(_as_range(incident, fact, branch) or fact.label or fact.value)
    if own:
        return f"Fixed builds of this branch: {', or '.join([listed(own, last='or'), *others])}."
    return f"Fixed builds: {listed(others, last='or')}." if others else ""


def compared_with_fixes(
    incidents: Iterable[IncidentEntry], properties: Mapping[str, str], schemes: SchemeIndex
) -> Iterator[FixCompared]:
    """Yield where a build stands to each fixed build that the incidents name for one of its properties."""
    for incident in incidents:
        for fact in incident.builds:
            here = properties.get(fact.field)
            if fact.status == "fixed" and fact.match == "exact" and fact.confidence == "sourced" and here:
                stands = schemes.compare(here, fact.value)
                yield FixCompared(incident=incident.id, fixed=fact.value, stands=stands)


def service_pack_sentence(incident: IncidentEntry, properties: Mapping[str, str], *, on_phone: bool) -> str:
    """Say that the service pack, by which fixed and earlier builds differ, is not shown; empty where it is."""
    shown = shown_version(properties)
    branches = {fact.branch or _branch(fact) for fact in incident.builds if fact.field == "ro.build.display.id"}
    if shown is None or shown.pack is not None or shown.branch not in branches:
        return ""
    if not shown.whole:
        return (
            "A fingerprint does not show the service pack (the build number in Settings does), "
            "so it cannot tell a fixed build from an earlier one"
        )
    who = "This phone" if on_phone else "This build number"
    return f"{who} does not show its service pack ({shown.text}), so the build alone cannot tell"


def _branch(fact: BuildFact) -> str | None:
    found = HMD_BUILD.fullmatch(fact.value) if fact.match == "exact" else None
    return found["branch"] if found else None


def _as_range(incident: IncidentEntry, fact: BuildFact, branch: str | None) -> str:
    """Widen a fixed build to its branch from there on, where a fact says that the fault ends exactly there."""
    for other in incident.builds:
        if branch and other.branch == branch and other.below and fact.value == f"{branch}_{other.below}":
            return f"any {branch} from {other.below}"
    return ""
