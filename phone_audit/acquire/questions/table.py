"""The table of questions about a phone's state, in the order in which they are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phone_audit.acquire.questions import (
    accessibility,
    adb_keys,
    connectivity,
    device_policy,
    framework,
    idle_list,
    mounts,
    roles,
    settings,
    transparency,
)
from phone_audit.acquire.questions.question import Question


@dataclass(frozen=True)
class PhoneFacts:
    """What is known of a phone before its condition is asked for.

    Attributes:
        sdk: the API level; None where not known.
        users: the ids that the shell may look into; the owner is asked for where there are none.
        packages: app id → names of packages.
        properties: the whole getprop.
        clock_offset: seconds by which the phone's clock is ahead; None where not known.
    """

    sdk: int | None
    users: Sequence[int]
    packages: Mapping[int, tuple[str, ...]]
    properties: Mapping[str, str]
    clock_offset: float | None = None


def questions_for(phone: PhoneFacts) -> tuple[Question[Any], ...]:
    """Return what is asked of a phone's state, in order; of two answers for one key the first stands."""
    return (
        framework.QUESTION,
        mounts.QUESTION,
        *(settings.secure_settings(user) for user in phone.users),
        settings.QUESTION,
        accessibility.QUESTION,
        device_policy.QUESTION,
        roles.QUESTION,
        idle_list.QUESTION,
        connectivity.connectivity(phone.packages),
        adb_keys.QUESTION,
        transparency.transparency(phone.properties.get(transparency.VBMETA)),
    )
