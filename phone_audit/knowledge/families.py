"""Which code belongs together: what one library is known to be made of, with the trackers in it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact


def family_of(tracker: TrackerFact, knowledge: Knowledge) -> frozenset[str]:
    """Return the names of the tracker, of the libraries that it is a part of, and of the other trackers in those."""
    return _families(knowledge)[tracker.id]


@lru_cache(maxsize=4)
def _families(knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
    """Return the family of each tracker, by its id. A connector talks to a tracker of somebody else."""
    names = {
        prefix: library.name for library in knowledge.libraries if library.role == "library" for prefix in library.code
    }
    around = {fact.id: _libraries_around(fact, names) for fact in knowledge.trackers}
    members: dict[str, set[str]] = {}
    for fact in knowledge.trackers:
        for library in around[fact.id]:
            members.setdefault(library, {library}).add(fact.name)
    return {
        fact.id: frozenset({fact.name}.union(*(members[library] for library in around[fact.id])))
        for fact in knowledge.trackers
    }


def _libraries_around(fact: TrackerFact, names: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the libraries whose code the tracker's lies in; `names` are theirs by prefix."""
    prefixes = (prefix for code in fact.code for prefix in _prefixes(code.rstrip(".")))
    return frozenset(names[prefix] for prefix in prefixes if prefix in names)


def _prefixes(code: str) -> Iterator[str]:
    labels = code.split(".")
    return (".".join(labels[:count]) for count in range(1, len(labels) + 1))
