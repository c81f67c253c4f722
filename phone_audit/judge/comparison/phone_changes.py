"""What changed of a phone itself: its firmware's files, who may watch or administer it, and its settings."""

import re
from collections.abc import Mapping
from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.file_changes import compare_firmware
from phone_audit.judge.comparison.package_facts import PackageFacts
from phone_audit.judge.comparison.power_words import PowerWords, severity_of
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.device import Build, StateItem
from phone_audit.model.diff import ChangeKind, Side
from phone_audit.model.finding import Severity

_SAME: Final = {"enabled_accessibility_services": "accessibility_services", "sms_default_application": "role:SMS"}
"""Items that say of older versions of Android what another item says of newer ones: told once."""
_MOVING: Final = ("patch_age_days", "accessibility_powers", "framework_files", "accessibility_enabled")
"""Items that change by themselves, or that stand for others which are compared."""
_OF_BUILD: Final = ("build_prop", "ca_certificates", "ota_certificates", "transparency_", "vbmeta")
"""Beginnings of items that belong to the firmware: with other firmware they say nothing."""
_HOLDER: Final = re.compile(r"uid \d+|[^:\s]+")
"""One of the packages or components in a value; of a tunnel it may be only known who made it by its number."""
_NOT_SET: Final = "not set"

Items = tuple[StateItem | None, StateItem | None]
"""An item of the older result and of the newer one."""


def compare_phone(old: ResultFacts, new: ResultFacts, words: PowerWords, found: ChangeList) -> None:
    """Compare two phones, or one at two times, besides their packages."""
    if found.relation.same_firmware:
        compare_firmware(old, new, found)
    elif old.side.build and new.side.build:
        _compare_builds(old.side.build, new.side.build, found)
    _compare_users(old, new, found)
    _compare_state(old, new, words, found)
    _compare_special_access(old, new, words, found)


def _compare_builds(old: Build, new: Build, found: ChangeList) -> None:
    if old.fingerprint and new.fingerprint and old.fingerprint != new.fingerprint:
        found.changed("state", "build", "The firmware", "low", old.fingerprint, new.fingerprint)
    if old.security_patch and new.security_patch and new.security_patch < old.security_patch and found.relation.in_time:
        text = f"The security patch level went back from {old.security_patch} to {new.security_patch}."
        found.add("state", "changed", "patch", text, "high", old=old.security_patch, new=new.security_patch)


def _compare_users(old: ResultFacts, new: ResultFacts, found: ChangeList) -> None:
    for user in sorted(new.users.keys() - old.users.keys()):
        said = f"There is a user or profile {user} ({new.users[user] or 'of an unknown kind'})"
        found.gained("state", f"user {user}", said, "medium", new.users[user] or "there")
    for user in sorted(old.users.keys() - new.users.keys()):
        found.lost("state", f"user {user}", f"There is a user or profile {user}", old.users[user] or "there")


def _compare_state(old: ResultFacts, new: ResultFacts, words: PowerWords, found: ChangeList) -> None:
    shared = 0
    for key in sorted(old.state.keys() | new.state.keys()):
        base, _, user = key.partition("@")
        if user.isdecimal() and not (int(user) in old.users and int(user) in new.users):
            continue  # told as a user that is new or gone
        before, after = old.state.get(key), new.state.get(key)
        if base in _MOVING or (not found.relation.same_firmware and base.startswith(_OF_BUILD)):
            continue
        same = _SAME.get(base)
        if same and key.replace(base, same, 1) in old.state.keys() | new.state.keys():
            continue
        if (before is None and not old.reads_state) or (after is None and not new.reads_state):
            side: Side = "old" if before is None else "new"
            found.unread("power" if base in words.by_state else "state", key, old=side != "old", new=side != "new")
            continue
        shared += 1
        if base in words.by_state:
            _compare_power(key, (before, after), words.by_state[base], new.packages, found)
        else:
            _compare_item(key, (before, after), found)
    if not shared and (old.is_phone or new.is_phone):
        found.unread("state", old=old.reads_state, new=new.reads_state)


def _compare_power(
    key: str, items: Items, fact: PowerFact, packages: Mapping[str, PackageFacts], found: ChangeList
) -> None:
    user = key.partition("@")[2]
    for_user = f" for user {user}" if user else ""
    before, after = map(_holders, items)
    for name in sorted(after - before):
        shown = packages[name].shown if name in packages else name
        found.gained("power", name, f"{shown} may {fact.can}{for_user}", severity_of(fact), key)
    for name in sorted(before - after):
        found.lost("power", name, f"{name} may {fact.can}{for_user}", key)


def _holders(item: StateItem | None) -> set[str]:
    """Return the packages in a value: components, or names."""
    pieces = _HOLDER.findall(item.value or "" if item is not None else "")
    return {name for piece in pieces if (name := piece.partition(";")[0].partition("/")[0]) not in ("", "null")}


def _compare_special_access(old: ResultFacts, new: ResultFacts, words: PowerWords, found: ChangeList) -> None:
    """Compare what the owner gives an app in the settings, and what only the record of the app shows."""
    if old.special_access is None or new.special_access is None:
        if old.special_access is not None or new.special_access is not None:
            known = (old.special_access is not None, new.special_access is not None)
            found.unread("power", "special access by the settings", old=known[0], new=known[1])
        return
    for app in sorted(old.special_access.keys() & new.special_access.keys()):
        (name, user), before, after = app, old.special_access[app], new.special_access[app]
        for_user = f" for user {user}" if user else ""
        for fact in words.by_op.values():
            said = f"{new.packages[name].shown} may {fact.can}{for_user}"
            had, has = before.get(fact.id, False), after.get(fact.id, False)
            if had is None or has is None:
                if had is not has:
                    found.unread("power", name, old=had is not None, new=has is not None)
            elif has and not had:
                found.gained("power", name, said, severity_of(fact), fact.id)
            elif had and not has:
                found.lost("power", name, said, fact.id)


def _compare_item(key: str, items: Items, found: ChangeList) -> None:
    before, after = map(_value, items)
    if before == after:
        return
    expected = next((item.expected for item in reversed(items) if item is not None), None)
    severity: Severity = "low"
    if expected is not None and after is not None:
        severity = "info" if after == expected else "medium"
    text = found.relation.changed(f"The setting {key}", _shown(before), _shown(after))
    if severity == "medium":
        text += f" An ordinary phone says {_shown(expected or None)}."
    change: ChangeKind = "new" if before is None else "gone" if after is None else "changed"
    found.add("state", change, key, text, severity, old=before, new=after)


def _value(item: StateItem | None) -> str | None:
    return item.value or None if item is not None else None


_LONGEST: Final = 120


def _shown(value: str | None) -> str:
    if value is None:
        return _NOT_SET
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
