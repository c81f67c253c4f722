"""Switches by which a package tells its trackers how much to collect: facts beside them, which change no tier."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from phone_audit.apk.evidence_order import in_order
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import OptOutFact
from phone_audit.model.apk import OptOut, Tracker
from phone_audit.model.finding import Evidence

_MANIFEST: Final = "AndroidManifest.xml"


def with_opt_outs(
    trackers: Iterable[Tracker], meta_data: Sequence[tuple[str, str]], knowledge: Knowledge
) -> tuple[Tracker, ...]:
    """Put beside each tracker what the manifest tells it.

    Args:
        trackers: of one package, in any tier.
        meta_data: names and values that stand in its manifest.
        knowledge: the switches of each tracker, and what their values mean.
    """
    known = _by_tracker(knowledge)
    return tuple(_with(tracker, tuple(_set(known.get(tracker.id, ()), meta_data))) for tracker in trackers)


def _set(switches: Sequence[OptOutFact], meta_data: Sequence[tuple[str, str]]) -> Iterator[OptOut]:
    for name, value in meta_data:
        for switch in switches:
            if switch.name == name:
                yield OptOut(name=name, value=value, meaning=switch.values.get(value.lower()))


def _with(tracker: Tracker, found: tuple[OptOut, ...]) -> Tracker:
    if not found:
        return tracker
    shown = [Evidence(kind="manifest", where=_MANIFEST, value=one.shown) for one in found]
    evidence = in_order((*tracker.evidence, *shown), last=[one.shown for one in found])
    return tracker.model_copy(update={"opt_out": found, "evidence": evidence})


@lru_cache(maxsize=4)
def _by_tracker(knowledge: Knowledge) -> Mapping[str, tuple[OptOutFact, ...]]:
    return {fact.id: fact.opt_out for fact in knowledge.trackers if fact.opt_out}
