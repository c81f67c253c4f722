"""Manifests and resources of bundles: what aapt2 makes of our own fixture, and messages built by hand."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.steps import Steps
from phone_audit.apk.xml import bundle_xml
from phone_audit.apk.xml.bundle_xml import Budget, BundleTable, parse_bundle_xml
from phone_audit.apk.xml.elements import BOOLEAN, MAX_DEPTH, REFERENCE, STRING, Element, Value
from phone_audit.apk.xml.named_views import bundled_named_views
from phone_audit.apk.xml.package_facts import PackageFacts, read_package_facts
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from phone_audit.files.protobuf import fields
from tests.apk.zips import Part, make_zip

MANIFESTS = Path(__file__).resolve().parents[2] / "fixtures" / "manifests"
BUNDLED = ("policy", "switches", "base", "extra", "config", "namespaces")
"""In both formats: `NAME.apk` by aapt, `NAME.proto.apk` made from it by aapt2."""


def facts_of(data: bytes) -> tuple[PackageFacts, list[str]]:
    steps = Steps(frozenset(), lambda _: None)
    found = read_package_facts(Archive(memoryview(data)), "x", steps)
    return found, [one.code for one in steps.taken()]


def bundle_of(name: str, **more: bytes) -> bytes:
    archive = Archive(memoryview((MANIFESTS / f"{name}.proto.apk").read_bytes()))
    parts = []
    for entry in archive.entries:
        folder = "base/manifest/" if entry.name == "AndroidManifest.xml" else "base/"
        parts.append(Part(folder + entry.name, bytes(archive.read(entry, 2**20))))
    return make_zip([*parts, *(Part(f"{module}/manifest/AndroidManifest.xml", data) for module, data in more.items())])


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundle_says_what_the_package_says(name: str) -> None:
    compiled, bundled = facts_of((MANIFESTS / f"{name}.apk").read_bytes()), facts_of(bundle_of(name))
    assert compiled[0].manifest is not None
    assert bundled == compiled


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, content: bytes | str | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def attribute(name: str, text: str, *, resource_id: int = 0, item: bytes = b"", space: str = "") -> bytes:
    known = field(1, space) + field(2, name) + field(3, text) + field(5, resource_id)
    return field(4, known + (field(6, item) if item else b""))


def node(tag: str, *inside: bytes) -> bytes:
    return field(1, field(3, tag) + b"".join(inside))


def child(content: bytes) -> bytes:
    return field(5, content)


def parse(data: bytes) -> tuple[Element, bool]:
    parsed = parse_bundle_xml(memoryview(data), "manifest")
    return parsed.root, parsed.whole


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (b"", Value(STRING, 0, "raw")),
        (field(1, field(2, 0x7F010002)), Value(REFERENCE, 0x7F010002)),
        (field(1, field(1, 1) + field(2, 0x7F010002)), Value(2, 0x7F010002, "raw")),
        (field(2, field(1, "text")), Value(STRING, 0, "text")),
        (field(3, field(1, "text")), Value(STRING, 0, "text")),
        (field(5, field(1, "res/a.xml")), Value(STRING, 0, "res/a.xml")),
        (field(7, field(6, 21)), Value(0x10, 21, "raw")),
        (field(7, field(6, 2**64 - 1)), Value(0x10, 2**32 - 1, "raw")),
        (field(7, field(7, 255)), Value(0x11, 255, "raw")),
        (field(7, field(8, 1)), Value(BOOLEAN, 0xFFFFFFFF, "raw")),
        (field(7, field(8, 0)), Value(BOOLEAN, 0, "raw")),
        (field(7, field(1, b"")), Value(0, 0, "raw")),
    ],
)
def test_values_are_those_of_compiled_xml(item: bytes, value: Value) -> None:
    root, whole = parse(node("a", attribute("b", "raw", resource_id=7, item=item)))
    ((only,), whole_too) = (root.attributes, whole)
    assert (only.resource_id, only.name, only.value, whole_too) == (7, "b", value, True)


def test_elements_and_their_text() -> None:
    root, _ = parse(node("a", child(field(2, " one ")), child(node("b", child(field(2, "x")))), child(node("c"))))
    assert (root.tag, root.text, [(one.tag, one.text) for one in root.children]) == (
        "a",
        "one",
        [("b", "x"), ("c", "")],
    )


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, field(2, "text"), b"\x0b\x0c", field(1, 5)])
def test_what_is_no_xml(data: bytes) -> None:
    with pytest.raises(ApkError) as caught:
        parse(data)
    assert caught.value.code == "damaged-xml"


def test_what_comes_before_the_damage_is_kept() -> None:
    data = node("a", child(node("b")), child(node("c")))
    root, whole = parse(field(1, data[2:-4] + b"\x2a\x50"))
    assert ([one.tag for one in root.children], whole) == (["b"], False)


def test_depth_is_bounded() -> None:
    data = node("x")
    for _ in range(5 * MAX_DEPTH):
        data = node("x", child(data))
    root, whole = parse(data)
    depth = 0
    while root.children:
        root, depth = root.children[0], depth + 1
    assert (depth, whole) == (MAX_DEPTH, False)


def test_features_bring_their_components() -> None:
    action = child(node("activity", attribute("name", "a.B", resource_id=0x01010003)))
    feature = node("manifest", attribute("split", "more"), child(node("application", action)))
    uses = child(node("uses-permission", attribute("name", "p.Q", resource_id=0x01010003)))
    found, codes = facts_of(bundle_of("base", more=feature, other=node("manifest", uses), broken=b"\xff"))
    alone, _ = facts_of(bundle_of("base"))
    assert found.manifest is not None
    assert alone.manifest is not None
    assert {one.name for one in found.manifest.components} - {one.name for one in alone.manifest.components} == {"a.B"}
    assert "p.Q" in found.manifest.permissions
    assert (found.manifest.package, found.manifest.role) == (alone.manifest.package, "base")
    assert codes == ["damaged-xml"]


def test_attributes_stand_as_in_the_package_that_is_made_of_the_bundle() -> None:
    """`aapt2 convert` sorts them; which of two counts depends on it."""
    mixed = [
        attribute("b", "", space="x"), attribute("b", ""), attribute("a", "", space="x"), attribute("c", ""),
        attribute("z", "", resource_id=9), attribute("y", "", resource_id=8, space="x"),
    ]  # fmt: skip
    root, _ = parse(node("a", *mixed))
    assert [(one.namespace, one.name) for one in root.attributes] == [
        ("x", "y"), (None, "z"), (None, "b"), (None, "c"), ("x", "a"), ("x", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "many",
    [
        attribute("b", "") * 100,
        child(field(2, "text")) * 100,
        child(node("b")) * 100,
        field(9, 1) * 100,
        field(4, field(9, 1) * 100),
        field(4, field(6, field(9, 1) * 100)),
    ],
)
def test_every_field_counts(many: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_xml, "MAX_XML_FIELDS", 60)
    root, whole = parse(node("a", child(node("first")), many, child(node("last"))))
    assert (whole, root.tag, root.children[0].tag) == (False, "a", "first")
    assert "last" not in {one.tag for one in root.children}
    monkeypatch.setattr(bundle_xml, "MAX_XML_FIELDS", 1000)
    root, whole = parse(node("a", child(node("first")), many, child(node("last"))))
    assert (whole, root.children[-1].tag) == (True, "last")


def test_modules_share_what_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    uses = child(node("uses-permission", attribute("name", "p.Q", resource_id=0x01010003)))
    module = node("manifest", uses, field(9, 1) * 400)
    modules = {f"m{number}": module for number in range(5)}
    assert facts_of(bundle_of("base", **modules))[1] == []
    monkeypatch.setattr("phone_audit.apk.xml.bundle_xml.MAX_XML_FIELDS", 1000)
    assert facts_of(bundle_of("base", **modules))[1] == ["damaged-xml"] * 3


def test_modules_share_what_may_be_read_of_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    large = resources_of(0x80, *(entry(number) for number in range(100)))
    parts = [Part("base/manifest/AndroidManifest.xml", node("manifest"))]
    for number in range(5):
        parts.append(Part(f"m{number}/manifest/AndroidManifest.xml", node("manifest")))
        parts.append(Part(f"m{number}/resources.pb", large))
    assert facts_of(make_zip(parts))[1] == []
    monkeypatch.setattr("phone_audit.apk.xml.bundle_xml.MAX_TABLE_FIELDS", 300)
    assert facts_of(make_zip(parts))[1] == ["damaged-resources"] * 3


def test_tables_are_read_as_far_as_the_budget_goes() -> None:
    large = resources_of(0x7F, *(entry(number, (b"", field(2, field(1, "x")))) for number in range(100)))
    budget = Budget(300)
    first = BundleTable(memoryview(large), budget)
    assert first.values(0x7F030000) == ()
    with pytest.raises(ApkError) as caught:
        BundleTable(memoryview(large), budget)
    assert caught.value.code == "damaged-resources"
    assert BundleTable(memoryview(large), Budget(3000)).values(0x7F030063) == (Value(STRING, 0, "x"),)


def table(*entries: bytes) -> BundleTable:
    return BundleTable(memoryview(resources_of(0x7F, *entries)))


def entry(number: int, *values: tuple[bytes, bytes], name: str = "name") -> bytes:
    configured = b"".join(field(6, field(1, config) + field(2, field(4, item))) for config, item in values)
    return (field(1, field(1, number)) if number else field(1, b"")) + field(2, name) + configured


def test_the_default_configuration_comes_first() -> None:
    german, plain = (field(3, "de"), field(2, field(1, "Hallo"))), (b"", field(2, field(1, "Hello")))
    resources = table(entry(0, german, plain), entry(1, (b"", field(1, field(2, 0x7F030000)))))
    assert [value.text for value in resources.values(0x7F030000)] == ["Hello", "Hallo"]
    assert resources.resolve(Value(REFERENCE, 0x7F030001)) == Value(STRING, 0, "Hello")
    assert resources.resolve(Value(STRING, 0, "as it is")) == Value(STRING, 0, "as it is")
    assert resources.resolve(Value(REFERENCE, 0x7F030009)) is None


def resources_of(package: int, *entries: bytes, kind_name: str = "string") -> bytes:
    kind = field(1, field(1, 3)) + field(2, kind_name) + b"".join(field(3, entry) for entry in entries)
    return field(2, field(1, field(1, package)) + field(3, kind))


def test_a_feature_has_resources_of_its_own() -> None:
    named = attribute("name", "", resource_id=0x01010003, item=field(1, field(2, 0x80030000)))
    data = make_zip(
        [
            Part("base/manifest/AndroidManifest.xml", node("manifest")),
            Part("more/manifest/AndroidManifest.xml", node("manifest", child(node("uses-permission", named)))),
            Part("more/resources.pb", resources_of(0x80, entry(0, (b"", field(2, field(1, "p.Q")))))),
        ]
    )
    found, _ = facts_of(data)
    assert found.manifest is not None
    assert "p.Q" in found.manifest.permissions


def test_names_of_views_are_read_in_every_module() -> None:
    views = (entry(0, name="user_password"), entry(1, name="login"), entry(2, name="Pwd2"))
    data = make_zip(
        [
            Part("base/manifest/AndroidManifest.xml", node("manifest")),
            Part("base/resources.pb", resources_of(0x7F, *views, kind_name="id")),
            Part("more/manifest/AndroidManifest.xml", node("manifest")),
            Part("more/resources.pb", resources_of(0x80, *views, kind_name="id")),
            Part("text/manifest/AndroidManifest.xml", node("manifest")),
            Part("text/resources.pb", resources_of(0x81, *views)),
        ]
    )
    assert facts_of(data)[0].views == {
        package + number: kind
        for package in (0x7F030000, 0x80030000)
        for number, kind in enumerate(("password", "user-name", "password"))
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.integers(0, 60))
def test_names_of_views_are_read_up_to_the_damage(changes: list[tuple[int, int]], cut: int) -> None:
    whole = resources_of(0x7F, entry(0, name="password"), entry(1, name="pwd"), kind_name="id")
    data = bytearray(whole)
    for at, value in changes:
        data[at % len(data)] = value
    found = bundled_named_views(memoryview(bytes(data[: len(data) - cut])), Budget(100))
    assert all(0 <= one <= 0xFFFFFFFF for one in found)
    assert bundled_named_views(memoryview(whole), Budget(14)) == {}


def test_references_in_a_circle_end() -> None:
    resources = table(entry(1, (b"", field(1, field(2, 0x7F030001)))))
    assert resources.resolve(Value(REFERENCE, 0x7F030001)) is None


def test_many_resources_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_xml, "MAX_ENTRIES", 3)
    resources = table(*(entry(number, (b"", field(2, field(1, "x")))) for number in range(6)))
    assert [len(resources.values(0x7F030000 + number)) for number in range(6)] == [1, 1, 1, 0, 0, 0]
    monkeypatch.setattr(bundle_xml, "fields", None)
    assert len(resources.values(0x7F030001)) == 1


def test_a_damaged_table() -> None:
    with pytest.raises(ApkError) as caught:
        BundleTable(memoryview(b"\x12\x50"))
    assert caught.value.code == "damaged-resources"
    assert table(b"\x0a\x50").values(0x7F030000) == ()


def test_fields_of_every_kind() -> None:
    message = field(1, 300) + b"\x11" + bytes([1]) + bytes(7) + field(3, "ab") + b"\x25" + bytes([2, 0, 0, 0])
    assert [(number, value) for number, value in fields(memoryview(message))] == [(1, 300), (2, 1), (3, b"ab"), (4, 2)]


@pytest.mark.parametrize("data", [b"\x08", b"\x08" + b"\xff" * 11, b"\x0a\x05ab", b"\x0b", b"\x09\1\2", b"\xff"])
def test_damaged_messages(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        list(fields(memoryview(data)))


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end(data: bytes) -> None:
    for part in (data, node("a", data)):
        with suppress(ApkError):
            parse(part)
    with suppress(ApkError):
        BundleTable(memoryview(data)).values(0x7F030000)
