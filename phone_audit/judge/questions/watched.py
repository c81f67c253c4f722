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
_ADMIN: Final = "device-admin"
_NO: Final = (
    "No app that was added may see the screen, notifications or typing, or used microphone, camera, place or messages "
    "within 7 days. The phone's own apps are not judged."
)
_UNKNOWN_APP: Final = "That can be ordinary use: if you do not know the app, ask for help before you remove it"
"""What to do about an app of which nothing shows that it watches."""
_MANAGED: Final = frozenset({"device-owner", "profile-owner"})


@dataclass(frozen=True)
class _Watcher:
    """An app that did not come with the phone and can watch, or did use what it can watch with lately.

    Attributes:
        findings: those on apps that were put there by hand and may watch.
        held: what it may see all with that is done on the phone, or keep itself from being removed.
        used: what it watched with during the last days, what watches more first.
        sure: whether it was put there by hand, and may watch in several ways or did.
    """

    app: App
    findings: tuple[Finding, ...]
    held: tuple[Power, ...]
    used: tuple[Power, ...]
    sure: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int, str, int]:
        """What orders watchers: sure ones, those that nobody is shown to have chosen, those that can and did."""
        from_store = self.app.came_from.kind == "store" and not self.findings
        can = bool(self.held)
        return (
            not self.sure,
            from_store,
            not (can and self.used),
            not can,
            -len(self.used),
            self.app.package,
            self.app.user,
        )


def watched(basis: Basis) -> Question:
    """Answer it: yes by an app that was put there by hand, may watch and did, or may watch in several ways.

    What came from elsewhere is told and is no yes. No is said only where all was read, and no app that was added may
    see all that is done, or used something that watches during the last days.
    """
    listed_apps = [one for one in basis.supporting("known-bad", "suspicious") if one.category in _WATCHING_CLASSES]
    if listed_apps:
        package = package_of(listed_apps[0])
        text = f"{_listed_text(listed_apps[0], basis)}{_managed_too(package, basis)}"
        return answer("watched", "yes", text, listed_apps, package)
    watchers = sorted(_watchers(basis), key=lambda one: one.rank)
    sure = [one for one in watchers if one.sure]
    if sure:
        keys = [finding for one in sure for finding in one.findings]
        package = sure[0].app.package
        text = f"{_sure_text(sure[0], watchers, basis)}{_managed_too(package, basis)}"
        return answer("watched", "yes", text, keys, package)
    if watchers:
        first = watchers[0]
        text = f"{_managed_first(first.app.package, basis)}{_possible_text(first, watchers, basis)}"
        return answer("watched", "not-seen", text, first.findings, first.app.package)
    return _no_watcher(basis)


def _listed_text(finding: Finding, basis: Basis) -> str:
    app = basis.by_package.get(package_of(finding) or "")
    used = _recent(app, basis.now) if app else ()
    deed = f"; it {use_words(used[0], basis.now)}" if used else ""
    return f"{basis.name(finding)} is listed as {finding.title}{deed}."


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
        if app.system:
            continue
        held = tuple(power for power in _granted(app) if power.watching == "all" or power.what == _ADMIN)
        used = _recent(app, basis.now)
        if not (held or used or app.package in found):
            continue
        by_hand = app.package in found or app.came_from.kind == "hand"
        if app.came_from.kind == "store" and not (used or app.package in found or _sees_all(app)):
            continue
        is_sure = app.package in sure or (by_hand and bool(used) and bool(_sees_all(app)))
        yield _Watcher(app, tuple(found.get(app.package, ())), held, used, is_sure)


def _granted(app: App) -> tuple[Power, ...]:
    """Return what an app may watch with, and whether it can keep itself from being removed."""
    return tuple(power for power in app.powers if power.granted and (power.watching != "none" or power.what == _ADMIN))


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


def _sure_text(watcher: _Watcher, watchers: Sequence[_Watcher], basis: Basis) -> str:
    """Say the strongest: what it did, else what it may."""
    deed = use_words(watcher.used[0], basis.now) if watcher.used else _may(watcher.app)
    return f"{_who(watcher.app)}, {deed}{_others(watcher, watchers)}."


def _possible_text(watcher: _Watcher, watchers: Sequence[_Watcher], basis: Basis) -> str:
    """Say what an app can or did, of which nothing shows that it watches somebody."""
    kind = watcher.app.came_from.kind
    who, others = _who(watcher.app), _others(watcher, watchers)
    if not watcher.used and kind == "store" and not watcher.findings:
        names = listed(list(dict.fromkeys(called(one.app) for one in watchers if one.held)), _MOST_NAMED)
        return f"None but apps that the phone notes as from a store: {names} {can_words(watcher.held)}."
    if not watcher.used:
        return f"{who}, {_may(watcher.app)}; nothing shows that it is used to watch{others}."
    deed = use_words(watcher.used[0], basis.now)
    if not watcher.held:
        return f"{who}, {deed}. {_UNKNOWN_APP}{others}."
    chosen = "; who chose it is not known" if kind == "other" else ""
    return f"{who}, can watch and {deed}{chosen}{others}."


def _managed_first(package: str, basis: Basis) -> str:
    """Say who manages the phone or a profile, where that is not the named app: it is certain that it may."""
    may = _managed_text(package, basis)
    return f"Whoever manages this phone or a profile on it: {may}. " if may else ""


def _managed_too(package: str | None, basis: Basis) -> str:
    """Say the same behind an app that is surely there to watch."""
    may = _managed_text(package, basis)
    return f" Besides, {may}." if may else ""


def _managed_text(package: str | None, basis: Basis) -> str:
    manager = next((app for app in _managers(basis) if app.package != package), None)
    return f"{called(manager)} {can_words(_managing(manager))}" if manager else ""


def _managers(basis: Basis) -> Sequence[App]:
    return [app for app in basis.apps if _managing(app)]


def _may(app: App) -> str:
    granted = _granted(app)
    return can_words(granted) if granted else "can watch"


def _others(watcher: _Watcher, watchers: Sequence[_Watcher]) -> str:
    """Count the other apps that can watch; where the one that is named cannot, those that used such a power."""
    if watcher.held or watcher.findings:
        count = len({one.app.package for one in watchers if one.held or one.findings} - {watcher.app.package})
        return f"; {counted(count, 'other app')} can watch too" if count else ""
    count = len({one.app.package for one in watchers if one.used} - {watcher.app.package})
    return f"; {counted(count, 'other app')} used such a power too" if count else ""


def _no_watcher(basis: Basis) -> Question:
    """Answer where no app that was added can watch, or used what watches."""
    managing = _managers(basis)
    if managing:
        text = f"Nobody but whoever manages it: {called(managing[0])} {can_words(_managing(managing[0]))}."
        return answer("watched", "not-seen", text, package=managing[0].package)
    if not basis.whole:
        return answer("watched", "not-seen", "Nobody was seen, but not all that apps may do, and did, was told.")
    harmful = next(basis.supporting("known-bad", "suspicious"), None)
    if harmful is not None:
        text = "No app that was added can watch; whether something else that is wrong with this phone can is not known."
        return answer("watched", "not-seen", text, (harmful,))
    if not basis.trusted:
        text = "Nobody was seen, but what this phone says of itself can be false."
        return answer("watched", "not-seen", text)
    if basis.now is None and any(power.last_used for app in basis.apps if not app.system for power in app.powers):
        return answer("watched", "not-seen", "Nobody was seen, but how long ago apps used what they may is not known.")
    return answer("watched", "no", _NO)


def _managing(app: App) -> Sequence[Power]:
    return [power for power in app.powers if power.what in _MANAGED]
