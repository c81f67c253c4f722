"""Flows of assembled packages, of which Android starts what a test names."""

from collections.abc import Collection, Mapping, Sequence

from phone_audit.apk.code.libraries import Owner
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.flows.find import BUDGET, Budget, Flows, find_flows
from phone_audit.apk.flows.program import NO_VIEWS
from phone_audit.apk.flows.sources import sources_of
from phone_audit.knowledge.load import load_knowledge

SOURCES = sources_of(load_knowledge())
_OWN = Owner("first-party", None)
_LIBRARY = Owner("library", "Lib")


def flows_in(
    indexes: Sequence[DexIndex],
    active: Collection[str] | None,
    own: tuple[bytes, ...] = (),
    budget: Budget = BUDGET,
    *,
    exported: Collection[str] = (),
    off: Collection[str] = (),
    files: Sequence[bytes] = (),
    views: Mapping[int, str] = NO_VIEWS,
    library: str = "?",
) -> Flows:
    """Return the flows of a package whose manifest switches `active` on and leaves others `off`.

    All code is its own, but that of the class `library`.
    """
    components = None if active is None else {*active, *off}
    code = StartedCode(
        indexes,
        lambda name: _LIBRARY if name == library else _OWN,
        components,
        lambda: files,
        {*off} - {*(active or ())},
    )
    return find_flows(indexes, SOURCES, code, own, budget, exported, views)
