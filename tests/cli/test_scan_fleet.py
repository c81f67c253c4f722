"""Results of several phones: a folder with a file each and the summary; on standard output in order of the phones."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from phone_audit.cli.exits import COULD_NOT_RUN, KNOWN_BAD, NOT_ALL_READ, NOTHING_TO_SCAN
from phone_audit.cli.main import app
from phone_audit.cli.scan_fleet import FleetOutputs, exit_code, outcomes_line
from phone_audit.errors import UsageError
from phone_audit.model.results import Fleet, FleetRun, FleetScan
from phone_audit.report.canvas import Style
from tests.documents import TOOL, scan

DEVICES = Path(__file__).parents[2] / "fixtures" / "devices"


def row(name: str, outcome: str | None = "exposed") -> FleetScan:
    return FleetScan.model_validate(
        {
            "name": name, "file": None, "pseudonym": None, "label": None, "model": None, "outcome": outcome,
            "complete": outcome is not None,
        }
    )  # fmt: skip


def fleet(*rows: FleetScan) -> Fleet:
    run = FleetRun(started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:01Z", seconds=1)
    return Fleet(schema_="phone-audit/fleet/1", scans=rows, groups=(), tool=TOOL, run=run)


def test_a_folder_gets_a_file_for_each_phone_and_the_summary(tmp_path: Path) -> None:
    outputs = FleetOutputs(["text", "json", "csv"], [tmp_path / "out"] * 3)
    assert outputs.write("01-a", scan("known-bad")) == "01-a.json"
    assert outputs.write("02-b", scan()) == "02-b.json"
    outputs.write_summary(fleet(row("01-a"), row("02-b")))
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "01-a.csv", "01-a.json", "01-a.txt", "02-b.csv", "02-b.json", "02-b.txt",
        "fleet.csv", "fleet.json", "fleet.txt",
    ]  # fmt: skip
    assert json.loads((tmp_path / "out" / "fleet.json").read_text())["schema"] == "phone-audit/fleet/1"
    assert (tmp_path / "out" / "01-a.txt").read_text().startswith(" KNOWN-BAD")


def test_a_folder_alone_gets_json(tmp_path: Path) -> None:
    outputs = FleetOutputs([], [tmp_path])
    outputs.write("01-a", scan())
    outputs.write_summary(fleet(row("01-a")))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["01-a.json", "fleet.json"]


def test_pages_lie_beside_the_page_of_all_which_leads_to_them(tmp_path: Path) -> None:
    outputs = FleetOutputs(["json", "html"], [tmp_path / "a", tmp_path / "b"], drawn=Style(discreet=True))
    file = outputs.write("01-a", scan())
    outputs.write_summary(fleet(row("01-a").model_copy(update={"file": file}), row("02-b", None)))
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["01-a.html", "fleet.html", "fleet.json"]
    page = (tmp_path / "b" / "fleet.html").read_text("utf-8")
    assert '<a href="01-a.html">01-a.html</a>' in page
    assert "<title>Notes</title>" in page
    assert '"file":"01-a.json"' in (tmp_path / "b" / "fleet.json").read_text("utf-8").replace(" ", "")


def test_standard_output_has_the_reports_in_order_and_the_summary_last(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    outputs = FleetOutputs([], [])
    assert outputs.write("02-b", scan()) is None
    outputs.write("01-a", scan("known-bad"))
    assert capfdbinary.readouterr().out == b""
    outputs.write_summary(fleet(row("01-a"), row("02-b")))
    shown = capfdbinary.readouterr().out.decode()
    places = [shown.index(part) for part in ("01-a\n====\n", " KNOWN-BAD", "02-b\n====\n", "2 phones, all read.")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("formats", "paths", "sentence"),
    [
        (["json"], [], "cannot go to standard output as json"),
        (["pdf"], [Path("x")], "no format 'pdf'"),
        (["text"], [Path("-"), Path("-")], "cannot go to standard output as json"),
        (["text", "text"], [], "Two results would go to standard output"),
        (["json"], [Path(__file__)], "is no folder"),
        (["json"], [Path("/nowhere/at/all")], "cannot be made: No such file"),
    ],
)
def test_what_cannot_be_done_is_told_before_a_phone_is_asked(
    formats: list[str], paths: list[Path], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        FleetOutputs(formats, paths)


def test_assets_are_named_in_the_summary_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "a.csv").write_text("serial,asset\nB2NSMALL00000001,A-1\nS9,A-9\n", "utf-8")
    phones = [str(path) for path in sorted(DEVICES.glob("*-small"))]
    words = ["scan", *phones, "--assets", str(tmp_path / "a.csv"), "-o", str(tmp_path / "out"), "-f", "csv"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (NOT_ALL_READ, KNOWN_BAD), done.output
    table = list(csv.DictReader((tmp_path / "out" / "fleet.csv").read_text("utf-8").splitlines()))
    assert sorted(one["asset"] for one in table) == ["", "A-1"]
    assert "In a.csv, and not among these phones: A-9." in done.stderr
    assert "Phones that are not in a.csv: 0" in done.stderr


def test_assets_of_one_phone_are_wrong_usage(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["scan", str(tmp_path), "--assets", str(tmp_path / "a.csv")])
    assert isinstance(done.exception, UsageError)
    assert done.exception.message == "--assets goes with several phones."


def test_exit_codes_of_several_phones() -> None:
    bad, unread = row("01", "known-bad"), row("02", None)
    assert exit_code(fleet(bad, row("02")), {1: KNOWN_BAD, 2: 0}) == KNOWN_BAD
    assert exit_code(fleet(row("01"), unread), {1: 0}) == NOT_ALL_READ
    assert exit_code(fleet(bad, unread), {1: KNOWN_BAD}) == KNOWN_BAD
    assert exit_code(fleet(unread), {}) == COULD_NOT_RUN
    assert exit_code(fleet(), {}) == NOTHING_TO_SCAN
    assert exit_code(fleet(row("01")), {1: 0}) == 0


def test_one_line_counts_the_outcomes_the_worst_first_and_names_the_files(tmp_path: Path) -> None:
    rows = [row("01"), row("02", None), row("03", "known-bad"), row("04")]
    assert outcomes_line(fleet(*rows)) == "4 phones: 1 KNOWN-BAD, 2 EXPOSED, 1 not read"
    assert outcomes_line(fleet()) == "0 phones: none"
    outputs = FleetOutputs(["json", "html"], [tmp_path / "a", tmp_path / "b"])
    assert outputs.summaries == (str(tmp_path / "a" / "fleet.json"), str(tmp_path / "b" / "fleet.html"))
    assert FleetOutputs(["sarif"], [tmp_path / "a"]).summaries == (str(tmp_path / "a" / "fleet.json"),)
    assert FleetOutputs([], []).summaries == ()


def test_formats_beyond_the_folders_go_into_the_last_one(tmp_path: Path) -> None:
    outputs = FleetOutputs(["json", "html", "csv"], [tmp_path / "out"])
    assert outputs.write("01-a", scan()) == "01-a.json"
    outputs.write_summary(fleet(row("01-a").model_copy(update={"file": "01-a.json"})))
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "01-a.csv", "01-a.html", "01-a.json", "fleet.csv", "fleet.html", "fleet.json",
    ]  # fmt: skip
    assert "01-a.json" in (tmp_path / "out" / "fleet.csv").read_text("utf-8")


def test_each_summary_names_results_that_lie_beside_it(tmp_path: Path) -> None:
    outputs = FleetOutputs(["html", "csv"], [tmp_path / "pages", tmp_path / "tables"])
    file = outputs.write("01-a", scan())
    outputs.write_summary(fleet(row("01-a").model_copy(update={"file": file})))
    for folder, kind in (("pages", "html"), ("tables", "csv")):
        assert (tmp_path / folder / f"01-a.{kind}").exists()
        assert json.loads((tmp_path / folder / "fleet.json").read_text())["scans"][0]["file"] == f"01-a.{kind}"
        assert f"01-a.{kind}" in (tmp_path / folder / f"fleet.{kind}").read_text("utf-8")


def test_a_name_of_a_file_is_refused_where_a_folder_would_be_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named like a file") as caught:
        FleetOutputs([], [tmp_path / "fleet.html"])
    assert (
        caught.value.hint == f"Write -f html -o {tmp_path / 'fleet'}; the summary is then {tmp_path}/fleet/fleet.html."
    )
    assert not (tmp_path / "fleet.html").exists()
    (tmp_path / "old.csv").mkdir()
    FleetOutputs(["csv"], [tmp_path / "old.csv"])
