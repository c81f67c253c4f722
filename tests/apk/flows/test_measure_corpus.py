"""DroidBench and ICC-Bench: what is claimed of flows holds over all of their packages that are at hand."""

from pathlib import Path

import pytest

from phone_audit.model.apk import ApkInfo
from tests.apk.flows.measure import CLAIMED, Case, beside_flowdroid, droidbench, line, measure

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cases(corpus_records: dict[str, ApkInfo], corpus_reference: Path) -> list[Case]:
    return measure(corpus_records.__getitem__, corpus_reference / "truth.json")


def _share(cases: list[Case], hit: str, miss: str) -> float:
    hits = sum(case.cell == hit for case in cases)
    return hits / (hits + sum(case.cell == miss for case in cases))


def test_the_claimed_categories(cases: list[Case]) -> None:
    claimed = [case for case in cases if case.category in CLAIMED]
    assert len(claimed) == 29
    assert _share(claimed, "TP", "FN") >= 0.8, line("claimed", claimed)
    assert _share(claimed, "TN", "FP") >= 0.8, line("claimed", claimed)


def test_over_all_categories_neither_figure_is_bought_with_the_other(cases: list[Case]) -> None:
    assert len(cases) == 53
    assert _share(cases, "TP", "FN") >= 0.8, line("all", cases)
    assert _share(cases, "TN", "FP") >= 0.8, line("all", cases)


def test_what_cannot_be_seen_stays_unseen(cases: list[Case]) -> None:
    """Implicit flows are not followed; if they are one day, the documents must say so."""
    assert {case.name for case in cases if case.cell == "FN"} == {"ImplicitFlow3"}


def test_it_is_right_wherever_flowdroid_is_as_it_is_usually_set_up(cases: list[Case]) -> None:
    both = beside_flowdroid(cases)
    assert len(both) == 40
    worse = {name for name, (ours, its) in both.items() if its and not ours}
    assert worse == {"ImplicitFlow3"}
    assert all(droidbench()[name].note for name in worse)
