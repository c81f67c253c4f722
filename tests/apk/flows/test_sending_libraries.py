"""Data that leaves through a library which the package brings along; and through a class that only bears its name."""

import struct

import pytest

from phone_audit.apk.dex.annotations import methods_with
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.flows.running import flows_in
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
    static,
    text,
)

QUEUE = "Lcom/android/volley/RequestQueue;"
BUILDER, CLIENT = "Lokhttp3/FormBody$Builder;", "Lokhttp3/OkHttpClient;"
ADD = f"add({TEXT}{TEXT}){BUILDER}"
NULL = (0x0012, 0x0011)
"""const v0, 0; return-object v0"""


def brought(name: str, signature: str) -> Class:
    return Class(name, [Method(signature, NULL, direct=False, registers=6, ins=3)])


def test_what_lies_in_a_body_is_sent_by_the_client() -> None:
    made = join(new(2, BUILDER), READ, invoke(f"{BUILDER}->{ADD}", 2, 1, 1, opcode=0x6E), result(3))
    built = join(invoke(f"{BUILDER}->build()Lokhttp3/FormBody;", 3, opcode=0x6E), result(3))
    request = "Lokhttp3/Request$Builder;"
    posts = invoke(f"{request}->post(Lokhttp3/RequestBody;){request}", 4, 3, opcode=0x6E)
    call = invoke(f"{CLIENT}->newCall(Lokhttp3/Request;)Lokhttp3/Call;", 5, 4, opcode=0x6E)
    code = join(made, built, new(4, request), posts, result(4), new(5, CLIENT), call)
    library = (brought(BUILDER, ADD), brought(CLIENT, "newCall(Lokhttp3/Request;)Lokhttp3/Call;"))
    assert ids(activity(create(code)), *library) == ["flow.imei-network"]
    assert ids(activity(create(join(made, built, new(5, CLIENT), new(4, request), call))), *library) == []


def test_what_a_class_of_its_own_collects_in_one_method_it_sends_in_another() -> None:
    field, request = f"Lx/Api;->params:{BUILDER}", "Lokhttp3/Request$Builder;"
    kept = member(1, 6, field, put=False)  # the object is in the last two registers
    fills = join(kept, invoke(f"{BUILDER}->{ADD}", 1, 7, 7, opcode=0x6E), (RETURN,))
    built = join(member(1, 7, field, put=False), invoke(f"{BUILDER}->build()Lokhttp3/FormBody;", 1, opcode=0x6E))
    posts = join(
        result(2), new(3, request), invoke(f"{request}->post(Lokhttp3/RequestBody;){request}", 3, 2, opcode=0x6E)
    )
    call = invoke(f"{CLIENT}->newCall(Lokhttp3/Request;)Lokhttp3/Call;", 4, 3, opcode=0x6E)
    sends = join(built, posts, new(4, CLIENT), call, (RETURN,))
    api = Class(
        "Lx/Api;",
        [
            Method(f"put({TEXT})V", fills, direct=False, registers=8, ins=2),
            Method("send()V", sends, direct=False, registers=8, ins=1),
        ],
    )
    puts = join(READ, new(2, "Lx/Api;"), invoke(f"Lx/Api;->put({TEXT})V", 2, 1, opcode=0x6E))
    asks = join(new(2, "Lx/Api;"), invoke("Lx/Api;->send()V", 2, opcode=0x6E))
    library = (brought(BUILDER, ADD), brought(CLIENT, "newCall(Lokhttp3/Request;)Lokhttp3/Call;"))
    assert ids(activity(create(puts, asks)), api, *library) == ["flow.imei-network"]


@pytest.mark.parametrize("parent", [None, "Lokhttp3/Evil;"])
def test_a_class_that_only_bears_the_name_of_a_library_hides_nothing(parent: str | None) -> None:
    runs = invoke(f"Ljava/lang/Runtime;->exec({TEXT})Ljava/lang/Process;", 3, 4, opcode=0x6E)
    says = Method(ADD, join(runs, NULL), direct=False, registers=6, ins=3)
    code = join(new(2, BUILDER), READ, invoke(f"{BUILDER}->{ADD}", 2, 1, 1, opcode=0x6E))
    fake = [Class(BUILDER, [says])] if parent is None else [Class(parent, [says]), Class(BUILDER, parent=parent)]
    assert ids(activity(create(code)), *fake) == ["flow.imei-process"]
    assert ids(activity(create(code)), brought(BUILDER, ADD)) == []


def test_a_class_that_only_bears_the_name_of_a_library_hides_no_source() -> None:
    gives = Method(f"id(){TEXT}", join(READ, (0x0111,)), direct=False, registers=4, ins=1)  # return-object v1
    request = "Lokhttp3/Request;"
    code = join(new(2, request), invoke(f"{request}->id(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(code)), Class(request, [gives])) == ["flow.imei-log"]


def test_a_static_field_of_a_class_that_only_bears_the_name_is_followed() -> None:
    request, field = "Lokhttp3/Request;", f"Lokhttp3/Request;->kept:{TEXT}"
    fills = Method("fill()V", join(READ, static(1, field, put=True), (RETURN,)), access=9, registers=4)
    code = join(invoke(f"{request}->fill()V"), static(1, field, put=False), SAY)
    assert ids(activity(create(code)), Class(request, [fills], statics=[("kept", "")])) == ["flow.imei-log"]


@pytest.mark.parametrize(
    "call",
    [
        "Lcom/loopj/android/http/AsyncHttpClient;->post(Ljava/lang/String;)V",
        "Lorg/ksoap2/transport/HttpTransportSE;->call(Ljava/lang/String;)V",
        "Lcom/android/volley/RequestQueue;->add(Ljava/lang/String;)V",
        "Lcom/google/firebase/database/DatabaseReference;->setValue(Ljava/lang/String;)V",
        "Lcom/backendless/UserService;->login(Ljava/lang/String;)V",
        "Lcz/msebera/android/httpclient/client/HttpClient;->execute(Ljava/lang/String;)V",
        "Lorg/xmlrpc/android/XMLRPCClient;->call(Ljava/lang/String;)V",
    ],
)
def test_other_libraries_send_too(call: str) -> None:
    owner, _, signature = call.partition("->")
    sends = join(READ, new(2, owner), invoke(call, 2, 1, opcode=0x6E))
    library = Class(owner, [Method(signature, (RETURN,), direct=False, registers=4, ins=2)])
    assert ids(activity(create(sends)), library) == ["flow.imei-network"]


def test_a_call_that_nothing_is_known_of_does_not_send() -> None:
    call = "Lcom/google/firebase/database/DatabaseReference;->equalTo(Ljava/lang/String;)V"
    owner, _, signature = call.partition("->")
    library = Class(owner, [Method(signature, (RETURN,), direct=False, registers=4, ins=2)])
    assert ids(activity(create(join(READ, new(2, owner), invoke(call, 2, 1, opcode=0x6E)))), library) == []


def test_what_a_class_of_a_library_holds_is_sent_when_it_is_told_to() -> None:
    user = "Lcom/parse/ParseUser;"
    puts = join(new(2, user), READ, invoke(f"{user}->setPassword({TEXT})V", 2, 1, opcode=0x6E))
    saves = invoke(f"{user}->signUpInBackground()V", 2, opcode=0x6E)
    library = Class(
        user,
        [
            Method(f"setPassword({TEXT})V", (RETURN,), direct=False, registers=4, ins=2),
            Method("signUpInBackground()V", (RETURN,), direct=False, registers=4, ins=1),
        ],
    )
    assert ids(activity(create(puts, saves)), library) == ["flow.imei-network"]
    assert ids(activity(create(puts, new(2, user), saves)), library) == []


REQUEST = "Lcom/android/volley/toolbox/StringRequest;"


@pytest.mark.parametrize(
    ("name", "parent", "expected"),
    [("getParams", REQUEST, ["flow.imei-network"]), ("getTag", REQUEST, []), ("getParams", "Ljava/lang/Object;", [])],
)
def test_what_a_request_of_volley_gives_when_it_is_asked_is_sent(name: str, parent: str, expected: list[str]) -> None:
    held = f"Lx/Main$1;->imei:{TEXT}"
    made = Method(f"<init>({TEXT})V", join(member(3, 2, held, put=True), (RETURN,)), registers=4, ins=2)
    params = join(
        new(1, "Ljava/util/HashMap;"),
        member(0, 3, held, put=False),
        invoke("Ljava/util/Map;->put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;", 1, 0, 0, opcode=0x72),
        (0x0111,),  # return-object v1
    )
    gives = Method(f"{name}()Ljava/util/Map;", params, direct=False, registers=4, ins=1)
    own = Class("Lx/Main$1;", [made, gives], parent=parent)
    makes = join(READ, (0x0222, Ref("type", "Lx/Main$1;")), invoke(f"Lx/Main$1;-><init>({TEXT})V", 2, 1, opcode=0x70))
    assert ids(activity(create(makes)), own) == expected


def with_annotation(data: bytes, descriptor: str, kind: str, method: str, visibility: int = 1) -> bytes:
    """Let the one method of a class bear an annotation."""
    (index,) = index_file(read_dex("classes.dex", data))
    number = next(one for one in range(index.method_ids.size) if index.method_name(one) == method)
    row = index.class_rows[index.type_ids[descriptor.encode()]]
    at = (len(data) + 3) // 4 * 4
    directory = struct.pack("<IIIIII", 0, 0, 1, 0, number, at + 24)
    items = struct.pack("<II", 1, at + 32) + bytes((visibility, index.type_ids[kind.encode()], 0))
    changed = bytearray(data.ljust(at, b"\0") + directory + items)
    (class_defs,) = struct.unpack_from("<I", data, 0x64)
    struct.pack_into("<I", changed, class_defs + 32 * row + 20, at)
    return bytes(changed)


def test_a_method_that_an_annotation_makes_a_request_sends_what_it_is_handed() -> None:
    login = f"login({TEXT})Lretrofit2/Call;"
    api = Class("Lx/Api;", [Method(login, None, direct=False, access=0x401)], access=0x601)
    sends = create(READ, invoke(f"Lx/Api;->{login}", 2, 1, opcode=0x72))
    data = assemble([activity(sends), api, Class("Lretrofit2/http/POST;", access=0x2601)])
    told = with_annotation(data, "Lx/Api;", "Lretrofit2/http/POST;", login)

    def found(data: bytes) -> list[str]:
        return [flow.id for flow in flows_in(index_file(read_dex("classes.dex", data)), {"x.Main"}).found]

    assert found(data) == []
    assert found(told) == ["flow.imei-network"]


def test_an_annotation_of_retrofit_may_bear_another_name() -> None:
    """A shrinker renames it, and what asks for it; the message of the latter stays."""
    login = f"login({TEXT})Lb/b;"
    api = Class("Lx/Api;", [Method(login, None, direct=False, access=0x401)], access=0x601)
    sends = create(READ, invoke(f"Lx/Api;->{login}", 2, 1, opcode=0x72))
    asks = (0x1020, Ref("type", "Lb/c;"))  # instance-of v0, v1

    def found(message: str, access: int = 0x2601) -> list[str]:
        reads = Class("Lb/a;", [Method("a()V", join(asks, text(1, message), (RETURN,)), access=9, registers=4)])
        data = assemble([activity(sends), api, reads, Class("Lb/c;", access=access)])
        told = with_annotation(data, "Lx/Api;", "Lb/c;", login)
        return [flow.id for flow in flows_in(index_file(read_dex("classes.dex", told)), {"x.Main"}).found]

    assert found("Only one HTTP method is allowed. Found: %s and %s.") == ["flow.imei-network"]
    assert found("Only one HTTP method is allowed.") == []
    assert found("Only one HTTP method is allowed. Found: %s and %s.", access=0x601) == []


@pytest.mark.parametrize("cut", [1, 3, 8, 12, 20])
def test_annotations_that_break_off_are_survived(cut: int) -> None:
    api = Class("Lx/Api;", [Method("login()V", None, direct=False, access=0x401)], access=0x601)
    told = with_annotation(assemble([api, Class("Lx/A;", access=0x2601)]), "Lx/Api;", "Lx/A;", "login()V")
    (whole,) = index_file(read_dex("classes.dex", told))
    assert len(methods_with(whole, {whole.type_ids[b"Lx/A;"]})) == 1
    (index,) = index_file(read_dex("classes.dex", told[:-cut]))
    assert len(methods_with(index, {index.type_ids[b"Lx/A;"]})) <= 1


MADE = "Lcom/android/volley/toolbox/JsonObjectRequest;"
ERROR = "Lcom/android/volley/Response$ErrorListener;"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("Lx/Kept;", ["flow.imei-network"]),
        (ERROR, []),
        ("Lcom/android/volley/Response$Listener;", []),
        ("Lx/Callbacks;", []),
        ("Lx/Listeners;", ["flow.imei-network"]),
    ],
)
def test_what_a_request_calls_back_is_not_sent(kinds: str, expected: list[str]) -> None:
    """A listener holds its screen, and with it all that was typed there."""
    keeps = join(READ, new(2, "Lx/Kept;"), member(1, 2, f"Lx/Kept;->text:{TEXT}", put=True))
    makes = join(new(3, MADE), invoke(f"{MADE}-><init>(J{kinds})V", 3, 4, 5, 2, opcode=0x70))
    adds = join(new(4, QUEUE), invoke(f"{QUEUE}->add(Lcom/android/volley/Request;)V", 4, 3, opcode=0x6E))
    kept = Class("Lx/Kept;", [Method("onErrorResponse()V", (RETURN,), direct=False, ins=1)], interfaces=(ERROR,))
    assert ids(activity(create(join(keeps, makes, adds))), kept) == expected


def test_what_a_client_is_handed_to_answer_with_is_not_sent() -> None:
    client, handler = "Lcom/loopj/android/http/AsyncHttpClient;", "Lcom/loopj/android/http/ResponseHandlerInterface;"
    keeps = join(READ, new(2, "Lx/Kept;"), member(1, 2, f"Lx/Kept;->text:{TEXT}", put=True))
    gets = f"{client}->get({TEXT}{handler})V"
    kept = Class("Lx/Kept;", [Method("onFinish()V", (RETURN,), direct=False, ins=1)], interfaces=(handler,))
    assert ids(activity(create(join(keeps, new(3, client), invoke(gets, 3, 4, 2, opcode=0x6E)))), kept) == []
    assert ids(activity(create(join(READ, new(3, client), invoke(gets, 3, 1, 2, opcode=0x6E)))), kept) == [
        "flow.imei-network"
    ]


@pytest.mark.parametrize(
    ("parent", "expected"),
    [(MADE, ["flow.imei-network"]), (REQUEST, ["flow.imei-network"]), ("Lx/Plain;", [])],
)
def test_a_request_of_its_own_sends_what_its_constructor_hands_on(parent: str, expected: list[str]) -> None:
    """Most apps make requests of Volley as anonymous classes."""
    own = "Lx/Main$1;"
    hands_on = Method(
        f"<init>({TEXT})V", join(invoke(f"{parent}-><init>({TEXT})V", 2, 3, opcode=0x70), (RETURN,)), registers=4, ins=2
    )
    makes = join((0x0222, Ref("type", own)), invoke(f"{own}-><init>({TEXT})V", 2, 1, opcode=0x70))
    adds = join(new(4, QUEUE), invoke(f"{QUEUE}->add(Lcom/android/volley/Request;)V", 4, 2, opcode=0x6E))
    assert ids(activity(create(join(READ, makes, adds))), Class(own, [hands_on], parent=parent)) == expected


STATEMENT, ROWS = "Ljava/sql/PreparedStatement;", "Ljava/sql/ResultSet;"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("jdbc:jtds:sqlserver://db.example:1433/x", ["flow.imei-network"]),
        ("jdbc:mysql://", ["flow.imei-network"]),
        ("jdbc:sqlite:/sdcard/x.db", []),
        ("see jdbc:mysql://", []),
    ],
)
def test_a_data_base_is_asked_over_the_network_where_an_address_of_one_is_there(
    address: str, expected: list[str]
) -> None:
    """Databases in files are asked by the same calls; what kind of one it is, its address says."""
    connection = "Ljava/sql/Connection;"
    opens = join(
        text(2, address),
        invoke(f"Ljava/sql/DriverManager;->getConnection({TEXT}){connection}", 2),
        result(3),
        invoke(f"{connection}->prepareStatement({TEXT}){STATEMENT}", 3, 2, opcode=0x72),
        result(4),
    )
    sets = join(READ, invoke(f"{STATEMENT}->setString(I{TEXT})V", 4, 5, 1, opcode=0x72))
    asks = invoke(f"{STATEMENT}->executeQuery(){ROWS}", 4, opcode=0x72)
    assert ids(activity(create(opens, sets, asks))) == expected
    assert ids(activity(create(opens, sets))) == []
    answer = join(result(6), invoke(f"{ROWS}->getString(I){TEXT}", 6, 5, opcode=0x72), result(1), SAY)
    assert ids(activity(create(opens, sets, asks, answer))) == expected


def test_whoever_logs_in_to_a_data_base_sends_what_is_needed_for_it() -> None:
    call = f"Ljava/sql/DriverManager;->getConnection({TEXT}{TEXT}{TEXT})Ljava/sql/Connection;"
    logs_in = join(READ, text(2, "jdbc:mysql://db.example/x"), text(3, "me"), invoke(call, 2, 3, 1))
    assert ids(activity(create(logs_in))) == ["flow.imei-network"]
