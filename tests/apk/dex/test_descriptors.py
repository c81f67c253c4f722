import pytest

from phone_audit.apk.dex.descriptors import class_names, java_name, under

_NAMES = sorted([b"La/A$B;", b"La/A;", b"La/AB;", b"La/b/C;", b"La/b;", b"La/bc/D;", b"La/b0/E;", b"La/b$I;", b"Lz/Z;"])


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
