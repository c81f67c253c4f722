"""Feed files, the kept database beside them, and look-ups over both."""

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge.feeds import database
from phone_audit.knowledge.feeds.database import (
    IndicatorDatabase,
    build_database,
    digests_of,
    open_database,
)
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import FeedHead, FeedRow, Indicator
from phone_audit.knowledge.feeds.store import feed_files, read_head, read_rows, write_feed
from phone_audit.knowledge.load import load_knowledge, whole
from phone_audit.knowledge.own import own_folder, with_own
from tests.knowledge.feeds.feeds import head, indicators_of, item, keep


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_feed_is_read_as_it_was_written(tmp_path: Path) -> None:
    many = [item("host", f"h{number:04}.example") for number in range(700)]
    path = keep(tmp_path, *many, item("hash", "a" * 64, "Other"), item("host", "w.example", weight="weak"))
    assert read_head(path).feed == "lab"
    rows = [*read_rows(path)]
    assert [(row.name, row.kind, row.weight, len(row.values)) for row in rows] == [
        ("Other", "hash", "strong", 1),
        ("SpyOne", "host", "strong", 500),
        ("SpyOne", "host", "strong", 200),
        ("SpyOne", "host", "weak", 1),
    ]
    assert rows[0] == FeedRow(kind="hash", name="Other", class_="stalkerware", values=("a" * 64,))
    assert feed_files(tmp_path) == (path,)


def test_a_broken_line_names_file_line_and_field(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind":"hosts","name":"x","class":"malware","values":[]}\n')
    with pytest.raises(KnowledgeError, match=r"lab\.jsonl: line 3: kind: "):
        list(read_rows(path))
    path.write_text("{}\n", "utf-8")
    with pytest.raises(KnowledgeError, match=r"lab\.jsonl: line 1: feed: Field required"):
        read_head(path)
    with pytest.raises(KnowledgeError, match="cannot be read"):
        read_head(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("network", "notanet"),
        ("network", "8.8.8.0"),
        ("network", "8.8.8.8/24"),
        ("network", "8.8.8.0/255.255.255.0"),
        ("path", "data/x"),
        ("host", "a.example\nb.example"),
        ("package", ""),
    ],
)
def test_a_value_that_no_import_writes_is_told(tmp_path: Path, kind: str, value: str) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    row = {"kind": kind, "name": "SpyOne", "class": "malware", "values": [value]}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    with pytest.raises(KnowledgeError, match=r"lab\.jsonl: line 3: values: .* is no "):
        _ = Indicators([path]).database


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KnowledgeError, match="No space left"):
        write_feed(path, head(), [item("host", "b.example")])
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["lab.jsonl"]


def test_half_of_a_surrogate_pair_is_written_as_a_question_mark(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example", "\ud800evil"), title="\udcff")
    assert (read_head(path).title, [row.name for row in read_rows(path)]) == ("?", ["?evil"])


def test_whatever_fails_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "lab.jsonl"

    def failing() -> Iterator[Indicator]:
        yield item("host", "a.example")
        raise KeyError("any fault")

    with pytest.raises(KeyError):
        write_feed(path, head(), failing())
    assert list(tmp_path.iterdir()) == []


def test_the_database_is_made_again_when_a_feed_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counting(feeds: Iterable[tuple[FeedHead, Iterable[FeedRow]]]) -> IndicatorDatabase:
        made.append(1)
        return build_database(feeds)

    monkeypatch.setattr(database, "build_database", counting)
    path = keep(tmp_path, item("host", "a.example"))
    for _ in range(3):
        assert Indicators([path]).of("host", "a.example")
    assert len(made) == 1
    keep(tmp_path, item("host", "b.example"))
    assert Indicators([path]).of("host", "b.example")
    assert not Indicators([path]).of("host", "a.example")
    assert len(made) == 2


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 4096])
def test_a_damaged_cache_is_survived(tmp_path: Path, damage: bytes) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    assert Indicators([path]).of("host", "a.example")
    for file in (cache_folder() / "indicators").iterdir():
        file.write_bytes(damage)
    assert Indicators([path]).of("host", "a.example")
    kept = next((cache_folder() / "indicators").glob("*.sqlite"))
    assert kept.stat().st_size > 100, "and mended"


@pytest.mark.parametrize("place", [0, 20, 100, 5000, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    assert Indicators([path]).of("host", "a.example")
    (kept,) = (cache_folder() / "indicators").glob("*.sqlite")
    whole_file = kept.read_bytes()
    damaged = bytearray(whole_file)
    damaged[place] ^= 1
    kept.write_bytes(damaged)
    assert Indicators([path]).of("host", "a.example")
    assert kept.read_bytes() == whole_file


def replaced(data: bytes) -> Path:
    """Put another database in the place of the kept one, under the check sum that it has."""
    (kept,) = (cache_folder() / "indicators").glob("*.sqlite")
    kept.unlink()
    path = kept.with_name(f"{kept.stem.partition('-')[0]}-{zlib.crc32(data):08x}.sqlite")
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_a_cache_of_another_schema_is_made_again(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    assert Indicators([path]).of("host", "a.example")
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE indicator (value)")
        replaced(other.serialize())
    assert Indicators([path]).of("host", "a.example")


def test_a_cache_that_others_can_write_is_made_again(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    assert Indicators([path]).of("host", "a.example")
    kept = replaced(build_database([(head(), [])]).serialized())
    assert not Indicators([path]).of("host", "a.example"), "what this user wrote is believed"
    kept.chmod(0o666)
    assert Indicators([path]).of("host", "a.example")
    assert [
        file.stat().st_mode & 0o777 for file in (cache_folder() / "indicators").glob("*.sqlite") if file != kept
    ] == [0o600]


@pytest.mark.parametrize("digest", ["\ud800", "x" * 64, 7, None, []])
def test_a_kept_digest_that_is_none_is_not_used(tmp_path: Path, digest: object) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    (first,) = digests_of([path], tmp_path)
    kept = tmp_path / "digests.json"
    marks = json.loads(kept.read_bytes())
    marks[str(path)][-1] = digest
    kept.write_text(json.dumps(marks), "utf-8")
    assert digests_of([path], tmp_path) == (first,)


def test_a_feed_that_was_changed_behind_its_time_is_noticed(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    assert Indicators([path]).of("host", "a.example")
    it = path.stat()
    path.write_bytes(path.read_bytes().replace(b"a.example", b"b.example"))
    os.utime(path, ns=(it.st_atime_ns, it.st_mtime_ns))
    assert Indicators([path]).of("host", "b.example")


def test_without_a_place_for_a_cache_the_look_up_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert indicators_of(tmp_path, item("host", "a.example")).of("host", "a.example")


def test_an_untouched_file_is_not_hashed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(tmp_path, item("host", "a.example"))
    folder = tmp_path / "digests"
    first = digests_of([path], folder)
    monkeypatch.setattr(database, "sha256_of", lambda file: "read again")
    assert digests_of([path], folder) == first
    path.write_bytes(path.read_bytes() + b"\n")
    assert digests_of([path], folder) == ("read again",)


def test_old_databases_are_forgotten(tmp_path: Path) -> None:
    for number in range(6):
        path = keep(tmp_path, item("host", f"h{number}.example"))
        open_database([path], [read_head(path)], digests_of([path], tmp_path / "c"), tmp_path / "c")
    assert len(list((tmp_path / "c").glob("*.sqlite"))) == 3


def test_a_feed_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="cannot be read"):
        _ = Indicators([tmp_path / "none.jsonl"]).database


def test_look_ups_of_hosts_addresses_and_urls(tmp_path: Path) -> None:
    known = indicators_of(
        tmp_path, item("host", "spy.example"), item("address", "2a00:1450::1"), item("network", "45.249.247.0/24"),
        item("url", "cdn.example/x/"),
    )  # fmt: skip

    def values(host: str) -> list[str]:
        return [hit.indicator.value for hit in known.of_host(host)]

    assert values("a.b.Spy.example.") == ["spy.example"]
    assert values("notspy.example") == values("example") == values("") == []
    assert values("2A00:1450:0::1") == values("[2a00:1450::1]") == ["2a00:1450::1"]
    assert values("45.249.247.9") == ["45.249.247.0/24"]
    assert values("45.249.246.9") == []
    assert [hit.indicator.value for hit in known.of_url("https://cdn.example:444/x/y?z")] == ["cdn.example/x/"]
    assert [*known.of_url("https://cdn.example/xy")] == [*known.of_url("nonsense")] == [*known.of_url("")] == []


def test_the_paths_that_a_phone_is_asked_about(tmp_path: Path) -> None:
    known = indicators_of(
        tmp_path, item("path", "/data/local/tmp/wd"), item("path", "/private/var/tmp/hooker"),
        item("path", "/system/bin/debugs", class_="vulnerable"), item("host", "spy.example"),
    )  # fmt: skip
    assert known.paths == ("/data/local/tmp/wd",)
    assert Indicators([keep(tmp_path, item("host", "spy.example"), feed="hosts")]).paths == ()


def test_the_users_folder_is_loaded_where_it_holds_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert with_own([tmp_path]) == (tmp_path,)
    keep(own_folder(), item("host", "spy.example"))
    assert with_own([tmp_path]) == (own_folder(), tmp_path)
    bundled, mine = load_knowledge(), load_knowledge(with_own())
    assert mine.indicators.of("host", "spy.example")
    assert mine.info.counts["indicators"] == bundled.info.counts["indicators"] + 1
    assert mine.digest != bundled.digest


def test_a_feed_of_the_user_stands_in_the_place_of_a_bundled_one(tmp_path: Path) -> None:
    keep(tmp_path, item("host", "spy.example"), feed="misp-galaxy")
    feeds = {feed.feed: sum(feed.counts.values()) for feed in load_knowledge([tmp_path]).indicators.feeds}
    assert feeds["misp-galaxy"] == 1
    assert set(feeds) == {feed.feed for feed in load_knowledge().indicators.feeds}


def test_a_broken_feed_is_told_before_anything_is_read(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "spy.example"))
    with path.open("a", encoding="utf-8") as file:
        file.write("nonsense\n")
    with pytest.raises(KnowledgeError, match=r"lab\.jsonl: line 3"):
        whole(load_knowledge([tmp_path]))
