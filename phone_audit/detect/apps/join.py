"""All that was read of a phone → one record for each app and user, with all that belongs together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from phone_audit.detect.apps.destinations import Places, places_of, told
from phone_audit.detect.apps.origin import Installers
from phone_audit.detect.apps.power_index import PowerIndex
from phone_audit.detect.known_good import PLATFORM
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.apps import App, Destination
from phone_audit.model.device import Package, PackageUser, Snapshot
from phone_audit.model.finding import Finding
from phone_audit.model.stated import time_of
from phone_audit.model.watch import Observation

_LONGEST: Final = 60
"""Letters of a name on the screen; more do not fit there either."""


def joined_apps(
    snapshot: Snapshot,
    apks: Sequence[ApkInfo],
    observations: Iterable[Observation],
    findings: Iterable[Finding],
    knowledge: Knowledge,
    captured: Mapping[tuple[int, str], Sequence[Destination]] = MappingProxyType({}),
) -> tuple[App, ...]:
    """Return every installed package of every readable user, by name and user.

    The paths of `apks` are those on the phone; `captured` is user and package → what recorded traffic shows of it
    alone.
    """
    phone = replace(_PhoneIndex.of(snapshot, apks, observations, findings, knowledge), captured=captured)
    apps = [app for package in snapshot.packages for app in phone.apps_of(package)]
    return tuple(sorted(apps, key=lambda app: (app.package, app.user)))


def with_captured(
    apps: Iterable[App],
    findings: Iterable[Finding],
    captured: Mapping[tuple[int, str], Sequence[Destination]],
    knowledge: Knowledge,
) -> tuple[App, ...]:
    """Return the apps of a result that was made before, with what traffic that was recorded since then shows of them.

    `findings` is what is claimed of the phone now, `captured` as in `joined_apps`.
    """
    keys = _findings_by_package(findings, {})
    return tuple(
        _with_places(app, captured.get((app.user, app.package), ()), keys.get(app.package, ()), knowledge)
        for app in apps
    )


def _with_places(app: App, captured: Sequence[Destination], keys: Sequence[str], knowledge: Knowledge) -> App:
    places = told((*captured, *app.destinations), knowledge) if captured else Places(app.destinations, 0)
    left_out = max(app.destinations_count - len(app.destinations), 0)
    return app.model_copy(
        update={
            "destinations": places.told,
            "destinations_count": places.count + left_out if captured else app.destinations_count,
            "findings": tuple(dict.fromkeys((*app.findings, *keys))),
        }
    )


@dataclass(frozen=True)
class _PhoneIndex:
    """What was read, by package: each list is gone through once, whatever the number of packages.

    Attributes:
        infos: package → its APKs, the base first.
        seen: user and package → what was seen of it and of no other.
        findings: package → keys of the findings that speak of it.
        sharing: user and app id → packages that have it.
        labels: package → its name on the screen.
        captured: user and package → what recorded traffic shows of it and of no other.
    """

    knowledge: Knowledge
    installers: Installers
    powers: PowerIndex
    infos: Mapping[str, Sequence[ApkInfo]]
    seen: Mapping[tuple[int, str], Sequence[Observation]]
    findings: Mapping[str, Sequence[str]]
    sharing: Mapping[tuple[int, int], int]
    labels: Mapping[str, str]
    captured: Mapping[tuple[int, str], Sequence[Destination]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        apks: Sequence[ApkInfo],
        observations: Iterable[Observation],
        findings: Iterable[Finding],
        knowledge: Knowledge,
    ) -> "_PhoneIndex":
        owners = {file.path: package.name for package in snapshot.packages for file in package.files}
        infos = _infos_by_package(apks, owners)
        labels = {name: label for name, mine in infos.items() if (label := _label(mine)) is not None}
        platform = next((package for package in snapshot.packages if package.name == PLATFORM), None)
        keys = frozenset(_signers(platform, infos.get(PLATFORM, ()))) if platform else frozenset()
        sharing: Counter[tuple[int, int]] = Counter(
            (user.id, package.app_id)
            for package in snapshot.packages
            for user in package.users
            if package.app_id is not None and user.installed is not False
        )
        return cls(
            knowledge=knowledge,
            installers=Installers.of(snapshot, knowledge, _signers_by_package(infos)),
            powers=PowerIndex.of(snapshot, knowledge, keys),
            infos=infos,
            seen=_seen_alone(observations),
            findings=_findings_by_package(findings, owners),
            sharing=sharing,
            labels=labels,
        )

    def apps_of(self, package: Package) -> Iterator[App]:
        """Yield the copies of a package that users have."""
        infos = self.infos.get(package.name, ())
        asked = {name for info in infos for name in info.permissions or ()}
        signers = _signers(package, infos)
        in_code: Places | None = None
        for user in package.users:
            if user.installed is False:
                continue
            seen = self.seen.get((user.id, package.name), ())
            captured = self.captured.get((user.id, package.name), ())
            if seen or captured or in_code is None:
                places = places_of(infos, seen, self.knowledge, captured)
                in_code = in_code if seen or captured else places
            else:
                places = in_code
            yield self._app(package, user, asked, signers, places)

    def _app(
        self, package: Package, user: PackageUser, asked: Iterable[str], signers: Iterable[str], places: Places
    ) -> App:
        traffic = user.traffic
        return App(
            package=package.name,
            label=self.labels.get(package.name),
            user=user.id,
            system=package.system,
            came_from=self.installers.came_from(package, user, self.labels),
            powers=self.powers.of_app(package, user, frozenset(asked), frozenset(signers)),
            destinations=places.told,
            sent=traffic.sent if traffic else None,
            sent_background=traffic.sent_background if traffic else None,
            findings=tuple(self.findings.get(package.name, ())),
            sent_since=time_of(traffic.since) if traffic else None,
            sent_shared=self.sharing[user.id, package.app_id] - 1 if traffic and package.app_id is not None else 0,
            destinations_count=places.count,
        )


def _infos_by_package(apks: Iterable[ApkInfo], owners: Mapping[str, str]) -> Mapping[str, Sequence[ApkInfo]]:
    """Return APKs by the package that the phone lists their file under; its manifest may name another one."""
    found: dict[str, list[ApkInfo]] = {}
    for info in apks:
        paths = (info.path, *(file.path for file in info.files))
        name = next((owners[path] for path in paths if path in owners), info.package)
        if name is not None:
            found.setdefault(name, []).append(info)
    for mine in found.values():
        mine.sort(key=lambda info: ([file.role for file in info.files[:1]] != ["base"], info.path))
    return found


def _label(infos: Iterable[ApkInfo]) -> str | None:
    """Return the name on the screen in one line, and no longer than a screen has room for."""
    for info in infos:
        words = " ".join((info.app_name or "").split())
        if words:
            return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
    return None


def _signers(package: Package, infos: Iterable[ApkInfo]) -> Iterator[str]:
    yield from package.signers or ()
    yield from (signer.sha256 for info in infos for signer in info.signers or ())


def _signers_by_package(infos: Mapping[str, Sequence[ApkInfo]]) -> Mapping[str, Sequence[str]]:
    """Return who signed packages; where their APKs disagree, no one of them is shown to have signed the package."""
    found: dict[str, Sequence[str]] = {}
    for name, mine in infos.items():
        sets = {_certificates(info) for info in mine}
        found[name] = tuple(next(iter(sets))) if len(sets) == 1 else ()
    return found


def _certificates(info: ApkInfo) -> frozenset[str]:
    """Return who signed an APK; nobody where its signature does not hold."""
    holds = info.signature is not None and info.signature.verified is not False
    return frozenset(signer.sha256 for signer in info.signers or ()) if holds else frozenset()


def _seen_alone(observations: Iterable[Observation]) -> Mapping[tuple[int, str], Sequence[Observation]]:
    """Return what was seen of one package alone: of packages that share a user id it is not known which it was."""
    found: dict[tuple[int, str], list[Observation]] = {}
    for one in observations:
        if len(one.packages) == 1:
            found.setdefault((one.user, one.packages[0]), []).append(one)
    return found


def _findings_by_package(findings: Iterable[Finding], owners: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return the keys of findings by the package that they speak of, by its name, its file or its certificate."""
    found: dict[str, dict[str, None]] = {}
    for finding in findings:
        for name in _packages_of(finding, owners):
            found.setdefault(name, {})[finding.key] = None
    return {name: tuple(keys) for name, keys in found.items()}


def _packages_of(finding: Finding, owners: Mapping[str, str]) -> Iterator[str]:
    match finding.subject.kind:
        case "package":
            yield finding.subject.name
        case "apk":
            if finding.subject.name in owners:
                yield owners[finding.subject.name]
        case "certificate":
            yield from (owners[piece.where] for piece in finding.evidence if piece.where in owners)
