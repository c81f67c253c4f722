"""Flows of a package: data that a source gives and a sink takes, in one method or along a short chain of calls."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.flows.program import NO_VIEWS, Method, Program
from phone_audit.apk.flows.search import Search
from phone_audit.apk.flows.sources import Sources
from phone_audit.apk.flows.taint_rules import ASKED, SET_RESULT
from phone_audit.apk.flows.taint_state import Leak
from phone_audit.apk.flows.taints import Step, Taint, forget
from phone_audit.model.apk import DIGESTS, Behaviour, FlowStep
from phone_audit.model.finding import Evidence
from phone_audit.model.wording import DATA_WORDS


class Budget(NamedTuple):
    """Instructions that are followed in one package: from methods that lead to a way out of the phone, and others.

    `own` are more in code of its own, once these are used up.
    """

    near: int
    rest: int
    own: int = 0


BUDGET: Final = Budget(60_000, 3_500, 40_000)
INTERNET: Final = "android.permission.INTERNET"
OFFLINE: Final = Budget(0, 4_000)
"""The same for a package that does not ask for the network."""
MAX_FLOWS: Final = 200
_BY: Final[Mapping[str, str]] = {
    "network": "over the network",
    "sms": "by text message",
    "log": "to the system log",
    "process": "to another program",
    "intent": "to any package that listens",
    "page": "to a script in a web page",
}


class Flows(NamedTuple):
    """Flows of a package; whether all data could be followed; and how much between sources and ways out was."""

    found: tuple[Behaviour, ...]
    complete: bool
    followed: float | None


class RunningCode(Protocol):
    """Tells what code of a package runs."""

    @property
    def has_unseen_calls(self) -> bool:
        """Whether something may call a method though no instruction does."""

    def starts(self, part: int, row: int) -> bool:
        """Tell whether something starts a method, for all that is known."""


def find_flows(
    indexes: Sequence[DexIndex],
    sources: Sources,
    code: RunningCode,
    own: tuple[bytes, ...] = (),
    budget: Budget = BUDGET,
    exported: Collection[str] = (),
    views: Mapping[int, str] = NO_VIEWS,
) -> Flows:
    """Return one behaviour for each source, data, sink and place; and whether all data could be followed.

    Args:
        indexes: the parts of the DEX files of one package.
        sources: which data a call gives.
        code: tells what Android starts, directly or by other code.
        own: what descriptors of the package's own classes begin with; they are followed first.
        budget: instructions that may be followed.
        exported: names of the components that other packages may start.
        views: what is typed into views, by their number, beside passwords in those that the code names so.
    """
    program = Program(indexes, sources.android, views)
    search = Search(program, sources, own, *budget)
    search.run()
    forget()
    if not search.leaks:
        return Flows((), not search.cut, search.followed)
    leaks = {leak: roots for leak, roots in search.leaks.items() if _reaches_others(leak, exported)}
    flows, dropped = _distinct(leaks, code)
    shown = [_behaviour(leak) for leak in flows[:MAX_FLOWS]]
    complete = not search.cut and len(flows) <= MAX_FLOWS and not (dropped and code.has_unseen_calls)
    return Flows(tuple(sorted(shown, key=lambda flow: (flow.id, str(flow.steps)))), complete, search.followed)


def _reaches_others(leak: Leak, exported: Collection[str]) -> bool:
    """Tell whether a result is handed to another package; whatever else is a sink always gives data away."""
    return not leak.step.what.endswith(f".{SET_RESULT}") or leak.step.class_.partition("$")[0] in exported


def _distinct(leaks: Mapping[Leak, set[Method]], code: RunningCode) -> tuple[list[Leak], bool]:
    """Return one flow, the shortest, for each source and each method with a sink, of those that run.

    The second value tells whether others were dropped since nothing was seen to run them.
    """
    flows: dict[tuple[str, str, Step, str, str], Leak] = {}
    running = {root for root in set().union(*leaks.values()) if code.starts(*root)}
    for leak, roots in sorted(leaks.items(), key=lambda item: _order(item[0])):
        key = (leak.taint.data, leak.sink, leak.taint.steps[0], leak.step.class_, leak.step.method)
        before = flows.get(key)
        if roots.isdisjoint(running) or (before is not None and (before.cleartext or not leak.cleartext)):
            continue
        flows[key] = leak if before is None else before._replace(cleartext=True)
    dropped = any(roots.isdisjoint(running) for roots in leaks.values())
    return list(flows.values()), dropped


def _order(leak: Leak) -> tuple[bool, int, str]:
    """Return the key by which flows are sorted: what can be read first, then the shortest."""
    return leak.taint.encrypted_by is not None, len(leak.taint.steps), str(leak)


def title_of(data: str, sink: str) -> str:
    """Return what a flow is called.

    Example:
        >>> title_of("imei", "sms")
        'Passes on the IMEI by text message'
    """
    return f"Passes on {DATA_WORDS.get(data, data)} {_BY[sink]}"


def _words(taint: Taint) -> str:
    words = DATA_WORDS.get(taint.data, taint.data)
    return f"a digest of {words}" if any(step.what.startswith(DIGESTS) for step in taint.changes) else words


def _behaviour(leak: Leak) -> Behaviour:
    steps = (*leak.taint.steps, leak.step)
    evidence = tuple(
        Evidence(kind="flow", where=at.file, value=at.what, class_=at.class_, method=at.method, offset=at.offset)
        for at in steps
        if at.file
    )
    return Behaviour(
        id=f"flow.{leak.taint.data}-{leak.sink}",
        title=title_of(_words(leak.taint), leak.sink),
        evidence=evidence,
        source=leak.taint.steps[0].what.removeprefix("calls ").removeprefix("reads "),
        sink=leak.step.what.removeprefix("calls ").removeprefix(ASKED),
        data=leak.taint.data,
        cleartext=leak.cleartext,
        steps=tuple(FlowStep(class_=at.class_, method=at.method, offset=at.offset, what=at.what) for at in steps),
    )
