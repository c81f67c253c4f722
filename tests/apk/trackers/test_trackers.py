from collections.abc import Sequence
from pathlib import Path

import pytest

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex.descriptors import Classes
from phone_audit.apk.package_code import read_code
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.records import join
from phone_audit.apk.trackers.trackers import MAX_CLASSES, MAX_STAND_INS, find_trackers, with_opt_outs
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import OptOutFact, TrackerFact
from phone_audit.model.apk import AddressUse, Component, Endpoint, HeldBy, OptOut, Tier, Tracker
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble
from tests.apk.facts import knowledge, library, tracker
from tests.apk.packages import package
from tests.apk.zips import Part

_SDK = tracker("Adjust", code=["com.adjust.sdk", "org.adjust."], hosts=["adjust.example"], owner="Adjust GmbH")
_HOSTS_ONLY = tracker("Net", hosts=["adnet.example", "shared.example"])
_SHARING = tracker("Sharing", code=["com.sharing"], hosts=["shared.example"])
_TWIN = tracker("Twin", code=["com.twin"], hosts=["twins.example"])
_OTHER_TWIN = tracker("Zwin", code=["com.zwin"], hosts=["twins.example"])
_KNOWN = knowledge(trackers=[_SDK, _HOSTS_ONLY, _SHARING, _TWIN, _OTHER_TWIN])
_VALUES = {"false": "sends nothing", "true": "sends"}
_SWITCH = OptOutFact(name="com.spotter.sdk.enabled", values=_VALUES, source="https://spotter.example/docs")
_WITH_SWITCHES = knowledge(
    trackers=[tracker("Spotter", code=["com.spotter.sdk"], hosts=["spotter.example"], opt_out=[_SWITCH])]
)
_OFF = OptOut(name=_SWITCH.name, value="false", meaning="sends nothing")

MEANT = {
    "CLEVERTAP_USE_GOOGLE_AD_ID": ("exodus-174", "1"),
    "batch_opted_out_by_default": ("exodus-23", "true"),
    "com.bugsnag.android.AUTO_DETECT_ERRORS": ("exodus-207", "false"),
    "com.bugsnag.android.AUTO_TRACK_SESSIONS": ("exodus-207", "false"),
    "com.facebook.sdk.AdvertiserIDCollectionEnabled": ("exodus-66", "false"),
    "com.facebook.sdk.AutoInitEnabled": ("exodus-66", "false"),
    "com.facebook.sdk.AutoLogAppEventsEnabled": ("exodus-66", "false"),
    "com.google.android.gms.ads.DELAY_APP_MEASUREMENT_INIT": ("exodus-312", "true"),
    "com.mixpanel.android.MPConfig.DisableAppOpenEvent": ("exodus-118", "true"),
    "com.mixpanel.android.MPConfig.UseIpAddressForGeolocation": ("exodus-118", "false"),
    "com.onesignal.PrivacyConsent": ("exodus-193", "ENABLE"),
    "com.pushwoosh.allow_server_communication": ("exodus-39", "false"),
    "firebase_analytics_collection_deactivated": ("exodus-49", "true"),
    "firebase_analytics_collection_enabled": ("exodus-49", "false"),
    "firebase_crashlytics_collection_enabled": ("exodus-27", "false"),
    "google_analytics_adid_collection_enabled": ("exodus-49", "false"),
    "google_analytics_default_allow_ad_personalization_signals": ("exodus-49", "false"),
    "google_analytics_default_allow_ad_storage": ("exodus-49", "false"),
    "google_analytics_default_allow_ad_user_data": ("exodus-49", "false"),
    "google_analytics_default_allow_analytics_storage": ("exodus-49", "false"),
    "google_analytics_ssaid_collection_enabled": ("exodus-49", "false"),
    "io.sentry.auto-init": ("exodus-447", "false"),
    "io.sentry.send-default-pii": ("exodus-447", "false"),
}


def _evidence(host: str) -> Evidence:
    return Evidence(kind="dex-string", where="classes.dex", value=f"https://{host}/", offset=1)


def _endpoint(host: str, ruled_out: str | None = None, use: AddressUse = "unknown") -> Endpoint:
    return Endpoint(
        host=host, kind="domain", registered_domain=None, urls=(), schemes=(), ports=(), cleartext=False, owner=None,
        category="unknown", ruled_out=ruled_out, use=use,
        held_by=(HeldBy(party="unknown", library=None, evidence=(_evidence(host),)),),
    )  # fmt: skip


def _class(name: str, where: str = "classes.dex") -> Evidence:
    return Evidence(kind="class", where=where, value=name, class_=name)


def _find(
    defined: list[bytes], named: list[bytes] | None = None, hosts: list[str] | None = None
) -> tuple[Tracker, ...]:
    classes = Classes("classes.dex", sorted([*defined, *(named or [])]), sorted(defined))
    return find_trackers([classes], [_endpoint(host) for host in hosts or []], _KNOWN)


def _tiers(found: tuple[Tracker, ...]) -> dict[str, str]:
    return {one.id: one.tier for one in found}


def test_defined_classes_and_hosts_together() -> None:
    found = _find([b"Lcom/adjust/sdk/Adjust;", b"Lorg/adjust/X;"], hosts=["eu.adjust.example", "a.example"])
    assert found == (
        Tracker(
            id="adjust",
            name="Adjust",
            owner="Adjust GmbH",
            categories=("analytics",),
            tier="present",
            endpoints=("eu.adjust.example",),
            evidence=(_class("com.adjust.sdk.Adjust"), _class("org.adjust.X")),
        ),
    )


def test_a_class_that_is_only_named() -> None:
    (found,) = _find([b"La/B;"], named=[b"Lcom/adjust/sdk/Adjust;"])
    assert (found.tier, found.evidence) == ("referenced", (_class("com.adjust.sdk.Adjust"),))


def test_near_misses_are_nothing() -> None:
    assert _find([b"Lcom/adjust/sdkx/A;", b"Lcom/adjust/SDK;", b"Lxcom/adjust/sdk/A;", b"Lorg/adjust;"]) == ()
    assert _find([], hosts=["notadjust.example", "adjust.example.org"]) == ()
    assert _find([]) == ()


def test_a_prefix_can_be_a_whole_class() -> None:
    assert _tiers(_find([b"Lcom/adjust/sdk;"])) == {"adjust": "present"}
    assert _tiers(_find([b"Lcom/adjust/sdk$1;"])) == {"adjust": "present"}


def test_a_few_classes_are_shown_file_by_file() -> None:
    many = [b"Lcom/adjust/sdk/A%d;" % number for number in range(9)]
    first, second = Classes("classes.dex", many[:3], many[:3]), Classes("classes2.dex", many[3:], many[3:])
    (found,) = find_trackers([first, second], [], _KNOWN)
    assert [one.where for one in found.evidence] == ["classes.dex"] * 3 + ["classes2.dex"] * 2
    assert len(found.evidence) == MAX_CLASSES


def test_a_class_that_one_file_names_and_another_defines_is_present() -> None:
    name = [b"Lcom/adjust/sdk/A;"]
    (found,) = find_trackers([Classes("classes.dex", name, []), Classes("classes2.dex", name, name)], [], _KNOWN)
    assert (found.tier, found.evidence) == ("present", (_class("com.adjust.sdk.A", "classes2.dex"),))


def test_hosts_alone() -> None:
    (found,) = _find([], hosts=["x.adnet.example"])
    assert (found.id, found.tier, found.endpoints) == ("net", "host-only", ("x.adnet.example",))
    assert found.evidence == (_evidence("x.adnet.example"),)


@pytest.mark.parametrize(("use", "tier"), [("fetched", "host-only"), ("opened", "referenced")])
def test_naming_a_class_hides_no_host_that_is_connected_to(use: AddressUse, tier: Tier) -> None:
    name = [b"Lcom/adjust/sdk/Adjust;"]
    (found,) = find_trackers([Classes("classes.dex", name, [])], [_endpoint("eu.adjust.example", use=use)], _KNOWN)
    assert (found.tier, found.endpoints) == (tier, ("eu.adjust.example",))
    assert _class("com.adjust.sdk.Adjust") in found.evidence
    assert (_evidence("eu.adjust.example") in found.evidence) is (tier == "host-only")


@pytest.mark.parametrize(
    ("use", "tiers"),
    [("fetched", ["host-only"]), ("unknown", ["host-only"]), ("opened", []), ("compared", []), ("unused", [])],
)
def test_a_host_that_code_does_not_connect_to_is_no_tracker(use: AddressUse, tiers: list[str]) -> None:
    assert [one.tier for one in find_trackers([], [_endpoint("x.adnet.example", use=use)], _KNOWN)] == tiers


def _call(opcode: int, method: str, *registers: int) -> tuple[int | Ref, ...]:
    packed = sum(register << 4 * place for place, register in enumerate(registers))
    return opcode | len(registers) << 12, Ref("method", method), packed


_LOADED = (0x1A, Ref("string", "http://www.google-analytics.com/collect"))
_COMPARED = _call(0x6E, "Ljava/lang/String;->equals(Ljava/lang/Object;)Z", 2, 0)
_CONNECTED = (
    *(0x22 | 1 << 8, Ref("type", "Ljava/net/URL;")),
    *_call(0x70, "Ljava/net/URL;-><init>(Ljava/lang/String;)V", 1, 0),
    *_call(0x6E, "Ljava/net/URL;->openConnection()Ljava/net/URLConnection;", 1),
)


@pytest.mark.parametrize(
    ("code", "tiers"),
    [(_COMPARED, []), (_CONNECTED, ["host-only"]), ((*_COMPARED, *_CONNECTED), ["host-only"])],
    ids=["compared", "connected to", "both"],
)
def test_the_same_text_compared_and_connected_to(code: tuple[int | Ref, ...], tiers: list[str]) -> None:
    run = Method("run(Ljava/lang/String;)V", (*_LOADED, *code, RETURN), direct=True, registers=4, ins=1)
    data = assemble([Class("Lorg/vendor/A;", [run], parent="Ljava/lang/Object;")])
    found = read_code([("classes.dex", data)], load_knowledge()).trackers
    assert [one.tier for one in found] == tiers


def test_what_a_rule_takes_out_proves_nothing() -> None:
    assert find_trackers([], [_endpoint("x.adnet.example", "documentation")], _KNOWN) == ()


def test_a_shared_host_tells_of_the_tracker_whose_code_is_there() -> None:
    assert _tiers(_find([b"Lcom/sharing/A;"], hosts=["shared.example"])) == {"sharing": "present"}


def test_a_shared_host_otherwise_tells_of_the_tracker_that_has_no_code() -> None:
    assert _tiers(_find([], hosts=["shared.example"])) == {"net": "host-only"}


def test_a_host_that_nothing_tells_apart_names_all_of_its_trackers() -> None:
    assert _tiers(_find([], hosts=["twins.example"])) == {"twin": "host-only", "zwin": "host-only"}
    assert _tiers(_find([b"Lcom/twin/A;"], hosts=["twins.example"])) == {"twin": "present"}


def test_a_connector_is_no_sign_of_its_tracker() -> None:
    known = knowledge(
        trackers=[_SDK], libraries=[library("Adapter", code=["com.adjust.sdk.mediation"], role="connector")]
    )

    def tiers(*defined: bytes, named: Sequence[bytes] = ()) -> list[str]:
        classes = Classes("classes.dex", sorted([*defined, *named]), sorted(defined))
        return [found.tier for found in find_trackers([classes], [], known)]

    assert tiers(b"Lcom/adjust/sdk/mediation/A;") == []
    assert tiers(b"Lcom/adjust/sdk/mediation/A;", named=[b"Lcom/adjust/sdk/Adjust;"]) == ["referenced"]
    assert tiers(b"Lcom/adjust/sdk/mediation/A;", b"Lcom/adjust/sdk/Adjust;") == ["present"]
    many = [b"Lcom/adjust/sdk/mediation/A%d;" % number for number in range(300)]
    assert tiers(*many, b"Lcom/adjust/sdk/z/Z;") == ["present"]


def test_a_stand_in_is_no_sign_of_its_tracker_as_long_as_it_is_small() -> None:
    """Anybody can call a folder `stub`; what stands in for something has few classes."""
    few = [b"Lcom/adjust/sdk/noop/A%d;" % number for number in range(MAX_STAND_INS)]
    assert _find(few) == ()
    assert _tiers(_find(few, named=[b"Lcom/adjust/sdk/Adjust;"])) == {"adjust": "referenced"}
    (found,) = _find([*few, b"Lcom/adjust/sdk/z/A;"])
    assert (found.tier, found.evidence) == ("present", (_class("com.adjust.sdk.z.A"),))
    (found,) = _find([*few, b"Lcom/adjust/sdk/noop/Z;"])
    assert (found.tier, len(found.evidence)) == ("present", MAX_CLASSES)
    files = [Classes(f"classes{number}.dex", part, part) for number, part in enumerate((few, [b"Lorg/adjust/stub/Z;"]))]
    assert _tiers(find_trackers(files, [], _KNOWN)) == {"adjust": "present"}


def test_one_that_is_set_going() -> None:
    shown = Evidence(kind="manifest", where="AndroidManifest.xml", value="provider com.adjust.sdk.Auto")
    name = [b"Lcom/adjust/sdk/A;"]
    asked: list[str] = []

    def started(facts: Sequence[TrackerFact]) -> dict[str, tuple[Evidence, ...]]:
        asked.extend(fact.id for fact in facts)
        return {"adjust": (shown,)}

    classes = Classes("classes.dex", [*name, b"Lcom/sharing/A;"], name)
    found = {one.id: one for one in find_trackers([classes], [], _KNOWN, started)}
    assert asked == ["adjust"]
    assert (found["adjust"].tier, found["adjust"].evidence) == ("initialised", (shown, _class("com.adjust.sdk.A")))
    assert found["sharing"].tier == "referenced"


_PUSH = tracker("Push", code=["com.push.sdk"], components=["org.carrier.PushService", "org.carrier.PushReceiver"])
_WITH_COMPONENTS = knowledge(trackers=[_PUSH])


def test_a_component_tells_a_tracker_whose_other_classes_were_renamed() -> None:
    name = [b"La/b;", b"Lorg/carrier/PushService;"]
    (found,) = find_trackers([Classes("classes.dex", name, name)], [], _WITH_COMPONENTS)
    assert (found.id, found.tier, found.evidence) == ("push", "present", (_class("org.carrier.PushService"),))


def test_a_component_that_is_declared_and_not_there_is_only_named() -> None:
    """Its class is packed, or was taken out: nothing shows that its code is in the package."""
    declared = ["org.carrier.PushReceiver", "org.carrier.PushService", "org.carrier.PushServices", "org.example.Main"]
    (found,) = find_trackers([], [], _WITH_COMPONENTS, declared=declared)
    shown = tuple(
        Evidence(kind="manifest", where="AndroidManifest.xml", value=name, class_=name) for name in declared[:2]
    )
    assert (found.tier, found.evidence) == ("referenced", shown)
    assert find_trackers([], [], _WITH_COMPONENTS, declared=declared[2:]) == ()


def test_its_code_says_more_than_its_components() -> None:
    name = [b"Lcom/push/sdk/A;"]
    classes = Classes("classes.dex", name, name)
    (found,) = find_trackers([classes], [], _WITH_COMPONENTS, declared=["org.carrier.PushService"])
    assert (found.tier, found.evidence) == ("present", (_class("com.push.sdk.A"),))


def test_the_components_of_a_manifest_reach_the_search() -> None:
    component = Component(kind="service", name="org.carrier.PushService", exported=False, permission=None, actions=())
    facts = read_code([], _WITH_COMPONENTS, Declared(components=(component,)))
    assert _tiers(facts.trackers) == {"push": "referenced"}


def _tracker(tier: Tier = "present", name: str = "spotter") -> Tracker:
    shown = Evidence(kind="class", where="classes.dex", value="com.spotter.sdk.A", class_="com.spotter.sdk.A")
    return Tracker(id=name, name=name, owner=None, categories=(), tier=tier, endpoints=(), evidence=(shown,))


@pytest.mark.parametrize("tier", ["referenced", "host-only", "present", "initialised"])
def test_a_switch_is_shown_and_changes_no_tier(tier: Tier) -> None:
    before = _tracker(tier)
    (found,) = with_opt_outs([before], [("com.spotter.sdk.enabled", "false")], _WITH_SWITCHES)
    shown = Evidence(kind="manifest", where="AndroidManifest.xml", value="com.spotter.sdk.enabled = false")
    assert found == before.model_copy(update={"opt_out": (_OFF,), "evidence": (*before.evidence, shown)})


def test_a_value_that_the_maker_says_nothing_of_is_shown_without_a_meaning() -> None:
    def seen(value: str) -> list[str | None]:
        (found,) = with_opt_outs([_tracker()], [(_SWITCH.name, value)], _WITH_SWITCHES)
        return [one.meaning for one in found.opt_out]

    assert seen("TRUE") == ["sends"]
    assert seen("perhaps") == seen("") == [None]


def test_other_names_and_other_trackers_are_left_alone() -> None:
    others = [_tracker(), _tracker(name="other")]
    meta_data = [("com.spotter.sdk.enable", "false"), ("COM.SPOTTER.SDK.ENABLED", "false")]
    assert with_opt_outs(others, meta_data, _WITH_SWITCHES) == tuple(others)
    first, second = with_opt_outs(others, [(_SWITCH.name, "false")], _WITH_SWITCHES)
    assert (first.opt_out, second) == ((_OFF,), others[1])


def test_a_switch_is_no_sign_that_the_tracker_is_set_going() -> None:
    data = assemble([Class("Lcom/spotter/sdk/Spotter;", [Method("init()V")])])

    def tiers(name: str) -> list[tuple[Tier, int]]:
        declared = Declared(package="org.example", meta_data=((name, "false"),))
        return [
            (one.tier, len(one.opt_out))
            for one in read_code([("classes.dex", data)], _WITH_SWITCHES, declared).trackers
        ]

    assert tiers("com.spotter.sdk.enabled") == [("present", 1)]
    assert tiers("com.spotter.sdk.KEY") == [("initialised", 0)]


def test_files_of_one_package_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(package("switches"))
    base = read_apk(path, shown_as="a.apk", knowledge=_WITH_SWITCHES)
    parts = [
        base.model_copy(update={"trackers": with_opt_outs([_tracker()], [(_SWITCH.name, value)], _WITH_SWITCHES)})
        for value in ("true", "false", "true")
    ]
    (joined,) = join(parts[0], parts[1:]).trackers or ()
    assert joined.opt_out == (_OFF, OptOut(name=_SWITCH.name, value="true", meaning="sends"))
    assert [one.value for one in joined.evidence] == [
        "com.spotter.sdk.A", "com.spotter.sdk.enabled = false", "com.spotter.sdk.enabled = true",
    ]  # fmt: skip


def test_a_compiled_manifest_with_the_bundled_switches(tmp_path: Path) -> None:
    names = ("facebook/appevents/A", "onesignal/A", "google/android/gms/measurement/A", "clevertap/A")
    defined = [Class(f"Lcom/{name};", [Method("a()V")]) for name in names] + [Class("Lio/sentry/A;", [Method("a()V")])]
    path = tmp_path / "a.apk"
    path.write_bytes(package("switches", Part("classes.dex", assemble(sorted(defined, key=lambda one: one.name)))))
    info = read_apk(path, shown_as="a.apk", knowledge=load_knowledge())
    found = {one.name: [(switch.name, switch.value) for switch in one.opt_out] for one in info.trackers or ()}
    assert found == {
        "CleverTap": [("CLEVERTAP_USE_GOOGLE_AD_ID", "1")],
        "Facebook Analytics": [("com.facebook.sdk.AutoLogAppEventsEnabled", "false")],
        "Google Firebase Analytics": [
            ("firebase_analytics_collection_enabled", "false"),
            ("google_analytics_adid_collection_enabled", "true"),
        ],
        "OneSignal": [("com.onesignal.PrivacyConsent", "ENABLE")],
        "Sentry": [("io.sentry.auto-init", "maybe")],
    }
    assert {one.tier for one in info.trackers or ()} == {"present"}
    meanings = {switch.name: switch.meaning for one in info.trackers or () for switch in one.opt_out}
    assert [name for name, meaning in meanings.items() if meaning is None] == ["io.sentry.auto-init"]


def test_the_bundled_switches() -> None:
    known = load_knowledge()
    listed = {switch.name: fact.id for fact in known.trackers for switch in fact.opt_out}
    assert listed == {name: tracker_id for name, (tracker_id, _) in MEANT.items()}
    for name, (tracker_id, value) in MEANT.items():
        ((switch,),) = (one.opt_out for one in with_opt_outs([_tracker(name=tracker_id)], [(name, value)], known))
        assert switch.meaning
