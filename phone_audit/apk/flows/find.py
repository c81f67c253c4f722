"""Flows of a package: data that a source gives and a sink takes, in one method or along a short chain of calls."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.behaviours.lookup import LeafQuery, Lookup
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.abstract_interpreter import MAX_CALLS, AbstractInterpreter
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import WORDS, Sources, source_methods
from phone_audit.apk.flows.taints import Leak, Step, TaintState
from phone_audit.knowledge.schema.behaviour import Leaf
from phone_audit.model.apk import Behaviour, FlowStep
from phone_audit.model.finding import Evidence

MAX_INSTRUCTIONS: Final = 4_000
"""Instructions that are followed in one package."""
MAX_ROOTS: Final = 400
"""Methods that are followed as if Android called them."""
MAX_FLOWS: Final = 200
_SWITCH: Final = LeafQuery([Leaf("call", "android.content.pm.PackageManager.setComponentEnabledSetting")])
"""What switches components on that the manifest leaves off."""
_BY: Final[Mapping[str, str]] = {
    "network": "over the network",
    "sms": "by text message",
    "log": "to the system log",
    "process": "to another program",
    "intent": "to any package that listens",
}
_ROUNDS: Final = 4
"""How often what was put into fields is looked for in other methods."""
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
        """Tell whether the manifest names a class, or a class below it."""
        assert self._components is not None  # noqa: S101 - asked only where it is known
        if java_name(owner) in self._components:
            return True
        descriptors = (f"L{name.replace('.', '/')};".encode() for name in self._components)
        return any(owner in self._program.above(one) for one in descriptors)


def find_flows(
    indexes: Sequence[DexIndex],
    sources: Sources,
    active: Collection[str] | None,
    own: tuple[bytes, ...] = (),
    most: int = MAX_INSTRUCTIONS,
) -> tuple[tuple[Behaviour, ...], bool]:
    """Return one behaviour for each source, data, sink and place; and whether all data could be followed.

    Args:
        indexes: the parts of the DEX files of one package.
        sources: which data a call gives.
        active: names of the components that are switched on, None where that is not known.
        own: what descriptors of the package's own classes begin with; they are followed first.
        most: instructions that may be followed.
    """
    search = _Search(indexes, sources, own, most)
    search.run()
    if not search.leaks:
        return (), not search.cut
    switches = any(Lookup(index).find(_SWITCH).methods for index in indexes)
    reach = Reachability(search.program, None if switches else active)
    flows = _distinct(search.leaks, reach)
    shown = [_behaviour(leak) for leak in flows[:MAX_FLOWS]]
    complete = not search.cut and len(flows) <= MAX_FLOWS
    return tuple(sorted(shown, key=lambda flow: (flow.id, str(flow.steps)))), complete


def _distinct(leaks: Mapping[Leak, set[Method]], reach: Reachability) -> list[Leak]:
    """Return one flow, the shortest, for each source and each method with a sink, of those that run."""
    flows: dict[tuple[str, str, Step, str, str], Leak] = {}
    for leak, roots in sorted(leaks.items(), key=lambda item: (len(item[0].taint.steps), str(item[0]))):
        key = (leak.taint.data, leak.sink, leak.taint.steps[0], leak.step.class_, leak.step.method)
        before = flows.get(key)
        if before is not None and (before.cleartext or not leak.cleartext):
            continue
        if any(reach.runs(root) for root in sorted(roots)):
            flows[key] = leak if before is None else before._replace(cleartext=True)
    return list(flows.values())


class _Search:
    def __init__(self, indexes: Sequence[DexIndex], sources: Sources, own: tuple[bytes, ...], most: int) -> None:
        self.program = Program(indexes)
        self._own = own
        self._sources = sources
        self._shared = TaintState(sources.calls, sources.fields, most)
        self._interpreter = AbstractInterpreter(self.program, self._shared)
        self._roots = 0

    @property
    def cut(self) -> bool:
        """Whether something was not followed."""
        return self._shared.budget <= 0 or self._shared.cut or self.program.names.cut

    @property
    def leaks(self) -> Mapping[Leak, set[Method]]:
        """What was found, each with the methods that it was followed from."""
        return self._shared.leaks

    def run(self) -> None:
        """Follow data until nothing new is found, or the budget is used up."""
        new = source_methods(self.program, self._sources)
        for _ in range(_ROUNDS):
            if not new:
                return
            known = dict(self._shared.places)
            self._follow(new)
            new = self._finding({place for place, value in self._shared.places.items() if value != known.get(place)})
        self._shared.cut |= bool(new)

    def _follow(self, methods: set[Method]) -> None:
        """Follow methods, and the callers of those that hand data back, a few levels up."""
        done: set[Method] = set()
        level = methods
        for _ in range(MAX_CALLS + 1):
            giving = {method for method in self._own_first(level) if self._gives(method)}
            self._shared.relevant |= giving
            if not giving:
                return
            done |= level
            callers = self.program.callers(sorted(giving), by_own=True)
            level = {caller for found in callers.values() for caller in found} - done
        self._shared.cut |= bool(level)

    def _own_first(self, methods: Collection[Method]) -> list[Method]:
        """Put the package's own code first, so that libraries do not use up what may be followed."""
        indexes = self.program.indexes

        def order(method: Method) -> tuple[bool, Method]:
            return not indexes[method.part].row_class(method.row).startswith(self._own), method

        return sorted(methods, key=order)

    def _gives(self, method: Method) -> bool:
        if self._roots == MAX_ROOTS:
            self._shared.cut = True
            return False
        self._roots += 1
        self._shared.root = method
        return self._interpreter.root(method)

    def _finding(self, places: Collection[str]) -> set[Method]:
        """Return the methods that read what was put somewhere."""
        fields: list[set[int]] = []
        strings: list[set[int]] = []
        plain = [place.rpartition(" in ")[0] or place for place in places]
        names = {place.removeprefix("field ") for place in plain if place.startswith("field ")}
        keys = [place.removeprefix("extra ").encode() for place in plain if place.startswith("extra ")]
        for index in self.program.indexes:
            owners = {name.partition("->")[0].encode() for name in names}
            types = [index.type_ids[owner] for owner in owners if owner in index.type_ids]
            numbers = np.flatnonzero(np.isin(index.field_ids["class"], types)).tolist() if types else []
            fields.append({number for number in numbers if index.field_name(number) in names})
            strings.append(set(index.strings_equal(keys).values()))
        found = {
            method for method, _, offset in self.program.users("field", fields) if self.program.reads(method, offset)
        }
        return found | {method for method, _, _ in self.program.users("string", strings)}


def _behaviour(leak: Leak) -> Behaviour:
    steps = (*leak.taint.steps, leak.step)
    evidence = tuple(
        Evidence(kind="flow", where=at.file, value=at.what, class_=at.class_, method=at.method, offset=at.offset)
        for at in steps
        if at.file
    )
    return Behaviour(
        id=f"flow.{leak.taint.data}-{leak.sink}",
        title=f"Passes on {WORDS.get(leak.taint.data, leak.taint.data)} {_BY[leak.sink]}",
        evidence=evidence,
        source=leak.taint.steps[0].what.removeprefix("calls ").removeprefix("reads "),
        sink=leak.step.what.removeprefix("calls "),
        data=leak.taint.data,
        cleartext=leak.cleartext,
        steps=tuple(FlowStep(class_=at.class_, method=at.method, offset=at.offset, what=at.what) for at in steps),
    )
