"""Records that are kept between runs."""

import os
import stat
from pathlib import Path

import pytest

from phone_audit.apk.records import empty_record
from phone_audit.files.user_folders import cache_folder
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Skipped
from phone_audit.pipeline import record_cache
from phone_audit.pipeline.record_cache import CachedRecord, RecordCache

HASH, OTHER = "ab" * 32, "cd" * 32


def record(*codes: str, sha256: str | None = HASH) -> ApkInfo:
    notes = [Skipped(subject="/a.apk", step="dex", code=code, reason="Because.") for code in codes]
    return empty_record("/a.apk", notes, sha256=sha256, size=5)


@pytest.fixture
def cache(tmp_path: Path) -> RecordCache:
    return RecordCache(tmp_path / "records", "knowledge 1")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_record_comes_back(cache: RecordCache, tmp_path: Path) -> None:
    cache.put(HASH, "parts", record("left-on-phone"), 1.25)
    assert cache.get(HASH, "whole", "parts") == CachedRecord(record("left-on-phone"), 1.25)
    assert cache.get(HASH, "whole") is None
    assert cache.get(OTHER, "whole", "parts") is None
    cache.put(HASH, "whole", record(), 2.0)
    assert cache.get(HASH, "whole", "parts") == CachedRecord(record(), 2.0), "that of all bytes is the better one"
    assert stat.S_IMODE((tmp_path / "records").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)} == {0o600}


def test_other_knowledge_or_code_knows_nothing(
    cache: RecordCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(HASH, "whole", record(), 1.0)
    assert RecordCache(tmp_path / "records", "knowledge 2").get(HASH, "whole") is None
    assert RecordCache(tmp_path / "records", "knowledge 1").get(HASH, "whole") is not None
    monkeypatch.setattr(record_cache, "analyser_digest", lambda: "another analyser")
    assert RecordCache(tmp_path / "records", "knowledge 1").get(HASH, "whole") is None


def test_the_digest_of_the_analyser_changes_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("apk", "model", "knowledge"):
        (tmp_path / folder).mkdir()
    (tmp_path / "apk" / "x.py").write_text("one")
    monkeypatch.setattr(record_cache, "_PACKAGE", tmp_path)
    digest = record_cache.analyser_digest.__wrapped__
    before = digest()
    assert digest() == before
    (tmp_path / "apk" / "x.py").write_text("two")
    assert digest() != before


@pytest.mark.parametrize("code", sorted(record_cache.COSTLY))
def test_what_another_run_may_read_better_is_not_kept(cache: RecordCache, tmp_path: Path, code: str) -> None:
    cache.put(HASH, "whole", record(code), 1.0)
    assert files(tmp_path) == []


@pytest.mark.parametrize("change", [b"", b"x", b"\0" * 32, None])
def test_a_damaged_entry_is_none(cache: RecordCache, tmp_path: Path, change: bytes | None) -> None:
    cache.put(HASH, "whole", record(), 1.0)
    [path] = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"?" if change is None else change)
    assert cache.get(HASH, "whole") is None


def test_a_record_of_another_file_under_this_name_is_none(cache: RecordCache, tmp_path: Path) -> None:
    cache.put(HASH, "whole", record(), 1.0)
    [path] = files(tmp_path)
    other = path.parent.parent / OTHER[:2] / path.name.replace(HASH, OTHER)
    other.parent.mkdir()
    path.rename(other)
    assert cache.get(OTHER, "whole") is None


def test_what_was_not_used_for_the_longest_time_goes_first(cache: RecordCache, tmp_path: Path) -> None:
    for number in range(4):
        cache.put(f"{number:064}", "whole", record(sha256=f"{number:064}"), 1.0)
        [path] = [path for path in files(tmp_path) if path.name.startswith(f"{number:064}")]
        os.utime(path, (1000 + number, 1000 + number))
    assert cache.get(f"{0:064}", "whole") is not None, "this uses the oldest"
    size = files(tmp_path)[0].stat().st_blocks * 512
    cache.prune(2 * size + size // 2)
    assert [int(path.name[:64]) for path in files(tmp_path)] == [0, 3]


def test_a_folder_that_cannot_be_written_is_no_error() -> None:
    cache = RecordCache(Path("/proc/nothing/records"), "k")
    cache.put(HASH, "whole", record(), 1.0)
    cache.prune()
    assert cache.get(HASH, "whole") is None


def test_the_folder_is_where_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/phone-audit")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert cache_folder() == Path("/h/.cache/phone-audit")


def test_a_record_in_which_the_file_was_not_read_is_not_kept(cache: RecordCache, tmp_path: Path) -> None:
    gone = Skipped(subject="/a.apk", step="read", code="not-found", reason="It is gone.")
    cache.put(HASH, "whole", empty_record("/a.apk", [gone], sha256=HASH), 1.0)
    cache.put(HASH, "whole", record(sha256=None), 1.0)
    cache.put(HASH, "whole", record(sha256=OTHER), 1.0)
    assert files(tmp_path) == []


def test_a_link_holds_for_one_phone_and_one_hash(cache: RecordCache) -> None:
    cache.link("p1", OTHER, HASH)
    assert cache.get_linked("p1", OTHER) is None, "there is no such record"
    cache.put(HASH, "parts", record(), 1.0)
    cache.link("p1", OTHER, HASH)
    assert cache.get_linked("p1", OTHER) == CachedRecord(record(), 1.0)
    assert (cache.get_linked("p2", OTHER), cache.get_linked("p1", HASH)) == (None, None)


@pytest.mark.parametrize("content", [b"", b"x", b"../" * 21 + b"x", b"\xff" * 64, HASH.encode() + b"0"])
def test_a_damaged_link_is_none(cache: RecordCache, tmp_path: Path, content: bytes) -> None:
    cache.put(HASH, "parts", record(), 1.0)
    cache.link("p1", OTHER, HASH)
    [link] = [path for path in files(tmp_path) if ".link" in path.name]
    link.write_bytes(content)
    assert cache.get_linked("p1", OTHER) is None
