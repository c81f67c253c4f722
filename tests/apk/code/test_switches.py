"""Switches of libraries for accepting any certificate: what nothing sets is off, in whatever way it could be set."""

from typing import Any

import pytest

from phone_audit.apk.code.certificate_checks import accepting_code
from phone_audit.apk.code.switches import Switches, Values
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from tests.apk.code.test_ways_in import (
    FALSE,
    OBJECT,
    OWN,
    TRUE,
    Units,
    calling,
    found,
    manager,
    method,
    new,
    owner,
    way,
)
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static

FIELD = Ref("field", "Llib/Conf;->all:Z")
OPEN, TRUST = "Llib/Http;->open(Llib/Conf;)V", "Llib/Conf;->trust(Z)V"
IF_ZERO, IF_NOT_ZERO = 0x0038, 0x0039
SETTER = Method("trust(Z)V", (0x015C, FIELD, RETURN), direct=False, registers=2, ins=2)
GETTER = Method("trusts()Z", (0x1055, FIELD, 0x000F), direct=False, registers=2, ins=1)
OFF = Method("<init>()V", (RETURN,), registers=2, ins=1)
ON = Method("<init>()V", (TRUE, 0x105C, FIELD, RETURN), registers=2, ins=1)
LATE = Method("<init>()V", (TRUE, IF_ZERO, 4, 0x105C, FIELD, RETURN), registers=2, ins=1)


def conf(*more: Method, made: Method = OFF, name: str = "Llib/Conf;", **above: object) -> Class:
    return Class(name, [made, SETTER, GETTER, *more], **{"parent": OBJECT} | above)  # type: ignore[arg-type]


def http(test: int = IF_ZERO, getter: str = "Llib/Conf;->trusts()Z") -> Class:
    """A method that makes what accepts only where the test of a switch is passed."""
    code = (0x106E, Ref("method", getter), 1, 0x000A, test, 4, *new(), RETURN)
    return Class("Llib/Http;", [Method("open(Llib/Conf;)V", code, registers=2, ins=1)])


def app(*units: int | Ref, conf: str = "Llib/Conf;") -> Class:
    """Code that makes the settings, does more, and opens a connection with them."""
    make = (*new(conf), 0x1070, Ref("method", f"{conf}-><init>()V"), 0)
    return Class("Lapp/A;", [method("f()V", *make, *units, 0x1071, Ref("method", OPEN), 0)])


def setting(value: Units, target: str = TRUST) -> Units:
    """Hand on the value that is put into register 1."""
    return (*value, 0x206E, Ref("method", target), 0x0010)


TO_TRUE, TO_FALSE = (0x1112,), (0x0112,)


def answer(name: str) -> Units:
    """Put what a static method says into register 1."""
    return (*invoke_static(name), 0x010A)


def test_a_switch_that_nobody_sets() -> None:
    assert way(manager(), http(), conf(), app()) == "unused"
    assert way(manager(), http(), conf(), app(*setting(TO_FALSE))) == "unused"


def test_the_same_switch_set() -> None:
    assert way(manager(), http(), conf(), app(*setting(TO_TRUE))) == "used"
    later = Class("Lapp/B;", [method("f(Llib/Conf;)V", *setting(TO_TRUE))])
    assert way(manager(), http(), conf(), app(), later) == "used"


def test_a_switch_that_is_on_from_the_beginning() -> None:
    assert way(manager(), http(), conf(made=ON), app()) == "used"


@pytest.mark.parametrize(("made", "expected"), [(ON, "unused"), (OFF, "used"), (LATE, "used")])
def test_a_check_that_is_on_unless_it_is_switched_off(made: Method, expected: str) -> None:
    checking = http(IF_NOT_ZERO)
    assert way(manager(), checking, conf(made=made), app()) == expected
    assert way(manager(), checking, conf(made=made), app(*setting(TO_FALSE))) == "used"
    assert way(manager(), checking, conf(made=made), app(*setting(TO_TRUE))) == expected


def test_a_second_constructor_may_leave_a_check_off() -> None:
    other = Method("<init>(I)V", (RETURN,), registers=2, ins=2)
    assert way(manager(), http(IF_NOT_ZERO), conf(other, made=ON), app()) == "used"


@pytest.mark.parametrize(
    "asked",
    [
        "Landroid/content/Intent;->getBooleanExtra()Z",
        "Landroid/os/Bundle;->getBoolean()Z",
        "Landroid/content/res/Resources;->getBoolean()Z",
        "Landroid/content/SharedPreferences;->getBoolean()Z",
        "Lorg/json/JSONObject;->optBoolean()Z",
        "Llib/Other;->native()Z",
    ],
)
def test_what_is_not_in_the_code_may_say_yes(asked: str) -> None:
    """An extra of an Intent, a resource, a preference, an answer of a server."""
    native = Class("Llib/Other;", [Method("native()Z", None, access=0x109)])
    assert way(manager(), http(), conf(), native, app(*setting(answer(asked)))) == "used"


@pytest.mark.parametrize("name", ["all", "trust"])
def test_reflection_may_set_it(name: str) -> None:
    looks_up = Class("Lapp/B;", [method("g()V", *const_string(name))])
    uses = app(*setting(TO_FALSE))
    assert way(manager(), http(), conf(), uses) == "unused"
    assert way(manager(), http(), conf(), uses, looks_up) == "used"


def test_its_class_handed_about_as_a_value_may_be_filled() -> None:
    """As libraries do that turn JSON into objects."""
    value = Class("Lapp/B;", [method("g()V", 0x001C, Ref("type", "Llib/Conf;"))])
    named = Class("Lapp/B;", [method("g()V", *const_string("lib.Conf"))])
    assert way(manager(), http(), conf(), app(), value) == "used"
    assert way(manager(), http(), conf(), app(), named) == "used"


def test_objects_may_be_read_from_bytes() -> None:
    assert way(manager(), http(), conf(interfaces=["Ljava/io/Serializable;"]), app()) == "used"


def test_native_code_may_set_it() -> None:
    native = Method("fill()V", None, direct=False, access=0x101)
    assert way(manager(), http(), conf(native), app()) == "used"
    heir = Class("Llib/Heir;", [native], parent="Llib/Conf;")
    assert way(manager(), http(), conf(), heir, app()) == "used"


def test_a_subclass_may_answer_otherwise() -> None:
    yes = Method("trusts()Z", (TRUE, 0x000F), direct=False, registers=2, ins=1)
    no = Method("trusts()Z", (FALSE, 0x000F), direct=False, registers=2, ins=1)
    for own, expected in ((yes, "used"), (no, "unused")):
        assert way(manager(), http(), conf(), Class("Lapp/Heir;", [own], parent="Llib/Conf;"), app()) == expected


def test_getters_that_ask_one_another_are_read_once_for_each_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrappers hand a question on to all of their kind: each of n asked n others, twelve deep."""
    asked = 0
    read = Switches._in_register

    def counted(*arguments: Any) -> Values:
        nonlocal asked
        asked += 1
        assert asked < 5_000
        return read(*arguments)

    monkeypatch.setattr(Switches, "_in_register", counted)
    hand_on = (0x106E, Ref("method", "Llib/Conf;->trusts()Z"), 1, 0x000A, 0x000F)
    wrapper = Method("trusts()Z", hand_on, direct=False, registers=2, ins=1)
    wrappers = [Class(f"Llib/W{number};", [wrapper], parent="Llib/Conf;") for number in range(20)]
    assert way(manager(), http(), conf(), app(), *wrappers) == "used"
    assert asked > 20


def test_a_subclass_may_set_the_field_that_it_inherits() -> None:
    sets = (TRUE, 0x105C, Ref("field", "Lapp/Heir;->all:Z"), RETURN)
    heir = Class("Lapp/Heir;", [Method("g()V", sets, direct=False, registers=2, ins=1)], parent="Llib/Conf;")
    assert way(manager(), http(), conf(), heir, app()) == "used"


def test_a_setter_that_android_may_call() -> None:
    outside = conf(interfaces=["Landroid/widget/Checkable;"])
    assert way(manager(), http(), outside, app()) == "used"


def test_a_getter_that_is_not_of_the_package() -> None:
    assert way(manager(), http(getter="Loutside/Conf;->trusts()Z"), conf(), app()) == "used"


def test_a_value_that_is_jumped_over_is_none() -> None:
    """What stands last in the order of the code need not be what is there."""
    code = (0x1112, 0x0228, 0x0112, 0x206E, Ref("method", TRUST), 0x0010)
    assert way(manager(), http(), conf(), app(*code)) == "used"


HANDED = Method("run(Lorg/json/JSONArray;)V", (
    0x106E, Ref("method", "Lorg/json/JSONArray;->optBoolean()Z"), 3, 0x010A,
    0x0022, Ref("type", "Llib/Conf;"), 0x206E, Ref("method", TRUST), 0x0010,
    0x1071, Ref("method", OPEN), 0, RETURN,
), registers=4, ins=1)  # fmt: skip
BRIDGE = Class("Llib/Bridge;", [HANDED])
VIEW = Class("Lapp/Page;", [method("g()V", *new("Landroid/webkit/WebView;"))])
SCRIPT = Class("Llib/Api;", [method("exec()V", 0x1071, Ref("method", "Llib/Bridge;->run(Lorg/json/JSONArray;)V"), 0)])
START = Class("Lapp/Main;", [method("f()V", *invoke_static("Llib/Api;->exec()V"))])


def test_what_a_script_asks_for_through_the_library_is_an_option() -> None:
    assert way(manager(), http(), conf(), BRIDGE, VIEW, SCRIPT, START) == "option"


def test_what_other_code_hands_to_the_library_counts() -> None:
    own = Class("Lapp/B;", [method("f()V", 0x1071, Ref("method", "Llib/Bridge;->run(Lorg/json/JSONArray;)V"), 0)])
    assert way(manager(), http(), conf(), BRIDGE, VIEW, SCRIPT, own) == "used"


def test_without_a_page_no_script_asks() -> None:
    assert way(manager(), http(), conf(), BRIDGE, SCRIPT, START) == "used"


def test_switches_of_its_own_code_are_not_asked_for() -> None:
    own = Class("Lapp/Main;", [method("f()V", *invoke_static("Lapp/Http;->trusting()V"))])
    assert way(manager("Lapp/T;"), OWN, own, named=("app.Main",)) == "used"


HOLDER = "Llib/Http;->all:Ljava/lang/Object;"
OTHER = "Llib/Http;->other:Ljava/lang/Object;"


def filling(*units: int | Ref) -> Class:
    return Class("Llib/Http;", [method("<clinit>()V", *units)])


def reads(field: str) -> Class:
    return Class("Lapp/A;", [method("f()V", 0x0062, Ref("field", field))])


MADE: Units = (*new(), 0x1070, Ref("method", "Llib/T;-><init>()V"), 0)
KEPT: Units = (0x0069, Ref("field", HOLDER))
BESIDE: Units = (0x0169, Ref("field", OTHER))


def test_only_the_field_that_takes_it_leads_to_it() -> None:
    only = filling(*MADE, *KEPT, *BESIDE)
    assert way(manager(), only, reads(HOLDER)) == "used"
    assert way(manager(), only, reads(OTHER)) == "unused"


@pytest.mark.parametrize(
    "between",
    [
        (0x1071, Ref("method", "Llib/Http;->keep(Ljava/lang/Object;)V"), 0),
        (0x0107,),
    ],
    ids=["handed on", "moved"],
)
def test_where_it_goes_elsewhere_any_field_may_hold_it(between: Units) -> None:
    assert way(manager(), filling(*MADE, *between, *KEPT, *BESIDE), reads(OTHER)) == "used"


def test_an_array_that_holds_it_is_followed() -> None:
    array = (0x1112, 0x1223, Ref("type", "[Ljava/lang/Object;"))
    puts = (0x004D, 0x0302)
    before = filling(*array, 0x0269, Ref("field", HOLDER), *MADE, *puts, *BESIDE)
    behind = filling(*array, *MADE, *puts, 0x0269, Ref("field", HOLDER), *BESIDE)
    for code in (before, behind):
        assert way(manager(), code, reads(HOLDER)) == "used"
        assert way(manager(), code, reads(OTHER)) == "unused"


def asking_either(*more: int | Ref) -> tuple[Class, ...]:
    """A library that makes an object of a kind where a switch is on, and asks whichever of that kind it has."""
    kind, ask = "Llib/Kind;", "ask()V"
    accepting = Method(ask, (*new(), RETURN), direct=False, registers=2, ins=1)
    unsafe = Class("Llib/Unsafe;", [accepting], parent=OBJECT, interfaces=[kind])
    made = (0x106E, Ref("method", "Llib/Conf;->trusts()Z"), 1, 0x000A, IF_ZERO, 4, *new("Llib/Unsafe;"))
    open_ = Method("open(Llib/Conf;)V", (*made, 0x1072, Ref("method", f"{kind}->{ask}"), 0, RETURN), registers=2, ins=1)
    return unsafe, Class("Llib/Http;", [open_, method("more()V", *more)])


def test_a_method_that_is_only_asked_through_an_interface_of_an_object_that_is_never_made() -> None:
    assert way(manager(), *asking_either(), conf(), app()) == "unused"
    assert way(manager(), *asking_either(), conf(), app(*setting(TO_TRUE))) == "used"
    assert way(manager(), *asking_either(), conf(made=ON), app()) == "used"


@pytest.mark.parametrize(
    "more", [new("Llib/Unsafe;"), (0x001C, Ref("type", "Llib/Unsafe;")), const_string("lib.Unsafe")]
)
def test_the_same_object_made_elsewhere(more: Units) -> None:
    assert way(manager(), *asking_either(*more), conf(), app()) == "used"


KNOWN = {"app.Http": "app.Conf.trusts"}
ON_FIELD = Ref("field", "Lapp/Conf;->all:Z")
ASKS = (0x106E, Ref("method", "Lapp/Conf;->trusts()Z"), 1, 0x000A)
INSTALLS = invoke_static("Ljavax/net/ssl/SSLContext;->init()V")
WHERE_IT_SAYS_YES: Units = (*ASKS, IF_ZERO, 5, *INSTALLS)
SAYS = invoke_static("Lother/File;->says()Z")
WHERE_A_FILE_SAYS_SO: Units = (*SAYS, 0x000A, IF_ZERO, 5, TRUE, 0x105C, ON_FIELD)


SECOND = Method("<init>(I)V", (TRUE, 0x105C, ON_FIELD, RETURN), registers=3, ins=2)
DECIDES = (*invoke_static("Lother/Clock;->late()Z"), 0x000A, IF_ZERO, 4, TRUE, 0x000F, 0x1055, ON_FIELD, 0x000F)
ANSWERS_ITSELF = Method("trusts()Z", DECIDES, direct=False, registers=2, ins=1)


def asking_first(
    begins: int = FALSE,
    opens: Units = WHERE_IT_SAYS_YES,
    load: Units = WHERE_A_FILE_SAYS_SO,
    *more: Method,
) -> list[Class]:
    """Code of the package itself that makes what accepts, and puts it in place where a switch says so."""
    made = Method("<init>()V", (begins, 0x105C, ON_FIELD, RETURN), registers=2, ins=1)
    asks = (0x1055, ON_FIELD, 0x000F)
    getters = [one for one in more if one.signature == "trusts()Z"]
    getter = getters[0] if getters else Method("trusts()Z", asks, direct=False, registers=2, ins=1)
    more = tuple(one for one in more if one not in getters)
    loads = Method("load()V", (*load, RETURN), direct=False, registers=2, ins=1)
    switch = Class("Lapp/Conf;", [made, *([loads] if begins == FALSE else []), getter, *more], parent=OBJECT)
    http = Class("Lapp/Http;", [method("open()V", *new("Lapp/Http$T;"), *opens)])
    started = Class("Lother/A;", [method("f()V", *invoke_static("Lapp/Http;->open()V"))])
    return [manager("Lapp/Http$T;"), http, switch, started]


def test_a_switch_for_developers_that_known_code_asks_is_an_option() -> None:
    assert found(*asking_first(), switches=KNOWN) == [("first-party", "option", False)]
    assert found(*asking_first()) == [("first-party", "used", True)]


def test_a_switch_asked_before_a_method_that_puts_it_in_place() -> None:
    puts = Class("Lapp/Http$Factory;", [method("put()V", *INSTALLS)])
    calls = invoke_static("Lapp/Http$Factory;->put()V")
    asks = asking_first(FALSE, (*ASKS, IF_ZERO, 5, *calls))
    assert found(*asks, puts, switches=KNOWN) == [("first-party", "option", False)]
    assert found(*asking_first(FALSE, (*ASKS, *calls)), puts, switches=KNOWN) == [("first-party", "used", False)]
    other = calling("Lother/B;", "Lapp/Http$Factory;->put()V")
    assert found(*asks, puts, other, switches=KNOWN) == [("first-party", "used", False)]


@pytest.mark.parametrize(
    ("classes", "known"),
    [
        (asking_first(TRUE), KNOWN),
        (asking_first(FALSE, INSTALLS), KNOWN),
        (asking_first(FALSE, (*ASKS, *INSTALLS)), KNOWN),
        (asking_first(FALSE, (*ASKS, IF_NOT_ZERO, 5, *INSTALLS)), KNOWN),
        (asking_first(FALSE, (*WHERE_IT_SAYS_YES, *INSTALLS)), KNOWN),
        (asking_first(FALSE, (*ASKS, TRUE, IF_ZERO, 5, *INSTALLS)), KNOWN),
        (asking_first(FALSE, WHERE_IT_SAYS_YES, (TRUE, 0x105C, ON_FIELD)), KNOWN),
        (asking_first(FALSE, WHERE_IT_SAYS_YES, WHERE_A_FILE_SAYS_SO, SECOND), KNOWN),
        (asking_first(FALSE, WHERE_IT_SAYS_YES, WHERE_A_FILE_SAYS_SO, ANSWERS_ITSELF), KNOWN),
        (asking_first(), {"app.Other": "app.Conf.trusts"}),
        (asking_first(), {"app.Http": "app.Conf.other"}),
    ],
    ids=[
        "on from the beginning",
        "not asked",
        "answer not used",
        "where it says no",
        "also without asking",
        "another value tested",
        "turned on whatever a file says",
        "turned on by another constructor",
        "an answer of its own",
        "of another class",
        "another switch",
    ],
)
def test_the_same_names_on_code_that_accepts_without_being_asked(classes: list[Class], known: dict[str, str]) -> None:
    assert found(*classes, switches=known) == [("first-party", "used", True)]


SETS = Method("set(Z)V", (0x015C, ON_FIELD, RETURN), direct=False, registers=2, ins=2)


@pytest.mark.parametrize(("value", "way_in"), [(TO_TRUE, "used"), (TO_FALSE, "option")])
def test_a_switch_that_other_code_turns_on_waits_for_no_file(value: Units, way_in: str) -> None:
    main = Class("Lother/B;", [method("f(Lapp/Conf;)V", *setting(value, "Lapp/Conf;->set(Z)V"))])
    classes = asking_first(FALSE, WHERE_IT_SAYS_YES, WHERE_A_FILE_SAYS_SO, SETS)
    assert found(*classes, main, switches=KNOWN) == [("first-party", way_in, way_in == "used")]


def test_a_switch_whose_field_other_code_fills_waits_for_no_file() -> None:
    main = Class("Lother/B;", [method("f(Lapp/Conf;)V", *TO_TRUE, 0x015C, ON_FIELD)])
    assert found(*asking_first(), main, switches=KNOWN) == [("first-party", "used", True)]


ASKED = Class("Llib/Asked;", [Method("all()Z", None, direct=False, access=0x401)], access=0x2600)
ASKS_ANNOTATION = Method(
    "trusts()Z", (0x1072, Ref("method", "Llib/Asked;->all()Z"), 1, 0x000A, 0x000F), direct=False, registers=2, ins=1
)
ANNOTATED = Class("Llib/Conf;", [OFF, SETTER, ASKS_ANNOTATION], parent=OBJECT)


def stated(*values: bool) -> str:
    """Return what leads to code behind a switch that annotations state."""
    classes = sorted([manager(), http(), ANNOTATED, ASKED, app()], key=lambda one: one.name)
    (index,) = index_file(read_dex("classes.dex", assemble(classes)))
    kind, name = index.type_ids[b"Llib/Asked;"], index.strings_equal([b"all"])[b"all"]
    items = [bytes((1, kind, 1, name, value << 5 | 0x1F)) for value in values]
    indexes = index_file(read_dex("classes.dex", assemble(classes, annotations=items)))
    ((_, way_in),) = [(one.party, one.way) for one in accepting_code(indexes, owner, ())]
    return way_in


@pytest.mark.parametrize(
    ("values", "expected"), [((False,), "unused"), ((False, True), "used"), ((True,), "used"), ((), "used")]
)
def test_a_switch_that_annotations_state(values: tuple[bool, ...], expected: str) -> None:
    """False by default; true where some class says so; anything where nothing could be read."""
    assert stated(*values) == expected


BOX = Ref("field", "Llib/Conf;->all:Ljava/lang/Boolean;")
VALUE_OF = Ref("method", "Ljava/lang/Boolean;->valueOf(Z)Ljava/lang/Boolean;")
BOXING = Class("Llib/Conf;", [
    OFF,
    Method("trust(Z)V", (0x1071, VALUE_OF, 2, 0x000C, 0x105B, BOX, RETURN), direct=False, registers=3, ins=2),
    Method("trusts()Z", (
        0x1054, BOX, 0x106E, Ref("method", "Ljava/lang/Boolean;->booleanValue()Z"), 0, 0x000A, 0x000F,
    ), direct=False, registers=2, ins=1),
], parent=OBJECT)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"), [((), "unused"), (setting(TO_FALSE), "unused"), (setting(TO_TRUE), "used")]
)
def test_a_switch_that_is_kept_in_an_object(more: Units, expected: str) -> None:
    assert way(manager(), http(), BOXING, app(*more)) == expected


def test_a_getter_that_asks_itself_says_what_it_says_otherwise() -> None:
    """One object of the kind holds another, as settings do that stand in for an annotation."""
    again = (0x106E, Ref("method", "Llib/Conf;->trusts()Z"), 1, 0x000A, 0x000F)
    asks = Method("trusts()Z", (0x1055, FIELD, 0x0038, 3, 0x000F, *again), direct=False, registers=2, ins=1)
    asking = Class("Llib/Conf;", [OFF, SETTER, asks], parent=OBJECT)
    assert way(manager(), http(), asking, app()) == "unused"
    assert way(manager(), http(), asking, app(*setting(TO_TRUE))) == "used"
