"""What objects hold after a call: texts do not change, servers answer with what is theirs, native code keeps data."""

import pytest

from tests.apk.dex.assembler import RETURN, Class, Method, Ref
from tests.apk.flows.test_find_flows import (
    BUILDER,
    LOG,
    READ,
    SAY,
    STATIC,
    TEXT,
    WEB,
    Code,
    activity,
    create,
    element,
    flows,
    ids,
    invoke,
    join,
    member,
    new,
    result,
    static,
    text,
)

NATIVE = 0x109
"""public static native"""
SAY_OTHER = invoke(LOG, 0, 2)


def test_a_text_stays_what_it_was_whatever_it_is_joined_with() -> None:
    joins = invoke(f"{TEXT}->concat({TEXT}){TEXT}", 2, 3, opcode=0x6E)

    def said(*code: Code) -> list[str]:
        takes = Method(f"take({TEXT}{TEXT})V", join(joins, *code, (RETURN,)), registers=4, ins=2, access=STATIC)
        return ids(activity(takes, create(READ, text(2, "x"), invoke(f"Lx/Main;->take({TEXT}{TEXT})V", 2, 1))))

    assert said(SAY_OTHER) == []
    assert said(result(1), SAY) == ["flow.imei-log"]


def test_an_address_does_not_hold_what_is_put_into_its_connection() -> None:
    """A connection may be what was made of a text, so that what a method puts into it may reach the text as well."""
    url, connection = "Ljava/net/URL;", "Ljava/net/URLConnection;"
    make = join(new(1, url), invoke(f"{url}-><init>({TEXT})V", 1, 4, opcode=0x70))
    opens = join(make, invoke(f"{url}->openConnection(){connection}", 1, opcode=0x6E), result(1), (0x0111,))
    puts = invoke(f"{connection}->setRequestProperty({TEXT}{TEXT})V", 4, 5, 5, opcode=0x6E)
    box = "Lx/Box;"
    address, body = (f"{box}->{name}:{TEXT}" for name in ("address", "body"))
    open_it = join(member(4, 5, address, put=False), invoke(f"Lx/Main;->open({TEXT}){connection}", 4), result(0))
    put_it = join(member(4, 5, body, put=False), invoke(f"Lx/Main;->put({connection}{TEXT})V", 0, 4))

    def sent(*code: Code) -> list[str]:
        methods = (
            Method(f"open({TEXT}){connection}", opens, registers=5, ins=1, access=STATIC),
            Method(f"put({connection}{TEXT})V", join(puts, (RETURN,)), registers=6, ins=2, access=STATIC),
            Method(f"ask({box})V", join(open_it, put_it, *code, (RETURN,)), registers=6, ins=1, access=STATIC),
        )
        fills = join(
            new(4, box), READ, member(1, 4, body, put=True),
            text(1, "http://a.example"), member(1, 4, address, put=True), invoke(f"Lx/Main;->ask({box})V", 4),
        )  # fmt: skip
        return ids(activity(*methods, create(fills)), Class(box))

    assert sent(open_it) == []
    assert sent(invoke(f"{connection}->connect()V", 0, opcode=0x6E)) == ["flow.imei-network"]


@pytest.mark.parametrize("kind", ["Ljava/util/Map;", "Ljava/util/WeakHashMap;", "Ljava/util/List;"])
@pytest.mark.parametrize("is_static", [True, False])
def test_what_is_put_into_a_field_s_map_or_list_is_found_by_who_reads_it(kind: str, is_static: bool) -> None:
    held, value = f"Lx/Main;->held:{kind}", "Ljava/lang/Object;"
    takes, opcode = static(2, held, put=False), 0x72 if kind.endswith(("/Map;", "/List;")) else 0x6E
    if not is_static:
        takes = member(2, 4, held, put=False)
    if kind.endswith("List;"):
        puts = invoke(f"{kind}->add({value})Z", 2, 1, opcode=opcode)
        gets = join((0x0312,), invoke(f"{kind}->get(I){value}", 2, 3, opcode=opcode), result(1))
    else:
        puts = join(text(3, "key"), invoke(f"{kind}->put({value}{value}){value}", 2, 3, 1, opcode=opcode))
        gets = join(text(3, "key"), invoke(f"{kind}->get({value}){value}", 2, 3, opcode=opcode), result(1))
    put = Method("onStart()V", join(READ, takes, puts, (RETURN,)), direct=False, registers=5, ins=1)
    get = Method("onStop()V", join(takes, gets, SAY, (RETURN,)), direct=False, registers=5, ins=1)
    assert ids(activity(put, get)) == ["flow.imei-log"]
    assert (
        ids(activity(Method("onStart()V", join(takes, puts, (RETURN,)), direct=False, registers=5, ins=1), get)) == []
    )


@pytest.mark.parametrize(("makers", "expected"), [(1, ["flow.imei-log"]), (2, [])])
def test_a_map_in_objects_that_are_made_for_several_ends_is_not_one_place(makers: int, expected: list[str]) -> None:
    kind, value, box = "Ljava/util/Map;", "Ljava/lang/Object;", "Lx/Box;"
    held = f"{box}->held:{kind}"
    puts = join(text(3, "key"), invoke(f"{kind}->put({value}{value}){value}", 2, 3, 1, opcode=0x72))
    gets = join(text(3, "key"), invoke(f"{kind}->get({value}){value}", 2, 3, opcode=0x72), result(1))
    methods = [
        Method("put()V", join(READ, member(2, 4, held, put=False), puts, (RETURN,)), direct=False, registers=5, ins=1),
        Method("get()V", join(member(2, 4, held, put=False), gets, SAY, (RETURN,)), direct=False, registers=5, ins=1),
    ]
    calls = [join(new(5, box), invoke(f"{box}->{name}()V", 5, opcode=0x6E)) for name in ("put", "get")]
    if makers == 1:
        calls[1] = invoke(f"{box}->get()V", 5, opcode=0x6E)
    assert ids(Class(box, methods), activity(create(*calls))) == expected


@pytest.mark.parametrize(("makes_ready", "expected"), [(True, ["flow.imei-log"]), (False, [])])
def test_a_constructor_may_leave_it_to_a_method_to_make_the_object_ready(
    makes_ready: bool, expected: list[str]
) -> None:
    box = "Lx/Box;"
    held = f"{box}->held:[{TEXT}"
    array: Code = (0x0023, Ref("type", f"[{TEXT}"))  # new-array v0, v0
    ready = join((0x0112,), *[(0x0112,)] * 6, array, member(0, 3, held, put=True), (RETURN,))
    calls = invoke(f"{box}->ready()V", 3, opcode=0x70) if makes_ready else ()
    puts = join(member(1, 2, held, put=False), (0x0012,), element(3, 1, 0, put=True), (RETURN,))
    gives = join(member(1, 3, held, put=False), (0x0012,), element(0, 1, 0, put=False), (0x0011,))
    methods = (
        Method("<init>()V", join(calls, (RETURN,)), registers=4, ins=1),
        Method("ready()V", ready, registers=4, ins=1),
        Method(f"put({TEXT})V", puts, direct=False, registers=4, ins=2),
        Method(f"give(){TEXT}", gives, direct=False, registers=4, ins=1),
    )
    makes = join(new(2, box), invoke(f"{box}-><init>()V", 2, opcode=0x70))
    fills = join(READ, invoke(f"{box}->put({TEXT})V", 2, 1, opcode=0x6E))
    asks = join(invoke(f"{box}->give(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(Class(box, methods), activity(create(makes, fills, asks))) == expected


@pytest.mark.parametrize(
    ("kind", "get", "append"),
    [
        ("J", 0x53, "J"),
        ("I", 0x52, "I"),
        ("Ljava/lang/Boolean;", 0x54, "Ljava/lang/Object;"),
        ("Ljava/lang/StringBuffer;", 0x54, "Ljava/lang/Object;"),
        ("Lx/Box;", 0x54, "Ljava/lang/Object;"),
    ],
)
def test_what_is_put_into_a_text_stays_what_it_was(kind: str, get: int, append: str) -> None:
    """The text holds a copy: what is put there later comes to lie in nothing that was put there before."""
    field = f"Lx/Main;->kept:{kind}"

    def reads(register: int) -> Code:
        return 0x9000 | register << 8 | get, Ref("field", field)

    added = (3, 4) if kind == "J" else (3,)
    puts = join(
        new(2, BUILDER),
        reads(3),
        invoke(f"{BUILDER}->append({append}){BUILDER}", 2, *added, opcode=0x6E),
        result(2),
        READ,
        invoke(f"{BUILDER}->append({TEXT}){BUILDER}", 2, 1, opcode=0x6E),
    )
    given = (1, 2) if kind == "J" else (1,)
    own = kind if kind in ("I", "J") else "Ljava/lang/Object;"
    says = join(reads(1), invoke(f"{TEXT}->valueOf({own}){TEXT}", *given), result(1), SAY)
    tells = Method("onResume()V", join(says, (RETURN,)), direct=False, registers=10)
    assert ids(activity(create(puts), tells)) == []


def test_a_text_that_is_put_together_holds_what_was_put_there() -> None:
    box = "Lx/Box;"
    kept = join(READ, new(4, box), member(1, 4, f"{box}->kept:{TEXT}", put=True), new(2, BUILDER))
    says = join(invoke(f"{BUILDER}->toString(){TEXT}", 2, opcode=0x6E), result(1), SAY)

    def said(*calls: Code) -> list[str]:
        return ids(activity(create(kept, *calls, says)), Class(box, parent="Ljava/lang/Object;"))

    adds = invoke(f"{BUILDER}->append({TEXT}){BUILDER}", 2, 1, opcode=0x6E)
    assert said(text(3, "x")) == []
    assert said(adds) == said(adds, result(2)) == ["flow.imei-log"]
    assert said(invoke(f"{BUILDER}->append(Ljava/lang/Object;){BUILDER}", 2, 4, opcode=0x6E)) == ["flow.imei-log"]
    assert said(invoke(f"{BUILDER}->insert(I{TEXT}){BUILDER}", 2, 0, 1, opcode=0x6E)) == ["flow.imei-log"]


def test_a_text_that_is_made_of_bytes_holds_them() -> None:
    taken = join(READ, invoke(f"{TEXT}->getBytes()[B", 1, opcode=0x6E), result(1))
    made = join(taken, new(2, TEXT), invoke(f"{TEXT}-><init>([B)V", 2, 1, opcode=0x70))
    assert ids(activity(create(made, SAY_OTHER))) == ["flow.imei-log"]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"Lorg/xmlrpc/android/XMLRPCClient;->call({TEXT}){TEXT}", ["flow.imei-network"]),
        (f"Lorg/xmlrpc/android/XMLRPCClient;->other({TEXT}){TEXT}", []),
    ],
)
def test_what_a_library_gives_back_for_what_it_sent_is_the_answer_of_a_server(call: str, expected: list[str]) -> None:
    owner, _, signature = call.partition("->")
    library = Class(owner, [Method(signature, (RETURN,), direct=False, registers=4, ins=2)])
    sends = join(READ, new(2, owner), invoke(call, 2, 1, opcode=0x6E))
    assert ids(activity(create(sends, result(1), SAY)), library) == [*(expected or ["flow.imei-log"])]
    assert ids(activity(create(sends, SAY)), library) == ["flow.imei-log", *expected]


def test_what_native_code_makes_of_data_holds_it() -> None:
    native = Method(f"encode({TEXT}){TEXT}", None, access=NATIVE)
    coded = invoke(f"Lx/Main;->encode({TEXT}){TEXT}", 1)
    assert ids(activity(native, create(READ, coded, result(1), SAY))) == ["flow.imei-log"]
    assert ids(activity(native, create(READ, invoke(f"Lx/Main;->encode({TEXT}){TEXT}", 2), result(1), SAY))) == []


def test_a_letter_that_data_chooses_from_a_table_tells_it() -> None:
    """So identifiers are written as hexadecimal digits."""
    coded = join(READ, invoke(f"{TEXT}->getBytes()[B", 1, opcode=0x6E), result(2), element(3, 2, 0, put=False))
    table = join(invoke("Landroid/os/Build;->letters()[C"), result(4))
    assert ids(activity(create(coded, table, element(1, 4, 3, put=False), SAY))) == ["flow.imei-log"]
    assert ids(activity(create(coded, table, (0x0512,), element(1, 4, 5, put=False), SAY))) == []


@pytest.mark.parametrize(
    ("parent", "is_sent"),
    [
        ("Landroid/app/Activity;", False),
        ("Landroid/app/ListActivity;", False),
        ("Landroid/app/IntentService;", False),
        ("Landroid/app/Fragment;", False),
        ("Landroid/preference/PreferenceActivity;", False),
        ("Landroid/content/Context;", False),
        ("Landroid/view/View;", False),
        ("Landroid/widget/EditText;", False),
        ("Lx/Base;", False),
        ("Landroid/os/AsyncTask;", True),
        ("Landroid/view/View$OnClickListener;", True),
        ("Ljava/lang/Object;", True),
    ],
)
def test_nobody_sends_a_screen_for_what_its_fields_hold(parent: str, is_sent: bool) -> None:
    """What sends is often handed the screen that asks, for the answer; what it reads there goes all the same."""
    keeper, box = "Lx/Keeper;", "Lx/Box;"
    kept = join(READ, new(5, keeper), member(1, 5, f"{keeper}->kept:{TEXT}", put=True))
    hidden = join(kept, new(4, box), member(5, 4, f"{box}->keeper:{keeper}", put=True))
    classes = (
        Class("Lx/Base;", parent="Landroid/app/Activity;"),
        Class(box, parent="Ljava/lang/Object;"),
        Class(keeper, parent=parent),
    )
    expected = ["flow.imei-log"] if is_sent else []
    assert ids(activity(create(hidden, invoke(LOG, 0, 4))), *classes) == expected
    takes = Method(f"take({box})V", join((0x3107,), SAY, (RETURN,)), registers=4, ins=1, access=STATIC)
    assert ids(activity(takes, create(hidden, invoke(f"Lx/Main;->take({box})V", 4))), *classes) == expected
    reads = join(member(6, 4, f"{box}->keeper:{keeper}", put=False), member(1, 6, f"{keeper}->kept:{TEXT}", put=False))
    assert ids(activity(create(hidden, reads, SAY)), *classes) == ["flow.imei-log"]


def shown(address: str | None, *more: Code, name: str = "Lx/Main;") -> tuple[Class]:
    """A screen that gives a `WebView` an address put together with data, or data alone."""
    if address is None:
        return (activity(create(READ, *more, invoke(WEB, 3, 1, opcode=0x6E)), name=name),)
    adds = f"{BUILDER}->append({TEXT}){BUILDER}"
    puts = [new(2, BUILDER), text(4, address), invoke(adds, 2, 4, opcode=0x6E), READ]
    says = [invoke(adds, 2, 1, opcode=0x6E), invoke(f"{BUILDER}->toString(){TEXT}", 2, opcode=0x6E), result(1)]
    return (activity(create(*more, *puts, *says, invoke(WEB, 3, 1, opcode=0x6E)), name=name),)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("javascript:told('", ["flow.imei-page"]),
        ("JavaScript:told('", ["flow.imei-page"]),
        ("javascript:fetch('https://a.example/?", ["flow.imei-network"]),
        ("javascript:location='//a.example/?", ["flow.imei-network"]),
        ("https://a.example/?javascript:", ["flow.imei-network"]),
        ("https://a.example/?", ["flow.imei-network"]),
        ("tel:", ["flow.imei-network"]),
        (None, ["flow.imei-network"]),
    ],
)
def test_what_a_script_in_a_page_is_told_is_not_sent_yet(address: str | None, expected: list[str]) -> None:
    """Where an address stands in the script, it may be sent there."""
    assert ids(*shown(address)) == expected


def test_an_address_beside_its_scheme_is_one() -> None:
    """Whoever puts it together itself does not hide it behind the name of a bridge or behind a script."""
    bridge, adds = "Lorg/apache/cordova/Main;", f"{BUILDER}->append({TEXT}){BUILDER}"

    def loads(*texts: str) -> list[str]:
        puts = [join(text(4, one), invoke(adds, 2, 4, opcode=0x6E)) for one in texts]
        says = join(invoke(adds, 2, 1, opcode=0x6E), invoke(f"{BUILDER}->toString(){TEXT}", 2, opcode=0x6E), result(1))
        code = create(new(2, BUILDER), *puts, READ, says, invoke(WEB, 3, 1, opcode=0x6E))
        found = flows(activity(code, name=bridge), active=frozenset({"org.apache.cordova.Main"}))
        return [flow.id for flow in found]

    assert loads("https:", "//a.example/?") == ["flow.imei-network"]
    assert loads("javascript:location='https:'+'", "//a.example/?") == ["flow.imei-network"]
    assert loads("javascript:", "told('") == ["flow.imei-page"]


def test_an_address_that_a_page_had_before_says_nothing_of_a_script() -> None:
    before = join(text(5, "https://a.example/"), invoke(WEB, 3, 5, opcode=0x6E))
    assert ids(*shown("javascript:told('", before)) == ["flow.imei-page"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (None, ["flow.imei-page"]),
        ("file:///android_asset/www/index.html?", ["flow.imei-page"]),
        ("https://a.example/?", ["flow.imei-network"]),
    ],
)
def test_what_a_bridge_hands_to_the_page_is_for_its_script(address: str | None, expected: list[str]) -> None:
    """Its code puts a script together in one method, and hands it on in another."""
    bridge = "Lorg/apache/cordova/Main;"
    found = flows(*shown(address, name=bridge), active=frozenset({"org.apache.cordova.Main"}))
    assert [flow.id for flow in found] == expected


@pytest.mark.parametrize(
    ("call", "opcode"),
    [
        (f"{TEXT}->getBytes({TEXT})[B", 0x6E),
        (f"{TEXT}->split({TEXT})[{TEXT}", 0x6E),
        ("Ljava/util/Map;->get(Ljava/lang/Object;)Ljava/lang/Object;", 0x72),
        (f"Ljava/net/URLEncoder;->encode({TEXT}{TEXT}){TEXT}", 0x71),
    ],
)
def test_what_only_chooses_what_a_call_gives_is_not_in_it(call: str, opcode: int) -> None:
    """The name of an encoding, a separator, a key."""

    def said(given: int, chooses: int) -> list[str]:
        takes = join(invoke(call, given, chooses, opcode=opcode), result(1), SAY, (RETURN,))
        method = Method(f"take({TEXT}{TEXT})V", takes, registers=4, ins=2, access=STATIC)
        return ids(activity(method, create(READ, text(2, "x"), invoke(f"Lx/Main;->take({TEXT}{TEXT})V", 1, 2))))

    assert said(2, 3) == ["flow.imei-log"]
    assert said(3, 2) == []


@pytest.mark.parametrize(("change", "expected"), [("add", ["flow.imei-log"]), ("remove", [])])
def test_what_is_taken_out_of_a_list_does_not_come_to_lie_in_it(change: str, expected: list[str]) -> None:
    items = "Ljava/util/ArrayList;"
    changes = invoke(f"{items}->{change}(Ljava/lang/Object;)Z", 2, 1, opcode=0x6E)
    says = join(invoke(f"{items}->toString(){TEXT}", 2, opcode=0x6E), result(1), SAY)
    assert ids(activity(create(new(2, items), READ, changes, says))) == expected
