"""How old the facts were that a result was judged with: what was published since then, they do not know."""

from datetime import date
from typing import Final

from phone_audit.model.finding import KnowledgeInfo
from phone_audit.model.results import Coverage
from phone_audit.model.wording import counted
from phone_audit.report.safe import shortened

_LONGEST: Final = 80
OUTDATED: Final = 90
"""Days after which an update is advised."""


def days_old(knowledge: KnowledgeInfo, started: str) -> int | None:
    """Return how many days the newest fact was old when a run began; None where one of the two is no day.

    Example:
        >>> known = KnowledgeInfo(version="2026.01.01", digest="", newest_entry="", counts={})
        >>> days_old(known, "2026-04-02T10:00:00Z"), days_old(known, "")
        (91, None)
    """
    try:
        of, then = (date.fromisoformat(text[:10]) for text in (knowledge.version.replace(".", "-"), started))
    except ValueError:
        return None
    return (then - of).days


def age_of(knowledge: KnowledgeInfo, started: str) -> str:
    """Say how old the facts were; empty where that is not known, or the clock was before them."""
    days = days_old(knowledge, started)
    return "" if days is None or days < 0 else f"{counted(days, 'day')} old on {started[:10]}"


def update_advice(knowledge: KnowledgeInfo, started: str) -> str:
    """Advise an update where the facts were too old; else empty."""
    days = days_old(knowledge, started)
    if days is None or days <= OUTDATED:
        return ""
    return (
        f"What this is judged by is {counted(days, 'day')} old: what was published since then is not known. "
        "Install the newest phone-audit and run it again; phone-audit db update fetches lists of your own."
    )


def places_not_asked(coverage: Coverage) -> str:
    """Say what a saved phone was not asked about, since it became known later; empty where there is nothing."""
    count = len(coverage.never_asked)
    if not count:
        return ""
    return (
        f"Saved before {counted(count, 'place')} became known where a published case leaves traces, such as "
        f"{shortened(coverage.never_asked[0], _LONGEST)}: to look there, scan the phone itself."
    )
