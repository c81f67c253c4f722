"""The samples from outside the corpus are whole, and the rules are no worse on them than measured."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from phone_audit.apk.assets.url_context import PROSE
from phone_audit.apk.endpoints.uses import MESSAGE
from phone_audit.knowledge.load import Knowledge, load_knowledge
from tests.apk.facts import knowledge as made
from tests.apk.precision.draw import HERE
from tests.apk.precision.fresh import BLIND, Entry, entries, figures_now, labels, rule_now

_SECRET = re.compile(r"[\w.+-]+@[\w-]+\.\w|AIza[\w-]{30}|(?:secret|passw|token)=\w{6}", re.IGNORECASE)


@pytest.fixture(scope="module")
def record() -> list[Entry]:
    return entries()


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def test_the_samples_are_large_and_spread(record: list[Entry]) -> None:
    assert Counter(one.half for one in record) == {"fresh": 313, "final": 120, "later": 455, "last": 87, "whole": 149}
    archives = {half: {one.candidate.apk for one in record if one.half == half} for half in BLIND}
    numbers = {"fresh": 51, "final": 29, "later": 46, "last": 14, "whole": 24}
    assert {half: len(found) for half, found in archives.items()} == numbers
    assert len(set().union(*archives.values())) == sum(map(len, archives.values())), "one archive, one sample"
    assert len({one.candidate.string for one in record}) == len(record)


def test_each_string_has_a_label_and_a_reason(record: list[Entry]) -> None:
    rows = labels()
    assert rows.keys() == {one.id for one in record}
    assert {row["label"] for row in rows.values()} == {"endpoint", "not"}
    assert all(len(row["reason"].split()) >= 2 and row["reason"].endswith(".") for row in rows.values())


def test_each_archive_is_named(record: list[Entry]) -> None:
    listed = (HERE / "fresh_archives.tsv").read_text("utf-8").splitlines()[1:]
    assert {line.partition("\t")[0] for line in listed} == {one.candidate.apk for one in record}


def test_nothing_in_it_is_secret(record: list[Entry]) -> None:
    assert not [one.id for one in record if _SECRET.search(one.candidate.text + one.candidate.url)]


@pytest.mark.parametrize(
    ("half", "counted", "wrong", "missed"),
    [("fresh", 134, 5, 12), ("final", 46, 1, 1), ("later", 131, 4, 5), ("last", 37, 0, 0), ("whole", 51, 8, 2)],
)
def test_precision_and_recall_of_the_samples(
    knowledge: Knowledge, half: str, counted: int, wrong: int, missed: int
) -> None:
    one = figures_now(knowledge)[half]
    assert one.wrong <= wrong
    assert one.missed <= missed
    assert one.counted - one.wrong >= counted - wrong
    blind = BLIND[half]
    assert one.precision >= 1 - wrong / counted >= 1 - blind.wrong / blind.counted


def test_rules_that_are_gone_take_nothing_out(record: list[Entry]) -> None:
    nothing = made()
    by_name = [one for one in record if one.rule in ("documentation", "namespace", "licence", "identifier")]
    assert len(by_name) > 60
    assert {rule_now(one, nothing) for one in by_name} <= {None, "markup-name", "unknown-suffix", PROSE}


def test_what_only_the_code_shows_is_taken_from_the_record(record: list[Entry], knowledge: Knowledge) -> None:
    (one, *_) = [one for one in record if one.rule is None and one.kind == "dex-string" and one.candidate.url]
    assert rule_now(one, knowledge) is None
    assert rule_now(replace(one, rule=MESSAGE), knowledge) == MESSAGE
    assert rule_now(replace(one, rule="no-such-rule"), knowledge) is None
