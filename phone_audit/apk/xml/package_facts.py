"""Manifest, resources and network policy of one archive.

Network security config: https://developer.android.com/privacy-and-security/security-config, defaults from AOSP
`NetworkSecurityConfig.java`, attributes as `XmlConfigSource.java` reads them: cleartext is off from target version 28
on, user certificates are trusted below 24. Where there is a security config, the manifest's own flag is ignored, as
Android does from version 7 on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from phone_audit.apk.records import INSIDE
from phone_audit.apk.worker.steps import Steps
from phone_audit.apk.xml.bundle_xml import MAX_TABLE_FIELDS, MAX_XML_FIELDS, Budget, BundleTable, parse_bundle_xml
from phone_audit.apk.xml.elements import Element, Parsed, ResourceValues, Value
from phone_audit.apk.xml.manifest import ManifestFacts, read_manifest, with_features
from phone_audit.apk.xml.resources import ResourceTable
from phone_audit.apk.xml.xml_parser import is_text, parse_compiled, parse_text_xml
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
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, Behaviour, HeldBy, NetworkPolicy

_XML_LIMIT = 16 * 2**20
_RESOURCES_LIMIT = 256 * 2**20
_CLEARTEXT = "cleartextTrafficPermitted"
_NO_CLEARTEXT_FROM = 28
_NO_USER_CERTIFICATES_FROM = 24


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


@dataclass(frozen=True, slots=True)
class _Rules:
    cleartext: bool
    user_certificates: bool


def read_policy(facts: ManifestFacts, config: Element | None) -> NetworkPolicy:
    """Put together what the manifest and its security config allow.

    Args:
        facts: the manifest.
        config: root of the compiled security config, or None where there is none or it cannot be read.

    Returns:
        `cleartext` holds for hosts in general, `domains` are those that the config names as allowed in the clear.
        `accepts_any_certificate` is false: no configuration can say that, only code can (`with_code`).
    """
    target = facts.platform_target
    default = _Rules(target < _NO_CLEARTEXT_FROM, target < _NO_USER_CERTIFICATES_FROM)
    if config is None:
        allowed = facts.network.cleartext
        source = "platform default" if allowed is None else "AndroidManifest.xml"
        return _network_policy(default if allowed is None else replace(default, cleartext=allowed), (), source=source)
    base = next((_rules(element, default) for element in config.all("base-config")), default)
    domains = [rule for element in config.all("domain-config") for rule in _domains(element, base)]
    user = base.user_certificates or any(rules.user_certificates for _, rules in domains)
    if facts.debuggable:
        user = user or any(_rules(element, base).user_certificates for element in config.all("debug-overrides"))
    named = tuple(sorted({domain for domain, rules in domains if rules.cleartext}))
    pins = any(any(True for _ in _inside(element, "pin")) for element in config.all("domain-config"))
    return _network_policy(replace(base, user_certificates=user), named, pins=pins, source="network security config")


def with_code(policy: NetworkPolicy | None, accepting: tuple[HeldBy, ...]) -> NetworkPolicy | None:
    """Add what the code of the package does.

    Args:
        policy: what its manifest allows, or None where that is not known.
        accepting: whose code accepts any certificate.
    """
    if policy is None or not accepting:
        return policy
    return policy.model_copy(update={"accepts_any_certificate": True, "accepted_by": accepting})


def accepting_behaviour(accepting: tuple[HeldBy, ...]) -> tuple[Behaviour, ...]:
    """Say it as a behaviour too, which is known where the policy is not."""
    evidence = tuple(one for holder in accepting for one in holder.evidence)
    return (
        (Behaviour(id=ACCEPTS_ANY_CERTIFICATE, title="Accepts any certificate", evidence=evidence),) if evidence else ()
    )


def _network_policy(rules: _Rules, domains: tuple[str, ...], *, source: str, pins: bool = False) -> NetworkPolicy:
    return NetworkPolicy(
        cleartext=rules.cleartext,
        domains=domains,
        trusts_user_cas=rules.user_certificates,
        pins=pins,
        accepts_any_certificate=False,
        source=source,
    )


def _rules(element: Element, inherited: _Rules) -> _Rules:
    cleartext = _cleartext(element, inherited.cleartext)
    anchors = next(element.all("trust-anchors"), None)
    if anchors is None:
        return replace(inherited, cleartext=cleartext)
    sources = (certificates.by_name("src") for certificates in anchors.all("certificates"))
    return _Rules(cleartext, any(s is not None and s.reference is None and s.text == "user" for s in sources))


def _domains(element: Element, inherited: _Rules) -> Iterator[tuple[str, _Rules]]:
    rules = _rules(element, inherited)
    for domain in element.all("domain"):
        if domain.text:
            yield domain.text.lower(), rules
    for inner in element.all("domain-config"):
        yield from _domains(inner, rules)


def _inside(element: Element, tag: str) -> Iterator[Element]:
    for child in element.children:
        if child.tag == tag:
            yield child
        yield from _inside(child, tag)


def _cleartext(element: Element, inherited: bool) -> bool:
    """Read the permission as Android does: of any namespace, the last one counts, and what is no number permits."""
    permitted = inherited
    for one in element.attributes:
        if one.name == _CLEARTEXT:
            permitted = one.value.integer != 0
    return permitted
