"""Which phone of a group differs from the others, and in what."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from phone_audit.judge.traits import ABSENT, UNSET, Traits
from phone_audit.model.results import Difference, FleetGroup, FleetModel, OddOne

ORDER = ("outcome", "finding", "build", "state", "file", "package", "signer", "version", "user")
"""Differences, by the first word of what differs; the weightiest first."""

_PRESENCE = ("package", "finding", "user")


def groups_of(phones: Sequence[Traits]) -> tuple[FleetGroup, ...]:
    """Return the groups of phones with one fingerprint, by fingerprint; a phone alone is a group of one."""
    found: dict[str, list[Traits]] = defaultdict(list)
    for phone in phones:
        if phone.fingerprint:
            found[phone.fingerprint].append(phone)
    return tuple(
        FleetGroup(
            fingerprint=fingerprint,
            members=tuple(sorted(phone.name for phone in members)),
            differs=_differences(members, lambda phone: phone.values),
        )
        for fingerprint, members in sorted(found.items())
    )


def models_of(phones: Sequence[Traits]) -> tuple[FleetModel, ...]:
    """Return the models of which there are phones with different firmware, by model."""
    found: dict[str, list[Traits]] = defaultdict(list)
    for phone in phones:
        if phone.model:
            found[phone.model].append(phone)
    return tuple(
        FleetModel(
            model=model,
            members=tuple(sorted(phone.name for phone in members)),
            differs=_differences(members, lambda phone: phone.build),
        )
        for model, members in sorted(found.items())
        if len({phone.fingerprint for phone in members if phone.fingerprint}) > 1
    )


def _differences(members: Sequence[Traits], values_of: Callable[[Traits], Mapping[str, str]]) -> tuple[Difference, ...]:
    ordered = sorted(members, key=lambda phone: phone.name)
    traits = {what for phone in ordered for what in values_of(phone)}
    found = (_difference(what, _known(what, ordered, values_of)) for what in traits)
    return tuple(sorted((difference for difference in found if difference), key=_weight))


def _known(
    what: str, members: Iterable[Traits], values_of: Callable[[Traits], Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Return the value of each member of which it is known."""
    kind = what.partition(" ")[0]
    known = []
    for phone in members:
        value = values_of(phone).get(what)
        if value is None and kind in _PRESENCE and phone.presence:
            value = ABSENT
        if value is None and kind == "state" and " for user " not in what and phone.settings:
            value = UNSET
        if value is not None:
            known.append((phone.name, value))
    return known


def _difference(what: str, known: Sequence[tuple[str, str]]) -> Difference | None:
    counts = Counter(value for _, value in known)
    if len(counts) < 2:
        return None
    value, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    majority = value if times * 2 > len(known) else None
    odd = tuple(OddOne(member=name, value=its) for name, its in known if its != majority)
    return Difference(what=what, majority=majority, odd=odd)


def _weight(difference: Difference) -> tuple[int, str]:
    word = difference.what.partition(" ")[0].rstrip(":")
    return (ORDER.index(word) if word in ORDER else len(ORDER), difference.what)
