"""Recall and precision of endpoints over the real packages do not fall below what was measured.

The half `held` was scored when the first rules were done: 12 of 108 that counted were none, so precision 0.889, and
0.835 without two entries that went back to strings of it. After that its mistakes were read too, so that today's figure
is no blind one. It was 0.960 until a sentence that code keeps, gives back or hands on was no longer believed by its
wording, as code may cut the URL out; it is 0.914 now. The blind figures are those of `fresh.py`: from 0.746 to 0.902,
and 1.0 on the small sample `last`. One unknown cause makes most of the mistakes of each: a table of sources in `final`,
lists of public suffixes in `later`, names of access points and of accounts in `whole`. So the goal of 0.97 is not met
blind. It is met on `tune` and, after the rules were made better, on the samples `final` and `last`. Two labels of
`tune` were put right, pages of Google+ in fields that no code reads: the same 4 are missed, of 94 then and not of 96,
so that the test bounds how many are missed rather than their share.
"""

from pathlib import Path

import pytest

from phone_audit.apk.package_code import CodeFacts
from phone_audit.knowledge.load import Knowledge, load_knowledge
from tests.apk.precision.figures import Figures, figures
from tests.apk.precision.measure import Found, endpoints_by_hash, labelled, missed_hosts, rules_of_uses

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def found(corpus_code: dict[str, CodeFacts], corpus_reference: Path) -> Found:
    return endpoints_by_hash(corpus_code, corpus_reference / "index.tsv")


@pytest.fixture(scope="module")
def measured(found: Found, corpus: Path, knowledge: Knowledge) -> dict[str, Figures]:
    everything = list(labelled(found, rules_of_uses(corpus, knowledge), knowledge))
    return {half: figures([one for one in everything if one.half == half]) for half in ("tune", "held")}


def test_every_http_host_of_the_reference_is_listed(found: Found, corpus_reference: Path) -> None:
    count, missed = missed_hosts(found, corpus_reference / "reference.json")
    assert count > 250
    assert missed == set()


@pytest.mark.parametrize(
    ("half", "precision", "host_precision", "missed"),
    [("tune", 0.989, 0.985, 4), ("held", 0.914, 0.909, 1)],
)
def test_precision_and_recall_of_the_labelled_sample(
    measured: dict[str, Figures], half: str, precision: float, host_precision: float, missed: int
) -> None:
    one = measured[half]
    assert one.precision >= precision
    assert one.host_precision >= host_precision
    assert one.missed <= missed
