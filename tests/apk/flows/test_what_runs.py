"""Which methods count as run: what code makes or names, overrides of classes outside, native code, reflection."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows.find import Flows, find_flows
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.test_find_flows import (
    ACTIVITY,
    CREATE,
    READ,
    SAY,
    SOURCES,
    STATIC,
    Code,
    activity,
    create,
    invoke,
    join,
    new,
    text,
)

RECEIVER = "Landroid/content/BroadcastReceiver;"
RECEIVE = "onReceive(Landroid/content/Context;Landroid/content/Intent;)V"
OBJECT = "Ljava/lang/Object;"
FOUND = ["flow.imei-log"]
FIND_METHOD = "Ljava/lang/Class;->getMethod(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;"
REFLECTS = invoke(FIND_METHOD, 1, 2, 3, opcode=0x6E)
SWITCH = "Landroid/content/pm/PackageManager;->setComponentEnabledSetting"
NATIVE = 0x100
BODY = join(READ, SAY, (RETURN,))


def leaks(signature: str, *, direct: bool = False) -> Method:
    return Method(signature, BODY, direct=direct, registers=10, access=STATIC if direct else 1)


def found(*classes: Class) -> Flows:
    return find_flows(index_file(read_dex("classes.dex", assemble(classes))), SOURCES, frozenset({"x.Main"}))


def ids(*classes: Class) -> list[str]:
    return [flow.id for flow in found(*classes).found]


def names_class(name: str) -> Code:
    return (0x011C, Ref("type", name))


RECEIVES = Class("Lx/R;", [leaks(RECEIVE)], parent=RECEIVER)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (new(1, "Lx/R;"), FOUND),
        (names_class("Lx/R;"), FOUND),
        (text(1, "x.R"), FOUND),
        (new(1, "Lx/Below;"), FOUND),
        (new(1, "Lx/Else;"), []),
        ((0x011F, Ref("type", "Lx/R;")), []),  # check-cast makes nothing
        (text(1, "x.R2"), []),
    ],
)
def test_a_receiver_that_the_manifest_does_not_name_runs_where_code_makes_or_names_it(
    code: Code, expected: list[str]
) -> None:
    assert ids(activity(create(code)), RECEIVES, Class("Lx/Below;", parent="Lx/R;"), Class("Lx/Else;")) == expected


@pytest.mark.parametrize("parent", [ACTIVITY, "Landroid/app/Service;", "Landroid/content/ContentProvider;"])
def test_so_do_other_components(parent: str) -> None:
    off = Class("Lx/Off;", [leaks("onCreate()V")], parent=parent)
    assert ids(activity(create()), off) == []
    assert ids(activity(create(names_class("Lx/Off;"))), off) == FOUND
    assert ids(activity(create(new(1, "Lx/Off;"))), off) == FOUND


@pytest.mark.parametrize("switch", [f"{SWITCH}(Landroid/content/ComponentName;II)V", f"{SWITCH}s(Ljava/util/List;)V"])
def test_code_that_switches_components_on_may_switch_on_any(switch: str) -> None:
    off = activity(create(READ, SAY), name="Lx/Off;")
    assert ids(activity(create(invoke(switch, 1, 2, opcode=0x6E))), off) == FOUND


@pytest.mark.parametrize(
    ("parent", "interfaces", "expected"),
    [
        ("Landroid/app/AppComponentFactory;", (), FOUND),
        (OBJECT, ("Landroid/net/Made;",), FOUND),
        ("Lx/Base;", (), FOUND),
        ("Landroid/app/Brought;", (), FOUND),
        (OBJECT, (), []),
        (OBJECT, ("Ljava/io/Serializable;", "Ljava/lang/Cloneable;"), []),
        (OBJECT, ("Lx/Own;",), []),
    ],
)
def test_what_may_override_a_method_of_a_class_outside_runs(
    parent: str, interfaces: Sequence[str], expected: list[str]
) -> None:
    one = Class("Lx/F;", [leaks("instantiateClassLoader()V")], parent=parent, interfaces=interfaces)
    brought = Class("Landroid/app/Brought;", parent=OBJECT)
    others = (brought, Class("Lx/Base;", parent="Landroid/app/AppComponentFactory;"), Class("Lx/Own;", access=0x601))
    assert ids(activity(create()), one, *others) == expected


@pytest.mark.parametrize("name", ["finalize()V", "toString()Ljava/lang/String;", "hashCode()I"])
def test_what_any_object_is_asked_runs(name: str) -> None:
    assert ids(activity(create()), Class("Lx/F;", [leaks(name)], parent=OBJECT)) == FOUND
    assert ids(activity(create()), Class("Lx/F;", [leaks(name, direct=True)], parent=OBJECT)) == []


@pytest.mark.parametrize("direct", [True, False])
def test_native_code_may_call_what_its_class_holds(*, direct: bool) -> None:
    spy = leaks("spy()V", direct=direct)
    holds = Class("Lx/N;", [spy, Method("nat()V", None, access=STATIC | NATIVE)], parent=OBJECT)
    assert ids(activity(create()), holds) == FOUND
    apart = found(activity(create()), Class("Lx/N;", [spy], parent=OBJECT), Class("Lx/M;", holds.methods[1:]))
    assert (apart.found, apart.complete) == ((), False)


@pytest.mark.parametrize("names", [text(1, "x.X"), names_class("Lx/X;")])
def test_reflection_may_call_the_methods_of_a_class_that_is_named(names: Code) -> None:
    holds = Class("Lx/X;", [leaks("spy()V", direct=True)], parent=OBJECT)
    assert ids(activity(create(names, REFLECTS)), holds) == FOUND
    assert ids(activity(create(names)), holds) == []


UNSEEN = [
    REFLECTS,
    invoke("Ljava/lang/Class;->newInstance()Ljava/lang/Object;", 1, opcode=0x6E),
    invoke("Ljava/lang/System;->loadLibrary(Ljava/lang/String;)V", 1),
]


@pytest.mark.parametrize("calls", UNSEEN)
def test_what_does_not_run_is_no_certainty_where_calls_stay_unseen(calls: Code) -> None:
    holds = Class("Lx/X;", [leaks("spy()V", direct=True)], parent=OBJECT)
    assert found(activity(create()), holds) == Flows((), True, 1.0)
    assert found(activity(create(calls)), holds) == Flows((), False, 1.0)
    assert found(activity(create(READ, SAY, calls))).complete


def test_a_method_that_android_calls_by_its_name_runs_in_a_class_that_is_only_serializable() -> None:
    one = Class("Lx/F;", [leaks("onEvent()V")], parent=OBJECT, interfaces=["Ljava/io/Serializable;"])
    assert ids(activity(create()), one) == FOUND


def test_the_method_of_an_activity_that_the_manifest_names_is_still_an_entry() -> None:
    assert ids(Class("Lx/Main;", [leaks(CREATE)], parent=ACTIVITY)) == FOUND
