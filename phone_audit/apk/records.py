"""The record of a file of which nothing could be read, and the order of what was left out."""

from collections.abc import Iterable

from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.finding import Skipped


def empty_record(
    shown_as: str,
    skipped: Iterable[Skipped],
    *,
    sha256: str | None = None,
    size: int | None = None,
    files: tuple[ApkFile, ...] = (),
) -> ApkInfo:
    """Return a record in which everything but the file itself is unknown."""
    return ApkInfo(
        path=shown_as,
        sha256=sha256,
        size=size,
        files=files,
        package=None,
        app_name=None,
        version_name=None,
        version_code=None,
        min_sdk=None,
        target_sdk=None,
        shared_user_id=None,
        has_code=None,
        debuggable=None,
        signature=None,
        signers=None,
        permissions=None,
        components=None,
        network_policy=None,
        trackers=None,
        endpoints=None,
        behaviours=None,
        flows_complete=None,
        obfuscation=None,
        skipped=in_order(skipped),
    )


def in_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Sort and drop repetitions."""
    return tuple(sorted(set(skipped), key=lambda s: (s.subject, s.step, s.code, s.reason)))
