"""What leads to code that accepts any certificate: nothing hides behind a rule that finds nothing does."""

import pytest

from phone_audit.apk.code import callers, ways_in
from phone_audit.apk.code.certificate_checks import accepting_code
from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static

LIB, APP, OTHER = Owner("library", "Lib"), Owner("first-party", None), Owner("unknown", None)
CHECK = "checkServerTrusted([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V"
EXTENDED = "Ljavax/net/ssl/X509ExtendedTrustManager;"
INIT = "Ljavax/net/ssl/SSLContext;->init()V"
TRUE, FALSE = 0x1012, 0x0012
Units = tuple[int | Ref, ...]


def owner(name: str) -> Owner:
    return {"lib": LIB, "app": APP}.get(name.partition(".")[0], OTHER)


def manager(name: str = "Llib/T;") -> Class:
    return Class(name, [Method(CHECK, direct=False, ins=3)], parent=EXTENDED)


def new(name: str = "Llib/T;") -> Units:
    return 0x0022, Ref("type", name)


def method(signature: str, *units: int | Ref, **changes: int) -> Method:
    return Method(signature, (*units, RETURN), ins=0, **changes)  # type: ignore[arg-type]


def calling(name: str, *methods: str) -> Class:
    return Class(name, [method("f()V", *(unit for one in methods for unit in invoke_static(one)))])


def found(
    *classes: Class, named: tuple[str, ...] | None = (), switches: dict[str, str] | None = None
) -> list[tuple[str, str, bool]]:
    indexes = index_file(read_dex("classes.dex", assemble(sorted(classes, key=lambda one: one.name))))
    accepting = accepting_code(indexes, owner, named, switches=switches or {})
    return [(one.party, one.way, one.installed) for one in accepting]


def way(*classes: Class, named: tuple[str, ...] | None = ()) -> str:
    ((_, kind, _),) = found(*classes, named=named)
    return kind


MAKER = Class("Llib/Http;", [method("trusting()V", *new())])


def test_a_library_that_nobody_asks() -> None:
    assert found(manager(), MAKER) == [("library", "unused", False)]
    assert way(manager(), MAKER, calling("Llib/Other;", "Llib/Http;->trusting()V")) == "unused"


@pytest.mark.parametrize("caller", ["Lapp/A;", "Lother/A;"])
def test_the_same_code_called_from_outside(caller: str) -> None:
    assert way(manager(), MAKER, calling(caller, "Llib/Http;->trusting()V")) == "used"
    between = calling("Llib/Between;", "Llib/Http;->trusting()V")
    assert way(manager(), MAKER, between, calling(caller, "Llib/Between;->f()V")) == "used"
    assert way(manager(), MAKER, calling(caller, "Llib/Http;->other()V")) == "unused"


def test_a_component_of_a_library_is_led_to_by_android() -> None:
    assert way(manager(), MAKER, named=("lib.Http",)) == "used"
    assert way(manager(), MAKER, named=("lib.Http$Service",)) == "used"
    assert way(manager(), MAKER, named=("app.Main",)) == "unused"


FIELD = Ref("field", "Llib/Http;->all:Ljava/lang/Object;")
INITIALISER = Class("Llib/Http;", [method("<clinit>()V", *new(), 0x0069, FIELD)])


def reading(name: str) -> Class:
    return Class(name, [method("f()V", 0x0062, FIELD)])


def test_the_initialiser_of_its_class_is_no_way_in() -> None:
    assert way(manager(), INITIALISER) == "unused"
    assert way(manager(), INITIALISER, calling("Lapp/A;", "Llib/Http;->other()V")) == "unused"
    assert way(manager(), INITIALISER, reading("Llib/Reader;")) == "unused"


def test_the_field_that_it_fills_is_one_where_it_is_read() -> None:
    assert way(manager(), INITIALISER, reading("Lapp/A;")) == "used"
    assert way(manager(), INITIALISER, reading("Llib/Reader;"), calling("Lapp/A;", "Llib/Reader;->f()V")) == "used"


def test_an_initialiser_that_sets_what_holds_everywhere() -> None:
    sets = invoke_static("Ljavax/net/ssl/HttpsURLConnection;->setDefaultSSLSocketFactory()V")
    sweeping = Class("Llib/Http;", [method("<clinit>()V", *new(), *sets)])
    assert way(manager(), sweeping) == "unused"
    assert way(manager(), sweeping, calling("Lapp/A;", "Llib/Http;->other()V")) == "used"


OWN = Class("Lapp/Http;", [method("trusting()V", *new("Lapp/T;"), *invoke_static(INIT))])


def test_its_own_code_is_led_to_from_a_component() -> None:
    main = Class("Lapp/Main;", [method("onCreate()V", *invoke_static("Lapp/Http;->trusting()V"))])
    assert found(manager("Lapp/T;"), OWN, main, named=("app.Main",)) == [("first-party", "used", True)]
    assert found(manager("Lapp/T;"), OWN, main) == [("first-party", "unused", True)]


def test_a_component_counts_where_the_manifest_was_not_read() -> None:
    override = Method("onCreate()V", (*invoke_static("Lapp/Http;->trusting()V"), RETURN), direct=False)
    main = Class("Lapp/Main;", [override], parent="Landroid/app/Activity;")
    assert way(manager("Lapp/T;"), OWN, main, named=None) == "used"
    assert way(manager("Lapp/T;"), OWN, main, named=()) == "unused"
    view = Class("Lapp/V;", [override], parent="Landroid/view/View;")
    assert way(manager("Lapp/T;"), OWN, view, named=()) == "used"


def test_a_method_that_android_calls_is_led_to_by_who_makes_its_object() -> None:
    run = Method("run()V", (*invoke_static("Lapp/Http;->trusting()V"), RETURN), direct=False)
    task = Class("Lapp/Task;", [run], parent="Ljava/lang/Thread;")
    main = Class("Lapp/Main;", [method("f()V", *new("Lapp/Task;"))])
    assert way(manager("Lapp/T;"), OWN, task, named=("app.Main",)) == "unused"
    assert way(manager("Lapp/T;"), OWN, task, main, named=("app.Main",)) == "used"


def choosing(word: int = 1) -> Class:
    """A method `make(Z)V` that makes it only where its parameter is true."""
    return Class("Llib/Http;", [Method("make(Z)V", (0x0038 | word << 8, 4, *new(), RETURN), registers=2, ins=1)])


def handing(name: str, value: int, target: str = "Llib/Http;->make(Z)V") -> Class:
    return Class(name, [method("f()V", value, 0x1071, Ref("method", target), 0)])


def test_an_option_that_is_handed_on_as_false_leads_nowhere() -> None:
    assert way(manager(), choosing(), handing("Lapp/A;", FALSE)) == "unused"
    assert way(manager(), choosing(), handing("Lapp/A;", TRUE)) == "used"
    assert way(manager(), choosing(), handing("Lapp/A;", FALSE), handing("Lapp/B;", TRUE)) == "used"


def test_an_option_that_is_handed_on_from_a_parameter() -> None:
    handed = (0x1071, Ref("method", "Llib/Http;->make(Z)V"), 1)
    between = Class("Llib/Between;", [Method("make(Z)V", (*handed, RETURN), registers=2, ins=1)])
    target = "Llib/Between;->make(Z)V"
    assert way(manager(), choosing(), between, handing("Lapp/A;", FALSE, target)) == "unused"
    assert way(manager(), choosing(), between, handing("Lapp/A;", TRUE, target)) == "used"


def test_what_is_handed_on_and_not_known_counts() -> None:
    unknown = (*invoke_static("Lapp/A;->any()Z"), 0x000A, 0x1071, Ref("method", "Llib/Http;->make(Z)V"), 0)
    assert way(manager(), choosing(), Class("Lapp/A;", [method("f()V", *unknown)])) == "used"


def by_text(text: str = "amqps") -> Class:
    compared = (*const_string(text), 0x206E, Ref("method", "Ljava/lang/String;->equals(Ljava/lang/Object;)Z"), 0x0020)
    code = (*compared, 0x000A, 0x0038, 4, *new(), RETURN)
    return Class("Llib/Http;", [Method("open(Ljava/lang/String;)V", code, registers=3, ins=1)])


ASKING = calling("Lapp/A;", "Llib/Http;->open(Ljava/lang/String;)V")


def test_what_a_text_chooses_is_an_option_until_there_is_such_a_text() -> None:
    assert way(manager(), by_text(), ASKING) == "option"
    assert way(manager(), by_text()) == "unused"
    for text in ("amqps://host.example", "amqps"):
        asks = Class("Lapp/B;", [method("f()V", *const_string(text))])
        assert way(manager(), by_text(), ASKING, asks) == "used"


def test_choices_of_its_own_code_are_not_asked_for() -> None:
    own = Class("Lapp/Http;", [Method("make(Z)V", (0x0138, 4, *new("Lapp/T;"), RETURN), registers=2, ins=1)])
    main = Class("Lapp/Main;", [method("f()V", FALSE, 0x1071, Ref("method", "Lapp/Http;->make(Z)V"), 0)])
    assert way(manager("Lapp/T;"), own, main, named=("app.Main",)) == "used"


def test_a_text_that_names_its_class_leads_to_it() -> None:
    def naming(name: str) -> Class:
        return Class(name, [method("g()V", *const_string("lib.Http"))])

    assert way(manager(), MAKER, naming("Lapp/A;")) == "used"
    assert way(manager(), MAKER, naming("Llib/A;")) == "used"
    assert way(manager(), MAKER, naming("Llib/Http$In;")) == "unused"


def test_where_there_is_too_much_to_search_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [calling(f"Llib/C{n};", f"Llib/C{n - 1};->f()V" if n else "Llib/Http;->trusting()V") for n in range(5)]
    assert way(manager(), MAKER, *chain) == "unused"
    monkeypatch.setattr(callers, "MAX_SEARCHES", 3)
    assert way(manager(), MAKER, *chain) == "used"


def test_where_there_is_too_much_to_follow_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [calling(f"Llib/C{n};", f"Llib/C{n - 1};->f()V" if n else "Llib/Http;->trusting()V") for n in range(5)]
    assert way(manager(), MAKER, *chain) == "unused"
    monkeypatch.setattr(ways_in, "MOST", 3)
    assert way(manager(), MAKER, *chain) == "used"


MANAGER, VERIFY = "Ljavax/net/ssl/X509TrustManager;", "verify(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z"
OBJECT = "Ljava/lang/Object;"


@pytest.mark.parametrize(
    ("accepting", "role"),
    [
        (Method(CHECK, direct=False, ins=3), MANAGER),
        (Method(VERIFY, (TRUE, 0x000F), direct=False, ins=3), "Ljavax/net/ssl/HostnameVerifier;"),
    ],
    ids=["trust manager", "verifier"],
)
def test_what_accepts_may_be_inherited_from_a_class_that_is_none(accepting: Method, role: str) -> None:
    base = Class("Lapp/B;", [accepting], parent=OBJECT)
    making = Class("Lapp/Main;", [method("f()V", *new("Lapp/T;"))])
    assert found(base, Class("Lapp/T;", [], parent="Lapp/B;", interfaces=[role]), making)
    assert found(
        base, Class("Lapp/M;", [], parent="Lapp/B;"), Class("Lapp/T;", [], parent="Lapp/M;", interfaces=[role]), making
    )
    assert not found(base, Class("Lapp/T;", [], parent="Lapp/B;", interfaces=["Ljava/lang/Runnable;"]), making)
    assert not found(base, Class("Lapp/T;", [], parent=OBJECT, interfaces=[role]), making)


NAMED: Units = const_string("lib.T")
ASKED: Units = (0x001C, Ref("type", "Llib/T;"))


@pytest.mark.parametrize("units", [NAMED, ASKED], ids=["by its name", "by its class"])
def test_what_reflection_makes_is_made(units: Units) -> None:
    assert way(manager(), Class("Lapp/A;", [method("f()V", *units)])) == "used"
    inside = Class("Llib/T;", [Method(CHECK, direct=False, ins=3), method("f()V", *units)], parent=EXTENDED)
    assert not found(inside)
    assert not found(manager(), Class("Lapp/A;", [method("f()V", *const_string("lib.T2"))]))


@pytest.mark.parametrize(
    "above", ["Landroid/app/AppComponentFactory;", "Landroid/app/ZygotePreload;", "Landroidx/startup/Initializer;"]
)
def test_what_else_the_manifest_has_android_make(above: str) -> None:
    made = Class("Llib/F;", [method("start()V", *new(), direct=False)], parent=above)
    assert way(manager(), made, named=("lib.F",)) == "used"
    assert way(manager(), made, named=None) == "used"
    assert way(manager(), made, named=("lib.Other",)) == "unused"


VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"


def called(signature: str, *registers: int, opcode: int = 0x71) -> Units:
    packed = sum(register << 4 * place for place, register in enumerate(registers))
    return opcode | len(registers) << 12, Ref("method", signature), packed


def checking(*units: int | Ref) -> list[tuple[str, str, bool]]:
    """Return what is found of a trust manager whose check does this: the certificates are in v2."""
    check = Method(CHECK, (*units, RETURN), direct=False, ins=3)
    trusts = Class("Lapp/T;", [check], parent=OBJECT, interfaces=[MANAGER])
    making = Class("Lapp/Main;", [method("f()V", *new("Lapp/T;"))])
    return found(trusts, making, named=("app.Main",))


@pytest.mark.parametrize(
    "units",
    [
        called("Lapp/T;->nothing()V"),
        called("Ljava/lang/System;->currentTimeMillis()J"),
        called("Lapp/T;->log(Ljava/lang/String;)V", 3),
        (0x2007, 0x0021, *called("Lapp/T;->count(I)V", 0)),
    ],
    ids=["its own method", "a method of Android", "what it says is logged", "how many there are"],
)
def test_a_check_that_calls_what_cannot_know_the_certificates_checks_nothing(units: Units) -> None:
    """A call of any method would hide it otherwise."""
    assert checking(*units) == checking() == [("first-party", "used", False)]


def test_no_length_hides_a_check_that_checks_nothing() -> None:
    assert checking(*(0,) * 3_000) == checking()


@pytest.mark.parametrize(
    "units",
    [
        called(f"Lapp/T;->check({OBJECT})V", 2),
        (0x2007, *called(f"Lapp/T;->check({OBJECT})V", 0)),
        (0x0012, 0x0046, 0x0002, *called(f"Lapp/T;->check({OBJECT})V", 0)),
        (0x125B, Ref("field", f"Lapp/T;->chain:{OBJECT}"), *called("Lapp/T;->check()V")),
        (0x0269, Ref("field", f"Lapp/T;->chain:{OBJECT}"), *called("Lapp/T;->check()V")),
    ],
    ids=["handed on", "moved first", "one of them", "kept in the object", "kept in the class"],
)
def test_a_check_that_hands_the_certificates_on_may_check_them(units: Units) -> None:
    assert checking(*units) == []


def verifying(*units: int | Ref) -> bool:
    verifies = Class("Lapp/T;", [Method(VERIFY, units, direct=False, ins=3)], parent=OBJECT, interfaces=[VERIFIER])
    return bool(found(verifies, Class("Lapp/Main;", [method("f()V", *new("Lapp/T;"))]), named=("app.Main",)))


def test_a_verifier_that_says_yes_on_each_of_its_ways_accepts_every_host_name() -> None:
    """A decision that changes nothing would hide it otherwise."""
    decides = (*called("Lapp/T;->late()Z"), 0x000A, 0x0038, 4)
    assert verifying(*decides, TRUE, 0x000F, TRUE, 0x000F)
    assert not verifying(*decides, TRUE, 0x000F, FALSE, 0x000F)
    assert not verifying(*decides, TRUE, 0x000F, 0x000F), "what it was told"
    assert not verifying(FALSE, 0x000F)
    assert not verifying(*decides, TRUE, 0x000F, TRUE, 0x0027), "it refuses by an error"


def test_a_check_that_is_handed_the_connection_may_check_that() -> None:
    name = CHECK.replace(")V", "Ljava/net/Socket;)V")
    check = Method(name, (*called(f"Lapp/T;->check({OBJECT})V", 3), RETURN), direct=False, ins=4)
    trusts = Class("Lapp/T;", [check], parent=OBJECT, interfaces=[MANAGER])
    assert found(trusts, Class("Lapp/Main;", [method("f()V", *new("Lapp/T;"))]), named=("app.Main",)) == []


READY = "Lorg/apache/http/conn/ssl/AllowAllHostnameVerifier;"
OFFER = "Lorg/apache/http/conn/ssl/SSLSocketFactory;->ALLOW_ALL_HOSTNAME_VERIFIER:Ljava/lang/Object;"


@pytest.mark.parametrize("units", [new(READY), (0x0062, Ref("field", OFFER))], ids=["made", "taken from its field"])
def test_a_verifier_that_is_ready_made_is_found_in_any_package(units: Units) -> None:
    """A class of its own may bear the name of the library's package."""
    for name in ("Lapp/Net;", "Lorg/apache/http/conn/ssl/Net;"):
        uses, starts = Class(name, [method("go()V", *units)]), calling("Lapp/Main;", f"{name}->go()V")
        assert [kind for _, kind, _ in found(uses, starts, named=("app.Main",))] == ["used"]


def test_a_library_that_offers_one_does_not_use_it() -> None:
    fills = Class(
        "Lorg/apache/http/conn/ssl/SSLSocketFactory;", [method("<clinit>()V", *new(READY), 0x0069, Ref("field", OFFER))]
    )
    main = calling("Lapp/Main;", "Lorg/apache/http/conn/ssl/SSLSocketFactory;->other()V")
    assert found(fills, main, named=("app.Main",)) == []
    takes = Class("Lapp/Main;", [method("f()V", 0x0062, Ref("field", OFFER))])
    assert found(fills, takes, named=("app.Main",)) == [("first-party", "used", False)]
    beside = Class("Lorg/apache/http/conn/ssl/Other;", [method("f()V", *new(READY))])
    assert found(beside, main, named=("app.Main",)) == []
