"""Libraries that send under other names: known by their messages and by what their methods take."""

from typing import Any

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows.program import Program
from phone_audit.apk.flows.renamed_libraries import RenamedLibraries
from phone_audit.apk.flows.sources import sources_of
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.flows.test_find_flows import (
    LOG,
    READ,
    SAY,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    flows,
    ids,
    invoke,
    join,
    member,
    new,
    result,
    text,
)

OBJECTS = "[Ljava/lang/Object;"
EMIT = f"a({TEXT}{OBJECTS})La/Emitter;"
NULL = (0x0012, 0x0011)
IF = (0x0138, 2)
"""Whatever v1 is, the next instruction follows; it begins a block."""


def says(*messages: str) -> Method:
    """A method in whose code texts stand."""
    return Method("b()V", join(*(text(0, one) for one in messages), (RETURN,)), direct=False, registers=4, ins=1)


def socket(*messages: str, takes: str = EMIT, owner: str = "La/S;") -> Class:
    return Class(owner, [says(*messages), Method(takes, NULL, direct=False, registers=6, ins=3)])


def emits(takes: str = EMIT, owner: str = "La/S;") -> Code:
    return join(READ, new(2, owner), invoke(f"{owner}->{takes}", 2, 1, 1, opcode=0x6E))


KNOWN = ("emitting event %s", "calling ack %s with %s")


@pytest.mark.parametrize(
    ("messages", "takes", "expected"),
    [
        (KNOWN, EMIT, ["flow.imei-network"]),
        (KNOWN[:1], EMIT, []),
        (("emitting event %s!", KNOWN[1]), EMIT, []),
        (KNOWN, f"a({TEXT}{TEXT})La/Emitter;", []),
        (KNOWN, f"a({TEXT}{OBJECTS})V", []),
    ],
)
def test_a_class_is_known_by_all_its_messages_and_a_method_by_what_it_takes(
    messages: tuple[str, ...], takes: str, expected: list[str]
) -> None:
    assert ids(activity(create(emits(takes))), socket(*messages, takes=takes)) == expected


def test_what_stands_beside_a_library_under_its_own_name_is_its_own() -> None:
    beside = "Lio/socket/client/Inner;"
    under_own_name = Class("Lio/socket/client/Socket;", [says()])
    assert ids(activity(create(emits(owner=beside))), socket(*KNOWN, owner=beside), under_own_name) == []
    assert ids(activity(create(emits(owner=beside))), socket(*KNOWN, owner=beside)) == ["flow.imei-network"]
    assert ids(activity(create(emits())), socket(*KNOWN), under_own_name) == ["flow.imei-network"]


@pytest.mark.parametrize(("message", "expected"), [("Request{method=", ["flow.imei-network"]), ("Request[", [])])
def test_a_call_is_known_by_the_request_that_it_is_handed(message: str, expected: list[str]) -> None:
    request = Class("Lb/Q;", [says(message)])
    call = Class("Lb/C;", [says("Already Executed"), Method("<init>(Lb/Q;Z)V", registers=4, ins=3)])
    made = join(READ, new(2, "Lb/Q;"), member(1, 2, f"Lb/Q;->url:{TEXT}", put=True))
    sends = join(made, new(3, "Lb/C;"), invoke("Lb/C;-><init>(Lb/Q;Z)V", 3, 2, 0, opcode=0x70))
    assert ids(activity(create(sends)), request, call) == expected


def test_what_the_library_asks_a_class_of_the_package_for_is_sent() -> None:
    gives = "g()Ljava/util/Map;"
    maps = join(READ, new(2, "Ljava/util/HashMap;"))
    filled = join(maps, invoke("Ljava/util/HashMap;->add(Ljava/lang/Object;)Z", 2, 1, opcode=0x6E), (0x0211,))
    request = Class("Lc/R;", [says("Encoding not supported: "), Method(gives, NULL, direct=False, ins=1)])
    own = Class("Lx/Own;", [Method(gives, filled, direct=False, registers=4, ins=1)], parent="Lc/R;")
    other = Class("Lx/Own;", [Method(gives, filled, direct=False, registers=4, ins=1)])
    makes = activity(create(new(1, "Lx/Own;"), invoke(f"Lx/Own;->{gives}", 1, opcode=0x6E)))
    assert ids(makes, request, own) == ["flow.imei-network"]
    assert ids(makes, request, other) == []


@pytest.mark.parametrize("messages", [KNOWN, KNOWN[:1]])
def test_what_a_class_with_such_messages_does_itself_is_told_as_well(messages: tuple[str, ...]) -> None:
    logs = join(invoke(LOG, 4, 4), NULL)
    own = Class("La/S;", [says(*messages), Method(EMIT, logs, direct=False, registers=6, ins=3)])
    assert "flow.imei-log" in ids(activity(create(emits())), own)
    concat = "Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;"
    plain = join(text(0, "http://x.example/?i="), invoke(concat, 0, 5, opcode=0x6E), result(1))
    loads = join(plain, invoke(WEB, 2, 1, opcode=0x6E), NULL)
    own = Class("La/S;", [says(*messages), Method(EMIT, loads, direct=False, registers=7, ins=3)])
    assert True in {one.cleartext for one in flows(activity(create(emits())), own)}


def test_each_message_is_looked_for_once_however_many_classes_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def users(program: Program, *given: Any) -> Any:
        asked.append(given)
        return search(program, *given)

    def searches(count: int) -> int:
        messages = says("Already Executed", "Request{method=")
        takes = Method("<init>(Lb/C0;Z)V", (RETURN,), registers=4, ins=3)
        classes = [Class(f"Lb/C{at};", [messages, takes]) for at in range(count)]
        program = Program(index_file(read_dex("classes.dex", assemble(classes))))
        asked.clear()
        assert len(RenamedLibraries(program, sources_of(load_knowledge()).libraries.renamed).sinks) == count
        return len(asked)

    asked: list[object] = []
    search = Program.users
    monkeypatch.setattr(Program, "users", users)
    assert searches(8) == searches(2)


def test_what_such_a_class_hands_to_itself_is_told_once() -> None:
    inner = EMIT.replace("a(", "c(")
    hands = join(invoke(f"La/S;->{inner}", 3, 4, 5, opcode=0x6E), NULL)
    own = [Method(EMIT, hands, direct=False, registers=6, ins=3), Method(inner, NULL, direct=False, registers=6, ins=3)]
    assert ids(activity(create(emits())), Class("La/S;", [says(*KNOWN), *own])) == ["flow.imei-network"]


def test_a_long_way_inside_such_a_class_leaves_enough_for_what_follows_the_call() -> None:
    goes_on = join(*[(0x0112,)] * 2_100, NULL)  # const/4 v1, 0
    own = Class("La/S;", [says(*KNOWN), Method(EMIT, goes_on, direct=False, registers=6, ins=3)])
    assert ids(activity(create(emits(), IF, SAY)), own) == ["flow.imei-log", "flow.imei-network"]
