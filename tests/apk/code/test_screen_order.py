"""What is read while a screen is made, and filled only by what it makes later; and where that is not sure."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.code import callers
from phone_audit.apk.code.screen_order import ScreenOrder
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.package_code import read_code
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour, Component, FlowStep
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string
from tests.apk.flows.test_find_flows import Code, invoke, join, new

CREATE = "onCreate(Landroid/os/Bundle;)V"
FOUND = "onLocationChanged(Landroid/location/Location;)V"
INIT = "<init>(Lx/Main;)V"
OUTER = Ref("field", "Lx/Main$1;->this$0:Lx/Main;")
PLACE = Ref("field", "Lx/Main;->place:Ljava/lang/Object;")
ACTIVITY = "Landroid/app/Activity;"
FILLS: Code = (0x2054, OUTER, 0x035B, PLACE)
"""iget-object v0, v2, this$0; iput-object v3 into v0.place"""
MAKES = join(new(0, "Lx/Main$1;"), invoke(f"Lx/Main$1;->{INIT}", 0, 3, opcode=0x70))
LOGS = join((0x2154, PLACE), invoke("Landroid/util/Log;->d(Ljava/lang/Object;)I", 1, opcode=0x71))
"""iget-object v1, v2, place; it goes into the log"""


def method(signature: str, *code: Code, ins: int = 2, access: int = 1) -> Method:
    return Method(signature, join(*code, (RETURN,)), direct=False, access=access, registers=4, ins=ins)


def listener(*more: Method, parent: str = "Ljava/lang/Object;") -> Class:
    makes = Method(INIT, join((0x325B, OUTER), (RETURN,)), registers=4, ins=2, access=1)
    location = "Landroid/location/LocationListener;"
    return Class("Lx/Main$1;", [makes, method(FOUND, FILLS), *more], parent=parent, interfaces=(location,))


def main(later: str = "onDestroy()V", *more: Method, parent: str = ACTIVITY, reads: Code = LOGS) -> Class:
    return Class("Lx/Main;", [method(CREATE, reads), method(later, MAKES, ins=1), *more], parent=parent)


def other(*code: Code, name: str = "onDestroy()V") -> Class:
    """Return another class; its method is called like one that may make the listener."""
    return Class("Lx/Other;", [method(name, *code, ins=1)])


def told(
    *classes: Class,
    read: str = CREATE,
    reader: str = "x.Main",
    writer: str = "x.Main$1",
    kept: str = "keeps it in x.Main.place",
) -> bool:
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    steps = (
        FlowStep(class_=writer, method=FOUND, offset=0, what="is handed location"),
        FlowStep(class_=writer, method=FOUND, offset=0, what=kept),
        FlowStep(class_=reader, method=read, offset=0, what="calls java.net.URL.openConnection"),
    )
    flow = Behaviour(id="flow.location-network", title="", evidence=(), data="location", source="s", steps=steps)
    (found,) = ScreenOrder(indexes).with_possible_order([flow])
    return found.told


@pytest.mark.parametrize(
    "later", ["onDestroy()V", "onResume()V", "onStart()V", "onStop()V", "onPause()V", "onRestart()V"]
)
def test_what_is_filled_after_the_screen_was_made_comes_too_late(later: str) -> None:
    assert not told(listener(), main(later))


@pytest.mark.parametrize("later", [CREATE.replace("onCreate", "onPostCreate"), "show()V", "attachBaseContext()V"])
def test_what_other_methods_make_is_told(later: str) -> None:
    assert told(listener(), main(later))


def test_what_is_read_or_kept_elsewhere_is_told() -> None:
    assert told(listener(), main(), read="onStop()V")
    assert told(listener(), main(), reader="x.Other")
    assert told(listener(), main(), writer="x.Main")
    assert told(listener(), main(), kept="puts it under the name 'x.Main.place'")
    assert told(listener(), main(), kept="keeps it in x.Other.place")


TYPE = Ref("type", "Lx/Main;")
HEIR = Class("Lx/Heir;", [method("onStop()V")], parent="Lx/Main;")


@pytest.mark.parametrize(
    "more",
    [
        other(MAKES),
        other((0x001C, Ref("type", "Lx/Main$1;"))),
        other(const_string("x.Main$1")),
        Class("Lx/Main$2;", [method("onDestroy()V")], parent="Lx/Main$1;"),
    ],
    ids=["made", "as a value", "in a text", "below it"],
)
def test_where_something_else_may_make_the_listener_it_is_told(more: Class) -> None:
    assert told(listener(), main(), more)


@pytest.mark.parametrize(
    "more",
    [
        other((0x0022, TYPE)),
        other((0x001F, TYPE)),
        other((0x0062, Ref("field", "Lx/Keep;->last:Lx/Main;"))),
        other((0x2054, Ref("field", "Lx/Keep;->last:Lx/Main;"))),
        other((0x0023, Ref("type", "[Lx/Main;"))),
        other(invoke("Lx/Keep;->main()Lx/Main;", 0, opcode=0x71)),
        other(invoke("Lx/Keep;->keep(Lx/Main;)V", 0, opcode=0x71)),
        Class("Lx/Heir;", [method("f()V")], parent="Lx/Main;"),
    ],
    ids=["made", "cast", "static", "field", "array", "given", "handed", "below it"],
)
def test_where_code_may_get_hold_of_a_screen_it_is_told(more: Class) -> None:
    assert told(listener(), main(), more)


def test_an_intent_names_a_screen_and_does_not_get_hold_of_it() -> None:
    assert not told(listener(), main(), other((0x001C, TYPE)))


@pytest.mark.parametrize(
    "call",
    [
        invoke(f"Lx/Main;->{CREATE}", 0, 1, opcode=0x6E),
        invoke(f"{ACTIVITY}->{CREATE}", 0, 1, opcode=0x6E),
        invoke(f"{ACTIVITY}->onCreate(Landroid/os/Bundle;Landroid/os/PersistableBundle;)V", 0, 1, 2, opcode=0x6E),
        invoke("Lx/Main;->onDestroy()V", 0, opcode=0x6E),
        invoke("Landroid/app/Instrumentation;->callActivityOnCreate()V", 0, opcode=0x6E),
        const_string("onCreate"),
        const_string("onStop"),
    ],
)
def test_where_code_may_call_what_android_calls_it_is_told(call: Code) -> None:
    assert told(listener(), main(), other(call, name="f()V"))


def test_calls_above_and_of_other_classes_change_nothing() -> None:
    super_call = invoke(f"{ACTIVITY}->{CREATE}", 2, 3, opcode=0x6F)
    assert not told(listener(), main(reads=join(super_call, LOGS)))
    own = Class("Lx/Own;", [method("onDestroy()V")])
    assert not told(listener(), main(), own, other(invoke("Lx/Own;->onDestroy()V", 0, opcode=0x6E), name="f()V"))


def test_a_static_field_is_told() -> None:
    assert told(listener(), main(reads=(0x0062, PLACE)))
    assert told(listener(), main(), other((0x0069, PLACE), name="f()V"))


def test_only_screens_are_made_so() -> None:
    assert told(listener(), main(parent="Ljava/lang/Object;"))
    assert told(listener(parent="Landroid/view/View;"), main())


def test_what_is_too_much_to_look_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "MAX_SEARCHES", 1)
    assert told(listener(), main())


def flows(*classes: Class) -> Sequence[Behaviour]:
    screen = Component(kind="activity", name="x.Main", exported=True, permission=None, actions=())
    permission = "android.permission.ACCESS_FINE_LOCATION"
    declared = Declared((permission,), (screen,), "x", active=frozenset({"x.Main"}))
    data = assemble(sorted(classes, key=lambda one: one.name))
    found = read_code([("classes.dex", data)], load_knowledge(), declared).behaviours
    return [one for one in found if one.id == "flow.location-log"]


def test_the_flow_stays_listed_and_is_not_told() -> None:
    (late,) = flows(listener(), main())
    assert not late.told
    (shown,) = flows(listener(), main(CREATE.replace("onCreate", "onPostCreate")))
    assert shown.told


def test_damaged_tables_are_survived() -> None:
    data = assemble(sorted([listener(), main()], key=lambda one: one.name))
    steps = tuple(
        FlowStep(class_=class_, method=name, offset=0, what=what)
        for class_, name, what in (("x.Main$1", FOUND, "keeps it in x.Main.place"), ("x.Main", CREATE, "calls a.B.c"))
    )
    flow = Behaviour(id="flow.location-log", title="", evidence=(), data="location", source="s", steps=steps)
    for at in range(0x70, len(data)):
        indexes = index_file(read_dex("classes.dex", data[:at] + b"\xff" + data[at + 1 :]))
        assert len(list(ScreenOrder(indexes).with_possible_order([flow]))) == 1
