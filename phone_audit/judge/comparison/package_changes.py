"""Packages that are new, gone, updated or signed by somebody else, and what they may do now."""

from collections.abc import Collection, Mapping
from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.file_changes import compare_own_files
from phone_audit.judge.comparison.package_facts import PackageFacts
from phone_audit.judge.comparison.power_words import PowerWords, severity_of
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.finding import SEVERITIES, Severity
from phone_audit.model.wording import counted, listed

_RESIGNED: Final[Mapping[str, Severity]] = {
    "same-phone": "critical", "app": "critical", "same-build": "high", "other-build": "high",
}  # fmt: skip
"""On one phone Android takes no update by another signer. Makers sign other firmware with other keys, so that of two
phones with different firmware only what came later counts."""


def compare_packages(old: ResultFacts, new: ResultFacts, words: PowerWords, found: ChangeList) -> None:
    relation = found.relation
    if not (old.lists_all and new.lists_all):
        found.unread("package", old=old.lists_all, new=new.lists_all)
    for name, package in new.packages.items():
        before = old.packages.get(name)
        if before is not None:
            told = compare_users((old, new), name, words, found)
            compare_installers((old, new), name, found)
            _compare(before, package.without_users(told), words, found)
        elif old.lists_all:
            _add_new(package, can_do(package, new, words), found)
    for name, package in old.packages.items():
        if name not in new.packages and new.lists_all:
            text = f"{package.shown} is gone." if relation.in_time else f"Only the first phone has {package.shown}."
            severity: Severity = "medium" if package.system and relation.same_firmware else "info"
            found.add("package", "gone", name, text, severity, old=package.shown_version)


def _add_new(package: PackageFacts, can: list[PowerFact], found: ChangeList) -> None:
    """Tell of a new package in one change: what it may do and whom it talks to belongs to it."""
    parts = [f"{package.shown} is new" if found.relation.in_time else f"Only the second phone has {package.shown}"]
    severity: Severity = "medium" if can else "low"
    if package.system and found.relation.same_firmware:
        severity = "high"
        parts.append("as part of its firmware, although that has the same fingerprint")
    elif package.installers:
        parts.append(f"installed by {listed(package.installers, 3)}")
    said = ", ".join(parts)
    text = f"{said}; it may {listed([fact.can for fact in can], 4)}." if can else f"{said}."
    if package.trackers:
        text += f" It holds {counted(len(package.trackers), 'tracker')}."
    found.add("package", "new", package.name, text, severity, new=package.shown_version)


def _compare(old: PackageFacts, new: PackageFacts, words: PowerWords, found: ChangeList) -> None:
    _compare_signers(old, new, found)
    _compare_versions(old, new, found)
    compare_own_files(old, new, found)
    _compare_permissions(old, new, words, found)
    for user in sorted(old.enabled.keys() & new.enabled.keys()):
        before, after = old.enabled[user], new.enabled[user]
        if before != after:
            found.changed("package", new.name, f"{new.shown}{_for_user(user)}", "low", before, after)


def _compare_signers(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    if old.signers is None or new.signers is None:
        found.unread("signer", new.name, old=old.signers is not None, new=new.signers is not None)
        return
    if old.signers == new.signers:
        return
    severity: Severity = (
        "low" if found.relation.kind == "other-build" and new.system else _RESIGNED.get(found.relation.kind, "high")
    )
    if old.signers <= new.lineage:
        severity = "low" if new.verified else max(severity, "medium", key=SEVERITIES.index)
        vouched = "the earlier one vouches for it"
        vouched = vouched if new.verified else f"states that {vouched}, which was not checked"
        text = f"{new.shown} is signed by a new key, and {vouched}."
    elif old.signers < new.signers:
        text = f"{new.shown} is signed by a further key beside the earlier one, which Android takes for another signer."
    else:
        when = "than before" if found.relation.in_time else "on each phone"
        text = (
            f"{new.shown} is signed by another key {when}: the two do not come from the same maker, or one was changed."
        )
    values = {"old": " ".join(sorted(old.signers)), "new": " ".join(sorted(new.signers))}
    found.add("signer", "changed", new.name, text, severity, **values)


def _compare_versions(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    if old.version is None or new.version is None or old.version == new.version:
        return
    text = found.relation.changed(new.shown, old.shown_version, new.shown_version)
    severity: Severity = "info"
    if found.relation.in_time and new.version < old.version:
        text = f"{new.shown} went back from {old.shown_version} to {new.shown_version}."
        severity = "medium"
    elif found.relation.in_time:
        text = f"{new.shown} was updated from {old.shown_version} to {new.shown_version}."
    found.add("package", "changed", new.name, text, severity, old=old.shown_version, new=new.shown_version)


def _compare_permissions(old: PackageFacts, new: PackageFacts, words: PowerWords, found: ChangeList) -> None:
    for user in sorted(old.permissions.keys() & new.permissions.keys(), key=lambda one: one or 0):
        before, after = old.permissions[user], new.permissions[user]
        if before is None or after is None:
            found.unread("permission", new.name, old=before is not None, new=after is not None)
            continue
        asks = user is None
        for name in sorted(after - before):
            fact = words.by_permission.get(name)
            said = f"{new.shown} {_may(name, fact, asks=asks)}{_for_user(user)}"
            found.gained("permission", new.name, said, severity_of(fact) if fact else "low", name)
        for name in sorted(before - after):
            said = f"{new.shown} {_may(name, words.by_permission.get(name), asks=asks)}{_for_user(user)}"
            found.lost("permission", new.name, said, name)
    if found.relation.kind == "app" and not (old.permissions and new.permissions):
        found.unread("permission", new.name, old=bool(old.permissions), new=bool(new.permissions))


def _may(name: str, fact: PowerFact | None, *, asks: bool) -> str:
    """Say what a permission means to a person; one of which there is no fact is told by its name."""
    if fact is None:
        return f"asks for the permission {name}" if asks else f"has the permission {name}"
    return f"asks to {fact.can} ({name})" if asks else f"may {fact.can} ({name})"


def _for_user(user: int | None) -> str:
    return f" for user {user}" if user else ""


_MOST = 4


def compare_users(
    results: tuple[ResultFacts, ResultFacts], name: str, words: PowerWords, found: ChangeList
) -> set[int]:
    """Tell for whom a package is installed that did not have it, and return these users: all of it is told."""
    old, new = results
    before, after = old.packages[name], new.packages[name]
    gained = {user for user, here in after.installed.items() if here and before.installed.get(user, False) is False}
    for user in sorted(gained):
        if user not in before.installed and user in old.unread_users:
            found.unread("permission", name, old=False, new=True)
        elif after.system and user in new.users and user not in old.users:
            continue  # what came with the firmware is there for each user, and that user is told
        else:
            _add_user(after, user, can_do(after, new, words, {user}), found)
    return gained


def _add_user(package: PackageFacts, user: int, can: list[PowerFact], found: ChangeList) -> None:
    said = found.relation.gained(f"{package.shown} is installed for user {user}").removesuffix(".")
    text = f"{said}; it may {listed([fact.can for fact in can], _MOST)}." if can else f"{said}."
    severity: Severity = min(map(severity_of, can), key=SEVERITIES.index, default="low")
    found.add("package", "new", package.name, text, severity, new=f"user {user}")


def can_do(
    package: PackageFacts, result: ResultFacts, words: PowerWords, users: Collection[int] | None = None
) -> list[PowerFact]:
    """Return what a package may do of which there is a fact, the weightiest first; for some users, or for all."""
    granted = {
        words.by_permission[name]
        for user, names in package.permissions.items()
        if users is None or user in users
        for name in names or ()
        if name in words.by_permission
    }
    given = result.special_access or {}
    for user in package.installed if users is None else users:
        powers = given.get((package.name, user), {})
        granted |= {words.by_op[what] for what, has in powers.items() if has and what in words.by_op}
    return sorted(granted, key=lambda fact: fact.rank)


def compare_installers(results: tuple[ResultFacts, ResultFacts], name: str, found: ChangeList) -> None:
    """Compare who installed a package, for users that had it before."""
    old, new = results
    before, after = old.packages[name].installed_by, new.packages[name].installed_by
    for user in sorted(before.keys() & after.keys()):
        earlier, now = before[user], after[user]
        if earlier == now:
            continue
        if not (old.reads_installers and new.reads_installers):
            found.unread("installer", name, old=old.reads_installers, new=new.reads_installers)
            continue
        what = f"{new.packages[name].shown}{_for_user(user)}"
        text = found.relation.changed(what, f"installed by {earlier or _NOBODY}", now or _NOBODY)
        severity: Severity = "low" if earlier else "info"
        found.add("installer", "changed", name, text, severity, old=earlier or _NOBODY, new=now or _NOBODY)


_NOBODY = "nobody named"
