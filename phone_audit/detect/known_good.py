"""Packages that a baseline or a maker's log knows: by signer or file beside the name. And the image.

What is found here takes nothing off a finding: a name that AOSP has and the key of the phone's maker say whose package
it is, not that the maker added nothing to it, which is what most published incidents are about.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from phone_audit.knowledge.feeds.indicator import Kind, ListedIndicator
from phone_audit.knowledge.feeds.transparency import FILE_LOGS, IMAGE_LOG, VBMETA, note_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import BaselineFact
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Package, PackageFile, Snapshot
from phone_audit.model.finding import Evidence
from phone_audit.model.results import KnownGood, KnownImage

PLATFORM = "android"
"""The package that is signed with the platform's key."""
_FINGERPRINT = "ro.build.fingerprint"
_VERIFIED = "ro.boot.verifiedbootstate"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def known_good(snapshot: Snapshot, apks: Sequence[ApkInfo], knowledge: Knowledge) -> tuple[KnownGood, ...]:
    """Return the packages that a baseline or a log knows, by name; the paths of `apks` are those on the phone."""
    by_path = {file.path: info for info in apks for file in info.files}
    signers = {package.name: _signers(package, by_path) for package in snapshot.packages}
    platform = _platform(signers.get(PLATFORM, frozenset()), knowledge)
    level = snapshot.properties.get("ro.build.version.sdk", "").strip()
    found = (
        item
        for package in snapshot.packages
        for fact in knowledge.baselines
        for item in _known(package, signers[package.name], fact, platform, level)
    )
    logged = (item for package in snapshot.packages for item in _logged(package, knowledge))
    return tuple(sorted({*found, *logged}, key=lambda item: (item.package, item.baseline, item.sha256)))


def known_image(snapshot: Snapshot, knowledge: Knowledge) -> KnownImage | None:
    """Return the proof that the system image is one that its maker published, by what the phone says of itself.

    The fingerprint and the digest of vbmeta have to stand in one entry of a log: a fingerprint is a text that anybody
    can write. The digest covers the partitions only where the bootloader has checked them, so it counts with a green
    boot state and a bootloader that is not unlocked (https://source.android.com/docs/security/features/verifiedboot).
    """
    said = {name: snapshot.properties.get(name, "").strip() for name in (_FINGERPRINT, VBMETA, _VERIFIED)}
    digest = said[VBMETA].lower()
    checked = said[_VERIFIED] == "green" and snapshot.build.bootloader_locked is not False
    if not checked or not _DIGEST.fullmatch(digest):
        return None
    for listed in _published(knowledge, "property", f"{VBMETA}={digest}", (IMAGE_LOG,)):
        if listed.indicator.about.name == said[_FINGERPRINT]:
            return KnownImage(
                baseline=listed.feed.feed,
                publisher=listed.feed.publisher,
                evidence=tuple(
                    Evidence(kind="property", where="getprop", value=f"{name}={value}") for name, value in said.items()
                ),
            )
    return None


def _logged(package: Package, knowledge: Knowledge) -> Iterator[KnownGood]:
    """Yield the proof of a package all of whose files stand in logs, under its name and its version."""
    files = _code(package)
    found = [item for file in files for item in _logged_file(package, file, knowledge)]
    if {item.sha256 for item in found} == {file.sha256 for file in files}:
        yield from found


def _logged_file(package: Package, file: PackageFile, knowledge: Knowledge) -> Iterator[KnownGood]:
    for listed in _published(knowledge, "hash", file.sha256, FILE_LOGS) if file.sha256 else ():
        about = listed.indicator.about
        version = package.version_code is None or about.note == note_of(package.version_code)
        if about.name == package.name and version:
            yield KnownGood(package=package.name, baseline=listed.feed.feed, by="file", sha256=listed.indicator.value)


def _published(knowledge: Knowledge, kind: Kind, value: str, formats: Sequence[str]) -> Iterator[ListedIndicator]:
    """Yield where logs list a value. A list of another format proves nothing, whatever class its values have."""
    for listed in knowledge.indicators.of(kind, value):
        if listed.feed.format in formats and listed.indicator.about.class_ == "owner":
            yield listed


def _code(package: Package) -> list[PackageFile]:
    """Return the files that a package runs: one unknown split beside a known base is unknown code."""
    return [file for file in package.files if file.role in ("base", "split")]


def _known(
    package: Package, signers: frozenset[str], fact: BaselineFact, platform: str | None, level: str
) -> Iterator[KnownGood]:
    """Yield the proof that a fact gives for a package; every signer has to be a known one."""
    if fact.kind == "file":
        hashes = [file.sha256 for file in _code(package) if file.sha256 and fact.files.get(file.sha256) == package.name]
        if len(hashes) == len(_code(package)):
            yield from (KnownGood(package=package.name, baseline=fact.id, by="file", sha256=each) for each in hashes)
    elif package.name in fact.packages and signers:
        if fact.kind == "signer" and signers <= set(fact.signers):
            yield KnownGood(package=package.name, baseline=fact.id, by="signer", sha256=min(signers))
        at_home = package.system is True and package.name != PLATFORM and level in map(str, fact.api_levels)
        if fact.kind == "platform" and at_home and signers == {platform}:
            yield KnownGood(package=package.name, baseline=fact.id, by="platform", sha256=min(signers))


def _signers(package: Package, by_path: Mapping[str, ApkInfo]) -> frozenset[str]:
    """Return the signers of all its APKs, as the phone and the files say; both count where they differ."""
    infos = [by_path[file.path] for file in package.files if file.path in by_path]
    return frozenset({*(package.signers or ()), *(signer.sha256 for info in infos for signer in info.signers or ())})


def _platform(signers: frozenset[str], knowledge: Knowledge) -> str | None:
    """Return the key of the platform; None where it is not the one of somebody, or everybody's."""
    if len(signers) != 1:
        return None
    (signer,) = signers
    key = knowledge.key_of(signer)
    return signer if key is None or key.kind == "vendor" else None
