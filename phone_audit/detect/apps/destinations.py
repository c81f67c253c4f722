"""Where an app sends, or would: by what was seen, by data that was followed through its code, by its addresses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.detect.detector import may_use_network
from phone_audit.detect.endpoint_order import by_harm
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Behaviour, Endpoint, EndpointCategory, connecting_methods, host_in
from phone_audit.model.apps import LINK_KINDS, Destination, LinkKind
from phone_audit.model.watch import Observation

MOST: Final = 60
"""Places that are told of one app; the strongest links come first."""
_NETWORK: Final = "-network"
"""Ends the ids of flows that reach the network."""
_FETCHED: Final[Mapping[str, LinkKind]] = {"fetched": "fetched", "unknown": "held"}
"""What code does with an address → what that ties the app to the place by."""


@dataclass(frozen=True)
class Places:
    """The places that one app is tied to: the most that are told, and how many there are."""

    told: tuple[Destination, ...]
    count: int


def places_of(
    infos: Sequence[ApkInfo], seen: Sequence[Observation], knowledge: Knowledge, captured: Sequence[Destination] = ()
) -> Places:
    """Return the places of one app, each by its strongest link, strongest first.

    `seen` and `captured` are what was seen live and recorded of it, and of no other app.
    """
    found = [*captured, *map(_of_observation, _with_places(seen)), *(one for info in infos for one in _of_code(info))]
    return told(found, knowledge)


def told(found: Iterable[Destination], knowledge: Knowledge) -> Places:
    """Join what is said of one place, and name its owner where that is known."""
    by_host: dict[tuple[str, bool | None], list[Destination]] = {}
    for one in found:
        place = (one.host.lower(), None) if one.host else ("", one.cleartext)
        by_host.setdefault(place, []).append(one)
    places = [_owned(_joined(same), knowledge) for same in by_host.values()]
    order = sorted(places, key=lambda one: LINK_KINDS.index(one.by))  # within one link the order of what was found
    return Places(tuple(order[:MOST]), len(order))


def _joined(same: Sequence[Destination]) -> Destination:
    """Join what several links say of one place: the strongest one counts, and what it leaves open the next one says."""
    ranked = sorted(same, key=lambda one: LINK_KINDS.index(one.by))
    first = ranked[0]
    counts = [one.times for one in ranked if one.by == first.by and one.times is not None]
    return first.model_copy(
        update={
            "owner": next((one.owner for one in ranked if one.owner), None),
            "category": next((one.category for one in ranked if one.category != "unknown"), "unknown"),
            "cleartext": _cleartext(ranked),
            "data": tuple(dict.fromkeys(name for one in ranked for name in one.data)),
            "times": sum(counts) if counts else None,
        }
    )


def _cleartext(ranked: Sequence[Destination]) -> bool | None:
    """Tell whether others can read along, by the strongest link that says it; of equal ones a yes counts."""
    for link in LINK_KINDS:
        said = {one.cleartext for one in ranked if one.by == link and one.cleartext is not None}
        if said:
            return True in said
    return None


def _owned(one: Destination, knowledge: Knowledge) -> Destination:
    fact = knowledge.owner_of(one.host) if one.host and (one.owner is None or one.category == "unknown") else None
    if fact is None:
        return one
    category: EndpointCategory = fact.category if one.category == "unknown" else one.category
    return one.model_copy(update={"owner": one.owner or fact.owner, "category": category})


def _with_places(seen: Sequence[Observation]) -> Iterator[Observation]:
    """Yield what was seen, without the addresses of hosts whose name is known from another look."""
    named = {one.remote.address for one in seen if _host_shown(one)}
    yield from (one for one in seen if _host_shown(one) or one.remote.address not in named)


def _host_shown(one: Observation) -> bool:
    """Tell whether the name is shown, and not only among those that its code holds."""
    return one.host is not None and one.joined_by != "app-only"


def _of_observation(one: Observation) -> Destination:
    host = one.host if _host_shown(one) else one.remote.address
    owner = one.owner if _host_shown(one) else None
    return Destination(
        host=host, owner=owner, category="unknown", cleartext=one.cleartext, by="seen", times=one.times_seen
    )


def _of_code(info: ApkInfo) -> Iterator[Destination]:
    """Yield the places in code, and data that is followed to the network; none where Android lets it send nothing."""
    if may_use_network(info) is False:
        return
    endpoints = [one for one in by_harm(info.endpoints or (), info.package) if one.counts]
    yield from _of_flows(info.behaviours or (), endpoints)
    for endpoint in endpoints:
        yield _of_endpoint(endpoint, _FETCHED.get(endpoint.use, "held"))


def _of_flows(behaviours: Iterable[Behaviour], endpoints: Sequence[Endpoint]) -> Iterator[Destination]:
    """Yield one place for each that data is followed to: the method that sends it connects there, or its step names it.

    Where the address is not in that method, or one of many, the place is not known.
    """
    connecting = connecting_methods(endpoints)
    for flow in behaviours:
        if not (flow.id.startswith("flow.") and flow.id.endswith(_NETWORK) and flow.data and flow.told):
            continue
        last = flow.steps[-1] if flow.steps else None
        places = (connecting.get((last.class_, last.method)) or _named_in(last.what, endpoints)) if last else ()
        cleartext = flow.cleartext
        if not places:
            yield Destination(
                host=None, owner=None, category="unknown", cleartext=cleartext, by="flow", data=(flow.data,)
            )
            continue
        for endpoint in places:
            place = _of_endpoint(endpoint, "flow")
            said = place.cleartext if cleartext is None else cleartext
            yield place.model_copy(update={"data": (flow.data,), "cleartext": said})


def _named_in(text: str, endpoints: Iterable[Endpoint]) -> Sequence[Endpoint]:
    """Return the endpoints whose address stands in a text."""
    host = host_in(text)
    return [one for one in endpoints if one.host == host]


def _of_endpoint(endpoint: Endpoint, link: LinkKind) -> Destination:
    """Return the place of an endpoint. Whether its encrypted form is used is not known where both stand there."""
    encrypted = bool(endpoint.schemes) and not endpoint.cleartext
    return Destination(
        host=endpoint.host,
        owner=endpoint.owner,
        category=endpoint.category,
        cleartext=True if endpoint.counts_in_cleartext else False if encrypted else None,
        by=link,
    )
