"""Which addresses of compiled resources code connects to: it asks for such a text by its number, and hands it on.

Only that is found out here: what else becomes of such a text stays unknown, for a layout, a style, another resource or
a name that is computed may ask for it too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from phone_audit.apk.code.files_read import IdsOf
from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.constants import loads_of
from phone_audit.apk.dex.def_use import Further, Read
from phone_audit.apk.dex.descriptors import descriptor_of
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.dex.xrefs import Use
from phone_audit.apk.endpoints.address_flow import AddressFlow
from phone_audit.apk.endpoints.address_nodes import Node, RegisterNode, TextUse
from phone_audit.apk.endpoints.address_use import AddressUses, strongest
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Endpoint, names_in_cleartext
from phone_audit.model.finding import Evidence

MAX_NUMBERS: Final = 200
"""Resources of one package that are looked for; more are not."""
MAX_LOADS: Final = 20
"""Instructions that load one number; what more of them do is not looked at."""
_NUMBER_FIRST: Final = b"(I"
"""Begins the prototype of a method whose first argument is a number."""


def with_connecting(
    endpoints: Sequence[Endpoint], flow: AddressFlow, uses_of: AddressUses, ids_of: IdsOf, knowledge: Knowledge
) -> tuple[Endpoint, ...]:
    """Say of the endpoints that resources hold, and of which it is unknown, where code connects to them.

    `ids_of` gives the numbers of resources that are one of some texts.
    """
    asked = {text for one in endpoints if _is_open(one) for text in _texts(one)}
    ids = ids_of(asked) if asked else {}
    numbers = {number for found in ids.values() for number in found}
    if not numbers or len(numbers) > MAX_NUMBERS:
        return tuple(endpoints)
    connecting = uses_of.connecting(_Readers(flow, knowledge).of(numbers))
    if not connecting:
        return tuple(endpoints)
    of_text = {text: strongest(connecting[one] for one in ids.get(text, ()) if one in connecting) for text in asked}
    found = {text: seen for text, seen in of_text.items() if seen.use == "fetched"}
    return tuple(_connected(one, found) if _is_open(one) else one for one in endpoints)


def _is_open(endpoint: Endpoint) -> bool:
    return endpoint.counts and endpoint.use == "unknown" and bool(_texts(endpoint))


def _texts(endpoint: Endpoint) -> list[str]:
    pieces = (piece for holder in endpoint.held_by for piece in holder.evidence)
    return [one.value for one in pieces if _is_resource(one)]


def _is_resource(piece: Evidence) -> bool:
    return piece.kind == "resource" and piece.encoding is None


def _connected(endpoint: Endpoint, found: Mapping[str, TextUse]) -> Endpoint:
    """Return an endpoint with what connects to one of its texts."""
    seen = {text: found[text] for text in _texts(endpoint) if text in found}
    if not seen:
        return endpoint
    in_cleartext = [text for text in seen if names_in_cleartext(text, endpoint.host)]
    decides = seen[min(in_cleartext or seen)]
    changed = {"use": decides.use, "use_evidence": (decides.evidence,) if decides.evidence else ()}
    return endpoint.model_copy(update=changed | ({"cleartext_use": decides.use} if in_cleartext else {}))


class _Readers:
    """Finds where code holds texts that it asks for by their numbers."""

    def __init__(self, flow: AddressFlow, knowledge: Knowledge) -> None:
        self._flow = flow
        facts = [fact for fact in knowledge.calls if fact.effect == "resource"]
        self._calls = frozenset(
            (descriptor_of(owner.encode()), method.encode())
            for fact in facts
            for owner in fact.classes
            for method in fact.methods
        )

    def of(self, numbers: set[int]) -> dict[int, list[Node]]:
        """Return for each number where its text is then."""
        found: dict[int, list[Node]] = defaultdict(list)
        loads: dict[int, int] = defaultdict(int)
        for part, index in enumerate(self._flow.tree.indexes):
            for use in loads_of(index, numbers):
                loads[use.id] += 1
                if loads[use.id] <= MAX_LOADS and not self._flow.steps.is_spent:
                    found[use.id] += self._results(part, use)
        return found

    def _results(self, part: int, use: Use) -> list[Node]:
        load = self._flow.load(part, use)
        method = self._flow.steps.method(part, use.row)
        if load is None or method is None:
            return []
        found: list[Node] = []

        def take(read: Read) -> Further:
            if read.result is not None and self._asks(part, read):
                found.append(RegisterNode(part, use.row, read.place + 2, read.result))
            return Further()

        before = method.looked_at
        try:
            method.follow(load.at, load.register, take)
        except DexCodeError:
            return []
        finally:
            self._flow.steps.looked_at += method.looked_at - before
        return found

    def _asks(self, part: int, read: Read) -> bool:
        """Tell whether an instruction asks for the text of the number in a register."""
        one = read.instruction
        if one.opcode not in dalvik.INVOKES or one.index is None or one.registers[1:2] != (read.register,):
            return False
        tree = self._flow.tree
        member = tree.method(part, one.index)
        if not member.kind.startswith(_NUMBER_FIRST):
            return False
        return any((owner, member.name) in self._calls for owner in (member.owner, *tree.above(member.owner)))
