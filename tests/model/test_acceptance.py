"""Findings that somebody answers for, and until when."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from phone_audit.model.acceptance import Acceptances, AcceptedEntry, seen_digest
from phone_audit.model.finding import Acceptance, Evidence, Finding
from tests.documents import finding

KEY = "0123456789abcdef"
ENTRY = AcceptedEntry(
    finding=KEY, by="Jo", at="2026-01-31", reason="Our own proxy.", severity="high", until="2026-06-30"
)
WHO = Acceptance(by="Jo", at="2026-01-31", reason="Our own proxy.", until="2026-06-30")


@pytest.mark.parametrize(
    ("day", "accepted"),
    [(date(2026, 1, 31), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False), (date(2030, 1, 1), False)],
)
def test_the_last_day_counts_and_the_next_one_does_not(day: date, accepted: bool) -> None:
    marked = Acceptances.on(day, [ENTRY]).mark(finding(key=KEY))
    assert (marked.accepted_by, marked.acceptance_expired) == ((WHO, None) if accepted else (None, WHO))
    assert marked.model_copy(update={"accepted_by": None, "acceptance_expired": None}) == finding(key=KEY)


def test_without_an_end_it_holds_for_ever() -> None:
    entry = ENTRY.model_copy(update={"until": None})
    assert Acceptances.on(date(9000, 1, 1), [entry]).mark(finding(key=KEY)).accepted_by is not None


def test_what_the_list_does_not_name_is_not_accepted_whatever_the_result_said() -> None:
    said = finding(key="k1").model_copy(update={"accepted_by": WHO, "acceptance_expired": WHO})
    assert Acceptances.on(date(2026, 2, 1), [ENTRY]).mark(said) == finding(key="k1")


DAY = date(2026, 2, 1)
SIGNED = {"com.a": frozenset({"5" * 64})}
PIECE = Evidence(kind="permission", where="dumpsys", value="x")


def state(entry: AcceptedEntry, now: Finding, signers: Mapping[str, frozenset[str]] = SIGNED) -> str:
    marked = Acceptances.on(DAY, [entry]).mark(now, signers)
    said = {"accepted": marked.accepted_by, "changed": marked.acceptance_changed, "expired": marked.acceptance_expired}
    (word,) = [word for word, who in said.items() if who is not None]
    return word


def found(**changed: Any) -> Finding:
    return finding(key=KEY).model_copy(update=changed)


@pytest.mark.parametrize(
    ("accepted", "now", "word"),
    [
        ("high", "high", "accepted"), ("high", "medium", "accepted"), ("medium", "high", "changed"),
        ("info", "low", "changed"), ("critical", "critical", "accepted"), ("critical", "another", "changed"),
    ],
)  # fmt: skip
def test_a_finding_that_got_worse_than_what_was_accepted_counts_again(accepted: Any, now: str, word: str) -> None:
    assert state(ENTRY.model_copy(update={"severity": accepted}), found(severity=now)) == word


def test_what_is_known_bad_is_accepted_only_by_an_entry_that_goes_so_far() -> None:
    entry = ENTRY.model_copy(update={"severity": "medium"})
    assert state(entry, found(severity="low", supports="suspicious")) == "accepted"
    assert state(entry, found(severity="low", supports="known-bad")) == "changed"
    assert state(ENTRY, found(severity="low", supports="known-bad")) == "accepted"


@pytest.mark.parametrize(
    ("changed", "signers", "word"),
    [
        ({}, SIGNED, "accepted"),
        ({"message": "Other words.", "title": "Other"}, SIGNED, "accepted"),
        ({}, {"com.a": frozenset({"6" * 64})}, "changed"),
        ({}, {}, "changed"),
        ({"severity": "low"}, SIGNED, "changed"),
        ({"confidence": "low"}, SIGNED, "changed"),
        ({"evidence": (PIECE, PIECE.model_copy(update={"value": "y"}))}, SIGNED, "changed"),
        ({"evidence": (PIECE.model_copy(update={"where": "elsewhere"}),)}, SIGNED, "accepted"),
    ],
)
def test_an_entry_with_a_digest_holds_for_what_was_seen_then(
    changed: dict[str, Any], signers: Mapping[str, frozenset[str]], word: str
) -> None:
    then = found(evidence=(PIECE,))
    entry = ENTRY.model_copy(update={"seen": seen_digest(then, SIGNED)})
    assert state(entry, then.model_copy(update=changed), signers) == word


def test_what_moves_by_itself_is_no_change() -> None:
    """How much was sent, and when the microphone was used last, differ from day to day."""
    first, later = (PIECE.model_copy(update={"kind": "appop", "value": value}) for value in ("1 min ago", "1 day ago"))
    assert seen_digest(found(evidence=(first,)), SIGNED) == seen_digest(found(evidence=(later, first)), SIGNED)


def test_two_entries_for_one_finding_as_two_phones_show_it() -> None:
    entries = [
        ENTRY.model_copy(update={"seen": seen_digest(found(severity=severity), SIGNED)}) for severity in ("high", "low")
    ]
    marks = Acceptances.on(DAY, entries)
    states = [marks.mark(found(severity=one), SIGNED).accepted_by is not None for one in ("high", "medium", "low")]
    assert states == [True, False, True]


def test_what_is_to_be_accepted_later_is_not_accepted_yet() -> None:
    assert not Acceptances.on(date(2026, 1, 30), [ENTRY]).by_key
    assert Acceptances.on(date(2026, 1, 31), [ENTRY]).by_key
