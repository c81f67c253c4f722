"""Hashes that are remembered for as long as a file is what it was."""

import stat
from pathlib import Path

import pytest

from phone_audit.acquire.commands import Command
from phone_audit.acquire.files.hash_cache import FileStates, HashCache, file_states
from phone_audit.acquire.transport import Answer, FileOnPhone

HASH = "ab" * 32
IDENTITY = "12 1700000000 1700000001 99"


def saved(path: Path) -> HashCache:
    HashCache(path, "build/1").save({"/a.apk": IDENTITY, "/b.apk": IDENTITY}, {"/a.apk": HASH, "/c.apk": HASH})
    return HashCache(path, "build/1")


def test_a_file_that_is_the_same(tmp_path: Path) -> None:
    memory = saved(tmp_path / "x" / "p.json")
    assert memory.hash_of("/a.apk", IDENTITY) == HASH
    assert memory.hash_of("/b.apk", IDENTITY) is None, "it had no hash"
    assert memory.hash_of("/c.apk", IDENTITY) is None, "it had no identity"
    assert stat.S_IMODE((tmp_path / "x" / "p.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "identity",
    [
        "13 1700000000 1700000001 99",
        "12 1700000009 1700000001 99",
        "12 1700000000 1700000009 99",
        "12 1700000000 1700000001 98",
    ],
)
def test_a_file_with_another_size_time_or_inode_is_another(tmp_path: Path, identity: str) -> None:
    assert saved(tmp_path / "p.json").hash_of("/a.apk", identity) is None


def test_another_build_knows_nothing(tmp_path: Path) -> None:
    saved(tmp_path / "p.json")
    assert HashCache(tmp_path / "p.json", "build/2").hash_of("/a.apk", IDENTITY) is None


@pytest.mark.parametrize("path", [None, Path("/proc/nothing/p.json")])
def test_nowhere_to_keep_it_is_no_error(path: Path | None) -> None:
    memory = HashCache(path, "build/1")
    memory.save({"/a.apk": IDENTITY}, {"/a.apk": HASH})
    assert memory.hash_of("/a.apk", IDENTITY) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 1, "build": "build/1", "files": {"/a.apk": ["x", "y"]}}',
     '{"format": 1, "build": "build/1", "files": {"/a.apk": 1}}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_knows_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    assert HashCache(path, "build/1").hash_of("/a.apk", IDENTITY) is None


def test_identities_are_asked_for_many_files_at_once() -> None:
    asked: list[str] = []

    def shell(command: Command) -> Answer:
        asked.append(command.text)
        return Answer(f"{IDENTITY} /a.apk\n{IDENTITY} /b c.apk\n".encode(), 0, truncated=False)

    files = [FileOnPhone("/a.apk", 1), FileOnPhone("/b c.apk", 1), FileOnPhone("/it's.apk", 1)]
    assert file_states(shell, files).of == {"/a.apk": IDENTITY, "/b c.apk": IDENTITY}
    assert asked == [": times;date +%s;stat -L -c '%s %Y %Z %i %n' '/a.apk' '/b c.apk'"]


@pytest.mark.parametrize("output", [b"", IDENTITY.encode() + b"\n", b"stat: gone\n" + IDENTITY.encode() + b"\n"])
def test_an_answer_that_does_not_fit_is_not_believed(output: bytes) -> None:
    files = [FileOnPhone("/a.apk", 1), FileOnPhone("/b.apk", 1)]
    assert file_states(lambda _: Answer(output, 0, truncated=False), files) == FileStates()
    assert file_states(lambda _: None, files) == FileStates()


def test_a_file_that_is_gone_has_no_identity_and_the_others_keep_theirs() -> None:
    said = f"stat: '/b.apk': No such file or directory\n{IDENTITY} /a.apk\n{IDENTITY} /c.apk\n1 1 1 1 /c.apk\nx\n"
    files = [FileOnPhone("/a.apk", 1), FileOnPhone("/b.apk", 1), FileOnPhone("/c.apk", 1)]
    found = file_states(lambda _: Answer(said.encode(), 1, truncated=False), files)
    assert found.of == {"/a.apk": IDENTITY}, "of /c.apk it says two things"


@pytest.mark.parametrize(
    ("clock", "settled"),
    [("1700000004", True), ("1700000003", False), ("1700000000", False), ("", False), ("x", False), ("-1", False)],
)
def test_a_file_that_has_just_changed_has_not_settled(clock: str, settled: bool) -> None:
    said = f"{clock}\n{IDENTITY} /a.apk\n"
    found = file_states(lambda _: Answer(said.encode(), 0, truncated=False), [FileOnPhone("/a.apk", 1)])
    assert found == FileStates({"/a.apk": IDENTITY}, {"/a.apk": IDENTITY} if settled else {})
