"""Flows that pages and scripts of a package show: what a person types into them, and where it is sent."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from phone_audit.apk.assets.page_requests import PageRequest
from phone_audit.apk.assets.script_words import PLACE
from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.flows.find import INTERNET, title_of
from phone_audit.model.apk import Behaviour, FlowStep, Whose
from phone_audit.model.finding import Evidence

_RUNS_SCRIPTS: Final = (b"Landroid/webkit/WebView;", b"Lcom/facebook/react/ReactRootView;")
"""Classes that run scripts of a package. Sources: Android reference, WebView; React Native, "ReactRootView"."""
_LOADS: Final = (b"loadUrl", b"loadDataWithBaseURL", b"startReactApplication")
"""The methods that load pages and scripts, also of classes that derive from these."""
_PLACES: Final = ("android.permission.ACCESS_FINE_LOCATION", "android.permission.ACCESS_COARSE_LOCATION")
_SINK: Final = "network"
_CALL: Final = re.compile(r"[^(<\s]*")
_MOST: Final = 20
"""Calls that one kind of data is shown with, for each place that it is sent to."""


class RunningCode(Protocol):
    """Tells what code of a package runs."""

    def sees_any(self, rows: Collection[tuple[int, int]]) -> bool:
        """Tell whether something was seen to start one of some methods."""


def possible_requests(
    requests: Iterable[PageRequest], indexes: Sequence[DexIndex], declared: Declared
) -> Sequence[PageRequest]:
    """Return those of the requests that may be made; none where no code runs scripts.

    None of a package that does not ask for the network, and no place where it does not ask for that.
    """
    if not any(name in index.type_ids for index in indexes for name in _RUNS_SCRIPTS):
        return ()
    if declared.package is not None and INTERNET not in declared.permissions:
        return ()
    may_know_place = not set(_PLACES).isdisjoint(declared.permissions)
    return [one for one in requests if may_know_place or one.data != PLACE]


def page_flows(requests: Iterable[PageRequest], indexes: Sequence[DexIndex], code: RunningCode) -> Iterator[Behaviour]:
    """Yield one behaviour for each kind of data and each place that it is sent to."""
    groups: dict[tuple[str, str | None, bool | None], list[PageRequest]] = defaultdict(list)
    for one in requests:
        groups[one.data, one.host, one.cleartext].append(one)
    start_seen = bool(groups) and code.sees_any(set(_page_methods(indexes)))
    for (data, _, cleartext), calls in groups.items():
        yield _flow(data, calls[:_MOST], cleartext=cleartext, start_seen=start_seen)


def _page_methods(indexes: Sequence[DexIndex]) -> Iterator[tuple[int, int]]:
    """Yield the methods that load a page or a script."""
    for part, index in enumerate(indexes):
        names = list(index.strings_equal(_LOADS).values())
        wanted = np.flatnonzero(np.isin(index.method_ids["name"], names)).tolist()
        for uses in users_of(index, "method", wanted).values():
            yield from ((part, use.row) for use in uses)


def _flow(data: str, calls: Sequence[PageRequest], *, cleartext: bool | None, start_seen: bool) -> Behaviour:
    first = calls[0]
    to = f"sends it to {first.url}" if first.url else "sends it, as the name says under which it does"
    call = _CALL.match(first.shown.lstrip("."))
    return Behaviour(
        id=f"flow.{data}-{_SINK}",
        title=title_of(data, _SINK),
        evidence=tuple(Evidence(kind="asset", where=one.where, value=_said(one), offset=one.at) for one in calls),
        whose=(Whose(party="first-party", library=None),),
        start_seen=start_seen,
        source="a page asks the phone where it is" if data == PLACE else "what is typed into a page",
        sink=call[0] if call else "",
        data=data,
        cleartext=cleartext,
        steps=(FlowStep(class_=first.where, method="", offset=first.at, what=to),),
    )


def _said(one: PageRequest) -> str:
    return one.shown if one.url is None or one.url in one.shown else f"{one.shown} … to {one.url}"
