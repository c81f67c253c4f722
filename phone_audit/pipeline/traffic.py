"""Files of recorded traffic → what a scan makes of them, and adds to a result that was made before."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from phone_audit.acquire.questions.question import PER_USER_RANGE
from phone_audit.acquire.traffic.budget import TrafficBudget
from phone_audit.acquire.traffic.read_traffic import check_traffic, read_traffic
from phone_audit.detect.apps.join import with_captured
from phone_audit.detect.traffic.traffic_findings import incident_hosts, traffic_findings, wire_sentence
from phone_audit.detect.traffic.traffic_join import PhoneApps, WireHost, hosts_by_package, join_traffic, phone_apps
from phone_audit.errors import ResultError
from phone_audit.judge.added import with_added
from phone_audit.judge.questions.answers import with_answers, with_seen_traffic
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk, ApkInfo, Endpoint
from phone_audit.model.apps import Destination
from phone_audit.model.base import Frozen
from phone_audit.model.detection import MatchStrength
from phone_audit.model.device import Package, PhoneIdentifier
from phone_audit.model.results import Scan
from phone_audit.model.traffic import HostTraffic, RecordedTraffic, TrafficHost, TrafficLog, masked
from phone_audit.pipeline.options import Progress, no_progress


def read_logs(
    paths: Sequence[Path], identifiers: Sequence[PhoneIdentifier], on_progress: Progress = no_progress
) -> tuple[TrafficLog, ...]:
    """Read all files, in the order in which they were named.

    Raises:
        UsageError: one cannot be opened, or is no recorded traffic.
    """
    logs = []
    budget = TrafficBudget()
    for number, path in enumerate(paths):
        on_progress("recorded traffic", number, len(paths))
        logs.append(read_traffic(path, identifiers, budget))
    return tuple(logs)


def apps_of(packages: Iterable[Package], apks: Iterable[ApkInfo | Apk]) -> PhoneApps:
    """Return what of a phone recorded traffic is joined with."""
    held = ((apk.package, apk.endpoints or ()) for apk in apks if apk.package is not None)
    return phone_apps(((package.name, package.app_id) for package in packages), held)


def seen_endpoints(wire: Iterable[WireHost]) -> Mapping[str, tuple[Endpoint, ...]]:
    """Return the hosts that each package was seen to talk to, as endpoints."""
    return {package: tuple(one.endpoint for one in hosts) for package, hosts in hosts_by_package(wire).items()}


def seen_hosts(wire: Iterable[WireHost]) -> Mapping[str, set[str]]:
    """Return the names of the hosts that each package was seen to talk to, whole; they are compared and not shown."""
    return {package: {one.seen.compared for one in hosts} for package, hosts in hosts_by_package(wire).items()}


def captured_places(wire: Iterable[WireHost]) -> Mapping[tuple[int, str], tuple[Destination, ...]]:
    """Return where each package of each user was seen to send; a name that was only looked up is no such place."""
    found: dict[tuple[int, str], list[Destination]] = {}
    for package, hosts in hosts_by_package(wire).items():
        for one in hosts:
            if one.seen.protocol != "dns":
                user = (one.seen.uid or 0) // PER_USER_RANGE
                found.setdefault((user, package), []).append(_destination(one))
    return {key: tuple(places) for key, places in found.items()}


def _destination(one: WireHost) -> Destination:
    return Destination(
        host=one.name,
        owner=None,
        category="unknown",
        cleartext=one.seen.cleartext,
        by="capture",
        data=tuple(sorted({sent.kind for sent in one.seen.sent})),
        times=one.seen.times,
    )


def published_traffic(
    logs: Iterable[TrafficLog], knowledge: Knowledge, own_numbers: Sequence[PhoneIdentifier] = ()
) -> tuple[RecordedTraffic, ...]:
    """Return what a result says of the files; owners and categories are those that the knowledge has of a host."""
    stated = tuple(sorted({masked(one.kind, one.value) for one in own_numbers}))
    return tuple(
        RecordedTraffic(
            file=log.file,
            sha256=log.sha256,
            format=log.format,
            first=log.first,
            last=log.last,
            hosts=tuple(_published(seen, knowledge) for seen in log.hosts),
            not_seen=log.not_seen,
            own_numbers=stated,
        )
        for log in logs
    )


def _published(seen: HostTraffic, knowledge: Knowledge) -> TrafficHost:
    owner = knowledge.owner_of(seen.compared) if seen.host is not None else None
    return TrafficHost(
        host=seen.host,
        address=seen.address,
        port=seen.port,
        package=seen.package,
        cleartext=seen.cleartext,
        times=seen.times,
        identifiers=tuple(one.masked for one in seen.sent),
        protocol=seen.protocol,
        uid=seen.uid,
        owner=owner.owner if owner else None,
        category=owner.category if owner else None,
        requests=seen.requests,
        data=tuple(sorted({one.kind for one in seen.sent})),
        of_this_phone=any(one.own for one in seen.sent),
    )


def add_traffic(
    document: Frozen, paths: Sequence[Path], knowledge: Knowledge, own_numbers: Sequence[PhoneIdentifier] = ()
) -> Scan:
    """Return a result of one phone with what recorded traffic adds to it.

    A result holds no identifiers of the phone: but for those that a person states, those in the traffic are told by
    their form alone. What the result says is kept; nothing of it is judged again.

    Raises:
        ResultError: the document is no result of one phone.
        UsageError: a file is no recorded traffic.
    """
    if not isinstance(document, Scan):
        raise ResultError(
            "Recorded traffic is added to the result of one phone.", "Name a result that `scan` made with -f json."
        )
    check_traffic(paths)
    logs = read_logs(paths, own_numbers)
    wire = join_traffic(logs, apps_of(document.packages, document.apks))
    met: dict[str, MatchStrength] = {incident.id: "confirmed" for incident in document.incidents}
    notes = {name: wire_sentence(places) for name, places in incident_hosts(wire, knowledge).items() if name in met}
    added = with_added(document, tuple(traffic_findings(wire, knowledge, met)), notes)
    skipped = tuple(note for log in logs for note in log.skipped)
    traffic = (*document.traffic, *published_traffic(logs, knowledge, own_numbers))
    apps = with_captured(added.apps, added.findings, captured_places(wire), knowledge)
    verdict = with_answers(added.verdict, with_seen_traffic(added.verdict.questions, apps, traffic))
    before = document.coverage
    read = {"skipped": (*before.skipped, *skipped), "complete": before.complete and not skipped}
    coverage = before.model_copy(update=read)
    return added.model_copy(update={"apps": apps, "verdict": verdict, "traffic": traffic, "coverage": coverage})
