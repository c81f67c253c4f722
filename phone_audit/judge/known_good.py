"""Packages that a baseline knows: by name and by signer or file, never by name alone.

What is found here takes nothing off a finding: a name that AOSP has and the key of the phone's maker say whose package
it is, not that the maker added nothing to it, which is what most published incidents are about.
"""

from collections.abc import Iterator, Mapping, Sequence

from phone_audit.knowledge.baseline_schema import BaselineFact
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Signer
from phone_audit.model.device import Package, Snapshot
from phone_audit.model.results import KnownGood

PLATFORM = "android"
"""The package that is signed with the platform's key."""


def known_good(snapshot: Snapshot, apks: Sequence[ApkInfo], knowledge: Knowledge) -> tuple[KnownGood, ...]:
    """Give the packages that a baseline knows, by name.

    Args:
        snapshot: the phone with its packages.
        apks: its analysed APKs; their paths are those on the phone.
        knowledge: the baselines.
    """
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
    return tuple(sorted(set(found), key=lambda item: (item.package, item.baseline, item.sha256)))


def _known(
    package: Package, signers: frozenset[str], fact: BaselineFact, platform: str | None, level: str
) -> Iterator[KnownGood]:
    """Yield the proof that a fact gives for a package; every signer has to be a known one."""
    if fact.kind == "file":
        for file in package.files:
            if file.sha256 and fact.files.get(file.sha256) == package.name:
                yield KnownGood(package=package.name, baseline=fact.id, by="file", sha256=file.sha256)
    elif package.name in fact.packages and signers:
        if fact.kind == "signer" and signers <= set(fact.signers):
            yield KnownGood(package=package.name, baseline=fact.id, by="signer", sha256=min(signers))
        at_home = package.system is True and package.name != PLATFORM and level in map(str, fact.api_levels)
        if fact.kind == "platform" and at_home and signers == {platform}:
            yield KnownGood(package=package.name, baseline=fact.id, by="platform", sha256=min(signers))


def _signers(package: Package, by_path: Mapping[str, ApkInfo]) -> frozenset[str]:
    """Give the signers of all its APKs, as the phone and the files say; both count where they differ."""
    read = {signer.sha256 for file in package.files for signer in _of_file(by_path.get(file.path))}
    return frozenset({*(package.signers or ()), *read})


def _of_file(info: ApkInfo | None) -> Sequence[Signer]:
    return info.signers or () if info else ()


def _platform(signers: frozenset[str], knowledge: Knowledge) -> str | None:
    """Give the key of the platform; None where it is not the one of somebody, or everybody's."""
    if len(signers) != 1:
        return None
    (signer,) = signers
    key = knowledge.key_of(signer)
    return signer if key is None or key.kind == "vendor" else None
