"""Flows that say what a surer one says already: the same data, sent by the same method and as readable.

Where data is put into a field or under a name, it is not sure that the same is taken out: the fewer such steps a flow
has, the surer it is. Where data is handed to a library that sends it, what code in the library's package does with it
is no other claim, unless that code names a host. The others stay listed, and are not told of the package.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.flows.taints import CHANGES
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep, connecting_methods

Unsure = Callable[[Behaviour], int]
"""Counts the steps of a flow that may take one object for another."""


class _Claim(NamedTuple):
    """What a flow says, whatever the way from the source to the sink."""

    id: str
    read: FlowStep
    cleartext: bool
    changed: str
    start_seen: bool


def with_most_direct(
    flows: Iterable[Behaviour], endpoints: Iterable[Endpoint], owner_of: OwnerOf, unsure: Unsure
) -> Iterator[Behaviour]:
    """Yield flows; those beside which a surer or more direct one of the same claim is told are `library_only`."""
    connecting = connecting_methods(one for one in endpoints if one.counts)
    shortest = list(_with_surest(flows, owner_of, unsure))
    told = [(claim, flow) for flow in shortest if flow.told and (claim := _claim(flow))]
    all_handed = {(claim, _sink_package(flow)) for claim, flow in told}
    outside = [(claim, flow) for claim, flow in told if (claim, _sender_package(flow)) not in all_handed]
    handed = {(claim, package) for claim, flow in outside if (package := _sink_package(flow))}
    for flow in shortest:
        is_inside = (_claim(flow), _sender_package(flow)) in handed and not _names_host(flow, connecting)
        yield flow.model_copy(update={"library_only": True}) if is_inside else flow


def _with_surest(flows: Iterable[Behaviour], owner_of: OwnerOf, unsure: Unsure) -> Iterator[Behaviour]:
    """Yield flows; those beside which the same method is told to send the same data more surely are not told."""
    flows = list(flows)
    fewest: dict[tuple[object, ...], int] = {}
    for flow in flows:
        if flow.told and (sent := _sent(flow, owner_of)):
            fewest[sent] = min(unsure(flow), fewest.get(sent, unsure(flow)))
    for flow in flows:
        sent = _sent(flow, owner_of)
        is_less_sure = sent is not None and unsure(flow) > fewest.get(sent, unsure(flow))
        yield flow.model_copy(update={"library_only": True}) if is_less_sure else flow


def _sent(flow: Behaviour, owner_of: OwnerOf) -> tuple[object, ...] | None:
    """Return what a flow says, through whose code it goes and what sends it, wherever the data was read."""
    claim = _claim(flow)
    owners = dict.fromkeys(owner_of(step.class_) for step in flow.steps or ())
    sender = [(step.class_, step.method) for step in (flow.steps or ())[-1:]]
    return claim and (claim.id, claim.cleartext, claim.changed, claim.start_seen, *owners, *sender)


def _claim(flow: Behaviour) -> _Claim | None:
    if not flow.steps:
        return None
    is_changed = any(step.what.startswith(CHANGES) for step in flow.steps)
    changed = "digest" if flow.is_digest else "encrypted" if is_changed else ""
    return _Claim(flow.id, flow.steps[0], flow.cleartext is True, changed, flow.start_seen)


def _sink_package(flow: Behaviour) -> str:
    """Return the package of the class that is handed the data at the end."""
    return (flow.sink or "").rpartition(".")[0].rpartition(".")[0]


def _sender_package(flow: Behaviour) -> str:
    """Return the package of the class that hands it over."""
    return flow.steps[-1].class_.rpartition(".")[0] if flow.steps else ""


def _names_host(flow: Behaviour, connecting: Collection[tuple[str, str]]) -> bool:
    """Tell whether the method that sends the data connects to a host that the package names."""
    return any((step.class_, step.method) in connecting for step in (flow.steps or ())[-1:])
