import pytest

from phone_audit.apk.code.libraries import Owner, Owners, is_connector, is_renamed, is_stand_in, longest_prefix, root_of
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Component
from tests.apk.facts import knowledge, library, tracker

_KNOWN = knowledge(
    libraries=[
        library("Web", code=["com.maker", "okhttp3"]),
        library("Maker push", code=["com.maker.push"]),
        library("Adapter", code=["com.maker.ads.mediation"], role="connector"),
    ],
    trackers=[tracker("Spotter", code=["com.maker.track."])],
)
_FIRST = Owner("first-party", None)


def _activity(name: str, *actions: str) -> Component:
    return Component(kind="activity", name=name, exported=True, permission=None, actions=actions)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("org.example.app.Main", _FIRST),
        ("org.example.app.net.Client$1", _FIRST),
        ("org.example.other.Shared", _FIRST),
        ("org.examples.Other", Owner("unknown", None)),
        ("okhttp3.OkHttpClient", Owner("library", "Web")),
        ("okhttp3x.OkHttpClient", Owner("unknown", None)),
        ("com.maker.Thing", Owner("library", "Web")),
        ("com.maker.push.Service$Inner", Owner("library", "Maker push")),
        ("com.maker.track.Start", Owner("library", "Spotter")),
        ("a.b.c", Owner("obfuscated", None)),
        ("net.vendor.Thing", Owner("unknown", None)),
    ],
)
def test_owners(name: str, expected: Owner) -> None:
    assert Owners(_KNOWN, "org.example.app").of(name) == expected


def test_the_package_of_a_library_is_its_own_code() -> None:
    owners = Owners(_KNOWN, "com.maker.browser")
    assert owners.of("com.maker.browser.Main") == _FIRST
    assert owners.of("com.maker.push.Service") == Owner("library", "Maker push")
    assert Owners(_KNOWN, "com.maker").of("com.maker.push.Service") == Owner("library", "Maker push")


def test_a_library_below_whose_name_the_package_stands_is_its_own_code() -> None:
    """A maker's app beside the maker's own library."""
    owners = Owners(_KNOWN, "com.maker.browser")
    assert owners.of("com.maker.util.Net") == _FIRST
    assert Owners(_KNOWN, "com.makers.browser").of("com.maker.util.Net") == Owner("library", "Web")


def test_what_starts_the_package_is_its_own_code() -> None:
    started = [_activity("net.vendor.ui.Start", "android.intent.action.MAIN"), _activity("io.picker.Pick")]
    owners = Owners(_KNOWN, "org.example.app", started)
    assert owners.of("net.vendor.net.Client") == _FIRST
    assert owners.of("io.picker.Net").party == "unknown"
    library_starts = [_activity("com.maker.Start", "android.intent.action.MAIN")]
    assert Owners(_KNOWN, "org.example.app", library_starts).of("com.maker.Start") == Owner("library", "Web")


def test_without_a_manifest_nothing_is_its_own() -> None:
    assert Owners(_KNOWN, None).of("org.example.app.Main").party == "unknown"


def test_below_a_shared_root_the_third_label_counts() -> None:
    owners = Owners(_KNOWN, "io.github.someone.tool")
    assert owners.of("io.github.someone.lib.A") == _FIRST
    assert owners.of("io.github.another.lib.A").party == "unknown"
    assert root_of("co.uk") == "co.uk"
    assert root_of("au.com.shop.Main") == "au.com.shop"


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("a.a.a.b", True),
        ("ab.cd.Main", True),
        ("aa", True),
        ("abc", True),
        ("a$b", True),
        ("abcd", False),
        ("a.lib.b", False),
        ("com.a.b", False),
        ("R$id", False),
        ("a.R", False),
    ],
)
def test_renamed(name: str, renamed: bool) -> None:
    assert is_renamed(name) is renamed


def test_prefixes_match_whole_labels() -> None:
    known = {"com.maker", "com.maker.push"}
    assert longest_prefix("com.maker.push.A", known) == "com.maker.push"
    assert longest_prefix("com.maker.pushy.A", known) == "com.maker"
    assert longest_prefix("com.maker$Inner", known) == "com.maker"
    assert longest_prefix("com.makers.A", known) is None
    assert longest_prefix("", known) is None


@pytest.mark.parametrize(
    ("name", "connects"),
    [
        ("com.maker.ads.mediation.Adapter", True),
        ("com.maker.ads.Banner", False),
        ("com.spotter.noop.Tracker", False),
    ],
)
def test_connectors(name: str, connects: bool) -> None:
    assert is_connector(name, _KNOWN) is connects


@pytest.mark.parametrize(
    ("name", "stands_in"),
    [
        ("com.spotter.noop.Tracker", True),
        ("com.spotter.Stub.Tracker", True),
        ("com.spotter.Stub", False),
        ("com.spotter.stubborn.Tracker", False),
    ],
)
def test_stand_ins(name: str, stands_in: bool) -> None:
    assert is_stand_in(name) is stands_in


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("okhttp3.internal.Util", "OkHttp"),
        ("com.google.android.gms.common.api.Api", "Google Play services"),
        ("com.google.android.gms.maps.MapView", "Google Maps SDK"),
        ("com.google.firebase.messaging.RemoteMessage", "Firebase Cloud Messaging"),
        ("com.google.firebase.crashlytics.FirebaseCrashlytics", "Google CrashLytics"),
        ("androidx.core.app.ActivityCompat", "AndroidX"),
        ("kotlin.collections.CollectionsKt", "Kotlin standard library"),
        ("kotlinx.coroutines.Job", "Kotlin extensions"),
        ("com.facebook.react.ReactActivity", "React Native"),
        ("com.facebook.ads.AdView", "Facebook Ads"),
        ("com.tencent.mm.opensdk.openapi.IWXAPI", "WeChat Open SDK"),
        ("com.squareup.okhttp.OkHttpClient", "OkHttp 2"),
        ("retrofit2.Retrofit", "Retrofit"),
        ("org.apache.http.client.HttpClient", "Apache HttpClient"),
    ],
)
def test_the_bundled_libraries(name: str, expected: str) -> None:
    assert Owners(load_knowledge(), "org.example.app").of(name) == Owner("library", expected)


def test_what_own_descriptors_begin_with() -> None:
    launcher = _activity("net.other.Main", "android.intent.action.MAIN")
    assert Owners(_KNOWN, "org.example.app", [launcher]).own_starts == (b"Lnet/other/", b"Lorg/example/")
    assert Owners(_KNOWN, None).own_starts == ()
