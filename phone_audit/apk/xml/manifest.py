"""What a manifest says: elements → facts, with the defaults that Android fills in.

Rules follow AOSP `ParsingPackageUtils.java`, `ParsedActivityUtils.java` and `ParsedProviderUtils.java`; the list of
permissions follows `aapt dump badging`, which adds those that Android adds for old target versions.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from phone_audit.apk.xml.elements import ANDROID, BOOLEAN, STRING, Element, Value
from phone_audit.errors import ApkError
from phone_audit.model.apk import Component, ComponentKind, FileRole

_PERMISSION_TAGS = ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m")
_KINDS: tuple[ComponentKind, ...] = ("activity", "activity-alias", "service", "receiver", "provider")
_PREFIX = "android.permission."
_EXPORTED_PROVIDER_BELOW = 17
_UNRELEASED = 10_000
MAX_TEXT = 4096
"""Longest text taken from a manifest, in characters."""

Resolve = Callable[[Value], Value | None]


_LOADING: Final = ("name", "appComponentFactory", "backupAgent", "zygotePreloadName", "manageSpaceActivity")
"""Attributes of the application that name classes. Source: `R.styleable.AndroidManifestApplication`."""
_LEADING: Final = ("targetActivity", "parentActivityName")
"""Attributes of activities that name others. Source: `R.styleable.AndroidManifestActivity` and `…ActivityAlias`."""


@dataclass(frozen=True, slots=True)
class NetworkAttributes:
    """What the manifest says on network traffic. `config` is the resource of a security config, or None."""

    cleartext: bool | None
    config: Value | None


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What was read from one manifest.

    `target_sdk` is the minimum version where the manifest gives none, as for Android. `platform_target` decides on
    defaults: 0 where nothing is given, 10,000 for the codename of an unreleased version. `sandbox` is the version
    of the sandbox that it asks for. `meta_data` are names and values under the application and its components; a
    boolean value is `true` or `false`. `disabled` are components that are switched off. `instruments` are the packages
    into whose processes it asks to be loaded, to test them. `loaded` are classes of its own, besides components, that
    Android loads.
    """

    package: str | None
    role: FileRole
    label: str | None
    version_name: str | None
    version_code: int | None
    min_sdk: int | None
    target_sdk: int | None
    platform_target: int
    sandbox: int | None
    shared_user_id: str | None
    has_code: bool
    debuggable: bool
    permissions: tuple[str, ...]
    components: tuple[Component, ...]
    network: NetworkAttributes
    meta_data: tuple[tuple[str, str], ...] = ()
    disabled: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()


def read_manifest(root: Element, resolve: Resolve, *, library: bool = False) -> ManifestFacts:
    """Read a manifest. Raises an ApkError where the root is not a manifest.

    Args:
        root: its root element.
        resolve: follows a reference into the resource table; gives None where that is not possible.
        library: whether it is that of a library. What Android adds for old versions depends on the package that the
            library is built into, and is left out.
    """
    if root.tag != "manifest":
        raise ApkError("The manifest is damaged: its root is another element.", code="damaged-xml")
    return _Manifest(root, resolve, library=library).facts()


def with_features(base: ManifestFacts, features: Iterable[ManifestFacts]) -> ManifestFacts:
    """Add what the modules of a bundle bring to the package: their permissions, components and meta-data."""
    every = (base, *features)
    return replace(
        base,
        permissions=tuple(sorted({name for one in every for name in one.permissions})),
        components=_in_order({component for one in every for component in one.components}),
        meta_data=tuple(sorted({pair for one in every for pair in one.meta_data})),
        disabled=tuple(sorted({name for one in every for name in one.disabled})),
        instruments=tuple(sorted({name for one in every for name in one.instruments})),
        loaded=tuple(sorted({name for one in every for name in one.loaded})),
    )


class _Manifest:
    def __init__(self, root: Element, resolve: Resolve, *, library: bool) -> None:
        self._root = root
        self._library = library
        self._resolve = resolve
        self._application = next(root.all("application"), Element("application", (), ()))
        self._package = _clean(self._plain(root.by_name("package")))
        # each one sets both numbers anew: AOSP ParsingPackageUtils.parseUsesSdk
        self._sdk = [Element("uses-sdk", (), ()), *root.all("uses-sdk")][-1]

    def facts(self) -> ManifestFacts:
        root, application = self._root, self._application
        min_sdk = self._integer(self._sdk.android("minSdkVersion"))
        target_sdk = self._integer(self._sdk.android("targetSdkVersion"))
        split = _clean(self._plain(root.by_name("split")))
        config = application.android("networkSecurityConfig")
        return ManifestFacts(
            package=self._package,
            role=self._role(split),
            label=self._text(application.android("label")),
            version_name=self._text(root.android("versionName")),
            version_code=self._version_code(),
            min_sdk=min_sdk,
            target_sdk=target_sdk if target_sdk is not None else min_sdk,
            platform_target=self._platform_target(),
            sandbox=self._integer(root.android("targetSandboxVersion")),
            shared_user_id=self._text(root.android("sharedUserId")),
            has_code=self._flag(application.android("hasCode"), default=True),
            debuggable=self._flag(application.android("debuggable"), default=False),
            permissions=self._permissions(),
            components=_in_order(self._components()),
            network=NetworkAttributes(
                cleartext=self._optional_flag(application.android("usesCleartextTraffic")),
                config=config if config is not None and config.reference else None,
            ),
            meta_data=tuple(sorted(set(self._meta_data()))),
            disabled=tuple(sorted(set(self._disabled()))),
            instruments=tuple(sorted(set(self._instruments()))),
            loaded=tuple(sorted(set(self._loaded()))),
        )

    def _role(self, split: str | None) -> FileRole:
        if split is None:
            return "base"
        if self._flag(self._root.android("isFeatureSplit"), default=False):
            return "feature"
        return "config" if self._root.by_name("configForSplit") or split.startswith("config.") else "split"

    def _version_code(self) -> int | None:
        low = self._integer(self._root.android("versionCode"))
        high = self._integer(self._root.android("versionCodeMajor"))
        if high is None:
            return low
        return (high << 32) | ((low or 0) & 0xFFFFFFFF)

    def _permissions(self) -> tuple[str, ...]:
        elements = (e for e in self._root.children if e.tag in _PERMISSION_TAGS)
        named = {name for e in elements if (name := self._text(e.android("name")))}
        if self._library or self._root.by_name("split"):
            return tuple(sorted(named))  # a split has no target version of its own; its base's counts
        return tuple(sorted(named | set(_implied(named, self._platform_target()))))

    def _platform_target(self) -> int:
        """The target version as a number, also where it is a codename."""
        known = [0]
        for attribute in ("minSdkVersion", "targetSdkVersion"):
            value = self._resolved(self._sdk.android(attribute))
            if value is not None and value.type == STRING:
                known.append(_number(value.text or "") or _UNRELEASED)
            elif value is not None:
                known.append(value.integer or 0)
        return max(known)

    def _components(self) -> Iterator[Component]:
        for element in self._application.children:
            kind = next((kind for kind in _KINDS if kind == element.tag), None)
            name = self._text(element.android("name")) if kind else None
            if kind and name:
                yield self._component(kind, name, element)

    def _disabled(self) -> Iterator[str]:
        for element in self._application.children:
            name = self._text(element.android("name")) if element.tag in _KINDS else None
            if name and not self._flag(element.android("enabled"), default=True):
                yield self._class_name(name)

    def _instruments(self) -> Iterator[str]:
        for element in self._root.all("instrumentation"):
            if target := self._text(element.android("targetPackage")):
                yield target

    def _loaded(self) -> Iterator[str]:
        named = [self._application.android(attribute) for attribute in _LOADING]
        named += [element.android("name") for element in self._root.all("instrumentation")]
        named += [element.android(one) for element in self._application.children for one in _LEADING]
        for value in named:
            if name := self._text(value):
                yield self._class_name(name)

    def _component(self, kind: ComponentKind, name: str, element: Element) -> Component:
        filters = list(element.all("intent-filter"))
        actions = {self._text(_action(action)) for f in filters for action in f.all("action")}
        exported = self._optional_flag(element.android("exported"))
        if exported is None:
            exported = bool(filters)
            if kind == "provider":
                exported = not self._library and self._platform_target() < _EXPORTED_PROVIDER_BELOW
        return Component(
            kind=kind,
            name=self._class_name(name),
            exported=exported,
            permission=self._permission(element),
            actions=tuple(sorted(action for action in actions if action)),
        )

    def _meta_data(self) -> Iterator[tuple[str, str]]:
        for holder in (self._application, *self._application.children):
            for element in holder.all("meta-data"):
                if name := self._text(element.android("name")):
                    value = self._resolved(element.android("value"))
                    flag = value is not None and value.type == BOOLEAN
                    text = str(self._optional_flag(value)).lower() if flag else self._text(value)
                    yield name, text or ""

    def _permission(self, element: Element) -> str | None:
        """The permission that a caller needs; of a provider with one for each way, the one for reading."""
        attributes = ("permission", "readPermission", "writePermission")
        own = (self._text(element.android(attribute)) for attribute in attributes)
        return next((name for name in own if name), None) or self._text(self._application.android("permission"))

    def _class_name(self, name: str) -> str:
        if name.startswith("."):
            return f"{self._package or ''}{name}"
        return name if "." in name or not self._package else f"{self._package}.{name}"

    def _resolved(self, value: Value | None) -> Value | None:
        return self._resolve(value) if value is not None and value.reference is not None else value

    def _text(self, value: Value | None) -> str | None:
        return _clean(self._plain(self._resolved(value)))

    def _plain(self, value: Value | None) -> str | None:
        if value is None:
            return None
        if value.text is not None:
            return value.text
        return None if value.integer is None else str(value.integer)

    def _integer(self, value: Value | None) -> int | None:
        resolved = self._resolved(value)
        if resolved is None:
            return None
        if resolved.type == STRING:
            return _number(resolved.text or "")
        return resolved.integer

    def _optional_flag(self, value: Value | None) -> bool | None:
        resolved = self._resolved(value)
        if resolved is None:
            return None
        if resolved.type == STRING:
            return {"true": True, "false": False}.get((resolved.text or "").strip().lower())
        return None if resolved.integer is None else resolved.integer != 0

    def _flag(self, value: Value | None, *, default: bool) -> bool:
        flag = self._optional_flag(value)
        return default if flag is None else flag


def _action(element: Element) -> Value | None:
    """Return the name of an action, for which Android asks by name (AOSP `ParsedIntentInfoUtils.java`)."""
    return element.by_name("name", ANDROID) or element.android("name")


def _in_order(components: Iterable[Component]) -> tuple[Component, ...]:
    return tuple(sorted(components, key=lambda c: (c.kind, c.name, c.exported, c.actions)))


def _implied(named: Iterable[str], target: int) -> Iterator[str]:
    """Permissions that Android grants without being asked, to packages for versions where they did not exist."""
    have = {name.removeprefix(_PREFIX) for name in named if name.startswith(_PREFIX)}
    if target < 4:
        yield _PREFIX + "WRITE_EXTERNAL_STORAGE"
        yield _PREFIX + "READ_PHONE_STATE"
    if target < 4 or "WRITE_EXTERNAL_STORAGE" in have:
        yield _PREFIX + "READ_EXTERNAL_STORAGE"
    for way in ("READ", "WRITE"):
        if target < 16 and f"{way}_CONTACTS" in have:
            yield f"{_PREFIX}{way}_CALL_LOG"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 20 else None


def _clean(text: str | None) -> str | None:
    """Text that every encoder takes; None where there is none."""
    if not text:
        return None
    return text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode("utf-8")
