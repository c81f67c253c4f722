"""`phone-audit db update` and `db rollback` as a person runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.knowledge.updates.conftest import Fed
from tests.knowledge.updates.server import Authority, Server, status

REPOSITORY = Path(__file__).parents[2]
FIRST, SECOND = "timestamp:1767225600", "timestamp:1767312000"


@pytest.fixture
def fed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fed]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    authority = Authority.made(tmp_path)
    with Server(authority.certify(tmp_path)) as server:
        yield Fed(tmp_path / "data" / "phone-audit" / "knowledge", server, authority)


def db(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phone_audit", "db", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "300"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=REPOSITORY, env=environment
    )


@pytest.mark.slow
def test_update_info_check_and_rollback(fed: Fed) -> None:
    fed.lists("lab", publisher="A lab", licence="MIT")
    fed.serves("lab", b"one.example\n", FIRST)
    trusting = ("--ca-file", fed.authority.file)
    first = db("update", *trusting)
    assert (first.returncode, first.stdout, first.stderr) == (0, "lab: taken, nothing -> 2026-01-01: 1 entry\n", "")
    assert db("update", *trusting).stdout == "lab: nothing new, 2026-01-01\n"
    fed.serves("lab", b"one.example\ntwo.example\n", SECOND)
    assert db("update", "lab", *trusting).stdout == "lab: taken, 2026-01-01 -> 2026-01-02: 2 entries\n"
    told = " ".join(db("info").stdout.split())
    assert "feed: lab (fetched): 2 of A lab, 2026-01-02; MIT" in told
    assert "fetched: lab: 2026-01-02, taken " in told
    assert f"2 entries, {fed.server.url('/lab')}; kept for a rollback: 2026-01-01" in told
    checked = db("check")
    assert checked.returncode == 0
    assert "feeds 1: 2 indicators" in checked.stdout
    back = db("rollback")
    assert (back.returncode, back.stdout) == (
        0, "lab: taken back, 2026-01-02 -> 2026-01-01: db update --again takes the newer one again\n",
    )  # fmt: skip
    assert "a newer one was taken back" in " ".join(db("info").stdout.split())
    again = db("rollback")
    assert (again.returncode, again.stdout) == (1, "")
    assert "No earlier version is kept." in again.stderr
    assert "--again" in db("update", *trusting).stdout
    assert db("update", *trusting, "--again").stdout == "lab: taken, 2026-01-01 -> 2026-01-02: 2 entries\n"


def test_one_that_fails_is_told_and_the_exit_code_says_so(fed: Fed) -> None:
    for name in ("good", "bad"):
        fed.lists(name)
        fed.serves(name, b"one.example\n", FIRST)
    fed.server.answers["/bad"] = status(500)
    done = db("update", "--ca-file", fed.authority.file)
    assert done.returncode == 1
    assert done.stdout == (
        f"bad: left out, stays at nothing: The server answered 500 for {fed.server.url('/bad')}.\n"
        "good: taken, nothing -> 2026-01-01: 1 entry\n"
    )
    assert done.stderr == "  Check the URL, or try later.\n"


def test_the_system_does_not_know_the_authority_of_the_test(fed: Fed) -> None:
    fed.lists("lab")
    fed.serves("lab", b"one.example\n", FIRST)
    done = db("update")
    assert done.returncode == 1
    assert "The certificate of 127.0.0.1 is not accepted" in done.stdout
    assert fed.server.asked == []


@pytest.mark.slow
def test_the_check_names_what_is_wrong_in_the_list(fed: Fed) -> None:
    fed.lists("lab", url="http://lab.example/\x1b[31m")
    checked = db("check")
    assert checked.returncode == 1
    assert "sources.json: lab: url: it holds a character that no URL has" in checked.stdout
    assert "\x1b" not in checked.stdout


@pytest.mark.slow
def test_no_list_and_an_empty_one(fed: Fed) -> None:
    none = db("update")
    assert (none.returncode, none.stdout) == (1, "")
    assert "sources.json" in none.stderr
    fed.own.mkdir(parents=True)
    (fed.own / "sources.json").write_text('{"sources": []}', "utf-8")
    empty = db("update")
    assert (empty.returncode, empty.stderr) == (0, "sources.json lists no source.\n")
    assert db("update", "nope").returncode == 2
    assert db("rollback", "nope").returncode == 2


@pytest.mark.slow
def test_the_example_of_the_document_is_a_list_that_is_accepted(fed: Fed) -> None:
    text = (REPOSITORY / "docs" / "lists.md").read_text("utf-8")
    example = text.split("```json\n")[1].split("```")[0]
    assert len(json.loads(example)["sources"]) == 3
    fed.own.mkdir(parents=True)
    (fed.own / "sources.json").write_text(example, "utf-8")
    assert db("check").returncode == 0
