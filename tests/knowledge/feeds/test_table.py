"""The compiled table: what was put in is found, nothing else is, and damage is noticed."""

import json
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.knowledge.feeds.indicator import FeedRow
from phone_audit.knowledge.feeds.table import Table, TableError, compile_table, key_of
from tests.knowledge.feeds.feeds import head, item, packed

VALUES = st.sets(st.text(alphabet="abé.-é", min_size=1, max_size=12), max_size=40)


def row(*values: str, **changes: str) -> FeedRow:
    fields = {"kind": "host", "name": "SpyOne", "class_": "malware"} | changes
    return FeedRow.model_validate({**fields, "values": values})


def test_what_is_listed_is_found_with_its_feed() -> None:
    one, two = head("one"), head("two")
    table = Table(compile_table([(one, [row("a.example", "b.example")]), (two, [row("a.example", name="Other")])]))
    assert len(table) == 3
    found = table.look_up("host", "a.example")
    assert [(hit.feed.feed, hit.indicator.about.name) for hit in found] == [("one", "SpyOne"), ("two", "Other")]
    assert found[0].indicator == item("host", "a.example", "SpyOne", "malware")
    assert table.look_up("host", "A.example") == table.look_up("package", "a.example") == ()
    assert table.feeds == (one, two)


@given(VALUES, VALUES)
def test_only_what_was_put_in_is_found(listed: set[str], asked: set[str]) -> None:
    table = Table(compile_table([(head(), [row(*listed)])]))
    assert {value for value in listed | asked if table.look_up("host", value)} == listed
    assert sorted(hit.indicator.value for hit in table) == sorted(listed)


def test_a_collision_of_hashes_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.knowledge.feeds.table.key_of", lambda kind, value: len(value))
    table = Table(compile_table([(head(), [row("a.example", "b.example", "c.example.net")])]))
    assert [hit.indicator.value for hit in table.look_up("host", "b.example")] == ["b.example"]
    assert table.look_up("host", "z.example") == ()


def test_a_key_depends_on_the_kind() -> None:
    assert key_of("host", "x") != key_of("package", "x")
    assert 0 <= key_of("host", "x") < 2**64


def test_networks_are_told_by_their_lengths() -> None:
    table = Table(compile_table([(head(), [row("8.8.8.0/24", "8.0.0.0/8", "2a00::/32", kind="network")])]))
    assert table.networks == {4: (24, 8), 6: (32,)}
    assert Table(compile_table([])).networks == {4: (), 6: ()}


@pytest.mark.parametrize("place", [0, 5, 30, 100, -1, -40])
def test_a_changed_byte_is_noticed(place: int) -> None:
    data = bytearray(compile_table([(head(), [row("a.example")])]))
    data[place] ^= 1
    with pytest.raises(TableError):
        Table(bytes(data))


@pytest.mark.parametrize("length", [0, 3, 20, 64, 200])
def test_a_table_that_was_cut_off_is_noticed(length: int) -> None:
    with pytest.raises(TableError):
        Table(compile_table([(head(), [row("a.example")])])[:length])


def test_the_same_feeds_give_the_same_bytes() -> None:
    feeds = [(head(), [row("a.example", "b.example")])]
    assert compile_table(feeds) == compile_table(feeds)


HEAD = json.dumps({"feeds": [head().model_dump(mode="json")], "networks": {"4": [], "6": []}, "paths": []}).encode()
ROW = [0, "host", "SpyOne", "malware", "strong", "", False]


def numbers(*given: int) -> bytes:
    return array("Q", given).tobytes()


@pytest.mark.parametrize(
    "sections",
    [
        (HEAD, b"odd"),
        (HEAD, numbers(1, 2), numbers(0)),
        (HEAD, numbers(1), numbers(1 << 36), numbers(0), b"a\n"),
        (HEAD, numbers(1), numbers(0), b"", b"a\n"),
        (b"[]",),
        (b"{",),
        (b"[" * 100_000,),
    ],
)
def test_sections_that_are_none_are_noticed(sections: tuple[bytes, ...]) -> None:
    with pytest.raises(TableError):
        Table(packed(*sections))


@pytest.mark.parametrize("wrong", [b"{", b"", b"7", b"[]", b"[" * 100_000, *(json.dumps(it).encode() for it in (
    [1, *ROW[1:]], [-1, *ROW[1:]], ["0", *ROW[1:]], [0, "hosts", *ROW[2:]], [*ROW[:5], 7, False], [0, [], *ROW[2:]],
))])  # fmt: skip
def test_a_row_that_is_none_is_noticed(wrong: bytes) -> None:
    table = Table(packed(HEAD, numbers(1), numbers(0), numbers(0), b"a\n", wrong))
    with pytest.raises(TableError):
        table.check_rows()
    Table(packed(HEAD, numbers(1), numbers(0), numbers(0), b"a\n", json.dumps(ROW).encode())).check_rows()


def test_a_value_beyond_the_end_matches_nothing() -> None:
    sections = HEAD, numbers(key_of("host", "a")), numbers(99), numbers(0), b"a\n", json.dumps(ROW).encode()
    assert Table(packed(*sections)).look_up("host", "a") == ()
