"""Flows that say what a more direct one says already: the same data, read at the same place and as readable.

Where data is put into a field or under a name, it is not sure that the same is taken out: of flows that the same code
sends, the fewer such steps one has, the surer it is. Where data is handed to a library that sends it, what code in the
library's package does with it is no other claim, unless that code names a host. The others stay listed, and are not
told of the package.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from phone_audit.apk.code.libraries import Owner, OwnerOf
from phone_audit.apk.flows.taints import CHANGES
from phone_audit.model.apk import Behaviour, Endpoint, FlowStep, connecting_methods

_KEEPS = ("keeps it ", "puts it ")
"""How steps begin that put data where other code finds it."""


class _Claim(NamedTuple):
    """What a flow says, whatever the way from the source to the sink."""

    id: str
    read: FlowStep
    cleartext: bool
    changed: bool
    start_seen: bool


def with_most_direct(
    flows: Iterable[Behaviour], endpoints: Iterable[Endpoint], owner_of: OwnerOf
) -> Iterator[Behaviour]:
    """Yield flows; those beside which a more direct one of the same claim is told are `library_only`."""
    connecting = connecting_methods(one for one in endpoints if one.counts)
    shortest = list(_with_fewest_kept(flows, owner_of))
    told = [(claim, flow) for flow in shortest if flow.told and (claim := _claim(flow))]
    all_handed = {(claim, _sink_package(flow)) for claim, flow in told}
    outside = [(claim, flow) for claim, flow in told if (claim, _sender_package(flow)) not in all_handed]
    handed = {(claim, package) for claim, flow in outside if (package := _sink_package(flow))}
    for flow in shortest:
        is_inside = (_claim(flow), _sender_package(flow)) in handed and not _names_host(flow, connecting)
        yield flow.model_copy(update={"library_only": True}) if is_inside else flow


def _with_fewest_kept(flows: Iterable[Behaviour], owner_of: OwnerOf) -> Iterator[Behaviour]:
    """Yield flows; those beside which one of the same code is told that puts data into fewer places are not told."""
    flows = list(flows)
    fewest: dict[tuple[_Claim, tuple[Owner, ...]], int] = {}
    for flow in flows:
        if flow.told and (claim := _claim(flow)):
            key = claim, _owners(flow, owner_of)
            fewest[key] = min(_kept(flow), fewest.get(key, _kept(flow)))
    for flow in flows:
        claim = _claim(flow)
        is_longer = claim is not None and _kept(flow) > fewest.get((claim, _owners(flow, owner_of)), _kept(flow))
        yield flow.model_copy(update={"library_only": True}) if is_longer else flow


def _claim(flow: Behaviour) -> _Claim | None:
    if not flow.steps:
        return None
    is_changed = any(step.what.startswith(CHANGES) for step in flow.steps)
    return _Claim(flow.id, flow.steps[0], flow.cleartext is True, is_changed, flow.start_seen)


def _owners(flow: Behaviour, owner_of: OwnerOf) -> tuple[Owner, ...]:
    return tuple(dict.fromkeys(owner_of(step.class_) for step in flow.steps or ()))


def _kept(flow: Behaviour) -> int:
    """Return how often data is put somewhere on the way."""
    return sum(step.what.startswith(_KEEPS) for step in flow.steps or ())


def _sink_package(flow: Behaviour) -> str:
    """Return the package of the class that is handed the data at the end."""
    return (flow.sink or "").rpartition(".")[0].rpartition(".")[0]


def _sender_package(flow: Behaviour) -> str:
    """Return the package of the class that hands it over."""
    return flow.steps[-1].class_.rpartition(".")[0] if flow.steps else ""


def _names_host(flow: Behaviour, connecting: Collection[tuple[str, str]]) -> bool:
    """Tell whether the method that sends the data connects to a host that the package names."""
    return any((step.class_, step.method) in connecting for step in (flow.steps or ())[-1:])
