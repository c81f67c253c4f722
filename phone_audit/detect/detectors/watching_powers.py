"""Packages that a hand put on the phone and that can watch what is done with it."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import PRIVILEGE_WORDS, Holder, holders, is_by_hand, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding, Remedy, Subject

DETECTOR = Detector(id="watching-powers", category="powers")
WATCHING = ("accessibility", "notifications", "admin")
REMEDY = Remedy(
    text="Find out who installed it and why. If nobody can say: take its permissions away in the settings, then "
    "remove it.",
    risk="Whoever installed it may notice. If you think someone is watching you, get help first: "
    "https://stopstalkerware.org.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each such package and user: high confidence with two of the powers, medium with one."""
    groups: dict[tuple[str, int], list[Holder]] = {}
    for one in holders(snapshot):
        if one.power in WATCHING and one.package and one.copy and is_by_hand(one.package, one.copy, snapshot):
            groups.setdefault((one.name, one.user), []).append(one)
    for (name, user), held in groups.items():
        words = " and ".join(PRIVILEGE_WORDS[power] for power in dict.fromkeys(one.power for one in held))
        copy = held[0].copy
        installer = Evidence(
            kind="package", where="pm list packages -i", value=f"{name} installer={copy.installer if copy else None}"
        )
        yield DETECTOR.finding(
            Subject(kind="package", name=name),
            "Installed by hand, and able to watch",
            f"{name} was not installed from a store and has {words}{shown_user(user)}.",
            severity="high" if len(held) > 1 else "medium",
            confidence="high" if len(held) > 1 else "medium",
            evidence=(*(piece for one in held for piece in one.evidence), installer),
            main=str(user),
            remedy=(REMEDY,),
        )
