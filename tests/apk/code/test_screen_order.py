"""What is read while a screen is made, and filled only by what it makes later; and where that is not sure."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.code.screen_order import ScreenOrder
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.model.apk import Behaviour, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string
from tests.apk.flows.test_find_flows import Code, invoke, join, new

CREATE = "onCreate(Landroid/os/Bundle;)V"
FOUND = "onLocationChanged(Landroid/location/Location;)V"
OUTER = Ref("field", "Lx/Main$1;->this$0:Lx/Main;")
PLACE = Ref("field", "Lx/Main;->place:Ljava/lang/String;")
ANY = Ref("field", "Lx/Main$1;->any:Ljava/lang/Object;")
ACTIVITY = "Landroid/app/Activity;"
FILLS: Code = (0x2054, OUTER, 0x005B, PLACE)
"""iget-object v0, v2, this$0; iput-object v0 into v0.place"""
MAKES = new(0, "Lx/Main$1;")


def method(signature: str, *code: Code, ins: int = 2) -> Method:
    return Method(signature, join(*code, (RETURN,)), direct=False, access=1, registers=4, ins=ins)


def listener(*code: Code, parent: str = "Ljava/lang/Object;") -> Class:
    return Class("Lx/Main$1;", [method(FOUND, *(code or (FILLS,)))], parent=parent)


def main(later: str = "onDestroy()V", *more: Method, parent: str = ACTIVITY) -> Class:
    return Class("Lx/Main;", [method(CREATE), method(later, MAKES, ins=1), *more], parent=parent)


def offset_of(indexes: Sequence[DexIndex], opcode: int) -> int:
    """Return where the listener fills a field, in bytes of the file."""
    for index in indexes:
        for row in range(len(index.methods.access)):
            code = index.code(row)
            if code and index.row_class(row) == b"Lx/Main$1;" and index.row_name(row) == FOUND:
                at = next((at for at in range(len(code.units)) if code.units[at] & 0xFF == opcode), 0)
                return code.offset + 2 * at
    return 0


def told(
    *classes: Class, read: str = CREATE, reader: str = "x.Main", writer: str = "x.Main$1", opcode: int = 0x5B
) -> bool:
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    steps = (
        FlowStep(class_=writer, method=FOUND, offset=0, what="is handed location"),
        FlowStep(class_=writer, method=FOUND, offset=offset_of(indexes, opcode), what="keeps it in x.Main.place"),
        FlowStep(class_=reader, method=read, offset=0, what="calls java.net.URL.openConnection"),
    )
    flow = Behaviour(id="flow.location-network", title="", evidence=(), data="location", source="s", steps=steps)
    (found,) = ScreenOrder(indexes).with_possible_order([flow])
    return found.told


def test_what_is_filled_after_the_screen_was_made_comes_too_late() -> None:
    assert not told(listener(), main())
    assert not told(listener(), main("onResume()V"))


def test_what_is_read_later_is_told() -> None:
    assert told(listener(), main(), read="onStop()V")
    assert told(listener(), main(), reader="x.Other")


@pytest.mark.parametrize("later", [CREATE.replace("onCreate", "onPostCreate"), "show()V", "attachBaseContext()V"])
def test_what_other_methods_make_is_told(later: str) -> None:
    assert told(listener(), main(later))


@pytest.mark.parametrize(
    "more",
    [
        Class("Lx/Other;", [method("f()V", MAKES)]),
        Class("Lx/Other;", [method("f()V", const_string("x.Main$1"))]),
        Class("Lx/Other;", [method("f()V", (0x001C, Ref("type", "Lx/Main$1;")))]),
        Class("Lx/Main$2;", [method("f()V")], parent="Lx/Main$1;"),
        Class("Lx/Other;", [method("f()V", invoke("Lx/Main;->onDestroy()V", 0, opcode=0x6E))]),
        Class("Lx/Other;", [method("f()V", invoke(f"Lx/Main;->{CREATE}", 0, 1, opcode=0x6E))]),
        Class("Lx/Other;", [method("f()V", new(0, "Lx/Main;"))]),
        Class("Lx/Other;", [method("f()V", (0x001F, Ref("type", "Lx/Main;")))]),
        Class("Lx/Other;", [method("f()V", (0x0062, Ref("field", "Lx/Keep;->last:Lx/Main;")))]),
    ],
    ids=[
        "made elsewhere", "named in a text", "named as a value", "below it", "calls the later method",
        "creates it again", "makes the screen", "takes one out", "keeps one",
    ],
)  # fmt: skip
def test_where_something_else_may_lead_there_it_is_told(more: Class) -> None:
    assert told(listener(), main(), more)


def test_calls_of_the_same_method_above_change_nothing() -> None:
    heir = Class("Lx/Heir;", [method(CREATE, invoke(f"Lx/Main;->{CREATE}", 2, 3, opcode=0x6F))], parent="Lx/Main;")
    assert not told(listener(), main(), heir)


def test_what_fills_the_field_of_another_object_is_told() -> None:
    assert told(listener((0x2054, ANY, 0x005B, PLACE)), main())
    assert told(listener((0x325B, PLACE)), main())
    assert told(listener(FILLS), main(), opcode=0x54)
    assert told(listener((0x0071, Ref("method", "Lx/K;->main()Lx/Main;"), 0, 0x000C, 0x005B, PLACE)), main())


def test_only_screens_are_made_so() -> None:
    assert told(listener(), main(parent="Ljava/lang/Object;"))
    assert told(listener(parent="Landroid/view/View;"), main())
    assert told(listener(), main(), writer="x.Main")
