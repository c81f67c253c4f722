"""What a long run came to, in a few lines."""

import pytest

from phone_audit.model.apk import ApkRun
from phone_audit.pipeline import run_summary
from phone_audit.pipeline.run_summary import RunSummary
from tests.documents import SKIPPED, apk
from tests.judge.cases import endpoint


def test_outcomes_owners_destinations_the_slowest_and_what_was_not_read() -> None:
    summary = RunSummary()
    google = (endpoint("a.example.com", owner="Google"), endpoint("b.example.com", owner="Google"))
    unused = endpoint("c.example.com", owner="Other", use="unused")
    summary.add(apk("a.apk", "known-bad").model_copy(update={"endpoints": (*google, unused)}))
    slow = ApkRun(seconds=9, cached=False)
    summary.add(apk("x/" * 50 + "b\x1b.apk").model_copy(update={"endpoints": google[1:], "run": slow}))
    summary.add_known(apk("c.apk", "inconclusive", (SKIPPED, SKIPPED)))
    first, owners, hosts, slowest, unread = summary.lines(6)
    assert first == (
        "3 records in 6 s (0.5 a second): 1 known-bad, 1 inconclusive, 1 nothing-found. "
        "1 of them are from earlier runs."
    )
    assert owners == "Most frequent owners: Google (2)."
    assert hosts == "Most frequent destinations: b.example.com (2), a.example.com (1)."
    assert slowest.startswith("Slowest: …x/x/")
    assert r"b\x1b.apk 9.0 s, a.apk " in slowest
    assert "c.apk" not in slowest, "it was not read in this run"
    assert unread == "Not all of it was read: 1 truncated (such as c.apk)."


def test_names_are_bounded_and_the_frequent_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_summary, "_MOST_DISTINCT", 10)
    summary = RunSummary()
    for number in range(100):
        hosts = (endpoint(f"h{number}.example.com"), endpoint("often.example.com"))
        summary.add(apk(f"{number}.apk").model_copy(update={"endpoints": hosts}))
    assert "destinations: often.example.com (100), " in " ".join(summary.lines(1))
