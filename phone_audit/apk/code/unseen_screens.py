"""Flows of what is typed into screens that end before Android shows them: nobody types there.

An activity that calls `finish()` on itself in `onCreate`, before anything is decided, is never visible: Android calls
`onDestroy` next. Source: Android API reference, Activity, "Activity Lifecycle". Where every active component that is
the screen, or derives from it, ends so, what is typed into it stays listed and is not told of the package. It is told
where the package has a `finish` of its own, where Android may call another `onCreate`, and where other code, or another
component inside the class, leads to the method that takes what is typed: that may show it elsewhere.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.code.callers import Callers, Method, Site
from phone_audit.apk.code.libraries import outermost
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import descriptor_of, java_name
from phone_audit.apk.dex.index import Code, DexIndex, remembered
from phone_audit.apk.dex.instructions import IFS, INVOKES, NO_WAY_ON, STATIC_INVOKES, SWITCHES, DexCodeError, walk
from phone_audit.model.apk import Behaviour

_CREATE: Final = "onCreate(Landroid/os/Bundle;)V"
_CREATE_INSTEAD: Final = "onCreate(Landroid/os/Bundle;Landroid/os/PersistableBundle;)V"
_ENDS: Final = ("finish()V", "finishAffinity()V", "finishAndRemoveTask()V")
_TYPED: Final = frozenset({"password", "hidden-text", "email", "user-name", "typed-phone", "typed-name"})
_TEXT: Final = ".getText"
_DECIDES: Final = frozenset((*IFS, *SWITCHES, *NO_WAY_ON))
_CALLS: Final = INVOKES - STATIC_INVOKES


class UnseenScreens:
    """Looks at the screens of one package; `active` are the components that are switched on, None if not known."""

    def __init__(self, indexes: Sequence[DexIndex], active: Collection[str] | None) -> None:
        self._tree = ClassHierarchy(indexes)
        self._callers = Callers(indexes)
        self._active = [_descriptor(one) for one in active or ()]

    def with_seen_screens(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those of what nobody can type are `library_only`."""
        for flow in flows:
            is_typed = flow.data in _TYPED and str(flow.source).endswith(_TEXT)
            unseen = is_typed and flow.steps and self._is_never_shown(flow.steps[0].class_, flow.steps[0].method)
            yield flow.model_copy(update={"library_only": True}) if unseen else flow

    @remembered
    def _is_never_shown(self, class_: str, method: str) -> bool:
        """Tell whether a method takes what is typed into a screen that ends, and into nothing else."""
        screen = _descriptor(outermost(class_))
        shown = [one for one in self._active if one == screen or screen in self._tree.above(one)]
        if not shown or not all(map(self._ends_at_once, shown)):
            return False
        taking = [one for one, name in self._methods(_descriptor(class_)) if name == method]
        return bool(taking) and not self._leads_from_elsewhere(screen, taking)

    @remembered
    def _ends_at_once(self, screen: bytes) -> bool:
        methods = [method for one in (screen, *self._tree.supers(screen)) for method in self._methods(one)]
        if any(name.startswith("finish") or name == _CREATE_INSTEAD for _, name in methods):
            return False
        created = next((method for method, name in methods if name == _CREATE), None)
        if created is None:
            return False
        index = self._tree.indexes[created.part]
        code = index.code(created.row)
        return code is not None and _ends(index, code)

    def _leads_from_elsewhere(self, screen: bytes, taking: Collection[Method]) -> bool:
        """Tell whether something beside a screen, its kin and what stands inside them may lead to methods of theirs."""
        screens = self._callers.kin(screen)
        places = {outermost(java_name(one)) for one in screens}
        if any(outermost(java_name(one)) in places and one not in screens for one in self._active):
            return True
        left, seen = [*taking], set[Method | bytes]()
        while left:
            method = left.pop()
            owner = self._callers.class_of(method)
            if outermost(java_name(owner)) not in places:
                return True
            asked = method if owner in screens else owner
            if asked not in seen:
                seen.add(asked)
                left.extend(site.method for site in self._uses(asked))
        return self._callers.cut

    def _uses(self, asked: Method | bytes) -> Iterator[Site]:
        """Yield the calls of a method of a screen (only Android makes objects of it), or all uses of another class."""
        if isinstance(asked, Method):
            yield from (site for _, site in self._callers.of([asked]))
        else:
            yield from self._callers.users_of_class(asked)
            yield from (site for _, site in self._callers.uses("string", [asked[1:-1].replace(b"/", b".")]))

    def _methods(self, owner: bytes) -> list[tuple[Method, str]]:
        """Return the methods that a class defines, with name and prototype."""
        place = self._tree.place(owner)
        if place is None:
            return []
        part, row = place
        index = self._tree.indexes[part]
        rows = np.flatnonzero(index.methods.class_def == row).tolist()
        return [(Method(part, one), index.row_name(one)) for one in rows]


def _descriptor(name: str) -> bytes:
    return descriptor_of(name.encode("utf-8", "surrogatepass"))


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
