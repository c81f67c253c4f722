"""The report of a watch: what is claimed in words, and that hostile text comes out harmless."""

import csv
import io

import pytest

from phone_audit.model.finding import Skipped
from phone_audit.model.watch import Observation
from phone_audit.model.wording import amount
from phone_audit.report.canvas import Style
from phone_audit.report.draw_watch import facts_of
from phone_audit.report.formats import render
from tests.detect.watch.test_connection_join import seen
from tests.documents import finding, scan, verdict
from tests.watches import watch

PLAIN = Style(width=100, details=True)
SKIPPED = Skipped(subject="/proc/net", step="read", code="samples-failed", reason="1 of 121 looks were not answered.")


def told(**update: object) -> Observation:
    return seen().model_copy(update={"endpoints": ("x.example",), "connections": 3, **update})


def test_the_whole_report() -> None:
    bad = finding("com.a")
    result = watch(told(), findings=(bad,), skipped=(SKIPPED,), judged=verdict("known-bad", bad.key))
    text = render("text", result, PLAIN)
    assert text.startswith(
        " KNOWN-BAD  The headline of known-bad\n\nPhone: Nokia 7 plus (B2N_sprout), watched for 30 seconds.\n"
    )
    parts = [
        "Why",
        "What you can do",
        "Seen connected",
        "Evidence",
        "What this cannot see",
        "Not looked at",
        "About this",
    ]
    places = [text.index(f"\n{part}") for part in parts]
    assert places == sorted(places)
    assert (
        "  * com.a\n"
        "    - connected to 203.0.113.7:80; its code holds x.example; not shown to be the same\n"
        "      3 connections (tcp), 00:00:00 to 00:00:09 UTC, encryption not known\n"
    ) in text
    assert "120 looks at the sockets, 1 of them unanswered" in text
    assert "looking took 1.2 % of one core of the phone" in text
    assert "/proc/net: 1 of 121 looks were not answered." in text


def test_nothing_seen() -> None:
    assert "No connections were seen." in render("text", watch(), PLAIN)


def test_the_facts_of_an_observation() -> None:
    one = told(
        received=480_486, sent=713, cleartext=True, foreground=False, screen_off=True, owner="Google", connections=1
    )
    assert facts_of(one) == [
        "1 connection (tcp)",
        "00:00:00 to 00:00:09 UTC",
        "received 480.5 kB, sent 713 B",
        "unencrypted by its port",
        "in the background",
        "while the screen was off",
        "Google",
    ]


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5 * 10**15, "5000.0 TB")])
def test_amounts(size: int, text: str) -> None:
    assert amount(size) == text


def test_hostile_text_is_harmless() -> None:
    text = render("text", watch(told(endpoints=("a\x1b[31m\u202e.example",))), PLAIN)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\\x1b[31m\\u202e.example" in text


def test_many_places_are_counted() -> None:
    ones = [seen(f"198.51.100.{number}") for number in range(20)]
    assert "and 8 more, all in the JSON result" in render("text", watch(*ones), PLAIN)


def test_a_scan_shows_what_was_seen() -> None:
    text = render("text", scan().model_copy(update={"observations": (told(),)}), PLAIN)
    assert "Seen connected" in text
    assert "Seen connected" not in render("text", scan(), PLAIN)


def test_csv_has_what_was_not_read() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", watch(skipped=(SKIPPED,)), PLAIN))))
    assert [(row["result"], row["id"], row["subject"]) for row in rows] == [("0" * 16, "not-read", "/proc/net")]
