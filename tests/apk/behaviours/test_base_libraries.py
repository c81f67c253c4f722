"""What base libraries do by themselves, and what other code has them do."""

from collections.abc import Sequence

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.behaviours.find import Plan, find_behaviours
from phone_audit.apk.code import callers
from phone_audit.apk.code.libraries import Owners
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Behaviour, Component
from tests.apk.behaviours.test_find import READS, calls, indexes, rule
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, const_string
from tests.apk.facts import knowledge, library

IMEI = "Landroid/telephony/TelephonyManager;->getImei()Ljava/lang/String;"
HELPER = Class("Lbase/Helper;", [Method("imei()V", calls(IMEI))])
INSIDE = Class("Lbase/Helper$Api;", [Method("imei()V", calls(IMEI))])
FACADE = Class("Lbase/Helper;", [Method("imei()V", calls("Lbase/Helper$Api;->imei()V"))])
BASE = library("Base", code=["base"]).model_copy(
    update={"base": ("base",), "base_behaviours": {"base.Helper": ("read.imei",)}}
)
KNOWN = knowledge(libraries=[BASE, library("Other", code=["other"])])
NOTHING = Declared()


def found(*classes: Class, declared: Declared = NOTHING, package: str = "org.example.app") -> Behaviour:
    owners = Owners(KNOWN, package, declared.components)
    ((one,), _) = find_behaviours(indexes(classes), declared, Plan([READS]), owners)
    return one


def seen(one: Behaviour) -> tuple[bool, list[str | None]]:
    return one.library_only, [shown.class_ for shown in one.evidence]


def calling(name: str, method: str = "Lbase/Helper;->imei()V", **changes: str) -> Class:
    return Class(name, [Method("f()V", calls(method))], **changes)  # type: ignore[arg-type]


def test_a_base_library_alone() -> None:
    assert seen(found(HELPER)) == (True, ["base.Helper"])


@pytest.mark.parametrize("caller", ["Lorg/example/app/A;", "Lother/A;", "La/b;", "Lunknown/place/A;"])
def test_the_same_code_called_by_any_other_code_counts(caller: str) -> None:
    name = caller[1:-1].replace("/", ".")
    assert seen(found(HELPER, calling(caller))) == (False, [name, "base.Helper"])
    assert found(HELPER, calling(caller)).evidence[0].value == "base.Helper.imei"


def test_a_call_by_way_of_a_class_around_it_counts() -> None:
    assert seen(found(FACADE, INSIDE)) == (True, ["base.Helper$Api"])
    assert seen(found(FACADE, INSIDE, calling("Lx/A;")))[0] is False


def test_a_call_by_another_base_library_does_not() -> None:
    """AndroidX's activity asks for the last known place; the package calls the activity."""
    activity = calling("Lbase/Activity;")
    assert found(HELPER, activity, calling("Lx/Main;", "Lbase/Activity;->f()V")).library_only
    assert found(HELPER, activity, calling("Lbase/Main;", "Lbase/Activity;->f()V")).library_only


def started(name: str) -> Declared:
    return Declared(components=(Component(kind="activity", name=name, exported=True, permission=None, actions=()),))


OF_MAIN = Class("Lbase/Other;", [Method("run()V", calls("Lbase/Helper;->imei()V"), direct=False)])


@pytest.mark.parametrize(
    "classes",
    [
        (calling("Lbase/Main;"),),
        (calling("Lbase/Main;", "Lbase/Between;->f()V"), calling("Lbase/Between;")),
        (Class("Lbase/Main;", [], parent="Lbase/Above;"), calling("Lbase/Above;")),
        (Class("Lbase/Main;", [Method("f()V", (0x0022, Ref("type", "Lbase/Other;"), RETURN))]), OF_MAIN),
    ],
    ids=["calls", "through another", "inherits", "creates"],
)
def test_a_class_of_the_manifest_that_is_only_called_like_one_counts(classes: tuple[Class, ...]) -> None:
    """A hostile maker cannot hide what starts code by calling it like a base library's."""
    assert not found(HELPER, *classes, declared=started("base.Main")).library_only
    assert found(HELPER, *classes, declared=started("base.Elsewhere")).library_only
    assert found(HELPER, *classes, declared=started("x.Main")).library_only


@pytest.mark.parametrize(
    "declared",
    [Declared(loaded=("base.Main",)), Declared(meta_data=(("base.Main", "some.startup"),))],
    ids=["factory", "meta-data"],
)
def test_so_does_a_class_that_the_manifest_names_elsewhere(declared: Declared) -> None:
    assert not found(HELPER, calling("Lbase/Main;"), declared=declared).library_only
    assert found(HELPER, calling("Lbase/Another;"), declared=declared).library_only


def test_names_are_unknown_only_where_the_manifest_could_not_be_read() -> None:
    assert Declared(loaded=("a.F",)).names is None
    inside = Declared(meta_data=(("com.google.firebase.components:a.Registrar", "x"),))
    assert "a.Registrar" in inside.named
    held = Declared(loaded=("a.F",), meta_data=(("a.I", "a.V"),), active=frozenset())
    assert held.names == frozenset({"a.F", "a.I", "a.V"})


def test_a_class_of_the_manifest_that_is_known_does_not() -> None:
    known = BASE.model_copy(update={"base_behaviours": {**BASE.base_behaviours, "base.Main": ("act.other",)}})
    owners = Owners(knowledge(libraries=[known]), "org.example.app")
    files = indexes([HELPER, calling("Lbase/Main;")])
    ((one,), _) = find_behaviours(files, started("base.Main"), Plan([READS]), owners)
    assert one.library_only


def test_a_call_by_way_of_a_class_that_inherits_it_counts() -> None:
    heir = Class("Lx/Heir;", [], parent="Lbase/Helper;")
    assert not found(HELPER, heir, calling("Lx/A;", "Lx/Heir;->imei()V")).library_only


def test_a_call_of_another_method_or_class_of_that_name_does_not() -> None:
    for method in ("Lbase/Helper;->imei(I)V", "Lbase/Helper;->other()V", "Lx/Helper;->imei()V"):
        assert found(HELPER, calling("Lx/A;", method)).library_only


def test_a_text_that_names_the_class_counts() -> None:
    """What is reached by reflection is called, too."""
    naming = Class("Lx/A;", [Method("f()V", (*const_string("base.Helper"), RETURN))])
    assert not found(HELPER, naming).library_only
    assert found(HELPER, Class("Lbase/A;", naming.methods)).library_only


def test_a_component_counts() -> None:
    receiver = Component(kind="receiver", name="base.Helper$R", exported=True, permission=None, actions=())
    assert not found(HELPER, declared=Declared(components=(receiver,))).library_only


def test_other_code_that_does_it_itself_is_shown_alone() -> None:
    own = Class("Lx/A;", [Method("f()V", calls(IMEI))])
    assert seen(found(HELPER, own)) == (False, ["x.A"])


def test_what_a_class_of_such_a_name_is_not_known_to_do_counts() -> None:
    """A hostile maker cannot hide code by calling it like a base library's."""
    assert seen(found(Class("Lbase/Evil;", HELPER.methods))) == (False, ["base.Evil"])
    owners = Owners(KNOWN, "org.example.app")
    sms = rule("act.sms", {"calls": ["android.telephony.TelephonyManager.getImei"]})
    ((one,), _) = find_behaviours(indexes([HELPER]), NOTHING, Plan([sms]), owners)
    assert not one.library_only


def test_the_packages_own_code_is_no_library() -> None:
    assert not found(HELPER, package="base").library_only


def test_all_parts_of_a_package_are_searched() -> None:
    owners = Owners(KNOWN, "org.example.app")

    def only(*files: Sequence[Class]) -> bool:
        ((one,), _) = find_behaviours(indexes(*files), NOTHING, Plan([READS]), owners)
        return one.library_only

    assert only([HELPER], [Class("Lx/A;")])
    assert not only([HELPER], [calling("Lx/A;")])


def test_where_there_are_too_many_calls_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "MAX_CALLS", 1)
    assert not found(HELPER, *(calling(f"Lbase/C{number};") for number in range(3))).library_only


def test_where_there_are_too_many_classes_below_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "_BELOW", 2)
    heirs = [Class(f"Lx/Heir{number};", [], parent="Lbase/Helper;") for number in range(3)]
    assert found(HELPER, *heirs[:1]).library_only
    assert not found(HELPER, *heirs).library_only


def test_what_is_bundled_names_rules_that_there_are() -> None:
    known = load_knowledge()
    rules = {one.id for one in known.behaviours}
    named = {name for one in known.libraries for names in one.base_behaviours.values() for name in names}
    assert named
    assert named <= rules
    owners = Owners(known, "org.example.app")
    assert owners.does_by_itself("android.support.v7.app.TwilightManager", "read.location")
    assert not owners.does_by_itself("android.support.v7.app.TwilightManager", "read.imei")
    assert not owners.does_by_itself("android.support.v7.app.TwilightManagerX", "read.location")
    assert not owners.is_base("androidx.camera.camera2.internal.Camera2CameraImpl")
