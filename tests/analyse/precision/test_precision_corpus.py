"""Recall and precision of endpoints over the real packages do not fall below what was measured.

The half `held` was scored when the rules were done: 12 of 108 that counted were none, so precision 0.889, while the
half by which the rules were made had 1 of 93. The goal of 0.97 is met there only. Whoever labels both halves has read
both: two entries of the rules (the short link goo.gl/8Rd3yj, the identity providers of Google's credentials) go back
to strings of `held`. Without them it is 19 of 115, so 0.835, which is the figure to believe. Which candidates of `held`
are judged wrongly was not looked at.
"""

from pathlib import Path

import pytest

from phone_audit.knowledge.load import Knowledge, load_knowledge
from tests.analyse.precision.measure import Figures, Found, figures, labelled, missed_hosts, read_corpus, rules_of_uses

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def found(corpus: Path, corpus_reference: Path, knowledge: Knowledge) -> Found:
    return read_corpus(corpus, corpus_reference / "index.tsv", knowledge)


@pytest.fixture(scope="module")
def measured(found: Found, corpus: Path, knowledge: Knowledge) -> dict[str, Figures]:
    everything = list(labelled(found, rules_of_uses(corpus, knowledge), knowledge))
    return {half: figures([one for one in everything if one.half == half]) for half in ("tune", "held")}


def test_every_http_host_of_the_reference_is_listed(found: Found, corpus_reference: Path) -> None:
    count, missed = missed_hosts(found, corpus_reference / "reference.json")
    assert count > 250
    assert missed == set()


@pytest.mark.parametrize(
    ("half", "precision", "host_precision", "recall"),
    [("tune", 0.989, 0.985, 0.958), ("held", 0.888, 0.879, 0.979)],
)
def test_precision_and_recall_of_the_labelled_sample(
    measured: dict[str, Figures], half: str, precision: float, host_precision: float, recall: float
) -> None:
    one = measured[half]
    assert one.precision >= precision
    assert one.host_precision >= host_precision
    assert one.recall >= recall
