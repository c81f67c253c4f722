import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex.descriptors import Prefixes, class_names, descriptor_prefix, java_name, names_in, under

_NAMES = sorted([b"La/A$B;", b"La/A;", b"La/AB;", b"La/b/C;", b"La/b;", b"La/bc/D;", b"La/b0/E;", b"La/b$I;", b"Lz/Z;"])
_LABELS = st.sampled_from(["a", "ab", "b", "c"])
_JAVA_NAMES = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_FACTS = st.dictionaries(st.text("xyz", min_size=1, max_size=3), st.lists(_JAVA_NAMES, max_size=3), max_size=8)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        (b"La/A", [b"La/A$B;", b"La/A;"]),
        (b"La/b", [b"La/b$I;", b"La/b/C;", b"La/b;"]),
        (b"La/b/", [b"La/b/C;"]),
        (b"La/bc", [b"La/bc/D;"]),
        (b"La/", _NAMES[:-1]),
        (b"Lz/Z", [b"Lz/Z;"]),
        (b"La/a", []),
        (b"Lz/Z/", []),
        (b"Lzz", []),
    ],
)
def test_prefixes_end_where_labels_end(prefix: bytes, found: list[bytes]) -> None:
    assert under(_NAMES, prefix, 20) == found


def test_gives_no_more_than_wanted() -> None:
    assert under(_NAMES, b"La/", 2) == _NAMES[:2]
    assert under(_NAMES, b"La/b") == [b"La/b$I;"]


def test_arrays_count_as_their_elements() -> None:
    assert class_names([b"[[La/A;", b"[Lb/B;", b"Lb/B;", b"[I", b"V"]) == [b"La/A;", b"Lb/B;"]


def test_names_of_classes_in_any_order_and_each_once() -> None:
    assert class_names([b"Lb/B;", b"[La/A;", b"La/A;", b"Lb/B;", b"[[Lc/C;", b"[[[Lc/C;", b"Z"]) == [
        b"La/A;",
        b"Lb/B;",
        b"Lc/C;",
    ]
    assert class_names([]) == []


def test_java_names() -> None:
    assert java_name(b"Lcom/example/A$B;") == "com.example.A$B"
    assert java_name(b"L\xe4\xb8\xad/A;") == "中.A"


@given(_FACTS, st.lists(_JAVA_NAMES, max_size=12))
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


@given(st.lists(st.sampled_from([b"a", b"Z", b"_", b"$", b"9", b"-", b".", b"/", b" ", b"\0", b"\xff"])).map(b"".join))
def test_names_of_classes_in_any_bytes(text: bytes) -> None:
    """What a plain pattern finds, which takes far longer."""
    pattern = re.compile(rb"[A-Za-z_$][\w$-]*(?:[./][\w$-]+)+")
    assert set(names_in(text)) == {found.replace(b"/", b".") for found in pattern.findall(text)}
