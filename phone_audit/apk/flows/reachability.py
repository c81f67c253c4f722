"""Which methods of a package run at all: those that something leads to which Android calls."""

from collections.abc import Collection
from functools import cached_property
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.program import Method, Program

_LEVELS: Final = 6
"""Calls that are followed backwards; what is called from further away is taken to run."""
_MOST_CALLERS: Final = 100
"""What more methods than these may lead to is taken to run."""
_COMPONENTS: Final = frozenset(
    {
        "android.app.Activity", "android.app.Service", "android.app.IntentService", "android.content.BroadcastReceiver",
        "android.content.ContentProvider", "android.app.ListActivity",
    }
)  # fmt: skip
_PRIVATE_OR_STATIC: Final = 0x2 | 0x8
_VIEW_HANDLER: Final = "(Landroid/view/View;)V"


class Reachability:
    """Answers for the methods of one package, of which the components are known that are switched on, or None."""

    def __init__(self, program: Program, components: Collection[str] | None) -> None:
        self._program = program
        self._components = components
        self._callers: dict[Method, set[Method]] = {}

    def runs(self, method: Method) -> bool:
        """Tell whether a method runs, as far as calls can be followed backwards."""
        seen = {method}
        level = [method]
        for _ in range(_LEVELS):
            if any(self._is_entry(one) for one in level):
                return True
            unknown = [one for one in level if one not in self._callers]
            self._callers.update(self._program.callers(unknown))
            following = {caller for one in level for caller in self._callers[one]} - seen
            if not following:
                return False
            seen |= following
            if len(following) > _MOST_CALLERS:
                return True
            level = sorted(following)
        return True

    def _is_entry(self, method: Method) -> bool:
        named = self._program.name_of(method)
        above = {java_name(one) for one in self._program.above(named.owner)}
        outside = {one for one in self._program.above(named.owner) if self._program.place(one) is None}
        if named.name == "<clinit>":
            return True
        is_component = bool(above & _COMPONENTS)
        if is_component and self._components is not None and not self._switched_on(named.owner):
            return False
        if not outside - {b"Ljava/lang/Object;"} or self._program.access(method) & _PRIVATE_OR_STATIC:
            return False
        if named.name == "<init>":
            return is_component or "android.app.Application" in above
        return named.name.startswith("on") or named.name in taint_rules.ENTRY_NAMES or named.proto == _VIEW_HANDLER

    def _switched_on(self, owner: bytes) -> bool:
        """Tell whether the manifest names a class, or a class below it.

        A name of the manifest that no class bears may have been meant for one in another Java package.
        """
        assert self._components is not None  # noqa: S101 - asked only where it is known
        name = java_name(owner)
        if name in self._components or name.rpartition(".")[2] in self._without_class:
            return True
        descriptors = (f"L{name.replace('.', '/')};".encode() for name in self._components)
        return any(owner in self._program.above(one) for one in descriptors)

    @cached_property
    def _without_class(self) -> set[str]:
        """The simple names that the manifest gives to components and that no class bears under its whole name."""
        found = ((name, self._program.place(f"L{name.replace('.', '/')};".encode())) for name in self._components or ())
        return {name.rpartition(".")[2] for name, place in found if place is None}
