import gc
import weakref
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.flows import search
from phone_audit.apk.flows.find import Budget
from phone_audit.model.apk import Behaviour
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.running import flows_in

Code = tuple[int | Ref, ...]
TEXT = "Ljava/lang/String;"
IMEI = f"Landroid/telephony/TelephonyManager;->getDeviceId(){TEXT}"
LOG = f"Landroid/util/Log;->d({TEXT}{TEXT})I"
WEB = f"Landroid/webkit/WebView;->loadUrl({TEXT})V"
BUILDER = "Ljava/lang/StringBuilder;"
CREATE = "onCreate(Landroid/os/Bundle;)V"
ACTIVITY = "Landroid/app/Activity;"
STATIC = 0x9


def invoke(method: str, *registers: int, opcode: int = 0x71) -> Code:
    """Up to four registers; 0x71 is invoke-static, 0x6e invoke-virtual, 0x70 invoke-direct."""
    packed = sum(register << (4 * place) for place, register in enumerate(registers))
    return (len(registers) << 12 | opcode, Ref("method", method), packed)


def result(register: int) -> Code:
    return (register << 8 | 0x0C,)


def text(register: int, value: str) -> Code:
    return (register << 8 | 0x1A, Ref("string", value))


def static(register: int, field: str, *, put: bool) -> Code:
    return (register << 8 | (0x69 if put else 0x62), Ref("field", field))


def member(register: int, holder: int, field: str, *, put: bool) -> Code:
    return (holder << 12 | register << 8 | (0x5B if put else 0x54), Ref("field", field))


def new(register: int, kind: str) -> Code:
    return (register << 8 | 0x22, Ref("type", kind))


def element(register: int, array: int, at: int, *, put: bool) -> Code:
    return (register << 8 | (0x4D if put else 0x46), at << 8 | array)


def join(*parts: Code) -> Code:
    return tuple(unit for part in parts for unit in part)


READ = join(invoke(IMEI, 0), result(1))
SAY = invoke(LOG, 0, 1)


def activity(*methods: Method, name: str = "Lx/Main;") -> Class:
    return Class(name, methods, parent=ACTIVITY)


def flows(*classes: Class, active: frozenset[str] | None = frozenset({"x.Main", "x.Other"})) -> list[Behaviour]:
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    return list(flows_in(indexes, active, off={"x.Main"}).found)


def ids(*classes: Class) -> list[str]:
    return [flow.id for flow in flows(*classes)]


def create(*parts: Code) -> Method:
    return Method(CREATE, join(*parts, (RETURN,)), direct=False, registers=10)


def test_source_and_sink_in_one_method() -> None:
    data = assemble([activity(create(READ, SAY))])
    ((flow,), complete, followed) = flows_in(index_file(read_dex("classes.dex", data)), frozenset({"x.Main"}))
    assert (complete, followed) == (True, 1.0)
    assert (flow.id, flow.data, flow.cleartext) == ("flow.imei-log", "imei", None)
    assert (flow.source, flow.sink) == ("android.telephony.TelephonyManager.getDeviceId", "android.util.Log.d")
    assert flow.steps is not None
    assert [(step.class_, step.method, data[step.offset]) for step in flow.steps] == [("x.Main", CREATE, 0x71)] * 2
    assert [(seen.kind, seen.where) for seen in flow.evidence] == [("flow", "classes.dex")] * 2
    assert flow.title == "Passes on the IMEI to the system log"


def test_what_is_overwritten_before_the_sink_does_not_flow() -> None:
    assert ids(activity(create(READ, text(1, "x"), SAY))) == []
    assert ids(activity(create(READ, (0x1207,), SAY))) == ["flow.imei-log"]  # move-object v2, v1
    assert ids(activity(create(text(1, "x"), SAY, READ))) == []


@pytest.mark.parametrize(
    ("call", "registers", "expected"),
    [
        ("Ljava/lang/Double;->toString(D){0}", (3, 4), []),
        ("Ljava/lang/Long;->toString(J){0}", (3, 4), []),
        ("Ljava/lang/Long;->toString(J){0}", (4, 3), ["flow.imei-log"]),
        ("{0}->valueOf(Ljava/lang/Object;){0}", (4,), ["flow.imei-log"]),
        ("Lx/Other;->join(IDLjava/lang/Object;){0}", (3, 3, 4, 3), []),
        ("Lx/Other;->join(IDLjava/lang/Object;){0}", (3, 3, 3, 4), ["flow.imei-log"]),
    ],
)
def test_the_second_half_of_a_number_is_no_argument(call: str, registers: tuple[int, ...], expected: list[str]) -> None:
    """A long and a double take two registers; the second may still hold what was there before."""
    box = "Lx/Box;"
    kept = join(READ, new(4, box), member(1, 4, f"{box}->kept:{TEXT}", put=True), text(3, "x"))
    given = join(kept, invoke(call.format(TEXT), *registers), result(1))
    assert ids(activity(create(given, SAY)), Class(box, parent="Ljava/lang/Object;")) == expected


def test_the_same_in_a_call_on_an_object_and_in_a_method_of_the_package() -> None:
    add = f"Ljava/lang/StringBuilder;->append(D){BUILDER}"
    kept = join(READ, new(2, BUILDER), (0x1407,))  # move-object v4, v1
    says = join(invoke(f"{BUILDER}->toString(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(kept, invoke(add, 2, 3, 4, opcode=0x6E), says))) == []
    assert ids(activity(create(kept, invoke(add, 2, 4, 3, opcode=0x6E), says))) == ["flow.imei-log"]
    takes = Method("take(J)V", join((0x3107,), SAY, (RETURN,)), registers=4, ins=2, access=STATIC)
    assert ids(activity(takes, create(kept, invoke("Lx/Main;->take(J)V", 3, 4)))) == []


def test_one_of_two_branches_is_enough() -> None:
    # if-eqz v0, +4; const-string v1; the other way keeps the number
    assert ids(activity(create(READ, (0x0038, 4), text(1, "x"), SAY))) == ["flow.imei-log"]


@pytest.mark.parametrize("cases", [1, 3, 8, 30])
def test_every_case_of_a_switch_is_followed(cases: int) -> None:
    """All of them go on at one place, which is run a few times only."""
    others = [join(text(2, f"x{number}"), (0x0028,)) for number in range(cases)]
    body = join((0x0000,), *others, READ, SAY, (RETURN,))
    begin = 3
    places = [begin + 1 + 3 * number for number in range(cases)] + [begin + 1 + 3 * cases]
    end = begin + len(body) - 1
    units = list(join((0x092B, 0, 0), body))
    units[begin] = 0x28 | (end - begin & 0xFF) << 8
    for at in places[:-1]:
        units[at + 2] = 0x28 | (end - at - 2 & 0xFF) << 8
    payload = end + 1 + (end + 1) % 2
    units += [0] * (payload - end - 1)
    units[1] = payload
    targets = [unit for at in places for unit in (at, 0)]
    method = Method(CREATE, (*units, 0x0100, len(places), 0, 0, *targets), direct=False, registers=10)
    assert ids(activity(method)) == ["flow.imei-log"]


@pytest.mark.parametrize(
    ("message", "body"), [("SmsMessage", "getMessageBody"), ("gsm/SmsMessage", "getDisplayMessageBody")]
)
def test_what_a_text_message_says_is_data(message: str, body: str) -> None:
    made = f"Landroid/telephony/{message};"
    reads = join(invoke(f"{made}->createFromPdu([B){made}", 0), result(2))
    asks = join(invoke(f"{made}->{body}(){TEXT}", 2, opcode=0x6E), result(1))
    assert ids(activity(create(reads, asks, SAY))) == ["flow.sms-log"]
    manager = "Landroid/telephony/TelephonyManager;"
    other = join(invoke(f"{manager}->getNetworkOperator(){TEXT}", 3, opcode=0x6E), result(1))
    assert ids(activity(create(reads, invoke(f"{manager}->listen(Ljava/lang/Object;I)V", 3, 2, 0), other, SAY))) == []


@pytest.mark.parametrize("asked", ["getOriginatingAddress", "getDisplayOriginatingAddress"])
def test_who_sent_a_text_message_is_not_what_it_says(asked: str) -> None:
    made = "Landroid/telephony/SmsMessage;"
    reads = join(invoke(f"{made}->createFromPdu([B){made}", 0), result(2))
    sender = join(invoke(f"{made}->{asked}(){TEXT}", 2, opcode=0x6E), result(1))
    assert ids(activity(create(reads, sender, SAY))) == ["flow.sms-sender-log"]
    body = join(invoke(f"{made}->getMessageBody(){TEXT}", 2, opcode=0x6E), result(1))
    assert ids(activity(create(reads, sender, SAY, body, SAY))) == ["flow.sms-log", "flow.sms-sender-log"]


def test_through_a_call_that_returns_it_and_one_that_takes_it() -> None:
    gives = Method(f"give(){TEXT}", join(READ, (0x0111,)))
    takes = Method(f"take({TEXT})V", join((0x3107,), SAY, (RETURN,)))  # move-object v1, v3: the argument
    uses = create(invoke(f"Lx/Main;->give(){TEXT}"), result(2), invoke(f"Lx/Main;->take({TEXT})V", 2))
    (flow,) = flows(activity(gives, takes, uses))
    assert flow.steps is not None
    assert [step.method for step in flow.steps] == [f"give(){TEXT}", f"take({TEXT})V"]
    other = create(invoke(f"Lx/Main;->give(){TEXT}"), text(2, "x"), invoke(f"Lx/Main;->take({TEXT})V", 2))
    assert ids(activity(gives, takes, other)) == []


def test_through_a_field_from_one_method_to_another() -> None:
    field = f"Lx/Main;->kept:{TEXT}"
    keeps = create(READ, static(1, field, put=True))
    says = Method("onResume()V", join(static(1, field, put=False), SAY, (RETURN,)), direct=False)
    (flow,) = flows(activity(keeps, says))
    assert flow.steps is not None
    assert [step.what for step in flow.steps][1] == "keeps it in x.Main.kept"
    other = Method("onResume()V", join(static(1, f"Lx/Main;->free:{TEXT}", put=False), SAY, (RETURN,)), direct=False)
    assert ids(activity(keeps, other)) == []


def test_fields_of_one_object_and_of_two_are_told_apart() -> None:
    one, two = f"Lx/D;->one:{TEXT}", f"Lx/D;->two:{TEXT}"
    makes = join(new(2, "Lx/D;"), READ, member(1, 2, one, put=True))
    assert ids(activity(create(makes, member(1, 2, one, put=False), SAY))) == ["flow.imei-log"]
    assert ids(activity(create(makes, member(1, 2, two, put=False), SAY))) == []
    twice = join(makes, text(1, "x"), member(1, 2, one, put=True))
    assert ids(activity(create(twice, member(1, 2, one, put=False), SAY))) == []


def test_elements_of_an_array_are_told_apart_where_the_index_is_known() -> None:
    array = (0x0012, 0x1212, 0x2223, Ref("type", f"[{TEXT}"))  # v0 = 0; v2 = 1; v2 = new String[v2]
    put = join(READ, array, element(1, 2, 0, put=True))
    assert ids(activity(create(put, element(1, 2, 0, put=False), SAY))) == ["flow.imei-log"]
    other = join((0x1012,), element(1, 2, 0, put=False))  # v0 = 1
    assert ids(activity(create(put, other, SAY))) == []


def test_through_what_android_keeps_and_gives_back() -> None:
    append = f"Ljava/lang/StringBuilder;->append({TEXT})Ljava/lang/StringBuilder;"
    whole = f"Ljava/lang/StringBuilder;->toString(){TEXT}"
    build = join(new(2, "Ljava/lang/StringBuilder;"), READ, invoke(append, 2, 1, opcode=0x6E))
    assert ids(activity(create(build, invoke(whole, 2, opcode=0x6E), result(1), SAY))) == ["flow.imei-log"]
    length = invoke("Ljava/lang/StringBuilder;->length()I", 2, opcode=0x6E)
    assert ids(activity(create(build, length, result(1), SAY))) == []


def test_cleartext_is_said_only_where_the_address_was_seen() -> None:
    make = f"Ljava/net/URL;-><init>({TEXT})V"
    start = f"{TEXT[:-1]};->concat({TEXT}){TEXT}"
    opens = invoke("Ljava/net/URL;->openConnection()Ljava/net/URLConnection;", 2, opcode=0x6E)

    def sends(address: Code) -> bool | None:
        joined = join(READ, address, invoke(start, 0, 1, opcode=0x6E), result(1), new(2, "Ljava/net/URL;"))
        (flow,) = flows(activity(create(joined, invoke(make, 2, 1, opcode=0x70), opens)))
        assert flow.id == "flow.imei-network"
        return flow.cleartext

    assert sends(text(0, "http://a.example/?i=")) is True
    assert sends(text(0, "https://a.example/?i=")) is False
    assert sends(text(0, "a.example/?i=")) is None


@pytest.mark.parametrize(("active", "expected"), [({"x.Main"}, 1), (set(), 0), (None, 1)])
def test_a_component_that_is_not_switched_on_does_not_run(active: set[str] | None, expected: int) -> None:
    found = flows(activity(create(READ, SAY)), active=None if active is None else frozenset(active))
    assert len(found) == expected


def test_a_method_that_nobody_calls_does_not_run() -> None:
    leaks = Method("leak()V", join(READ, SAY, (RETURN,)), access=STATIC)
    assert ids(activity(leaks)) == []
    assert ids(activity(leaks, create(invoke("Lx/Main;->leak()V")))) == ["flow.imei-log"]
    unused = Method("unused()V", join(invoke("Lx/Main;->leak()V"), (RETURN,)), access=STATIC)
    assert ids(activity(leaks, unused)) == []


def test_an_intent_counts_only_where_it_names_no_class() -> None:
    extra = f"Landroid/content/Intent;->putExtra({TEXT}{TEXT})Landroid/content/Intent;"
    starts = invoke("Lx/Main;->startActivity(Landroid/content/Intent;)V", 3, 2, opcode=0x6E)

    def sends(constructor: str) -> list[str]:
        made = join(new(2, "Landroid/content/Intent;"), invoke(constructor, 2, opcode=0x70))
        return ids(activity(create(READ, made, text(0, "k"), invoke(extra, 2, 0, 1, opcode=0x6E), starts)))

    assert sends("Landroid/content/Intent;-><init>()V") == ["flow.imei-intent"]
    assert sends("Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V") == []


def test_through_a_name_in_an_intent_to_another_component() -> None:
    put = f"Landroid/content/Intent;->putExtra({TEXT}{TEXT})Landroid/content/Intent;"
    get = f"Landroid/content/Intent;->getStringExtra({TEXT}){TEXT}"
    asks = invoke("Lx/Other;->getIntent()Landroid/content/Intent;", 3, opcode=0x6E)
    sender = activity(create(READ, new(2, "Landroid/content/Intent;"), text(0, "k"), invoke(put, 2, 0, 1, opcode=0x6E)))

    def takes(key: str) -> list[str]:
        reads = join(asks, result(2), text(0, key), invoke(get, 2, 0, opcode=0x6E), result(1), SAY)
        return ids(sender, activity(create(reads), name="Lx/Other;"))

    assert takes("k") == ["flow.imei-log"]
    assert takes("other") == []


def test_data_that_android_hands_over() -> None:
    callback = Method("onLocationChanged(Landroid/location/Location;)V", join((0x3107,), SAY, (RETURN,)), direct=False)
    listener = Class("Lx/L;", [callback], parent="Landroid/location/Listener;")
    assert ids(activity(create(new(1, "Lx/L;"))), listener) == ["flow.location-log"]
    assert ids(activity(create()), listener) == []


def test_the_log_of_code_that_handles_anybodys_data_does_not_count() -> None:
    def says(name: str) -> list[str]:
        says = Class(name, [Method(f"say({TEXT})V", join((0x3107,), SAY, (RETURN,)))])
        return ids(says, activity(create(READ, invoke(f"{name}->say({TEXT})V", 1))))

    assert says("Lx/Log;") == ["flow.imei-log"]
    assert says("Landroidx/core/Log;") == []


def test_a_text_message_gives_away_what_it_says_not_whom_it_is_for() -> None:
    send = f"Landroid/telephony/SmsManager;->sendTextMessage({TEXT}{TEXT}{TEXT})V"

    def sends(address: int, body: int) -> list[str]:
        return ids(activity(create(READ, text(3, "x"), invoke(send, 4, address, 3, body, opcode=0x6E))))

    assert sends(3, 1) == ["flow.imei-sms"]
    assert sends(1, 3) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(TEXT, ["flow.imei-log"]), ("Lx/Other;", []), ("Ljava/lang/Integer;", [])],
)
def test_what_is_taken_out_of_a_message_as_something_else_is_not_the_data(kind: str, expected: list[str]) -> None:
    held = "Landroid/os/Message;->obj:Ljava/lang/Object;"
    obtain = invoke("Landroid/os/Message;->obtain()Landroid/os/Message;")
    puts = create(READ, obtain, result(2), member(1, 2, held, put=True), new(3, "Lx/H;"))
    cast: Code = (0x011F, Ref("type", kind))
    takes = join(member(1, 4, held, put=False), cast, SAY, (RETURN,))
    handler = Class(
        "Lx/H;",
        [Method("handleMessage(Landroid/os/Message;)V", takes, direct=False, registers=5)],
        parent="Landroid/os/Handler;",
    )
    assert ids(Class("Lx/Other;", []), handler, activity(puts)) == expected


@pytest.mark.parametrize(("field", "expected"), [("obj:Ljava/lang/Object;", ["flow.imei-log"]), ("arg1:I", [])])
def test_what_a_message_is_made_of_lies_in_the_field_for_it(field: str, expected: list[str]) -> None:
    obtain = invoke("Landroid/os/Handler;->obtainMessage(ILjava/lang/Object;)Landroid/os/Message;", 2, 3, 1)
    opcode = 0x52 if field.endswith(":I") else 0x54
    takes = join((4 << 12 | 1 << 8 | opcode, Ref("field", f"Landroid/os/Message;->{field}")), SAY, (RETURN,))
    handler = Class(
        "Lx/H;",
        [Method("handleMessage(Landroid/os/Message;)V", takes, direct=False, registers=5)],
        parent="Landroid/os/Handler;",
    )
    assert ids(handler, activity(create(READ, new(5, "Lx/H;"), obtain))) == expected


@pytest.mark.parametrize(("key", "expected"), [("android_id", ["flow.android-id-log"]), ("volume", [])])
def test_a_setting_is_data_where_its_name_is(key: str, expected: list[str]) -> None:
    get = f"Landroid/provider/Settings$Secure;->getString(Landroid/content/ContentResolver;{TEXT}){TEXT}"
    asks = join(text(3, key), invoke(get, 2, 3), result(1), SAY)
    assert ids(activity(create(asks))) == expected
    named = Method(f"key(){TEXT}", join(text(0, key), (0x0011,)))
    handed = join(invoke(f"Lx/Main;->key(){TEXT}"), result(3), invoke(get, 2, 3), result(1), SAY)
    assert ids(activity(named, create(handed))) == expected


def test_a_query_is_data_where_its_provider_is_named() -> None:
    query = (
        f"Landroid/content/ContentResolver;->query(Landroid/net/Uri;[{TEXT}{TEXT}[{TEXT}{TEXT})"
        "Landroid/database/Cursor;"
    )
    parse = invoke(f"Landroid/net/Uri;->parse({TEXT})Landroid/net/Uri;", 3)
    row = join(invoke(f"Landroid/database/Cursor;->getString(I){TEXT}", 1, 0, opcode=0x72), result(1), SAY)
    call: Code = (0x0674, Ref("method", query), 4)

    def asks(address: str) -> list[str]:
        return ids(activity(create(text(3, address), parse, result(5), call, result(1), row)))

    assert asks("content://sms/inbox") == ["flow.sms-log"]
    assert asks("content://x/y") == []
    decoys = create(*(text(6, f"content://sms/!{number:03}") for number in range(70)))
    reads = activity(create(text(3, "content://sms/inbox"), parse, result(5), call, result(1), row))
    other = Class("Lx/A;", [decoys], parent="Landroid/app/Activity;")
    assert ids(other, reads) == ["flow.sms-log"], "no number of other texts with the same beginning hides it"


DATABASE = "Landroid/database/sqlite/SQLiteDatabase;"
RAW_QUERY = f"{DATABASE}->rawQuery({TEXT}[{TEXT})Landroid/database/Cursor;"
ROW = join(invoke(f"Landroid/database/Cursor;->getString(I){TEXT}", 1, 0, opcode=0x72), result(1), SAY)


ASKS = {
    f"{DATABASE}->query({TEXT}[{TEXT})": DATABASE,
    f"{DATABASE}->queryWithFactory({TEXT}[{TEXT})": DATABASE,
    f"{DATABASE}->rawQuery({TEXT}[{TEXT})": DATABASE,
    f"Landroid/content/ContentProviderClient;->query({TEXT}[{TEXT})": "Landroid/content/ContentProviderClient;",
    f"Landroid/app/Activity;->managedQuery({TEXT}[{TEXT})": "Landroid/app/Activity;",
    f"Landroid/content/ContentResolver;->query({TEXT}[{TEXT})": "Landroid/content/ContentResolver;",
}
"""Calls that look something up, and the class of what they are called on."""


@pytest.mark.parametrize("call", ASKS)
def test_what_chooses_a_row_is_not_in_it(call: str) -> None:
    """A name that is looked up does not go out with what stands beside it."""
    query = f"{call}Landroid/database/Cursor;"
    asks = join(READ, new(4, ASKS[call]), invoke(query, 4, 5, 1, opcode=0x6E))
    assert ids(activity(create(join(asks, result(1), ROW)))) == []
    again = join(asks, invoke(query, 4, 5, 6, opcode=0x6E), result(1), ROW)
    assert ids(activity(create(again))) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT id FROM t WHERE name = ?", []),
        (" select 1", []),
        ("INSERT INTO t VALUES (?)", ["flow.imei-log"]),
        ("UPDATE t SET a = ?", ["flow.imei-log"]),
    ],
)
def test_a_statement_that_is_no_question_puts_data_into_a_database(statement: str, expected: list[str]) -> None:
    asks = join(READ, new(4, DATABASE), text(5, statement), invoke(RAW_QUERY, 4, 5, 1, opcode=0x6E))
    later = join(asks, text(5, "SELECT * FROM t"), invoke(RAW_QUERY, 4, 5, 6, opcode=0x6E), result(1), ROW)
    assert ids(activity(create(later))) == expected


def test_what_was_put_into_a_database_is_in_its_rows() -> None:
    puts = invoke(f"{DATABASE}->execSQL({TEXT}[{TEXT})V", 4, 5, 1, opcode=0x6E)
    kept = join(READ, new(4, DATABASE), puts)
    asks = invoke(RAW_QUERY, 4, 5, 6, opcode=0x6E)
    assert ids(activity(create(join(kept, asks, result(1), ROW)))) == ["flow.imei-log"]
    builder = "Landroid/database/sqlite/SQLiteQueryBuilder;"
    built = invoke(f"{builder}->query({DATABASE}[{TEXT})Landroid/database/Cursor;", 6, 4, 5, opcode=0x6E)
    assert ids(activity(create(join(kept, new(6, builder), built, result(1), ROW)))) == ["flow.imei-log"]
    chosen = invoke(f"{builder}->query({DATABASE}[{TEXT})Landroid/database/Cursor;", 6, 4, 1, opcode=0x6E)
    assert ids(activity(create(join(READ, new(4, DATABASE), new(6, builder), chosen, result(1), ROW)))) == []


def test_a_method_that_names_a_register_it_does_not_have_is_not_followed() -> None:
    assert ids(activity(create(READ, (0x0202, 0x0009), SAY))) == ["flow.imei-log"]  # move/from16 v2, v9
    assert ids(activity(create(READ, (0x0202, 0x000A), SAY))) == []


def test_the_budget_is_kept_and_a_cut_is_told() -> None:
    many = [create(READ, *[SAY] * 50)]
    indexes = index_file(read_dex("classes.dex", assemble([activity(*many)])))
    found, complete, followed = flows_in(indexes, None, budget=Budget(0, 10))
    assert len(found) < 50
    assert (complete, followed) == (False, 1.0)
    assert flows_in(indexes, None).complete


def followed(*classes: Class) -> tuple[int, bool]:
    """How many flows there are, and whether all data could be followed."""
    found, complete, _ = flows_in(index_file(read_dex("classes.dex", assemble(classes))), None)
    return len(found), complete


@pytest.mark.parametrize(("calls", "expected"), [(1, (1, True)), (5, (1, True)), (12, (1, True)), (20, (0, False))])
def test_data_is_followed_along_twelve_calls_and_what_lies_further_is_told(
    calls: int, expected: tuple[int, bool]
) -> None:
    def gives(number: int) -> Method:
        before = join(invoke(f"Lx/Main;->give{number - 1}(){TEXT}"), result(1)) if number else READ
        return Method(f"give{number}(){TEXT}", join(before, (0x0111,)))

    asks = create(invoke(f"Lx/Main;->give{calls - 1}(){TEXT}"), result(1), SAY)
    assert followed(activity(*map(gives, range(calls)), asks)) == expected

    def takes(number: int) -> Method:
        after = invoke(f"Lx/Main;->take{number - 1}({TEXT})V", 1) if number else SAY
        return Method(f"take{number}({TEXT})V", join((0x3107,), after, (RETURN,)))  # move-object v1, v3: the argument

    hands = create(READ, invoke(f"Lx/Main;->take{calls - 1}({TEXT})V", 1))
    assert followed(activity(*map(takes, range(calls)), hands)) == expected


@pytest.mark.parametrize(("calls", "expected"), [(4, (1, True)), (12, (1, True)), (20, (0, False))])
def test_a_task_that_is_started_counts_as_a_call(calls: int, expected: tuple[int, bool]) -> None:
    name = "doInBackground([Ljava/lang/Object;)Ljava/lang/Object;"
    works = Method(name, join((0x3107,), SAY, (0x0111,)), direct=False, ins=2)
    task = Class("Lx/Task;", [works], parent="Landroid/os/AsyncTask;")
    starts = invoke("Lx/Task;->execute([Ljava/lang/Object;)Landroid/os/AsyncTask;", 0, 1, opcode=0x6E)

    def takes(number: int) -> Method:
        after = invoke(f"Lx/Main;->take{number - 1}({TEXT})V", 1) if number else join(new(0, "Lx/Task;"), starts)
        return Method(f"take{number}({TEXT})V", join((0x3107,), after, (RETURN,)))

    hands = create(READ, invoke(f"Lx/Main;->take{calls - 1}({TEXT})V", 1))
    assert followed(task, activity(*map(takes, range(calls)), hands)) == expected


def test_a_long_chain_of_calls_that_carries_no_data_cuts_nothing() -> None:
    def calls(number: int) -> Method:
        after = invoke(f"Lx/Main;->call{number - 1}({TEXT})V", 1) if number else SAY
        return Method(f"call{number}({TEXT})V", join((0x3107,), after, (RETURN,)))

    says = create(READ, SAY, text(2, "x"), invoke(f"Lx/Main;->call8({TEXT})V", 2))
    assert followed(activity(*map(calls, range(9)), says)) == (1, True)
    again = Method(f"again({TEXT})V", join((0x3107,), SAY, invoke(f"Lx/Main;->again({TEXT})V", 1), (RETURN,)))
    assert followed(activity(again, create(READ, invoke(f"Lx/Main;->again({TEXT})V", 1)))) == (1, True)


@pytest.mark.parametrize(("fields", "expected"), [(5, (1, True)), (6, (0, False))])
def test_data_is_followed_through_five_fields_and_what_lies_further_is_told(
    fields: int, expected: tuple[int, bool]
) -> None:
    names = [f"Lx/Main;->kept{number}:{TEXT}" for number in range(fields)]

    def moves(number: int) -> Method:
        code = join(static(1, names[number], put=False), static(1, names[number + 1], put=True), (RETURN,))
        return Method(f"move{number}()V", code, direct=False)

    says = Method("onResume()V", join(static(1, names[-1], put=False), SAY, (RETURN,)), direct=False)
    keeps = create(READ, static(1, names[0], put=True))
    assert followed(activity(keeps, *map(moves, range(fields - 1)), says)) == expected


@pytest.mark.parametrize(("sink", "expected"), [(WEB, ["flow.imei-network"]), (LOG, [])])
def test_more_is_followed_where_data_may_come_to_the_network_by_fields_alone(sink: str, expected: list[str]) -> None:
    kept, moved = f"Lx/Main;->kept:{TEXT}", f"Lx/Main;->moved:{TEXT}"
    moves = join(static(1, kept, put=False), static(1, moved, put=True), (RETURN,))
    says = join(static(1, moved, put=False), invoke(sink, 0, 1, opcode=0x6E), (RETURN,))
    later = Method("onStart()V", moves, direct=False), Method("onResume()V", says, direct=False)
    methods = create(READ, static(1, kept, put=True)), *later
    indexes = index_file(read_dex("classes.dex", assemble([activity(*methods)])))
    found, _, _ = flows_in(indexes, None, budget=Budget(100, 8))
    assert [flow.id for flow in found] == expected


def test_fields_that_nobody_came_back_to_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    field = f"Lx/Main;->kept:{TEXT}"
    says = Method("onResume()V", join(static(1, field, put=False), SAY, (RETURN,)), direct=False)
    classes = activity(create(READ, static(1, field, put=True)), says)
    assert followed(classes) == (1, True)
    monkeypatch.setattr(search, "_ROUNDS", 1)
    assert followed(classes) == (0, False)


def test_libraries_do_not_use_up_what_is_followed_in_the_package_itself() -> None:
    library = Class("La/Library;", [create(READ, *[SAY] * 50)], parent=ACTIVITY)
    indexes = index_file(read_dex("classes.dex", assemble([library, activity(create(READ, SAY))])))

    def found(own: tuple[bytes, ...]) -> set[str]:
        return {flow.steps[-1].class_ for flow in flows_in(indexes, None, own, Budget(0, 10))[0] if flow.steps}

    assert found(()) == {"a.Library"}
    assert found((b"Lx/",)) == {"a.Library", "x.Main"}


def test_what_calls_code_of_the_package_is_followed_before_libraries() -> None:
    library = Class("La/Library;", [create(READ, *[SAY] * 50)], parent=ACTIVITY)
    gives = Class("Lx/Ids;", [Method(f"id(){TEXT}", join(READ, (0x0111,)), access=9, registers=4)])
    asks = activity(create(invoke(f"Lx/Ids;->id(){TEXT}"), result(1), SAY))
    indexes = index_file(read_dex("classes.dex", assemble([library, gives, asks])))
    found = flows_in(indexes, None, (b"Lx/",), Budget(0, 10)).found
    assert "x.Main" in {flow.steps[-1].class_ for flow in found if flow.steps}


def test_nothing_of_the_package_is_kept_when_its_flows_are_found() -> None:
    (index,) = index_file(read_dex("classes.dex", assemble([activity(create(READ, SAY))])))
    gone = weakref.ref(index)
    gc.disable()
    try:
        assert flows_in([index], None)[0]
        del index
        assert gone() is None
    finally:
        gc.enable()


def test_without_code() -> None:
    assert flows_in([], None) == ((), True, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12))
def test_damaged_files_are_survived(changes: Sequence[tuple[int, int]]) -> None:
    gives = Method(f"give(){TEXT}", join(READ, (0x0111,)))
    uses = create(invoke(f"Lx/Main;->give(){TEXT}"), result(1), (0x0038, 4), text(1, "x"), SAY)
    data = bytearray(assemble([activity(gives, uses)]))
    for at, value in changes:
        data[0x70 + at % (len(data) - 0x70)] = value
    found = flows_in(index_file(read_dex("classes.dex", bytes(data))), None).found
    assert all(step.offset < len(data) for flow in found for step in flow.steps or ())


def test_a_class_of_android_that_a_package_brings_along_hides_no_source_and_no_sink() -> None:
    """Android loads its own class, so what the package's one does never happens."""
    fake = Class("Landroid/telephony/TelephonyManager;", [Method(f"getDeviceId(){TEXT}", (0x0012, 0x0011))])
    quiet = Class("Landroid/util/Log;", [Method(f"d({TEXT}{TEXT})I", (0x0012, 0x000F))])
    assert ids(fake, quiet, activity(create(READ, SAY))) == ["flow.imei-log"]
    below = Class("Lx/Phone;", [], parent="Landroid/telephony/TelephonyManager;")
    read = join(invoke(f"Lx/Phone;->getDeviceId(){TEXT}", 0, opcode=0x6E), result(1))
    assert ids(fake, below, activity(create(read, SAY))) == ["flow.imei-log"]


def test_a_class_of_the_package_is_its_own_whatever_it_is_called() -> None:
    gives = Method(f"give(){TEXT}", join(READ, (0x0111,)))
    named = Class("Landroid/Mine;", [gives])
    assert ids(named, activity(create(invoke(f"Landroid/Mine;->give(){TEXT}"), result(1), SAY))) == ["flow.imei-log"]


def test_invoke_super_of_one_component_does_not_run_another() -> None:
    above = invoke(f"Landroid/app/Activity;->{CREATE}", 3, 4, opcode=0x6F)
    off = activity(create(READ, SAY), name="Lx/Off;")
    assert ids(activity(create(above)), off) == []
    between = activity(create(READ, SAY), name="Lx/Base;")
    below = Class("Lx/Main;", [create(invoke(f"Lx/Base;->{CREATE}", 3, 4, opcode=0x6F))], parent="Lx/Base;")
    assert ids(between, below) == ["flow.imei-log"]
    sibling = Class("Lx/Main;", [create(above)], parent=ACTIVITY)
    assert ids(between, sibling) == []


def test_an_inherited_field_is_that_of_the_class_that_declares_it() -> None:
    base = Class("Lx/Base;", statics=[("kept", "")])
    below = Class("Lx/Below;", parent="Lx/Base;")
    keeps = create(READ, static(1, f"Lx/Below;->kept:{TEXT}", put=True))
    says = Method("onResume()V", join(static(1, f"Lx/Base;->kept:{TEXT}", put=False), SAY, (RETURN,)), direct=False)
    assert ids(base, below, activity(keeps, says)) == ["flow.imei-log"]
    apart = Class("Lx/Below;", statics=[("kept", "")], parent="Lx/Base;")
    assert ids(base, apart, activity(keeps, says)) == []


def test_through_an_exception() -> None:
    fault = "Ljava/lang/RuntimeException;"
    throw = join(new(2, fault), invoke(f"{fault}-><init>({TEXT})V", 2, 1, opcode=0x70), (0x0227,))
    what = join((0x020D,), invoke(f"{fault}->getMessage(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(READ, throw, what))) == ["flow.imei-log"]
    assert ids(activity(create(READ, text(1, "x"), throw, what))) == []
    throws = Method("fail()V", join(READ, throw))
    assert ids(activity(throws, create(invoke("Lx/Main;->fail()V"), (RETURN,), what))) == ["flow.imei-log"]


def test_a_component_is_the_class_that_bears_the_whole_name_in_the_manifest() -> None:
    off = activity(create(READ, SAY), name="Lx/Off;")
    assert flows(activity(create()), off, active=frozenset({"x.Main", "y.Off"})) == []


def test_a_result_is_given_away_by_an_activity_that_other_packages_may_start() -> None:
    extra = f"Landroid/content/Intent;->putExtra({TEXT}{TEXT})Landroid/content/Intent;"
    gives = invoke("Lx/Main;->setResult(ILandroid/content/Intent;)V", 3, 0, 2, opcode=0x6E)
    put = join(new(2, "Landroid/content/Intent;"), text(0, "k"), invoke(extra, 2, 0, 1, opcode=0x6E))
    data = index_file(read_dex("classes.dex", assemble([activity(create(READ, put, gives))])))

    def found(exported: set[str]) -> list[str]:
        return [flow.id for flow in flows_in(data, frozenset({"x.Main"}), exported=exported).found]

    assert found({"x.Main"}) == ["flow.imei-intent"]
    assert found(set()) == []
    assert found({"x.Other"}) == []


def test_what_a_map_holds_is_told_apart_by_constant_keys() -> None:
    kind = "Ljava/util/HashMap;"
    thing = "Ljava/lang/Object;"
    make = join(READ, new(2, kind), text(0, "a"), invoke(f"{kind}->put({thing}{thing}){thing}", 2, 0, 1, opcode=0x6E))

    def takes(key: Code) -> list[str]:
        return ids(
            activity(create(make, key, invoke(f"{kind}->get({thing}){thing}", 2, 0, opcode=0x6E), result(1), SAY))
        )

    assert takes(text(0, "a")) == ["flow.imei-log"]
    assert takes(text(0, "b")) == []
    assert takes(join(invoke(f"Lx/Main;->key(){TEXT}"), result(0))) == ["flow.imei-log"]
    whole = join(make, invoke(f"{kind}->toString(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(whole))) == ["flow.imei-log"]


PREFERENCES = "Landroid/content/SharedPreferences;"


def test_a_listener_of_preferences_may_be_told_of_any_name() -> None:
    editor = f"{PREFERENCES[:-1]}$Editor;"
    puts = create(READ, text(0, "k"), invoke(f"{editor}->putString({TEXT}{TEXT}){editor}", 2, 0, 1, opcode=0x72))
    read = join(
        invoke(f"{PREFERENCES}->getString({TEXT}{TEXT}){TEXT}", 3, 4, 0, opcode=0x72), result(1), SAY, (RETURN,)
    )
    name = f"onSharedPreferenceChanged({PREFERENCES}{TEXT})V"
    listener = Class(
        "Lx/L;",
        [Method(name, read, direct=False, registers=5, ins=3)],
        parent="Landroid/content/SharedPreferences$OnSharedPreferenceChangeListener;",
    )
    makes = Class("Lx/Other;", [create(new(1, "Lx/L;"))], parent=ACTIVITY)
    assert ids(activity(puts), makes, listener) == ["flow.imei-log"]
    nothing = create(
        text(1, "x"), text(0, "k"), invoke(f"{editor}->putString({TEXT}{TEXT}){editor}", 2, 0, 1, opcode=0x72)
    )
    assert ids(activity(nothing), makes, listener) == []


def test_a_setting_is_another_place_than_an_extra_of_the_same_name() -> None:
    bundle, editor = "Landroid/os/Bundle;", f"{PREFERENCES[:-1]}$Editor;"

    def found(putting: str, taking: str) -> list[str]:
        put = invoke(f"{putting}->putString({TEXT}{TEXT}){putting}", 2, 0, 1, opcode=0x6E)
        take = invoke(f"{taking}->getString({TEXT}{TEXT}){TEXT}", 3, 0, 0, opcode=0x6E)
        reads = Method(
            "onResume()V",
            join(text(0, "k"), take, result(1), SAY, (RETURN,)),
            direct=False,
            registers=6,
        )
        return ids(activity(create(READ, text(0, "k"), put), reads))

    assert found(editor, PREFERENCES) == ["flow.imei-log"]
    assert found(bundle, bundle) == ["flow.imei-log"]
    assert found(bundle, PREFERENCES) == []
    assert found(editor, bundle) == []


@pytest.mark.parametrize(
    "call",
    [
        f"Landroid/content/Context;->getSharedPreferences({TEXT}I)Landroid/content/SharedPreferences;",
        f"Landroid/accounts/AccountManager;->peekAuthToken(Landroid/accounts/Account;{TEXT}){TEXT}",
        f"Landroid/accounts/AccountManager;->updateCredentials(Landroid/accounts/Account;{TEXT}){TEXT}",
    ],
)
def test_what_something_is_looked_up_by_is_not_in_it(call: str) -> None:
    to_text = f"Ljava/lang/String;->valueOf(Ljava/lang/Object;){TEXT}"
    asks = join(invoke(call, 3, 1, 1, opcode=0x6E), result(1), invoke(to_text, 1), result(1))
    assert ids(activity(create(READ, asks, SAY))) == []


@pytest.mark.parametrize(
    "call",
    [
        f"Landroid/database/sqlite/SQLiteDatabase;->insert({TEXT}{TEXT}Landroid/content/ContentValues;)J",
        f"Landroid/database/sqlite/SQLiteDatabase;->replaceOrThrow({TEXT}{TEXT}Landroid/content/ContentValues;)J",
        "Landroid/content/ContentResolver;->insert(Landroid/net/Uri;Landroid/content/ContentValues;)Landroid/net/Uri;",
    ],
)
def test_the_number_of_a_row_is_not_what_was_put_into_it(call: str) -> None:
    to_text = f"Ljava/lang/String;->valueOf(Ljava/lang/Object;){TEXT}"
    puts = join(invoke(call, *((3, 1, 1, 1) if "database" in call else (3, 1, 1)), opcode=0x6E), result(1))
    assert ids(activity(create(READ, puts, invoke(to_text, 1), result(1), SAY))) == []


def test_what_an_account_holds_is_its_data() -> None:
    call = f"Landroid/accounts/AccountManager;->getPassword(Landroid/accounts/Account;){TEXT}"
    assert ids(activity(create(READ, invoke(call, 3, 1, opcode=0x6E), result(1), SAY))) == ["flow.imei-log"]


def test_through_a_file_that_is_written_and_read_by_the_same_name() -> None:
    out, into = "Ljava/io/FileOutputStream;", "Ljava/io/FileInputStream;"
    array = f"{TEXT[:-1]};->getBytes()[B"
    writes = create(
        READ, invoke(array, 1, opcode=0x6E), result(1), text(0, "f"),
        invoke(f"Lx/Main;->openFileOutput({TEXT}I){out}", 9, 0, 5, opcode=0x6E), result(2),
        invoke(f"{out}->write([B)V", 2, 1, opcode=0x6E),
    )  # fmt: skip

    def reads(name: str) -> list[str]:
        opens = join(text(0, name), invoke(f"Lx/Other;->openFileInput({TEXT}){into}", 3, 0, opcode=0x6E), result(2))
        take = join(invoke(f"{into}->read([B)I", 2, 4, opcode=0x6E), new(1, TEXT))
        make = invoke(f"{TEXT}-><init>([B)V", 1, 4, opcode=0x70)
        other = Method(
            "onResume()V",
            join(opens, (0x4423, Ref("type", "[B")), take, make, SAY, (RETURN,)),
            direct=False,
            registers=6,
        )
        return ids(activity(writes), activity(other, name="Lx/Other;"))

    assert reads("f") == ["flow.imei-log"]
    assert reads("g") == []


def test_what_is_put_into_a_collection_in_a_field_is_taken_out_in_another_method() -> None:
    def found(kind: str, add: str, take: str) -> list[str]:
        field = f"Lx/Main;->kept:{kind}"
        load = member(2, 4, field, put=False)
        puts = Method(
            "onResume()V", join(READ, load, invoke(add, 2, 1, opcode=0x6E), (RETURN,)), direct=False, registers=5
        )
        says = join(load, invoke(take, 2, opcode=0x6E), result(1), SAY, (RETURN,))
        return ids(activity(puts, Method("onStop()V", says, direct=False, registers=5)))

    thing = "Ljava/lang/Object;"
    held = "Ljava/util/ArrayList;"
    assert found(held, f"{held}->add({thing})Z", f"{held}->toString(){TEXT}") == ["flow.imei-log"]
    cipher = "Ljavax/crypto/Cipher;"
    assert found(cipher, f"{cipher}->updateAAD({thing})V", f"{cipher}->getAlgorithm(){TEXT}") == []


CONNECTION = "Ljava/net/HttpURLConnection;"


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        (f"{CONNECTION}->getHeaderField(I){TEXT}", ["flow.imei-network"]),
        (f"{CONNECTION}->getRequestProperty({TEXT}){TEXT}", ["flow.imei-log", "flow.imei-network"]),
        (f"{CONNECTION}->toString(){TEXT}", ["flow.imei-log", "flow.imei-network"]),
    ],
)
def test_what_the_other_side_answers_is_not_what_was_sent_there(asks: str, expected: list[str]) -> None:
    header = invoke(f"{CONNECTION}->setRequestProperty({TEXT}{TEXT})V", 2, 0, 1, opcode=0x6E)
    connects = invoke(f"{CONNECTION}->connect()V", 2, opcode=0x6E)
    asked = join(invoke(asks, 2, 0, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(READ, new(2, CONNECTION), header, connects, asked))) == expected


def test_a_client_of_the_packages_own_may_answer_what_it_was_asked() -> None:
    request = "Lorg/apache/http/client/methods/HttpUriRequest;"
    execute = f"execute({request})Lorg/apache/http/HttpResponse;"
    takes = Method(execute, (0x0211,), direct=False, registers=3, ins=2)  # return-object v2, the request
    client = Class("Lx/Client;", [takes], parent="Lorg/apache/http/client/HttpClient;")
    made = join(new(2, "Lx/Client;"), invoke(f"Lx/Client;->{execute}", 2, 1, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(READ, made)), client) == ["flow.imei-log"]
    asks = invoke(f"Lorg/apache/http/client/HttpClient;->{execute}", 2, 1, opcode=0x72)
    assert ids(activity(create(READ, asks, result(1), SAY))) == ["flow.imei-network"]


def test_nothing_is_put_into_what_cannot_be_changed() -> None:
    number, held, name = "Lx/User;->id:Ljava/lang/Integer;", "Lx/Main;->user:Lx/User;", f"Lx/User;->name:{TEXT}"
    user = "Lx/User;"
    append = "Ljava/lang/StringBuilder;->append(Ljava/lang/Object;)Ljava/lang/StringBuilder;"
    says = join(
        new(1, "Ljava/lang/StringBuilder;"),
        member(2, 4, number, put=False),
        invoke(append, 1, 2, opcode=0x6E),
        result(1),
        member(3, 4, name, put=False),
        invoke(append, 1, 3, opcode=0x6E),
        invoke(f"Ljava/lang/StringBuilder;->toString(){TEXT}", 1, opcode=0x6E),
        result(1),
        (0x0111,),
    )
    shows = Method(f"toString(){TEXT}", says, direct=False, registers=5, ins=1)
    reads = join(member(1, 2, number, put=False), SAY, (RETURN,))
    logs = Method("log()V", reads, direct=False, registers=3, ins=1)
    fills = join(READ, new(2, user), member(1, 2, name, put=True), member(2, 8, held, put=True))
    asks = join(member(2, 8, held, put=False), invoke(f"{user}->toString(){TEXT}", 2, opcode=0x6E))
    asks = join(asks, invoke(f"{user}->log()V", 2, opcode=0x6E))
    assert ids(activity(create(fills, asks)), Class(user, [shows, logs])) == []


@pytest.mark.parametrize(("kept", "expected"), [(1, ["flow.imei-log"]), (2, [])])
def test_what_is_put_into_a_list_after_a_field_holds_it_is_found_there(kept: int, expected: list[str]) -> None:
    field, kind = "Lx/Main;->held:Ljava/util/List;", "Ljava/util/ArrayList;"
    makes = join(new(3, kind), new(2, kind), member(kept + 1, 8, field, put=True), READ)
    fills = invoke("Ljava/util/List;->add(Ljava/lang/Object;)Z", 2, 1, opcode=0x72)
    gets = invoke("Ljava/util/List;->get(I)Ljava/lang/Object;", 1, 0, opcode=0x72)
    asks = join(member(1, 1, field, put=False), gets, result(1), SAY, (RETURN,))
    clicked = Method("onClick(Landroid/view/View;)V", join((0x1107,), asks), direct=False, registers=10, ins=2)
    assert ids(activity(create(makes, fills), clicked)) == expected


@pytest.mark.parametrize(("holder", "expected"), [(2, ["flow.imei-log"]), (3, [])])
def test_what_reflection_hands_to_an_object_lies_in_it(holder: int, expected: list[str]) -> None:
    """A setter and a getter that are called by their names."""
    thing, call = (
        "Ljava/lang/Object;",
        "Ljava/lang/reflect/Method;->invoke(Ljava/lang/Object;[Ljava/lang/Object;)Ljava/lang/Object;",
    )
    made = join(
        *(join(invoke(f"Ljava/lang/Class;->newInstance(){thing}", 8, opcode=0x6E), result(one)) for one in (2, 3))
    )
    array = join((0x1412,), (0x4423, Ref("type", f"[{thing}")), (0x0512,), element(1, 4, 5, put=True))
    sets = invoke(call, 6, 2, 4, opcode=0x6E)
    gets = join((0x0412,), (0x4423, Ref("type", f"[{thing}")), invoke(call, 7, holder, 4, opcode=0x6E), result(1))
    assert ids(activity(create(READ, made, array, sets, gets, SAY))) == expected


@pytest.mark.parametrize(("package", "expected"), [("org/apache/cordova", []), ("x", ["flow.imei-network"])])
def test_what_a_plugin_answers_its_own_page_is_no_request(package: str, expected: list[str]) -> None:
    """Cordova keeps the answer of each plug-in in a queue, from which a script goes to the page of the app."""
    name = f"L{package}/PluginResult;"
    field = f"{name}->message:{TEXT}"
    made = Method(f"<init>({TEXT})V", join(member(3, 2, field, put=True), (RETURN,)), registers=4, ins=2)
    tells = Method(
        "tell()V",
        join(member(1, 3, field, put=False), invoke(WEB, 2, 1, opcode=0x6E), (RETURN,)),
        direct=False,
        registers=4,
        ins=1,
    )
    answers = create(READ, new(2, name), invoke(f"{name}-><init>({TEXT})V", 2, 1, opcode=0x70))
    takes = activity(create(new(2, name), invoke(f"{name}->tell()V", 2, opcode=0x6E)), name="Lx/Other;")
    others = Class("Lx/Plugins;", [Method("f()V", join(new(2, name), new(2, name), (RETURN,)))])
    assert ids(activity(answers), takes, others, Class(name, [made, tells])) == expected


@pytest.mark.parametrize("package", ["androidx/evil", "android/support/v9", "kotlin", "org/apache/cordova/engine"])
def test_a_name_of_code_that_handles_anybodys_data_hides_no_object_of_its_own(package: str) -> None:
    """What is made in many places is anybody's; what a maker gives such a name is made in few."""
    name = f"L{package}/Box;"
    field, kept = f"{name}->text:{TEXT}", f"Lx/Main;->box:{name}"
    made = Method(f"<init>({TEXT})V", join(member(3, 2, field, put=True), (RETURN,)), registers=4, ins=2)
    keeps = create(READ, new(2, name), invoke(f"{name}-><init>({TEXT})V", 2, 1, opcode=0x70), static(2, kept, put=True))
    sends = join(static(2, kept, put=False), member(1, 2, field, put=False), invoke(WEB, 5, 1, opcode=0x6E), (RETURN,))
    main = activity(keeps, Method("onResume()V", sends, direct=False, registers=10))

    def found(others: int) -> list[str]:
        more = Class("Lx/Others;", [Method("f()V", join(*[new(2, name)] * others, (RETURN,)))])
        return ids(main, more, Class(name, [made]))

    assert found(2) == ["flow.imei-network"]
    assert found(3) == []


def test_a_name_of_code_that_handles_anybodys_data_hides_no_field_of_the_package() -> None:
    field = f"Lx/Box;->text:{TEXT}"
    puts = Method(f"put(Lx/Box;{TEXT})V", join(member(3, 2, field, put=True), (RETURN,)), registers=4, ins=2, access=9)
    put = invoke(f"Landroidx/evil/Helper;->put(Lx/Box;{TEXT})V", 2, 1)
    keeps = create(READ, *[new(2, "Lx/Box;")] * 5, put)
    sends = join(member(1, 5, field, put=False), invoke(WEB, 4, 1, opcode=0x6E), (RETURN,))
    box = Class("Lx/Box;", [Method("send()V", sends, direct=False, registers=6, ins=1)])
    asks = activity(create(new(2, "Lx/Box;"), invoke("Lx/Box;->send()V", 2, opcode=0x6E)), name="Lx/Other;")
    assert ids(activity(keeps), asks, box, Class("Landroidx/evil/Helper;", [puts])) == ["flow.imei-network"]


@pytest.mark.parametrize(
    ("asked", "given", "found"),
    [
        ("telephony/TelephonyManager;->getCellLocation()", "Landroid/telephony/CellLocation;", "flow.cell-log"),
        ("net/wifi/WifiManager;->getScanResults()", "Ljava/util/List;", "flow.wifi-networks-log"),
        ("net/wifi/WifiInfo;->getSSID()", TEXT, "flow.wifi-networks-log"),
    ],
)
def test_what_is_around_the_phone_is_data(asked: str, given: str, found: str) -> None:
    reads = join(invoke(f"Landroid/{asked}{given}", 2, opcode=0x6E), result(3))
    words = join(invoke(f"Ljava/lang/Object;->toString(){TEXT}", 3, opcode=0x6E), result(1))
    assert ids(activity(create(reads, words, SAY))) == [found]
