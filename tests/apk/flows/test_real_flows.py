"""Fifty flows that were reported for real packages and read by hand, in `real_flows.tsv`: which of them are true.

These are all that were reported at the time: 41 are true and 9 false. The causes of eight false ones are gone. Each row
names the flow, where its data is read (with the offset in the DEX file), where it leaves, and why it is true or false.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from phone_audit.model.apk import ApkInfo
from tests.apk.flows.measure import flows_of

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]
READ = Path(__file__).with_name("real_flows.tsv")


class Seen(NamedTuple):
    apk: str
    flow: str
    source: tuple[str, str, str]
    sink: tuple[str, str]


def read_by_hand() -> dict[Seen, tuple[bool, str]]:
    with READ.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return {
        Seen(
            row["apk"], row["flow"], (row["source_class"], row["source_method"], row["source_offset"]),
            (row["class"], row["method"]),
        ): (row["verdict"] == "true", row["reason"])
        for row in rows
    }  # fmt: skip


def reported(records: dict[str, ApkInfo], apks: set[str]) -> set[Seen]:
    found = set()
    for apk in apks:
        (info,) = (info for name, info in records.items() if name.startswith(f"{apk}-"))
        for flow in flows_of(info):
            assert flow.steps
            first, last = flow.steps[0], flow.steps[-1]
            source = (first.class_, first.method, hex(first.offset))
            found.add(Seen(apk, flow.id, source, (last.class_, last.method)))
    return found


def test_fifty_flows_were_read_by_hand() -> None:
    verdicts = [true for true, _ in read_by_hand().values()]
    assert (len(verdicts), sum(verdicts)) == (50, 41)


def test_the_true_ones_are_still_reported_and_only_one_false_one_is(corpus_records: dict[str, ApkInfo]) -> None:
    known = read_by_hand()
    seen = reported(corpus_records, {row.apk for row in known})
    missing: dict[bool, set[Seen]] = defaultdict(set)
    for row, (true, _) in known.items():
        if row not in seen:
            missing[true].add(row)
    assert missing[True] == set()
    assert missing[False] == {row for row, (_, reason) in known.items() if "fixed:" in reason}
    still = [row.flow for row, (true, _) in known.items() if not true and row in seen]
    assert still == ["flow.android-id-log"]
