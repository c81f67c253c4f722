"""Manifests: one compiled by aapt, and the rules one by one."""

import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.xml.androguard_xml import parse_xml
from phone_audit.apk.xml.elements import REFERENCE, Element, Value
from phone_audit.apk.xml.manifest import ManifestFacts, read_manifest, with_features
from phone_audit.apk.xml.package_facts import read_policy
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.model.apk import Component, NetworkPolicy
from tests.apk.elements import (
    CLEARTEXT,
    DEBUGGABLE,
    EXPORTED,
    FEATURE_SPLIT,
    HAS_CODE,
    MIN_SDK,
    NAME,
    PERMISSION,
    READ_PERMISSION,
    TARGET_SDK,
    VERSION_CODE,
    VERSION_CODE_MAJOR,
    VERSION_NAME,
    WRITE_PERMISSION,
    element,
    reference,
    text,
)
from tests.apk.packages import manifest

POLICY = Path(__file__).resolve().parents[2] / "fixtures" / "manifests" / "policy.apk"
P = "android.permission."


def entry(name: str) -> bytes:
    archive = Archive(memoryview(POLICY.read_bytes()))
    found = archive.find(name)
    assert found is not None
    return bytes(archive.read(found, 2**20))


def unresolved(_: Value) -> Value | None:
    return None


def read(*children: Element, **attributes: str) -> ManifestFacts:
    named: dict[int | str, str | bool | int | Value] = {"package": "a.b"}
    named.update((key, value) for key, value in attributes.items())
    return read_manifest(element("manifest", named, *children), unresolved)


def sdk(minimum: int | str | None, target: int | str | None = None) -> Element:
    given = {MIN_SDK: minimum, TARGET_SDK: target}
    return element("uses-sdk", {key: value for key, value in given.items() if value is not None})


def uses(*names: str) -> list[Element]:
    return [element("uses-permission", {NAME: P + name}) for name in names]


def component(of: Element, minimum: int = 21) -> Component:
    (only,) = read(sdk(minimum), element("application", {}, of)).components
    return only


def intent_filter(*actions: str) -> Element:
    return element("intent-filter", {}, *(element("action", {NAME: action}) for action in actions))


def test_compiled_xml_gives_typed_attributes() -> None:
    parsed = parse_xml(entry("AndroidManifest.xml"), "manifest")
    assert parsed.whole
    application = next(parsed.root.all("application"))
    assert parsed.root.by_name("package") == Value(3, parsed.root.by_name("package").data, "fixture.policy")  # type: ignore[union-attr]
    assert application.android("usesCleartextTraffic") == Value(0x12, 0xFFFFFFFF, None)
    assert application.android("networkSecurityConfig") == Value(1, 0x7F020000, None)
    assert [child.tag for child in application.children] == [
        "activity", "activity", "activity-alias", "service", "receiver", "provider", "provider",
    ]  # fmt: skip


def test_compiled_xml_keeps_text_of_elements() -> None:
    root = parse_xml(entry("res/xml/network.xml"), "config").root
    domains = next(root.all("domain-config"))
    assert [domain.text for domain in domains.all("domain")] == ["Plain.example", "second.example"]


@pytest.mark.parametrize("data", [b"<?xml version='1.0'?><manifest/>", b"\n  <manifest/>"])
def test_plain_text_is_told_apart(data: bytes) -> None:
    with pytest.raises(ApkError) as caught:
        parse_xml(data, "manifest")
    assert caught.value.code == "plain-text"


@pytest.mark.parametrize("data", [b"", b"\x03\0\x08\0", b"\x03\0\x08\0" + b"\xff" * 60, b"\0" * 100])
def test_what_is_no_compiled_xml(data: bytes) -> None:
    with pytest.raises(ApkError) as caught:
        parse_xml(data, "manifest")
    assert caught.value.code == "damaged-xml"


FORGED = 0x7F000000


@pytest.mark.promise("child-budget")
@pytest.mark.parametrize(("at", "styles", "tag"), [(12, 0, None), (32, 1, "manifest")])
def test_a_pool_that_claims_gigabytes_takes_none(at: int, styles: int, tag: str | None) -> None:
    """The length that a pool of strings states, or of its styles, was taken as memory before a byte was read."""
    data = bytearray(manifest("base").content)
    struct.pack_into("<I", data, 20, styles)
    struct.pack_into("<I", data, at, FORGED)
    tracemalloc.start()
    try:
        root = parsed_root(bytes(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert root == tag
    assert peak < 2**24


def parsed_root(data: bytes) -> str | None:
    try:
        return parse_xml(data, "manifest").root.tag
    except ApkError:
        return None


def test_what_comes_before_the_damage_is_kept() -> None:
    data = entry("AndroidManifest.xml")
    at = data.rindex(b"\x02\x01\x10\x00")  # the last element begins
    parsed = parse_xml(data[:at] + b"\x02\x01\x10\x00\x07" + data[at + 5 :], "manifest")
    facts = read_manifest(parsed.root, unresolved)
    assert not parsed.whole
    assert facts.package == "fixture.policy"
    assert [c.name for c in facts.components if c.kind == "provider"] == ["fixture.policy.Files"]


def test_elements_inside_each_other_without_end_are_cut_off() -> None:
    data = entry("res/xml/network.xml")
    start = data.index(b"\x02\x01\x10\x00")
    while int.from_bytes(data[start + 28 : start + 30], "little") == 0:  # the first one with an attribute
        start = data.index(b"\x02\x01\x10\x00", start + 4)
    chunk = data[start : start + int.from_bytes(data[start + 4 : start + 8], "little")]
    nested = bytearray(data[:start] + chunk * 5_000 + data[start:])
    nested[4:8] = len(nested).to_bytes(4, "little")
    parsed = parse_xml(bytes(nested), "config")
    assert not parsed.whole
    assert read_policy(read(), parsed.root).source == "network security config"


MANIFEST = entry("AndroidManifest.xml")


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, len(MANIFEST) - 1), st.sampled_from([0, 1, 2, 8, 16, 0x7F, 0xFF])), max_size=6),
    st.integers(0, len(MANIFEST)),
    st.booleans(),
)
def test_damage_raises_only_our_own_error(changes: list[tuple[int, int]], cut: int, whole: bool) -> None:
    data = bytearray(MANIFEST)
    for at, byte in changes:
        data[at] = byte
    try:
        facts = read_manifest(parse_xml(bytes(data if whole else data[:cut]), "manifest").root, unresolved)
    except ApkError:
        return
    assert facts.permissions == tuple(sorted(set(facts.permissions)))
    read_policy(facts, None)


def test_another_root_is_no_manifest() -> None:
    with pytest.raises(ApkError) as caught:
        read_manifest(element("resources"), unresolved)
    assert caught.value.code == "damaged-xml"


def test_the_defaults_of_an_empty_manifest() -> None:
    facts = read_manifest(element("manifest"), unresolved)
    assert (facts.package, facts.role) == (None, "base")
    assert (facts.version_code, facts.version_name, facts.min_sdk, facts.target_sdk) == (None, None, None, None)
    assert (facts.has_code, facts.debuggable, facts.components) == (True, False, ())


def test_whom_it_tests() -> None:
    tests = [element("instrumentation", {0x01010021: target}) for target in ("com.b", "com.a", "com.b", "")]
    facts = read_manifest(element("manifest", {}, *tests, element("instrumentation")), unresolved)
    assert facts.instruments == ("com.a", "com.b")
    assert with_features(facts, [replace(facts, instruments=("com.c",))]).instruments == ("com.a", "com.b", "com.c")
    assert read_manifest(element("manifest"), unresolved).instruments == ()


def test_what_it_has_android_load_besides_components() -> None:
    named: dict[int | str, str | bool | int | Value] = {0x01010003: ".App", 0x0101027F: "b.Backup", 0x0101057A: "b.F"}
    named[0x0101059D] = ".Zygote"
    root = element("manifest", {}, element("application", named), element("instrumentation", {0x01010003: "b.Test"}))
    facts = read_manifest(root, unresolved)
    assert facts.loaded == (".App", ".Zygote", "b.Backup", "b.F", "b.Test")
    joined = with_features(facts, [replace(facts, loaded=("c.F",))])
    assert joined.loaded == (".App", ".Zygote", "b.Backup", "b.F", "b.Test", "c.F")
    assert read_manifest(element("manifest"), unresolved).loaded == ()


def test_activities_that_others_name() -> None:
    alias = element("activity-alias", {0x01010003: ".Alias", 0x01010202: ".Behind"})
    child = element("activity", {0x01010003: ".Child", 0x010103A7: ".Parent"})
    root = element("manifest", {}, element("application", {0x01010004: ".Space"}, alias, child))
    assert read_manifest(root, unresolved).loaded == (".Behind", ".Parent", ".Space")


def test_a_version_code_of_64_bits() -> None:
    root = element("manifest", {VERSION_CODE: -1, VERSION_CODE_MAJOR: 2})
    assert read_manifest(root, unresolved).version_code == 2 * 2**32 + 0xFFFFFFFF


def test_a_version_name_that_is_a_number() -> None:
    assert read_manifest(element("manifest", {VERSION_NAME: 12}), unresolved).version_name == "12"


def test_references_are_resolved() -> None:
    table = {1: text("label"), 2: Value(0x12, 0), 3: Value(0x10, 9)}
    root = element(
        "manifest",
        {VERSION_CODE: reference(3), VERSION_NAME: reference(1)},
        element("application", {HAS_CODE: reference(2), DEBUGGABLE: reference(3), 0x01010001: reference(1)}),
    )
    facts = read_manifest(root, lambda value: table.get(value.data))
    assert (facts.version_code, facts.version_name, facts.label) == (9, "label", "label")
    assert (facts.has_code, facts.debuggable) == (False, True)


@pytest.mark.parametrize(
    ("sdks", "expected"),
    [
        (sdk(21, 30), (21, 30, 30)),
        (sdk(21), (21, 21, 21)),
        (sdk("19", "26"), (19, 26, 26)),
        (sdk("Tiramisu", "Tiramisu"), (None, None, 10_000)),
        (sdk(None, 14), (None, 14, 14)),
    ],
)
def test_versions_of_android(sdks: Element, expected: tuple[int | None, int | None, int]) -> None:
    facts = read(sdks)
    assert (facts.min_sdk, facts.target_sdk, facts.platform_target) == expected


def test_of_several_uses_sdk_the_last_counts_as_a_whole() -> None:
    facts = read(sdk(26, 33), sdk(21))
    assert (facts.min_sdk, facts.target_sdk) == (21, 21)


@pytest.mark.parametrize(
    ("minimum", "named", "expected"),
    [
        (21, ["INTERNET", "INTERNET", "CAMERA"], ["CAMERA", "INTERNET"]),
        (21, ["WRITE_EXTERNAL_STORAGE"], ["READ_EXTERNAL_STORAGE", "WRITE_EXTERNAL_STORAGE"]),
        (3, [], ["READ_EXTERNAL_STORAGE", "READ_PHONE_STATE", "WRITE_EXTERNAL_STORAGE"]),
        (15, ["READ_CONTACTS"], ["READ_CALL_LOG", "READ_CONTACTS"]),
        (15, ["WRITE_CONTACTS"], ["WRITE_CALL_LOG", "WRITE_CONTACTS"]),
        (16, ["READ_CONTACTS", "WRITE_CONTACTS"], ["READ_CONTACTS", "WRITE_CONTACTS"]),
    ],
)
def test_permissions_as_aapt_lists_them(minimum: int, named: list[str], expected: list[str]) -> None:
    assert read(sdk(minimum), *uses(*named)).permissions == tuple(P + name for name in expected)


def test_permissions_from_android_6_on_count_too() -> None:
    tags = ("uses-permission-sdk-23", "uses-permission-sdk-m", "permission")
    elements = [element(tag, {NAME: f"x.{number}"}) for number, tag in enumerate(tags)]
    assert read(sdk(21), *elements).permissions == ("x.0", "x.1")


def test_a_split_asks_for_nothing_that_it_does_not_name() -> None:
    assert read(*uses("CAMERA"), split="extra").permissions == (P + "CAMERA",)


@pytest.mark.parametrize(
    ("attributes", "role"),
    [
        ({"split": "extra"}, "split"),
        ({"split": "config.de"}, "config"),
        ({"split": "extra.config.de", "configForSplit": "extra"}, "config"),
        ({"split": "extra", FEATURE_SPLIT: True}, "feature"),
        ({}, "base"),
    ],
)
def test_roles(attributes: dict[int | str, str | bool | int | Value], role: str) -> None:
    assert read_manifest(element("manifest", attributes), unresolved).role == role


@pytest.mark.parametrize(
    ("name", "full"), [(".Main", "a.b.Main"), ("Main", "a.b.Main"), ("x.Main", "x.Main"), ("", None)]
)
def test_names_of_classes(name: str, full: str | None) -> None:
    components = read(element("application", {}, element("service", {NAME: name}))).components
    assert [c.name for c in components] == ([full] if full else [])


@pytest.mark.parametrize("kind", ["activity", "activity-alias", "service", "receiver"])
def test_a_component_with_a_filter_is_exported_unless_it_says_no(kind: str) -> None:
    actions = intent_filter("x.B", "x.A")
    assert component(element(kind, {NAME: ".C"})).exported is False
    with_filter = component(element(kind, {NAME: ".C"}, actions, intent_filter("x.A")))
    assert with_filter == Component(kind=kind, name="a.b.C", exported=True, permission=None, actions=("x.A", "x.B"))
    assert component(element(kind, {NAME: ".C", EXPORTED: False}, actions)).exported is False
    assert component(element(kind, {NAME: ".C", EXPORTED: True})).exported is True


@pytest.mark.parametrize(("minimum", "exported"), [(16, True), (17, False)])
def test_a_provider_is_exported_below_target_17(minimum: int, exported: bool) -> None:
    assert component(element("provider", {NAME: ".P"}), minimum).exported is exported
    assert component(element("provider", {NAME: ".P", EXPORTED: not exported}), minimum).exported is not exported


def test_the_permission_of_a_component() -> None:
    own = element("service", {NAME: ".S", PERMISSION: "x.OWN"})
    bare = element("service", {NAME: ".T"})
    provider = element("provider", {NAME: ".P", READ_PERMISSION: "x.READ", WRITE_PERMISSION: "x.WRITE"})
    facts = read(element("application", {PERMISSION: "x.ALL"}, own, bare, provider))
    assert {c.name: c.permission for c in facts.components} == {
        "a.b.S": "x.OWN",
        "a.b.T": "x.ALL",
        "a.b.P": "x.READ",
    }


def test_components_that_are_switched_off() -> None:
    off = element("receiver", {NAME: ".R", 0x0101000E: False})
    on = [element("service", {NAME: ".S", 0x0101000E: True}), element("activity", {NAME: ".A"})]
    facts = read(element("application", {}, off, *on))
    assert facts.disabled == ("a.b.R",)
    assert {component.name for component in facts.components} == {"a.b.R", "a.b.S", "a.b.A"}


def test_only_the_first_application_counts() -> None:
    first = element("application", {}, element("service", {NAME: ".A"}))
    second = element("application", {}, element("service", {NAME: ".B"}))
    assert [c.name for c in read(first, second).components] == ["a.b.A"]


def test_text_is_made_safe_to_encode_and_bounded() -> None:
    facts = read(element("application", {}, element("service", {NAME: "x.\ud800"})), package="p" * 10_000)
    assert facts.package == "p" * 4096
    assert facts.components[0].name == "x.\\ud800"


def policy(
    target: int, config: Element | None = None, *, cleartext: bool | None = None, debug: bool = False
) -> NetworkPolicy:
    attributes: dict[int | str, str | bool | int | Value] = {DEBUGGABLE: debug}
    if cleartext is not None:
        attributes[CLEARTEXT] = cleartext
    facts = read(sdk(1, target), element("application", attributes))
    return read_policy(facts, config)


def allowed(result: NetworkPolicy) -> tuple[bool, bool, tuple[str, ...], bool]:
    return result.cleartext, result.trusts_user_cas, result.domains, result.pins


@pytest.mark.parametrize(
    ("target", "cleartext", "user"), [(23, True, True), (24, True, False), (27, True, False), (28, False, False)]
)
def test_what_the_platform_allows_by_itself(target: int, cleartext: bool, user: bool) -> None:
    assert policy(target) == NetworkPolicy(
        cleartext=cleartext,
        domains=(),
        trusts_user_cas=user,
        pins=False,
        accepts_any_certificate=False,
        source="platform default",
    )


def test_the_manifest_decides_on_cleartext() -> None:
    assert (policy(30, cleartext=True).cleartext, policy(30, cleartext=True).source) == (True, "AndroidManifest.xml")
    assert policy(20, cleartext=False).cleartext is False


def config(*children: Element) -> Element:
    return element("network-security-config", {}, *children)


def anchors(*sources: str | Value) -> Element:
    return element("trust-anchors", {}, *(element("certificates", {"src": source}) for source in sources))


def domains(permitted: bool | None, *inner: Element) -> Element:
    attributes: dict[int | str, str | bool | int | Value] = {}
    if permitted is not None:
        attributes["cleartextTrafficPermitted"] = permitted
    return element("domain-config", attributes, *inner)


def domain(name: str) -> Element:
    return element("domain", {}, inner=name)


def test_a_config_takes_the_place_of_the_flag() -> None:
    assert policy(30, config(), cleartext=True).cleartext is False
    assert policy(27, config(), cleartext=False).cleartext is True
    assert policy(30, config()).source == "network security config"


def test_the_base_config() -> None:
    base = element("base-config", {"cleartextTrafficPermitted": True}, anchors("system", "user"))
    assert allowed(policy(30, config(base))) == (True, True, (), False)
    without = element("base-config", {"cleartextTrafficPermitted": False}, anchors("system", reference(0x7F010000)))
    assert allowed(policy(23, config(without))) == (False, False, (), False)
    named = element("base-config", {}, anchors("system", Value(REFERENCE, 0x7F010000, "user")))
    assert policy(23, config(named)).trusts_user_cas is False


def test_a_permission_for_cleartext_that_is_no_number_permits() -> None:
    """AOSP `XmlBlock.java`, getAttributeBooleanValue: a text gives the default, which is to permit."""
    assert policy(30, config(element("base-config", {"cleartextTrafficPermitted": "false"}))).cleartext is True


def test_domains_inherit_from_what_they_stand_in() -> None:
    inner = domains(None, domain("inherits.example"))
    strict = domains(False, domain("strict.example"), element("pin-set", {}, element("pin", {}, inner="AAAA")))
    outer = domains(True, domain("Plain.example"), inner, strict)
    other = domains(None, domain("default.example"), anchors("user"))
    assert allowed(policy(30, config(outer, other))) == (False, True, ("inherits.example", "plain.example"), True)


def test_overrides_count_only_where_debugging_is_allowed() -> None:
    overrides = config(element("debug-overrides", {}, anchors("user")))
    assert policy(30, overrides).trusts_user_cas is False
    assert policy(30, overrides, debug=True).trusts_user_cas is True
