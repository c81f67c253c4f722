"""What the pages say to type is understood by the shell and the program; what the pages of need say, runs as pasted."""

import gzip
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from fixtures.knowledge.command_pages import walked
from tests.acquire.traffic.captures import dnsmasq, look_up, pcap, pcapdroid, pcapdroid_row
from tests.simulated.lab_phone import LabPhone

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
RUN: Final = ("first-scan", "many-phones", "exposed", "evidence", "before-you-buy", "traffic", "diff")
COMMANDS: Final = {context.command_path: command for command, context in walked()}
INSTALL: Final = "python3 -m venv .venv && . .venv/bin/activate && pip install -q ."
GIVEN: Final = {
    "traffic": ["phone-audit scan -q --save case-17"],
    "diff": [
        "phone-audit apks app.apk -o old-app.json",
        "cp old-app.json new-app.json",
        "phone-audit demo -o other.json -o good.json",
    ],
}
"""What makes the files that a page takes for granted."""
DONE: Final = (0, 10, 11, 12, 13)
SHIM: Final = """\
#!{python}
# phone-audit, with simulated phones in place of those that would be attached
import sys
from phone_audit.cli.main import main
words = sys.argv[1:]
if words[0] in ("scan", "watch") and words[1].startswith("-"):
    several = "--all" in words
    words = [word for word in words if word not in ("--all", "--wait")]
    words += ["--via", "direct", *(({one!r}, {other!r}) if several else ({one!r},))]
sys.argv[1:] = ["2s" if word == "10m" else word for word in words]
sys.exit(main())
"""


def blocks(page: Path) -> list[str]:
    """Return what a page says to type in a shell."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(text) for _, text in found]


def lines(page: Path) -> list[str]:
    """Return them line by line, without remarks."""
    joined = "\n".join(blocks(page)).replace("\\\n", "")
    return [line for line in joined.splitlines() if line.strip() and line[0] != "#"]


def calls(line: str) -> Iterator[list[str]]:
    """Yield the words of each call of the program in a line."""
    words: list[str] = []
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    for word in (*reader, ";"):
        if word[:1] in tuple("|&;<>"):
            if words and words[0].endswith("phone-audit"):
                yield words[1:]
            words = []
        else:
            words.append(word)


def understood(words: list[str]) -> None:
    """Raise what the program would say about a call."""
    most = max((n for n in range(len(words) + 1) if " ".join(["phone-audit", *words[:n]]) in COMMANDS), default=0)
    command = COMMANDS[" ".join(["phone-audit", *words[:most]])]
    rest = words[most:]
    if rest != ["--install-completion"]:
        command.make_context("phone-audit", rest, resilient_parsing="--help" in rest)


TYPED: Final = [pytest.param(line, id=f"{page.stem}: {line[:60]}") for page in PAGES for line in lines(page)]
_FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
NAMED: Final = [
    pytest.param(span, id=f"{page.stem}: {span[:60]}")
    for page in PAGES
    for span in re.findall(r"`(phone-audit [^`]*)`", _FENCED.sub("", page.read_text("utf-8")))
    if span not in COMMANDS
]
"""Calls in the middle of a sentence."""


def test_pages_hold_calls_of_the_program() -> None:
    """Without them the tests below would try nothing, and pass."""
    assert sum(len(list(calls(str(line.values[0])))) for line in TYPED) > 40
    assert all(list(calls(str(span.values[0]))) for span in NAMED)
    assert len(NAMED) > 20


@pytest.mark.parametrize("line", TYPED)
def test_a_command_is_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-n", "-c", line], check=True, capture_output=True)
    for words in calls(line):
        understood(words)


@pytest.mark.parametrize("span", NAMED)
def test_a_call_in_a_sentence_is_understood(span: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DIR", "mine"):
        (tmp_path / name).mkdir()
    for words in calls(re.sub(r"…|\.\.\.", "x", span.replace("\\|", "|"))):
        understood(words)


def test_the_pages_begin_with_what_the_readme_installs() -> None:
    (demo,) = (line for line in lines(PAGES[0]) if line.endswith("phone-audit demo"))
    assert demo == f"{INSTALL} && phone-audit demo"
    assert INSTALL in lines(ROOT / "docs" / "first-scan.md")


def test_what_several_phones_are_written_to_can_be_read_again() -> None:
    """Diff, baselines, accepted findings and `report` read JSON alone; a folder without a format gets it."""
    scans = [words for page in PAGES for line in lines(page) for words in calls(line) if "--all" in words]
    written = [words for words in scans if "-o" in words]
    assert len(written) > 3
    for words in written:
        named = [word for flag, word in pairwise(words) if flag == "-f"]
        assert not named or "json" in named, words


def test_calls_of_a_line() -> None:
    line = "cd x && phone-audit scan --all 2> log | less; .venv/bin/phone-audit db check  # a remark"
    assert [*calls(line)] == [["scan", "--all", "2"], ["db", "check"]]
    with pytest.raises(Exception, match="No such option"):
        understood(["scan", "--al1"])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a folder with what the pages take for granted, phones, and the program by its name."""
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "ANDROID_USER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    capture = pcap(look_up("www.example.org"))
    (tmp_path / "day.pcap").write_bytes(capture)
    (tmp_path / "capture.pcap.gz").write_bytes(gzip.compress(capture))
    (tmp_path / "router.log").write_bytes(dnsmasq("www.example.org"))
    row = pcapdroid_row("203.0.113.7", 443, 10123, "com.example.weather", "TLS", "www.example.org")
    (tmp_path / "pcapdroid.csv").write_bytes(pcapdroid(row))
    shutil.copy(ROOT / "phone_audit/simulated/data/nokia7plus/com.example.weather.apk", tmp_path / "app.apk")
    (tmp_path / "accept.yaml").write_text("accept: []\n")
    with LabPhone("nokia7plus") as one, LabPhone("nokia7plus") as other:
        shim = tmp_path / "bin" / "phone-audit"
        shim.parent.mkdir()
        shim.write_text(SHIM.format(python=sys.executable, one=one.address, other=other.address))
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin:/bin")
        yield tmp_path


def paste(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
@pytest.mark.parametrize("page", RUN)
def test_a_page_runs_as_pasted(page: str, desk: Path) -> None:
    for line in GIVEN.get(page, []) + lines(ROOT / "docs" / f"{page}.md"):
        if line in INSTALL:
            continue  # all of it or a part: the README's, which `.ci/run` runs in a fresh clone
        done = paste(line, desk)
        assert done.returncode in DONE, (line, done.stdout[-2000:], done.stderr[-2000:])
        assert "Traceback" not in done.stderr
