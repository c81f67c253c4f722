"""Flows through a field of a screen that is read while the screen is made, and filled only by what it makes later.

Android makes each screen anew and calls `onCreate` before any other method of it: what a listener that `onDestroy`
makes puts into a field of its screen comes too late for `onCreate`. Such flows stay listed, and are not told of the
package. Told they are where a call leads to such a method again, where anything else may make the listener, and where
it may fill the field of another screen. Source: Android API reference, Activity, "Activity Lifecycle".
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from phone_audit.apk.code.callers import Callers, Method, Site
from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import NEW_INSTANCE, DexCodeError, Instruction
from phone_audit.model.apk import Behaviour, FlowStep

_KEEPS: Final = "keeps it in "
_ACTIVITY: Final = b"Landroid/app/Activity;"
_OBJECT: Final = b"Ljava/lang/Object;"
_CREATE: Final = "onCreate(Landroid/os/Bundle;)V"
_LATER: Final = frozenset({
    _CREATE.replace("onCreate", "onRestoreInstanceState"), _CREATE.replace("onCreate", "onSaveInstanceState"),
    "onDestroy()V", "onLowMemory()V", "onPause()V", "onRestart()V", "onResume()V", "onStart()V", "onStop()V",
    "onUserLeaveHint()V",
})  # fmt: skip
"""Methods that Android calls once `onCreate` has returned."""
_SUPER: Final = frozenset({0x6F, 0x75})
_IGET_OBJECT: Final = 0x54
_SGET_OBJECT: Final = 0x62
_TAKES: Final = frozenset({NEW_INSTANCE, 0x1F})
"""new-instance and check-cast."""
_IPUT: Final = range(0x59, 0x60)


class ScreenOrder:
    """Looks at the screens of one package."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._callers = Callers(indexes)

    def with_possible_order(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those that would have to be read before they are written are `library_only`."""
        for flow in flows:
            too_late = any(self._is_too_late(kept, read) for kept, read in pairwise(flow.steps or ()))
            yield flow.model_copy(update={"library_only": True}) if too_late else flow

    def _is_too_late(self, kept: FlowStep, read: FlowStep) -> bool:
        screen, _, _ = kept.what.removeprefix(_KEEPS).rpartition(".")
        is_of_screen = kept.what.startswith(_KEEPS) and read.class_ == screen and read.method == _CREATE
        if not is_of_screen or kept.class_ == screen or _ACTIVITY not in self._callers.above(_descriptor(screen)):
            return False
        listener = _descriptor(kept.class_)
        return (
            self._is_only_made_later(listener, _descriptor(screen))
            and self._fills_own(kept, listener, _descriptor(screen))
            and self._is_called_by_android(_descriptor(screen), _CREATE)
            and not self._is_taken_out(_descriptor(screen))
            and not self._callers.cut
        )

    @remembered
    def _is_only_made_later(self, listener: bytes, screen: bytes) -> bool:
        """Tell whether objects of a class are only made by a screen that has been made."""
        if self._extends_something(listener):
            return False
        text = listener[1:-1].replace(b"/", b".")
        if any(True for _ in self._callers.uses("string", [text])) or self._callers.below(listener):
            return False
        makers = [site for _, site in self._callers.uses("type", [listener])]
        return bool(makers) and all(self._makes_later(site, screen) for site in makers)

    def _extends_something(self, listener: bytes) -> bool:
        """Tell whether a class stands below another one, which may make Android or a library make it."""
        places = ((index, index.class_rows.get(index.type_ids.get(listener, -1))) for index in self._callers.indexes)
        return not any(row is not None and index.parents(row)[:1] == [_OBJECT] for index, row in places)

    def _makes_later(self, site: Site, screen: bytes) -> bool:
        index = self._callers.indexes[site.method.part]
        code = index.code(site.method.row)
        name = index.row_name(site.method.row)
        is_made = code is not None and code.units[site.unit] & 0xFF == NEW_INSTANCE
        is_own = self._callers.class_of(site.method) == screen
        return is_made and is_own and name in _LATER and self._is_called_by_android(screen, name)

    @remembered
    def _is_called_by_android(self, screen: bytes, name: str) -> bool:
        """Tell whether no code calls a method of a screen, but for those of the same name below it."""
        methods = [method for method in self._methods(screen) if self._name(method) == name]
        calls = (site for _, site in self._callers.of(methods))
        return bool(methods) and all(self._opcode(site) in _SUPER for site in calls)

    def _fills_own(self, kept: FlowStep, listener: bytes, screen: bytes) -> bool:
        """Tell whether the object whose field is filled comes out of a field of the listener alone."""
        for method in self._methods(listener):
            index = self._callers.indexes[method.part]
            code = index.code(method.row)
            if self._name(method) != kept.method or code is None:
                continue
            try:
                return _comes_from_own(index, def_use.Method(code), (kept.offset - code.offset) // 2, screen)
            except DexCodeError:
                return False
        return False

    @remembered
    def _is_taken_out(self, screen: bytes) -> bool:
        """Tell whether code makes a screen, or takes one out of where any of its kind may be kept."""
        uses = (site for _, site in self._callers.uses("type", [screen]))
        if any(self._opcode(site) in _TAKES for site in uses):
            return True
        for part, index in enumerate(self._callers.indexes):
            number = index.type_ids.get(screen, -1)
            fields = (index.field_ids["type"] == number).nonzero()[0].tolist()
            if any(self._opcode(site) == _SGET_OBJECT for site in self._callers.sites(part, "field", fields)):
                return True
        return False

    def _methods(self, owner: bytes) -> Iterator[Method]:
        for part, index in enumerate(self._callers.indexes):
            row = index.class_rows.get(index.type_ids.get(owner, -1))
            if row is not None:
                rows = (index.methods.class_def == row).nonzero()[0].tolist()
                yield from (Method(part, one) for one in rows)

    def _name(self, method: Method) -> str:
        return self._callers.indexes[method.part].row_name(method.row)

    def _opcode(self, site: Site) -> int:
        code = self._callers.indexes[site.method.part].code(site.method.row)
        return code.units[site.unit] & 0xFF if code is not None else -1


def _comes_from_own(index: DexIndex, method: def_use.Method, unit: int, screen: bytes) -> bool:
    """Tell whether an instruction fills the field of an object that the class has in a field of its own."""
    place = method.place_at(unit)
    filling = None if place is None else method.instructions[place]
    if filling is None or filling.opcode not in _IPUT:
        return False
    origins = method.origins_of(filling, filling.registers[1])
    return bool(origins) and all(
        origin >= 0 and _reads(index, method.instructions[origin], screen) for origin in origins
    )


def _reads(index: DexIndex, instruction: Instruction, screen: bytes) -> bool:
    if instruction.opcode != _IGET_OBJECT or instruction.index is None:
        return False
    field = index.field_ids[instruction.index]
    return index.descriptor(int(field["type"])) == screen


def _descriptor(name: str) -> bytes:
    return descriptor_of(name.encode("utf-8", "surrogatepass"))
