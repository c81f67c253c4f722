"""How sure it is that what a flow puts somewhere is what it takes out of there.

A field is followed by its name, whatever object holds it, and a name of an Intent or a Bundle wherever it is read. A
static field is one place, Android shows one screen of a class at a time, and what an anonymous class takes over when
it is made stays the same. Of a class of which few places make objects, most likely one object is meant; where there are
many, as of a bean, a point on a map or the body of a request, what one was handed seldom comes out of another. Judged
by hand on 797 flows (docs/precision.md): 0.90 are right with no unsure step or one, 0.29 of the others. An object that
hands on itself what it was handed, as a request does that is told its data and then run, sends that, whichever object
it is: where that is the one unsure step, 70 of 75 judged flows are right, also of classes of which there are many.

Of data for which there is no surer way to the network one is told that puts it into one place: packages send that
data in 34 of 35 labelled cases, mostly in that way (16 of 18).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.model.apk import Behaviour, FlowStep

_IN_FIELD: Final = re.compile(r"(?:keeps it in|puts it into) (\S+)\.(\S+)$")
_ELSEWHERE: Final = "puts it "
"""Begins steps that put data under a name or into a message."""
_STATIC_FIELDS: Final = range(0x60, 0x6E)
_ANONYMOUS: Final = re.compile(r"\$[0-9]+$")
"""How compilers name classes that have no name."""
_NETWORK: Final = "-network"
_FEW: Final = 2
"""Places that make objects of a class which are taken to make it for the same end."""
_MOST: Final = 1
"""Unsure steps of a flow that is told."""


class UnsureWays:
    """Looks at where flows of one package put their data."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._tree = ClassHierarchy(indexes)

    def with_sure_ways(self, flows: Iterable[Behaviour]) -> Iterator[Behaviour]:
        """Yield flows; those that are likely to take one object for another are `library_only`."""
        every = list(flows)
        are_sure = [self.unsure_steps(flow) <= _MOST for flow in every]
        told = {flow.id for flow, is_sure in zip(every, are_sure, strict=True) if is_sure and flow.told}
        only = list(_only_ways(flow for flow in every if flow.told and flow.id not in told))
        for flow, is_sure in zip(every, are_sure, strict=True):
            is_told = is_sure or any(flow is one for one in only)
            yield flow if is_told else flow.model_copy(update={"library_only": True})

    def unsure_steps(self, flow: Behaviour) -> int:
        """Count the steps of a flow that may take one object for another; a field of many objects counts twice.

        Where an object hands on itself what it holds, that counts for nothing if the data is put nowhere else.
        """
        steps = flow.steps or ()
        put = _places_put(steps)
        if len(put) == 1 and _is_of_itself(steps, put[0]):
            return 0
        return sum(self._unsure(step.what) for step in steps)

    def _unsure(self, what: str) -> int:
        field = _IN_FIELD.match(what)
        return self._unsure_field(*field.groups()) if field else int(_is_elsewhere(what))

    @remembered
    def _unsure_field(self, class_: str, name: str) -> int:
        owner, field = (text.encode("utf-8", "surrogatepass") for text in (class_, name))
        own = descriptor_of(owner)
        if any(self._is_static(index, own, field) for index in self._indexes):
            return 0
        places = self._tree.places_that_make(own)
        if places == 0 or (places == 1 and _ANONYMOUS.search(class_)):
            return 0
        return 1 if places <= _FEW else _MOST + 1

    def _is_static(self, index: DexIndex, class_: bytes, name: bytes) -> bool:
        ids = index.field_ids
        named = index.strings_equal((name,)).get(name, -1)
        wanted = np.flatnonzero((ids["class"] == index.type_ids.get(class_, -1)) & (ids["name"] == named)).tolist()
        uses = (use for of_field in users_of(index, "field", wanted).values() for use in of_field)
        return any(int(index.data[use.offset]) in _STATIC_FIELDS for use in uses)


def _only_ways(flows: Iterable[Behaviour]) -> Iterable[Behaviour]:
    """Return the way of each data to the network that puts it into one place: what is started, unencrypted, short."""
    found: dict[str, Behaviour] = {}
    for flow in sorted(flows, key=lambda one: (not one.start_seen, one.cleartext is not True, len(one.steps or ()))):
        if flow.id.endswith(_NETWORK) and len(_places_put(flow.steps or ())) == 1:
            found.setdefault(flow.id, flow)
    return found.values()


def _places_put(steps: Sequence[FlowStep]) -> list[int]:
    """Return which steps put data somewhere."""
    return [place for place, step in enumerate(steps) if _IN_FIELD.match(step.what) or _is_elsewhere(step.what)]


def _is_elsewhere(what: str) -> bool:
    return what.startswith(_ELSEWHERE)


def _is_of_itself(steps: Sequence[FlowStep], place: int) -> bool:
    """Tell whether what was put into a field goes on in the class that declares it, or in a class within it."""
    field = _IN_FIELD.match(steps[place].what)
    following = steps[place + 1].class_ if place + 1 < len(steps) else ""
    return field is not None and f"{following}$".startswith(f"{field[1]}$")
