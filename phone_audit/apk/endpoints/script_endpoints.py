"""Hosts that scripts of pages send something of a person to: what connects to them is known."""

from collections.abc import Iterable, Iterator
from typing import Final

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence

_SAID: Final = "fetched: a script sends something of a person to it"


def with_sent_to(endpoints: Iterable[Endpoint], requests: Iterable[PageRequest]) -> Iterator[Endpoint]:
    """Yield endpoints; those of which it was unknown what becomes of them are fetched where a script sends to them.

    Of one that stands there with and without encryption it stays unknown what becomes of the form that no script names.
    """
    sent: dict[str, PageRequest] = {}
    for one in sorted(requests, key=lambda request: not request.cleartext):
        if one.host:
            sent.setdefault(one.host, one)
    for endpoint in endpoints:
        request = sent.get(endpoint.host) if endpoint.use == "unknown" else None
        if request is None:
            yield endpoint
            continue
        shown = Evidence(kind="asset", where=request.where, value=_SAID, offset=request.at)
        unnamed = None if request.cleartext else "unknown"
        yield endpoint.model_copy(update={"use": "fetched", "use_evidence": (shown,), "cleartext_use": unnamed})
