"""Flows that say what a more direct one says already: the same data, read at the same place and sent by the same code.

Where data is put into a field or under a name, it is not sure that the same is taken out: the fewer such steps, the
surer a flow is. The others stay listed, and are not told of the package.
"""

from collections.abc import Iterable, Iterator

from phone_audit.apk.code.libraries import Owner, OwnerOf
from phone_audit.apk.flows.taints import CHANGES
from phone_audit.model.apk import Behaviour, FlowStep

_KEEPS = ("keeps it ", "puts it ")
"""How steps begin that put data where other code finds it."""
_Claim = tuple[str, FlowStep, tuple[Owner, ...], bool, bool, bool]


def with_most_direct(flows: Iterable[Behaviour], owner_of: OwnerOf) -> Iterator[Behaviour]:
    """Yield flows; those beside which a more direct one of the same claim is told are `library_only`."""
    flows = list(flows)
    fewest: dict[_Claim, int] = {}
    for flow in flows:
        if flow.told and (claim := _claim(flow, owner_of)):
            fewest[claim] = min(_kept(flow), fewest.get(claim, _kept(flow)))
    for flow in flows:
        claim = _claim(flow, owner_of)
        is_longer = claim is not None and _kept(flow) > fewest.get(claim, _kept(flow))
        yield flow.model_copy(update={"library_only": True}) if is_longer else flow


def _claim(flow: Behaviour, owner_of: OwnerOf) -> _Claim | None:
    if not flow.steps:
        return None
    owners = tuple(dict.fromkeys(owner_of(step.class_) for step in flow.steps))
    is_changed = any(step.what.startswith(CHANGES) for step in flow.steps)
    return flow.id, flow.steps[0], owners, flow.cleartext is True, is_changed, flow.start_seen


def _kept(flow: Behaviour) -> int:
    """Return how often data is put somewhere on the way."""
    return sum(step.what.startswith(_KEEPS) for step in flow.steps or ())
