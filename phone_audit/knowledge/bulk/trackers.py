"""Makes data/trackers/trackers.json from the tracker list of Exodus Privacy.

    python -m phone_audit.knowledge.bulk.trackers SOURCE [-o FILE]

SOURCE is the list's `trackers.json`, or the folder that holds it. Names, class prefixes, hosts, categories and websites
are taken; descriptions are not. What the list says with a regular expression that is no plain prefix or host, and every
correction of `tracker_corrections.json`, is printed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phone_audit.knowledge.bulk.writing import run, self_tests
from phone_audit.knowledge.fact_schema import FactSource, OptOutFact, TrackerFact, TrackerFile

CORRECTIONS = Path(__file__).parent / "tracker_corrections.json"
OWNERS = Path(__file__).parent / "tracker_owners.json"
OPT_OUTS = Path(__file__).parent / "tracker_opt_outs.json"
TARGET = "trackers/trackers.json"
SOURCE = FactSource(
    id="exodus",
    title="Trackers of Exodus Privacy, as bundled by TrackerControl",
    publisher="Exodus Privacy",
    url="https://reports.exodus-privacy.eu.org/api/trackers",
    revision="TrackerControl/tracker-control-android 8c119b04ae2e6979e9bdc6b5d6ede63b4ed6d017",
    date="2026-08-22",
    licence="ODbL-1.0, contents DbCL-1.0",
)
CATEGORIES = {
    "Advertisement": "advertising",
    "Analytics": "analytics",
    "Crash reporting": "crash-reporting",
    "Identification": "identification",
    "Location": "location",
    "Profiling": "profiling",
}
_CLASS_PREFIX = re.compile(r"[A-Za-z_]\w*(\.\w+)+\.?")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_FRONT = re.compile(r"^(\.\*)?\\?\.")


@dataclass
class Signature:
    """The plain values of one regular expression, and the alternatives that are none."""

    values: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def class_prefixes(signature: str) -> Signature:
    """Take the regular expression of a list entry apart into class prefixes; its dots are meant as dots."""
    found = Signature()
    for part in filter(None, signature.split("|")):
        (found.values if _CLASS_PREFIX.fullmatch(part) else found.left_out).append(part)
    found.values = _without_covered(found.values, lambda short, long: long.startswith(short.rstrip(".") + "."))
    return found


def host_names(signature: str) -> Signature:
    r"""Take the regular expression of a list entry apart into hosts.

    What stands in front of the first label (`\.`, `.*\.`) says "any subdomain", which a host covers by itself.
    """
    found = Signature()
    for part in filter(None, signature.split("|")):
        host = _FRONT.sub("", part).replace("\\.", ".").replace("\\-", "-")
        is_host = _HOST.fullmatch(host) and re.search("[a-z]", host.rpartition(".")[2])
        (found.values if is_host else found.left_out).append(host if is_host else part)
    found.values = _without_covered(found.values, lambda short, long: long.endswith("." + short))
    return found


def _without_covered(values: list[str], covers: Any) -> list[str]:
    kept = sorted(set(values))
    return [long for long in kept if not any(covers(short, long) for short in kept if short != long)]


def tracker_of(
    number: str,
    entry: dict[str, Any],
    correction: dict[str, Any],
    owner: str | None,
    opt_out: Sequence[dict[str, Any]] = (),
) -> tuple[TrackerFact, list[str]]:
    """Give the fact of one list entry, and a line for everything that was left out or corrected."""
    code, hosts = class_prefixes(entry["code_signature"]), host_names(entry["network_signature"])
    lines = [f"{entry['name']}: not expressed: {text}" for text in (*code.left_out, *hosts.left_out)]
    if correction:
        lines.append(f"{entry['name']}: corrected: {correction['reason']}")
    prefixes = _corrected(code.values, correction, "code")
    names = _corrected(hosts.values, correction, "hosts")
    matches, ignores = self_tests(prefixes, names)
    fact = TrackerFact(
        id=f"exodus-{number}",
        name=entry["name"].strip(),
        owner=owner,
        categories=tuple(sorted(CATEGORIES[word] for word in entry["categories"])),
        code=prefixes,
        hosts=names,
        opt_out=tuple(OptOutFact.model_validate(one) for one in opt_out),
        website=entry["website"],
        source=SOURCE.id,
        matches=matches,
        ignores=ignores,
    )
    return fact, lines


def _corrected(values: list[str], correction: dict[str, Any], kind: str) -> tuple[str, ...]:
    removed, added = set(correction.get(f"remove_{kind}", ())), correction.get(f"add_{kind}", ())
    missing = removed - set(values)
    if missing:
        raise SystemExit(
            f"tracker_corrections.json: {correction['tracker']}: the list no longer holds {sorted(missing)}"
        )
    return tuple(sorted({*values, *added} - removed))


def make(source: Path) -> tuple[TrackerFile, list[str]]:
    """Give the data file, and the printed report."""
    listed = json.loads((source / "trackers.json" if source.is_dir() else source).read_bytes())["trackers"]
    corrections = {entry["tracker"]: entry for entry in json.loads(CORRECTIONS.read_bytes())}
    owners = {number: owner for owner, numbers in json.loads(OWNERS.read_bytes()).items() for number in numbers}
    opt_outs = {entry["tracker"]: entry["opt_out"] for entry in json.loads(OPT_OUTS.read_bytes())}
    facts, lines = [], []
    for number in sorted(listed, key=int):
        correction, owner = corrections.pop(number, {}), owners.pop(number, None)
        fact, said = tracker_of(number, listed[number], correction, owner, opt_outs.pop(number, ()))
        facts.append(fact)
        lines += said
    if corrections or owners or opt_outs:
        raise SystemExit(f"no such tracker in the list: {sorted({*corrections, *owners, *opt_outs})}")
    return TrackerFile(sources=(SOURCE,), entries=tuple(facts)), lines


if __name__ == "__main__":
    run(__doc__ or "", make, TARGET)
