"""The text report of builds: patch level and its age, end of support, and where a build stands to the fix."""

from datetime import date

from phone_audit.knowledge.load import load_knowledge
from phone_audit.pipeline.firmware import check_firmware
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render

SETTINGS = "Model  Nokia 7 plus\nBuild number  00WW_3_22C_SP03\nAndroid security patch level  1 March 2019\n"


def report(text: str, as_of: date) -> str:
    result = check_firmware([text], knowledge=load_knowledge(), as_of=as_of)
    return " ".join(render("text", result, Style(width=100)).split())


def test_ages_and_ends_on_a_day() -> None:
    said = report(SETTINGS, date(2026, 11, 25))
    assert "Security patch level 2019-03-01: 7 years and 8 months old on 2026-11-25." in said
    assert "Security updates by HMD Global for Nokia 7 Plus ended 2021-04-01." in said
    assert "older than the fixed build 00WW_3_22C_SP05" in said


def test_before_the_end() -> None:
    said = report(SETTINGS, date(2019, 3, 2))
    assert "Security patch level 2019-03-01: 1 day old on 2019-03-02." in said
    assert "Security updates by HMD Global for Nokia 7 Plus are promised until 2021-04-01." in said


def test_a_patch_level_of_the_future() -> None:
    assert "Security patch level 2019-03-01." in report(SETTINGS, date(2019, 2, 1))


def test_what_to_do_stands_behind_what_to_know_before_it() -> None:
    said = report(SETTINGS, date(2026, 11, 25))
    above, _, below = said.partition("Before you change anything")
    assert "Open Settings, System" not in above
    assert below.count("Open Settings, System") == 1
