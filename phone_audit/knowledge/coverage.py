"""Which kinds of evidence each incident holds, and the most that a match with it can give: docs/coverage.md.

    python -m phone_audit.knowledge.coverage [-o FILE]

Without a FILE the page is printed.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from phone_audit.knowledge.incident_schema import PROSE, Fact, IncidentEntry
from phone_audit.knowledge.load import Knowledge, load_knowledge

FactType = TypeVar("FactType", bound=Fact)
Best = Literal["confirmed", "affected", "weak", "candidate", "model", "fixed", "nothing"]
BESTS: tuple[Best, ...] = ("confirmed", "affected", "weak", "candidate", "model", "fixed", "nothing")
"""Strongest first."""
HEAD = """\
# Coverage: what each incident can be told by

Made by `python -m phone_audit.knowledge.coverage`; a test fails when it is older than the facts. How facts are judged
is in [knowledge.md](knowledge.md).

Counted is what can be compared and was read in a source; what is recalled or prose is left out. **builds** are exact
ones, **ranges** also patterns and parts of a name, each as affected / candidate / fixed; **packages** are names (those
enough alone), **endpoints** those that prove something (those that are a sign alone); **sources** are primary +
secondary. **at most** is the strongest word that the facts can give, and the outcome that follows: `confirmed` and
`affected` give what the incident raises, `weak` at most suspicious, `candidate` and `model` inconclusive.
"""


@dataclass(frozen=True)
class Coverage:
    """One incident: how many facts of each kind can be compared, and the strongest word that they give together."""

    incident: IncidentEntry
    builds: tuple[int, int, int]
    ranges: tuple[int, int, int]
    models: int
    packages: int
    packages_alone: int
    signers: int
    hashes: int
    paths: int
    properties: int
    endpoints: int
    endpoints_alone: int
    best: Best

    @property
    def outcome(self) -> str:
        """The strongest outcome that a match can have."""
        if self.best in ("confirmed", "affected"):
            return self.incident.raises
        if self.best == "weak":
            return "exposed" if self.incident.raises == "exposed" else "suspicious"
        return "inconclusive" if self.best in ("candidate", "model") else "nothing"

    @property
    def at_most(self) -> str:
        """The word, and the outcome that follows where there is one."""
        return self.best if self.outcome == "nothing" else f"{self.best}: {self.outcome}"


def coverage_of(entry: IncidentEntry) -> Coverage:
    """Count what an incident can be told by."""
    compared = [fact for fact in _sourced(entry.builds) if fact.field != PROSE and fact.match is not None]
    names = [fact for fact in _sourced(entry.packages) if fact.kind is None]
    endpoints = [fact for fact in _sourced(entry.endpoints) if fact.weight != "none" and fact.kind != "url-path"]
    counts = {
        status: (
            sum(fact.status == status and fact.match == "exact" for fact in compared),
            sum(fact.status == status and fact.match != "exact" for fact in compared),
        )
        for status in ("affected", "candidate", "fixed")
    }
    return Coverage(
        incident=entry,
        builds=(counts["affected"][0], counts["candidate"][0], counts["fixed"][0]),
        ranges=(counts["affected"][1], counts["candidate"][1], counts["fixed"][1]),
        models=sum(fact.field != PROSE for fact in _sourced(entry.models)),
        packages=len({fact.value for fact in names}),
        packages_alone=len({fact.value for fact in names if fact.standalone}),
        signers=len(list(_sourced(entry.certificates))),
        hashes=len(list(_sourced(entry.hashes))),
        paths=sum(fact.kind is None and fact.standalone for fact in _sourced(entry.paths)),
        properties=sum(fact.standalone or bool(sum(counts["affected"])) for fact in _sourced(entry.properties)),
        endpoints=len(endpoints),
        endpoints_alone=sum(fact.weight == "strong" for fact in endpoints),
        best=best_word(entry),
    )


def best_word(entry: IncidentEntry) -> Best:
    """Give the strongest word that the facts of an incident can give, whatever is found on a phone."""
    compared = [fact for fact in entry.builds if fact.field != PROSE and fact.match is not None]
    affected = any(fact.status == "affected" and fact.confidence == "sourced" for fact in compared)
    if _confirms(entry, affected=affected) and (affected or "build" not in entry.requires):
        return "confirmed"
    strong = any(it.weight == "strong" and it.kind != "url-path" for it in _sourced(entry.endpoints))
    there = {
        "affected": affected,
        "weak": strong,
        "candidate": any(fact.status != "fixed" for fact in compared),
        "model": any(fact.field != PROSE for fact in entry.models),
        "fixed": any(fact.status == "fixed" for fact in compared),
    }
    return next((word for word in BESTS if there.get(word)), "nothing")


def _confirms(entry: IncidentEntry, *, affected: bool) -> bool:
    """Tell whether one thing is enough alone, or a name and a second fact can stand together."""
    names = [fact for fact in _sourced(entry.packages) if fact.kind is None]
    alone = (
        any(fact.standalone for fact in names),
        any(_sourced(entry.hashes)),
        any(fact.standalone for fact in _sourced(entry.certificates)),
        any(fact.standalone and fact.kind is None for fact in _sourced(entry.paths)),
        any(fact.standalone or affected for fact in _sourced(entry.properties)),
    )
    hosts = any(fact.weight != "none" and fact.kind != "url-path" for fact in _sourced(entry.endpoints))
    return any(alone) or (bool(names) and (affected or hosts or any(_sourced(entry.certificates))))


def _sourced(facts: Iterable[FactType]) -> Iterator[FactType]:
    return (fact for fact in facts if fact.confidence == "sourced")


def page(knowledge: Knowledge) -> str:
    """Give the page as Markdown."""
    covered = [coverage_of(entry) for entry in knowledge.incidents]
    by_hand = [it for it in covered if it.incident.generated_from is None]
    records = [it for it in covered if it.incident.generated_from is not None]
    parts = (
        HEAD,
        *_summary(covered),
        *_table("Incidents", by_hand),
        *_table("Groups of CVE records", records),
        *_unmatchable(covered),
    )
    return "\n".join(parts)


def _summary(covered: Sequence[Coverage]) -> Iterator[str]:
    counts: dict[str, int] = {best: sum(it.best == best for it in covered) for best in BESTS}
    yield "| at most | incidents |"
    yield "|---|---|"
    yield from (f"| {best} | {count} |" for best, count in counts.items())
    yield f"| all | {len(covered)} |"
    yield ""


_COLUMNS: tuple[tuple[str, Callable[[Coverage], str]], ...] = (
    ("incident", lambda it: f"`{it.incident.id}`"),
    ("builds", lambda it: _three(it.builds)),
    ("ranges", lambda it: _three(it.ranges)),
    ("models", lambda it: _number(it.models)),
    ("packages", lambda it: _with_alone(it.packages, it.packages_alone)),
    ("signers", lambda it: _number(it.signers)),
    ("hashes", lambda it: _number(it.hashes)),
    ("paths", lambda it: _number(it.paths)),
    ("properties", lambda it: _number(it.properties)),
    ("endpoints", lambda it: _with_alone(it.endpoints, it.endpoints_alone)),
    ("sources", lambda it: " + ".join(str(_kinds(it, kind)) for kind in ("primary", "secondary"))),
    ("at most", lambda it: it.at_most),
)


def _table(title: str, covered: Sequence[Coverage]) -> Iterator[str]:
    yield f"## {title} ({len(covered)})"
    yield ""
    yield "| " + " | ".join(name for name, _ in _COLUMNS) + " |"
    yield "|" + "---|" * len(_COLUMNS)
    for it in covered:
        yield "| " + " | ".join(cell(it) for _, cell in _COLUMNS) + " |"
    yield ""


def _unmatchable(covered: Sequence[Coverage]) -> Iterator[str]:
    """Say of each incident that nothing can be held against a phone, and why."""
    yield "## Why some can never be found"
    yield ""
    reasons = ((it.incident.id, it.incident.tests.unmatchable) for it in covered)
    yield from (f"- `{name}`: {reason}" for name, reason in reasons if reason)
    yield ""


def _kinds(covered: Coverage, kind: str) -> int:
    return sum(source.kind == kind for source in covered.incident.sources)


def _three(numbers: tuple[int, int, int]) -> str:
    return " / ".join(map(str, numbers)) if any(numbers) else ""


def _with_alone(count: int, alone: int) -> str:
    return f"{count} ({alone})" if alone else _number(count)


def _number(count: int) -> str:
    return str(count or "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="write it here")
    options = parser.parse_args()
    text = page(load_knowledge())
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.write_text(text, "utf-8")
