"""Packages that are new, gone, updated or signed by somebody else, and what they may do now."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import PackageFacts, ResultFacts
from phone_audit.judge.comparison.relation import Relation
from phone_audit.model.finding import Severity
from phone_audit.model.wording import counted, listed

_PREFIX: Final = "android.permission."
PRIVATE_PERMISSIONS: Final[Mapping[str, tuple[str, Severity]]] = {
    "BIND_ACCESSIBILITY_SERVICE": ("read the screen and act on it", "high"),
    "READ_SMS": ("read text messages", "high"),
    "RECEIVE_SMS": ("read text messages as they come", "high"),
    "RECORD_AUDIO": ("record with the microphone", "high"),
    "ACCESS_BACKGROUND_LOCATION": ("know where the phone is at any time", "high"),
    "WRITE_SECURE_SETTINGS": ("change protected settings of the phone", "high"),
    "INSTALL_PACKAGES": ("install apps without a question", "high"),
    "READ_PRIVILEGED_PHONE_STATE": ("read the IMEI and other numbers of the phone", "high"),
    "ACCESS_FINE_LOCATION": ("know where the phone is", "medium"),
    "ACCESS_COARSE_LOCATION": ("know roughly where the phone is", "medium"),
    "CAMERA": ("use the camera", "medium"),
    "READ_CALL_LOG": ("read the call log", "medium"),
    "PROCESS_OUTGOING_CALLS": ("see which numbers are called", "medium"),
    "READ_CONTACTS": ("read the contacts", "medium"),
    "READ_CALENDAR": ("read the calendar", "medium"),
    "READ_PHONE_STATE": ("read what the phone is called in the network", "medium"),
    "READ_PHONE_NUMBERS": ("read the phone number", "medium"),
    "SEND_SMS": ("send text messages", "medium"),
    "SYSTEM_ALERT_WINDOW": ("draw over other apps", "medium"),
    "REQUEST_INSTALL_PACKAGES": ("ask to install apps", "medium"),
    "PACKAGE_USAGE_STATS": ("see which apps are used", "medium"),
    "MANAGE_EXTERNAL_STORAGE": ("read and change all files", "medium"),
    "BODY_SENSORS": ("read sensors of the body", "medium"),
}
"""Permissions of Android that let an app learn or do what a person cares about, after "may", and how much that matters.
What is not here is told by its name."""

_RESIGNED: Final[Mapping[str, Severity]] = {
    "same-phone": "critical", "app": "critical", "same-build": "high", "other-build": "high",
}  # fmt: skip
"""On one phone Android takes no update by another signer. Makers sign other firmware with other keys, so that of two
phones with different firmware only what came later counts."""


_UPDATED: Final[Severity] = "info"
_WENT_BACK: Final[Severity] = "medium"


def compare_packages(old: ResultFacts, new: ResultFacts, relation: Relation, found: ChangeList) -> None:
    """Compare the packages of two results."""
    if not (old.lists_all and new.lists_all):
        found.unread("package", old=old.lists_all, new=new.lists_all)
    for name, package in new.packages.items():
        before = old.packages.get(name)
        if before is not None:
            _compare(before, package, relation, found)
        elif old.lists_all:
            _add_new(package, relation, found)
    for name, package in old.packages.items():
        if name not in new.packages and new.lists_all:
            text = f"{package.shown} is gone." if relation.in_time else f"Only the first phone has {package.shown}."
            severity: Severity = "medium" if package.system and relation.same_firmware else "info"
            found.add("package", "gone", name, text, severity, old=package.shown_version)


def _add_new(package: PackageFacts, relation: Relation, found: ChangeList) -> None:
    """Tell of a new package in one change: what it may do and whom it talks to belongs to it."""
    parts = [f"{package.shown} is new" if relation.in_time else f"Only the second phone has {package.shown}"]
    if package.system and relation.same_firmware:
        parts.append("as part of its firmware, although that has the same fingerprint")
    elif package.installers:
        parts.append(f"installed by {listed(package.installers, 3)}")
    can = [PRIVATE_PERMISSIONS[name] for name in _granted(package) if name in PRIVATE_PERMISSIONS]
    ranked = sorted(can, key=lambda one: (one[1] != "high", one[0]))
    severity: Severity = "low"
    if package.system and relation.same_firmware:
        severity = "high"
    elif ranked:
        severity = "medium"
    said = ", ".join(parts)
    text = f"{said}; it may {listed([words for words, _ in ranked], 4)}." if ranked else f"{said}."
    if package.trackers:
        text += f" It holds {counted(len(package.trackers), 'tracker')}."
    found.add("package", "new", package.name, text, severity, new=package.shown_version)


def _granted(package: PackageFacts) -> list[str]:
    return sorted({name.removeprefix(_PREFIX) for names in package.permissions.values() for name in names or ()})


def _compare(old: PackageFacts, new: PackageFacts, relation: Relation, found: ChangeList) -> None:
    _compare_signers(old, new, relation, found)
    _compare_versions(old, new, relation, found)
    _compare_own_files(old, new, found)
    _compare_permissions(old, new, relation, found)
    for user in sorted(old.enabled.keys() & new.enabled.keys()):
        before, after = old.enabled[user], new.enabled[user]
        if before != after:
            text = relation.changed(f"{new.shown}{_for_user(user)}", before, after)
            found.add("package", "changed", new.name, text, "low", old=before, new=after)


def _compare_signers(old: PackageFacts, new: PackageFacts, relation: Relation, found: ChangeList) -> None:
    if old.signers is None or new.signers is None:
        found.unread("signer", new.name, old=old.signers is not None, new=new.signers is not None)
        return
    if old.signers == new.signers:
        return
    severity: Severity = "low"
    if old.signers <= new.signers | new.lineage:
        text = f"{new.shown} is signed by a new key, and the earlier one vouches for it."
    else:
        who = "is signed by another key than before" if relation.in_time else "is signed by another key on each phone"
        text = f"{new.shown} {who}: the two do not come from the same maker, or one was changed."
        severity = "low" if relation.kind == "other-build" and new.system else _RESIGNED.get(relation.kind, "high")
    values = {"old": " ".join(sorted(old.signers)), "new": " ".join(sorted(new.signers))}
    found.add("signer", "changed", new.name, text, severity, **values)


def _compare_versions(old: PackageFacts, new: PackageFacts, relation: Relation, found: ChangeList) -> None:
    if old.version is None or new.version is None or old.version == new.version:
        return
    text, severity = relation.changed(new.shown, old.shown_version, new.shown_version), _UPDATED
    if relation.in_time and new.version < old.version:
        text, severity = f"{new.shown} went back from {old.shown_version} to {new.shown_version}.", _WENT_BACK
    elif relation.in_time:
        text = f"{new.shown} was updated from {old.shown_version} to {new.shown_version}."
    found.add("package", "changed", new.name, text, severity, old=old.shown_version, new=new.shown_version)


def _compare_own_files(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    """One version of a package has one base file; which splits come with it is each phone's own matter."""
    if old.version is None or old.version != new.version:
        return
    for name in sorted(old.own_files.keys() & new.own_files.keys()):
        before, after = old.own_files[name], new.own_files[name]
        if before is None or after is None:
            found.unread("file", f"{name} of {new.name}", old=before is not None, new=after is not None)
        elif before != after:
            text = f"{new.shown} has the same version and other bytes ({name})."
            found.add("file", "changed", f"{name} of {new.name}", text, "medium", old=before, new=after)


def _compare_permissions(old: PackageFacts, new: PackageFacts, relation: Relation, found: ChangeList) -> None:
    if relation.kind == "app":
        _compare_requested(old, new, found)
        return
    for user in sorted(old.permissions.keys() & new.permissions.keys(), key=lambda one: one or 0):
        before, after = old.permissions[user], new.permissions[user]
        if before is None or after is None:
            found.unread("permission", new.name, old=before is not None, new=after is not None)
            continue
        for name, words, severity in _described(after - before):
            text = relation.gained(f"{new.shown} may {words} ({name}){_for_user(user)}")
            found.add("permission", "new", new.name, text, severity, new=name)
        for name, words, _ in _described(before - after):
            text = relation.lost(f"{new.shown} may {words} ({name}){_for_user(user)}")
            found.add("permission", "gone", new.name, text, "info", old=name)


def _compare_requested(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    before, after = old.permissions.get(None), new.permissions.get(None)
    if before is None or after is None:
        found.unread("permission", new.name, old=before is not None, new=after is not None)
        return
    for name, words, severity in _described(after - before):
        found.add("permission", "new", new.name, f"{new.shown} asks to {words} ({name}) now.", severity, new=name)
    for name, words, _ in _described(before - after):
        text = f"{new.shown} asks to {words} ({name}) no longer."
        found.add("permission", "gone", new.name, text, "info", old=name)


def _described(names: Iterable[str]) -> Iterator[tuple[str, str, Severity]]:
    """Yield each permission with what it lets an app do, after "may", and how much that matters."""
    for name in sorted(names):
        words, severity = PRIVATE_PERMISSIONS.get(name.removeprefix(_PREFIX), ("use a permission", "low"))
        yield name, words, severity


def _for_user(user: int | None) -> str:
    return f" for user {user}" if user else ""
