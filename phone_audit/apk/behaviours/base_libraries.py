"""What only base libraries do, and no other code of the package has them do: it is no behaviour of the package.

A base library stands in packages whatever they do: AndroidX looks up the last known place to choose a dark theme. What
its classes are known to do by themselves counts as soon as anything else calls them: the class, or one inside or around
it, is named by a call, by a text (for reflection), or by the manifest. A name makes no base library: where classes of
such names lead from one that the manifest names, and that is not known, to that code, it counts, too. Anything else in
such classes counts as it is.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from phone_audit.apk.code.callers import Callers, Method, Site
from phone_audit.apk.code.libraries import Owners, outermost
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import evidence_in
from phone_audit.model.finding import Evidence

_MAKING: Final = frozenset({dalvik.NEW_INSTANCE, dalvik.CONST_CLASS})


class BaseLibraries:
    """Tells what of base libraries other code calls. `named` are the classes of the manifest, in Java form."""

    def __init__(self, indexes: Sequence[DexIndex], owners: Owners, named: Collection[str]) -> None:
        self._callers = Callers(indexes)
        self._starters = Callers(indexes)
        self._owners = owners
        self._own = owners.own_starts
        self._named = frozenset(map(outermost, named))
        self._may_start = any(self._is_unknown(name) and self._starters.is_defined(_descriptor(name)) for name in named)

    def is_own(self, descriptor: bytes) -> bool:
        return descriptor.startswith(self._own)

    def is_defined(self, name: str) -> bool:
        """Tell whether the package brings a class along, by its name in Java form."""
        return self._callers.is_defined(_descriptor(name))

    @remembered
    def does(self, descriptor: bytes, behaviour: str) -> bool:
        """Tell whether a class is of a base library, and does this by itself."""
        return self.does_named(java_name(descriptor), behaviour)

    def does_named(self, name: str, behaviour: str) -> bool:
        """Tell the same of a class by its name in Java form."""
        return self._owners.does_by_itself(name, behaviour)

    def called(self, methods: Collection[Method]) -> bool | Evidence:
        """Tell whether other code has base libraries run one of these methods; the place that does, if there is one."""
        families = {self._family(method) for method in methods}
        if not families.isdisjoint(self._named):
            return True
        seen, new = set(methods), set(methods)
        beyond: set[Method] = set(methods)
        while new:
            calls = list(self._callers.of(new))
            for called, site in calls:
                if self._is_outside(site):
                    return self._evidence(site, called)
            beyond |= {site.method for _, site in calls}
            inside = {site.method for called, site in calls if self._family(site.method) == self._family(called)}
            new = inside - seen
            seen |= new
        return self._callers.cut or any(self._naming(families)) or self._started(beyond)

    def _started(self, methods: Collection[Method]) -> bool:
        """Tell whether a class that the manifest names leads to methods, by way of classes of base libraries alone."""
        if not self._may_start:
            return False
        seen, new = set(methods), set(methods)
        while new:
            if any(self._is_started(self._callers.class_of(method)) for method in new):
                return True
            before = {site.method for site in self._leading_to(new) if not self._is_outside(site)}
            new = before - seen
            seen |= new
        return self._starters.cut

    def _leading_to(self, methods: Collection[Method]) -> Iterator[Site]:
        """Yield what calls methods; of those that nothing calls what makes objects of their classes, for Android."""
        calls = list(self._starters.of(methods))
        yield from (site for _, site in calls)
        uncalled = set(methods) - {called for called, _ in calls}
        made = {self._starters.class_of(method) for method in uncalled}
        for _, site in self._starters.uses("type", made):
            code = self._starters.indexes[site.method.part].code(site.method.row)
            if code is not None and code.units[site.unit] & 0xFF in _MAKING:
                yield site

    @remembered
    def _is_started(self, descriptor: bytes) -> bool:
        """Tell whether the manifest names a class of such a name that is not known, or one that inherits from it."""
        names = map(java_name, (descriptor, *self._callers.below(descriptor)))
        return any(self._is_unknown(name) for name in names)

    def _is_unknown(self, name: str) -> bool:
        own = self._owners
        return outermost(name) in self._named and own.is_base(name) and not own.does_anything(name)

    def _naming(self, families: Collection[str]) -> Iterator[bool]:
        """Yield for each text that names one of the classes whether it stands in other code."""
        texts = [family.encode("utf-8", "surrogatepass") for family in families]
        for _, site in self._callers.uses("string", texts):
            yield self._is_outside(site)

    def _is_outside(self, site: Site) -> bool:
        return not self._owners.is_base(java_name(self._callers.class_of(site.method)))

    def _family(self, method: Method) -> str:
        return outermost(java_name(self._callers.class_of(method)))

    def _evidence(self, site: Site, called: Method) -> Evidence:
        index = self._callers.indexes[called.part]
        name = index.row_name(called.row).partition("(")[0]
        value = f"{java_name(index.row_class(called.row))}.{name}"
        return evidence_in(self._callers.indexes[site.method.part], site.method.row, site.offset, value)


def _descriptor(name: str) -> bytes:
    return f"L{name.replace('.', '/')};".encode("utf-8", "surrogatepass")
