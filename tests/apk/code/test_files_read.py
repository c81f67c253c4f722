"""Whose code reads a file or a resource that holds an unencrypted address."""

import pytest

from phone_audit.apk.code.files_read import with_readers
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence
from tests.apk.code.test_ways_in import method, owner
from tests.apk.dex.assembler import Class, assemble, const_string
from tests.judge.cases import endpoint

URL = "http://a.example/x"
NUMBER = 0x7F0A0012
ROUND = 0x7F0A0000
Units = tuple[int, ...]


def held_in(where: str, kind: str = "asset", value: str = URL) -> Endpoint:
    piece = Evidence(kind=kind, where=where, value=value, offset=3)
    plain = endpoint("a.example", text=URL, cleartext=True, use="unknown")
    return plain.model_copy(update={"held_by": (plain.held_by[0].model_copy(update={"evidence": (piece,)}),)})


def read(held: Endpoint, *classes: Class, started: bool = True) -> list[tuple[str, str | None]]:
    """Return party and class of what reads the text of an endpoint."""
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    ids = {URL: {NUMBER}, "res/raw/settings.json": {ROUND}}
    (found,) = with_readers(
        [held],
        indexes,
        owner,
        lambda _part, _row: started,
        lambda texts: {text: ids[text] for text in texts if text in ids},
    )
    return [(one.party, piece.class_) for one in found.held_by for piece in one.evidence]


def naming(text: str, name: str = "Lapp/Net;") -> Class:
    return Class(name, [method("f()V", *const_string(text))])


def asking(*units: int, name: str = "Lapp/Net;") -> Class:
    return Class(name, [method("f()V", *units)])


@pytest.mark.parametrize("text", ["config.json", "conf/config.json", "assets/conf/config.json"])
def test_a_file_that_own_code_names(text: str) -> None:
    assert read(held_in("assets/conf/config.json"), naming(text)) == [("first-party", "app.Net")]


@pytest.mark.parametrize("text", ["onfig.json", "other/config.json", "config"])
def test_another_file(text: str) -> None:
    assert read(held_in("assets/conf/config.json"), naming(text)) == [("unknown", None)]


def test_a_file_that_only_a_library_names() -> None:
    held = held_in("assets/config.json")
    assert read(held, naming("config.json", "Llib/Net;")) == [("library", "lib.Net")]
    both = (naming("config.json", "Llib/Net;"), naming("config.json", "Lother/Net;"))
    assert read(held, *both) == [("unknown", "other.Net")]


def test_code_that_nothing_starts_reads_nothing() -> None:
    assert read(held_in("assets/config.json"), naming("config.json"), started=False) == [("unknown", None)]


@pytest.mark.parametrize(
    "where", ["assets/www/index.html", "assets/www/app.js", "res/layout/main.xml", "res/raw/a.mp3"]
)
def test_what_is_shown_or_run_tells_itself(where: str) -> None:
    assert read(held_in(where), naming(where.rpartition("/")[2])) == [("unknown", None)]


CONST: Units = (0x0014, 0x0012, 0x7F0A)
CONST_HIGH: Units = (0x0015, 0x7F0A)


@pytest.mark.parametrize(
    ("held", "units"),
    [(held_in("resources.arsc", "resource"), CONST), (held_in("res/raw/settings.json", "resource", "{"), CONST_HIGH)],
    ids=["a text", "a file"],
)
def test_a_resource_that_code_asks_for_by_its_number(held: Endpoint, units: Units) -> None:
    assert read(held, asking(*units)) == [("first-party", "app.Net")]
    assert read(held, asking(*units, name="Llib/Net;")) == [("library", "lib.Net")]
    assert read(held, asking(units[0], units[1] + 1, *units[2:])) == [("unknown", None)]


def test_the_number_inside_of_another_instruction_is_none() -> None:
    wide = (0x0018, *CONST, 0x0000)
    assert read(held_in("resources.arsc", "resource"), asking(*wide)) == [("unknown", None)]


def test_an_address_that_code_holds_too_stays_as_it_is() -> None:
    held = endpoint("a.example", text=URL, cleartext=True)
    assert read(held, naming("classes.dex")) == [(one.party, None) for one in held.held_by]


def test_damaged_code_is_survived() -> None:
    data = bytearray(assemble([asking(*CONST)]))
    for at in range(0x70, len(data), 3):
        changed = bytes(data[:at]) + b"\xff" + bytes(data[at + 1 :])
        indexes = index_file(read_dex("classes.dex", changed))
        found = with_readers(
            [held_in("resources.arsc", "resource")],
            indexes,
            lambda _: Owner("first-party", None),
            lambda _part, _row: True,
            lambda _: {URL: {NUMBER}},
        )
        assert [one.host for one in found] == ["a.example"]


def test_methods_that_nothing_starts_do_not_push_out_the_one_that_reads() -> None:
    """Of more methods than are looked at one may start."""
    idle = [naming("config.json", f"Lapp/Idle{number:02};") for number in range(30)]
    assert read(held_in("assets/config.json"), *idle, started=False) == [("unknown", "app.Idle00")]
