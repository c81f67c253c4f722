"""The loops that run on the phone, run here by real shells; mksh is the phone's own."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.acquire.commands import batches, quoted
from phone_audit.acquire.packages.package_dump import single_packages_command
from phone_audit.acquire.questions.file_facts import (
    NO_HASH_TOOL,
    PathStatus,
    every_apk,
    hash_command,
    look_command,
    parse_hashes,
    parse_look,
)
from phone_audit.acquire.text import decode

SHELLS = [shell for shell in ("mksh", "bash") if shutil.which(shell)]
ODD_NAMES = [
    "plain.apk",
    "it's.apk",
    'a "b" $(id) `id` ;&|.apk',
    "new\nline.apk",
    "-n.apk",
    "b\\n.apk",
    "\udcff\udcc3(.apk",
]


def run(shell: str, command: str, path: str | None = None) -> str:
    environment = {**os.environ, **({} if path is None else {"PATH": path})}
    done = subprocess.run(
        [shutil.which(shell) or shell, "-c", command], capture_output=True, check=False, timeout=20, env=environment
    )
    return decode(done.stdout + done.stderr)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.promise("phone-words-stay-words")
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.just("\udcff\udcc3("))
@settings(max_examples=25, deadline=None)
def test_a_quoted_path_reaches_the_command_unchanged(path: str) -> None:
    word = quoted(path)
    assert word.isascii()
    for shell in SHELLS:
        assert run(shell, f"printf %s {word}") == path


def test_what_lies_at_odd_paths(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    for name in ODD_NAMES:
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to(folder / "plain.apk")
    paths = [str(tmp_path / name) for name in ("pipe", "loop", "link", "gone", "a b")] + ["/dev/zero"]
    words = [quoted(path) for path in paths] + [
        every_apk(str(folder)),
        every_apk("/nowhere"),
    ]
    found = parse_look(run(shell, look_command(words).text))
    files = {f"{folder}/{name}": PathStatus("file", len(name.encode("utf-8", "surrogateescape"))) for name in ODD_NAMES}
    assert found == {
        str(tmp_path / "pipe"): PathStatus("fifo", None),
        str(tmp_path / "loop"): PathStatus("missing", None),
        str(tmp_path / "gone"): PathStatus("missing", None),
        str(tmp_path / "link"): PathStatus("file", len("plain.apk")),
        str(folder): PathStatus("folder", None),
        "/dev/zero": PathStatus("device", None),
        "/nowhere/*.apk": PathStatus("missing", None),
        **files,
    }


@pytest.mark.promise("phone-words-stay-words")
def test_nothing_that_a_path_says_is_run(shell: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil = [
        f"$(touch {marker})",
        f"`touch {marker}`",
        f"'; touch {marker}; '",
        f"\n touch {marker}\n",
        f"x;touch {marker}",
    ]
    run(shell, look_command([quoted(path) for path in evil] + [every_apk(evil[0])]).text)
    run(shell, hash_command([(path, 1) for path in evil]).text)
    run(shell, single_packages_command(evil).text)
    assert not marker.exists()


def test_hashes_of_odd_paths(shell: str, tmp_path: Path) -> None:
    files = []
    for name in ODD_NAMES:
        (tmp_path / name).write_bytes(name.encode("utf-8", "surrogateescape"))
        files.append((f"{tmp_path}/{name}", 1))
    os.mkfifo(tmp_path / "pipe")
    files += [(f"{tmp_path}/pipe", 1), (f"{tmp_path}/gone", 1)]
    hashes = parse_hashes(run(shell, hash_command(files).text))
    expected = [hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest() for name in ODD_NAMES]
    assert hashes == dict(enumerate(expected))


def tools(folder: Path, **scripts: str) -> str:
    """A PATH with these tools only."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_a_phone_whose_only_hash_tool_is_toybox(shell: str, tmp_path: Path) -> None:
    (tmp_path / "x.apk").write_bytes(b"x")
    path = tools(tmp_path / "bin", toybox=f'shift; exec {shutil.which("sha256sum")} "$@"')
    command = hash_command([(str(tmp_path / "x.apk"), 1)]).text
    assert parse_hashes(run(shell, command, path)) == {0: hashlib.sha256(b"x").hexdigest()}


@pytest.mark.parametrize("broken", [{}, {"sha256sum": "exit 1"}])
def test_a_phone_without_a_hash_tool_says_so(shell: str, tmp_path: Path, broken: dict[str, str]) -> None:
    path = tools(tmp_path / "bin", **broken)
    assert run(shell, hash_command([("/dev/null", 1)]).text, path) == f"{NO_HASH_TOOL}\n"


def test_batches_fit_and_lose_nothing() -> None:
    words = [f"'{'x' * length}'" for length in (5, 900, 3000, 1, 1, 2500)]
    found = batches(words, 3100)
    assert [word for batch in found for word in batch] == words
    assert all(len(" ".join(batch)) <= 3100 for batch in found)
    assert len(found) == 3


def test_a_word_longer_than_a_command_is_a_batch_of_its_own() -> None:
    assert batches(["a" * 50, "b"], 10) == [["a" * 50], ["b"]]
