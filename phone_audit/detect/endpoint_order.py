"""Which of the addresses in a package a person would care about most: its own servers before those of an advertiser."""

import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final

from phone_audit.model.apk import AddressUse, Endpoint, Party, names_in_cleartext

_USES: Final[Mapping[AddressUse, int]] = {"fetched": 0, "unknown": 1}
"""What may be connected to; whatever else code does with an address comes behind these."""
_PARTIES: Final[tuple[Party, ...]] = ("first-party", "unknown", "obfuscated", "library")
"""Whose code names an address, the package's own first."""
_CREDENTIALS: Final = re.compile(
    r"(?<![a-z])(?:log-?[io]n|sign-?in|o?auth|pass(?:word|wd)|credentials)(?![a-z])", re.IGNORECASE
)
"""Words in addresses that take in a name and a password."""
_RUN_OR_READ: Final = re.compile(
    r"\.(?:m?js|cjs|jsbundle|bundle|s?html?|xhtml|css|json|xml|properties|conf|cfg|ini|plist|toml|env|arsc|pb|lua|py|php)\Z",
    re.IGNORECASE,
)
"""Names of files that are scripts, pages or settings."""
_SERVES_ANYBODY: Final = "cloud"
"""The category of hosts that are rented: what lies there is the package's own as well as anybody's."""


def cleartext_use_of(endpoint: Endpoint) -> AddressUse:
    """Return what code does with the texts of an endpoint that name an unencrypted scheme."""
    return endpoint.use if endpoint.cleartext_use is None else endpoint.cleartext_use


def in_cleartext(endpoint: Endpoint) -> Endpoint:
    """Leave out of an endpoint the texts that name no unencrypted scheme of it, and what becomes of those alone.

    Where none of the texts that are shown names one, all stay.
    """
    held = (
        (holder, tuple(one for one in holder.evidence if names_in_cleartext(one.value, endpoint.host)))
        for holder in endpoint.held_by
    )
    shown = tuple(holder.model_copy(update={"evidence": pieces}) for holder, pieces in held if pieces)
    place = endpoint.use_evidence if cleartext_use_of(endpoint) == endpoint.use else ()
    return endpoint.model_copy(update={"held_by": shown or endpoint.held_by, "use_evidence": place})


def by_harm(
    endpoints: Iterable[Endpoint], package: str | None, use: Callable[[Endpoint], AddressUse] = attrgetter("use")
) -> list[Endpoint]:
    """Return endpoints in the order in which a person would care about them.

    First those that code connects to, by `use`, and that may be started, then those with which code was seen to do
    anything. Of these first what stands in code, pages or settings and not only in files of data, and what code reads;
    of that first what code of the package itself names, of that first a host that code connects to otherwise, then what
    takes in a login, then what is called like the package; last what only libraries name. Of equal ones those come
    first that belong to nobody known.
    """
    labels = frozenset((package or "").lower().split("."))
    return sorted(
        endpoints,
        key=lambda endpoint: (
            endpoint.started is False,
            _USES.get(use(endpoint), len(_USES)),
            endpoint.is_idle,
            _is_in_data(endpoint),
            is_read_by_nobody(endpoint),
            *_rank(endpoint, labels),
        ),
    )


def is_read_by_nobody(endpoint: Endpoint) -> bool:
    """Tell whether only a table of resources holds it, and no code was seen to ask for it there."""
    pieces = [one for holder in endpoint.held_by for one in holder.evidence]
    return bool(pieces) and all(one.kind == "resource" and one.class_ is None for one in pieces)


def _is_in_data(endpoint: Endpoint) -> bool:
    """Tell whether only files hold it that are neither run nor shown nor read as settings, by their names."""
    pieces = [one for holder in endpoint.held_by for one in holder.evidence]
    return bool(pieces) and all(
        one.kind in ("asset", "resource") and _RUN_OR_READ.search(one.where) is None for one in pieces
    )


def _rank(endpoint: Endpoint, labels: frozenset[str]) -> tuple[int, bool, bool, bool, bool, str]:
    parties = {holder.party for holder in endpoint.held_by}
    party = min((_PARTIES.index(party) for party in parties if party in _PARTIES), default=len(_PARTIES))
    name = (endpoint.registered_domain or "").partition(".")[0]
    of_others = endpoint.owner is not None and endpoint.category != _SERVES_ANYBODY
    takes_login = any(_CREDENTIALS.search(url) for url in endpoint.urls)
    return (party, endpoint.use != "fetched", not takes_login, name not in labels, of_others, endpoint.host)
