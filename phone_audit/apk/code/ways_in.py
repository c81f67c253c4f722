"""The ways by which something leads to code: from other owners' code, or from Android, back from the code itself.

What is followed are calls, the creation of objects whose methods Android calls, and static fields that an initialiser
of a class fills. Inside a library a call that depends on a parameter leads nowhere where that is handed on as false,
and one that depends on a text is an option. What cannot be followed to its end counts as led to, so that nobody hides
code by spreading it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.code.callers import Callers, Method, Site
from phone_audit.apk.code.choices import Parameter, Text, choice_of, passed
from phone_audit.apk.code.libraries import Owner, OwnerOf, outermost
from phone_audit.apk.code.static_stores import static_fields_of
from phone_audit.apk.code.switches import Switches
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import DexCodeError, Instruction, walk
from phone_audit.model.apk import WayIn

MOST: Final = 2_000
"""Methods that are followed back from one place."""
MAX_UNITS: Final = 20_000
"""Code units of a method in which it is looked for what it hands on."""
_NEAR: Final = 2
"""Calls away from a place within which it is looked for what hands it on."""
_OTHERS: Final = frozenset({"library", "unknown"})
_OF_NOBODY: Final = frozenset({"unknown", "obfuscated"})
"""Code of no known library, renamed ones among it."""
_STATIC: Final = 0x8
_PRIVATE: Final = 0x2
_SPUT_OBJECT: Final = 0x69
_CALLED: Final[Mapping[bytes, frozenset[bytes]]] = {
    b"Ljava/lang/Object;": frozenset(),
    b"Ljava/lang/Cloneable;": frozenset(),
    b"Ljava/io/Serializable;": frozenset(),
    b"Ljava/lang/annotation/Annotation;": frozenset({b"annotationType"}),
    b"Landroid/os/Parcelable;": frozenset({b"writeToParcel", b"describeContents"}),
    b"Ljava/lang/AutoCloseable;": frozenset({b"close"}),
    b"Ljava/io/Closeable;": frozenset({b"close"}),
    b"Ljava/lang/Comparable;": frozenset({b"compareTo"}),
    b"Ljava/lang/Runnable;": frozenset({b"run"}),
    b"Ljava/util/concurrent/Callable;": frozenset({b"call"}),
}
"""The methods that Android calls through common classes; through any other it may call each. Source: Java reference."""
_BY_ANDROID: Final = (
    b"Landroid/app/Application;", b"Landroid/app/DialogFragment;", b"Landroid/app/Fragment;",
    b"Landroid/app/Instrumentation;", b"Landroid/app/ListFragment;", b"Landroid/app/backup/", b"Landroid/preference/",
    b"Landroid/view/", b"Landroid/webkit/WebView;", b"Landroid/widget/",
)  # fmt: skip
"""Classes whose heirs Android creates itself, for the manifest or a layout. Source: Android reference."""
_COMPONENTS: Final = (
    b"Landroid/accessibilityservice/", b"Landroid/app/Activity;", b"Landroid/app/AppComponentFactory;",
    b"Landroid/app/IntentService;", b"Landroid/app/ListActivity;", b"Landroid/app/Service;",
    b"Landroid/app/ZygotePreload;", b"Landroid/app/job/JobService;", b"Landroid/content/BroadcastReceiver;",
    b"Landroid/content/ContentProvider;", b"Landroidx/startup/Initializer;",
)  # fmt: skip
"""Those whose heirs it creates where the manifest names them."""


WAYS: Final[tuple[WayIn, ...]] = ("used", "option", "unused")


class Running(NamedTuple):
    """Tells what of a package runs; methods are given by part and row.

    Attributes:
        starts: whether anything may start a method; what nothing starts leads nowhere.
        is_idle: whether nothing starts a method, as far as is known: it turns no switch on.
        may_set_any: whether code that is no library's may set fields, or run, in a way that is not seen.
    """

    starts: Callable[[int, int], bool] = lambda _part, _row: True
    is_idle: Callable[[int, int], bool] = lambda _part, _row: False
    may_set_any: Callable[[], bool] = lambda: True


ALL_RUNS: Final = Running()


class Way(NamedTuple):
    """What leads to code, and the methods nearest to it, itself included."""

    kind: WayIn
    near: frozenset[Method]


USED: Final = Way("used", frozenset())
"""What is taken to be led to, by whatever it is."""


class _Step(NamedTuple):
    """A method on a way, and the parameter of it that has to be true there."""

    method: Method
    asked: Parameter | None


class WaysIn:
    """Looks for what leads to code of a package.

    Args:
        indexes: all its parts.
        owner_of: whose code a class is.
        named: the classes that the manifest names, in Java form; None where it could not be read.
        running: what of it runs.
    """

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        named: Collection[str] | None,
        running: Running = ALL_RUNS,
    ) -> None:
        self._running = running
        self._indexes = indexes
        self._owner_of = owner_of
        self._callers = Callers(indexes)
        self._switches = Switches(self._callers, owner_of, self._is_overriding, self._running.is_idle)
        self._sites: dict[Method, list[Site]] = {}
        self._named = None if named is None else frozenset(map(outermost, named))

    def creating(self, names: Collection[bytes]) -> set[Method]:
        """Return the methods that make an instance of one of these classes."""
        return {
            site.method
            for _, site in self._callers.uses("type", names)
            if self._opcode(site.method, site.unit) == dalvik.NEW_INSTANCE
        }

    def to(self, places: Collection[Site], owner: Owner) -> Way:
        """Tell what leads to places in code of one owner: code of others, or Android."""
        for place in places:
            self._sites.setdefault(place.method, []).append(place)
        way = self._followed(places, owner, options=False)
        if way.kind == "unused" and owner.party == "library":
            leads = self._followed(places, owner, options=True).kind == "used"
            return way._replace(kind="option") if leads else way
        return way

    def waits_for(self, switch: str, family: str, installing: Collection[tuple[bytes, bytes]]) -> bool:
        """Tell whether a switch that can be off stands before each of these calls in a class and those within it."""
        getters = frozenset(self._switches.getters(switch))
        sites = [site for site in self._calling(installing) if self._family(site.method) == family]
        return bool(getters and sites) and all(self._waits(site, getters, family) for site in sites)

    def is_of_library(self, family: str, owner: Owner) -> bool:
        """Tell whether only code of one library names a class, in Java form, and those within it."""
        names = {name for index in self._indexes for name in index.file.defined_classes}
        kin = [name for name in names if outermost(java_name(name)) == family]
        texts = [java_name(name).encode("utf-8", "surrogatepass") for name in kin]
        users = (*self._callers.uses("type", kin), *self._callers.uses("string", texts))
        by = {self._owner_of(java_name(self._callers.class_of(site.method))) for _, site in users}
        return owner.party == "library" and by == {owner} and not self._callers.cut

    def _calling(self, wanted: Collection[tuple[bytes, bytes]]) -> Iterator[Site]:
        for part, index in enumerate(self._indexes):
            named = index.strings_equal({name for _, name in wanted})
            ids = np.flatnonzero(np.isin(index.method_ids["name"], list(named.values()))).tolist()
            numbers = [one for one in ids if _is_wanted((index.class_descriptor(one), _name(index, one)), wanted)]
            yield from self._callers.sites(part, "method", numbers)

    def _waits(self, site: Site, getters: Collection[Method], family: str) -> bool:
        """Tell whether a switch stands before an instruction, or before each call of the method that it is in."""
        if self._switches.is_behind(site, getters):
            return True
        callers = [caller for _, caller in self._callers.of({site.method})]
        return bool(callers) and all(
            self._family(one.method) == family and self._switches.is_behind(one, getters) for one in callers
        )

    def _followed(self, places: Collection[Site], owner: Owner, *, options: bool) -> Way:
        near = frozenset(place.method for place in places)
        new = {step for place in places if (step := self._step(place, None, owner, options=options))}
        seen: set[_Step] = set()
        distance = 0
        while new:
            if any(self._is_entry(step.method, owner) for step in new) or len(seen) > MOST:
                return Way("used", near)
            seen |= new
            new = set(self._before(new, owner, options=options)) - seen
            distance += 1
            if distance <= _NEAR:
                near |= {step.method for step in new}
        led_to = self._callers.cut or self._is_named({step.method for step in seen})
        return Way("used" if led_to else "unused", near)

    def _is_named(self, methods: Collection[Method]) -> bool:
        """Tell whether a text elsewhere names the class of one of the methods, as reflection needs it."""
        families = {self._family(method) for method in methods}
        names = {java_name(self._callers.class_of(method)) for method in methods} | families
        texts = [name.encode("utf-8", "surrogatepass") for name in names]
        return any(self._family(site.method) not in families for _, site in self._callers.uses("string", texts))

    def _family(self, method: Method) -> str:
        return outermost(java_name(self._callers.class_of(method)))

    def _step(self, site: Site, asked: Parameter | None, owner: Owner, *, options: bool) -> "_Step | None":
        """Return the way back over an instruction, None where there is none.

        `asked` is the parameter of what is called that has to be true.
        """
        index = self._indexes[site.method.part]
        code = index.code(site.method.row)
        by = self._owner_of(java_name(self._callers.class_of(site.method)))
        if by.party in _OTHERS and not self._running.starts(*site.method):
            return None
        if code is None:
            return _Step(site.method, None)
        if owner.party != "library":
            return None if self._is_never_reached(site, owner) else _Step(site.method, None)
        handed = passed(code, site.unit, asked.word) if asked else None
        if handed == 0:
            return None
        if by != owner:
            return _Step(site.method, None)
        if self._switches.is_shut(site, options=options) or not self._may_exist(site.method, options):
            return None
        choice = choice_of(index, code, site.unit)
        if isinstance(choice, Text) and not options and not self._occurs_outside(choice.text, owner):
            return None
        if isinstance(choice, Parameter):
            return _Step(site.method, choice)
        return _Step(site.method, handed if isinstance(handed, Parameter) else None)

    def _is_never_reached(self, site: Site, owner: Owner) -> bool:
        """Tell whether a switch that nothing can turn on stands before an instruction in code of nobody that is known.

        In the package's own code nothing is told of it, nor where anything may be set unseen.
        """
        if owner.party not in _OF_NOBODY or self._running.may_set_any():
            return False
        return self._switches.is_shut(site, options=True) or not self._may_exist(site.method, True)

    @remembered
    def _may_exist(self, method: Method, options: bool) -> bool:
        """Tell whether an object that a method is called on may be there: not where each place that makes one is shut.

        What reflection makes may be.
        """
        index = self._indexes[method.part]
        if int(index.methods.access[method.row]) & _STATIC or self._simple_name(method).startswith(b"<"):
            return True
        own = self._callers.class_of(method)
        uses = [site for _, site in self._callers.uses("type", {own, *self._callers.below(own)})]
        makers = [site for site in uses if self._opcode(site.method, site.unit) == dalvik.NEW_INSTANCE]
        if not makers or any(self._opcode(site.method, site.unit) == dalvik.CONST_CLASS for site in uses):
            return True
        open_ones = (not self._switches.is_shut(site, options=options) for site in makers)
        return any(open_ones) or self._is_named({method})

    @remembered
    def _occurs_outside(self, text: str, owner: Owner) -> bool:
        """Tell whether code of others has a text, or the package any that goes on after it, such as an address."""
        raw = text.encode("utf-8", "surrogatepass")
        if any(index.continues(raw) for index in self._indexes):
            return True
        return any(
            self._owner_of(java_name(self._callers.class_of(site.method))) != owner
            for _, site in self._callers.uses("string", (raw,))
        )

    def calls(self, methods: Collection[Method], wanted: Collection[tuple[bytes, bytes]]) -> bool:
        """Tell whether one of the methods makes one of these calls: class, or nothing for any class, and name."""
        return any(_is_wanted(call, wanted) for method in methods for call in self._calls(method))

    def _is_entry(self, method: Method, owner: Owner) -> bool:
        name = java_name(self._callers.class_of(method))
        if self._owner_of(name) != owner:
            return True
        if self._named is not None and outermost(name) in self._named:
            return True
        return self._is_overriding(method) and self._is_made_by_android(self._callers.class_of(method))

    @remembered
    def _is_made_by_android(self, descriptor: bytes) -> bool:
        above = self._callers.above(descriptor)
        made = _BY_ANDROID if self._named is not None else (*_BY_ANDROID, *_COMPONENTS)
        return any(name.startswith(made) for name in above)

    def _before(self, steps: Collection["_Step"], owner: Owner, *, options: bool) -> Iterator["_Step"]:
        """Yield what leads to these in one step."""
        asked: dict[Method, set[Parameter | None]] = {}
        for step in steps:
            asked.setdefault(step.method, set()).add(step.asked)
        for called, site in self._callers.of(asked):
            for one in asked[called]:
                before = self._step(site, one, owner, options=options)
                if before is not None:
                    yield before
        yield from (_Step(method, None) for method in self._creating_overriding(asked))
        reading = (
            site for method in asked if self._simple_name(method) == b"<clinit>" for site in self._reading(method)
        )
        for site in reading:
            if (before := self._step(site, None, owner, options=options)) is not None:
                yield before

    def _creating_overriding(self, methods: Collection[Method]) -> Collection[Method]:
        """Return the methods that make an object whose methods code outside of the package calls."""
        overriding = {self._callers.class_of(method) for method in methods if self._is_overriding(method)}
        kin = {one for name in overriding for one in (name, *self._callers.below(name))}
        return self.creating(kin) if kin else ()

    def _is_overriding(self, method: Method) -> bool:
        """Tell whether a method may be one that code outside of the package calls through a class above."""
        access = int(self._indexes[method.part].methods.access[method.row])
        if access & (_STATIC | _PRIVATE) or self._simple_name(method).startswith(b"<"):
            return False
        own = self._simple_name(method)
        above = self._callers.above(self._callers.class_of(method))
        return any(own in _CALLED.get(name, (own,)) for name in above if not self._callers.is_defined(name))

    def _reading(self, initialiser: Method) -> Iterator[Site]:
        """Yield the instructions that read a static field which the initialiser of its class fills.

        Where it sets what holds for all connections, whatever uses the class leads to it.
        """
        own = self._callers.class_of(initialiser)
        index = self._indexes[initialiser.part]
        filled = {step.index or 0 for step in self._steps(initialiser) if step.opcode == _SPUT_OBJECT}
        if sites := self._sites.get(initialiser):
            code = index.code(initialiser.row)
            kept = [static_fields_of(code, site.unit) if code else None for site in sites]
            filled = filled if None in kept else {field for fields in kept for field in fields or ()}
        names = {index.raw_string(int(index.field_ids["name"][one])) for one in filled if one < index.field_ids.size}
        for part, other in enumerate(self._indexes):
            kind = other.type_ids.get(own, -1)
            strings = list(other.strings_equal(names).values())
            ids = np.flatnonzero((other.field_ids["class"] == kind) & np.isin(other.field_ids["name"], strings))
            for site in self._callers.sites(part, "field", ids.tolist()):
                if site.method != initialiser and self._opcode(site.method, site.unit) == dalvik.SGET_OBJECT:
                    yield site
        if any(name.startswith(b"setDefault") for _, name in self._calls(initialiser)):
            yield from (site for site in self._callers.users_of_class(own) if site.method != initialiser)

    @remembered
    def _calls(self, method: Method) -> frozenset[tuple[bytes, bytes]]:
        """Return class and name of what a method calls."""
        index = self._indexes[method.part]
        numbers = {step.index or 0 for step in self._steps(method) if step.opcode in dalvik.INVOKES}
        known = (number for number in numbers if number < index.method_ids.size)
        return frozenset((index.class_descriptor(number), _name(index, number)) for number in known)

    def _steps(self, method: Method) -> Iterator[Instruction]:
        code = self._indexes[method.part].code(method.row)
        if code is None or len(code.units) > MAX_UNITS:
            return
        try:
            yield from walk(code.units)
        except DexCodeError:
            return

    def _simple_name(self, method: Method) -> bytes:
        index = self._indexes[method.part]
        return index.simple_name(int(index.methods.method[method.row])).encode("utf-8", "surrogatepass")

    def _opcode(self, method: Method, unit: int) -> int:
        code = self._indexes[method.part].code(method.row)
        return code.units[unit] & 0xFF if code is not None else -1


def _is_wanted(call: tuple[bytes, bytes], wanted: Collection[tuple[bytes, bytes]]) -> bool:
    return call in wanted or (b"", call[1]) in wanted


def _name(index: DexIndex, number: int) -> bytes:
    return index.raw_string(int(index.method_ids["name"][number]))
