"""Runs methods over what values may be instead of over values, following calls for a few steps."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.flows.calls import CallModel
from phone_audit.apk.flows.heap import Heap, MemberAccess, State
from phone_audit.apk.flows.ir import Block, Callees, CallSite, LiftedMethod, Op, OpKind
from phone_audit.apk.flows.lifter import Lifter
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import CALLBACKS, SMALL
from phone_audit.apk.flows.taints import NOTHING, Atom, Leak, Obj, Taint, TaintState, Value, bounded, taints

MAX_CALLS: Final = 5
"""Calls that are followed one inside another, and how many levels of callers what hands data back is followed up to."""
_MAX_VISITS: Final = 4
"""How often one block is run again since more may reach it."""
_MAX_SMALL_DEPTH: Final = 3
_MOST_A_ROOT: Final = 1000
"""Instructions that are followed from one root."""
_TASK: Final = ("execute", "executeOnExecutor")


@dataclass(eq=False, slots=True)
class _Frame:
    """One method that is being followed."""

    body: LiftedMethod
    chain: tuple[Method, ...]
    returned: Value = NOTHING
    left: Heap | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _Summary:
    """What a method does where the objects that it is handed hold nothing yet."""

    returned: Value
    left: Heap
    leaks: Sequence[Leak]
    tainted: bool


Key = tuple[Method, tuple[Value, ...], int, int]


class AbstractInterpreter:
    """Follows methods; what it learns about fields and sinks stays in `shared`."""

    def __init__(self, program: Program, shared: TaintState) -> None:
        self._program = program
        self._shared = shared
        self._callees = Callees(program, shared.sources)
        self._bodies = Lifter(program, self._callees)
        self._model = CallModel(program, shared, self._callees)
        self._members = MemberAccess(shared)
        self._known: dict[Key, _Summary] = {}

    def root(self, method: Method) -> bool:
        """Follow a method as if Android called it; tell whether data leaves it for whoever calls it."""
        body = self._bodies.of(method)
        if body is None:
            return False
        arguments = self._arguments(body)
        shared = self._shared
        kept_back = max(0, shared.budget - _MOST_A_ROOT)
        shared.budget -= kept_back
        returned, heap = self.run(method, arguments, Heap(), ())
        shared.cut |= shared.budget <= 0
        shared.budget += kept_back
        if not shared.tainted:
            return False
        own = {atom for value in arguments for atom in value if isinstance(atom, Taint)}
        return not taints(heap.closure_of_all((returned, *arguments))) <= own

    def _arguments(self, body: LiftedMethod) -> list[Value]:
        """Return what a method is handed by Android."""
        named = self._program.name_of(body.method)
        data = CALLBACKS.get((named.name, named.proto))
        self._shared.tainted = False
        arguments: list[Value] = []
        for number in range(body.ins):
            this = number == 0 and not body.static
            owner = named.owner if this else b"?"
            arguments.append(frozenset({Obj("unknown", (*body.method, -1 - number), owner, own=this)}))
        if data and arguments:
            arguments[-1] |= {self._shared.taint(data, (body.place.step(0, f"is handed {data}"),))}
        return arguments

    def run(
        self, method: Method, arguments: Sequence[Value], heap: Heap, chain: tuple[Method, ...]
    ) -> tuple[Value, Heap]:
        """Follow a method, given what each argument register may hold and what objects hold, which is not changed.

        `chain` are the methods that are being followed already. Returned is what it returns, and what objects hold
        then.
        """
        if heap.holds_anything_of(arguments):
            return self._run(method, arguments, heap, chain)
        shared = self._shared
        key = (method, tuple(arguments), shared.version, len(chain))
        answer = self._known.get(key)
        if answer is None:
            told = len(shared.leak_log)
            returned, left = self._run(method, arguments, Heap(), chain)
            answer = self._known[key] = _Summary(returned, left, tuple(shared.leak_log[told:]), shared.tainted)
        else:
            shared.tainted |= answer.tainted
        for leak in answer.leaks:
            shared.leak(leak)
        after = heap.copy()
        after.join(answer.left)
        return answer.returned, after

    def _run(
        self, method: Method, arguments: Sequence[Value], heap: Heap, chain: tuple[Method, ...]
    ) -> tuple[Value, Heap]:
        body = self._bodies.of(method)
        if body is None:
            return NOTHING, heap
        if not body.blocks:
            self._shared.cut |= body.units > 0
            return NOTHING, heap
        frame = _Frame(body, (*chain, method))
        handed = list(arguments[: body.ins])
        before = [NOTHING] * (body.registers - body.ins)
        after = [NOTHING] * (body.ins - len(handed))
        self._run_blocks(frame, State([*before, *handed, *after], heap.copy()))
        return frame.returned, heap if frame.left is None else frame.left

    def _run_blocks(self, frame: _Frame, state: State) -> None:
        blocks = frame.body.blocks
        entering: dict[int, State] = {0: state}
        visits = [0] * len(blocks)
        reached = None if frame.body.all_follow else state.copy()
        todo = [0]
        while todo:
            number = heapq.heappop(todo)
            if visits[number] == _MAX_VISITS:
                continue
            visits[number] += 1
            now = entering[number].copy()
            if not self._run_block(frame, now, blocks[number]):
                return
            for after in blocks[number].following:
                if after not in entering:
                    entering[after] = now.copy()
                    heapq.heappush(todo, after)
                elif entering[after].join(now) and after not in todo:
                    heapq.heappush(todo, after)
            if reached is None:
                continue
            reached.join(now)
            if not todo and (fresh := next((at for at, count in enumerate(visits) if not count), None)) is not None:
                entering[fresh] = reached.copy()  # an exception or a switch leads there
                heapq.heappush(todo, fresh)

    def _run_block(self, frame: _Frame, state: State, block: Block) -> bool:
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

    def _other(self, frame: _Frame, state: State, op: Op) -> None:
        what, to, more = op
        registers = state.registers
        if what is OpKind.MIX:
            registers[to] = taints([atom for at in more for atom in registers[at]]) if self._shared.tainted else NOTHING
        elif what is OpKind.RETURN:
            self._return(frame, state, to)
        else:
            self._members.apply(state, op)

    def _return(self, frame: _Frame, state: State, register: int) -> None:
        if register >= 0:
            value = state.registers[register]
            frame.returned = bounded(frame.returned | value) if frame.returned else value
        if frame.left is None:
            frame.left = state.heap.copy()
        else:
            frame.left.join(state.heap)

    def _invoke(self, frame: _Frame, state: State, site: CallSite) -> Value:
        registers = state.registers
        values = [registers[at] for at in site.registers]
        callee = site.callee
        types: frozenset[bytes] = _NO_TYPES
        if site.virtual:
            known = [atom.type for atom in values[0] if isinstance(atom, Obj) and atom.own] if values else []
            if known:
                types = frozenset(known)
            targets = self._callees.reached(callee, types) if known or callee.own else ()
        else:
            targets = (callee.here,) if callee.here else ()
        if not targets:
            if callee.name in _TASK and not site.static and (started := self._task(site, types)):
                return self._run_task(frame, state, values, started)
            return self._model.apply(site, values, state.heap)
        return self._follow(frame, state, site, values, targets)

    def _follow(
        self, frame: _Frame, state: State, site: CallSite, values: Sequence[Value], targets: Sequence[Method]
    ) -> Value:
        """Follow a call into the methods of the package that it may reach."""
        before = state.heap
        found: set[Atom] = set()
        after: Heap | None = None
        for target in targets:
            if self._worth_following(frame, before, target, values):
                returned, heap = self.run(target, values, before, frame.chain)
                found |= returned
                if after is None:
                    after = heap
                else:
                    after.join(heap)
        if after is not None:
            state.heap = after
            return bounded(found) if found else NOTHING
        for value in values:
            self._members.publish(before, value)
        return site.unknown

    def _worth_following(self, frame: _Frame, heap: Heap, target: Method, values: Sequence[Value]) -> bool:
        calls = len(frame.chain)
        if target in frame.chain:
            return False
        if calls > MAX_CALLS:
            lost = target in self._shared.relevant or self._carries(heap, values)
            self._shared.cut |= lost and self._bodies.size(target) > 0
            return False
        if target in self._shared.relevant:
            return True
        size = self._bodies.size(target)
        if not size:
            return False
        if size <= SMALL and calls < _MAX_SMALL_DEPTH:
            return True
        return self._carries(heap, values)

    def _carries(self, heap: Heap, values: Sequence[Value]) -> bool:
        """Tell whether data is in values, or in the objects that they may be."""
        return self._shared.tainted and any(isinstance(atom, Taint) for atom in heap.closure_of_all(values))

    def _task(self, site: CallSite, types: frozenset[bytes]) -> Method | None:
        """Return what an AsyncTask runs when it is executed; None where the call is something else."""
        proto = "([Ljava/lang/Object;)Ljava/lang/Object;"
        owners = sorted(types | {site.callee.owner})
        return next(filter(None, (self._program.find(owner, "doInBackground", proto) for owner in owners)), None)

    def _run_task(self, frame: _Frame, state: State, values: Sequence[Value], method: Method) -> Value:
        if len(frame.chain) > MAX_CALLS:
            self._shared.cut |= self._carries(state.heap, values)
        elif method not in frame.chain:
            returned, state.heap = self.run(method, [values[0], values[-1]], state.heap, frame.chain)
            owner = self._program.name_of(method).owner
            after = self._program.find(owner, "onPostExecute", "(Ljava/lang/Object;)V")
            if after and returned:
                _, state.heap = self.run(after, [values[0], returned], state.heap, frame.chain)
        return values[0]


_NO_TYPES: Final[frozenset[bytes]] = frozenset()
_SET, _MOVE, _RESULT, _INVOKE = OpKind.SET, OpKind.MOVE, OpKind.RESULT, OpKind.INVOKE
