"""The same finding in several files."""

from phone_audit.judge.findings import merged
from phone_audit.model.finding import Evidence
from tests.judge.cases import finding


def test_one_key_is_one_finding() -> None:
    one = finding(evidence=(Evidence(kind="class", where="classes.dex", value="a"),), confidence="low")
    two = finding(
        evidence=(
            Evidence(kind="class", where="classes.dex", value="a"),
            Evidence(kind="class", where="classes2.dex", value="b"),
        ),
        severity="medium",
        confidence="high",
    )
    assert merged([one, two]) == merged([two, one]) == (two,)


def test_the_worst_severity_and_the_highest_confidence_need_not_come_together() -> None:
    worse = finding(severity="high", confidence="low")
    surer = finding(severity="low", confidence="confirmed")
    assert merged([worse, surer]) == merged([surer, worse]) == (finding(severity="high", confidence="confirmed"),)


def test_sorted_worst_and_surest_first() -> None:
    low = finding(name="com.a")
    unsure = finding(name="com.b", severity="high", confidence="low")
    sure = finding(name="com.c", severity="high", confidence="confirmed")
    assert merged([low, unsure, sure]) == (sure, unsure, low)
