"""Whose code shows a behaviour: from the classes of its evidence to their owners."""

from collections.abc import Callable, Iterable
from typing import Final

from phone_audit.apk.code.libraries import Owner
from phone_audit.model.apk import Behaviour, Whose

_PARTIES: Final = ("first-party", "library", "obfuscated", "unknown")
"""The order in which owners are listed."""


def name_owners(behaviours: Iterable[Behaviour], owner_of: Callable[[str], Owner]) -> tuple[Behaviour, ...]:
    """Put into each behaviour whose code shows it, each owner once.

    What only a permission shows, which has no class, has no owner.

    Args:
        behaviours: their evidence names classes in Java form.
        owner_of: tells whose code a class is.
    """
    return tuple(_named(behaviour, owner_of) for behaviour in behaviours)


def _named(behaviour: Behaviour, owner_of: Callable[[str], Owner]) -> Behaviour:
    classes = dict.fromkeys(one.class_ for one in behaviour.evidence if one.class_)
    owners = sorted(
        {owner_of(name) for name in classes}, key=lambda owner: (_PARTIES.index(owner.party), owner.library or "")
    )
    return behaviour.model_copy(update={"whose": tuple(Whose(party=one.party, library=one.library) for one in owners)})
