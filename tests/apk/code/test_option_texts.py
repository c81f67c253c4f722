"""Options of libraries that a package has to name in an address or a setting before any certificate is accepted."""

from collections.abc import Callable, Iterable

import pytest

from phone_audit.apk.code.certificate_checks import accepting_code
from phone_audit.apk.code.option_texts import OptionTexts
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.errors import ApkError
from tests.apk.code.test_ways_in import calling, manager, method, new, owner
from tests.apk.dex.assembler import Class, Ref, assemble, const_string

FAMILY = "lib.Sockets"
MAKER = Class("Llib/Http;", [method("open()V", *new("Llib/Sockets$T;"))])
CALLER = calling("Lapp/A;", "Llib/Http;->open()V")
NO_FILES: Callable[[], Iterable[bytes]] = tuple


def way(*more: Class, others: Callable[[], Iterable[bytes]] = NO_FILES, option: str = "ssl") -> str:
    """Return the way to what accepts any certificate, in a library of which an option has to be named."""
    classes = sorted([manager("Llib/Sockets$T;"), MAKER, CALLER, *more], key=lambda one: one.name)
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    texts = OptionTexts(indexes, owner, others)
    (found,) = accepting_code(indexes, owner, (), options={FAMILY: option}, has_option=texts.has)
    return found.way


def says(text: str, name: str = "Lapp/B;") -> Class:
    return Class(name, [method("f()V", *const_string(text))])


def test_an_option_that_nothing_names() -> None:
    assert way() == "option"
    assert way(option="other") == "option"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jdbc:lib://db.example/x;ssl=require", "used"),
        ("jdbc:lib://db.example/x;user=a;SSL=request;x=1", "used"),
        ("//db.example/x?ssl=", "used"),
        ("ssl=require", "used"),
        ("ssl", "used"),
        ("SSL", "used"),
        ("uses ssl here", "option"),
        ("openssl=1", "option"),
        ("sslmode=1", "option"),
        ("jdbc:lib://ssl.example/x", "option"),
    ],
)
def test_the_same_named_in_code(text: str, expected: str) -> None:
    assert way(says(text)) == expected
    assert way(says(text, "Lother/B;")) == expected


def test_a_text_of_the_library_itself_names_nothing() -> None:
    assert way(says("SSL", "Llib/Names;")) == "option"
    assert way(says("SSL", "Llib/Names;"), says("SSL")) == "used"


def test_a_method_of_the_name_names_no_option() -> None:
    assert way(Class("Lapp/B;", [method("ssl()V")])) == "option"


def test_a_text_that_no_code_loads_may_be_read_otherwise() -> None:
    assert way(Class("Lapp/B;", statics=[("option", "ssl")])) == "used"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"db=jdbc:lib://db.example/x;ssl=require", "used"),
        (b"user=a\nssl=require\n", "used"),
        (b"prop.ssl=SSL\nprop.desc.ssl=Set it", "option"),
        (b"", "option"),
    ],
)
def test_the_same_named_in_another_file(content: bytes, expected: str) -> None:
    assert way(others=lambda: [b"nothing", content]) == expected


def broken() -> Iterable[bytes]:
    yield b"nothing"
    raise ApkError("broken")


def test_files_that_cannot_be_read_or_are_too_many_may_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert way(others=broken) == "used"
    monkeypatch.setattr("phone_audit.apk.code.option_texts.MOST_BYTES", 3)
    assert way(others=lambda: [b"four"]) == "used"


@pytest.mark.parametrize("name", [*new("Llib/Sockets$T;")[1:2]])
def test_whoever_takes_the_class_itself_needs_no_option(name: Ref) -> None:
    """Nobody hides what accepts any certificate by giving it the name of a library's class."""
    assert way(Class("Lapp/B;", [method("f()V", *new("Llib/Sockets$T;"))])) == "used"
    assert way(Class("Lapp/B;", [method("f()V", 0x001C, name)])) == "used"
    assert way(says("lib.Sockets$T")) == "used"


def test_code_that_is_no_library_s_is_not_told_apart() -> None:
    opens = Class("Lapp/A;", [method("open()V", *new("Lapp/T;"))])
    asks = calling("Lother/A;", "Lapp/A;->open()V")
    indexes = index_file(read_dex("classes.dex", assemble([opens, manager("Lapp/T;"), asks])))
    (one,) = accepting_code(indexes, owner, (), options={"app.T": "ssl"}, has_option=lambda _name, _library: False)
    assert one.way == "used"
