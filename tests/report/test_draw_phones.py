"""The summary of several phones: each in a line, then who differs from most, and in what."""

import csv
import io

import pytest

from phone_audit.model.results import (
    Difference,
    Fleet,
    FleetAssets,
    FleetGroup,
    FleetModel,
    FleetRun,
    FleetScan,
    OddOne,
)
from phone_audit.pipeline.report import judged_outcomes
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import HELP_FIRST, WARNING
from phone_audit.report.formats import render
from tests.documents import TOOL


def row(number: int, **changed: object) -> FleetScan:
    made = FleetScan(
        name=f"0{number}-Pixel_8-{number}",
        file=f"0{number}.json",
        pseudonym=str(number) * 16,
        label=None,
        model="Pixel 8",
        outcome="exposed",
        complete=True,
    )
    return made.model_copy(update=changed)


def fleet(*groups: FleetGroup, models: tuple[FleetModel, ...] = (), scans: tuple[FleetScan, ...] = ()) -> Fleet:
    run = FleetRun(started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:01Z", seconds=1)
    rows = scans or (row(1), row(2), row(3))
    return Fleet(schema_="phone-audit/fleet/1", scans=rows, groups=groups, models=models, tool=TOOL, run=run)


LISTED = FleetAssets(file="a.csv", missing=("A-8", "A-9\x1b[2J"))


def in_list() -> Fleet:
    """Return phones that were held against a list of assets; two state one serial number."""
    known = {"asset": "A-1", "asset_notes": ("owner: =Ann\u202e",)}
    rows = (row(1, **known), row(2, outcome=None, error="No phone.", **known), row(3))
    return fleet(scans=rows).model_copy(update={"assets": LISTED})


def shown(document: Fleet) -> str:
    return render("text", document, Style())


def group(*differs: Difference, members: tuple[str, ...] = ("01", "02", "03")) -> FleetGroup:
    return FleetGroup(fingerprint="google/shiba:15/X", members=members, differs=differs)


def test_each_phone_has_its_line() -> None:
    text = shown(fleet(scans=(row(1), row(2, complete=False), row(3, outcome=None, error="No phone.", hint="Look."))))
    assert text.splitlines()[0] == "3 phones, 2 read, 1 of them only in part."
    assert shown(fleet(scans=(row(1), row(2, complete=False)))).startswith("2 phones, 2 read, 1 of them only in part.")
    assert shown(fleet(scans=(row(1), row(2)))).startswith("2 phones, all read.")
    assert "* 01-Pixel_8-1 (Pixel 8): exposed; 01.json" in text
    assert "* 02-Pixel_8-2 (Pixel 8): exposed; not all was read; 02.json" in text
    assert "* 03-Pixel_8-3: No phone.\n  Look." in text


def test_what_is_bad_says_why() -> None:
    bad = row(1, outcome="known-bad", reason="Triada\x1b[2J is in it.")
    assert "known-bad; 01.json\n  Triada\\x1b[2J is in it." in shown(fleet(scans=(bad,)))
    assert "Ads." not in shown(fleet(scans=(row(1, reason="Ads."),)))


def test_why_it_is_bad_ends_with_a_sentence() -> None:
    long = "It belongs to a published case. It is reported to send " + "a thing, and " * 20
    assert "\n  It belongs to a published case.\n" in shown(fleet(scans=(row(1, outcome="known-bad", reason=long),)))


@pytest.mark.parametrize("bad", [{"outcome": "known-bad"}, {"outcome": "suspicious"}, {"watched": "yes"}])
def test_where_somebody_may_be_watching_help_comes_first_also_among_many_phones(bad: dict[str, object]) -> None:
    text = " ".join(shown(fleet(scans=(row(1), row(2, **bad)))).split())
    assert text.endswith(HELP_FIRST)
    assert text.count("Somebody may be able to watch this phone") == ("watched" in bad)
    page = render("html", fleet(scans=(row(1), row(2, **bad))), Style())
    assert WARNING in page
    assert page.count("Somebody may be able to watch this phone") == ("watched" in bad)


def test_where_nobody_watches_nothing_is_said_of_help() -> None:
    document = fleet(scans=(row(1), row(2, watched="not-seen"), row(3, outcome=None, error="No phone.")))
    assert HELP_FIRST not in " ".join(shown(document).split())
    assert WARNING not in render("html", document, Style())


def test_serial_and_label_stand_beside_the_phones_that_have_them() -> None:
    named = {"serial": "HT7A\x1b[2J", "label": "case 17"}
    lines = shown(fleet(scans=(row(1, **named), row(2, serial="B2N", outcome=None, error="No phone.")))).splitlines()
    assert '* 01-Pixel_8-1 (Pixel 8), label "case 17", serial HT7A\\x1b[2J: exposed; 01.json' in lines
    assert "* 02-Pixel_8-2, serial B2N: No phone." in lines


def test_assets_stand_beside_the_phones_and_what_does_not_fit_is_said() -> None:
    lines = shown(in_list()).splitlines()
    assert "* 01-Pixel_8-1 (Pixel 8), asset A-1, owner: =Ann\\u202e: exposed; 01.json" in lines
    assert "* 02-Pixel_8-2, asset A-1, owner: =Ann\\u202e: No phone." in lines
    text = " ".join(" ".join(lines).split())
    assert "Phones that are not in a.csv: 03-Pixel_8-3." in text
    assert "In a.csv, and not among these phones: A-8 and A-9\\x1b[2J." in text
    assert "2 phones state the serial number of the asset A-1: 01-Pixel_8-1 and 02-Pixel_8-2." in text
    table = list(csv.DictReader(io.StringIO(render("csv", in_list(), Style()))))
    assert [(one["asset"], one["asset_notes"]) for one in table] == [("A-1", "owner: =Ann\\u202e")] * 2 + [("", "")]
    many = fleet().model_copy(update={"assets": FleetAssets(file="a.csv", missing=tuple("abcdefghijklmnop"))})
    assert "these phones: a, b, c, d, e, f, g, h, i, j, k, l and 4 more." in " ".join(shown(many).split())


def test_the_odd_one_is_named_with_what_most_have() -> None:
    text = shown(
        fleet(group(Difference(what="state proxy", majority="not set", odd=(OddOne(member="02", value="x:1"),))))
    )
    assert "02 differs from most in 1:\n    - state proxy: x:1; most have: not set" in text
    assert "Like most: 01, 03." in text


def test_without_a_majority_all_values_are_told() -> None:
    odd = (OddOne(member="01", value="a"), OddOne(member="02", value="b"))
    text = " ".join(shown(fleet(group(Difference(what="user 10", majority=None, odd=odd)))).split())
    assert "Different with no majority in 1: - user 10: a (01); b (02)" in text


def test_long_lists_are_cut_and_what_a_phone_says_is_made_harmless() -> None:
    differs = tuple(
        Difference(
            what=f"package com.{number:02}\x1b[2J", majority="installed", odd=(OddOne(member="02", value="not there"),)
        )
        for number in range(20)
    )
    text = shown(fleet(group(*differs)))
    assert text.count("most have: installed") == 12
    assert "and 8 more, in the JSON summary" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_groups_of_one_are_left_out_and_alike_is_said() -> None:
    text = shown(fleet(group(members=("01",))))
    assert "google/shiba" not in text
    assert "3 phones, the same in everything that was compared." in " ".join(shown(fleet(group())).split())


def test_one_model_with_two_builds() -> None:
    difference = Difference(
        what="build: security patch", majority="2026-01-01", odd=(OddOne(member="03", value="2024-01-01"),)
    )
    text = " ".join(
        shown(
            fleet(models=(FleetModel(model="Google Pixel 8", members=("01", "02", "03"), differs=(difference,)),))
        ).split()
    )
    assert "Phones of the model Google Pixel 8, whose builds differ" in text
    assert "03 differs from most in 1: - build: security patch: 2024-01-01; most have: 2026-01-01" in text


def test_a_saved_summary_ends_as_its_phones() -> None:
    assert judged_outcomes(fleet(scans=(row(1), row(2, outcome=None, complete=False)))) == [
        ("exposed", True),
        ("inconclusive", False),
    ]
