"""Can somebody watch the person? By apps that somebody put there, by what they may see, and by what they did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.judge.questions.basis import Basis, answer, package_of
from phone_audit.model.app_wording import called, can_words, origin_words, seconds_between, use_words
from phone_audit.model.apps import App, Power
from phone_audit.model.finding import Finding, Question
from phone_audit.model.wording import counted, listed

_WATCHING_CLASSES: Final = frozenset({"stalkerware", "spyware", "watchware"})
"""Classes of lists whose apps are made to watch persons."""
_WATCHING_POWERS: Final = "watching-powers"
"""The detector of apps that were put there by hand and may watch."""
_RECENT: Final = 7 * 24 * 3600
"""Seconds within which a use counts as one of these days."""
_MOST_NAMED: Final = 3
_MANAGED: Final = frozenset({"device-owner", "profile-owner"})


@dataclass(frozen=True)
class _Watcher:
    """An app that somebody put there and that can watch: what shows it, and what it did lately."""

    app: App
    findings: tuple[Finding, ...]
    used: tuple[Power, ...]
    sure: bool


def watched(basis: Basis) -> Question:
    """Answer it: yes by an app that was put there by hand, may watch and did, or may watch in several ways.

    What a person chose to install from a store is told and is no yes. No is said only where all was read, and no app
    that was added may see all that is done.
    """
    listed_apps = [one for one in basis.supporting("known-bad", "suspicious") if one.category in _WATCHING_CLASSES]
    if listed_apps:
        return answer("watched", "yes", _listed_text(listed_apps[0], basis), listed_apps, package_of(listed_apps[0]))
    watchers = sorted(_watchers(basis), key=lambda one: (not one.sure, -len(one.used), one.app.package, one.app.user))
    sure = [one for one in watchers if one.sure]
    if sure:
        keys = [finding for one in sure for finding in one.findings]
        return answer("watched", "yes", _watcher_text(sure[0], len(sure), basis), keys, sure[0].app.package)
    if watchers:
        first = watchers[0]
        text = f"{_who(first.app)}, {can_words(_granted(first.app))}; nothing shows that it is used to watch."
        return answer("watched", "not-seen", text, first.findings, first.app.package)
    return _no_watcher(basis)


def _listed_text(finding: Finding, basis: Basis) -> str:
    app = basis.by_package.get(package_of(finding) or "")
    used = _recent(app, basis.now) if app else ()
    deed = f"; it {use_words(used[0], basis.now)}" if used else ""
    return f"{basis.name(finding.subject)} is listed as {finding.title}{deed}."


def _watchers(basis: Basis) -> Iterator[_Watcher]:
    """Yield the apps that somebody put there and that may watch."""
    found: dict[str, list[Finding]] = {}
    sure: set[str] = set()
    for finding, outcome in basis.findings:
        if finding.id == _WATCHING_POWERS:
            found.setdefault(finding.subject.name, []).append(finding)
            if outcome == "suspicious":
                sure.add(finding.subject.name)
    for app in basis.apps:
        if app.system or not (_sees_all(app) or app.package in found):
            continue
        if app.package in found or app.came_from.kind == "hand":
            used = _recent(app, basis.now)
            is_sure = app.package in sure or (bool(used) and bool(_sees_all(app)))
            yield _Watcher(app, tuple(found.get(app.package, ())), used, is_sure)


def _granted(app: App) -> tuple[Power, ...]:
    """Return what an app may watch with."""
    return tuple(power for power in app.powers if power.granted and power.watching != "none")


def _sees_all(app: App) -> tuple[Power, ...]:
    """Return what an app may see all with that is done on the phone."""
    return tuple(power for power in app.powers if power.granted and power.watching == "all")


def _recent(app: App, now: str | None) -> tuple[Power, ...]:
    """Return what an app watched with during the last days, what watches more first."""
    return tuple(power for power in app.powers if power.watching != "none" and _is_recent(power, now))


def _is_recent(power: Power, now: str | None) -> bool:
    seconds = seconds_between(power.last_used, now)
    return seconds is not None and seconds < _RECENT


def _who(app: App) -> str:
    return f"{called(app)}, {origin_words(app.came_from)}"


def _watcher_text(watcher: _Watcher, count: int, basis: Basis) -> str:
    """Say the strongest: what it did, else what it may."""
    more = f"; {counted(count - 1, 'other app')} can watch too" if count > 1 else ""
    if watcher.used:
        return f"{_who(watcher.app)}, {use_words(watcher.used[0], basis.now)}{more}."
    return f"{_who(watcher.app)}, {can_words(_granted(watcher.app))}{more}."


def _no_watcher(basis: Basis) -> Question:
    """Answer where no app was put there by hand that may watch."""
    added = [app for app in basis.apps if app.system is not True and _sees_all(app)]
    if added:
        names = listed(list(dict.fromkeys(map(called, added))), _MOST_NAMED)
        text = f"Nobody but apps that were chosen: {names} {can_words(_sees_all(added[0]))}."
        return answer("watched", "not-seen", text, package=added[0].package)
    managing = [app for app in basis.apps if any(power.what in _MANAGED for power in app.powers)]
    if managing:
        text = f"Nobody but whoever manages it: {called(managing[0])} {can_words(_managing(managing[0]))}."
        return answer("watched", "not-seen", text, package=managing[0].package)
    if not basis.whole:
        return answer("watched", "not-seen", "Nobody was seen, but not everything was read.")
    harmful = next(basis.supporting("known-bad", "suspicious"), None)
    if harmful is not None:
        text = "No app that was added can watch; whether something else that is wrong with this phone can is not known."
        return answer("watched", "not-seen", text, (harmful,))
    if not basis.trusted:
        text = "Nobody was seen, but what this phone says of itself can be false."
        return answer("watched", "not-seen", text)
    return answer("watched", "no", "No app that was added may read the screen, the notifications or what is typed.")


def _managing(app: App) -> Sequence[Power]:
    return [power for power in app.powers if power.what in _MANAGED]
