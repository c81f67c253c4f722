"""`phone-audit db` as a person runs it."""

import csv
import io
import json
import re
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from phone_audit.cli.db import IMPORTED, LISTED
from phone_audit.knowledge.feeds.formats import FORMATS
from phone_audit.pipeline.db import ENTRY_KINDS
from tests.knowledge.feeds.cases import CASES
from tests.knowledge.feeds.feeds import item, keep
from tests.program import program

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own knowledge folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "data" / "phone-audit" / "knowledge"


def db(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return program("db", *arguments, columns=80)


@pytest.fixture
def ioc(tmp_path: Path) -> Path:
    path = tmp_path / "ioc.yaml"
    path.write_text(CASES["stalkerware"][0], "utf-8")
    return path


def test_the_help_names_every_format() -> None:
    assert tuple(FORMATS) == IMPORTED
    shown = " ".join(db("import", "--help").stdout.split())
    assert all(name in shown for name in FORMATS)


@pytest.mark.slow
def test_a_feed_is_imported_listed_shown_found_checked_and_given_out(ioc: Path, own: Path, tmp_path: Path) -> None:
    taken = db("import", "stalkerware", ioc, "--id", "mine", "--date", "2026-01-31")
    assert taken.returncode == 0
    assert taken.stdout.startswith(
        "mine: 9 taken (1 address, 1 certificate, 2 host, 2 name, 2 package, 1 url), 3 left out."
    )
    assert "left out: not a name: 'not a name' is no package name" in taken.stderr
    assert (own / "indicators" / "mine.jsonl").is_file()
    assert "feeds  mine  " in db("list", "feeds").stdout
    shown = db("show", "com.spy.one").stdout
    assert "listed as: SpyOne (stalkerware)" in shown
    assert "licence: CC-BY-4.0" in shown
    assert "host  c2.spyone.example  SpyOne (stalkerware)" in db("search", "C2.SpyOne").stdout
    told = db("info").stdout
    assert "feed: mine (your own): 9 of AssoEchap, 2026-01-31; CC-BY-4.0" in " ".join(told.split())
    assert f"own folder: {own}\n" in told
    assert re.search(r"cache: \S+/records, \d+ records?, \d+ of 2048 MB\n$", told)
    checked = db("check")
    assert (checked.returncode, f"{own}:" in checked.stdout) == (0, True)
    assert "feeds 1: 9 indicators" in checked.stdout
    given = db("export", "hosts", "--feed", "mine").stdout.splitlines()
    assert given[2:] == ["0.0.0.0 c2.spyone.example # SpyOne (AssoEchap)"]
    out = tmp_path / "out.stix2"
    assert db("export", "stix", "--feed", "mine", "-o", out).returncode == 0
    again = db("import", "auto", out, "--id", "again")
    assert again.stdout.startswith("again: 4 taken (1 address, 1 certificate, 1 host, 1 package), 0 left out.")
    rows = list(csv.DictReader(io.StringIO(db("export", "csv", "--feed", "mine", "--class", "watchware").stdout)))
    assert [(row["value"], row["class"], row["licence"]) for row in rows] == [
        ("com.kids.watch", "watchware", "CC-BY-4.0")
    ]


def test_a_value_of_an_incident_is_shown_and_found() -> None:
    shown = db("show", "zzhc.vnet.cn").stdout
    assert shown.startswith("incidents: nokia-7-plus-vnet-cn-2019")
    assert "nokia-7-plus-vnet-cn-2019" in db("search", "autoregistration").stdout
    assert db("list").stdout.count("\n") == db("list", "incidents").stdout.count("\n") > 100


def test_the_help_names_every_kind() -> None:
    assert LISTED == ENTRY_KINDS
    shown = " ".join(db("list", "--help").stdout.split())
    assert all(kind in shown for kind in ENTRY_KINDS)


@pytest.mark.parametrize("kind", ENTRY_KINDS)
def test_every_kind_is_listed_in_lines_that_fit_the_screen(kind: str) -> None:
    lines = db("list", kind).stdout.splitlines()
    assert lines
    assert all(line.startswith(f"{kind}  ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_search_shows_what_it_met_although_the_line_is_cut() -> None:
    lines = db("search", "Nokia 7 Plus").stdout.splitlines()
    assert all("nokia 7 plus" in line.casefold() for line in lines)
    assert {line.split("  ")[0] for line in lines} >= {"incidents", "support"}
    assert max(map(len, lines)) <= 80


def test_json_for_scripts() -> None:
    known = json.loads(db("info", "--json").stdout)
    assert set(known) == {"version", "digest", "newest_entry", "counts"}
    assert known["counts"]["indicators"] > 15_000
    assert json.loads(db("list", "keys", "--json").stdout)[0].keys() == {"kind", "id", "title"}
    assert json.loads(db("show", "nokia-7-plus-vnet-cn-2019", "--json").stdout)[0]["kind"] == "incidents"
    assert json.loads(db("search", "no such thing at all", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("import", "nope", "x"), 2, "There is no format 'nope'."),
        (("import", "stix", "/nonexistent"), 2, "does not exist"),
        (("import", "stix", "README.md"), 1, "README.md cannot be read as stix"),
        (("import", "hosts", "README.md", "--class", "evil"), 2, "There is no class 'evil'."),
        (("import", "hosts", "README.md", "--date", "today"), 2, "is not a day"),
        (("list", "nope"), 2, "There is no kind 'nope'."),
        (("show", "nothing-of-that-name"), 1, "Nothing is known of"),
        (("export", "pdf"), 2, "There is no format 'pdf' for indicators; there are csv, stix and hosts."),
        (("export", "csv", "--feed", "nope"), 2, "There is no feed 'nope'."),
        ((), 2, ""),
    ],
)
def test_what_goes_wrong_has_its_code_and_a_sentence(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = db(*arguments)
    assert done.returncode == code
    assert said in " ".join((done.stdout if not arguments else done.stderr).split())
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_broken_feed_fails_the_check_with_its_place(own: Path) -> None:
    keep(own, item("hash", "A" * 64))
    checked = db("check")
    assert checked.returncode == 1
    assert f"indicators/lab.jsonl: line 2: values[0]: '{'A' * 64}' is looked up as hash" in checked.stdout


def test_hostile_names_are_made_harmless(own: Path) -> None:
    keep(own, item("package", "com.spy.one", "Spy\x1b[31m\u202e"))
    for shown in (db("show", "com.spy.one"), db("search", "com.spy.one"), db("export", "csv", "--feed", "lab")):
        assert "com.spy.one" in shown.stdout
        assert "\x1b" not in shown.stdout
        assert "\u202e" not in shown.stdout


def test_an_apk_whose_hash_was_imported_is_known_bad_and_the_warning_comes_first(tmp_path: Path) -> None:
    apk = REPOSITORY / "fixtures" / "apks" / "built" / "com.example.debug.apk"
    listed = tmp_path / "mine.csv"
    listed.write_text(f"sha256,family\n{sha256(apk.read_bytes()).hexdigest()},SpyOne\n", "utf-8")
    said = ("--class", "stalkerware", "--publisher", "A lab", "--date", "2026-01-31", "--licence", "MIT")
    assert db("import", "auto", listed, *said).returncode == 0
    outputs = ("-f", "text", "-f", "csv", "-o", "-", "-o", tmp_path / "out.csv")
    done = program("apks", apk, "--jobs", "1", "--details", *outputs)
    assert done.returncode == 12
    told = " ".join(done.stdout.split())
    places = [
        told.index("is listed as SpyOne, stalkerware, by A lab (2026-01-31): the hash of its file."),
        told.index("removing it, or even switching it off, can alert them"),
        told.index("What you can do"),
        told.index("Leave it as it is for now. Whoever installed it may be told when it stops"),
    ]
    assert places == sorted(places)
    assert "indicator.hash" in (tmp_path / "out.csv").read_text("utf-8")


@pytest.mark.slow
def test_a_new_incident_is_a_file_to_fill_in(own: Path, tmp_path: Path) -> None:
    made = db("new", "acme-one-weather-2026", "--into", tmp_path / "mine")
    path = tmp_path / "mine" / "incidents" / "acme-one-weather-2026.json"
    assert (made.returncode, json.loads(path.read_text("utf-8"))["id"]) == (0, "acme-one-weather-2026")
    assert "db check --knowledge" in " ".join(made.stdout.split())
    told = db("check", "--knowledge", tmp_path / "mine")
    assert told.returncode == 1
    for place in ("summary", "sources[0].url", "sources[0].date", "packages[0].value", "tests.ignores[0].why"):
        assert f"acme-one-weather-2026: {place}: " in told.stdout
    before = path.read_bytes()
    assert db("new", "acme-one-weather-2026", "--into", tmp_path / "mine").returncode == 2
    assert path.read_bytes() == before
    assert db("new", "mine").returncode == 0
    assert (own / "incidents" / "mine.json").is_file()


@pytest.mark.parametrize("name", ["Acme", "../acme", "acme.json", "", "-acme", "acme--one"])
def test_what_is_no_id_makes_no_file(name: str, tmp_path: Path) -> None:
    assert db("new", "--into", tmp_path / "mine", "--", name).returncode == 2
    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
def test_the_check_says_what_makes_the_pages() -> None:
    assert "python -m fixtures.knowledge.pages" in db("check").stdout
