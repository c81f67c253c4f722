import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.code.class_prefixes import Prefixes, descriptor_prefix

_LABELS = st.sampled_from(["a", "ab", "b", "c"])
_NAMES = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_FACTS = st.dictionaries(st.text("xyz", min_size=1, max_size=3), st.lists(_NAMES, max_size=3), max_size=8)


@given(_FACTS, st.lists(_NAMES, max_size=12))
def test_all_that_begin_a_name_are_found_and_no_others(facts: dict[str, list[str]], names: list[str]) -> None:
    descriptors = sorted(b"L" + name.replace(".", "/").encode() + b";" for name in names)
    expected = {
        name
        for name, prefixes in facts.items()
        if any(one.startswith(descriptor_prefix(prefix)) for prefix in prefixes for one in descriptors)
    }
    assert Prefixes(facts.items()).ids_in(descriptors) == expected


@pytest.mark.parametrize(
    ("name", "found"),
    [(b"Lcom/a/X;", {"wide"}), (b"Lcom/a/b/X;", {"wide", "narrow", "same"}), (b"Lcom/c/X;", set()), (b"I", set())],
)
def test_a_prefix_below_another_and_two_of_one_name(name: bytes, found: set[str]) -> None:
    known = Prefixes([("wide", ["com.a"]), ("narrow", ["com.a.b"]), ("same", ["com.a.b."]), ("other", ["com.z"])])
    assert known.ids_in([name]) == found


def test_nothing_known_and_nothing_there() -> None:
    assert Prefixes([]).ids_in([b"La;"]) == set()
    assert Prefixes([("a", ["com.a"])]).ids_in([]) == set()
