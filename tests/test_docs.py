"""The documents say what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from phone_audit.acquire.packages.package_dump import REAL_DUMPS, untested
from phone_audit.cli.main import app
from phone_audit.judge.outcomes import RULES
from phone_audit.knowledge.load import load_knowledge
from phone_audit.report.formats import FORMATS
from tests.judge.cases import SIGNS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = sorted(command.callback.__name__ for command in app.registered_commands if command.callback)
DETECTORS = (ROOT / "docs" / "detectors.md").read_text("utf-8")
BEHAVIOURS = (ROOT / "docs" / "behaviours.md").read_text("utf-8")


def block(marker: str) -> str:
    """Return the code block after a marker."""
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_two_commands_are_one_line_each() -> None:
    assert block("demo").endswith("phone-audit demo")
    assert block("tests").endswith("-m pytest -q")
    assert "\n" not in block("demo") + block("tests")


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/first-scan.md", "docs/evidence.md"])
def test_where_to_find_help_stands_before_the_first_command(page: str) -> None:
    before, _, _ = (ROOT / page).read_text("utf-8").partition("```")
    assert "stopstalkerware.org" in before
    assert re.search(r"(do not|not) (remove|switch)|remove\s+nothing", before, re.IGNORECASE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`phone-audit {command}" in README


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "report.md").read_text("utf-8")


def test_the_table_of_detectors_is_that_of_the_judge() -> None:
    """Each outcome names the findings that support it, no more and no less; indicators of feeds have no row here."""
    rows = re.findall(r"^\| `?([\w-]+)`? \| (.*) \|$", DETECTORS, re.MULTILINE)
    told = {outcome: set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)) for outcome, text in rows if "`" in text}
    judged: dict[str, set[str]] = {}
    for rule in RULES:
        supporting = {name for name, sign in SIGNS.items() if sign in rule.signs and "." not in name}
        judged.setdefault(rule.outcome, set()).update(supporting)
    judged["none"] = judged.pop("nothing-found")
    assert told == judged


def test_behaviours_named_in_the_documents_are_there() -> None:
    known = {rule.id for rule in load_knowledge().behaviours}
    named = set(re.findall(r"`((?:read|act|listen|send)\.[\w-]+)`", BEHAVIOURS))
    assert named
    assert named <= known


def test_every_link_leads_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_untested_android_versions_are_named() -> None:
    *versions, last = sorted(set(REAL_DUMPS.values()), key=int)
    assert f"Android {', '.join(versions)} and {last}" in README
    assert untested(34, "14") == untested(28, "9") == ()
    assert untested(35, "15")[0].startswith("Android 15: only shared users,")
    assert untested(38, "18")[0].startswith("Android 18: no real dump")


@pytest.mark.promise("one-importer")
def test_what_is_imported_once_is_what_the_linter_bans() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    banned = settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    for name in banned:
        importers = [
            path.relative_to(ROOT).as_posix()
            for path in sorted((ROOT / "phone_audit").rglob("*.py"))
            if re.search(rf"^\s*(import|from) {name}\b", path.read_text("utf-8"), re.MULTILINE)
        ]
        assert len(importers) == 1, (name, importers)
        assert importers[0] in banned[name]["msg"]


def test_the_page_of_the_layout_names_what_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`(phone_audit/[a-z_0-9/.]+|docs/[a-z_0-9/.]+)`", page))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    rooms = {path.parent.name for path in (ROOT / "phone_audit").glob("*/__init__.py")}
    assert [room for room in sorted(rooms) if f"{room}/" not in page] == []
