"""Flows of what is typed into screens that end before Android shows them: nobody types there.

An activity that calls `finish()` on itself in `onCreate`, before anything is decided, is never visible: Android calls
`onDestroy` next. Source: Android API reference, Activity, "Activity Lifecycle". Where every active component that is
the screen, or derives from it, ends so, what is typed into it stays listed and is not told of the package.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.code.libraries import outermost
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.index import Code, DexIndex, remembered
from phone_audit.apk.dex.instructions import IFS, INVOKES, NO_WAY_ON, STATIC_INVOKES, SWITCHES, DexCodeError, walk
from phone_audit.model.apk import Behaviour

_CREATE: Final = "onCreate(Landroid/os/Bundle;)V"
_ENDS: Final = ("finish()V", "finishAffinity()V", "finishAndRemoveTask()V")
_TYPED: Final = frozenset({"password", "email", "user-name", "typed-phone"})
_TEXT: Final = ".getText"
_DECIDES: Final = frozenset((*IFS, *SWITCHES, *NO_WAY_ON))
_CALLS: Final = INVOKES - STATIC_INVOKES
_MOST_ABOVE: Final = 16


class UnseenScreens:
    """Looks at the screens of one package; `active` are the components that are switched on, None if not known."""

    def __init__(self, indexes: Sequence[DexIndex], active: Collection[str] | None) -> None:
        self._tree = ClassHierarchy(indexes)
        self._active = [descriptor_of(one.encode("utf-8", "surrogatepass")) for one in active or ()]

    def with_seen_screens(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those of what nobody can type are `library_only`."""
        for flow in flows:
            is_typed = flow.data in _TYPED and str(flow.source).endswith(_TEXT)
            unseen = is_typed and flow.steps and self._is_never_shown(outermost(flow.steps[0].class_))
            yield flow.model_copy(update={"library_only": True}) if unseen else flow

    @remembered
    def _is_never_shown(self, name: str) -> bool:
        screen = descriptor_of(name.encode("utf-8", "surrogatepass"))
        shown = [one for one in self._active if one == screen or screen in self._tree.above(one)]
        return bool(shown) and all(map(self._ends_at_once, shown))

    @remembered
    def _ends_at_once(self, screen: bytes) -> bool:
        for _ in range(_MOST_ABOVE):
            place = self._tree.place(screen)
            if place is None:
                return False
            index, row = self._tree.indexes[place[0]], place[1]
            for method in np.flatnonzero(index.methods.class_def == row).tolist():
                code = index.code(method) if index.row_name(method) == _CREATE else None
                if code is not None:
                    return _ends(index, code)
            screen = index.parents(row)[0]
        return False


def _ends(index: DexIndex, code: Code) -> bool:
    """Tell whether a method ends the screen that it is called on before anything is decided."""
    own = code.registers - code.ins
    try:
        for one in walk(code.units):
            is_of_own = one.registers[:1] == (own,)
            if one.opcode in _CALLS and is_of_own and index.method_name(one.index or 0) in _ENDS:
                return True
            if one.opcode in _DECIDES or (is_of_own and one.opcode not in INVOKES):
                return False  # or something else may be put into the register
    except DexCodeError:
        pass
    return False
