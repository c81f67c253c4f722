"""Texts that code spells out as arrays, and what only looks like one."""

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex import array_texts as array_texts_module
from phone_audit.apk.dex.array_texts import LONGEST, array_texts
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import RETURN, Class, Method, assemble

URL = "http://api.hidden.dev/report"


def payload(text: str, width: int = 2) -> tuple[int, ...]:
    """Return fill-array-data-payload with the characters of a text, or its bytes."""
    content = text.encode("utf-16-le" if width == 2 else "latin-1")
    content += b"\0" * (len(content) % 2)
    units = [int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content), 2)]
    return 0x0300, width, len(text), 0, *units


def spelling(text: str, width: int = 2, *, target: int = 4, opcode: int = 0x26) -> Class:
    """Return a class whose method fills an array and returns; its payload begins at code unit 4."""
    return Class("Lapp/Hidden;", [Method("make()V", (opcode, target, 0, RETURN, *payload(text, width)))])


def texts(*classes: Class) -> list[str]:
    return [one.text for index in index_file(read_dex("classes.dex", assemble(classes))) for one in array_texts(index)]


@pytest.mark.parametrize("width", [1, 2])
def test_characters_and_bytes(width: int) -> None:
    assert texts(spelling(URL, width)) == [URL]
    assert texts(spelling("text", width)) == ["text"]


def test_where_it_stands() -> None:
    (index,) = index_file(read_dex("classes.dex", assemble([spelling(URL)])))
    (found,) = array_texts(index)
    assert (index.row_class(found.row), index.row_name(found.row)) == (b"Lapp/Hidden;", "make()V")
    assert bytes(index.data[found.offset : found.offset + 10]) == b"\0\3\2\0\x1c\0\0\0h\0"


@pytest.mark.parametrize("text", ["abc", "a\nbcd", "caf\u00e9s", "abc\0", "ab\0cd", "\0\0\0\0", ""])
def test_what_is_short_or_not_plain_is_none(text: str) -> None:
    assert texts(spelling(text)) == []


def test_zeros_and_white_space_around_it_are_left_out() -> None:
    assert texts(spelling(f" {URL}\n\0")) == texts(spelling(f"\0{URL}\r\n", 1)) == [URL]


def test_what_no_instruction_fills_in_is_none() -> None:
    assert texts(spelling(URL, target=3)) == []
    assert texts(spelling(URL, opcode=0x14)) == []


def test_what_is_too_long_or_does_not_end_in_the_file_is_none() -> None:
    assert texts(spelling("a" * LONGEST)) == ["a" * LONGEST]
    assert texts(spelling("a" * (LONGEST + 1))) == []
    large = (0x26, 4, 0, RETURN, 0x0300, 2, 4, 1, *payload("text")[4:])
    assert texts(Class("Lapp/Hidden;", [Method("make()V", large)])) == []
    for cut in range(len(payload(URL))):
        short = (0x26, 4, 0, RETURN, *payload(URL)[: cut + 1])
        assert texts(Class("Lapp/Hidden;", [Method("make()V", short)])) in ([], [URL])


@pytest.mark.parametrize(
    ("before", "url", "behind", "found"),
    [
        ("\x01\0\0\x80:\t\0", "tcp://203.0.113.5:4444", "\0" * 8_000, True),
        ("\xff", "https://c2.hidden.dev/", "", True),
        ("\0", "tcp://203.0.113.5:4444", "\xff", False),
        ("\0", "203.0.113.5:4444", "\0\xff", False),
        ("\0", "tcp://c2 .dev", "\0\xff", False),
    ],
)
def test_an_address_among_other_bytes(before: str, url: str, behind: str, *, found: bool) -> None:
    """As the settings of a payload of Metasploit hold it: https://github.com/rapid7/metasploit-payloads."""
    assert texts(spelling(before + url + behind, 1)) == ([url] if found else [])
    assert texts(spelling(before + url + behind + "\xff", 2)) == []


@pytest.mark.parametrize("before", range(256))
def test_whatever_stands_before_an_address(before: int) -> None:
    assert texts(spelling(f"\x01{chr(before)}tcp://203.0.113.5:4444\0", 1)) == ["tcp://203.0.113.5:4444"]


def test_addresses_among_other_bytes_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    many = spelling("\xff\0".join(f"tcp://h{number}.dev\0" for number in range(120)), 1)
    assert texts(many) == [f"tcp://h{number}.dev" for number in range(100)]
    assert texts(spelling(f"\xfftcp://{'h' * 600}.dev\0", 1)) == []
    monkeypatch.setattr(array_texts_module, "_MOST_READS", 0)
    assert texts(many, spelling(URL)) == [URL]


def test_arrays_that_nothing_fills_take_nothing_from_those_that_are_read() -> None:
    nested = (0x0300, 1, 0xFFFF, 0) * 8_000
    decoys = Class("Lapp/A;", [Method("f()V", (RETURN, 0, *nested))])
    assert texts(decoys, spelling("\xfftcp://203.0.113.5:4444\0", 1)) == ["tcp://203.0.113.5:4444"]


def test_several_arrays_of_one_method_and_code_that_methods_share() -> None:
    first = payload("http://one.dev/")
    second = 8 + len(first) + len(first) % 2
    fills = (0x26, 8, 0, 0x26, second - 3, 0, RETURN, 0, *first, *[0] * (len(first) % 2), *payload("http://two.dev/"))
    assert texts(Class("Lapp/Hidden;", [Method("make()V", fills)])) == ["http://one.dev/", "http://two.dev/"]


def test_many_arrays_that_nothing_fills_in_hide_none() -> None:
    empty = (0x0300, 2, 0, 0) * 3_000
    decoys = Class("Lapp/A;", [Method("f()V", (RETURN, 0, *empty))])
    assert texts(decoys, spelling(URL)) == [URL]


def test_damaged_tables_are_survived_and_what_is_told_stands_in_a_method() -> None:
    data = assemble([spelling(URL)])
    told = []
    for at in range(0x20, len(data)):
        changed = data[:at] + b"\xff" + data[at + 1 :]
        for index in index_file(read_dex("classes.dex", changed)):
            for text, row, offset in array_texts(index):
                code = index.code(row)
                assert code is not None
                assert code.offset <= offset < code.offset + 2 * len(code.units)
                told.append(text)
    assert set(told) == {URL}
    assert len(told) > len(data) // 2


@pytest.mark.parametrize(("text", "host"), [(URL, "api.hidden.dev"), ("api.hidden.com", "api.hidden.com")])
def test_a_host_that_is_spelled_out_counts(text: str, host: str) -> None:
    data = assemble([spelling(text)])
    (found,) = read_code([("classes.dex", data)], load_knowledge(), Declared(package="app")).endpoints
    assert (found.host, found.counts, found.use, found.started) == (host, True, "unknown", None)
    ((holder),) = found.held_by
    (piece,) = holder.evidence
    assert (holder.party, piece.kind, piece.encoding) == ("first-party", "decoded", "array")
    assert (piece.class_, piece.method, piece.value) == ("app.Hidden", "make()V", text)


def test_a_class_name_that_is_spelled_out_is_no_host() -> None:
    data = assemble([spelling("com.vendor.app")])
    assert all(one.ruled_out for one in read_code([("classes.dex", data)], load_knowledge()).endpoints)
