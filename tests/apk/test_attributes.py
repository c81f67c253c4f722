"""Which of several attributes counts: the one that Android takes, of whatever namespace and in whatever order."""

import re
import shutil
import subprocess

import pytest

from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.androguard_xml import parse_xml
from phone_audit.apk.xml.bundle_xml import parse_bundle_xml
from phone_audit.apk.xml.elements import ANDROID, STRING, Attribute, Element, Value
from phone_audit.apk.xml.manifest import read_manifest
from phone_audit.apk.xml.package_facts import PackageFacts, read_package_facts
from phone_audit.apk.xml.xml_parser import parse_text_xml, read_regular
from phone_audit.apk.zip.archive import Archive
from tests.apk.elements import EXPORTED, NAME, PERMISSION, element, flag, reference, text
from tests.apk.packages import FOLDER, fixture, manifest

OTHER = "http://other.example/"


def facts_of(data: bytes) -> PackageFacts:
    return read_package_facts(Archive(memoryview(data)), "x", Steps(frozenset(), lambda _: None))


def test_names_of_other_namespaces_are_not_taken() -> None:
    found = facts_of(fixture("namespaces")).manifest
    assert found is not None
    assert (found.package, found.role) == ("fixture.namespaces", "base")
    assert found.permissions == ("android.permission.INTERNET",)
    (component,) = found.components
    assert (component.permission, component.actions) == (None, ("fixture.ACTION",))


@pytest.mark.skipif(shutil.which("aapt") is None, reason="aapt is not installed")
def test_the_package_is_the_one_that_aapt_names() -> None:
    command = ["aapt", "dump", "badging", str(FOLDER / "namespaces.apk")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    named = re.search(r"^package: name='([^']*)'", said)
    found = facts_of(fixture("namespaces")).manifest
    assert named is not None
    assert found is not None
    assert found.package == named[1]


def test_the_last_permission_for_cleartext_counts_as_on_android() -> None:
    """AOSP `XmlConfigSource.parseConfigEntry` goes through all attributes and asks for no namespace."""
    policy = facts_of(fixture("namespaces")).policy
    assert policy is not None
    assert (policy.cleartext, policy.domains, policy.trusts_user_cas) == (True, (), True)


PROTO = FOLDER / "namespaces.proto.apk"


def bundled() -> bytes:
    archive = Archive(memoryview(PROTO.read_bytes()))
    entry = archive.find("AndroidManifest.xml")
    assert entry is not None
    return bytes(archive.read(entry, 2**20))


def roots() -> list[Element]:
    compiled = manifest("namespaces").content
    regular = read_regular(compiled)
    assert regular is not None
    plain = (FOLDER / "namespaces" / "AndroidManifest.xml").read_bytes()
    return [
        regular,
        parse_xml(compiled, "manifest").root,
        parse_bundle_xml(memoryview(bundled()), "manifest").root,
        parse_text_xml(plain, "manifest").root,
    ]


@pytest.mark.parametrize("root", roots())
def test_every_reader_keeps_the_namespace(root: Element) -> None:
    found = {(one.namespace, one.name): one.value.text for one in root.attributes if one.name in ("package", "split")}
    assert found == {
        (None, "package"): "fixture.namespaces",
        (OTHER, "package"): "fixture.other",
        (OTHER, "split"): "other",
    }
    assert [one.namespace for one in root.attributes if one.name == "versionCode"] == [ANDROID]
    package = root.by_name("package")
    assert (package.text if package else None, root.by_name("split")) == ("fixture.namespaces", None)


def holding(*attributes: Attribute) -> Element:
    return Element("a", attributes, ())


def test_a_name_counts_also_where_a_resource_stands_for_it() -> None:
    both = holding(Attribute(NAME, "package", text("first")), Attribute(0, "package", text("second")))
    assert both.by_name("package") == text("first")


def test_what_was_written_counts_for_a_name_and_what_was_compiled_for_a_number() -> None:
    one = holding(Attribute(NAME, "package", Value(STRING, 5, "compiled"), raw="written"))
    assert (one.by_name("package"), one.android("name")) == (Value(STRING, 5, "written"), Value(STRING, 5, "compiled"))


def actions_of(action: Element) -> tuple[str, ...]:
    receiver = element("receiver", {NAME: "a.B"}, element("intent-filter", {}, action))
    root = element("manifest", {"package": "p"}, element("application", {}, receiver))
    (component,) = read_manifest(root, lambda value: value).components
    return component.actions


def test_actions_are_looked_up_by_name() -> None:
    by_number = Attribute(NAME, "title", text("SHOWN"), ANDROID)
    by_name = Attribute(0, "name", text("TAKEN"), ANDROID)
    other = Attribute(0, "name", text("OTHER"), OTHER)
    assert actions_of(Element("action", (other, by_number, by_name), ())) == ("TAKEN",)
    assert actions_of(Element("action", (other, by_number), ())) == ("SHOWN",)


def test_numbers_are_looked_up_in_their_order() -> None:
    """AOSP `AttributeResolution.cpp`, RetrieveAttributes, never goes back: what stands behind a greater one is lost."""
    sorted_ones = (Attribute(0, "x", text("x")), Attribute(NAME, "", text("n")), Attribute(NAME, "", text("twice")))
    late = (*sorted_ones, Attribute(EXPORTED, "", flag(True)), Attribute(PERMISSION, "", text("p.Q")))
    assert holding(*late).android("name") == text("n")
    assert holding(*late).android("exported") == flag(True)
    assert holding(*late).android("permission") is None
    assert holding(Attribute(PERMISSION, "", reference(1)), *sorted_ones).android("name") is None
