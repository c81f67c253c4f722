"""What becomes of an address: whatever connects to it counts, however it got there, and nothing else does."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.endpoints import address_flow, address_steps, address_use
from phone_audit.apk.endpoints.address_flow import AddressFlow, Trail, first
from phone_audit.apk.endpoints.address_nodes import Spot, TextUse
from phone_audit.apk.endpoints.address_use import AddressUses
from phone_audit.apk.endpoints.call_effects import CallEffects
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.call import LOWERING, CallFact
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble

_URL = "http://vendor.dev/x"
_A = "Lorg/vendor/A;"
_OBJECT = "Ljava/lang/Object;"
Units = tuple[int | Ref, ...]


def call(method: str, *registers: int, opcode: int = 0x71) -> Units:
    packed = sum(register << 4 * place for place, register in enumerate(registers))
    return opcode | len(registers) << 12, Ref("method", method), packed


def virtual(method: str, *registers: int) -> Units:
    return call(method, *registers, opcode=0x6E)


def direct(method: str, *registers: int) -> Units:
    return call(method, *registers, opcode=0x70)


def new(register: int, kind: str) -> Units:
    return 0x22 | register << 8, Ref("type", kind)


def result(register: int) -> Units:
    return (0x0C | register << 8,)


def text(value: str, register: int = 0) -> Units:
    return 0x1A | register << 8, Ref("string", value)


def put_static(field: str, register: int) -> Units:
    return 0x69 | register << 8, Ref("field", field)


def get_static(field: str, register: int) -> Units:
    return 0x62 | register << 8, Ref("field", field)


def uses(
    *classes: Class,
    strings: Sequence[str] = (),
    package: str | None = "org.vendor.app",
    idle: str = "",
) -> dict[str, TextUse]:
    """Return what becomes of each string with a scheme; nothing was seen to start the method `idle`."""
    file = read_dex("classes.dex", assemble(classes, strings))
    spots = {Spot("classes.dex", at): value for at, value in file.strings.holding(b"://")}
    effects = CallEffects(load_knowledge().calls)
    indexes = index_file(file)

    def sees(part: int, row: int) -> bool:
        return not idle or not indexes[part].row_name(row).startswith(idle)

    found = AddressUses(AddressFlow(indexes, effects, package=package, sees=sees))(spots)
    return {spots[spot]: seen for spot, seen in found.items()}


def method(*code: int | Ref, signature: str = "f(I)V", ends: bool = True, direct: bool = True, ins: int = 1) -> Method:
    return Method(signature, (*code, RETURN) if ends else code, direct=direct, registers=8, ins=ins)


def use_of(*code: int | Ref, more: Sequence[Method] = (), others: Sequence[Class] = ()) -> str:
    return uses(Class(_A, [method(*text(_URL), *code), *more], parent="Ljava/lang/Object;"), *others)[_URL].use


_STRING = "Ljava/lang/String;"
_INTENT = "Landroid/content/Intent;"
_FIELD = f"{_A}->kept:{_STRING}"
_CONNECT = (
    *new(1, "Ljava/net/URL;"),
    *direct(f"Ljava/net/URL;-><init>({_STRING})V", 1, 0),
    *virtual("Ljava/net/URL;->openConnection()Ljava/net/URLConnection;", 1),
)
_PARSED = (*call(f"Landroid/net/Uri;->parse({_STRING})Landroid/net/Uri;", 0), *result(2))


def opened(action: str = "android.intent.action.VIEW", more: Units = ()) -> Units:
    return (
        *_PARSED,
        *text(action, 3),
        *new(1, _INTENT),
        *direct(f"{_INTENT}-><init>({_STRING}Landroid/net/Uri;)V", 1, 3, 2),
        *more,
        *virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 1),
    )


_APPEND = "Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;"
_JOINED = (
    *new(1, "Ljava/lang/StringBuilder;"),
    *direct("Ljava/lang/StringBuilder;-><init>()V", 1),
    *virtual(_APPEND, 1, 0),
    *virtual("Ljava/lang/StringBuilder;->toString()Ljava/lang/String;", 1),
    *result(0),
)
_EQUALS = virtual(f"{_STRING}->equals(Ljava/lang/Object;)Z", 0, 5)
_FETCHES = method(0x7007, *_CONNECT, signature="go(Ljava/lang/String;)V")
"""Connects to what it is handed, in v7."""
_GO = f"{_A}->go({_STRING})V"

FETCHED: dict[str, Units] = {
    "a connection": _CONNECT,
    "joined before": (*_JOINED, *_CONNECT),
    "a web view": virtual(f"Landroid/webkit/WebView;->loadUrl({_STRING})V", 1, 0),
    "compared and connected": (*_EQUALS, *_CONNECT),
    "shown and connected": (*call("Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I", 5, 0), *_CONNECT),
    "opened and connected": (*opened(), *_CONNECT),
    "connected on one branch": (0x0538, 2, *_CONNECT),
    "in an array": (
        0x1223,  # new-array v2, v1
        Ref("type", f"[{_STRING}"),
        0x004D,  # aput-object v0, v2, v3
        0x0302,
        0x0046,  # aget-object v0, v2, v3
        0x0302,
        *_CONNECT,
    ),
    "in a list": (
        *new(1, "Ljava/util/ArrayList;"),
        *direct("Ljava/util/ArrayList;-><init>()V", 1),
        *virtual("Ljava/util/ArrayList;->add(Ljava/lang/Object;)Z", 1, 0),
        *virtual("Ljava/util/ArrayList;->get(I)Ljava/lang/Object;", 1, 5),
        *result(0),
        *_CONNECT,
    ),
    "behind a switch": (0x052B, 14, 0, RETURN, *_CONNECT, RETURN, 0, 0x0100, 1, 0, 0, 4, 0),
}


FETCHED["found by a pattern"] = (
    *call(f"Ljava/util/regex/Pattern;->compile({_STRING})Ljava/util/regex/Pattern;", 0),
    *result(1),
    *virtual("Ljava/util/regex/Pattern;->pattern()Ljava/lang/String;", 1),
    *result(0),
    *_CONNECT,
)


@pytest.mark.parametrize("code", FETCHED.values(), ids=FETCHED.keys())
def test_what_code_connects_to(code: Units) -> None:
    assert use_of(*code) == "fetched"


def test_it_is_followed_into_methods_and_what_they_give_back() -> None:
    handed = call(_GO, 0)
    assert use_of(*handed, more=[_FETCHES]) == "fetched"
    gives = method(0x0711, signature=f"same({_STRING}){_STRING}", ends=False)
    same = (*call(f"{_A}->same({_STRING}){_STRING}", 0), *result(0))
    assert use_of(*same, *_CONNECT, more=[gives]) == "fetched"
    assert use_of(*same, *_EQUALS, more=[gives]) == "compared"


def test_what_a_method_gives_back_goes_to_its_callers() -> None:
    gives = method(*text(_URL), 0x0011, signature=f"give(){_STRING}", ends=False, ins=0)
    takes = (*call(f"{_A}->give(){_STRING}"), *result(0))
    assert uses(Class(_A, [gives, method(*takes, *_CONNECT)]))[_URL].use == "fetched"
    assert uses(Class(_A, [gives, method(*takes, *_EQUALS)]))[_URL].use == "compared"


def test_another_caller_of_the_same_method_is_not_mixed_up() -> None:
    """A method gives back what it is handed: who compares an address does not connect to that of another caller."""
    other = "http://other.dev/x"
    gives = method(0x0711, signature=f"same({_STRING}){_STRING}", ends=False)
    same = (*call(f"{_A}->same({_STRING}){_STRING}", 0), *result(0))
    compares = method(*text(other), *same, *_EQUALS, signature="g(I)V")
    found = uses(Class(_A, [method(*text(_URL), *same, *_CONNECT), gives, compares]))
    assert (found[_URL].use, found[other].use) == ("fetched", "compared")


def test_a_caller_that_is_reached_later_gets_it_back_too() -> None:
    other = "http://other.dev/x"
    gives = method(0x0711, signature=f"same({_STRING}){_STRING}", ends=False)
    same = (*call(f"{_A}->same({_STRING}){_STRING}", 0), *result(0))
    far = method(0x7007, *same, *_CONNECT, signature=f"far({_STRING})V")
    near = method(*text(other), *same, *_EQUALS, signature="g(I)V")
    calls = method(*text(_URL), *put_static(_FIELD, 0))
    reads = method(*get_static(_FIELD, 0), *call(f"{_A}->far({_STRING})V", 0), signature="h(I)V")
    found = uses(Class(_A, [calls, gives, far, near, reads]))
    assert (found[_URL].use, found[other].use) == ("fetched", "compared")


def test_it_is_followed_through_a_field() -> None:
    reads = method(*get_static(_FIELD, 0), *_CONNECT, signature="g(I)V")
    assert use_of(*put_static(_FIELD, 0), more=[reads]) == "fetched"
    compares = method(*get_static(_FIELD, 0), *_EQUALS, signature="g(I)V")
    assert use_of(*put_static(_FIELD, 0), more=[compares]) == "compared"


def test_a_field_that_a_subclass_reads_under_its_own_name() -> None:
    reads = Class("Lorg/vendor/B;", [method(*get_static(f"Lorg/vendor/B;->kept:{_STRING}", 0), *_CONNECT)], parent=_A)
    assert use_of(*put_static(_FIELD, 0), others=[reads]) == "fetched"


def test_a_constant_that_a_field_begins_with() -> None:
    constants = Class(_A, statics=[("OTHER", "http://other.dev/x"), ("kept", _URL)])
    reads = method(*get_static(_FIELD, 0), *_CONNECT)
    found = uses(constants, Class("Lorg/vendor/B;", [reads]))
    assert (found[_URL].use, found["http://other.dev/x"].use) == ("fetched", "unused")


_BUILDER = "Ljava/lang/StringBuilder;"
_KEPT = (*new(1, _BUILDER), *direct(f"{_BUILDER}-><init>()V", 1), *put_static(f"{_A}->sb:{_BUILDER}", 1))
LOST: dict[str, tuple[Class, ...]] = {
    "loaded and left": (Class(_A, [method(*text(_URL))]),),
    "kept in a field that nothing is seen to read": (Class(_A, [method(*text(_URL), *put_static(_FIELD, 0))]),),
    "put into an object that another method keeps": (
        Class(
            _A,
            [
                method(
                    *_KEPT,
                    *call(f"{_A}->fill()V"),
                    *virtual(f"{_BUILDER}->toString(){_STRING}", 1),
                    *result(0),
                    *_CONNECT,
                ),
                method(
                    *get_static(f"{_A}->sb:{_BUILDER}", 1),
                    *text(_URL),
                    *virtual(_APPEND, 1, 0),
                    signature="fill()V",
                    ins=0,
                ),
            ],
        ),
    ),
    "a field of a common superclass, written and read below it": (
        Class("Lorg/vendor/B;"),
        Class(
            "Lorg/vendor/X;",
            [method(*text(_URL), *put_static(f"Lorg/vendor/X;->u:{_STRING}", 0))],
            parent="Lorg/vendor/B;",
        ),
        Class(
            "Lorg/vendor/Y;",
            [method(*get_static(f"Lorg/vendor/Y;->u:{_STRING}", 0), *_CONNECT)],
            parent="Lorg/vendor/B;",
        ),
    ),
    "copied byte by byte": (
        Class(
            _A,
            [
                method(
                    *text(_URL),
                    *virtual(f"{_STRING}->getBytes()[B", 0),
                    *result(1),
                    0x0448,  # aget-byte v4, v1, v3
                    0x0301,
                )
            ],
        ),
    ),
    "a field of an object that native code reads": (
        Class(
            _A,
            [
                method(*text(_URL), 0x705B, Ref("field", f"{_A}->kept:{_STRING}"), direct=False),  # iput-object v0, v7
                Method("go()V", None, direct=False),
            ],
        ),
    ),
}


@pytest.mark.parametrize("classes", LOST.values(), ids=LOST.keys())
def test_what_is_loaded_or_kept_and_lost_on_the_way_is_not_settled(classes: tuple[Class, ...]) -> None:
    assert uses(*classes)[_URL].use == "unknown"


def test_a_text_that_nothing_loads() -> None:
    assert uses(Class(_A), strings=[_URL])[_URL].use == "unused"


def test_a_constant_whose_class_is_looked_at_by_its_name() -> None:
    constants = Class(_A, statics=[("kept", _URL)])
    assert uses(constants, Class("Lorg/vendor/B;", [method(*text("org.vendor.A"))]))[_URL].use == "unknown"
    by_class = Class("Lorg/vendor/B;", [method(0x001C, Ref("type", _A))])
    assert uses(constants, by_class)[_URL].use == "unknown"


_MATCHER = (
    *call(f"Ljava/util/regex/Pattern;->compile({_STRING})Ljava/util/regex/Pattern;", 0),
    *result(1),
    *virtual("Ljava/util/regex/Pattern;->matcher(Ljava/lang/CharSequence;)Ljava/util/regex/Matcher;", 1, 5),
    *result(1),
)


def test_a_pattern_is_compared_unless_it_cuts_something_out() -> None:
    assert use_of(*_MATCHER, *virtual("Ljava/util/regex/Matcher;->matches()Z", 1)) == "compared"
    assert use_of(*_MATCHER, *virtual("Ljava/util/regex/Matcher;->group()Ljava/lang/String;", 1)) == "unknown"


_LATER = (
    *_PARSED,
    *text("android.intent.action.VIEW", 3),
    *new(1, _INTENT),
    *direct(f"{_INTENT}-><init>()V", 1),
    *virtual(f"{_INTENT}->setAction({_STRING}){_INTENT}", 1, 3),
    *virtual(f"{_INTENT}->setData(Landroid/net/Uri;){_INTENT}", 1, 2),
    *virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 1),
)
_POST = "Lorg/apache/http/client/methods/HttpPost;"
_ENTITY = "Lorg/apache/http/entity/StringEntity;"
_BODY = (*new(1, _ENTITY), *direct(f"{_ENTITY}-><init>({_STRING})V", 1, 0))
_NAMED_FILE = (*new(1, "Ljava/io/File;"), *direct(f"Ljava/io/File;-><init>({_STRING})V", 1, 0))


def test_a_file_that_bears_its_name() -> None:
    """What is in the name may come out of it again."""
    assert use_of(*_NAMED_FILE, *virtual("Ljava/io/File;->exists()Z", 1)) == "compared"
    taken = (*virtual(f"Ljava/io/File;->getPath(){_STRING}", 1), *result(0))
    assert use_of(*_NAMED_FILE, *virtual("Ljava/io/File;->exists()Z", 1), *taken, *_CONNECT) == "fetched"


def test_a_text_that_is_read_as_a_number() -> None:
    assert use_of(*call(f"Ljava/lang/Long;->parseLong({_STRING})J", 0)) == "compared"


def test_the_body_of_a_request_that_code_takes_out_again() -> None:
    sent = virtual(f"{_POST}->setEntity(Lorg/apache/http/HttpEntity;)V", 4, 1)
    read = method(*virtual(f"{_POST}->getEntity()Lorg/apache/http/HttpEntity;", 1), signature="g(I)V")
    assert use_of(*_BODY, *sent, more=[read]) == "unknown"
    assert use_of(*_BODY, *sent, *virtual(f"{_ENTITY}->getContent()Ljava/io/InputStream;", 1)) == "unknown"
    assert use_of(*_BODY, *sent, *_CONNECT) == "fetched"


@pytest.mark.parametrize(
    ("owner", "put", "read"),
    [
        (_POST, f"addHeader({_STRING}{_STRING})V", f"getFirstHeader({_STRING})Lorg/apache/http/Header;"),
        (
            "Ljava/net/URLConnection;",
            f"addRequestProperty({_STRING}{_STRING})V",
            f"getRequestProperty({_STRING}){_STRING}",
        ),
    ],
)
def test_a_header_that_code_reads_again_and_an_address_that_is_a_header_too(owner: str, put: str, read: str) -> None:
    header = virtual(f"{owner}->{put}", 4, 5, 0)
    assert use_of(*header, *_CONNECT) == "fetched"
    assert use_of(*header, more=[method(*virtual(f"{owner}->{read}", 1, 2), signature="g(I)V")]) == "unknown"


def test_the_name_of_a_vocabulary_that_xml_is_asked_for() -> None:
    attribute = call(
        f"Landroid/util/AttributeSet;->getAttributeIntValue({_STRING}{_STRING}I)I", 4, 0, 5, 6, opcode=0x72
    )
    by_name = f"Lorg/w3c/dom/Document;->getElementsByTagNameNS({_STRING}{_STRING})Lorg/w3c/dom/NodeList;"
    for asked in (attribute, call(by_name, 4, 0, 5, opcode=0x72)):
        assert use_of(*asked) == "compared"
        assert use_of(*asked, *_CONNECT) == "fetched"
    made = f"Lorg/w3c/dom/Document;->createElementNS({_STRING}{_STRING})Lorg/w3c/dom/Element;"
    assert use_of(*call(made, 4, 0, 5, opcode=0x72)) == "unknown", "code can ask an element for it"


_SYSTEM_DEFAULT = (
    *call(f"Landroid/os/SystemProperties;->get({_STRING}{_STRING}){_STRING}", 4, 0),
    *result(0),
)
_SUMMARY = virtual("Landroid/preference/Preference;->setSummary(Ljava/lang/CharSequence;)V", 4, 0)


def test_an_address_that_a_property_of_the_phone_may_replace() -> None:
    assert use_of(*_SYSTEM_DEFAULT, *_CONNECT) == "fetched"
    assert use_of(*_SYSTEM_DEFAULT, *opened()) == "opened"


def test_the_text_below_a_setting_unless_code_reads_it_again() -> None:
    read = method(
        *virtual("Landroid/preference/Preference;->getSummary()Ljava/lang/CharSequence;", 1), signature="g(I)V"
    )
    assert use_of(*_SUMMARY) == "opened"
    assert use_of(*_SUMMARY, *_CONNECT) == "fetched"
    assert use_of(*_SUMMARY, more=[read]) == "unknown"


OPENED: dict[str, Units] = {
    "a text that is shared": (
        *text("android.intent.action.SEND", 3),
        *new(1, _INTENT),
        *direct(f"{_INTENT}-><init>({_STRING})V", 1, 3),
        *virtual(f"{_INTENT}->putExtra({_STRING}{_STRING}){_INTENT}", 1, 3, 0),
        *virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 1),
    ),
    "a browser": opened(),
    "a share": opened("android.intent.action.SEND"),
    "a message": virtual("Landroid/app/AlertDialog$Builder;->setMessage(Ljava/lang/CharSequence;)V", 1, 0),
    "the log": call("Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I", 5, 0),
    "compared and opened": (*_EQUALS, *opened()),
    "a browser, by what is set later": _LATER,
    "drawn": virtual(f"Landroid/graphics/Canvas;->drawText({_STRING}FFLandroid/graphics/Paint;)V", 1, 0, 2, 3),
    "the body of a request": (*_BODY, *virtual(f"{_POST}->setEntity(Lorg/apache/http/HttpEntity;)V", 4, 1)),
    "a header of a request": virtual(f"{_POST}->addHeader({_STRING}{_STRING})V", 4, 5, 0),
    "a header of a connection": virtual(
        f"Ljava/net/HttpURLConnection;->setRequestProperty({_STRING}{_STRING})V", 4, 5, 0
    ),
}


@pytest.mark.parametrize("code", OPENED.values(), ids=OPENED.keys())
def test_what_is_shown_or_handed_to_other_apps(code: Units) -> None:
    assert use_of(*code) == "opened"


UNKNOWN: dict[str, Units] = {
    "an Intent for a class": opened(
        more=virtual(f"{_INTENT}->setClass(Landroid/content/Context;Ljava/lang/Class;){_INTENT}", 1, 4, 5)
    ),
    "an Intent with an action of its own": opened("org.vendor.GO"),
    "an Intent for a class, by what is set later": (
        *_LATER[:-3],
        *virtual(f"{_INTENT}->setClass(Landroid/content/Context;Ljava/lang/Class;){_INTENT}", 1, 4, 5),
        *_LATER[-3:],
    ),
    "an Intent that is broadcast, by what is set later": (
        *_LATER[:-3],
        *virtual(f"Landroid/content/Context;->sendBroadcast({_INTENT})V", 4, 1),
    ),
    "an Intent whose action is no constant": (
        *_PARSED,
        *new(1, _INTENT),
        *direct(f"{_INTENT}-><init>({_STRING}Landroid/net/Uri;)V", 1, 3, 2),
        *virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 1),
    ),
    "an extra for a class": (
        *new(1, _INTENT),
        *direct(f"{_INTENT}-><init>(Landroid/content/Context;Ljava/lang/Class;)V", 1, 4, 5),
        *virtual(f"{_INTENT}->putExtra({_STRING}{_STRING}){_INTENT}", 1, 3, 0),
        *virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 1),
    ),
    "a method of which nothing is known": virtual("Landroid/any/Thing;->take(Ljava/lang/String;)V", 1, 0),
    "letter by letter": virtual(f"{_STRING}->charAt(I)C", 0, 5),
    "an interface that nothing here implements": call("Lorg/vendor/Api;->ask(Ljava/lang/String;)V", 1, 0, opcode=0x72),
    "a list from elsewhere": virtual("Ljava/util/List;->add(Ljava/lang/Object;)Z", 5, 0),
}


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_cannot_be_told(code: Units) -> None:
    assert use_of(*code) == "unknown"


def test_a_name_of_the_platform_on_a_class_of_the_package_changes_nothing() -> None:
    """Android loads its own classes; those of libraries that only look so are followed."""
    log = "Landroid/support/Log;"
    sends = Class(log, [method(0x7007, *_CONNECT, signature=f"d({_STRING}{_STRING})V", ins=2)])
    assert use_of(*call(f"{log}->d({_STRING}{_STRING})V", 5, 0), others=[sends]) == "fetched"


def test_a_subclass_that_connects_where_android_would_show() -> None:
    builder = "Landroid/app/AlertDialog$Builder;"
    say = "setMessage(Ljava/lang/CharSequence;)V"
    own = Class("Lorg/vendor/B;", [method(0x7007, *_CONNECT, signature=say, direct=False, ins=2)], parent=builder)
    assert use_of(*virtual(f"{builder}->{say}", 1, 0), others=[own]) == "fetched"


def _sent_by(*code: int | Ref) -> str:
    """Return what becomes of the address where a method of the package is handed the Intent, in v7."""
    send = f"{_A}->send({_INTENT})V"
    made = opened()[: -len(virtual("x", 4, 1))]
    sends = method(0x7007, *code, signature=f"send({_INTENT})V")
    return use_of(*made, *call(send, 1), more=[sends])


def test_an_intent_that_another_method_sends() -> None:
    start = virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 0)
    assert _sent_by(*start) == "opened"
    named = virtual(f"{_INTENT}->setClass(Landroid/content/Context;Ljava/lang/Class;){_INTENT}", 0, 4, 5)
    assert _sent_by(*named, *start) == "unknown", "it is given a class of the package on the way"
    other = (*text("org.vendor.GO", 3), *virtual(f"{_INTENT}->setAction({_STRING}){_INTENT}", 0, 3))
    assert _sent_by(*other, *start) == "unknown", "it is given an action of the package on the way"
    reads = virtual(f"{_INTENT}->getDataString(){_STRING}", 0)
    assert _sent_by(*reads, *result(0), *_CONNECT) == "fetched", "its address is taken out and connected to"


def test_an_interface_for_which_a_proxy_may_stand_in() -> None:
    api, ask = "Lorg/vendor/Api;", f"ask({_STRING})V"
    interface = Class(api, [Method(ask, None, direct=False)], access=0x601)
    own = Class("Lorg/vendor/B;", [method(signature=ask, direct=False, ins=2)], interfaces=[api])
    asks = (*call(f"{api}->{ask}", 1, 0, opcode=0x72),)
    assert use_of(*asks, others=[interface, own]) == "unknown"
    proxy = call(
        "Ljava/lang/reflect/Proxy;->newProxyInstance(Ljava/lang/ClassLoader;[Ljava/lang/Class;"
        "Ljava/lang/reflect/InvocationHandler;)Ljava/lang/Object;",
        1,
        2,
        3,
    )
    made = Class("Lorg/vendor/C;", [method(0x011C, Ref("type", api), *proxy)])
    assert use_of(*asks, others=[interface, own, made]) == "unknown"


def test_a_list_of_the_package_that_connects() -> None:
    add = "add(Ljava/lang/Object;)Z"
    own = Class(
        "Lorg/vendor/B;",
        [method(0x7007, *_CONNECT, signature=add, direct=False, ins=2)],
        parent="Ljava/util/ArrayList;",
    )
    kept = get_static(f"{_A}->all:Ljava/util/List;", 1)
    code = (*kept, *call(f"Ljava/util/List;->{add}", 1, 0, opcode=0x72))
    assert use_of(*code) == "unknown"
    assert use_of(*code, others=[own]) == "fetched"
    reads = method(*kept, *call("Ljava/util/List;->get(I)Ljava/lang/Object;", 1, 5, opcode=0x72), *result(0), *_CONNECT)
    assert use_of(*code, others=[Class("Lorg/vendor/C;", [reads])]) == "fetched"


def test_an_object_of_the_package_that_takes_it_in() -> None:
    """A class of the package that derives from one of Android's may do anything with what it holds."""
    own = Class("Lorg/vendor/B;", [], parent="Ljava/util/ArrayList;")
    code = (*new(1, "Lorg/vendor/B;"), *virtual("Lorg/vendor/B;->add(Ljava/lang/Object;)Z", 1, 0))
    assert use_of(*code, others=[own]) == "unknown"


def test_a_task_is_handed_its_arguments() -> None:
    task = "Lorg/vendor/Task;"
    array = f"[{_STRING}"
    runs = Class(
        task,
        [
            method(
                0x0046,  # aget-object v0, v7, v3
                0x0307,
                *_CONNECT,
                signature=f"doInBackground({array})Ljava/lang/Object;",
                direct=False,
                ins=2,
            )
        ],
        parent="Landroid/os/AsyncTask;",
    )
    filled = (0x1024, Ref("type", array), 0x0000, *result(2))
    code = (*filled, *virtual(f"{task}->execute({array})Landroid/os/AsyncTask;", 1, 2))
    assert use_of(*code, others=[runs]) == "fetched"


def test_what_decided_and_where() -> None:
    file = assemble([Class(_A, [method(*text(_URL), *_CONNECT)])])
    (found,) = uses(Class(_A, [method(*text(_URL), *_CONNECT)])).values()
    (index,) = index_file(read_dex("classes.dex", file))
    begin = int(index.bodies.code[0]) + 16
    assert found == TextUse(
        "fetched",
        Evidence(
            kind="call", where="classes.dex", value="fetched: java.net.URL.openConnection", class_="org.vendor.A",
            method="f(I)V", offset=begin + 2 * (2 + 2 + 3),
        ),
    )  # fmt: skip


def test_a_budget_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_steps, "MAX_LOOKED_AT", -1)
    assert use_of(*_EQUALS) == "unknown"


def test_more_texts_than_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_use, "MAX_TEXTS", 0)
    assert uses(Class(_A, [method(*text(_URL), *_EQUALS)])) == {}


def test_a_text_that_is_loaded_very_often() -> None:
    often = [unit for _ in range(address_use.MAX_USES + 1) for unit in (*text(_URL), *_EQUALS)]
    assert uses(Class(_A, [method(*often)]))[_URL].use == "unknown"


def test_a_method_that_calls_itself_ends() -> None:
    around = method(0x7007, *call(_GO, 7), signature=f"go({_STRING})V")
    assert use_of(*call(_GO, 0), more=[around]) == "unknown"


def _crowd(count: int) -> list[Class]:
    """Return pairs of classes, each below the other, with a method of one name, and a method that calls all of them."""
    go = f"go({_STRING})V"
    names = [f"Lorg/vendor/C{number};" for number in range(count)]
    own = method(signature=go, direct=False, ins=2)
    upper = [Class(name, [own]) for name in names]
    lower = [Class(f"Lorg/vendor/D{number};", [own], parent=name) for number, name in enumerate(names)]
    calls = [unit for name in names for unit in virtual(f"{name}->{go}", 1, 0)]
    return [Class(_A, [method(*text(_URL), *calls)]), *upper, *lower]


def test_the_work_is_bounded_however_many_methods_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(count: int) -> int:
        file = read_dex("classes.dex", assemble(_crowd(count)))
        (index,) = index_file(file)
        flow = AddressFlow((index,), CallEffects(load_knowledge().calls))
        (spot,) = [at for at, value in file.strings.holding(b"://") if value == _URL]
        (use,) = users_of(index, "string", index.string_ids([spot]).values(), 5)[index.string_ids([spot])[spot]]
        start = flow.load(0, use)
        assert start is not None
        trail = Trail([], [])
        trail.go_on([start])
        flow.follow([trail])
        assert first(trail.endings).use == "unknown"
        return flow.steps.looked_at + flow.tree.looked_at

    monkeypatch.setattr(address_steps, "MAX_LOOKED_AT", 1_000)
    assert work(100) < 1_000 + 100 * 4
    assert work(400) < 1_000 + 400 * 4


_VENDOR = "Lorg/vendor/"


def test_a_field_that_is_also_looked_up_by_its_name() -> None:
    reads = method(*get_static(_FIELD, 0), *_EQUALS)
    constants = Class(_A, [reads], statics=[("kept", _URL)])
    assert uses(constants)[_URL].use == "compared"
    assert uses(constants, Class("Lorg/vendor/B;", [method(*text("org.vendor.A"))]))[_URL].use == "unknown"


def test_a_method_that_is_also_looked_up_by_its_name() -> None:
    gives = method(*text(_URL), 0x0011, signature=f"give(){_STRING}", ends=False, ins=0)
    takes = method(*call(f"{_A}->give(){_STRING}"), *result(0), *_EQUALS)
    assert uses(Class(_A, [gives, takes]))[_URL].use == "compared"
    assert uses(Class(_A, [gives, takes, method(*text("org.vendor.A"), signature="g(I)V")]))[_URL].use == "unknown"


@pytest.mark.parametrize("above", ["", "Lorg/vendor/Base;"], ids=["its class", "the class above"])
def test_a_field_beside_native_code(above: str) -> None:
    reads = method(*get_static(_FIELD, 0), *_EQUALS)
    native = Method("go()V", None, access=0x101)
    own = Class(_A, [reads, *([] if above else [native])], statics=[("kept", _URL)], parent=above or _OBJECT)
    assert uses(own, *([Class(above, [native])] if above else []))[_URL].use == "unknown"


@pytest.mark.parametrize("interface", ["Lorg/vendor/I;", "Landroid/any/I;"], ids=["of the package", "of Android"])
def test_a_method_that_a_class_inherits_for_an_interface(interface: str) -> None:
    """The superclass knows nothing of the interface; only the class below it has both."""
    go = f"go({_STRING})V"
    base = Class("Lorg/vendor/Base;", [method(0x7007, *_CONNECT, signature=go, direct=False, ins=2)], parent=_OBJECT)
    both = Class("Lorg/vendor/Both;", parent=base.name, interfaces=[interface])
    other = Class(
        "Lorg/vendor/Other;",
        [method(0x7007, *_EQUALS, signature=go, direct=False, ins=2)],
        parent=_OBJECT,
        interfaces=[interface],
    )
    own = Class(interface, [Method(go, None, direct=False)], access=0x601)
    calls = call(f"{interface}->{go}", 1, 0, opcode=0x72)
    others = [base, both, other, *([own] if interface.startswith(_VENDOR) else [])]
    assert use_of(*calls, others=others) == "fetched"


def test_what_a_method_gives_back_that_a_class_inherits_for_an_interface() -> None:
    give = f"give(){_STRING}"
    gives = method(*text(_URL), 0x0011, signature=give, ends=False, direct=False)
    base = Class("Lorg/vendor/Base;", [gives], parent=_OBJECT)
    both = Class("Lorg/vendor/Both;", parent=base.name, interfaces=["Lorg/vendor/I;"])
    interface = Class("Lorg/vendor/I;", [Method(give, None, direct=False)], access=0x601)
    takes = method(*call(f"Lorg/vendor/I;->{give}", 1, opcode=0x72), *result(0), *_CONNECT)
    assert uses(base, both, interface, Class(_A, [takes]))[_URL].use == "fetched"


def _in_two_files(first_file: Sequence[Class], second_file: Sequence[Class]) -> str:
    """Return what becomes of the address, which the second file loads."""
    files = [read_dex("classes.dex", assemble(first_file)), read_dex("classes2.dex", assemble(second_file))]
    (spot,) = [Spot("classes2.dex", at) for at, value in files[1].strings.holding(b"://") if value == _URL]
    indexes = [index for file in files for index in index_file(file)]
    return AddressUses(AddressFlow(indexes, CallEffects(load_knowledge().calls)))([spot])[spot].use


def test_a_class_that_two_files_define() -> None:
    """Android takes one of them, by the order of the files; the other hides nothing here."""
    helper = "Lorg/vendor/H;"
    go = f"go({_STRING})V"
    connects = Class(helper, [method(0x7007, *_CONNECT, signature=go)])
    compares = Class(helper, [method(0x7007, *_EQUALS, signature=go)])
    calls = Class(_A, [method(*text(_URL), *call(f"{helper}->{go}", 0))])
    assert _in_two_files([connects], [calls, compares]) == "fetched"
    assert _in_two_files([connects], [calls]) == "fetched"
    assert _in_two_files([compares], [calls]) == "compared"


def _narrowed(name: str, *values: str) -> Units:
    loads = [unit for at, value in enumerate(values) for unit in text(value, 5 + at)]
    registers = range(5, 5 + len(values))
    return (*loads, *virtual(f"{_INTENT}->{name}({_STRING * len(values)}){_INTENT}", 1, *registers))


NARROWED: dict[str, tuple[Units, str]] = {
    "a category of its own": (_narrowed("addCategory", "org.vendor.MINE"), "unknown"),
    "a category that browsers have": (_narrowed("addCategory", "android.intent.category.BROWSABLE"), "opened"),
    "a type of its own": (_narrowed("setType", "vendor/mine"), "unknown"),
    "a type that other apps take": (_narrowed("setType", "text/plain"), "opened"),
    "an identifier": (_narrowed("setIdentifier", "mine"), "unknown"),
    "a category that is no constant": (virtual(f"{_INTENT}->addCategory({_STRING}){_INTENT}", 1, 6), "unknown"),
}


@pytest.mark.parametrize(("code", "use"), NARROWED.values(), ids=NARROWED.keys())
def test_an_intent_that_only_the_package_may_take(code: Units, use: str) -> None:
    assert use_of(*opened(more=code)) == use


def _for_package(name: str) -> Units:
    return (*text(name, 3), *virtual(f"{_INTENT}->setPackage({_STRING}){_INTENT}", 1, 3))


def _for_activity(name: str) -> Units:
    named = f"{_INTENT}->setClassName({_STRING}{_STRING}){_INTENT}"
    return (*text(name, 3), *text(f"{name}.Main", 6), *virtual(named, 1, 3, 6))


NAMED: dict[str, tuple[Units, str]] = {
    "a browser": (_for_package("com.android.browser"), "opened"),
    "an activity of a browser": (_for_activity("com.android.browser"), "opened"),
    "the package itself": (_for_package("org.vendor.app"), "unknown"),
    "a package that may be of the same maker": (_for_package("com.helper.fetcher"), "unknown"),
    "an activity that may be of the same maker": (_for_activity("com.helper.fetcher"), "unknown"),
    "first a browser, then the package itself": (
        (*_for_package("com.android.browser"), *_for_package("org.vendor.app")),
        "unknown",
    ),
    "first a browser, then a class": (
        (
            *_for_package("com.android.browser"),
            *virtual(f"{_INTENT}->setClass(Landroid/content/Context;Ljava/lang/Class;){_INTENT}", 1, 4, 5),
        ),
        "unknown",
    ),
    "a package that is no constant": (virtual(f"{_INTENT}->setPackage({_STRING}){_INTENT}", 1, 6), "unknown"),
}


@pytest.mark.parametrize(("code", "use"), NAMED.values(), ids=NAMED.keys())
def test_an_intent_that_names_who_may_take_it(code: Units, use: str) -> None:
    assert use_of(*opened(more=code)) == use


@pytest.mark.parametrize("package", [None, "com.android.browser"])
def test_an_intent_for_a_browser_that_may_be_the_package_itself(package: str | None) -> None:
    code = (*text(_URL), *opened(more=_for_package("com.android.browser")))
    assert uses(Class(_A, [method(*code)]), package=package)[_URL].use == "unknown"


def test_an_intent_for_a_browser_with_an_action_of_its_own() -> None:
    """Where the package is named on one way only, the other one leads to the package itself."""
    assert use_of(*opened("org.vendor.GO", more=_for_package("com.android.browser"))) == "unknown"


def test_an_address_that_is_opened_elsewhere_and_connected_to() -> None:
    assert use_of(*opened(more=_for_package("com.android.browser")), *_CONNECT) == "fetched"


def test_an_intent_that_another_method_narrows() -> None:
    start = virtual(f"Landroid/content/Context;->startActivity({_INTENT})V", 4, 0)
    narrowed = (*text("org.vendor.MINE", 3), *virtual(f"{_INTENT}->addCategory({_STRING}){_INTENT}", 0, 3))
    assert _sent_by(*narrowed, *start) == "unknown"


_THROWN = (
    *new(1, "Ljava/lang/RuntimeException;"),
    *direct(f"Ljava/lang/RuntimeException;-><init>({_STRING})V", 1, 0),
    0x0127,  # throw v1
)


@pytest.mark.parametrize(
    "read",
    [f"Ljava/lang/Throwable;->getMessage(){_STRING}", f"Ljava/lang/RuntimeException;->toString(){_STRING}"],
)
def test_a_message_of_an_exception_is_shown_unless_code_reads_it_out(read: str) -> None:
    other = method(*virtual(read, 1), *result(0), *_CONNECT, signature="g(I)V")
    assert use_of(*_THROWN) == "opened"
    assert use_of(*_THROWN, more=[other]) == "unknown"


_GO_METHOD = Method("go()V", None, access=0x101)
LOOKED_UP: dict[str, tuple[Units, Sequence[Method]]] = {
    "native code elsewhere": ((), [_GO_METHOD]),
    "a library of native code": (call(f"Ljava/lang/System;->loadLibrary({_STRING})V", 0), ()),
    "a field by its name": (
        virtual(f"Ljava/lang/Class;->getDeclaredField({_STRING})Ljava/lang/reflect/Field;", 0, 1),
        (),
    ),
    "a method by its name": (
        virtual(f"Ljava/lang/Class;->getMethod({_STRING})Ljava/lang/reflect/Method;", 0, 1),
        (),
    ),
    "code that is loaded": (new(0, "Ldalvik/system/DexClassLoader;"), ()),
}


@pytest.mark.parametrize(("code", "more"), LOOKED_UP.values(), ids=LOOKED_UP.keys())
def test_a_constant_that_no_code_reads(code: Units, more: Sequence[Method]) -> None:
    """It is unused, unless something in the package may reach it in another way than code that names it."""
    constants = Class(_A, statics=[("kept", _URL)])
    assert uses(constants, Class("Lorg/vendor/B;", [method()]))[_URL].use == "unused"
    assert uses(constants, Class("Lorg/vendor/B;", [method(*code), *more]))[_URL].use == "unknown"


def test_a_constant_that_no_code_reads_where_the_manifest_starts_native_code() -> None:
    file = read_dex("classes.dex", assemble([Class(_A, statics=[("kept", _URL)])], ()))
    (spot,) = [Spot("classes.dex", at) for at, _ in file.strings.holding(b"://")]
    effects = CallEffects(load_knowledge().calls)
    assert AddressUses(AddressFlow(index_file(file), effects, has_native=True))([spot])[spot].use == "unknown"
    assert AddressUses(AddressFlow(index_file(file), effects))([spot])[spot].use == "unused"


@pytest.mark.parametrize("name", [name for name in LOST if name != "loaded and left"])
@pytest.mark.parametrize("decoy", [_EQUALS, OPENED["the log"]], ids=["compared", "logged"])
def test_what_happens_beside_a_lost_path_settles_nothing(name: str, decoy: Units) -> None:
    beside = Class("Lorg/vendor/Decoy;", [method(*text(_URL), *decoy)])
    assert uses(*LOST[name], beside)[_URL].use == "unknown"


def test_a_method_that_gives_it_back_and_that_nothing_is_seen_to_call() -> None:
    gives = method(*text(_URL), *_EQUALS, 0x0011, signature=f"give(){_STRING}", ends=False, ins=0)
    assert uses(Class(_A, [gives]))[_URL].use == "unknown"


def test_a_register_that_half_a_number_is_written_into() -> None:
    """A long has two registers; what the second one held before is gone."""
    wide = (0x0416, 5)  # const-wide/16 v4, 5: v5 is its other half
    moved = (0x0507,)  # move-object v5, v0
    taken = call("Lorg/vendor/Api;->take(Ljava/lang/Object;)V", 5)
    assert use_of(*moved, *_EQUALS, *wide, *taken) == "compared"
    assert use_of(*moved, *_EQUALS, *taken) == "unknown"


_OUT = get_static("Ljava/lang/System;->out:Ljava/io/PrintStream;", 1)
_PRINTED = (*_OUT, *virtual(f"Ljava/io/PrintStream;->println({_STRING})V", 1, 0))


def test_a_text_on_the_console_unless_the_package_puts_its_own_there() -> None:
    own = method(*call("Ljava/lang/System;->setOut(Ljava/io/PrintStream;)V", 1), signature="g(I)V")
    other = get_static(f"{_A}->kept:Ljava/io/PrintStream;", 1)
    assert use_of(*_PRINTED) == "opened"
    assert use_of(*_PRINTED, more=[own]) == "unknown"
    assert use_of(*other, *_PRINTED[-3:]) == "unknown"
    assert use_of(*_PRINTED, *_CONNECT) == "fetched"


def test_what_a_name_may_lead_to_ends_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a field may also be looked up by its name says nothing of the code that is seen to read it."""
    monkeypatch.setattr(address_flow, "MAX_UNSETTLED", 1)
    go = method(*get_static(_FIELD, 0), *call(_GO, 0))
    named = Class("Lorg/vendor/B;", [method(*text("org.vendor.A"))])
    assert uses(Class(_A, [go, _FETCHES], statics=[("kept", _URL)]), named)[_URL].use == "fetched"


_KEEPS = method(*text(_URL), *put_static(_FIELD, 0), signature="keep()V", ins=0)
_IDLE = method(*get_static(_FIELD, 0), *_CONNECT, signature="idle()V", ins=0)


@pytest.mark.parametrize(
    ("more", "idle", "use", "runs", "is_open"),
    [
        ((), "", "fetched", True, False),
        ((), "idle", "fetched", False, False),
        (get_static(_FIELD, 0) + _CONNECT, "idle", "fetched", True, False),
        (get_static(_FIELD, 0) + call(f"Lorg/other/Gone;->take({_STRING})V", 0), "idle", "fetched", False, True),
        (get_static(_FIELD, 0) + _EQUALS, "idle", "fetched", False, False),
    ],
)
def test_code_that_connects_and_that_nothing_was_seen_to_start(
    more: Units, idle: str, use: str, runs: bool, is_open: bool
) -> None:
    """It decides where no code connects that something starts; whether anything else becomes of it is told, too."""
    other = method(*more, signature="other()V", ins=0)
    one = Class(_A, [_KEEPS, _IDLE, other], parent="Ljava/lang/Object;")
    found = uses(one, idle=idle)[_URL]
    assert (found.use, found.runs, found.is_open) == (use, runs, is_open)
    assert found.evidence is not None
    assert found.evidence.method == ("other()V" if runs and idle else "idle()V")


LOWERING_FACTS = [one for one in load_knowledge().calls if one.effect in LOWERING]


@pytest.mark.parametrize("fact", LOWERING_FACTS, ids=lambda one: one.id)
def test_whatever_else_a_call_does_with_a_text_the_same_text_connected_to_counts(fact: CallFact) -> None:
    """Of each fact by which an address counts for less, with the text before and behind it."""
    argument = fact.arguments[0] if fact.arguments else 1
    owner = f"L{fact.classes[0].replace('.', '/')};"
    is_made = "<init>" in fact.methods
    name = "<init>" if is_made else fact.methods[0].replace("*", "build")
    if argument == 0:
        done = call(f"{owner}->{name}()V", 0, opcode=0x70 if is_made else 0x6E)
    else:
        done = call(f"{owner}->{name}({_OBJECT * argument})V", 1, *[4] * (argument - 1), 0, opcode=0x6E)
    made = new(1, owner)
    assert use_of(*made, *done, *_CONNECT) == "fetched"
    assert use_of(*_CONNECT, *made, *done) == "fetched"
    other = method(*text(_URL), *_CONNECT, signature="g()V", ins=0)
    assert use_of(*made, *done, more=[other]) == "fetched"
    own = f"Lorg/vendor{owner[1:]}"
    elsewhere = tuple(replaced(one, owner, own) for one in (*made, *done))
    assert use_of(*elsewhere) == "unknown", "of a class that only looks like Android's nothing is known"


def replaced(unit: int | Ref, old: str, changed: str) -> int | Ref:
    return unit if isinstance(unit, int) else Ref(unit.kind, unit.name.replace(f"{old}->", f"{changed}->"))


def _handed_on(times: int) -> tuple[AddressUses, Spot]:
    """Return what tells of an address that goes through some methods before the last one connects to it."""
    taken = f"({_STRING})V"
    last = direct(f"Ljava/net/URL;-><init>({_STRING})V", 1, 7)
    connects = (*new(1, "Ljava/net/URL;"), *last, *virtual("Ljava/net/URL;->openStream()Ljava/io/InputStream;", 1))
    ways = [method(*call(f"{_A}->g{at + 1}{taken}", 7), signature=f"g{at}{taken}") for at in range(times)]
    begins = method(*text(_URL), *call(f"{_A}->g0{taken}", 0))
    ends = method(*connects, signature=f"g{times}{taken}")
    file = read_dex("classes.dex", assemble([Class(_A, [begins, *ways, ends], parent="Ljava/lang/Object;")]))
    spot = next(Spot("classes.dex", at) for at, value in file.strings.holding(b"://") if value == _URL)
    return AddressUses(AddressFlow(index_file(file), CallEffects(load_knowledge().calls))), spot


def test_a_glance_sees_what_connects_close_by_and_takes_nothing_from_a_look() -> None:
    near, spot = _handed_on(4)
    assert near.glance([spot])[spot].use == near([spot])[spot].use == "fetched"
    far, spot = _handed_on(address_use.MAX_GLANCED + 4)
    assert far.glance([spot])[spot].use == "unknown"
    assert far([spot])[spot].use == far.glance([spot])[spot].use == "fetched"


def test_of_many_texts_the_first_are_glanced_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_use, "MAX_TEXTS", 1)
    uses, spot = _handed_on(1)
    other = spot._replace(where="classes2.dex")
    assert uses.glance([spot, other]).keys() == {spot}
    assert uses.glance([other]) == {}
