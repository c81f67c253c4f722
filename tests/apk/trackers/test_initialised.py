from collections.abc import Sequence

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.code.libraries import Owners
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import index_file
from phone_audit.apk.package_code import read_code
from phone_audit.apk.trackers.initialised import InitialisedTrackers
from phone_audit.errors import ApkError
from phone_audit.knowledge.schema.facts import TrackerFact, TrackerNeedFact
from phone_audit.model.apk import Component, ComponentKind
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, invoke_static
from tests.apk.facts import knowledge, library, tracker

_SPOTTER = tracker("Spotter", code=["com.spotter.sdk"])
_KNOWN = knowledge(
    trackers=[_SPOTTER, tracker("Ads", code=["net.ads.core.AdView"])],
    libraries=[
        library("Adapter", code=["net.mediate.adapter"], role="connector"),
        library("Toolkit", code=["net.toolkit"]),
        library("Spotter Kit", code=["com.spotter", "s.pot"]),
    ],
)
_INIT, _OTHER = "Lcom/spotter/sdk/Spotter;->init()V", "Lcom/spotter/sdk/Spotter;->flush()V"
_SDK = Class("Lcom/spotter/sdk/Spotter;", [Method("init()V"), Method("flush()V")])


def _caller(name: str, *methods: str) -> Class:
    units = tuple(unit for method in methods for unit in invoke_static(method))
    return Class(name, [Method("run()V", (*units, RETURN))])


def _started(classes: Sequence[Class], declared: Declared | None = None) -> dict[str, tuple[Evidence, ...]]:
    chosen = declared or Declared(package="org.example.app")
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    return InitialisedTrackers(indexes, chosen, Owners(_KNOWN, chosen.package, chosen.components).of, _KNOWN)(
        _KNOWN.trackers
    )


def _declared(
    kind: ComponentKind = "service", name: str = "com.spotter.sdk.Send", meta_data: tuple[str, str] | None = None
) -> Declared:
    component = Component(kind=kind, name=name, exported=False, permission=None, actions=())
    return Declared(components=(component,), package="org.example.app", meta_data=(meta_data,) if meta_data else ())


def test_a_call_from_elsewhere() -> None:
    ((evidence,),) = _started([_SDK, _caller("Lorg/example/app/Main;", _INIT)]).values()
    assert evidence.model_copy(update={"offset": None}) == Evidence(
        kind="call",
        where="classes.dex",
        value="com.spotter.sdk.Spotter.init()V",
        class_="org.example.app.Main",
        method="run()V",
    )


def test_a_call_that_starts_it_is_shown_before_others() -> None:
    callers = [_caller("Lorg/example/app/A;", _OTHER), _caller("Lorg/example/app/Main;", _INIT)]
    ((evidence,),) = _started([_SDK, *callers]).values()
    assert evidence.class_ == "org.example.app.Main"
    ((other,),) = _started([_SDK, callers[0]]).values()
    assert other.value == "com.spotter.sdk.Spotter.flush()V"


_ASK = "Lcom/spotter/sdk/Spotter;->getReporter()V"


def test_what_another_library_only_asks_it_does_not_set_it_going() -> None:
    """ACRA is asked for its reporter by App Inventor, which starts it in no app but its own."""
    assert _started([_SDK, _caller("Lnet/toolkit/Base;", _ASK)]) == {}
    for call in (_INIT, _OTHER, "Lcom/spotter/sdk/Spotter;->onStartSession()V"):
        assert list(_started([_SDK, _caller("Lnet/toolkit/Base;", _ASK, call)])) == ["spotter"]
    assert list(_started([_SDK, _caller("Lother/kit/Base;", _ASK)])) == ["spotter"]
    own = Declared(package="net.toolkit")
    assert list(_started([_SDK, _caller("Lnet/toolkit/Base;", _ASK)], own)) == ["spotter"]


def test_calls_of_its_own_of_its_maker_and_of_connectors_tell_nothing() -> None:
    inside = [
        _caller("Lcom/spotter/sdk/Other;", _INIT),
        _caller("Lcom/spotter/push/Push;", _INIT),
        _caller("Lnet/mediate/adapter/Spotter;", _INIT),
    ]
    assert _started([_SDK, *inside]) == {}


def test_calls_of_its_family_tell_nothing_whatever_its_packages_are_called() -> None:
    """One library has several packages, some of which nobody would take for its."""
    assert _started([_SDK, _caller("Ls/pot/Agent;", _INIT)]) == {}
    assert list(_started([_SDK, _caller("Ls/pots/Agent;", _INIT)])) == ["spotter"]


def test_code_of_the_package_cannot_hide_in_the_family() -> None:
    found = _started([_SDK, _caller("Ls/pot/Agent;", _INIT)], Declared(package="s.pot"))
    assert list(found) == ["spotter"]
    data = assemble([_SDK, _caller("Ls/pot/Agent;", _INIT)])
    (there,) = read_code([("classes.dex", data)], _KNOWN, Declared(package="org.example.app")).trackers
    assert there.tier == "present"


def test_what_calls_a_tracker_stands_in_for_nothing_whatever_its_name() -> None:
    assert list(_started([_SDK, _caller("Lorg/example/noop/Spotter;", _INIT)])) == ["spotter"]


def test_the_makers_own_package_counts() -> None:
    found = _started([_SDK, _caller("Lcom/spotter/shop/Main;", _INIT)], Declared(package="com.spotter.shop"))
    assert list(found) == ["spotter"]


def test_what_only_looks_like_a_call_is_none() -> None:
    """The bytes of invoke-static inside a 32-bit constant."""
    units = (0x0014, 0x0071, Ref("method", _INIT), RETURN)
    assert _started([_SDK, Class("Lorg/example/app/Main;", [Method("run()V", units)])]) == {}


def test_components_of_its_classes() -> None:
    ((evidence,),) = _started([_SDK], _declared("provider", "com.spotter.sdk.Auto")).values()
    assert evidence == Evidence(
        kind="manifest",
        where="AndroidManifest.xml",
        value="provider com.spotter.sdk.Auto",
        class_="com.spotter.sdk.Auto",
    )
    assert _started([_SDK], _declared(name="com.spotter.sdkx.Send")) == {}
    assert list(_started([_SDK], _declared(name="com.spotter.sdk.stub.Send"))) == ["spotter"]


def test_meta_data() -> None:
    def values(name: str) -> list[str]:
        found = _started([_SDK], _declared(name="org.example.app.Main", meta_data=(name, "on")))
        return [one.value for shown in found.values() for one in shown]

    assert values("com.spotter.sdk.KEY") == ["meta-data com.spotter.sdk.KEY=on"]
    assert values("registrar:com.spotter.sdk.Registrar") == ["meta-data registrar:com.spotter.sdk.Registrar=on"]
    assert values("net.ads.core.APPLICATION_ID") == ["meta-data net.ads.core.APPLICATION_ID=on"]
    assert values("com.spotter.sdkx.KEY") == values("net.ads.other.KEY") == []


def test_a_tracker_that_is_set_going_is_initialised() -> None:
    data = assemble([_SDK, _caller("Lorg/example/app/Main;", _INIT)])
    (found,) = read_code([("classes.dex", data)], _KNOWN, Declared(package="org.example.app")).trackers
    assert (found.id, found.tier) == ("spotter", "initialised")
    assert [(one.kind, one.class_) for one in found.evidence] == [
        ("call", "org.example.app.Main"),
        ("class", "com.spotter.sdk.Spotter"),
    ]
    (present,) = read_code([("classes.dex", assemble([_SDK]))], _KNOWN).trackers
    assert present.tier == "present"


def test_a_tracker_without_classes_is_not_initialised() -> None:
    data = assemble([_caller("Lorg/example/app/Main;", _INIT)])
    (found,) = read_code([("classes.dex", data)], _KNOWN, _declared()).trackers
    assert found.tier == "referenced"


def test_damaged_tables_are_survived() -> None:
    data = assemble([_SDK, _caller("Lorg/example/app/Main;", _INIT, _OTHER)])
    for at in range(0x70, len(data), 3):
        changed = data[:at] + b"\xff" + data[at + 1 :]
        indexes = index_file(read_dex("classes.dex", changed))
        started = InitialisedTrackers(indexes, Declared(), Owners(_KNOWN, "org.example.app").of, _KNOWN)(
            _KNOWN.trackers
        )
        assert started.keys() <= {fact.id for fact in _KNOWN.trackers}


def _needing(**needs: object) -> TrackerFact:
    told = TrackerNeedFact.model_validate({"source": "https://spotter.example"} | needs)
    return _SPOTTER.model_copy(update={"needs": told})


def _is_started(
    fact: TrackerFact, *classes: Class, meta_data: tuple[str, str] | None = None, files: tuple[bytes, ...] = ()
) -> bool:
    declared = _declared(meta_data=meta_data)
    indexes = index_file(read_dex("classes.dex", assemble([_SDK, *classes])))
    owner_of = Owners(_KNOWN, declared.package).of
    return bool(InitialisedTrackers(indexes, declared, owner_of, _KNOWN, others=lambda: files)([fact]))


def test_a_declaration_of_what_is_not_told_what_it_needs_starts_nothing() -> None:
    assert _is_started(_SPOTTER)
    assert not _is_started(_needing(resources=("spot_id",), meta_data=("SpotId",)))
    assert not _is_started(_needing(resources=("spot_id",)), files=(b"spot_identity"[:6],))


def test_what_it_needs_stands_among_the_resources() -> None:
    fact = _needing(resources=("spot_id",))
    assert _is_started(fact, files=(b"a\x07spot_id\0",))
    assert _is_started(fact, files=(b"a\0" + "spot_id".encode("utf-16-le"),))


def test_files_that_cannot_be_read_may_hold_what_it_needs() -> None:
    def unread() -> list[bytes]:
        raise ApkError("", code="damaged")

    indexes = index_file(read_dex("classes.dex", assemble([_SDK])))
    fact, declared = _needing(resources=("spot_id",)), _declared()
    assert InitialisedTrackers(indexes, declared, Owners(_KNOWN, None).of, _KNOWN, others=unread)([fact])


def test_what_it_needs_stands_in_the_manifest_or_is_told_by_code() -> None:
    assert _is_started(_needing(meta_data=("SpotId",)), meta_data=("SpotId", "1"))
    fact = _needing(meta_data=("SpotId",), code=("com.spotter.options.Builder",))
    telling = "Lcom/spotter/options/Builder;->id()V"
    assert _is_started(fact, _caller("Lorg/example/app/Main;", telling))
    assert not _is_started(fact, _caller("Ls/pot/Main;", telling))


def test_code_of_the_package_needs_nothing_to_start_it() -> None:
    assert _is_started(_needing(resources=("spot_id",)), _caller("Lorg/example/app/Main;", _INIT))


def test_a_call_in_code_that_nothing_starts_starts_nothing() -> None:
    classes = [_SDK, _caller("Lother/kit/A;", _INIT)]
    indexes = index_file(read_dex("classes.dex", assemble(classes)))
    owner_of = Owners(_KNOWN, None).of
    assert InitialisedTrackers(indexes, Declared(), owner_of, _KNOWN, lambda _part, _row: True)([_SPOTTER])
    assert not InitialisedTrackers(indexes, Declared(), owner_of, _KNOWN, lambda _part, _row: False)([_SPOTTER])


def test_a_library_that_nothing_was_seen_to_start_sets_nothing_going() -> None:
    """Code that is loaded may call anything. What is no library's counts all the same."""
    loads = (0x1070, Ref("method", "Ldalvik/system/DexClassLoader;-><init>()V"), 0)
    screen = Component(kind="activity", name="org.example.app.Main", exported=True, permission=None, actions=())
    declared = Declared(components=(screen,), package="org.example.app", active=frozenset({screen.name}))
    for caller, more, tier in (
        ("Lnet/toolkit/A;", (), "present"),
        ("Lnet/toolkit/A;", invoke_static("Lnet/toolkit/A;->run()V"), "initialised"),
        ("Lother/kit/A;", (), "initialised"),
    ):
        create = Method("onCreate(Landroid/os/Bundle;)V", (*loads, *more, RETURN), access=1, ins=2, direct=False)
        main = Class("Lorg/example/app/Main;", [create], parent="Landroid/app/Activity;")
        data = assemble([_SDK, _caller(caller, _INIT), main])
        (found,) = read_code([("classes.dex", data)], _KNOWN, declared).trackers
        assert found.tier == tier
