"""Users that have a package now, with what it may do for them, and who installed it."""

from collections.abc import Collection

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.package_facts import PackageFacts
from phone_audit.judge.comparison.power_words import PowerWords, severity_of
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.finding import SEVERITIES, Severity
from phone_audit.model.wording import listed

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
        for_user = f" for user {user}" if user else ""
        what = f"{new.packages[name].shown}{for_user}"
        text = found.relation.changed(what, f"installed by {earlier or _NOBODY}", now or _NOBODY)
        severity: Severity = "low" if earlier else "info"
        found.add("installer", "changed", name, text, severity, old=earlier or _NOBODY, new=now or _NOBODY)


_NOBODY = "nobody named"
