"""Two runs find the same: nothing hangs on where in memory an object lies, or which came first."""

from types import SimpleNamespace
from typing import Any, cast

from phone_audit.apk.flows.calls import CallModel
from phone_audit.apk.flows.heap import Heap
from phone_audit.apk.flows.taints import ANY, MAX_ATOMS, NOTHING, Obj, bounded

VALUE = frozenset({Obj("new", (0, 0, 9), b"LValue;", own=False)})


def test_what_a_method_leaves_has_one_order() -> None:
    arguments = [Obj("param", (0, 0, -1 - number), b"LData;", own=True, is_param=True) for number in range(4)]

    def left(order: list[Obj]) -> list[Obj]:
        heap = Heap()
        for one in order:
            heap.put(one, "field", VALUE)
        return list(heap.reachable(NOTHING))

    assert left(arguments) == left(arguments[::-1])


def test_what_is_put_into_several_objects_at_once_lies_in_each_whatever_their_order() -> None:
    def held() -> list[int]:
        stream, buffer, one, other = (Obj("new", (0, 0, at), b"LStream;", own=False) for at in range(4))
        heap = Heap()
        heap.put(stream, ANY, frozenset({buffer}))
        call = SimpleNamespace(
            values=(frozenset({stream, buffer}), frozenset({one, other})),
            site=SimpleNamespace(callee=SimpleNamespace(name="write")),
            api=SimpleNamespace(wraps=True, collects=False, special=None),
            heap=heap,
        )
        CallModel._into_receiver(cast(Any, SimpleNamespace(_carried=lambda value: value)), cast(Any, call))
        return [len(heap.slots(obj).get(ANY, NOTHING)) for obj in (stream, buffer, one, other)]

    kept = [(held(), [object() for _ in range(number)]) for number in range(50)]
    assert len({tuple(found) for found, _ in kept}) == 1


def test_of_more_than_is_kept_of_several_classes_of_one_argument_the_same_is_kept() -> None:
    names = [f"L{number:02};" for number in range(2 * MAX_ATOMS)]

    def kept(order: list[str]) -> list[str]:
        made = [Obj("param", (0, 0, -1), name.encode(), own=True, exact=True, is_param=True) for name in order]
        value = bounded(one.part("field", "place") for one in made)
        return sorted(one.base.type.decode() for one in value if isinstance(one, Obj) and one.base)

    assert kept(names) == kept(names[::-1]) == names[:MAX_ATOMS]
