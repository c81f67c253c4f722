"""What a manifest says of a package, as far as its code is looked at by it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from phone_audit.apk.dex.descriptors import names_in
from phone_audit.knowledge.schema.behaviour import Leaf
from phone_audit.model.apk import Component
from phone_audit.model.finding import Evidence

_MANIFEST: Final = "AndroidManifest.xml"
_MARKS_FOR_PAGES: Final = 17
_PRIVATE: Final = ("activity", "service", "receiver")


@dataclass(frozen=True)
class Declared:
    """What the manifest says: permissions asked for, components, name, meta-data. Empty where it could not be read.

    `active` are the names of the components that are not switched off, None where the manifest could not be read.
    `loaded` are classes that it names outside of components. `shares_uid`: other packages may run as the same user.
    `target` is the version of Android that it is made for, as far as Android goes by it; 0 where none is given.
    """

    permissions: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    package: str | None = None
    meta_data: tuple[tuple[str, str], ...] = ()
    active: frozenset[str] | None = None
    loaded: tuple[str, ...] = ()
    shares_uid: bool = False
    target: int = 0

    @property
    def marks_for_pages(self) -> bool:
        """Whether web pages may call only methods that bear `JavascriptInterface`.

        Source: Android reference, WebView.addJavascriptInterface.
        """
        return self.target >= _MARKS_FOR_PAGES

    @property
    def names(self) -> frozenset[str] | None:
        """All classes that it names; None where it could not be read."""
        return None if self.active is None else self.named

    @cached_property
    def named(self) -> frozenset[str]:
        """All classes that it names, also inside of meta-data, by which libraries load some."""
        held = [text for pair in self.meta_data for text in pair]
        inside = names_in("\0".join(held).encode("utf-8", "replace"))
        components = (component.name for component in self.components)
        return frozenset((*components, *self.loaded, *held, *(name.decode("utf-8", "replace") for name in inside)))

    @property
    def private(self) -> frozenset[str]:
        """The components that Android and other packages start only where the package itself names them.

        They are not exported and answer to no action; providers are made with the process. There are none where
        packages of the same user may start each, as they may those that are not exported, nor where nothing could start
        any component: then something does that was not seen. Source: AOSP, ActivityManager.checkComponentPermission.
        """
        if self.shares_uid or not any(one.exported or one.actions for one in self.components):
            return frozenset()
        own = (one for one in self.components if one.kind in _PRIVATE)
        hidden = {one.name for one in own if not (one.exported or one.actions)}
        others = {one.name for one in self.components if one.name not in hidden or one.kind not in _PRIVATE}
        held = {text for pair in self.meta_data for text in pair}
        relative = tuple(text for text in held if text.startswith("."))
        named = {name for name in hidden if name.endswith(relative)} if relative else set()
        return frozenset(hidden - others - {*self.loaded} - held - named)

    def evidence(self) -> dict[Leaf, Evidence]:
        """Return everything that rules can ask of a manifest, with its evidence."""
        found = {
            Leaf("permission", name): Evidence(kind="permission", where=_MANIFEST, value=name)
            for name in self.permissions
        }
        for component in self.components:
            for text in component.said:
                shown = Evidence(kind="manifest", where=_MANIFEST, value=text, class_=component.name)
                found.setdefault(Leaf("component", text), shown)
        return found


NOTHING_DECLARED: Final = Declared()
