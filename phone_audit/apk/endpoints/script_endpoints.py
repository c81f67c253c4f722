"""Hosts that scripts of pages send something of a person to: what connects to them is known."""

from collections.abc import Iterable, Iterator

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.model.apk import Endpoint, host_in
from phone_audit.model.finding import Evidence

_SAID = "fetched: a script sends what is typed into a page to it"


def with_sent_to(endpoints: Iterable[Endpoint], requests: Iterable[PageRequest]) -> Iterator[Endpoint]:
    """Yield endpoints; those of which it was unknown what becomes of them are fetched where a script sends to them.

    Of one that stands there with and without encryption only the form counts that the script names.
    """
    sent: dict[str, PageRequest] = {}
    for one in sorted(requests, key=lambda request: not (request.url or "").lower().startswith("http:")):
        if host := host_in(one.url or ""):
            sent.setdefault(host, one)
    for endpoint in endpoints:
        request = sent.get(endpoint.host) if endpoint.use == "unknown" else None
        if request is None:
            yield endpoint
            continue
        is_clear = (request.url or "").lower().startswith("http:")
        shown = Evidence(kind="asset", where=request.where, value=_SAID, offset=request.at)
        update = {"use": "fetched", "use_evidence": (shown,), "cleartext_use": None if is_clear else "unknown"}
        yield endpoint.model_copy(update=update)
