"""Findings that somebody answers for, and until when."""

from datetime import date

import pytest

from phone_audit.model.acceptance import Acceptances, AcceptedEntry
from phone_audit.model.finding import Acceptance
from tests.documents import finding

KEY = "0123456789abcdef"
ENTRY = AcceptedEntry(finding=KEY, by="Jo", at="2026-01-31", reason="Our own proxy.", until="2026-06-30")
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
