"""Following addresses through a whole package: registers, fields, methods and what they give back, all at once.

Every place that an address may reach becomes a node, looked into once however many addresses come by. Places are
looked into by their distance from where the addresses are loaded; what lies beyond the budget is unknown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Final, TypeVar

import numpy as np

from phone_audit.apk.dex.class_tree import ClassTree, Defined
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import Kind, Use, users_of
from phone_audit.apk.endpoints.address_nodes import Ending, FieldNode, Node, Reach, RegisterNode, ResultNode
from phone_audit.apk.endpoints.address_steps import AddressSteps
from phone_audit.apk.endpoints.call_effects import CallEffects
from phone_audit.model.apk import NO_USE_SEEN

MAX_OF_ONE: Final = 300
"""Places to which one address is followed; of one that reaches more, it is unknown what becomes of it."""
MAX_UNSETTLED: Final = 40
"""The same where it is unknown already, and only a place that connects to it would tell more."""
MAX_LEVELS: Final = 24
"""Steps from where an address is loaded."""
MAX_USERS: Final = 100
"""Reads of one field, or calls of one method, that are followed."""
_GETS: Final = frozenset({0x54, 0x62})
_SPUT_OBJECT: Final = 0x69
_TOO_FAR: Final = Ending("unknown", "more code than is followed")
_TOO_MANY: Final = Ending("unknown", "used in more places than are followed")
_LOST: Final = Ending("unknown", NO_USE_SEEN)
_UNREAD: Final = Ending("unknown", f"{NO_USE_SEEN}: it is kept where nothing is seen to read it")
_KEPT: Final = Ending("unused", "no code reads the static field that it is kept in")
_DEAD: Final = Ending("unused", "no code reads the field that it stands in")
_UNCALLED: Final = Ending("unknown", f"{NO_USE_SEEN}: a method gives it back that nothing is seen to call")
_SHARED: Final = Ending("unknown", "an object that whoever put it into a field may hold")
_NAMED: Final = Ending("unknown", f"{NO_USE_SEEN}: it may be used by its name")
_NATIVE: Final = Ending("unknown", "native code beside the field")
_BESIDE: Final = (_NAMED, _NATIVE, _UNREAD, _UNCALLED, _SHARED)
"""What may happen to a field or a method beside all that was seen, so that this is still worth looking at."""
_UNSETTLED: Final = frozenset({"unknown", "fetched"})
"""Uses that only a place which connects, and which something starts, comes before."""
_ELSEWHERE: Final = "fetched by code that nothing was seen to start"
_STATIC_OR_PRIVATE: Final = 0x8 | 0x2
_NATIVE_METHOD: Final = 0x100
_LOOK_UP: Final = (
    b"Ljava/lang/reflect/Field;", b"Ljava/lang/reflect/AccessibleObject;",
    b"Lsun/misc/Unsafe;", b"Ldalvik/system/DexFile;",
    b"Ldalvik/system/BaseDexClassLoader;", b"Ldalvik/system/DexClassLoader;", b"Ldalvik/system/InMemoryDexClassLoader;",
    b"Ldalvik/system/PathClassLoader;", b"Ldalvik/system/DelegateLastClassLoader;", b"Landroid/app/NativeActivity;",
    b"Ljava/lang/invoke/MethodHandles;", b"Ljava/lang/invoke/MethodHandles$Lookup;", b"Ljava/lang/invoke/VarHandle;",
    b"Ljava/lang/reflect/Method;", b"Ljava/lang/reflect/Proxy;",
)  # fmt: skip
_LOOK_UP_BY: Final = (
    b"getDeclaredField", b"getDeclaredFields", b"getField", b"getFields", b"load", b"loadLibrary",
    b"createPackageContext", b"getMethod", b"getMethods", b"getDeclaredMethod", b"getDeclaredMethods",
)  # fmt: skip
"""What code has to name that reaches a field by its name, or brings code of another kind or from elsewhere."""


Looked = TypeVar("Looked", FieldNode, ResultNode)


@dataclass
class Trail:
    """All places that one address reaches, the nearest first, and what becomes of it there.

    `waiting` are those of them that were not looked into yet, `most` the places that are looked at.
    """

    endings: list[Ending]
    waiting: list[Node]
    most: int = MAX_OF_ONE
    seen: set[Node] = field(default_factory=set)
    is_known: bool = False

    def take(self, node: Node, reach: Reach) -> None:
        """Take in what a place leads to."""
        self.endings += reach.endings
        self.is_known |= any(one.use == "fetched" and one.runs for one in reach.endings)
        self.go_on(reach.nodes)

    def go_on(self, nodes: Iterable[Node]) -> None:
        """Take in further places."""
        new = [node for node in dict.fromkeys(nodes) if node not in self.seen]
        self.seen.update(new)
        self.waiting += new

    @property
    def is_over(self) -> bool:
        """Whether going on would change nothing, or cost too much."""
        is_unsettled = any(one.use in _UNSETTLED and one not in _BESIDE for one in self.endings)
        most = min(self.most, MAX_UNSETTLED) if is_unsettled else self.most
        return self.is_known or not self.waiting or len(self.seen) > most


class AddressFlow:
    """All that becomes of some addresses in one package."""

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        effects: CallEffects,
        *,
        has_native: bool = False,
        may_read: Callable[[bytes, bytes], bool] = lambda _class, _field: True,
        may_find: Callable[[bytes], bool] = lambda _field: True,
        package: str | None = None,
        sees: Callable[[int, int], bool] = lambda _part, _row: True,
    ) -> None:
        """Get ready.

        With `has_native` the manifest starts native code. `may_read` tells whether anything may read a static field in
        another way than by an instruction for it, and `may_find` whether a field of a name is looked up on any class.
        `package` is its name; None where it is not known. `sees` tells, by part and row, whether something was seen to
        start a method.
        """
        self._sees = sees
        self._may_find = may_find
        self._has_native = has_native
        self._may_read = may_read
        self.tree = ClassTree(indexes)
        self.steps = AddressSteps(self.tree, effects, package)
        self._reaches: dict[Node, Reach] = {}
        self._back: dict[RegisterNode, list[tuple[Node, RegisterNode]]] = defaultdict(list)
        self._comes_back: dict[RegisterNode, set[bool]] = defaultdict(set)
        self._late: list[tuple[Node, RegisterNode]] = []

    def follow(self, trails: Sequence[Trail]) -> None:
        """Follow addresses from where they wait, as far as the budget goes; what is left then is unknown."""
        for _ in range(MAX_LEVELS):
            going = [trail for trail in trails if not trail.is_over]
            nodes = dict.fromkeys(node for trail in going for node in trail.waiting)
            self._level([node for node in nodes if node not in self._reaches])
            for trail in going:
                now, trail.waiting = trail.waiting, []
                for node in now:
                    if node in self._reaches:
                        trail.take(node, self._reaches[node])
                    else:
                        trail.endings.append(_TOO_FAR)
                trail.go_on(back for caller, back in self._late if caller in trail.seen)
            self._late.clear()
        for trail in trails:
            if trail.waiting and not trail.is_known:
                trail.endings.append(_TOO_FAR)

    def load(self, part: int, use: Use) -> RegisterNode | None:
        """Return where an address is that an instruction has loaded; None where that cannot be told."""
        method = self.steps.method(part, use.row)
        at = method.place_at(use.unit) if method else None
        if method is None or at is None:
            return None
        return RegisterNode(part, use.row, at + 1, method.instructions[at].registers[0])

    def _level(self, nodes: Sequence[Node]) -> None:
        """Look into some nodes."""
        for node in nodes:
            if self.steps.is_spent:
                return
            if isinstance(node, RegisterNode):
                self._reaches[node] = reach = self._looked_into(node)
                self._entered(node, reach)
        self._read([node for node in nodes if isinstance(node, FieldNode)])
        self._taken([node for node in nodes if isinstance(node, ResultNode)])

    def _looked_into(self, node: RegisterNode) -> Reach:
        reach = self.steps.reach(node)
        if any(one.use == "fetched" for one in reach.endings) and not self._sees(node.part, node.row):
            reach.endings = [one._replace(runs=False) for one in reach.endings]
        return reach

    def _entered(self, place: RegisterNode, reach: Reach) -> None:
        """Connect a place with the methods that it hands its value to, and with what they give back."""
        for entry, back in reach.handed:
            reach.nodes.append(entry)
            if back is not None:
                self._back[entry].append((place, back))
                reach.nodes += [back._replace(for_others=kind) for kind in self._comes_back[entry]]
        if not reach.comes_back:
            return
        if place.entry < 0:
            reach.nodes.append(ResultNode(Defined(place.part, place.row)))
            return
        entry = place.begin()
        if place.for_others in self._comes_back[entry]:
            return
        self._comes_back[entry].add(place.for_others)
        for caller, held in self._back[entry]:
            back = held._replace(for_others=place.for_others)
            self._reaches[caller].nodes.append(back)
            self._late.append((caller, back))

    def _read(self, kept: Sequence[FieldNode]) -> None:
        """Find the instructions that read fields."""
        wanted: list[dict[int, list[FieldNode]]] = [{} for _ in self.tree.indexes]
        for node in self._within_budget(kept):
            for part, number in self.tree.same_fields(node.field):
                wanted[part].setdefault(number, []).append(node)
        read: set[FieldNode] = set()
        static: set[FieldNode] = set()
        for part, use in self._users("field", wanted):
            opcode = int(self.tree.indexes[part].data[use.offset])
            if opcode == _SPUT_OBJECT:
                static.update(wanted[part][use.id])
            if opcode in _GETS:
                read.update(wanted[part][use.id])
                self._lead_on(wanted[part][use.id], self.load(part, use))
        for node in kept:
            if node in self._reaches:
                self._beside(node, is_read=node in read, is_static=node in static)

    def _beside(self, node: FieldNode, *, is_read: bool, is_static: bool) -> None:
        """Take in what may happen to a field beside all that code is seen to do with it."""
        endings = self._reaches[node].endings
        if node.took_in:
            endings.append(_SHARED)
        if not is_read and node.begins and self._is_closed:
            endings.append(_DEAD)
        elif not is_read and not node.begins:
            is_kept = is_static and not self._may_read(node.field.owner, node.field.name)
            endings.append(_KEPT if is_kept else _UNREAD)
        if self._may_find(node.field.name):
            self._close(node, node.field.owner)
        if self.tree.has_native(node.field.owner):
            endings.append(_NATIVE)

    @cached_property
    def _is_closed(self) -> bool:
        """Whether nothing in the package can reach a static field but the instructions that name it."""
        return not (self._has_native or any(map(looks_up_fields, self.tree.indexes)))

    def _taken(self, returned: Sequence[ResultNode]) -> None:
        """Find the calls that take what methods give back."""
        wanted: list[dict[int, list[ResultNode]]] = [{} for _ in self.tree.indexes]
        for node in self._within_budget(returned):
            for part, number in self.tree.calls_of(node.method):
                wanted[part].setdefault(number, []).append(node)
        called: set[ResultNode] = set()
        for part, use in self._users("method", wanted):
            if self.steps.is_spent:
                self._lead_on(wanted[part][use.id], None)
                continue
            method = self.steps.method(part, use.row)
            at = method.place_at(use.unit) if method else None
            opcode = int(self.tree.indexes[part].data[use.offset])
            reached = set(self.tree.targets(part, use.id, opcode))
            nodes = [node for node in wanted[part][use.id] if node.method in reached]
            called.update(nodes)
            if method is None or at is None:
                self._lead_on(nodes, None)
            elif (register := method.result(at)) is not None:
                self._lead_on(nodes, RegisterNode(part, use.row, at + 2, register))
        for node in returned:
            if node not in self._reaches:
                continue
            owner = self.tree.indexes[node.method.part].row_class(node.method.row)
            if node not in called:
                is_inner = self.tree.access(node.method) & _STATIC_OR_PRIVATE
                ending = _UNCALLED if is_inner else Ending("unknown", "given to whoever calls the method")
                self._reaches[node].endings.append(ending)
            self._close(node, owner)

    def _within_budget(self, nodes: Iterable[Looked]) -> Iterator[Looked]:
        """Yield the nodes that are looked into, from now on known; those beyond the budget stay unknown."""
        for node in nodes:
            if self.steps.is_spent:
                return
            self._reaches[node] = Reach()
            yield node

    def _users(self, kind: Kind, wanted: Sequence[Mapping[int, Sequence[Node]]]) -> Iterator[tuple[int, Use]]:
        for part, numbers in enumerate(wanted):
            if not numbers:
                continue
            users = users_of(self.tree.indexes[part], kind, numbers.keys(), MAX_USERS + 1)
            for number, uses in users.items():
                if len(uses) > MAX_USERS:
                    for node in numbers[number]:
                        self._reaches[node].endings.append(_TOO_MANY)
                for use in islice(uses, MAX_USERS):
                    yield part, use

    def _lead_on(self, nodes: Iterable[Node], place: RegisterNode | None) -> None:
        for node in nodes:
            if place is None:
                self._reaches[node].endings.append(Ending("unknown", "code that cannot be followed"))
            else:
                self._reaches[node].nodes.append(place)

    def _close(self, node: Node, owner: bytes) -> None:
        """Take in that a field or a method may be used by its name, whatever else uses it."""
        if self.tree.is_named(owner):
            self._reaches[node].endings.append(_NAMED)


def looks_up_fields(index: DexIndex) -> bool:
    """Tell whether code may reach fields by their names, or code that is not in a DEX file, or make it."""
    if any(index.type_ids.get(kind) is not None for kind in _LOOK_UP) or np.any(index.methods.access & _NATIVE_METHOD):
        return True
    names = index.strings_equal(_LOOK_UP_BY).values()
    return bool(np.isin(index.method_ids["name"], list(names)).any())


def first(endings: Sequence[Ending], *, was_held: bool = False) -> Ending:
    """Return the ending that decides: what connects, in code that runs, before all others, then what is not settled.

    What code loaded or kept was meant for something: where no use of it was seen, what becomes of it is unknown.

    Example:
        >>> first([Ending("compared", "a"), Ending("opened", "b")]).what, first([]).use, first([], was_held=True).use
        ('b', 'unused', 'unknown')
    """
    if not endings:
        return _LOST if was_held else Ending("unused", "no code loads it")
    order = ("fetched", _ELSEWHERE, "unknown", "opened", "compared", "unused")
    return min(endings, key=lambda one: order.index(one.use if one.runs or one.use != "fetched" else _ELSEWHERE))
