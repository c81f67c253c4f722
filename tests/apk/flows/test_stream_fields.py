"""A connection's stream that lies in a field: what another method writes to it leaves the phone."""

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows import stream_fields
from tests.apk.dex.assembler import RETURN, Class, Method, assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import (
    READ,
    STATIC,
    Code,
    activity,
    create,
    ids,
    invoke,
    join,
    member,
    new,
    result,
    static,
)
from tests.apk.flows.test_hostile_flows import told

SOCKET, OUT, WRITER = "Ljava/net/Socket;", "Ljava/io/OutputStream;", "Ljava/io/PrintWriter;"
STREAM = join(new(3, SOCKET), invoke(f"{SOCKET}->getOutputStream(){OUT}", 3, opcode=0x6E), result(4))
WRAPS = join(new(5, WRITER), invoke(f"{WRITER}-><init>({OUT})V", 5, 4, opcode=0x70))
FIELD = f"Lx/Main;->out:{WRITER}"
WRITES = invoke(f"{WRITER}->write(Ljava/lang/String;)V", 6, 1, opcode=0x6E)
KEEPS = join(STREAM, WRAPS, static(5, FIELD, put=True))
SAYS = join(static(6, FIELD, put=False), WRITES)
SENT = ["flow.imei-network"]


def method(name: str, *parts: Code, access: int = STATIC, ins: int = 0) -> Method:
    return Method(name, join(*parts, (RETURN,)), registers=10, access=access, ins=ins)


def main(*connecting: Code, says: Code = SAYS, more: tuple[Method, ...] = ()) -> Class:
    """A screen that connects in one method and says the IMEI in another."""
    calls = join(invoke("Lx/Main;->connect()V"), invoke("Lx/Main;->say()V"))
    return activity(method("connect()V", *connecting), method("say()V", READ, says), *more, create(calls))


def test_what_is_written_to_a_stream_in_a_static_field() -> None:
    assert ids(main(KEEPS)) == SENT


def test_what_is_written_to_a_stream_in_a_field_of_an_object() -> None:
    field = f"Lx/Main;->held:{WRITER}"
    keeps = join(STREAM, WRAPS, member(5, 7, field, put=True))
    says = join(member(6, 7, field, put=False), WRITES)
    assert ids(main(join(new(7, "Lx/Main;"), keeps), says=join(new(7, "Lx/Main;"), says))) == SENT


@pytest.mark.parametrize(
    "kept",
    [
        join(STREAM, (0x0407, 0x0007)),
        join(new(3, "Ljava/io/File;"), new(4, "Ljava/io/FileOutputStream;"), WRAPS, static(5, FIELD, put=True)),
        join(STREAM, WRAPS, static(5, f"Lx/Main;->other:{WRITER}", put=True)),
        (),
    ],
    ids=["only moved", "of a file", "in another field", "nothing"],
)
def test_other_streams_lead_nowhere(kept: Code) -> None:
    assert ids(main(kept)) == []


def test_a_stream_that_is_moved_and_wrapped_twice() -> None:
    buffered = "Ljava/io/BufferedOutputStream;"
    twice = join(
        STREAM, (0x4807,), new(4, buffered), invoke(f"{buffered}-><init>({OUT})V", 4, 8, opcode=0x70), WRAPS,
        (0x5907,), static(9, FIELD, put=True),
    )  # fmt: skip
    assert ids(main(twice)) == SENT


def test_a_stream_that_a_method_of_the_package_takes_into_the_field() -> None:
    takes = method(f"access$002(Lx/Main;{WRITER}){WRITER}", static(9, FIELD, put=True), ins=2)
    hands = join(STREAM, WRAPS, invoke(f"Lx/Main;->access$002(Lx/Main;{WRITER}){WRITER}", 0, 5))
    assert ids(main(hands, more=(takes,))) == SENT


def test_a_stream_that_a_method_of_the_package_gives() -> None:
    gives = Method(f"open(){OUT}", join(STREAM, (0x0411,)), registers=10, access=STATIC, ins=0)
    takes = join(invoke(f"Lx/Main;->open(){OUT}"), result(4), WRAPS, static(5, FIELD, put=True))
    assert ids(main(takes, more=(gives,))) == SENT


def test_methods_that_hand_a_stream_on_in_a_circle_end() -> None:
    turns = method(f"turn({WRITER})V", invoke(f"Lx/Main;->turn({WRITER})V", 9), static(9, FIELD, put=True), ins=1)
    assert ids(main(join(STREAM, WRAPS, invoke(f"Lx/Main;->turn({WRITER})V", 5)), more=(turns,))) == SENT


def test_decoys_hide_no_field_and_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    decoys = Class("La/Decoys;", [method(f"f{at}()V", STREAM) for at in range(300)])
    assert ids(main(KEEPS), decoys) == SENT
    monkeypatch.setattr(stream_fields, "_MOST", 100)
    found = flows_in(
        index_file(read_dex("classes.dex", assemble([decoys, main(KEEPS)]))), frozenset({"x.Main"}), off={"x.Main"}
    )
    assert not found.complete


def test_a_stream_in_too_long_a_method_is_told() -> None:
    padding = ((0x0000,),) * 9_000
    assert told(main(KEEPS)) == (SENT, True)
    assert told(main(join(KEEPS, *padding))) == ([], False)
    assert told(main(*padding))[1], "there is no stream in it"
