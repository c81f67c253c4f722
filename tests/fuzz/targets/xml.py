"""Manifests, network policies and resource tables, compiled, as messages of protobuf, and as plain text."""

from contextlib import suppress
from itertools import islice
from typing import Final

from phone_audit.apk.xml.bundle_xml import MAX_NAME_FIELDS, Budget, BundleTable, parse_bundle_xml, text_of
from phone_audit.apk.xml.elements import REFERENCE, Parsed, Value
from phone_audit.apk.xml.manifest import Resolve, read_manifest
from phone_audit.apk.xml.named_views import bundled_named_views, named_views
from phone_audit.apk.xml.package_facts import read_policy
from phone_audit.apk.xml.resources import ResourceTable
from phone_audit.apk.xml.typed_views import TypedViews
from phone_audit.apk.xml.xml_parser import is_text, parse_compiled, parse_text_xml
from phone_audit.errors import ApkError
from phone_audit.files.protobuf import fields
from tests.fuzz.target import Target, promise

_IDS: Final = (0x7F010000, 0x7F010001, 0x7F020000, 0x7F02FFFF, 0x7F030003, 0x01010001, 0x00010000, 0xFFFFFFFF)
_MOST_TEXT: Final = 65_536
"""Letters of one text that a table or a pool may give: twice what Android's own forms can hold."""


def compiled_xml(data: bytes) -> None:
    """Read compiled XML as a manifest, as a network policy and as a layout."""
    TypedViews().add(memoryview(data))
    with suppress(ApkError):
        _use(parse_compiled(data, "manifest"), _follows_nothing)


def text_xml(data: bytes) -> None:
    """Read XML as plain text, as libraries have it."""
    is_text(data)
    with suppress(ApkError):
        _use(parse_text_xml(data, "manifest"), _follows_nothing)


def bundle_xml(data: bytes) -> None:
    """Read a message of protobuf as XML, as a table, for names of views, and as fields."""
    view = memoryview(data)
    with suppress(ApkError):
        _use(parse_bundle_xml(view, "manifest"), _follows_nothing)
    with suppress(ApkError):
        table = BundleTable(view)
        for number in _IDS:
            table.values(number)
            table.resolve(Value(REFERENCE, number))
    views = bundled_named_views(view, Budget(MAX_NAME_FIELDS))
    promise(all(0 <= one <= 0xFFFFFFFF for one in views), "a number of a view is none")
    with suppress(ValueError):
        for _, value in islice(fields(view), 10_000):
            text_of(value)


def resources(data: bytes) -> None:
    """Look up values, and names of views, in a resource table."""
    promise(all(0 <= one <= 0xFFFFFFFF for one in named_views(memoryview(data))), "a number of a view is none")
    with suppress(ApkError):
        table = ResourceTable(memoryview(data))
        for number in _IDS:
            for value in table.values(number):
                promise(len(value.text or "") <= _MOST_TEXT, "a text is longer than Android's forms can hold")
            table.resolve(Value(REFERENCE, number))


def _use(parsed: Parsed, resolve: Resolve) -> None:
    facts = read_manifest(parsed.root, resolve)
    read_manifest(parsed.root, resolve, library=True)
    read_policy(facts, parsed.root)
    read_policy(facts, None)


def _follows_nothing(value: Value) -> Value | None:
    return value if value.reference is None else None


_NAMES: Final = (
    b"manifest", b"package", b"application", b"activity", b"provider", b"uses-sdk", b"uses-permission",
    b"network-security-config", b"domain-config", b"base-config", b"trust-anchors", b"certificates", b"domain",
)  # fmt: skip

TARGETS: Final = {
    "compiled_xml": Target(
        compiled_xml,
        (
            "phone_audit.apk.xml.xml_parser",
            "phone_audit.apk.xml.androguard_xml",
            "phone_audit.apk.xml.elements",
            "phone_audit.apk.xml.manifest",
            "phone_audit.apk.xml.package_facts",
            "phone_audit.apk.xml.typed_views",
        ),
        (*_NAMES, b"\3\0\x08\0", b"\1\0\x1c\0", b"\x80\1\x08\0", b"\2\1\x10\0", b"\3\1\x10\0", b"\4\1\x10\0"),
    ),
    "text_xml": Target(
        text_xml,
        ("phone_audit.apk.xml.xml_parser", "phone_audit.apk.text.prose"),
        (*_NAMES, b"<?xml", b"<!DOCTYPE", b"<!ENTITY", b"<![CDATA[", b"]]>", b"&lt;", b"xmlns:android=", b"encoding="),
    ),
    "bundle_xml": Target(bundle_xml, ("phone_audit.apk.xml.bundle_xml", "phone_audit.apk.xml.named_views"), _NAMES),
    "resources": Target(
        resources,
        ("phone_audit.apk.xml.resources",),
        (b"\2\0\x0c\0", b"\1\0\x1c\0", b"\0\2\x20\1", b"\1\2", b"\2\2", b"\xff\xff\xff\xff"),
    ),
}
