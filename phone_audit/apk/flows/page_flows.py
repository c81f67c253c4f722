"""Flows that pages and scripts of a package show: what a person types into them, and where it is sent."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.apk.assets.script_requests import PLACE
from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.flows.find import INTERNET, title_of
from phone_audit.model.apk import Behaviour, FlowStep, Whose
from phone_audit.model.finding import Evidence

_RUNS_SCRIPTS: Final = (b"Landroid/webkit/WebView;", b"Lcom/facebook/react/ReactRootView;")
"""Classes that run scripts of a package. Sources: Android reference, WebView; React Native, "ReactRootView"."""
_PLACES: Final = ("android.permission.ACCESS_FINE_LOCATION", "android.permission.ACCESS_COARSE_LOCATION")
_SINK: Final = "network"
_CALL: Final = re.compile(r"[^(<\s]*")
_MOST: Final = 20
"""Calls that one kind of data is shown with."""


def page_flows(requests: Iterable[PageRequest], indexes: Sequence[DexIndex], declared: Declared) -> Iterator[Behaviour]:
    """Yield one behaviour for each kind of data and each way of encryption; none where no code shows pages.

    Nothing is told of a package that does not ask for the network, nor of a place that it does not ask for.
    """
    if not any(name in index.type_ids for index in indexes for name in _RUNS_SCRIPTS):
        return
    if declared.package is not None and INTERNET not in declared.permissions:
        return
    groups: dict[tuple[str, bool | None], list[PageRequest]] = defaultdict(list)
    for one in requests:
        if one.data != PLACE or not set(_PLACES).isdisjoint(declared.permissions):
            groups[one.data, None if one.url is None else one.url.startswith("http:")].append(one)
    for (data, cleartext), calls in groups.items():
        yield _flow(data, cleartext, calls[:_MOST])


def _flow(data: str, cleartext: bool | None, calls: Sequence[PageRequest]) -> Behaviour:
    first = calls[0]
    to = f"sends it to {first.url}" if first.url else "sends it, as the name says under which it does"
    call = _CALL.match(first.shown.lstrip("."))
    return Behaviour(
        id=f"flow.{data}-{_SINK}",
        title=title_of(data, _SINK),
        evidence=tuple(Evidence(kind="asset", where=one.where, value=_said(one), offset=one.at) for one in calls),
        whose=(Whose(party="first-party", library=None),),
        source="a page asks the phone where it is" if data == PLACE else "what is typed into a page",
        sink=call[0] if call else "",
        data=data,
        cleartext=cleartext,
        steps=(FlowStep(class_=first.where, method="", offset=first.at, what=to),),
    )


def _said(one: PageRequest) -> str:
    return one.shown if one.url is None or one.url in one.shown else f"{one.shown} … to {one.url}"
