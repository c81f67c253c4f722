"""Runs each method once over what values may be instead of over values, and puts what was found to its calls."""

import heapq
from collections.abc import Sequence
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows.callees import Callees
from phone_audit.apk.flows.calls import CallModel
from phone_audit.apk.flows.heap import Heap, publish
from phone_audit.apk.flows.ir import Block, CallSite, LiftedMethod, Op, OpKind
from phone_audit.apk.flows.lifter import Lifter
from phone_audit.apk.flows.members import MemberAccess, State
from phone_audit.apk.flows.program import MAX_TARGETS, Method, Program, parameter_registers
from phone_audit.apk.flows.sources import Sources
from phone_audit.apk.flows.summaries import Frame, Summary, apply, sink_event, summarize
from phone_audit.apk.flows.taint_rules import ASKED, CALLBACKS, TASK, TASK_LISTENERS, TASK_RESULT
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import NOTHING, TO_NATIVE, Atom, Obj, Taint, Text, Value, bounded, join_values, taints
from phone_audit.apk.flows.whole_objects import WholeObjects
from phone_audit.apk.flows.worth_following import WorthFollowing

MAX_DEPTH: Final = 16
"""Methods that are followed one inside another; what was followed before counts as one."""
_MAX_VISITS: Final = 4
"""How often one block is run again since more may reach it."""
_MAX_VARIANTS: Final = 4
"""How often one method is followed for constants, or objects of certain classes, that it is handed."""
_MAX_TRIES: Final = 3
"""How often a method is followed again that calls itself, directly or not."""
_TASK: Final = ("execute", "executeOnExecutor")
_NATIVE: Final = 0x100
"""ACC_NATIVE; what such a method makes of data is taken to hold it."""

Variant = tuple[tuple[int, frozenset[Text], frozenset[bytes]], ...]
"""Arguments of which it matters which constants, or objects of which classes, they are."""
Key = tuple[Method, Variant]
_ANY: Final[Variant] = ()
_NOBODY: Final[frozenset[int]] = frozenset()


class AbstractInterpreter:
    """Follows methods; what it learns about fields and sinks stays in `shared`."""

    def __init__(self, program: Program, shared: TaintState, sources: Sources) -> None:
        self._program = program
        self._shared = shared
        self.callees = Callees(program, sources)
        self._bodies = Lifter(program, self.callees)
        self.whole = WholeObjects(program, sources.whole)
        self._model = CallModel(program, shared, self.callees, self.whole)
        self._members = MemberAccess(shared)
        self._arguments = _Arguments(program)
        self._known: dict[Key, Summary] = {}
        self._cut_off: dict[Key, int] = {}
        self._variants: dict[Method, int] = {}
        self._running: dict[Method, bool] = {}
        self._tries: dict[Key, int] = {}
        self._is_worth_following = WorthFollowing(program, shared, self._bodies)

    def root(self, method: Method) -> bool:
        """Follow a method as if Android called it; tell whether data leaves it for whoever calls it."""
        body = self._bodies.of(method)
        if body is None:
            return False
        named = self._program.name_of(method)
        data = CALLBACKS.get((named.name, named.proto))
        arguments: list[Value] = [
            frozenset({Obj("unknown", one.at, one.type, one.own)}) for one in self._arguments.of(body)
        ]
        frame = Frame(body, self._shared, set(), tainted=False)
        if data and arguments:
            arguments[-1] |= {self._shared.taint(data, (body.place.step(0, f"is handed {data}"),))}
            frame.tainted = True
        summary = self._summary((method, _ANY), frozenset({body.ins - 1}) if data else _NOBODY)
        returned, heap = apply(frame, Heap(), summary, arguments)
        asked_by = self.callees.asked_by(named)
        if asked_by and frame.tainted:
            step = body.place.step(0, f"{ASKED}{asked_by}")
            frame.note(sink_event("network", step, heap.closure(returned), NOTHING))
        own = {atom for value in arguments for atom in value}
        return any(
            isinstance(atom, Taint) and atom not in own
            for atom in heap.closure_of_all((returned, frame.thrown, *arguments))
        )

    @property
    def followed(self) -> set[Method]:
        """The methods that were followed."""
        return {method for method, _ in self._known}

    def _summary(self, key: Key, live: frozenset[int]) -> Summary:
        """Return what a method does, given which arguments hold data."""
        method = key[0]
        known = self._known.get(key)
        if known is not None and live <= known.live and known.holds(self._shared) and not self._is_worth_more(key):
            return known
        if method in self._running:
            self._running[method] = True
            return known or _NOTHING_DONE
        if len(self._running) >= MAX_DEPTH:
            self._shared.cut = True
            return known or _NOTHING_DONE
        body = self._bodies.of(method)
        if body is None or not body.blocks:
            self._shared.cut |= body is not None and body.units > 0
            return _NOTHING_DONE
        return self._follow_again(key, body, live | known.live if known else live)

    def _follow_again(self, key: Key, body: LiftedMethod, live: frozenset[int]) -> Summary:
        """Follow a method, again where it calls itself and more came out of it."""
        method, variant = key
        running = self._running
        before = self._known.get(key)
        for _ in range(2):
            outer = dict(running)
            running[method] = False
            version, budget = self._shared.version, self._shared.budget
            frame = self._follow_body(body, live, variant)
            again = running.pop(method)
            if any(running[one] and not outer[one] for one in running) and self._tries.get(key, 0) < _MAX_TRIES:
                version = -1  # what calls it is not known yet
                self._tries[key] = self._tries.get(key, 0) + 1
            found = summarize(frame, live, version)
            self._known[key] = found
            self._note_end(key, budget)
            if not again or (before is not None and found[:3] == before[:3]):
                break
            before = found
        return found

    def _note_end(self, key: Key, budget: int) -> None:
        """Note whether a method was followed to its end, or only until the budget that it began with was used up."""
        if self._shared.budget <= 0:
            self._cut_off[key] = budget
        else:
            self._cut_off.pop(key, None)

    def _is_worth_more(self, key: Key) -> bool:
        """Tell whether a method was not followed to its end, and much more of the budget is left now."""
        left = self._shared.budget
        return left > 0 and left > 2 * self._cut_off.get(key, left)

    def _follow_body(self, body: LiftedMethod, live: frozenset[int], variant: Variant) -> Frame:
        arguments = self._arguments.of(body)
        hold = {one for one in arguments if one.number in live}
        values: list[Value] = [frozenset({one}) for one in arguments]
        for number, constants, types in variant:
            if number < len(values):
                made = {self._arguments.typed(arguments[number], kind) for kind in types}
                hold |= made if number in live else set()
                values[number] = constants | made | (values[number] - {arguments[number]} if made else values[number])
        frame = Frame(body, self._shared, hold, tainted=bool(live))
        self._run_blocks(frame, State([*[NOTHING] * (body.registers - body.ins), *values, NOTHING], Heap()))
        return frame

    def _run_blocks(self, frame: Frame, state: State) -> None:
        blocks = frame.body.blocks
        entering: dict[int, State] = {0: state}
        visits, todo = [0] * len(blocks), [0]
        reached = None if frame.body.all_follow else state.copy()
        while todo:
            number = heapq.heappop(todo)
            self._shared.cut |= frame.tainted and visits[number] == _MAX_VISITS
            if visits[number] < _MAX_VISITS:
                visits[number] += 1
                now = entering[number].copy()
                if not self._run_block(frame, now, blocks[number]):
                    return
                block = blocks[number]
                ways = ((after, now) for after in block.following)
                thrown = ((after, one) for after in block.caught for one in (entering[number], now))
                for after, left in (*ways, *thrown):
                    if after not in entering:
                        entering[after] = left.copy()
                        heapq.heappush(todo, after)
                    elif entering[after].join(left) and after not in todo:
                        heapq.heappush(todo, after)
                if reached is not None:
                    reached.join(now)
            if todo or reached is None:
                continue
            if (fresh := next((at for at, count in enumerate(visits) if not count), None)) is not None:
                entering[fresh] = reached.copy()  # an exception or a switch leads there
                heapq.heappush(todo, fresh)

    def _run_block(self, frame: Frame, state: State, block: Block) -> bool:
        """Run what stands in a block; tell whether the budget was enough."""
        left = self._shared.budget
        if left <= 0:
            return False
        size = len(block.offsets)
        self._shared.budget = left - size
        registers = state.registers
        for what, to, more in block.ops if size <= left else block.ops[:left]:
            if what is _SET:
                registers[to] = more
            elif what is _MOVE:
                registers[to] = registers[more]
            elif what is _RESULT:
                registers[to] = state.result
            elif what is _INVOKE:
                state.result = self._invoke(frame, state, more)
            else:
                self._other(frame, state, (what, to, more))
        return self._shared.budget > 0

    def _other(self, frame: Frame, state: State, op: Op) -> None:
        what, to, more = op
        registers = state.registers
        if what is OpKind.MIX:
            registers[to] = taints([atom for at in more for atom in registers[at]]) if frame.tainted else NOTHING
        elif what is OpKind.RETURN:
            self._return(frame, state, to)
        elif what is OpKind.CATCH:
            registers[to] = frame.thrown
        elif what is OpKind.THROW:
            frame.thrown = join_values(frame.thrown, registers[to])
            self._return(frame, state, -1)
        else:
            self._members.apply(frame, state, op)

    def _return(self, frame: Frame, state: State, register: int) -> None:
        if register >= 0:
            value = state.registers[register]
            frame.returned = bounded(frame.returned | value) if frame.returned else value
        if frame.left is None:
            frame.left = state.heap.copy()
        else:
            frame.left.join(state.heap)

    def _invoke(self, frame: Frame, state: State, site: CallSite) -> Value:
        registers = state.registers
        values, callee = [registers[at] for at in site.registers], site.callee
        if self._program.view_fields.data and callee.reference:
            typed = self._model.typed(frame, site, values, state.heap)
            if typed is not None:
                return typed
        types, targets = _NO_TYPES, _NO_TARGETS
        if site.virtual:
            types = _types(values[0]) if values else _NO_TYPES
            targets = self.callees.reached(callee, types) if types or callee.own else ()
            if values and len(targets) != 1:
                frame.want(values[0], "class")
            if len(targets) > MAX_TARGETS:
                targets = self._chosen(frame, state, targets, values)
        elif callee.here:
            targets = (callee.here,)
        if not targets or self.callees.sends_for(callee, frame.body.method):
            if callee.name in _TASK and not site.static and (started := self._task(site, types)):
                return self._run_task(frame, state, values, started)
            bodies = (self._returned_data(frame, state, one, values) for one in targets or callee.brought)
            return NOTHING.union(*bodies, self._model.apply(frame, site, values, state.heap))
        added = self._from_library(frame, state, site, values)
        return bounded(self._follow(frame, state, site, values, targets) | added)

    def _chosen(
        self, frame: Frame, state: State, targets: Sequence[Method], values: Sequence[Value]
    ) -> Sequence[Method]:
        """Return as many methods as one call is followed into; note where data may come to others, or from them."""
        left = targets[MAX_TARGETS:]
        gives = not self._shared.relevant.isdisjoint(left)
        self._shared.cut |= gives or (any(map(self._bodies.size, left)) and frame.carries(state.heap, values))
        return targets[:MAX_TARGETS]

    def _from_library(self, frame: Frame, state: State, site: CallSite, values: Sequence[Value]) -> Value:
        """Return the data that a library in the package gives at a call, and hand it to who listens for it."""
        callee = site.callee
        if data := self.callees.library_data(callee, site.begin.class_):
            frame.tainted = True
            name = f"{java_name(callee.owner)}.{callee.name}"
            return frozenset({self._shared.taint(data, (site.step(f"calls {name}"),))})
        if not frame.tainted or callee.owner != TASK:
            return NOTHING
        reached = frozenset(state.heap.taints_of(frame, values[:1]))
        if callee.name == TASK_RESULT:
            return reached
        for method in self._listeners(callee.name, values[-1]) if reached else ():
            _, state.heap = self._called(frame, state.heap, method, [values[-1], reached])
        return NOTHING

    def _listeners(self, name: str, value: Value) -> Sequence[Method]:
        """Return the methods of objects of the package that are handed the result of a task."""
        named = TASK_LISTENERS.get(name)
        found = [self._program.find(kind, *named) for kind in sorted(_types(value))] if named else []
        return [one for one in found if one]

    def _returned_data(self, frame: Frame, state: State, method: Method, values: Sequence[Value]) -> Value:
        """Return the data that comes from what counts as a library's, whatever its name or messages promise."""
        if not self._is_worth_following(frame, state.heap, method, values):
            return NOTHING
        with self._shared.in_library():
            returned, _ = self._called(frame, state.heap, method, values)
        return taints(returned)

    def _follow(
        self, frame: Frame, state: State, site: CallSite, values: Sequence[Value], targets: Sequence[Method]
    ) -> Value:
        """Follow a call into the methods of the package that it may reach."""
        before = state.heap
        found: set[Atom] = set()
        after: Heap | None = None
        for target in targets:
            if self._is_worth_following(frame, before, target, values):
                returned, heap = self._called(frame, before, target, values)
                found |= returned
                if after is None:
                    after = heap
                else:
                    after.join(heap)
        if after is not None:
            state.heap = after
            return bounded(found) if found else NOTHING
        for value in values:
            publish(before, value)
        if not frame.tainted or not any(self._program.access(target) & _NATIVE for target in targets):
            return site.unknown
        return bounded(site.unknown | self._shared.after(before.taints_of(frame, values), (site.step(TO_NATIVE),)))

    def _called(self, frame: Frame, heap: Heap, target: Method, values: Sequence[Value]) -> tuple[Value, Heap]:
        """Return what a call returns, and what objects hold then."""
        live = _NOBODY
        if frame.tainted:
            live = frozenset(at for at, value in enumerate(values) if frame.carries(heap, (value,)))
        summary = self._summary((target, _ANY), live)
        variant = self._variant(frame, summary, values) if summary.wants else _ANY
        if variant and self._may_vary(target, variant):
            summary = self._summary((target, variant), live)
        elif variant:
            self._shared.cut |= bool(live) or summary.tainted
        return apply(frame, heap, summary, values)

    def _variant(self, frame: Frame, summary: Summary, values: Sequence[Value]) -> Variant:
        found = []
        for number, what in sorted(summary.wants):
            value = values[number] if number < len(values) else NOTHING
            frame.want(value, what)
            constants = frozenset(atom for atom in value if isinstance(atom, Text)) if what == "constant" else _NO_TEXTS
            types = _types(value) if what == "class" else _NO_TYPES
            if constants or types:
                found.append((number, constants, types))
        return tuple(found)

    def _may_vary(self, target: Method, variant: Variant) -> bool:
        if (target, variant) in self._known:
            return True
        self._variants[target] = self._variants.get(target, 0) + 1
        return self._variants[target] <= _MAX_VARIANTS

    def _task(self, site: CallSite, types: frozenset[bytes]) -> Method | None:
        """Return what an AsyncTask runs when it is executed; None where the call is something else."""
        proto = "([Ljava/lang/Object;)Ljava/lang/Object;"
        owners = sorted(types | {site.callee.owner})
        return next(filter(None, (self._program.find(owner, "doInBackground", proto) for owner in owners)), None)

    def _run_task(self, frame: Frame, state: State, values: Sequence[Value], method: Method) -> Value:
        returned, state.heap = self._called(frame, state.heap, method, [values[0], values[-1]])
        owner = self._program.name_of(method).owner
        after = self._program.find(owner, "onPostExecute", "(Ljava/lang/Object;)V")
        if after and returned:
            _, state.heap = self._called(frame, state.heap, after, [values[0], returned])
        return values[0]


class _Arguments:
    """Makes what stands for the arguments of methods, each once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[Method, Sequence[Obj]] = {}
        self._typed: dict[tuple[Obj, bytes], Obj] = {}

    def of(self, body: LiftedMethod) -> Sequence[Obj]:
        """Return one object for each argument register."""
        found = self._known.get(body.method)
        if found is None:
            found = self._known[body.method] = [
                Obj("param", (*body.method, -1 - number), kind, self._program.place(kind) is not None, is_param=True)
                for number, kind in enumerate(self._kinds(body)[: body.ins])
            ]
        return found

    def _kinds(self, body: LiftedMethod) -> list[bytes]:
        """Return the class of each argument register."""
        named = self._program.name_of(body.method)
        kinds = parameter_registers(named.proto)
        return [*kinds, *[b"?"] * body.ins] if body.static else [named.owner, *kinds, *[b"?"] * body.ins]

    def typed(self, argument: Obj, kind: bytes) -> Obj:
        """Return what stands for an argument that is an object of a class of the package."""
        if (argument, kind) not in self._typed:
            self._typed[argument, kind] = Obj("param", argument.at, kind, own=True, exact=True, is_param=True)
        return self._typed[argument, kind]


def _types(value: Value) -> frozenset[bytes]:
    """Return the classes of the package that objects are of, as far as that is known for sure."""
    return frozenset(
        atom.type for atom in value if isinstance(atom, Obj) and atom.own and (not atom.is_param or atom.exact)
    )


_NOTHING_DONE: Final = Summary(
    NOTHING, NOTHING, {}, {}, (), frozenset(), frozenset(), _NOBODY, tainted=False, version=0
)
_NO_TEXTS: Final[frozenset[Text]] = frozenset()
_NO_TYPES: Final[frozenset[bytes]] = frozenset()
_NO_TARGETS: Final[Sequence[Method]] = ()
_SET, _MOVE, _RESULT, _INVOKE = OpKind.SET, OpKind.MOVE, OpKind.RESULT, OpKind.INVOKE
