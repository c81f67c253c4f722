"""The database of indicators: what was put in is found, nothing else is, and another file is refused."""

import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.feeds.database import SCHEMA, build_database, read_database
from phone_audit.knowledge.feeds.indicator import FeedRow, ListedIndicator
from tests.knowledge.feeds.feeds import head, item

VALUES = st.sets(st.text(alphabet="abé.-é", min_size=1, max_size=12), max_size=40)


def row(*values: str, **changes: str) -> FeedRow:
    fields = {"kind": "host", "name": "SpyOne", "class_": "malware"} | changes
    return FeedRow.model_validate({**fields, "values": values})


def test_what_is_listed_is_found_with_its_feed() -> None:
    one, two = head("one"), head("two")
    database = build_database([(one, [row("a.example", "b.example")]), (two, [row("a.example", name="Other")])])
    assert len(list(database)) == 3
    found = database.look_up("host", "a.example")
    assert [(hit.feed.feed, hit.indicator.about.name) for hit in found] == [("one", "SpyOne"), ("two", "Other")]
    assert found[0].indicator == item("host", "a.example", "SpyOne", "malware")
    assert database.look_up("host", "A.example") == database.look_up("package", "a.example") == ()


@given(VALUES, VALUES)
def test_only_what_was_put_in_is_found(listed: set[str], asked: set[str]) -> None:
    database = build_database([(head(), [row(*listed)])])
    assert {value for value in listed | asked if database.look_up("host", value)} == listed
    assert sorted(hit.indicator.value for hit in database) == sorted(listed)


def test_networks_are_told_by_their_lengths() -> None:
    database = build_database([(head(), [row("8.8.8.0/24", "8.0.0.0/8", "2a00::/32", kind="network")])])
    assert database.networks == {4: (24, 8), 6: (32,)}
    assert build_database([]).networks == {4: (), 6: ()}


def test_the_same_feeds_give_the_same_bytes() -> None:
    feeds = [(head(), [row("a.example", "b.example")])]
    assert build_database(feeds).serialized() == build_database(feeds).serialized()


def test_everything_comes_by_kind_and_value() -> None:
    database = build_database([(head(), [row("b.example", "a.example", "b.example"), row("x", kind="code")])])
    assert [hit.indicator.value for hit in database] == ["x", "a.example", "b.example"]


@pytest.mark.parametrize("value", ["\ud800", "a\0b", "'; DROP TABLE about; --", "a" * 100_000])
def test_any_text_can_be_looked_up(value: str) -> None:
    database = build_database([(head(), [row("a", "a.example")])])
    assert database.look_up("host", value) == ()
    assert database.look_up("host", "a.example")


def test_paths_are_those_of_malicious_things() -> None:
    rows = [row("/z", "/a", kind="path"), row("/b", kind="path", class_="vulnerable"), row("/a", kind="path", name="N")]
    assert build_database([(head(), rows)]).paths == ("/a", "/z")


def test_a_kept_database_says_the_same(tmp_path: Path) -> None:
    made = build_database([(head(), [row("a.example", "b.example", "8.8.8.0/24", kind="host")])])
    path = tmp_path / "what? #1%.sqlite"
    path.write_bytes(made.serialized())
    assert list(read_database(path, [head()])) == list(made)
    assert path.read_bytes() == made.serialized()


@pytest.mark.parametrize(
    "statements", [(), SCHEMA[:1], (*SCHEMA, "CREATE VIEW v AS SELECT 1"), ("CREATE TABLE t (a)",)]
)
def test_another_database_is_refused(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        for statement in statements:
            other.execute(statement)
    with pytest.raises(sqlite3.DatabaseError):
        read_database(path, [])


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.sqlite"
    path.write_bytes(data)
    with pytest.raises(sqlite3.Error):
        read_database(path, [])
    with pytest.raises(sqlite3.Error):
        read_database(tmp_path / "none.sqlite", [])


def test_a_database_that_breaks_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    data = build_database([(head(), [row(*(f"h{number}.example" for number in range(5000)))])]).serialized()
    path.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
    database = read_database(path, [head()])
    with pytest.raises(KnowledgeError, match="cannot be read"):
        database.look_up("host", "h2500.example")


def values(found: tuple[ListedIndicator, ...]) -> list[str]:
    return [hit.indicator.value for hit in found]


def test_several_threads_get_their_own_answers() -> None:
    """Without a lock Python 3.13 mixes them up: its sqlite3 shares one statement between threads."""
    names = [f"h{number}.example" for number in range(300)]
    database = build_database([(head(), [row(*names)])])
    wrong: list[str] = []

    def ask(part: list[str]) -> None:
        wrong.extend(name for name in part * 100 if values(database.look_up("host", name)) != [name])

    threads = [threading.Thread(target=ask, args=(names[start::4],)) for start in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
