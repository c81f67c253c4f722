"""Objects of the package's own classes that an Intent carries: each of their fields is followed by itself."""

import pytest

from tests.apk.dex.assembler import RETURN, Class, Method, Ref
from tests.apk.flows.test_find_flows import (
    ACTIVITY,
    READ,
    SAY,
    TEXT,
    Code,
    activity,
    create,
    ids,
    invoke,
    join,
    member,
    new,
    result,
    text,
)

INTENT, BOX = "Landroid/content/Intent;", "Lx/Box;"
PUTS = f"{INTENT}->putExtra({TEXT}Ljava/io/Serializable;){INTENT}"
GETS = f"{INTENT}->getSerializableExtra({TEXT})Ljava/io/Serializable;"
NAME, NUMBER = f"{BOX}->name:{TEXT}", f"{BOX}->number:{TEXT}"
MAP = "Ljava/util/HashMap;"
STREAM = "Ljava/io/ObjectOutputStream;"
AS_BOX = (0x041F, Ref("type", BOX))
SENT = join(new(5, INTENT), text(6, "box"), invoke(PUTS, 5, 6, 4, opcode=0x6E))
TAKEN = join(
    invoke(f"{ACTIVITY}->getIntent(){INTENT}", 9, opcode=0x6E),
    result(2),
    text(3, "box"),
    invoke(GETS, 2, 3, opcode=0x6E),
    result(4),
)
FILLED = join(READ, new(4, BOX), member(1, 4, NAME, put=True), text(0, "7"), member(0, 4, NUMBER, put=True))


def getter(name: str, field: str) -> Method:
    return Method(f"{name}(){TEXT}", join(member(0, 1, field, put=False), (0x0011,)), direct=False, registers=2, ins=1)


def said(*reads: Code, parent: str = "Ljava/lang/Object;", fills: Code = FILLED) -> list[str]:
    box = Class(BOX, [getter("getName", NAME), getter("getNumber", NUMBER)], parent=parent)
    other = Class("Lx/Other;", [create(TAKEN, *reads, SAY)], parent=ACTIVITY)
    return ids(activity(create(fills, SENT)), other, box)


@pytest.mark.parametrize(("field", "found"), [(NAME, ["flow.imei-log"]), (NUMBER, [])])
def test_a_field_that_is_read(field: str, found: list[str]) -> None:
    assert said(AS_BOX, member(1, 4, field, put=False)) == found


@pytest.mark.parametrize(("name", "found"), [("getName", ["flow.imei-log"]), ("getNumber", [])])
def test_a_method_that_gives_a_field(name: str, found: list[str]) -> None:
    assert said(AS_BOX, invoke(f"{BOX}->{name}(){TEXT}", 4, opcode=0x6E), result(1)) == found


def test_what_takes_the_whole_object_takes_its_fields() -> None:
    as_text = join(invoke(f"Ljava/lang/String;->valueOf(Ljava/lang/Object;){TEXT}", 4), result(1))
    assert said(as_text) == ["flow.imei-log"]
    sends = join(
        new(1, "Ljava/net/Socket;"),
        invoke("Ljava/net/Socket;->getOutputStream()Ljava/io/OutputStream;", 1, opcode=0x6E),
        result(1),
        new(2, STREAM),
        invoke(f"{STREAM}-><init>(Ljava/io/OutputStream;)V", 2, 1, opcode=0x70),
        invoke(f"{STREAM}->writeObject(Ljava/lang/Object;)V", 2, 4, opcode=0x6E),
        text(1, "x"),
    )
    assert said(sends) == ["flow.imei-network"]


def test_what_an_object_holds_elsewhere_than_in_fields() -> None:
    put, get = (
        "put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;",
        "get(Ljava/lang/Object;)Ljava/lang/Object;",
    )
    fills = join(READ, new(4, BOX), text(6, "k"), invoke(f"{MAP}->{put}", 4, 6, 1, opcode=0x6E))
    reads = join(text(6, "k"), invoke(f"{MAP}->{get}", 4, 6, opcode=0x6E), result(1))
    assert said(reads, parent=MAP, fills=fills) == ["flow.imei-log"]


def test_a_field_that_is_set_by_reflection() -> None:
    sets = "Ljava/lang/reflect/Field;->set(Ljava/lang/Object;Ljava/lang/Object;)V"
    fills = join(READ, new(4, BOX), invoke(sets, 5, 4, 1, opcode=0x6E))
    assert said(AS_BOX, member(1, 4, NUMBER, put=False), fills=fills) == ["flow.imei-log"]


def test_a_field_of_what_is_made_from_data_is_data() -> None:
    """An answer that was read into an object of the package, as Gson does, holds data in any field."""
    makes = "Lcom/google/gson/Gson;->fromJson(Ljava/lang/String;Ljava/lang/Class;)Ljava/lang/Object;"
    reads = join(READ, invoke(makes, 5, 1, 6, opcode=0x6E), result(4), AS_BOX, member(1, 4, NUMBER, put=False), SAY)
    assert ids(activity(create(reads, (RETURN,))), Class(BOX, [])) == ["flow.imei-log"]


MAKES = "Lcom/google/gson/Gson;->fromJson(Ljava/lang/String;Ljava/lang/Class;)Ljava/lang/Object;"
MADE = join(READ, invoke(MAKES, 5, 1, 6, opcode=0x6E), result(4), AS_BOX)
READ_NUMBER = (AS_BOX, member(1, 4, NUMBER, put=False))


def test_what_is_made_from_data_is_data_also_where_a_method_puts_it() -> None:
    """The box is made of an answer, and handed to a method that starts the other screen with it."""
    start = Method(f"start({BOX})V", join((0x7407,), SENT, (RETURN,)), registers=8, ins=1, access=0x9)
    code = join(MADE, invoke(f"Lx/Main;->start({BOX})V", 4))
    other = Class("Lx/Other;", [create(TAKEN, *READ_NUMBER, SAY)], parent=ACTIVITY)
    assert ids(activity(start, create(code)), other, Class(BOX, [])) == ["flow.imei-log"]


@pytest.mark.parametrize("fills", [join(FILLED, SENT, MADE), join(MADE, SENT, FILLED)])
def test_the_order_in_which_objects_are_put(fills: Code) -> None:
    assert set(said(*READ_NUMBER, fills=fills)) == {"flow.imei-log"}


def test_a_field_of_code_for_anybodys_data() -> None:
    pair, first = "Lkotlin/Pair;", "Lkotlin/Pair;->first:Ljava/lang/String;"
    makes = join(new(4, pair), text(1, "x"), member(1, 4, first, put=True), (RETURN,))
    makers = [Method(f"make{number}()V", makes, registers=8) for number in range(6)]
    fills = join(READ, new(4, pair), member(1, 4, first, put=True), SENT)
    other = Class("Lx/Other;", [create(TAKEN, member(1, 4, first, put=False), SAY)], parent=ACTIVITY)
    found = ids(activity(create(fills)), other, Class(pair, []), Class("Lx/Makers;", makers))
    assert found == ["flow.imei-log"]


def test_what_comes_into_an_array_in_a_field_later() -> None:
    texts = f"{BOX}->texts:[{TEXT}"
    fills = join(
        READ, new(4, BOX), (0x0012,), (0x0023 | 0x2 << 8 | 0x0 << 12, Ref("type", f"[{TEXT}")),
        member(2, 4, texts, put=True), (0x014D, 0x0002),
    )  # fmt: skip
    reads = join(AS_BOX, member(2, 4, texts, put=False), (0x0012,), (0x0146, 0x0002))
    assert said(reads, fills=fills) == ["flow.imei-log"]
