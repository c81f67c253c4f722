"""Objects that are handed over whole: what sends one, or makes JSON of it, takes all of its fields."""

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows import program
from phone_audit.apk.flows.call_graph import CallGraph
from phone_audit.apk.flows.whole_objects import WholeObjects
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.flows.test_find_flows import (
    READ,
    SAY,
    TEXT,
    activity,
    create,
    ids,
    invoke,
    join,
    member,
    new,
    result,
)
from tests.apk.flows.test_hostile_flows import told

OBJECT, USER = "Ljava/lang/Object;", "Lx/User;"
DATABASE = "Lcom/google/firebase/database/DatabaseReference;"
LIBRARY = Class(DATABASE, [Method(f"setValue({OBJECT})V", (RETURN,), direct=False, registers=4, ins=2)])
GSON = Class("Lcom/google/gson/Gson;", [Method(f"toJson({OBJECT}){TEXT}", (0x0012, 0x0011), direct=False, ins=2)])
LISTENER = f"Lx/Listens;->user:{USER}"


def user(parent: str | None = None, more: int = 0) -> Class:
    """A class that keeps what its constructor is handed, and may have more fields."""
    made = join(member(3, 2, f"{USER}->id:{TEXT}", put=True), (RETURN,))
    fields = [*[(f"a{number:04}", "") for number in range(more)], ("id", "")]
    return Class(USER, [Method(f"<init>({TEXT})V", made, registers=4, ins=2)], fields, parent)


def listens(*code: object, field: str = LISTENER) -> Class:
    """A class that is handed such an object, keeps it, and does something with it when it is called."""
    kept = join(member(3, 2, field, put=True), (RETURN,))
    gets = join(member(2, 7, field, put=False), *code, (RETURN,))  # type: ignore[arg-type]
    return Class(
        "Lx/Listens;",
        [
            Method(f"<init>({USER})V", kept, registers=4, ins=2),
            Method("run()V", gets, direct=False, registers=8, ins=1),
        ],
        interfaces=["Ljava/lang/Runnable;"],
    )


SENDS = join(new(3, DATABASE), invoke(f"{DATABASE}->setValue({OBJECT})V", 3, 2, opcode=0x6E))
MAKES = join(
    READ,
    new(2, USER),
    invoke(f"{USER}-><init>({TEXT})V", 2, 1, opcode=0x70),
    new(3, "Lx/Listens;"),
    invoke(f"Lx/Listens;-><init>({USER})V", 3, 2, opcode=0x70),
)


@pytest.mark.parametrize(
    ("parent", "expected"), [(None, ["flow.imei-network"]), (OBJECT, ["flow.imei-network"]), ("Lx/Screen;", [])]
)
def test_all_fields_of_what_only_keeps_values_are_sent(parent: str | None, expected: list[str]) -> None:
    screen = Class("Lx/Screen;", parent="Landroid/app/Activity;")
    assert ids(activity(create(MAKES)), user(parent), listens(SENDS), LIBRARY, screen) == expected


def test_no_number_of_fields_hides_one_and_too_many_are_told() -> None:
    assert told(activity(create(MAKES)), user(more=200), listens(SENDS), LIBRARY) == (["flow.imei-network"], True)
    assert told(activity(create(MAKES)), user(more=1_100), listens(SENDS), LIBRARY) == ([], False)


def test_an_object_of_another_class_holds_none_of_them() -> None:
    other = join(new(2, "Lx/Other;"), SENDS)
    assert ids(activity(create(MAKES)), user(), listens(other), LIBRARY, Class("Lx/Other;")) == []
    assert ids(activity(create(MAKES)), user(), listens(), LIBRARY) == []


def test_so_does_json_that_is_made_of_it() -> None:
    makes = join(
        new(3, "Lcom/google/gson/Gson;"), invoke(f"Lcom/google/gson/Gson;->toJson({OBJECT}){TEXT}", 3, 2, opcode=0x6E)
    )
    assert ids(activity(create(MAKES)), user(), listens(makes, result(1), SAY), GSON) == ["flow.imei-log"]
    assert ids(activity(create(MAKES)), user(), listens(makes, SAY), GSON) == []


def test_what_makes_a_listener_that_sends_is_near_a_way_out() -> None:
    indexes = index_file(read_dex("classes.dex", assemble([activity(create(MAKES)), user(), listens(SENDS), LIBRARY])))
    graph = CallGraph(indexes)
    numbers = {indexes[0].row_name(row).partition("(")[0]: row for row in range(indexes[0].methods.method.size)}
    sends = graph.flags([program.Method(0, numbers["run"])])
    assert not graph.callers_of(sends)[numbers["onCreate"]]
    assert graph.leading_to(sends, ())[numbers["onCreate"]]
    assert graph.leading_to(sends, (b"Lx/",))[numbers["onCreate"]]
    assert not graph.leading_to(sends, (b"Ly/",))[numbers["onCreate"]]


def test_classes_that_derive_from_each_other_are_survived() -> None:
    circle = [Class(USER, statics=[("id", "")], parent="Lx/Above;"), Class("Lx/Above;", parent=USER)]
    (index,) = index_file(read_dex("classes.dex", assemble(circle)))
    assert WholeObjects(program.Program([index]), ()).handing_over([USER.encode()]) == set()


@pytest.mark.parametrize("kind", ["Lx/Sent;", f"{DATABASE[:-1]}$CompletionListener;"])
def test_fields_of_an_object_are_sent_beside_what_is_called_back(kind: str) -> None:
    signature = f"setValue({OBJECT}{kind})V"
    library = Class(DATABASE, [Method(signature, (RETURN,), direct=False, registers=5, ins=3)])
    sends = join(new(3, DATABASE), invoke(f"{DATABASE}->{signature}", 3, 2, 4, opcode=0x6E))
    assert ids(activity(create(MAKES)), user(), listens(sends), library) == ["flow.imei-network"]


def test_fields_of_what_is_called_back_are_not_sent() -> None:
    client = "Lorg/xmlrpc/android/XMLRPCClient;"
    signature = f"call(Lx/Callback;{TEXT})V"
    library = Class(client, [Method(signature, (RETURN,), direct=False, registers=5, ins=3)])
    sends = join(new(3, client), invoke(f"{client}->{signature}", 3, 2, 4, opcode=0x6E))
    assert ids(activity(create(MAKES)), user(), listens(sends), library) == []
