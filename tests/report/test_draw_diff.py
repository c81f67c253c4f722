"""How a comparison is drawn: most harmful first, many alike folded, whatever a package calls itself."""

import csv
import io

from phone_audit.model.diff import Change, Diff, DiffRun, NotCompared
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import TOOL
from tests.judge.comparison.test_compare import facts, phone


def change(number: int = 0, **changed: str | None) -> Change:
    made = Change(
        what="package", change="new", subject=f"com.a{number}", old=None, new="1", severity="low",
        text=f"com.a{number} is new.",
    )  # fmt: skip
    return made.model_copy(update=changed)


def diff(*changes: Change, not_compared: tuple[NotCompared, ...] = (), remarks: tuple[str, ...] = ()) -> Diff:
    side = facts(phone()).side
    return Diff(
        schema_="phone-audit/diff/1",
        old=side.model_copy(update={"file": "old.json"}),
        new=side.model_copy(update={"file": "new.json", "complete": False, "outcome": "exposed"}),
        kind="same-phone",
        changes=changes,
        not_compared=not_compared,
        remarks=remarks,
        tool=TOOL,
        run=DiffRun(started="2026-01-01T00:00:00Z", seconds=1),
    )


UNREAD = NotCompared(what="endpoint", side="old", subjects=("com.b", "com.c"), text="The older result did not read it.")


def text(document: Diff) -> str:
    return render("text", document, Style())


def test_nothing_changed() -> None:
    shown = text(diff())
    assert shown.splitlines()[0] == "The same phone, before and after: no change was seen"
    assert "Everything that one result read, the other read too." in shown


def test_the_parts_of_a_comparison() -> None:
    shown = text(diff(change(severity="critical"), change(1), not_compared=(UNREAD,), remarks=("Other facts.",)))
    assert shown.splitlines()[0] == "The same phone, before and after: 2 changes (1 critical)"
    assert "old: old.json, Phone: Nokia 7 plus (B2N_sprout), build 00WW_3_22C" in shown
    assert "exposed, not all was read" in " ".join(shown.split())
    assert shown.index("- Other facts.") < shown.index("critical: com.a0 is new.") < shown.index("low: com.a1 is new.")
    assert "- The older result did not read it. (com.b and com.c)" in shown


def test_many_alike_are_folded_and_counted() -> None:
    shown = text(diff(*(change(number) for number in range(30)), change(severity="info", text="Last.")))
    assert "com.a3 is new. And 26 more like that." in shown
    assert "com.a4" not in shown
    assert "info: Last." in shown
    assert "all 31 are in the JSON result (-f json): 31 package new" in shown
    assert "com.a4 is new." in text(diff(*(change(number) for number in range(5))))


def test_very_many_kinds_stay_a_page() -> None:
    words = ("package", "signer", "permission", "power", "endpoint", "tracker", "file", "state", "finding", "verdict")
    many = [
        change(number, what=what, severity=severity)
        for severity in ("critical", "high", "medium", "low", "info")
        for what in words
        for number in range(9)
    ]
    shown = text(diff(*many))
    assert len(shown.splitlines()) < 80
    assert "all 450 are in the JSON result" in shown


def test_a_hostile_name_is_harmless_in_every_format() -> None:
    evil = "com.a\x1b[2J\u202e=cmd"
    hostile = diff(
        change(text=f"{evil} is new.", subject=evil, new=evil),
        not_compared=(UNREAD.model_copy(update={"subjects": (evil,)}),),
        remarks=(evil,),
    )
    for name in ("text", "json", "csv"):
        shown = render(name, hostile, Style())
        assert not any(sign in shown for sign in ("\x1b", "\u202e"))
    assert Diff.model_validate_json(render("json", hostile, Style())) == hostile


def test_csv_has_a_line_for_each_change_and_for_whatever_was_not_compared() -> None:
    shown = render("csv", diff(change(subject="=1+1"), not_compared=(UNREAD,)), Style(stated_in="d.json"))
    assert list(csv.reader(io.StringIO(shown))) == [
        ["severity", "what", "change", "subject", "old", "new", "text", "stated_in"],
        ["low", "package", "new", "'=1+1", "", "1", "com.a0 is new.", "d.json"],
        ["", "endpoint", "not-compared", "com.b", "", "", "The older result did not read it.", "d.json"],
        ["", "endpoint", "not-compared", "com.c", "", "", "The older result did not read it.", "d.json"],
    ]
