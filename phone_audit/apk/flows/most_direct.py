"""Flows that say what a more direct one says already: the same data, read at the same place and sent by the same code.

Where data is put into a field or under a name, it is not sure that the same is taken out: the fewer such steps, the
surer a flow is. Where data is handed to a library that sends it, what the library's own code does with it is no other
claim either. The others stay listed, and are not told of the package.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from phone_audit.apk.code.libraries import Owner, OwnerOf
from phone_audit.apk.flows.taints import CHANGES
from phone_audit.model.apk import Behaviour, FlowStep

_KEEPS = ("keeps it ", "puts it ")
"""How steps begin that put data where other code finds it."""
_Claim = tuple[str, FlowStep, tuple[Owner, ...], bool, bool, bool]


def with_most_direct(flows: Iterable[Behaviour], owner_of: OwnerOf) -> Iterator[Behaviour]:
    """Yield flows; those beside which a more direct one of the same claim is told are `library_only`."""
    flows = list(flows)
    handed = {_to(flow) for flow in flows if flow.told and _library(flow) not in {_sender(flow), ""}}
    fewest: dict[_Claim, int] = {}
    for flow in flows:
        if flow.told and (claim := _claim(flow, owner_of)):
            fewest[claim] = min(_kept(flow), fewest.get(claim, _kept(flow)))
    for flow in flows:
        claim = _claim(flow, owner_of)
        is_longer = claim is not None and _kept(flow) > fewest.get(claim, _kept(flow))
        is_inside = _to(flow)._replace(library=_sender(flow)) in handed
        yield flow.model_copy(update={"library_only": True}) if is_longer or is_inside else flow


def _claim(flow: Behaviour, owner_of: OwnerOf) -> _Claim | None:
    if not flow.steps:
        return None
    owners = tuple(dict.fromkeys(owner_of(step.class_) for step in flow.steps))
    is_changed = any(step.what.startswith(CHANGES) for step in flow.steps)
    return flow.id, flow.steps[0], owners, flow.cleartext is True, is_changed, flow.start_seen


class _Handed(NamedTuple):
    """Data that was read at one place and is handed to the package of a library that sends it."""

    id: str
    read: FlowStep | None
    cleartext: bool
    changed: bool
    start_seen: bool
    library: str


def _to(flow: Behaviour) -> _Handed:
    steps = flow.steps or ()
    is_changed = any(step.what.startswith(CHANGES) for step in steps)
    read = steps[0] if steps else None
    return _Handed(flow.id, read, flow.cleartext is True, is_changed, flow.start_seen, _library(flow))


def _library(flow: Behaviour) -> str:
    """Return the package of the class that is handed the data at the end."""
    return (flow.sink or "").rpartition(".")[0].rpartition(".")[0]


def _sender(flow: Behaviour) -> str:
    """Return the package of the class that hands it over."""
    return flow.steps[-1].class_.rpartition(".")[0] if flow.steps else ""


def _kept(flow: Behaviour) -> int:
    """Return how often data is put somewhere on the way."""
    return sum(step.what.startswith(_KEEPS) for step in flow.steps or ())
