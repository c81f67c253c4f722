"""What code does with the texts that hold a host: connects to them, opens, compares or never loads them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.encoded_values import counts_of, fields_of
from phone_audit.apk.dex.xrefs import users_of
from phone_audit.apk.endpoints.address_flow import MAX_OF_ONE, AddressFlow, Trail, first
from phone_audit.apk.endpoints.address_nodes import READ_OUT, Ending, FieldNode, Node, Spot, TextUse
from phone_audit.model.apk import AddressUse
from phone_audit.model.finding import Evidence

MAX_TEXTS: Final = 1_000
"""Texts of one package that are followed; of more it is unknown what becomes of them."""
MAX_USES: Final = 20
"""Instructions that may load a text; of one that is loaded more often, it is unknown."""
MAX_GLANCED: Final = 12
"""Places to which a text is followed of which only a short look is asked for."""
ORDER: Final[tuple[AddressUse, ...]] = ("fetched", "unknown", "opened", "compared", "unused")
"""Of several texts that name one host, the first of these decides."""


NOT_SETTLED: Final = TextUse("unknown", None)


def strongest(seen: Iterable[TextUse]) -> TextUse:
    """Return the one that decides; unknown where there is none."""
    return min(seen, key=lambda one: (ORDER.index(one.use), not one.runs), default=NOT_SETTLED)


class AddressUses:
    """Tells what becomes of strings of the DEX files of one package; each is followed once, however often asked."""

    def __init__(self, flow: AddressFlow) -> None:
        self._flow = flow
        self._known: dict[Spot, TextUse] = {}
        self._glanced: dict[Spot, TextUse] = {}

    def __call__(self, texts: Collection[Spot]) -> Mapping[Spot, TextUse]:
        """Return what becomes of some strings. Those that are left out were not followed.

        The time is bounded by the bytes of the files, `MAX_TEXTS` and the budget of `AddressFlow`.
        """
        new = sorted(spot for spot in texts if spot not in self._known)
        if new and len(self._known) + len(new) <= MAX_TEXTS:
            self._known.update(self._followed(new))
        return {spot: self._known[spot] for spot in texts if spot in self._known}

    def glance(self, texts: Collection[Spot]) -> Mapping[Spot, TextUse]:
        """Return what becomes of the first `MAX_TEXTS` of some strings within `MAX_GLANCED` places, in a short time."""
        new = [spot for spot in texts if spot not in self._known and spot not in self._glanced]
        room = max(MAX_TEXTS - len(self._glanced), 0)
        self._glanced.update(self._followed(new[:room], MAX_GLANCED))
        seen = self._glanced | self._known
        return {spot: seen[spot] for spot in texts if spot in seen}

    def _followed(self, texts: Sequence[Spot], most: int = MAX_OF_ONE) -> dict[Spot, TextUse]:
        if not texts:
            return {}
        begins, ends = _begins(self._flow, texts)
        trails = {}
        for spot in texts:
            if spot in begins:
                trails[spot] = Trail(list(ends[spot]), [], most)
                trails[spot].go_on(begins[spot])
        self._flow.follow(list(trails.values()))
        return {spot: self._decided(trail, spot) for spot, trail in trails.items()}

    def connecting(self, begins: Mapping[int, Sequence[Node]]) -> Mapping[int, TextUse]:
        """Return what connects to texts, by their numbers, that begin at some places; those alone to which any does."""
        trails = {number: Trail([], []) for number in begins}
        for number, nodes in begins.items():
            trails[number].go_on(nodes)
        self._flow.follow(list(trails.values()))
        seen = {number: self._decided(trail, None) for number, trail in trails.items()}
        return {number: one for number, one in seen.items() if one.use == "fetched" and one.runs}

    def _decided(self, trail: Trail, spot: Spot | None) -> TextUse:
        decides = first(trail.endings, was_held=bool(trail.seen))
        is_open = any(one.use == "unknown" for one in trail.endings)
        shown = _shown(self._flow, spot, decides)
        is_cut = bool(trail.waiting) and not trail.is_known
        return TextUse(decides.use, shown, _rule(trail.endings), decides.runs, is_open, is_cut)


def _rule(endings: Sequence[Ending]) -> str | None:
    """Return the rule by which a text is taken out, if every ending has one."""
    rules = {one.rule for one in endings}
    if not rules or None in rules:
        return None
    return READ_OUT if READ_OUT in rules else min(filter(None, rules))


def _begins(flow: AddressFlow, texts: Collection[Spot]) -> tuple[dict[Spot, list[Node]], dict[Spot, list[Ending]]]:
    """Return where texts are loaded, and what is known of them at once."""
    begins: dict[Spot, list[Node]] = {}
    ends: dict[Spot, list[Ending]] = defaultdict(list)
    for part, index in enumerate(flow.tree.indexes):
        ids = index.string_ids({text.offset for text in texts if text.where == index.name})
        users = users_of(index, "string", ids.values(), MAX_USES + 1)
        fields = fields_of(index, ids.values())
        values = counts_of(index, [number for number in ids.values() if not users[number]])
        for offset, number in ids.items():
            spot = Spot(index.name, offset)
            nodes = begins.setdefault(spot, [])
            loads = [flow.load(part, use) for use in users[number][:MAX_USES]]
            nodes += [load for load in loads if load]
            nodes += [FieldNode(flow.tree.field(part, field), begins=True) for field in fields[number]]
            if None in loads or len(users[number]) > MAX_USES:
                ends[spot].append(Ending("unknown", "loaded in more places than are followed"))
            if values.get(number, 0) > len(fields[number]):
                ends[spot].append(Ending("unknown", "may be the value of an annotation"))
    return begins, ends


def _shown(flow: AddressFlow, spot: Spot | None, decides: Ending) -> Evidence | None:
    if decides.part < 0:
        if spot is None:
            return None
        return Evidence(kind="dex-string", where=spot.where, value=f"{decides.use}: {decides.what}", offset=spot.offset)
    index = flow.tree.indexes[decides.part]
    code = index.code(decides.row)
    offset = None if code is None or decides.unit < 0 else code.offset + 2 * decides.unit
    return Evidence(
        kind="call",
        where=index.name,
        value=f"{decides.use}: {decides.what}",
        class_=java_name(index.row_class(decides.row)),
        method=index.row_name(decides.row),
        offset=offset,
    )
