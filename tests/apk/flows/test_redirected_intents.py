"""What is put into an Intent for one component is read by that one alone, unless some code gives it another."""

import pytest

from tests.apk.dex.assembler import RETURN, Class, Method, Ref
from tests.apk.flows.test_find_flows import (
    READ,
    SAY,
    STATIC,
    TEXT,
    Code,
    activity,
    create,
    ids,
    invoke,
    join,
    new,
    result,
    text,
)

INTENT = "Landroid/content/Intent;"
PUT = f"{INTENT}->putExtra({TEXT}{TEXT}){INTENT}"
GET = f"{INTENT}->getStringExtra({TEXT}){TEXT}"
FOUND = ["flow.imei-log"]
SET_CLASS = invoke(f"{INTENT}->setClass(Landroid/content/Context;Ljava/lang/Class;){INTENT}", 2, 9, 4, opcode=0x6E)


def names(component: str) -> Code:
    return (0x041C, Ref("type", component))


def intent_for(component: str) -> Code:
    """Make an Intent in register 2."""
    constructor = f"{INTENT}-><init>(Landroid/content/Context;Ljava/lang/Class;)V"
    return join(new(2, INTENT), names(component), invoke(constructor, 2, 9, 4, opcode=0x70))


def sender(*parts: Code) -> Class:
    put = join(text(0, "k"), invoke(PUT, 2, 0, 1, opcode=0x6E))
    return activity(create(READ, *parts[:1], put, *parts[1:]))


ASKS = join(
    invoke(f"Lx/Other;->getIntent(){INTENT}", 3, opcode=0x6E), result(2), text(0, "k"),
    invoke(GET, 2, 0, opcode=0x6E), result(1), SAY,
)  # fmt: skip
READER = activity(create(ASKS), name="Lx/Other;")
THIRD = activity(name="Lx/Third;")


@pytest.mark.parametrize(("component", "expected"), [("Lx/Other;", FOUND), ("Lx/Third;", [])])
def test_only_the_component_that_it_is_for_reads_it(component: str, expected: list[str]) -> None:
    assert ids(sender(intent_for(component)), READER, THIRD) == expected


def test_what_a_component_inherits_reads_for_it() -> None:
    below = Class("Lx/Third;", parent="Lx/Other;")
    assert ids(sender(intent_for("Lx/Third;")), READER, below) == FOUND


def test_what_is_no_component_may_read_for_any() -> None:
    helper = Class("Lx/Help;", [Method(f"of({INTENT})V", join(ASKS, (RETURN,)), access=STATIC, registers=10, ins=1)])
    calls = activity(create(invoke(f"Lx/Help;->of({INTENT})V", 1)), name="Lx/Other;")
    assert ids(sender(intent_for("Lx/Third;")), calls, helper, THIRD) == FOUND


def test_an_inner_class_reads_for_the_component_around_it() -> None:
    inner = Class("Lx/Other$1;", [Method("run()V", join(ASKS, (RETURN,)), access=STATIC, registers=10)])
    calls = activity(create(invoke("Lx/Other$1;->run()V")), name="Lx/Other;")
    assert ids(sender(intent_for("Lx/Other;")), calls, inner, THIRD) == FOUND
    assert ids(sender(intent_for("Lx/Third;")), calls, inner, THIRD) == []


def test_an_intent_that_gets_another_component_afterwards_hides_nothing() -> None:
    assert ids(sender(intent_for("Lx/Third;"), join(names("Lx/Other;"), SET_CLASS)), READER, THIRD) == FOUND


def test_a_method_that_is_handed_the_intent_may_give_it_another() -> None:
    turns = Method(
        f"turn({INTENT})V", join((0x9207,), names("Lx/Other;"), SET_CLASS, (RETURN,)),
        access=STATIC, registers=10, ins=1,
    )  # fmt: skip
    assert ids(sender(intent_for("Lx/Third;")), READER, THIRD, Class("Lx/Turn;", [turns])) == FOUND


def test_an_intent_that_gets_its_component_where_it_is_made_is_for_that_alone() -> None:
    made = join(new(2, INTENT), invoke(f"{INTENT}-><init>()V", 2, opcode=0x70))
    other = Class("Lx/Else;", [Method("f()V", join(made, names("Lx/Third;"), SET_CLASS, (RETURN,)), registers=10)])
    assert ids(sender(intent_for("Lx/Third;")), READER, THIRD, other) == []


def test_an_intent_without_a_component_may_be_for_any() -> None:
    made = join(new(2, INTENT), invoke(f"{INTENT}-><init>()V", 2, opcode=0x70))
    assert ids(sender(made), READER, THIRD) == FOUND
