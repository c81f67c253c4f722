"""Manifests of libraries, which are plain text: the same facts, and nothing that a document could do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.elements import MAX_DEPTH, MAX_ELEMENTS, REFERENCE, STRING, Attribute, Value
from phone_audit.apk.xml.manifest import ManifestFacts
from phone_audit.apk.xml.package_facts import read_package_facts
from phone_audit.apk.xml.xml_parser import MAX_NAMESPACE, is_text, parse_text_xml
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.model.apk import Component
from tests.apk.zips import Part, make_zip

SPACE = 'xmlns:android="http://schemas.android.com/apk/res/android"'
LIBRARY = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- a comment -->
<manifest {SPACE} xmlns:tools="http://schemas.android.com/tools" package="com.sdk" android:versionName="2.0">
    <uses-sdk android:minSdkVersion="3" tools:ignore="x" />
    <uses-permission android:name="android.permission.READ_PHONE_STATE" />
    <application android:label="@string/app_name">
        <meta-data android:name="com.sdk.key" android:value="true" />
        <provider android:name=".Start" android:authorities="${{applicationId}}.start" />
        <receiver android:name="com.sdk.Boot" android:exported="true" android:permission="p.Q" android:enabled="false">
            <intent-filter><action android:name="android.intent.action.BOOT_COMPLETED" /></intent-filter>
        </receiver>
    </application>
</manifest>
"""


def facts_of(manifest: bytes, *more: Part) -> tuple[ManifestFacts | None, list[str]]:
    steps = Steps(frozenset(), lambda _: None)
    data = make_zip([Part("AndroidManifest.xml", manifest), *more])
    found = read_package_facts(Archive(memoryview(data)), "x", steps)
    assert found.policy is None
    return found.manifest, [one.code for one in steps.taken()]


def test_a_library_says_what_it_asks_for() -> None:
    found, codes = facts_of(LIBRARY.encode(), Part("classes.jar", b""))
    assert found is not None
    assert (found.package, found.version_name, found.min_sdk, found.label) == ("com.sdk", "2.0", 3, None)
    assert found.permissions == ("android.permission.READ_PHONE_STATE",)
    assert found.components == (
        Component(kind="provider", name="com.sdk.Start", exported=False, permission=None, actions=()),
        Component(
            kind="receiver",
            name="com.sdk.Boot",
            exported=True,
            permission="p.Q",
            actions=("android.intent.action.BOOT_COMPLETED",),
        ),
    )
    assert (found.meta_data, found.disabled, codes) == ((("com.sdk.key", "true"),), ("com.sdk.Boot",), [])


def test_a_package_has_no_plain_manifest() -> None:
    assert facts_of(LIBRARY.encode(), Part("classes.dex", b"")) == (None, ["plain-text"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    data = f'<manifest {SPACE} package="com.ünï"/>'.encode(encoding)
    assert parse_text_xml(data, "manifest").root.by_name("package") == Value(STRING, 0, "com.ünï")
    assert is_text(data) == (encoding != "utf-16")


def test_attributes_are_known_by_number_and_references_stay_such() -> None:
    data = f'<a {SPACE} android:name="n" name="m" android:label="@string/x" android:minSdkVersion="?attr/y"/>'
    root = parse_text_xml(data.encode(), "manifest").root
    assert (root.android("name"), root.by_name("name")) == (Value(STRING, 0, "n"), Value(STRING, 0, "m"))
    assert (root.android("label"), root.android("minSdkVersion")) == (Value(REFERENCE, 0), Value(REFERENCE, 0))


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<a",
        "text",
        BOMB,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<?xml version='1.0' encoding='x'?><a/>",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ApkError) as caught:
        parse_text_xml(text.encode(), "manifest")
    assert caught.value.code == "damaged-xml"


@pytest.mark.parametrize(
    "text", ["<a><b/>", "<a><b/></x>", "<a><b/>&unknown;</a>", "<a><b/></a><c/>", "<a><b/><!DOCTYPE"]
)
def test_what_comes_before_the_damage_is_kept(text: str) -> None:
    parsed = parse_text_xml(text.encode(), "manifest")
    assert ([one.tag for one in parsed.root.children], parsed.whole, parsed.text) == (["b"], False, True)


def test_depth_and_size_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = parse_text_xml(b"<a>" * 10 * MAX_DEPTH, "manifest")
    element, depth = parsed.root, 1
    while element.children:
        element, depth = element.children[0], depth + 1
    assert (depth, parsed.whole) == (MAX_DEPTH, False)
    monkeypatch.setattr("phone_audit.apk.xml.elements.MAX_ELEMENTS", 50)
    assert MAX_ELEMENTS > 50
    assert len(parse_text_xml(b"<a>" + b"<b/>" * 100 + b"</a>", "manifest").root.children) == 49


def test_a_long_namespace_is_not_repeated_for_each_attribute() -> None:
    def attributes(uri: str) -> list[Attribute]:
        text = f'<a xmlns:n="{uri}">' + '<b n:c="1"/>' * 3 + "</a>"
        return [one.attributes[0] for one in parse_text_xml(text.encode(), "manifest").root.children]

    first, *others = [one.namespace for one in attributes("n" * MAX_NAMESPACE)]
    assert first == "n" * MAX_NAMESPACE
    assert all(one is first for one in others)
    with pytest.raises(ApkError):
        attributes("n" * (MAX_NAMESPACE + 1))


@given(st.text(alphabet="<>/a='\"&;! x:\n", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_ends(text: str) -> None:
    try:
        parsed = parse_text_xml(text.encode(), "manifest")
    except ApkError:
        return
    assert parsed.root.tag
