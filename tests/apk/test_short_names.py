import re

from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.code.short_names import count_short

_PIECES = st.sampled_from([b"a", b"b", b"R", b"$", b"/", b"1", b"22", b"Long", b"L", b"id", b"com/", b"\n", b"\xc3"])
_NAMES = st.lists(_PIECES, max_size=8).map(lambda pieces: b"L" + b"".join(pieces) + b";")
_DAMAGED = st.sampled_from([b"", b";", b"I", b"La;b;", b"Lb", b"/a;", b"[La;"])


def _is_short(name: bytes) -> bool:
    """Say it in steps, slowly."""
    if not name.startswith(b"L") or not name.endswith(b";") or b";" in name[:-1]:
        return False
    own = name[1:-1].rpartition(b"/")[2]
    if own.split(b"$")[0] == b"R":
        return False
    outer = own
    while (cut := outer.rpartition(b"$"))[1] and cut[2].isdigit():
        outer = cut[0]
    return re.fullmatch(rb"[A-Za-z]{1,2}", outer.rpartition(b"$")[2]) is not None


@given(st.lists(_NAMES, max_size=6), st.lists(_DAMAGED, max_size=1))
def test_names_are_counted_as_one_by_one(names: list[bytes], damaged: list[bytes]) -> None:
    every = [*names, *damaged]
    assert count_short(every) == sum(map(_is_short, every))


def test_none() -> None:
    assert count_short([]) == 0


def test_each_kind() -> None:
    short = [b"La;", b"Lcom/a/bc;", b"Lcom/a/Foo$b;", b"Lcom/a/b$1;", b"La/b$1$23;", b"La/b$12345;", b"Lx/RR;"]
    long = [b"Lcom/a/Foo;", b"Lcom/a/R;", b"Lcom/a/R$id;", b"Lcom/a/Foo$1;", b"LR;", b"Lcom/a/bcd$1;", b"La/1;"]
    assert [count_short([name]) for name in (*short, *long)] == [1] * len(short) + [0] * len(long)
    assert count_short([*long, *short, *long]) == len(short)
