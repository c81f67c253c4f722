import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.model.text import parse_getprop


def test_values_are_kept_whole() -> None:
    text = (
        "[persist.long]: [a]b [c]: [d]\n"
        "[ro.bytes]: [ok \udcff\0 end]\n"
        "[ro.cr]: [real\roverwritten]\n"
        "[ro.empty]: []\n"
        "[ro.lines]: [one\n\ntwo]\n"
        "[ro.zygote]: [zygote64_32]\n"
    )
    assert parse_getprop(text) == {
        "persist.long": "a]b [c]: [d",
        "ro.bytes": "ok \udcff\0 end",
        "ro.cr": "real\roverwritten",
        "ro.empty": "",
        "ro.lines": "one\n\ntwo",
        "ro.zygote": "zygote64_32",
    }


def test_a_line_that_breaks_the_order_belongs_to_the_value_above_it() -> None:
    text = "[ro.debuggable]: [0]\n[ro.hostile]: [one]\n[ro.debuggable]: [1]\n[ro.secure]: [1]\n"
    assert parse_getprop(text) == {
        "ro.debuggable": "0",
        "ro.hostile": "one]\n[ro.debuggable]: [1",
        "ro.secure": "1",
    }


def test_a_pretended_name_far_down_does_not_take_the_others_with_it() -> None:
    names = [f"ro.p{index:02}" for index in range(30)]
    lines = [f"[{name}]: [{name}]" for name in names]
    lines.insert(2, "[zz.end]: [pretended]")
    read = parse_getprop("\n".join(lines) + "\n")
    assert [name for name in names if read.get(name) != name] == ["ro.p01"]
    assert read["ro.p01"] == "ro.p01]\n[zz.end]: [pretended"


def test_of_two_equal_names_the_genuine_one_is_the_later() -> None:
    text = "[ro.a]: [x]\n[ro.adb.secure]: [0]\n[ro.adb.secure]: [1]\n[ro.b]: [y]\n"
    assert parse_getprop(text)["ro.adb.secure"] == "1"


def test_a_phone_that_does_not_sort_is_read_line_by_line() -> None:
    text = "[ro.z]: [1]\n[ro.b]: [2]\n[ro.y]: [3]\n[ro.a]: [4]\n"
    assert parse_getprop(text) == {"ro.z": "1", "ro.b": "2", "ro.y": "3", "ro.a": "4"}


@pytest.mark.parametrize("text", ["", "\n", "sh: getprop: not found\n", "[ro.x]", "[ro x]: [1]\n"])
def test_what_is_no_property_list_gives_nothing(text: str) -> None:
    assert parse_getprop(text) == {}


def test_a_cut_answer_gives_what_it_holds() -> None:
    assert parse_getprop("[ro.a]: [1]\n[ro.b]: [tw") == {"ro.a": "1", "ro.b": "tw"}


VALUE = st.text(st.sampled_from("ab]\n[: \0\udcff"), max_size=12)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), VALUE), max_size=8))
def test_almost_valid_input_never_raises(entries: list[tuple[str, str]]) -> None:
    text = "".join(f"[ro.{name}]: [{value}]\n" for name, value in entries)
    assert set(parse_getprop(text)) <= {f"ro.{name}" for name in "abcdef"} | {"a", "b", "ab", "ba", "aa", "bb"}


@given(st.dictionaries(st.sampled_from(["ro.a", "ro.b", "ro.c"]), st.text(st.sampled_from("xy]\n "), max_size=9)))
def test_what_getprop_prints_is_read_back(properties: dict[str, str]) -> None:
    text = "".join(f"[{name}]: [{value}]\n" for name, value in sorted(properties.items()))
    assert parse_getprop(text) == properties
