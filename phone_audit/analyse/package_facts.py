"""Manifest, resources and network policy of one archive."""

from dataclasses import dataclass

from phone_audit.analyse.archive import Archive
from phone_audit.analyse.compiled_xml import Value
from phone_audit.analyse.contents import BUNDLE_MANIFEST, MANIFEST, RESOURCES
from phone_audit.analyse.manifest import ManifestFacts, read_manifest
from phone_audit.analyse.manifest_child import Parsed, parse_xml
from phone_audit.analyse.network_policy import read_policy
from phone_audit.analyse.resources import ResourceTable
from phone_audit.analyse.steps import Steps
from phone_audit.errors import ApkError
from phone_audit.model.apk import NetworkPolicy

_XML_LIMIT = 16 * 2**20
_RESOURCES_LIMIT = 256 * 2**20


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Either is None where it could not be read; the policy also where its configuration could not."""

    manifest: ManifestFacts | None
    policy: NetworkPolicy | None


def read_package_facts(archive: Archive, subject: str, steps: Steps) -> PackageFacts:
    """Read what an archive says about itself.

    Args:
        archive: the APK.
        subject: its name, for what is left out.
        steps: runs the steps `resources` and `manifest`.
    """
    table = steps.run("resources", subject, lambda: _table(archive))

    def resolve(value: Value) -> Value | None:
        return table.resolve(value) if table is not None else None

    parsed = steps.run("manifest", subject, lambda: _parsed(archive))
    if parsed is None:
        return PackageFacts(None, None)
    if not parsed.whole:
        steps.note(subject, "manifest", _half_read("manifest"))
    manifest = steps.run("manifest", subject, lambda: read_manifest(parsed.root, resolve))
    if manifest is None:
        return PackageFacts(None, None)
    return PackageFacts(manifest, steps.run("resources", subject, lambda: _policy(archive, manifest, table)))


def _table(archive: Archive) -> ResourceTable | None:
    entry = archive.find(RESOURCES)
    return ResourceTable(memoryview(archive.read(entry, _RESOURCES_LIMIT))) if entry else None


def _parsed(archive: Archive) -> Parsed:
    entry = archive.find(MANIFEST)
    if entry is not None:
        return parse_xml(bytes(archive.read(entry, _XML_LIMIT)), "manifest")
    if archive.find(BUNDLE_MANIFEST):
        reason = "The file is an Android App Bundle; its manifest is in another format (protobuf), which is not read."
        raise ApkError(reason, code="protobuf-manifest")
    raise ApkError("The archive holds no AndroidManifest.xml.", code="no-manifest")


def _policy(archive: Archive, manifest: ManifestFacts, table: ResourceTable | None) -> NetworkPolicy:
    config = manifest.network.config
    if config is None:
        return read_policy(manifest, None)
    named = table.resolve(config) if table is not None else None
    entry = archive.find(named.text) if named is not None and named.text else None
    if entry is None:
        reason = "The manifest names a network security config, but the archive does not hold it."
        raise ApkError(reason, code="no-network-config")
    parsed = parse_xml(bytes(archive.read(entry, _XML_LIMIT)), "network security config")
    if not parsed.whole:
        raise _half_read("network security config")
    return read_policy(manifest, parsed.root)


def _half_read(what: str) -> ApkError:
    return ApkError(f"The {what} is damaged; only what comes before the damage was read.", code="damaged-xml")
