"""Manifest, resources and network policy of one archive."""

from collections.abc import Callable
from dataclasses import dataclass, field

from phone_audit.apk.records import INSIDE
from phone_audit.apk.worker.steps import Steps
from phone_audit.apk.xml.binary_xml import parse_compiled
from phone_audit.apk.xml.bundle_xml import MAX_TABLE_FIELDS, MAX_XML_FIELDS, Budget, BundleTable, parse_bundle_xml
from phone_audit.apk.xml.elements import Parsed, ResourceValues, Value
from phone_audit.apk.xml.manifest import ManifestFacts, read_manifest, with_features
from phone_audit.apk.xml.network_policy import read_policy
from phone_audit.apk.xml.resources import ResourceTable
from phone_audit.apk.xml.text_xml import is_text, parse_text_xml
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.contents import (
    BUNDLE_MANIFEST,
    BUNDLE_RESOURCES,
    MANIFEST,
    RESOURCES,
    feature_modules,
    is_library,
)
from phone_audit.errors import ApkError
from phone_audit.model.apk import NetworkPolicy

_XML_LIMIT = 16 * 2**20
_RESOURCES_LIMIT = 256 * 2**20


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Either is None where it could not be read; the policy also where its configuration could not."""

    manifest: ManifestFacts | None
    policy: NetworkPolicy | None


@dataclass(frozen=True, slots=True)
class _Source:
    """An archive, and what may be read of all modules where it is a bundle."""

    archive: Archive
    xml: Budget = field(default_factory=lambda: Budget(MAX_XML_FIELDS))
    tables: Budget = field(default_factory=lambda: Budget(MAX_TABLE_FIELDS))


def read_package_facts(archive: Archive, subject: str, steps: Steps) -> PackageFacts:
    """Read what an archive says about itself.

    Args:
        archive: the APK, bundle or library.
        subject: its name, for what is left out.
        steps: runs the steps `resources` and `manifest`.
    """
    source = _Source(archive)
    table = steps.run("resources", subject, lambda: _table(source))
    parsed = steps.run("manifest", subject, lambda: _parsed(source))
    if parsed is None:
        return PackageFacts(None, None)
    if not parsed.whole:
        steps.note(subject, "manifest", _half_read("manifest"))
    library = parsed.text
    manifest = steps.run("manifest", subject, lambda: read_manifest(parsed.root, _resolve(table), library=library))
    if manifest is None or library:
        return PackageFacts(manifest, None)
    if archive.find(MANIFEST) is None:
        read = (_feature(source, name, subject, steps, table) for name in feature_modules(archive))
        manifest = with_features(manifest, [facts for facts in read if facts])
    return PackageFacts(manifest, steps.run("resources", subject, lambda: _policy(source, manifest, table)))


def _resolve(*tables: ResourceValues | None) -> Callable[[Value], Value | None]:
    """Look a value up in the first table that has it."""

    def resolve(value: Value) -> Value | None:
        found = (table.resolve(value) for table in tables if table is not None)
        return next((one for one in found if one is not None), None)

    return resolve


def _table(source: _Source) -> ResourceValues | None:
    archive = source.archive
    if archive.find(MANIFEST) is None:
        return _bundle_table(source, BUNDLE_RESOURCES)
    entry = archive.find(RESOURCES)
    return ResourceTable(memoryview(archive.read(entry, _RESOURCES_LIMIT))) if entry else None


def _bundle_table(source: _Source, name: str) -> BundleTable | None:
    entry = source.archive.find(name)
    return BundleTable(memoryview(source.archive.read(entry, _RESOURCES_LIMIT)), source.tables) if entry else None


def _parsed(source: _Source) -> Parsed:
    archive = source.archive
    entry = archive.find(MANIFEST)
    if entry is not None:
        data = bytes(archive.read(entry, _XML_LIMIT))
        return (
            parse_text_xml(data, "manifest")
            if is_text(data) and is_library(archive)
            else parse_compiled(data, "manifest")
        )
    entry = archive.find(BUNDLE_MANIFEST)
    if entry is not None:
        return parse_bundle_xml(memoryview(archive.read(entry, _XML_LIMIT)), "manifest", source.xml)
    raise ApkError("The archive holds no AndroidManifest.xml.", code="no-manifest")


def _feature(
    source: _Source, module: str, subject: str, steps: Steps, base: ResourceValues | None
) -> ManifestFacts | None:
    """Read the manifest of a module of a bundle; its references lead into its own resources or those of the base."""
    archive = source.archive
    entry = archive.find(BUNDLE_MANIFEST.replace("base", module, 1))
    if entry is None:
        return None
    where = f"{subject}{INSIDE}{entry.name}"

    def read() -> ManifestFacts:
        parsed = parse_bundle_xml(memoryview(archive.read(entry, _XML_LIMIT)), "manifest", source.xml)
        if not parsed.whole:
            steps.note(where, "manifest", _half_read("manifest"))
        own = _bundle_table(source, BUNDLE_RESOURCES.replace("base", module, 1))
        return read_manifest(parsed.root, _resolve(own, base))

    return steps.run("manifest", where, read)


def _policy(source: _Source, manifest: ManifestFacts, table: ResourceValues | None) -> NetworkPolicy:
    archive = source.archive
    config = manifest.network.config
    if config is None:
        return read_policy(manifest, None)
    bundle = archive.find(MANIFEST) is None
    named = table.resolve(config) if table is not None else None
    entry = archive.find(f"base/{named.text}" if bundle else named.text) if named is not None and named.text else None
    if entry is None:
        reason = "The manifest names a network security config, but the archive does not hold it."
        raise ApkError(reason, code="no-network-config")
    data, what = archive.read(entry, _XML_LIMIT), "network security config"
    parsed = parse_bundle_xml(memoryview(data), what, source.xml) if bundle else parse_compiled(bytes(data), what)
    if not parsed.whole:
        raise _half_read(what)
    return read_policy(manifest, parsed.root)


def _half_read(what: str) -> ApkError:
    return ApkError(f"The {what} is damaged; only what comes before the damage was read.", code="damaged-xml")
