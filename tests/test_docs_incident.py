"""The worked example of docs/knowledge.md does what the page says: it passes the check and is found by its build."""

import json
import re
from pathlib import Path

import pytest

from fixtures.knowledge.schemas import schema_of
from phone_audit.knowledge.check.incident import CEILING
from phone_audit.knowledge.schema.incident import IncidentEntry
from tests.knowledge.json_schema import faults
from tests.program import program

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "knowledge.md").read_text("utf-8")
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```json\n(.*?)\n```\n<!-- end of the example -->", re.DOTALL)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The folder that a reader makes who follows the page."""
    ((name, text),) = EXAMPLE.findall(PAGE)
    path = tmp_path / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return tmp_path / "mine"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.slow
def test_it_passes_the_check(mine: Path) -> None:
    done = program("db", "check", "--knowledge", mine)
    assert done.returncode == 0, done.stdout
    assert (
        f"{mine}:\nincidents 1: 10 facts (10 sourced, 0 recalled), 2 sources, 3 identifiers that match" in done.stdout
    )
    assert done.stdout.endswith("tried: 3 identifiers that match, 2 near misses that stay quiet\n")


def test_a_slip_in_it_is_named(mine: Path) -> None:
    """What a reader does next: change something, and be told what is wrong."""
    (path,) = (mine / "incidents").iterdir()
    path.write_text(path.read_text("utf-8").replace('"ACME_ONE_1.4.3"', '"ACME_ONE_1.4.1"'), "utf-8")
    done = program("db", "check", "--knowledge", mine)
    assert done.returncode == 1
    assert (
        "incidents/acme-one-weather-2026.json: acme-one-weather-2026: tests.ignores[0]: 'ACME_ONE_1.4.1' must stay "
        "quiet, but gives affected; narrow the fact that it meets, or take this out"
    ) in done.stdout


@pytest.mark.parametrize(
    ("build", "code", "headline"),
    [
        (
            "ACME_ONE_1.4.1",
            12,
            "A publisher lists this build as affected: Weather service that sends the IMEI",
        ),
        ("ACME_ONE_1.4.2", 0, "A publisher lists this build as fixed: Weather service that sends the IMEI"),
    ],
)
def test_it_is_found_by_its_builds(mine: Path, tmp_path: Path, build: str, code: int, headline: str) -> None:
    done = program("firmware", build, "--knowledge", mine, "-f", "json")
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["builds"][0]["verdict"]["headline"] == headline


def test_another_build_is_named_by_nobody(mine: Path) -> None:
    done = program("firmware", "ACME_ONE_1.4.3", "--knowledge", mine, "-f", "json")
    (checked,) = json.loads(done.stdout)["builds"]
    assert checked["matches"] == []
    assert checked["verdict"]["headline"].endswith("so it shows nothing")


def test_it_keeps_to_the_published_schema(mine: Path) -> None:
    (path,) = (mine / "incidents").iterdir()
    assert faults(schema_of("incident"), json.loads(path.read_bytes())) == []


def test_the_page_names_every_word_of_an_entry() -> None:
    """Each status, each confidence, each kind of comparison: a word that is not on the page cannot be chosen."""
    words = set(CEILING) | {"known-bad", "suspicious", "exposed", "sourced", "recalled"}
    for name, model in IncidentEntry.model_json_schema()["$defs"].items():
        for field, inside in model["properties"].items():
            if (name, field) in {("BuildFact", "status"), ("BuildFact", "scheme"), ("EndpointFact", "weight")}:
                words.update(inside.get("enum") or inside["anyOf"][0]["enum"])
    words.update(IncidentEntry.model_json_schema()["properties"]["status"]["enum"])
    assert sorted(word for word in words if f"`{word}`" not in PAGE) == []
