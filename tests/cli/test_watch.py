"""`phone-audit watch`: what is written where, exit codes, wrong usage, and the live table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from phone_audit.cli import watch_run
from phone_audit.cli.main import app
from phone_audit.cli.watch import duration
from phone_audit.cli.watch_run import cells_of, table_of
from phone_audit.errors import NoDeviceError
from phone_audit.model.watch import ObservationLine, Watch
from phone_audit.pipeline import watch as watch_pipeline
from phone_audit.pipeline.watch_session import WatchOptions
from tests.detect.watch.test_connection_join import seen
from tests.documents import SKIPPED, finding, verdict
from tests.watches import watch

RUNNER = CliRunner()
ROOT = Path(__file__).parents[2]


class Watched:
    """Stands for the pipeline: keeps what it was called with, and gives a result."""

    def __init__(self, result: Watch) -> None:
        self.result = result
        self.target: str | None = ""
        self.options = WatchOptions()

    def __call__(self, target: str | None, *, knowledge: object, options: WatchOptions) -> Watch:
        self.target, self.options = target, options
        for one in self.result.observations:
            options.on_line(ObservationLine(**dict(one), phone="0" * 16, schema_="phone-audit/observation/1"))
        return self.result

    def each(self, target: str, *, knowledge: object, options: WatchOptions) -> Watch:
        if target.startswith("gone"):
            raise NoDeviceError(f"There is no {target}.")
        return self(target, knowledge=knowledge, options=options)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    stand_in = Watched(watch(seen()))
    monkeypatch.setattr(watch_run, "watch_device", stand_in)
    monkeypatch.setattr(watch_pipeline, "watch_device", stand_in.each)
    return stand_in


def test_a_watch(watched: Watched) -> None:
    done = RUNNER.invoke(
        app, ["watch", "127.0.0.1:5", "--for", "10m", "--until-idle", "--via", "direct", "--jobs", "1"]
    )
    assert done.exit_code == 0
    assert "Seen connected" in done.stdout
    options = watched.options
    assert (watched.target, options.seconds, options.until_idle, options.via) == ("127.0.0.1:5", 600, True, "direct")
    assert options.budget.jobs == 1


def test_lines_while_it_goes_on_and_the_result_at_the_end(watched: Watched) -> None:
    del watched
    done = RUNNER.invoke(app, ["watch", "-f", "jsonl", "--for", "1s"])
    schemas = [json.loads(line)["schema"] for line in done.stdout.splitlines()]
    assert schemas == ["phone-audit/observation/1", "phone-audit/watch/1"]


def test_a_result_that_is_saved_and_shown_again(watched: Watched, tmp_path: Path) -> None:
    out, kept = tmp_path / "seen.json", tmp_path / "kept"
    kept.mkdir()
    done = RUNNER.invoke(app, ["watch", "-o", str(out), "--save", str(kept), "--for", "1s"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"Saved to {kept}/watch-20260101T000000Z.json." in done.stderr
    assert watched.options.save == kept
    assert Watch.model_validate_json(out.read_bytes()) == watched.result
    assert "Seen connected" in RUNNER.invoke(app, ["report", str(out)]).stdout


@pytest.mark.parametrize(
    ("result", "arguments", "code"),
    [
        (watch(skipped=(SKIPPED,)), [], 10),
        (watch(outcome="suspicious"), [], 11),
        (watch(findings=(finding(),), judged=verdict("known-bad", "k1")), [], 12),
        (watch(outcome="exposed"), ["--fail-on", "exposed"], 13),
        (watch(outcome="suspicious"), ["--fail-on", "never"], 0),
    ],
)
def test_exit_codes(watched: Watched, result: Watch, arguments: list[str], code: int) -> None:
    watched.result = result
    assert RUNNER.invoke(app, ["watch", "--for", "1s", *arguments]).exit_code == code


@pytest.mark.parametrize(
    "arguments", [["--for", "soon"], ["--for", "0s"], ["-f", "hosts"], ["a", "a"], ["a", ""], [""]]
)
def test_wrong_usage(watched: Watched, arguments: list[str]) -> None:
    done = RUNNER.invoke(app, ["watch", *arguments])
    assert done.exit_code == 2 or type(done.exception).__name__ == "UsageError"
    assert watched.target == ""


def test_several_phones_at_once(watched: Watched, tmp_path: Path) -> None:
    kept, out = tmp_path / "kept", tmp_path / "out"
    out.mkdir()
    for name in ("phone-1", "phone-2"):
        (kept / name).mkdir(parents=True)
    done = RUNNER.invoke(app, ["watch", "a", "b", "--for", "1s", "-o", str(out), "--save", str(kept)])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in out.iterdir()) == ["phone-1.json", "phone-2.json"]
    assert [path.parent.name for path in sorted(kept.rglob("*.json"))] == ["phone-1", "phone-2"]
    assert watched.options.save in (kept / "phone-1", kept / "phone-2")
    lines = RUNNER.invoke(app, ["watch", "a", "b", "--for", "1s", "-f", "jsonl"]).stdout.splitlines()
    schemas = sorted(json.loads(line)["schema"] for line in lines)
    assert schemas == 2 * ["phone-audit/observation/1"] + 2 * ["phone-audit/watch/1"]
    assert RUNNER.invoke(app, ["watch", "a", "b", "--for", "1s"]).stdout.count("Seen connected") == 2


def test_a_phone_that_is_gone_disturbs_no_other(watched: Watched) -> None:
    done = RUNNER.invoke(app, ["watch", "gone", "b", "--for", "1s"])
    assert (done.exit_code, done.stdout.count("Seen connected")) == (1, 1)
    assert "gone: There is no gone." in done.stderr
    assert watched.target == "b"
    none = RUNNER.invoke(app, ["watch", "gone", "gone2", "--for", "1s"])
    assert type(none.exception).__name__ == "NoDeviceError"


@pytest.mark.parametrize("arguments", [["-f", "json"], ["-o", "/nowhere/at/all"], ["-f", "jsonl", "-o", "x"]])
def test_wrong_places_for_several_phones(watched: Watched, arguments: list[str]) -> None:
    done = RUNNER.invoke(app, ["watch", "a", "b", "--for", "1s", *arguments])
    assert type(done.exception).__name__ == "UsageError"
    assert watched.target == ""


def test_the_table_shows_what_is_known_and_claims_no_more() -> None:
    plain = seen().model_copy(
        update={"endpoints": ("x.example",), "connections": 3, "cleartext": True, "screen_off": True}
    )
    same = plain.model_copy(
        update={"joined_by": "phone-dns", "host": "x.example", "owner": "Google", "received": 5, "sent": 6}
    )
    shared = plain.model_copy(update={"packages": ("com.a", "com.b"), "held_in": ("com.b",)})
    assert cells_of(shared)[0] == "com.b +1 (uid 10123)"
    unread = plain.model_copy(update={"endpoints": None, "cleartext": False, "screen_off": None, "foreground": True})
    assert cells_of(plain) == ("com.a", "203.0.113.7:80 clear", "x.example", "", "3z", "00:00:09")
    assert cells_of(same) == ("com.a", "x.example clear", "= Google", "11 B", "3z", "00:00:09")
    assert cells_of(unread) == ("com.a", "203.0.113.7:80 TLS", "not read yet", "", "3*", "00:00:09")


def test_at_80_columns_the_place_is_whole() -> None:
    long = seen("203.0.113.177", packages=("com.qualcomm.qti.autoregistration",)).model_copy(
        update={"cleartext": True, "endpoints": ("zzhc.vnet.cn",)}
    )
    console = Console(width=80, height=20, record=True, force_terminal=False)
    console.print(table_of([long], "1 look", 20))
    shown = console.export_text()
    assert "203.0.113.177:80 clear" in shown
    assert "zzhc.vnet.cn" in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_the_table_fits_the_screen_and_hostile_text_is_harmless() -> None:
    many = [seen(f"198.51.100.{number}", packages=("com.\x1b[31m",)) for number in range(50)]
    console = Console(width=100, height=20, record=True, force_terminal=False)
    console.print(table_of(many, "50 looks", 20))
    text = console.export_text()
    assert len(text.splitlines()) < 20
    assert "\x1b" not in text
    assert "\\x1b[31m" in text
    assert "50 looks" in text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("90s", 90),
        ("45", 45),
        ("1h30m", 5400),
        ("1d", 86400),
        (" 2M ", 120),
        ("1.5s", 1.5),
        ("5min", 300),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0", "0s", "-5", "ten", "1x", "5 m m", "m10"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)


def test_none_is_none() -> None:
    assert duration(None) is None


MANY_LINES = """
import sys
from phone_audit.cli import watch_run
from phone_audit.cli.main import main
from tests.cli.test_watch import Watched
from tests.detect.watch.test_connection_join import seen
from tests.watches import watch

class Endless(Watched):
    def __call__(self, target, *, knowledge, options):
        while not options.stopped():
            super().__call__(target, knowledge=knowledge, options=options)
        return self.result

watch_run.watch_device = Endless(watch(seen(), outcome="suspicious"))
sys.argv = ["phone-audit", "watch", "-q", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("arguments", "code"), [([], 11), (["--for", "10m"], 11), (["--fail-on", "known-bad"], 0)])
def test_a_reader_that_leaves_ends_the_watch_with_its_code(tmp_path: Path, arguments: list[str], code: int) -> None:
    out = tmp_path / "out.json"
    words = ["-f", "jsonl", "-f", "json", "-o", "-", "-o", str(out)]
    with subprocess.Popen(
        [sys.executable, "-c", MANY_LINES, *words, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stderr is not None
        first = json.loads(program.stdout.readline())
        program.stdout.close()
        told = program.stderr.read()
        assert program.wait(timeout=60) == code
    assert (first["schema"], told) == ("phone-audit/observation/1", "")
    assert Watch.model_validate_json(out.read_bytes()).verdict.outcome == "suspicious"
