"""Values under names: what Intents, Bundles and preferences keep."""

from collections.abc import Sequence

from phone_audit.apk.flows.heap import Heap
from phone_audit.apk.flows.ops import Site
from phone_audit.apk.flows.shared import Shared, extra_place
from phone_audit.apk.flows.values import ANY, NOTHING, Atom, Slot, Value, bounded, objects, taints, texts


class Extras:
    """Applies calls that put a value under a name, or get it."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def apply(self, site: Site, values: Sequence[Value], heap: Heap) -> Value | None:
        """Return what a call returns, and change what objects hold. None where it is no such call."""
        name = site.callee.name
        keys = texts(values[1]) if len(values) > 1 else []
        if name.startswith("put") and len(values) > 2:
            self._put(site, values, keys, heap)
            return values[0]
        if name.startswith("get") and keys:
            if site.callee.returns == b"Z":
                return NOTHING
            return bounded(atom for key in keys for atom in self._get(values[0], key, site.begin[0], heap))
        return values[0] if values and name in ("getExtras", "getBundleExtra", "edit") else None

    def _put(self, site: Site, values: Sequence[Value], keys: Sequence[str], heap: Heap) -> None:
        handed = frozenset().union(*values[2:])
        for obj in objects(values[0]):
            for slot in [f"extra {key}" for key in keys] or [ANY]:
                heap.put(obj, slot, handed)
        reached = taints(heap.closure(handed)) if self._shared.tainted else NOTHING
        if reached:
            for key in keys:
                step = site.step(f"puts it under the name {key!r}")
                self._shared.keep(extra_place(key, site.begin[0]), reached, step)

    def _get(self, holder: Value, key: str, class_: str, heap: Heap) -> set[Atom]:
        slot: Slot = f"extra {key}"
        found: set[Atom] = set()
        here = False
        for obj in objects(holder):
            inside = heap.slots(obj).get(ANY, NOTHING)
            for one in (obj, *objects(inside)):
                slots = heap.slots(one)
                here |= slot in slots
                found |= slots.get(slot, NOTHING)
            found |= taints(inside)
        return found if here else found | self._shared.kept(extra_place(key, class_))
