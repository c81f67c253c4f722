"""Where does data go? By what was seen on the way, by what publishers showed, and by what code is written to do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from phone_audit.judge.questions.basis import Basis, answer, package_of
from phone_audit.model.app_wording import called, data_words, place_words, sent_words
from phone_audit.model.apps import App, Destination
from phone_audit.model.finding import Question
from phone_audit.model.wording import counted, listed

_SEEN: Final = ("capture", "seen")
"""Links by which an app was seen to send."""
_COLLECTS: Final = frozenset({"telemetry", "advertising"})
_WATCHING_POWERS: Final = "watching-powers"
_MOST_DATA: Final = 4
NOTHING_SEEN: Final = "No recording of traffic was read, so nothing shows where data goes."
_NOTHING_OF_THIS_PHONE: Final = "Traffic was recorded, but nothing in it is shown to be of an app on this phone."

_Pair = tuple[App, Destination]
_yes = partial(answer, "sends", "yes")
_not_seen = partial(answer, "sends", "not-seen")


def sends(basis: Basis) -> Question:
    """Answer it: yes by what was seen or what a publisher showed; code alone is no sight. It is never a no."""
    pairs = [(app, place) for app in basis.apps for place in app.destinations]
    seen = [(app, place) for app, place in pairs if place.by in _SEEN]
    return (
        _seen(seen, lambda place: place.by == "capture" and bool(place.data))
        or _by_data_of_some_app(basis)
        or _seen(seen, lambda place: place.cleartext is True)
        or _published(basis)
        or _by_watcher(basis)
        or _seen(seen, lambda place: place.category in _COLLECTS)
        or _seen(seen, lambda place: True)
        or _in_code(pairs, basis)
    )


def _by_data_of_some_app(basis: Basis) -> Question | None:
    """Answer by identifiers of this phone in a recording that names no app."""
    hosts = [host for log in basis.traffic for host in log.hosts if host.of_this_phone and host.package is None]
    if not hosts:
        return None
    first = hosts[0]
    place = first.host or first.address or "a place that is not known"
    what = listed(list(first.identifiers), _MOST_DATA)
    if first.protocol == "dns":
        return _yes(f"Some app on this phone looked up {place}, with {what} in its name.")
    return _yes(f"Some app on this phone sent {what} to {place} without encryption.")


def _seen(pairs: Sequence[_Pair], counts: Callable[[Destination], bool]) -> Question | None:
    """Answer by the first app that was seen, and count the others; a recording comes before a look."""
    met = sorted(((app, place) for app, place in pairs if counts(place)), key=lambda pair: pair[1].by != "capture")
    if not met:
        return None
    app, place = met[0]
    owner = f" ({place.owner})" if place.owner and place.host else ""
    others = len({other.package for other, _ in met} - {app.package})
    more = f"; so was {counted(others, 'other app')}" if others == 1 else f"; so were {others} other apps"
    return _yes(f"{called(app)} {place_words(place)}{owner}{more if others else ''}.", package=app.package)


def _published(basis: Basis) -> Question | None:
    """Answer by a confirmed case whose publisher says which data is sent."""
    for finding in basis.supporting("known-bad", "suspicious", "exposed"):
        incident = basis.incidents.get(finding.incident or "")
        if finding.sign == "incident" and finding.confidence == "confirmed" and incident and incident.data_types:
            publisher = next((source.publisher for source in incident.sources), "its publisher")
            data = listed(list(incident.data_types), _MOST_DATA)
            text = f"{publisher} published that {basis.name(finding)} sends {data}."
            return _yes(text, (finding,), package_of(finding))
    return None


def _by_watcher(basis: Basis) -> Question | None:
    """Answer by the bytes of an app that was put there by hand and may watch."""
    for finding, outcome in basis.findings:
        app = basis.by_package.get(finding.subject.name)
        if finding.id == _WATCHING_POWERS and outcome == "suspicious" and app and app.sent:
            return _yes(f"{called(app)} {sent_words(app)}; where to was not seen.", (finding,), app.package)
    return None


def _in_code(pairs: Sequence[_Pair], basis: Basis) -> Question:
    """Answer by what code is written to do."""
    flows = [(app, place) for app, place in pairs if place.by == "flow" and place.data]
    if flows:
        flows.sort(key=lambda pair: pair[1].cleartext is not True)
        app, place = flows[0]
        apps = {other.package for other, _ in flows}
        own = (found for other, found in flows if other.package == app.package)
        data = data_words(dict.fromkeys(name for found in own for name in found.data))
        plain = " over an unencrypted connection" if place.cleartext else ""
        more = f", and so does that of {counted(len(apps) - 1, 'other app')}" if len(apps) > 1 else ""
        text = f"Not seen on the way; the code of {called(app)} sends {data}{plain}{more}."
        return _not_seen(text, package=app.package)
    trackers = [one for one in basis.supporting("exposed") if one.category == "tracker"]
    if trackers:
        count = len({one.subject.name for one in trackers})
        text = f"Not seen on the way; {counted(count, 'app')} hold{'s' if count == 1 else ''} code of trackers."
        return _not_seen(text, trackers)
    return _not_seen(_NOTHING_OF_THIS_PHONE if basis.traffic else NOTHING_SEEN)
