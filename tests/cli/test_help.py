"""Help, man page and reference: in plain words, with examples that work; the shell completes; no library speaks."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from fixtures.knowledge.command_pages import man_page, walked
from phone_audit.cli.examples import EXAMPLES
from phone_audit.cli.main import usage_lines
from tests.knowledge.feeds.cases import CASES
from tests.program import program

ROOT = Path(__file__).parents[2]
APK = ROOT / "phone_audit" / "simulated" / "data" / "nokia7plus" / "com.example.weather.apk"
COMMANDS = {context.command_path.partition(" ")[2]: command for command, context in walked()}
LINES = [line for examples in EXAMPLES.values() for line, _ in examples]
NOT_RUN = tuple(f"phone-audit {words}" for words in ("scan", "watch", "devices --pair", "demo"))
"""What needs a phone, and what `tests/test_end_to_end.py` runs."""
NOTHING_THERE = {"phone-audit devices": 3, "phone-audit db update": 1, "phone-audit db rollback": 1}
"""Where there is no phone, and nothing was ever fetched."""
VALUED = [
    (name, option.opts[-1])
    for name, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and not option.is_flag
]
OF_A_LIBRARY = re.compile(r"Value error|Input should|Unable to parse|pydantic|Traceback|validation")
BAD = ("", "x", "-1", "1e999", "nan", "9" * 5000, "/", "\udcff")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with what the examples name, as one's home too."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "ANDROID_USER_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "phone_audit/knowledge/data/installers", tmp_path / "my-facts/installers")
    (tmp_path / "apks").mkdir()
    for name in ("app.apk", "apks/app.apk"):
        shutil.copy(APK, tmp_path / name)
    (tmp_path / "ioc.yaml").write_text(CASES["stalkerware"][0])
    (tmp_path / "hosts.txt").write_text("0.0.0.0 a.example\n")
    (tmp_path / "build.prop").write_text("ro.build.display.id=00WW_3_22C_SP03\n")
    (tmp_path / "accept.yaml").write_text("accept: []\n")
    return tmp_path


@pytest.fixture(scope="module")
def result() -> str:
    return program("demo", "-q", "-f", "json").stdout


def refused(name: str, *words: str) -> str:
    """Give the sentence with which the values of options are refused, or nothing."""
    try:
        COMMANDS[name].make_context(name, list(words))
    except typer.TyperException as error:
        return " ".join(usage_lines(error))
    return ""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_screen_and_speaks_of_no_types(
    name: str,
) -> None:
    done = program(*name.split(), "--help", columns=80)
    shown = done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"<[^>]*>|[{}]|\[required|x[<>]=", shown) == []
    assert max(map(len, shown.splitlines())) <= 80


def test_each_command_has_examples_of_its_own() -> None:
    assert set(EXAMPLES) == set(COMMANDS) - {""}
    for name, examples in EXAMPLES.items():
        assert 1 <= len(examples) <= 3
        assert all(line.startswith(f"phone-audit {name}") for line, _ in examples)


@pytest.mark.parametrize("line", LINES)
def test_an_example_is_understood(line: str, place: Path) -> None:
    words = shlex.split(line)[1:]
    name = max((name for name in COMMANDS if words[: len(name.split())] == name.split()), key=len)
    with COMMANDS[name].make_context(name, words[len(name.split()) :]) as context:
        assert context.params


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith(NOT_RUN)])
def test_an_example_that_needs_no_phone_works(line: str, place: Path, result: str) -> None:
    for name in ("scan.json", "before.json", "after.json"):
        (place / name).write_text(result)
    done = program(*(word.replace("~", str(place)) for word in shlex.split(line)[1:]), folder=place)
    expected = (NOTHING_THERE[line],) if line in NOTHING_THERE else (0, 10, 11, 12)
    assert done.returncode in expected, done.stderr


@pytest.mark.parametrize(("name", "option"), VALUED)
def test_no_library_speaks_about_a_value_that_is_refused(name: str, option: str, place: Path) -> None:
    given = ["x"] * sum(one.param_type_name == "argument" and one.required for one in COMMANDS[name].params)
    said = [refused(name, *given, f"{option}={bad}") for bad in BAD]
    assert OF_A_LIBRARY.findall(" ".join(said)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "option"), VALUED)
def test_no_library_speaks_about_a_wrong_value(name: str, option: str, place: Path) -> None:
    given = ["x"] * sum(one.param_type_name == "argument" and one.required for one in COMMANDS[name].params)
    for bad in BAD:
        done = program(*name.split(), *given, f"{option}={bad}", folder=place)
        assert OF_A_LIBRARY.findall(done.stderr) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("apks . --jobs 0", "Invalid value for '--jobs': it has to be at least 1."),
        ("apks . --memory x", "Invalid value for '--memory': it has to be a whole number."),
        ("apks . --timeout x", "Invalid value for '--timeout': it has to be a number."),
        ("db update --timeout 86401", "Invalid value for '--timeout': it has to be at most 86400."),
        ("watch --for x", "Invalid value for '--for': it has to be a duration such as 90s, 10m or 1h30m."),
        ("scan --depth x", "Invalid value for '--depth': 'x' is not one of 'quick', 'standard', 'deep'."),
        ("scam", "No such command 'scam'. Did you mean 'scan'?"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(words: str, said: str) -> None:
    done = program(*words.split())
    first, second = done.stderr.splitlines()
    assert done.returncode == 2
    assert first == f"phone-audit: {said}"
    assert second.endswith(" --help' shows how it is called.")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("phone-audit d", {"devices", "diff", "demo", "db"}),
        ("phone-audit scan --de", {"--depth", "--details"}),
        ("phone-audit scan --fail-on s", {"suspicious"}),
        ("phone-audit scan -f ma", {"markdown"}),
        ("phone-audit db list tr", {"trackers"}),
        ("phone-audit db import uad", {"uad-ng"}),
    ],
)
def test_the_shell_completes(line: str, offered: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_PHONE_AUDIT_COMPLETE": "complete_bash"}
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert set(program().stdout.split()) == offered


def test_what_completes_is_printed_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    assert "complete -o default -F _phone_audit_completion phone-audit" in program("--show-completion").stdout


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_man_page_is_one_that_groff_understands() -> None:
    shown = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=man_page(), capture_output=True, text=True, check=True
    )
    assert shown.stderr == ""
    assert all(f"phone-audit {name}" in shown.stdout for name in COMMANDS)
