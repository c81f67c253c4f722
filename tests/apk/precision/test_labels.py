"""The labelled sample is whole, and drawn as it says."""

import csv
import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.apk.precision.draw import HERE, MOST_OF_ONE_APK, SEED, Candidate, draw, halves
from tests.apk.precision.figures import Labelled, figures, interval


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "candidates.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def labels() -> dict[int, dict[str, str]]:
    with (HERE / "labels.tsv").open(encoding="utf-8", newline="") as lines:
        return {int(row["id"]): row for row in csv.DictReader(lines, delimiter="\t")}


def test_the_sample_is_large_and_spread(records: list[dict[str, Any]]) -> None:
    assert len(records) >= 600
    by_apk = Counter(record["apk"] for record in records)
    assert len(by_apk) >= 40
    assert max(by_apk.values()) <= MOST_OF_ONE_APK
    strings = Counter((record["text"], record["host"]) for record in records)
    assert max(strings.values()) == 1


def test_no_package_stands_in_both_halves(records: list[dict[str, Any]]) -> None:
    halves_of: dict[str, set[str]] = {}
    for record in records:
        halves_of.setdefault(record["package"], set()).add(record["half"])
    assert {len(found) for found in halves_of.values()} == {1}
    assert min(Counter(record["half"] for record in records).values()) >= 250


def test_each_candidate_has_a_label_and_a_reason(
    records: list[dict[str, Any]], labels: dict[int, dict[str, str]]
) -> None:
    assert labels.keys() == {record["id"] for record in records}
    assert {row["label"] for row in labels.values()} == {"endpoint", "not"}
    assert all(len(row["reason"].split()) >= 2 and row["reason"].endswith(".") for row in labels.values())


def _candidate(number: int, host: str = "a.cn", package: str = "p") -> Candidate:
    return Candidate("f" * 64, package, "classes.dex", number, host, "", f"{host}/{number}")


def test_hosts_take_turns_and_no_string_is_drawn_twice() -> None:
    many = [_candidate(number) for number in range(100)]
    few = [_candidate(1, "b.cn"), _candidate(2, "c.cn"), many[0]]
    drawn = draw({"small": few, "large": [*many, *few]}, random.Random(SEED))
    assert len(drawn) == len(set(drawn)) == 3 + MOST_OF_ONE_APK
    assert set(drawn[:3]) == set(few)
    alone = draw({"large": [*many, *few]}, random.Random(SEED))
    assert {one.host for one in alone[:3]} == {"a.cn", "b.cn", "c.cn"}


def test_halves_are_about_equal() -> None:
    drawn = [_candidate(number, package=f"p{number % 7}") for number in range(70)]
    half = halves(drawn, random.Random(SEED))
    assert sorted(Counter(half.values()).values()) == [3, 4]


def _labelled(host: str, endpoint: bool, rule: str | None) -> Labelled:
    return Labelled(_candidate(1, host), "tune", endpoint, rule is None, rule)


def test_the_figures() -> None:
    one = figures(
        [
            _labelled("a.cn", True, None),
            _labelled("a.cn", False, None),
            _labelled("b.cn", False, None),
            _labelled("c.cn", True, "look-alike"),
            _labelled("127.0.0.1", True, "loopback"),
            _labelled("d.cn", False, "namespace"),
        ]
    )
    assert (one.drawn, one.apks, one.counted, one.wrong, one.endpoints) == (6, 1, 3, 2, 3)
    assert (one.hosts_counted, one.hosts_wrong, one.missed, one.local) == (2, 1, 1, 1)
    assert one.precision == pytest.approx(1 / 3)
    assert (one.host_precision, one.recall) == (0.5, 0.5)


def test_the_interval() -> None:
    assert [round(end, 4) for end in interval(9, 10)] == [0.5958, 0.9821]
    assert [round(end, 4) for end in interval(10, 10)] == [0.7225, 1.0]
