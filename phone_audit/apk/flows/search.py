"""Follows data from its sources through the methods that hand it on, those near a way out of the phone first."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from phone_audit.apk.behaviours.lookup import Lookup
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows.abstract_interpreter import AbstractInterpreter
from phone_audit.apk.flows.call_graph import CallGraph, Flags
from phone_audit.apk.flows.places import NAMED, owner_of, type_of
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.sources import Sources, source_methods
from phone_audit.apk.flows.stream_fields import reading
from phone_audit.apk.flows.taint_rules import ANY_PREFERENCE, COMMON_CODE
from phone_audit.apk.flows.taint_state import Leak, TaintState

MAX_ROOTS: Final = 1_500
"""How often a method is followed as if Android called it."""
_MOST_A_ROOT: Final = 4_000
"""Instructions that are followed for one of them; at first no more than half of those that may be followed at all."""
_MOST_OF_ANYBODY: Final = 10_000
"""The same for all methods that handle anybody's data, together."""
_MOST_ASIDE: Final = 5_000
"""The same for what does not lead out of the phone by calls alone, after all that does, and for what comes of it."""
_CALLERS: Final = 12
"""Levels of callers up to which data is followed that methods hand back."""
_ROUNDS: Final = 8
"""How often what was put into fields is looked for in other methods."""


class Search:
    """What is found in one package.

    Args:
        program: the code of the package.
        sources: the data that a call gives, by `class.method`.
        own: what descriptors of the package's own classes begin with; they are followed first.
        near: instructions that may be followed from methods that lead to a way out of the phone.
        rest: the same for all others.
        more: instructions that may be followed in the package's own code once these are used up.
    """

    def __init__(
        self, program: Program, sources: Sources, own: tuple[bytes, ...], near: int, rest: int, more: int = 0
    ) -> None:
        self._program = program
        self._own = own
        self._sources = sources
        self._shared = TaintState(
            sources.calls,
            sources.fields,
            0,
            is_screen=program.is_screen,
            is_view=program.is_view,
            places_that_make=program.places_that_make,
        )
        self._interpreter = AbstractInterpreter(program, self._shared, sources)
        self._graph = CallGraph(program.indexes)
        self._near_budget, self._budget, self._own_budget = near, rest, more
        self._most_a_root = min(max(rest // 2, 1), _MOST_A_ROOT)
        self._anybody_budget = _MOST_OF_ANYBODY
        self._roots = self._waiting = 0
        self._cut_short: list[Method] = []
        self._aside: list[Method] = []
        self._started: set[Method] = set()
        self._near = self._graph.flags()
        self._way = ~self._near

    @property
    def cut(self) -> bool:
        """Whether something was not followed."""
        return self._shared.cut or self._program.names.cut

    @property
    def leaks(self) -> Mapping[Leak, set[Method]]:
        """What was found, each with the methods in which data and sink met."""
        return self._shared.leaks

    @property
    def followed(self) -> float | None:
        """The share of the methods that data was seen to come to that were followed, None where there are none."""
        return round(self._roots / self._waiting, 4) if self._waiting else None

    def run(self) -> None:
        """Follow data until nothing new is found, or the budget is used up."""
        new: Collection[Method] = source_methods(self._program, self._sources)
        for _ in range(_ROUNDS):
            if not new and self._cut_short:
                self._look_near()
                new = self._take_cut_short()
            if not new:
                new = self._take_aside()
            if not new:
                return
            version = self._shared.version
            self._shared.cut |= self._interpreter.callees.streams.cut
            self._started |= set(new)
            self._follow(new)
            changed = [place for place, at in self._shared.changed.items() if at > version and isinstance(place, str)]
            new = self._finding([place for place in changed if not _is_yes_or_no(place)])
            self._aside += sorted(self._finding(list(filter(_is_yes_or_no, changed))))
        self._shared.cut |= bool(new or self._aside or self._cut_short)

    def _follow(self, methods: Collection[Method]) -> None:
        """Follow methods, and the callers of those that hand data back."""
        pending = dict.fromkeys(methods, 0)
        while pending:
            chosen = self._own_first([one for one in pending if self._is_marked(self._near, one)] or pending)
            level = min(pending[method] for method in chosen)
            giving = {}
            for method in chosen:
                if pending[method] > level:
                    continue
                if self._budget <= 0 and self._near_budget:
                    self._look_near()
                    pending.update(dict.fromkeys(self._take_cut_short(), level))
                    break
                at = pending.pop(method)
                if not self._is_marked(self._way, method):
                    self._aside.append(method)
                elif self._gives(method):
                    giving[method] = at + 1
            for caller, at in self._callers(giving):
                if at <= _CALLERS:
                    pending[caller] = min(at, pending.get(caller, at))
                else:
                    self._shared.cut = True

    def _callers(self, giving: Mapping[Method, int]) -> Iterable[tuple[Method, int]]:
        """Yield the callers of methods that were not known to hand data back, with their levels."""
        new = [method for method in giving if method not in self._shared.relevant]
        for method in new:
            self._shared.gives(method)
        for method, callers in self._program.callers(sorted(new), by_own=True).items():
            yield from ((caller, giving[method]) for caller in sorted(callers))

    def _own_first(self, methods: Collection[Method]) -> list[Method]:
        """Return those of the package's own code, so that libraries do not use up what may be followed; else all.

        What handles anybody's data comes last.
        """
        own = [one for one in methods if self._is_own(one)]
        return sorted(own or [one for one in methods if not self._is_of_anybody(one)] or methods)

    def _is_of_anybody(self, method: Method) -> bool:
        """Tell whether a method handles anybody's data, by the name of its class, which anybody may choose."""
        owner = java_name(self._program.indexes[method.part].row_class(method.row))
        return owner.startswith(COMMON_CODE) and not self._is_own(method)

    def _is_own(self, method: Method) -> bool:
        return self._program.indexes[method.part].row_class(method.row).startswith(self._own)

    def _take_aside(self) -> Collection[Method]:
        """Return what does not lead out by calls alone; it may keep data where something else finds it."""
        found, self._aside = self._aside, []
        self._way = ~self._graph.flags()
        if not self._near_budget:
            self._budget, self._own_budget = min(self._budget, _MOST_ASIDE), min(self._own_budget, _MOST_ASIDE)
        return dict.fromkeys(found) if self._budget > 0 or self._own_budget > 0 else ()

    def _take_cut_short(self) -> Collection[Method]:
        """Return the methods that the small budget ended in the middle of, each once."""
        found, self._cut_short = self._cut_short, []
        return dict.fromkeys(found)

    def _look_near(self) -> None:
        """Find the methods that lead to a way out of the phone; there is more to follow if data may come to them."""
        graph = self._graph
        indexes, requests = self._program.indexes, self._program.requests
        libraries, program = self._sources.libraries, self._program
        wanted = [
            {*Lookup(index).find(self._sources.leaving).methods, *requests[part], *program.named(part, libraries.sinks)}
            for part, index in enumerate(indexes)
        ]
        asked = graph.flags(
            method for method in self._started if self._interpreter.callees.asked_by(program.name_of(method))
        )
        callees = self._interpreter.callees
        writing = graph.flags(reading(program, callees.streams.names))
        leaving = graph.naming(wanted) | asked | graph.flags(callees.renamed.sinks) | writing
        near = self._near = graph.leading_to(leaving, self._own)
        may_meet = (graph.callers_of(graph.flags(self._started)) & graph.callers_of(leaving)).any()
        if may_meet or ((self._shared.places or self._cut_short) and near.any()):
            self._budget, self._most_a_root = self._near_budget, _MOST_A_ROOT
        if may_meet:
            self._way = graph.called_from(near)
        self._near_budget = 0

    def _is_marked(self, flags: Flags, method: Method) -> bool:
        return bool(flags[self._graph.number(method)])

    def _gives(self, method: Method) -> bool:
        shared = self._shared
        self._waiting += 1
        is_used_up = self._budget <= 0
        left = self._budget
        if is_used_up:
            left = self._own_budget if self._is_own(method) else 0
        is_of_anybody = self._is_of_anybody(method)
        if is_of_anybody:
            left = min(left, self._anybody_budget)
        if self._roots == MAX_ROOTS or left <= 0:
            shared.cut = True
            return False
        self._roots += 1
        granted = shared.budget = min(left, self._most_a_root)
        gives = self._interpreter.root(method)
        spent = granted - shared.budget
        if is_used_up:
            self._own_budget -= spent
        else:
            self._budget -= spent
        if is_of_anybody:
            self._anybody_budget -= spent
        shared.cut |= shared.budget <= 0
        if shared.budget <= 0 and self._near_budget:
            self._cut_short.append(method)
        return gives

    def _finding(self, places: Collection[str]) -> set[Method]:
        """Return the methods that read what was put somewhere."""
        program = self._program
        fields: list[set[int]] = []
        strings: list[set[int]] = []
        plain = [place.rpartition(" in ")[0] or place for place in places]
        names = {place.removeprefix("field ") for place in plain if place.startswith("field ")}
        keys = [place.partition(" ")[2].encode() for place in plain if place.startswith(NAMED)]
        for part, index in enumerate(program.indexes):
            fields.append(program.fields_named(part, names))
            strings.append(set(index.strings_equal(keys).values()))
        found = {method for method, _, offset in program.users("field", fields) if program.reads(method, offset)}
        if keys:
            for part in range(len(program.indexes)):
                found.update(program.defined(part, *ANY_PREFERENCE))
        found |= self._interpreter.whole.handing_over({owner_of(name) for name in names})
        return found | {method for method, _, _ in program.users("string", strings)}


def _is_yes_or_no(place: str) -> bool:
    """Tell whether a place is a boolean field, which tells next to nothing of data, but has room for a byte of it."""
    return type_of(place.partition(" in ")[0]) == b"Z"
