"""Whether data goes out unencrypted whose address was not seen on the way: by what the method that sends it fetches.

Where a method of the package's own connects to a few hosts, all without encryption or all with it, the data goes to one
of them. Libraries have more ways, and often encrypt what they send by themselves.
"""

from collections.abc import Iterable, Iterator

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.flows.taints import CHANGES
from phone_audit.model.apk import Behaviour, Endpoint, connecting_methods
from phone_audit.model.finding import Evidence

_NETWORK = "-network"


def with_connections(
    flows: Iterable[Behaviour], endpoints: Iterable[Endpoint], owner_of: OwnerOf
) -> Iterator[Behaviour]:
    """Yield flows; those that say nothing of encryption say what all hosts say to which their last method connects."""
    connecting = connecting_methods(one for one in endpoints if one.counts)
    for flow in flows:
        last = flow.steps[-1] if flow.steps else None
        is_own = last is not None and owner_of(last.class_).party == "first-party"
        places = connecting.get((last.class_, last.method), ()) if last and is_own and _is_open(flow) else ()
        said = {_in_cleartext(one) for one in places}
        if len(said) == 1 and None not in said:
            yield flow.model_copy(update={"cleartext": said.pop(), "evidence": (*flow.evidence, *_shown(places))})
        else:
            yield flow


def _is_open(flow: Behaviour) -> bool:
    is_changed = any(step.what.startswith(CHANGES) for step in flow.steps or ())
    return flow.id.endswith(_NETWORK) and flow.cleartext is None and not is_changed


def _in_cleartext(endpoint: Endpoint) -> bool | None:
    if endpoint.counts_in_cleartext:
        return None if "https" in endpoint.schemes else True
    return False if endpoint.schemes and not endpoint.cleartext else None


def _shown(places: Iterable[Endpoint]) -> Iterator[Evidence]:
    """Yield what says so: the calls that connect."""
    for one in places:
        yield from one.use_evidence
