"""What is known of each method that code calls: its models if it is Android's, and what of the package it may reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.program import MAX_TARGETS, Method, Program
from phone_audit.apk.flows.taints import Mark, mark

_ROOTS: Final[Mapping[str, str]] = {
    "android.app.Activity": "android.content.Context",
    "android.app.Service": "android.content.Context",
}


@dataclass(eq=False, slots=True)
class ApiModel:
    """What the models say of a call of something that is not defined in the package.

    Attributes:
        names: `class.method` for the class that is named and those above it.
        sink: what it gives data away by, whatever it is called on.
        writes: whether it gives data away if it is called on something that leads out of the package.
        extras: whether it is called on what keeps values under names.
        untouched: whether the object that it is called on is not taken to hold what is handed to it.
        wraps: whether that object passes on to another one what is handed to it.
        fills: whether what is handed over may lie in that object from then on.
        neutral: whether its result tells next to nothing of the data.
        plain: whether its result cannot be changed.
        gives_itself: whether its result may be the object that it is called on.
        mark: the property of its result.
        source: the data that it gives.
        setting: whether it reads a setting, named by a text.
        query: whether it asks a provider.
        special: what else is done for it, by name.
    """

    names: tuple[str, ...]
    sink: taint_rules.Sink | None
    writes: bool
    extras: bool
    untouched: bool
    wraps: bool
    fills: bool
    neutral: bool
    plain: bool
    gives_itself: bool
    mark: Mark | None
    source: str | None
    setting: bool
    query: bool
    special: str | None


@dataclass(eq=False, slots=True)
class Callee:
    """A method_id that is called.

    Attributes:
        part: number of the part that names it.
        number: the method_id.
        owner: descriptor of the class that is named.
        name: of the method.
        returns: descriptor of its result.
        reference: whether that is an object or an array.
        own: whether its class is defined in the package.
        here: the method itself, where it is defined.
        api: what the models say of it; None until somebody asks.
    """

    part: int
    number: int
    owner: bytes
    name: str
    returns: bytes
    reference: bool
    own: bool
    here: Method | None
    api: ApiModel | None = None


class Callees:
    """Finds out about each method_id once.

    Args:
        program: the code of the package.
        sources: the data that a call gives, by `class.method`.
    """

    def __init__(self, program: Program, sources: Mapping[str, str]) -> None:
        self._program = program
        self._sources = sources

    @remembered
    def of(self, part: int, number: int) -> Callee:
        """Return what is known of a method_id of one part."""
        owner, name, returns = self._program.names.called(part, number)
        own = self._program.place(owner) is not None
        here = self._program.at(part, number) if own else None
        if own and here is None:
            here = self._program.find(*self._program.names.named(part, number))
        return Callee(part, number, owner, name, returns, returns.startswith((b"L", b"[")), own, here)

    @remembered
    def reached(self, callee: Callee, types: frozenset[bytes]) -> tuple[Method, ...]:
        """Return the defined methods that a virtual call may reach.

        A call on a class of Android is followed only into objects of which the class is known.

        Args:
            callee: what the instruction names.
            types: own classes of the objects that the first argument may be; empty where nothing is known.
        """
        program = self._program
        under = [one for one in sorted(types) if program.is_under(one, callee.owner)]
        if not under and not callee.own:
            return ()
        named = program.names.named(callee.part, callee.number)
        exact = [program.find(one, named.name, named.proto) for one in under]
        if not under:
            exact = [callee.here, *program.overriding(named)]
        return tuple(dict.fromkeys(method for method in exact if method))[:MAX_TARGETS]

    def api(self, callee: Callee, *, static: bool) -> ApiModel:
        """Return what the models say of a callee."""
        if callee.api is None:
            callee.api = self._api(callee, static=static)
        return callee.api

    def _api(self, callee: Callee, *, static: bool) -> ApiModel:
        owner, name = callee.owner, callee.name
        owners = self._owners_of(owner)
        names = tuple(f"{one}.{name}" for one in owners)
        untouched = any(one.startswith(taint_rules.UNTOUCHED) for one in owners)
        plain = callee.returns in taint_rules.PLAIN_BYTES
        marked = next((taint_rules.MARKS[one] for one in names if one in taint_rules.MARKS), None)
        setting, query = names[0] in taint_rules.SETTING_CALLS, taint_rules.QUERY in names
        return ApiModel(
            names=names,
            sink=next((taint_rules.SINKS[one] for one in names if one in taint_rules.SINKS), None),
            writes=name in taint_rules.WRITES and not static and owners[0] not in taint_rules.MEMORY,
            extras=not static and owners[0] in taint_rules.EXTRAS,
            untouched=untouched,
            wraps=owners[0].startswith(taint_rules.WRAPPERS),
            fills=not static and not untouched and not taint_rules.only_looks(name),
            neutral=name in taint_rules.NEUTRAL,
            plain=plain,
            gives_itself=callee.returns == owner and not plain,
            mark=mark(marked) if marked else None,
            source=None
            if setting or query
            else next((self._sources[one] for one in names if one in self._sources), None),
            setting=setting,
            query=query,
            special=_special(names[0], name),
        )

    @remembered
    def _owners_of(self, owner: bytes) -> tuple[str, ...]:
        """Return the classes under which a call on this class is known: itself and those above it."""
        names = [java_name(owner), *sorted(java_name(one) for one in self._program.above(owner))]
        names += [above for name in names if (above := _ROOTS.get(name))]
        return tuple(dict.fromkeys(names))


def _special(name: str, method: str) -> str | None:
    """Return the name under which something else is done for a call."""
    if name in taint_rules.COPIES:
        return name
    if name in taint_rules.MESSAGES:
        return "message"
    if method == "read":
        return "read"
    return "intent" if name.startswith("android.content.Intent.") else None
