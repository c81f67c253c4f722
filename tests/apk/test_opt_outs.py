"""What the manifest tells trackers stands beside them and changes nothing else."""

from pathlib import Path

import pytest

from phone_audit.apk.behaviours.find import Declared
from phone_audit.apk.code.package_code import read_code
from phone_audit.apk.join import join
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.trackers.opt_outs import with_opt_outs
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import OptOutFact
from phone_audit.model.apk import OptOut, Tier, Tracker
from phone_audit.model.finding import Evidence
from tests.apk.dex.assembler import Class, Method, assemble
from tests.apk.facts import knowledge, tracker
from tests.apk.packages import package
from tests.apk.zips import Part

_VALUES = {"false": "sends nothing", "true": "sends"}
_SWITCH = OptOutFact(name="com.spotter.sdk.enabled", values=_VALUES, source="https://spotter.example/docs")
_KNOWN = knowledge(
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


def _tracker(tier: Tier = "present", name: str = "spotter") -> Tracker:
    shown = Evidence(kind="class", where="classes.dex", value="com.spotter.sdk.A", class_="com.spotter.sdk.A")
    return Tracker(id=name, name=name, owner=None, categories=(), tier=tier, endpoints=(), evidence=(shown,))


@pytest.mark.parametrize("tier", ["referenced", "host-only", "present", "initialised"])
def test_a_switch_is_shown_and_changes_no_tier(tier: Tier) -> None:
    before = _tracker(tier)
    (found,) = with_opt_outs([before], [("com.spotter.sdk.enabled", "false")], _KNOWN)
    shown = Evidence(kind="manifest", where="AndroidManifest.xml", value="com.spotter.sdk.enabled = false")
    assert found == before.model_copy(update={"opt_out": (_OFF,), "evidence": (*before.evidence, shown)})


def test_a_value_that_the_maker_says_nothing_of_is_shown_without_a_meaning() -> None:
    def seen(value: str) -> list[str | None]:
        (found,) = with_opt_outs([_tracker()], [(_SWITCH.name, value)], _KNOWN)
        return [one.meaning for one in found.opt_out]

    assert seen("TRUE") == ["sends"]
    assert seen("perhaps") == seen("") == [None]


def test_other_names_and_other_trackers_are_left_alone() -> None:
    others = [_tracker(), _tracker(name="other")]
    meta_data = [("com.spotter.sdk.enable", "false"), ("COM.SPOTTER.SDK.ENABLED", "false")]
    assert with_opt_outs(others, meta_data, _KNOWN) == tuple(others)
    first, second = with_opt_outs(others, [(_SWITCH.name, "false")], _KNOWN)
    assert (first.opt_out, second) == ((_OFF,), others[1])


def test_a_switch_is_no_sign_that_the_tracker_is_set_going() -> None:
    data = assemble([Class("Lcom/spotter/sdk/Spotter;", [Method("init()V")])])

    def tiers(name: str) -> list[tuple[Tier, int]]:
        declared = Declared(package="org.example", meta_data=((name, "false"),))
        return [(one.tier, len(one.opt_out)) for one in read_code([("classes.dex", data)], _KNOWN, declared).trackers]

    assert tiers("com.spotter.sdk.enabled") == [("present", 1)]
    assert tiers("com.spotter.sdk.KEY") == [("initialised", 0)]


def test_files_of_one_package_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(package("switches"))
    base = read_apk(path, shown_as="a.apk", knowledge=_KNOWN)
    parts = [
        base.model_copy(update={"trackers": with_opt_outs([_tracker()], [(_SWITCH.name, value)], _KNOWN)})
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
