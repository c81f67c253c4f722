"""A hostile maker chooses names and types: flows that neither may hide, and claims that a call must not make."""

from collections.abc import Collection

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.running import flows_in
from tests.apk.flows.test_find_flows import (
    READ,
    SAY,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    invoke,
    join,
    member,
    new,
    result,
    static,
    text,
)

SEND = invoke(WEB, 5, 1, opcode=0x6E)
NUMBER = join(READ, invoke(f"Ljava/lang/Integer;->parseInt({TEXT})I", 1), (0x010A,))
"""The IMEI as a number in register 1."""


def found(*classes: Class, active: str = "x.Main", own: tuple[bytes, ...] = ()) -> Collection[str]:
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    return [flow.id for flow in flows_in(indexes, {active}, own).found]


def later(*parts: Code) -> Method:
    return Method("onStop()V", join(*parts, (RETURN,)), direct=False, registers=10)


@pytest.mark.parametrize("kind", ["Landroid/view/MenuItem;", "Landroid/view/View$OnClickListener;", "Ljava/util/List;"])
def test_a_field_of_an_interface_may_hold_any_data(kind: str) -> None:
    held = f"Lx/Main;->held:{kind}"
    reads = later(static(1, held, put=False), (0x011F, Ref("type", TEXT)), SEND)
    assert found(activity(create(READ, static(1, held, put=True)), reads)) == ["flow.imei-network"]


def test_a_boolean_field_has_room_for_a_byte_of_data() -> None:
    """Android lets any small number into one. Source: AOSP, art/runtime/verifier/method_verifier.cc, field puts."""
    held = Ref("field", "Lx/Main;->held:Z")
    letter = join(READ, invoke(f"{TEXT}->charAt(I)C", 1, 0, opcode=0x6E), (0x010A,))
    reads = join((1 << 8 | 0x63, held), invoke(f"{TEXT}->valueOf(C){TEXT}", 1), result(1), SEND)
    assert found(activity(create(letter, (1 << 8 | 0x6A, held)), later(reads))) == ["flow.imei-network"]


def test_an_object_of_android_may_hold_data_in_fields_that_code_fills() -> None:
    box = "Landroid/view/inputmethod/ExtractedText;"
    held, words = f"Lx/Main;->held:{box}", f"{box}->text:Ljava/lang/CharSequence;"
    fills = join(READ, new(2, box), member(1, 2, words, put=True), static(2, held, put=True))
    reads = later(static(2, held, put=False), member(1, 2, words, put=False), SEND)
    assert found(activity(create(fills), reads)) == ["flow.imei-network"]


def test_what_gives_data_of_its_own_may_give_what_code_put_there() -> None:
    place = "Landroid/telephony/gsm/GsmCellLocation;"
    made = join(new(2, place), invoke(f"{place}-><init>()V", 2, opcode=0x70))
    puts = invoke(f"{place}->setLacAndCid(II)V", 2, 0, 1, opcode=0x6E)
    gets = join(invoke(f"{place}->getCid()I", 2, opcode=0x6E), (0x010A,), invoke(f"{TEXT}->valueOf(I){TEXT}", 1))
    assert "flow.imei-network" in found(activity(create(NUMBER, made, puts, gets, result(1), SEND)))


def test_other_data_may_be_hidden_as_who_sent_a_message() -> None:
    message = "Landroid/telephony/SmsMessage;"
    made = join(invoke(f"{TEXT}->getBytes()[B", 1, opcode=0x6E), result(2))
    reads = join(invoke(f"{message}->createFromPdu([B){message}", 2), result(2))
    asks = join(invoke(f"{message}->getOriginatingAddress(){TEXT}", 2, opcode=0x6E), result(1))
    assert sorted(found(activity(create(READ, made, reads, asks, SEND)))) == [
        "flow.imei-network",
        "flow.sms-sender-network",
    ]


@pytest.mark.parametrize("name", ["Lkotlin/x/Main;", "Lx/y/Main;"])
def test_own_code_is_followed_whatever_it_is_named(name: str) -> None:
    waste = join(*[READ] * 1900, text(1, "x"), SEND, (RETURN,))
    wastes = [Method(f"a{number}()V", waste, access=9, registers=10) for number in range(5)]
    main = activity(*wastes, later(READ, SEND), name=name)
    own = (name.rpartition("/")[0].encode() + b"/",)
    assert "flow.imei-network" in found(main, active=name[1:-1].replace("/", "."), own=own)


def test_code_named_as_an_app_for_codes_says_in_the_log_what_it_says() -> None:
    name = "com.google.zxing.client.android.CaptureActivity"
    main = activity(create(READ, SAY), name=f"L{name.replace('.', '/')};")
    assert found(main, active=name) == ["flow.imei-log"]


def test_a_message_may_be_made_of_another() -> None:
    message = "Landroid/os/Message;"
    number = Ref("field", f"{message}->arg1:I")
    fills = join(invoke(f"{message}->obtain(){message}"), result(2), (2 << 12 | 1 << 8 | 0x59, number))
    copies = Method(
        f"go({message})V",
        join(invoke(f"{message}->obtain({message}){message}", 9), (RETURN,)),
        access=9,
        registers=10,
        ins=1,
    )
    takes = Method(
        f"handleMessage({message})V",
        join((9 << 12 | 1 << 8 | 0x52, number), SAY, (RETURN,)),
        direct=False,
        registers=10,
        ins=2,
    )
    main = create(NUMBER, fills, invoke(f"Ly/C;->go({message})V", 2), new(5, "Ly/H;"))
    handler = Class("Ly/H;", [takes], parent="Landroid/os/Handler;")
    assert found(handler, Class("Ly/C;", [copies]), activity(main)) == ["flow.imei-log"]


@pytest.mark.parametrize(("user", "host", "expected"), [(1, 3, ["flow.imei-network"]), (3, 1, [])])
def test_a_call_sends_those_of_its_arguments_that_are_known_to_be_sent(
    user: int, host: int, expected: list[str]
) -> None:
    session = f"Lcom/jcraft/jsch/JSch;->getSession({TEXT}{TEXT}I)Lcom/jcraft/jsch/Session;"
    main = create(READ, text(3, "x"), invoke(session, 2, user, host, 0, opcode=0x6E))
    assert found(activity(main)) == expected


def test_what_is_called_back_is_not_sent() -> None:
    back = "Lx/Back;"
    login = invoke(
        f"Lcom/hyphenate/chat/EMClient;->login({TEXT}{TEXT}Lcom/hyphenate/EMCallBack;)V", 2, 3, 3, 4, opcode=0x6E
    )
    puts = join(READ, new(4, back), member(1, 4, f"{back}->held:{TEXT}", put=True), text(3, "u"))
    classes = (Class(back, [], interfaces=("Lcom/hyphenate/EMCallBack;",)), activity(create(puts, login)))
    assert found(*classes) == []
