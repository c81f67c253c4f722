"""Manifest, resources and network policy of one archive.

Network security config: https://developer.android.com/privacy-and-security/security-config, defaults from AOSP
`NetworkSecurityConfig.java`, attributes as `XmlConfigSource.java` reads them: cleartext is off from target version 28
on, user certificates are trusted below 24. Where there is a security config, the manifest's own flag is ignored, as
Android does from version 7 on.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from phone_audit.apk.records import INSIDE
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml import bundle_xml
from phone_audit.apk.xml.elements import REFERENCE, Element, Parsed, ResourceValues, Value
from phone_audit.apk.xml.manifest import ManifestFacts, read_manifest, with_features
from phone_audit.apk.xml.named_views import bundled_named_views, named_views
from phone_audit.apk.xml.resources import ResourceTable
from phone_audit.apk.xml.xml_parser import is_text, parse_compiled, parse_text_xml
from phone_audit.apk.zip import contents
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import Entry
from phone_audit.errors import ApkError
from phone_audit.model.apk import ACCEPTS_ANY_CERTIFICATE, ACCEPTS_ANY_HOST_NAME, AcceptedBy, Behaviour, NetworkPolicy

_XML_LIMIT = 16 * 2**20
_RESOURCES_LIMIT = 256 * 2**20
_MOST_LOOK_UPS = 1_000_000
"""Configurations that are looked at for the texts of hints."""
_CLEARTEXT = "cleartextTrafficPermitted"
_NO_CLEARTEXT_FROM = 28
_NO_USER_CERTIFICATES_FROM = 24


def no_ids(_texts: Collection[str]) -> Mapping[str, Collection[int]]:
    """Stand for a table of resources that is not there."""
    return {}


def no_text(_number: int) -> None:
    """The same, for the text of a resource."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Either is None where it could not be read; the policy also where its configuration could not.

    `views` is what the names of views in compiled resources say, by their number. `ids_of` gives the numbers of the
    compiled resources that are one of some texts, `text_of` the text of a resource by its number.
    """

    manifest: ManifestFacts | None
    policy: NetworkPolicy | None
    views: Mapping[int, str] = field(default_factory=dict)
    ids_of: Callable[[Collection[str]], Mapping[str, Collection[int]]] = field(default=no_ids, compare=False)
    text_of: Callable[[int], str | None] = field(default=no_text, compare=False)


def read_package_facts(archive: Archive, subject: str, steps: Steps) -> PackageFacts:
    """Read what an APK, bundle or library says about itself, in the steps `resources` and `manifest`.

    `subject` is its name, for what is left out.
    """
    return _FactsReader(archive, subject, steps).facts()


class _FactsReader:
    """Reads one archive. The modules of a bundle share what may be read of all their XML and of all their tables."""

    def __init__(self, archive: Archive, subject: str, steps: Steps) -> None:
        self._archive = archive
        self._subject = subject
        self._steps = steps
        self._is_bundle = archive.find(contents.MANIFEST) is None
        self._xml = bundle_xml.Budget(bundle_xml.MAX_XML_FIELDS)
        self._tables = bundle_xml.Budget(bundle_xml.MAX_TABLE_FIELDS)
        self._names = bundle_xml.Budget(bundle_xml.MAX_NAME_FIELDS)
        self._views: dict[int, str] = {}

    def facts(self) -> PackageFacts:
        table = self._steps.run("resources", self._subject, self._table)
        parsed = self._steps.run("manifest", self._subject, self._manifest)
        if parsed is None:
            return PackageFacts(None, None)
        if not parsed.whole:
            self._steps.note(self._subject, "manifest", _half_read("manifest"))
        library = parsed.text
        ids_of = table.ids_of if isinstance(table, ResourceTable) else no_ids
        manifest = self._steps.run(
            "manifest", self._subject, lambda: read_manifest(parsed.root, _resolve(table), library=library)
        )
        if manifest is None or library:
            return PackageFacts(manifest, None, self._views, ids_of, _text_of(table))
        if self._is_bundle:
            read = (self._feature(name, table) for name in contents.feature_modules(self._archive))
            manifest = with_features(manifest, [facts for facts in read if facts])
        policy = self._steps.run("resources", self._subject, lambda: self._policy(manifest, table))
        return PackageFacts(manifest, policy, self._views, ids_of, _text_of(table))

    def _table(self) -> ResourceValues | None:
        if self._is_bundle:
            return self._bundle_table(contents.BUNDLE_RESOURCES)
        entry = self._archive.find(contents.RESOURCES)
        if entry is None:
            return None
        data = memoryview(self._archive.read(entry, _RESOURCES_LIMIT))
        self._views = named_views(data)
        return ResourceTable(data)

    def _bundle_table(self, name: str) -> bundle_xml.BundleTable | None:
        entry = self._archive.find(name)
        if entry is None:
            return None
        data = memoryview(self._archive.read(entry, _RESOURCES_LIMIT))
        self._views |= bundled_named_views(data, self._names)
        return bundle_xml.BundleTable(data, self._tables)

    def _manifest(self) -> Parsed:
        entry = self._archive.find(contents.BUNDLE_MANIFEST if self._is_bundle else contents.MANIFEST)
        if entry is None:
            raise ApkError("The archive holds no AndroidManifest.xml.", code="no-manifest")
        return self._parsed(entry, "manifest")

    def _parsed(self, entry: Entry, what: str) -> Parsed:
        data = self._archive.read(entry, _XML_LIMIT)
        if self._is_bundle:
            return bundle_xml.parse_bundle_xml(memoryview(data), what, self._xml)
        if entry.name == contents.MANIFEST and is_text(bytes(data)) and contents.is_library(self._archive):
            return parse_text_xml(bytes(data), what)
        return parse_compiled(bytes(data), what)

    def _feature(self, module: str, base: ResourceValues | None) -> ManifestFacts | None:
        """Read the manifest of a module; its references lead into its own resources or those of the base."""
        entry = self._archive.find(contents.BUNDLE_MANIFEST.replace("base", module, 1))
        if entry is None:
            return None
        where = f"{self._subject}{INSIDE}{entry.name}"

        def read() -> ManifestFacts:
            parsed = self._parsed(entry, "manifest")
            if not parsed.whole:
                self._steps.note(where, "manifest", _half_read("manifest"))
            own = self._bundle_table(contents.BUNDLE_RESOURCES.replace("base", module, 1))
            return read_manifest(parsed.root, _resolve(own, base))

        return self._steps.run("manifest", where, read)

    def _policy(self, manifest: ManifestFacts, table: ResourceValues | None) -> NetworkPolicy:
        config = manifest.network.config
        if config is None:
            return read_policy(manifest, None)
        named = table.resolve(config) if table is not None else None
        name = named.text if named is not None else None
        entry = self._archive.find(f"base/{name}" if self._is_bundle else name) if name else None
        if entry is None:
            reason = "The manifest names a network security config, but the archive does not hold it."
            raise ApkError(reason, code="no-network-config")
        parsed = self._parsed(entry, "network security config")
        if not parsed.whole:
            raise _half_read("network security config")
        return read_policy(manifest, parsed.root)


def _resolve(*tables: ResourceValues | None) -> Callable[[Value], Value | None]:
    """Look a value up in the first table that has it."""

    def resolve(value: Value) -> Value | None:
        found = (table.resolve(value) for table in tables if table is not None)
        return next((one for one in found if one is not None), None)

    return resolve


def _text_of(table: ResourceValues | None) -> Callable[[int], str | None]:
    """Return what gives the text of a resource by its number, as long as looking it up is not too much work."""
    left = _MOST_LOOK_UPS

    def may_look(count: int) -> bool:
        nonlocal left
        left -= count
        return left > 0

    def text_of(number: int) -> str | None:
        found = None if table is None else table.resolve(Value(REFERENCE, number), may_look)
        return None if found is None else found.text

    return text_of


def _half_read(what: str) -> ApkError:
    return ApkError(f"The {what} is damaged; only what comes before the damage was read.", code="damaged-xml")


@dataclass(frozen=True, slots=True)
class _Rules:
    cleartext: bool
    user_certificates: bool


def read_policy(facts: ManifestFacts, config: Element | None) -> NetworkPolicy:
    """Put together what the manifest and its security config allow.

    `config` is the root of the compiled config; None where there is none or it cannot be read.
    """
    target = facts.platform_target
    base = _Rules(target < _NO_CLEARTEXT_FROM, target < _NO_USER_CERTIFICATES_FROM)
    domains: list[tuple[str, _Rules]] = []
    source, pins = "network security config", False
    if config is None:
        allowed = facts.network.cleartext
        source = "platform default" if allowed is None else "AndroidManifest.xml"
        base = base if allowed is None else replace(base, cleartext=allowed)
    else:
        base = next((_rules(element, base) for element in config.all("base-config")), base)
        domains = [rule for element in config.all("domain-config") for rule in _domains(element, base)]
        pins = any(_holds(element, "pin") for element in config.all("domain-config"))
    user = base.user_certificates or any(rules.user_certificates for _, rules in domains)
    if config is not None and facts.debuggable:
        user = user or any(_rules(element, base).user_certificates for element in config.all("debug-overrides"))
    return NetworkPolicy(
        cleartext=base.cleartext,
        domains=tuple(sorted({domain for domain, rules in domains if rules.cleartext})),
        trusts_user_cas=user,
        pins=pins,
        accepts_any_certificate=False,
        source=source,
    )


def with_code(policy: NetworkPolicy | None, accepting: tuple[AcceptedBy, ...]) -> NetworkPolicy | None:
    """Add what the code of the package does: whose code accepts what it should not. None stays unknown."""
    if policy is None or not accepting:
        return policy
    used = {one.accepts for one in accepting if one.way == "used"}
    changed = {
        "accepts_any_certificate": "certificate" in used,
        "accepts_any_host_name": "host-name" in used,
        "accepted_by": accepting,
    }
    return policy.model_copy(update=changed)


def accepting_behaviours(accepting: tuple[AcceptedBy, ...]) -> Iterator[Behaviour]:
    """Say it as behaviours too, which are known where the policy is not."""
    for name, accepts, title in (
        (ACCEPTS_ANY_CERTIFICATE, "certificate", "Accepts any certificate"),
        (ACCEPTS_ANY_HOST_NAME, "host-name", "Accepts a certificate for any host name"),
    ):
        holders = [one for one in accepting if one.accepts == accepts]
        used = [one for one in holders if one.way == "used"]
        evidence = tuple(one for holder in used or holders for one in holder.evidence)
        if evidence:
            yield Behaviour(id=name, title=title, evidence=evidence, library_only=not used)


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


def _holds(element: Element, tag: str) -> bool:
    return any(child.tag == tag or _holds(child, tag) for child in element.children)


def _cleartext(element: Element, inherited: bool) -> bool:
    """Read the permission as Android does: of any namespace, the last one counts, and what is no number permits."""
    permitted = inherited
    for one in element.attributes:
        if one.name == _CLEARTEXT:
            permitted = one.value.integer != 0
    return permitted
