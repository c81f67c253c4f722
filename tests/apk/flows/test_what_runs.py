"""Which methods count as run: what code makes or names, overrides of classes outside, native code, reflection."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows.find import Flows
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import (
    ACTIVITY,
    CREATE,
    READ,
    SAY,
    STATIC,
    TEXT,
    Code,
    activity,
    create,
    invoke,
    join,
    new,
    result,
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
STATIC_CALL = 0x71
_LONG = 400
BODY = join(READ, SAY, (RETURN,))


def leaks(signature: str, *, direct: bool = False) -> Method:
    return Method(signature, BODY, direct=direct, registers=10, access=STATIC if direct else 1)


def found(
    *classes: Class,
    active: frozenset[str] = frozenset({"x.Main"}),
    files: Sequence[bytes] = (),
    library: str = "?",
) -> Flows:
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    return flows_in(indexes, active, off={"x.Off"}, files=files, library=library)


def ids(*classes: Class, files: Sequence[bytes] = (), library: str = "?") -> list[str]:
    return [flow.id for flow in found(*classes, files=files, library=library).found]


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
    assert ids(activity(create(new(1, "Lx/F;"))), one, *others, library="x.F") == expected
    assert ids(activity(create(new(1, "Lx/F;"))), one, *others) == FOUND, "a library may call what is the package's own"
    assert ids(activity(create()), one, *others) == []


@pytest.mark.parametrize("name", ["finalize()V", "toString()Ljava/lang/String;", "hashCode()I"])
def test_what_any_object_is_asked_runs(name: str) -> None:
    makes = activity(create(new(1, "Lx/F;")))
    assert ids(makes, Class("Lx/F;", [leaks(name)], parent=OBJECT)) == FOUND
    assert ids(makes, Class("Lx/F;", [leaks(name, direct=True)], parent=OBJECT)) == []
    assert ids(activity(create()), Class("Lx/F;", [leaks(name)], parent=OBJECT)) == []


@pytest.mark.parametrize("direct", [True, False])
def test_native_code_may_call_what_its_class_holds(*, direct: bool) -> None:
    spy = leaks("spy()V", direct=direct)
    holds = Class("Lx/N;", [spy, Method("nat()V", None, access=STATIC | NATIVE)], parent=OBJECT)
    assert ids(activity(create()), holds) == FOUND
    apart = (Class("Lx/N;", [spy], parent=OBJECT), Class("Lx/M;", holds.methods[1:]))
    assert ids(activity(create()), *apart) == FOUND
    assert ids(activity(create()), *apart[:1]) == []


@pytest.mark.parametrize("names", [text(1, "x.X"), names_class("Lx/X;")])
def test_reflection_may_call_the_methods_of_a_class_that_is_named(names: Code) -> None:
    holds = Class("Lx/X;", [leaks("spy()V", direct=True)], parent=OBJECT)
    assert ids(activity(create(names, REFLECTS)), holds) == FOUND
    assert ids(activity(create(text(1, "x.Y"))), holds) == []


UNSEEN = [
    REFLECTS,
    invoke("Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;", 1, opcode=STATIC_CALL),
    invoke("Ljava/lang/System;->loadLibrary(Ljava/lang/String;)V", 1),
]


@pytest.mark.parametrize("calls", UNSEEN)
def test_anything_may_run_where_calls_stay_unseen(calls: Code) -> None:
    holds = Class("Lx/X;", [leaks("spy()V", direct=True)], parent=OBJECT)
    assert found(activity(create()), holds) == Flows((), True, 1.0)
    assert ids(activity(create(result(1), calls)), holds) == FOUND
    assert found(activity(create(READ, SAY, calls))).complete


def test_a_page_may_call_the_methods_of_an_object_that_is_handed_to_it() -> None:
    bridge = "Landroid/webkit/WebView;->addJavascriptInterface(Ljava/lang/Object;Ljava/lang/String;)V"
    one = Class("Lx/F;", [leaks("tell()V")], parent=OBJECT, interfaces=["Ljava/io/Serializable;"])
    assert ids(activity(create(new(1, "Lx/F;"), invoke(bridge, 2, 1, 3, opcode=0x6E))), one, library="x.F") == FOUND
    assert ids(activity(create(new(1, "Lx/F;"))), one, library="x.F") == []


def test_the_method_of_an_activity_that_the_manifest_names_is_still_an_entry() -> None:
    assert ids(Class("Lx/Main;", [leaks(CREATE)], parent=ACTIVITY)) == FOUND


def calls_start(name: str = "Lx/L;") -> Code:
    return invoke(f"{name}->start()V")


THREAD = Class("Lx/T;", [leaks("run()V")], parent="Ljava/lang/Thread;")
STARTS = Class("Lx/L;", [Method("start()V", join(new(1, "Lx/T;"), (RETURN,)), access=STATIC, registers=10)])


def test_a_library_that_nothing_starts_does_not_run() -> None:
    assert ids(activity(create()), THREAD, STARTS) == []
    assert ids(activity(create(calls_start())), THREAD, STARTS) == FOUND


def test_it_runs_where_only_an_initialiser_starts_it() -> None:
    begins = Method("<clinit>()V", join(calls_start(), (RETURN,)), access=STATIC | 0x10000)
    holds = Class("Lx/C;", [begins, Method("f()V", access=STATIC)], statics=[("kept", "")])
    assert ids(activity(create()), THREAD, STARTS, holds) == []
    assert ids(activity(create(invoke("Lx/C;->f()V"))), THREAD, STARTS, holds) == FOUND
    reads = (0x0162, Ref("field", f"Lx/C;->kept:{TEXT}"))
    assert ids(activity(create(reads)), THREAD, STARTS, holds) == FOUND


def test_numbers_that_only_look_like_a_call_start_nothing() -> None:
    number: Code = (0x0114, 0x0071, Ref("method", "Lx/L;->start()V"))  # const v1, whose upper half is a method_id
    assert ids(activity(create(number, (0x0000,))), THREAD, STARTS) == []


@pytest.mark.parametrize(("named", "expected"), [(b"\5x.V\0", FOUND), (b"x.V2", []), (b"", [])])
def test_android_makes_what_a_layout_names(named: bytes, expected: list[str]) -> None:
    view = Class("Lx/V;", [leaks("onDraw()V")], parent="Landroid/view/View;")
    assert ids(activity(create()), view, files=[named]) == expected


def test_a_class_that_the_manifest_names_outside_of_components_runs() -> None:
    factory = Class("Lx/F;", [leaks("instantiateClassLoader()V")], parent="Landroid/app/AppComponentFactory;")
    assert not found(activity(create()), factory).found
    assert found(activity(create()), factory, active=frozenset({"x.Main", "x.F"})).found


def test_what_overrides_a_method_of_another_part_runs() -> None:
    base = assemble([Class("Ly/Base;", [Method("go()V", (RETURN,), direct=False)], parent=OBJECT)])
    below = Class("Lx/B;", [leaks("go()V")], parent="Ly/Base;")
    main = assemble([activity(create(new(1, "Lx/B;"), invoke("Ly/Base;->go()V", 1, opcode=0x6E))), below])
    indexes = [*index_file(read_dex("classes.dex", main)), *index_file(read_dex("classes2.dex", base))]
    assert [flow.id for flow in flows_in(indexes, frozenset({"x.Main"})).found] == FOUND


def test_what_is_inherited_for_an_interface_runs() -> None:
    interface = Class("Lx/I;", [Method("go()V", None, direct=False, access=0x401)], access=0x601)
    base = Class("Lx/Base;", [leaks("go()V")], parent=OBJECT)
    below = Class("Lx/B;", parent="Lx/Base;", interfaces=["Lx/I;"])
    calls = invoke("Lx/I;->go()V", 1, opcode=0x72)
    assert ids(activity(create(new(1, "Lx/B;"), calls)), interface, base, below) == FOUND


def test_a_long_chain_of_calls_still_runs() -> None:
    chain = [Method(f"c{at}()V", join(invoke(f"Lx/L;->c{at + 1}()V"), (RETURN,)), access=STATIC) for at in range(_LONG)]
    last = Method(f"c{_LONG}()V", join(READ, SAY, (RETURN,)), access=STATIC, registers=10)
    assert ids(activity(create(invoke("Lx/L;->c0()V"))), Class("Lx/L;", [*chain, last])) == FOUND


def test_objects_that_are_read_from_bytes_may_be_of_any_class() -> None:
    reads = invoke("Ljava/io/ObjectInputStream;->readObject()Ljava/lang/Object;", 1, opcode=0x6E)
    holds = Class("Lx/X;", [leaks("onEvent()V")], parent=OBJECT, interfaces=["Ljava/io/Serializable;"])
    assert ids(activity(create()), holds) == []
    assert ids(activity(create(reads)), holds) == FOUND


CONCAT = "Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;"
FOR_NAME = "Ljava/lang/Class;->forName(Ljava/lang/String;)Ljava/lang/Class;"


def test_anything_may_run_where_a_class_is_looked_up_by_a_name_that_is_put_together() -> None:
    hidden = Class("Lx/Hidden;", [leaks("<clinit>()V", direct=True)])
    joined = join(
        text(1, "x.Hid"), text(2, "den"), invoke(CONCAT, 1, 2, opcode=0x6E), result(1),
        invoke(FOR_NAME, 1, opcode=STATIC_CALL),
    )  # fmt: skip
    assert ids(activity(create(joined)), hidden) == FOUND
    assert found(activity(create(text(1, "x.Hidden"))), RECEIVES).complete is True
