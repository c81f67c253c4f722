"""Property files of both forms."""

from functools import partial

import pytest

from phone_audit.detect.builds.build_text import is_properties_text, read_properties
from phone_audit.model.text import parse_getprop
from tests.steps import LINEAR, growth


def test_the_output_of_getprop() -> None:
    text = "[ro.product.model]: [Nokia 7 plus]\r\n[ro.empty]: []\r\n[ro.build.display.id]: [00WW_3_22C]\r\n"
    assert read_properties(text) == {
        "ro.product.model": "Nokia 7 plus",
        "ro.empty": "",
        "ro.build.display.id": "00WW_3_22C",
    }


def test_a_value_of_several_lines_holds_no_other_property() -> None:
    text = "[a.b]: [one\n[ro.product.model]: two]\n[c.d]: [x]\n"
    assert read_properties(text) == {"a.b": "one\n[ro.product.model]: two", "c.d": "x"}


def test_a_value_cannot_replace_another_property() -> None:
    """The same phone is read in the same way, whether it is asked or a person hands over its dump."""
    names = [f"ro.{letter}" for letter in "abcdefghijklmnop"]
    dump = "".join(f"[{name}]: [real]\n" for name in names)
    for text in (dump + "[ro.z]: [hello]\n[ro.e]: [forged]\n[sys.x]: [1]\n", "[ro.a]: [x]\n[ro.e]: [forged]\n" + dump):
        assert read_properties(text)["ro.e"] == "real"
        assert read_properties(text) == parse_getprop(text)


def test_a_few_lines_picked_by_a_person_in_any_order() -> None:
    text = "[ro.build.fingerprint]: [f]\n[ro.build.display.id]: [d]\n[ro.product.model]: [m]\n"
    assert read_properties(text) == {"ro.build.fingerprint": "f", "ro.build.display.id": "d", "ro.product.model": "m"}


@pytest.mark.parametrize(("head", "piece"), [("", "[a]: [x\n"), ("", "a = \n"), ("", "a"), ("[a]: [", "]")])
def test_hostile_text_takes_no_longer_than_it_is(head: str, piece: str) -> None:
    """What a pattern does is not counted; were it the square, the long text would run into the limit of any test."""
    assert growth(lambda count: partial(read_properties, head + piece * count), 2000) < LINEAR
    read_properties(head + piece * 500_000)


def test_a_build_prop_file() -> None:
    text = "# begin build properties\nro.product.model=Nokia 7 plus\n\n ro.build.id = PPR1 \nimport /oem/x\nro.x=a=b\n"
    assert read_properties(text) == {"ro.product.model": "Nokia 7 plus", "ro.build.id": "PPR1", "ro.x": "a=b"}


def test_the_last_of_two_values_counts() -> None:
    assert read_properties("ro.a=1\nro.a=2\n") == {"ro.a": "2"}


def test_a_text_that_is_neither() -> None:
    assert read_properties("hello\nworld\n") == {}
    assert read_properties("") == {}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ro.build.id=PPR1", True),
        ("[ro.build.id]: [PPR1]", True),
        ("a\nb", True),
        ("00WW_3_22C_SP03", False),
        ("persistent=1", False),
        ("", False),
    ],
)
def test_is_properties_text(text: str, is_one: bool) -> None:
    assert is_properties_text(text) is is_one
