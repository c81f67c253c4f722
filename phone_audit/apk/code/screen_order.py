"""Flows through a field of a screen that is read while the screen is made, and filled only by what it makes later.

Android makes each screen anew and calls its `onCreate` once, before any other method of it: what a listener that
`onDestroy` makes puts into a field of its screen comes too late for `onCreate`. Such flows stay listed, and are not
told of the package. They are told where anything else may make the listener, get hold of a screen, or call those
methods.
Source: Android API reference, Activity, "Activity Lifecycle".
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from phone_audit.apk.code.callers import Callers, Site
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import CONST_CLASS, NEW_INSTANCE
from phone_audit.model.apk import Behaviour, FlowStep

_KEEPS: Final = "keeps it in "
_ACTIVITY: Final = b"Landroid/app/Activity;"
_OBJECT: Final = b"Ljava/lang/Object;"
_CREATE: Final = b"onCreate"
_LATER: Final = (b"onDestroy", b"onPause", b"onRestart", b"onResume", b"onStart", b"onStop")
"""Methods that Android calls once `onCreate` has returned."""
_BY_INSTRUMENTATION: Final = b"callActivityOn"
_SUPER: Final = frozenset({0x6F, 0x75})
_OF_OBJECTS: Final = range(0x52, 0x60)
"""iget to iput-short: instructions on fields that are not static."""


class ScreenOrder:
    """Looks at the screens of one package."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._callers = Callers(indexes)

    def with_possible_order(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those that would have to be read before they are written are `library_only`."""
        for flow in flows:
            too_late = any(self._is_too_late(kept, read) for kept, read in pairwise(flow.steps or ()))
            yield flow.model_copy(update={"library_only": True}) if too_late else flow

    def _is_too_late(self, kept: FlowStep, read: FlowStep) -> bool:
        if not kept.what.startswith(_KEEPS):
            return False
        place, _, field = kept.what.removeprefix(_KEEPS).rpartition(".")
        if read.class_ != place or not read.method.startswith("onCreate(Landroid/os/Bundle;)") or kept.class_ == place:
            return False
        screen, listener = _descriptor(place), _descriptor(kept.class_)
        return (
            _ACTIVITY in self._callers.above(screen)
            and self._is_run_by_android(screen)
            and self._is_only_made_later(listener, screen)
            and self._is_known_to_none_but(listener, screen)
            and self._is_of_objects(screen, field)
            and not self._callers.cut
        )

    @remembered
    def _is_run_by_android(self, screen: bytes) -> bool:
        """Tell whether nothing in the package may call the methods that Android calls of a screen."""
        names = (_CREATE, *_LATER)
        if self._callers.below(screen) or any(True for _ in self._callers.uses("string", names)):
            return False
        for part, index in enumerate(self._indexes):
            if index.continues(_BY_INSTRUMENTATION):
                return False
            named = list(index.strings_equal(names).values())
            methods = np.flatnonzero(np.isin(index.method_ids["name"], named)).tolist()
            wanted = [one for one in methods if self._may_be(screen, index.class_descriptor(one))]
            if any(self._opcode(site) not in _SUPER for site in self._callers.sites(part, "method", wanted)):
                return False
        return True

    def _may_be(self, screen: bytes, owner: bytes) -> bool:
        """Tell whether a call on a class may reach a screen: on its own, and on any that is not of the package."""
        return owner == screen or owner in self._callers.above(screen) or not self._callers.is_defined(owner)

    @remembered
    def _is_only_made_later(self, listener: bytes, screen: bytes) -> bool:
        """Tell whether objects of a class are only made by a screen that has been made."""
        text = listener[1:-1].replace(b"/", b".")
        if self._superclass(listener) != _OBJECT or self._callers.below(listener):
            return False
        if any(True for _ in self._callers.uses("string", [text])):
            return False
        makers = [site for _, site in self._callers.uses("type", [listener])]
        return bool(makers) and all(self._makes_later(site, screen) for site in makers)

    def _superclass(self, name: bytes) -> bytes:
        for index in self._indexes:
            row = index.class_rows.get(index.type_ids.get(name, -1))
            if row is not None:
                return next(iter(index.parents(row)), _OBJECT)
        return _OBJECT

    def _makes_later(self, site: Site, screen: bytes) -> bool:
        index = self._indexes[site.method.part]
        name = index.row_name(site.method.row).partition("(")[0].encode()
        is_own = self._callers.class_of(site.method) == screen
        return is_own and name in _LATER and self._opcode(site) == NEW_INSTANCE

    @remembered
    def _is_known_to_none_but(self, listener: bytes, screen: bytes) -> bool:
        """Tell whether code has a screen at hand only as `this`, and in the listener that `this` is handed to."""
        uses = (site for _, site in self._callers.uses("type", [screen]))
        if any(self._opcode(site) != CONST_CLASS for site in uses):
            return False
        return all(self._names_only(index, listener, screen) for index in self._indexes)

    def _names_only(self, index: DexIndex, listener: bytes, screen: bytes) -> bool:
        """Tell whether in one part only the listener has fields, and a constructor, that take a screen."""
        number = index.type_ids.get(screen, -1)
        if b"[" + screen in index.type_ids:
            return False
        fields = np.flatnonzero(index.field_ids["type"] == number).tolist()
        if any(index.descriptor(int(index.field_ids["class"][one])) != listener for one in fields):
            return False
        methods = range(index.method_ids.size)
        handed = (one for one in methods if screen.decode("utf-8", "replace") in index.method_name(one))
        return all(index.class_descriptor(one) == listener and index.simple_name(one) == "<init>" for one in handed)

    @remembered
    def _is_of_objects(self, screen: bytes, field: str) -> bool:
        """Tell whether a field is not static, by all that is done with it."""
        for part, index in enumerate(self._indexes):
            named = index.strings_equal((field.encode("utf-8", "surrogatepass"),)).values()
            number = index.type_ids.get(screen, -1)
            ids = np.flatnonzero((index.field_ids["class"] == number) & np.isin(index.field_ids["name"], [*named]))
            if any(self._opcode(site) not in _OF_OBJECTS for site in self._callers.sites(part, "field", ids.tolist())):
                return False
        return True

    def _opcode(self, site: Site) -> int:
        code = self._indexes[site.method.part].code(site.method.row)
        return code.units[site.unit] & 0xFF if code is not None else -1


def _descriptor(name: str) -> bytes:
    return descriptor_of(name.encode("utf-8", "surrogatepass"))
