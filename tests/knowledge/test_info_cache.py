"""Counts of the knowledge are kept by its digest, and never stand for other knowledge."""

from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge import kinds
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole

ENTRY = '{"sources": [], "entries": [%s]}'


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def kept() -> list[Path]:
    return sorted((cache_folder() / "knowledge").glob("*"))


def parsed_kinds(knowledge: Knowledge) -> set[str]:
    return set(knowledge._parsed)


def extra_folder(tmp_path: Path, entries: str) -> Path:
    folder = tmp_path / "mine"
    (folder / "hosts").mkdir(parents=True, exist_ok=True)
    (folder / "hosts" / "mine.json").write_text(entries)
    return folder


def test_what_was_counted_once_is_not_parsed_again() -> None:
    first, second = load_knowledge(), load_knowledge()
    counted = first.info
    assert second.info == counted
    assert {kinds.HOSTS.folder, kinds.TRACKERS.folder} <= parsed_kinds(first)
    assert not parsed_kinds(second)


def test_a_scan_is_told_of_a_broken_file_though_the_counts_are_kept() -> None:
    counted = load_knowledge().info
    again = whole(load_knowledge())
    assert {kind.folder for kind in kinds.KINDS} <= parsed_kinds(again)
    assert again.info == counted


def test_other_knowledge_is_counted_anew(tmp_path: Path) -> None:
    bundled = load_knowledge().info
    folder = extra_folder(tmp_path, ENTRY % "")
    other = load_knowledge([folder])
    assert other.info.digest != bundled.digest
    assert kinds.HOSTS.folder in parsed_kinds(other)
    assert len(kept()) == 1


def test_of_broken_knowledge_nothing_is_kept(tmp_path: Path) -> None:
    folder = extra_folder(tmp_path, ENTRY % '{"host": 1}')
    for _ in range(2):
        with pytest.raises(KnowledgeError):
            _ = load_knowledge([folder]).info
    assert not kept()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": "1"}', '{"version":"1","digest":"x","newest_entry":"","counts":{}}']
)
def test_a_kept_file_that_does_not_fit_is_made_anew(text: str) -> None:
    counted = load_knowledge().info
    (file,) = kept()
    right = file.read_bytes()
    file.write_text(text)
    assert load_knowledge().info == counted
    assert file.read_bytes() == right


def test_what_others_can_write_is_not_believed() -> None:
    counted = load_knowledge().info
    (file,) = kept()
    file.write_text(counted.model_copy(update={"version": "9999.01.01"}).model_dump_json())
    file.chmod(0o666)
    assert load_knowledge().info == counted
