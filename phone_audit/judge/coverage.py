"""What was promised and not read."""

from collections.abc import Iterable, Sequence

from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import NOT_READ, Reason, Skipped

_MOST_REASONS = 6
_CODE_ROLES = ("base", "split", "hidden-system")


def skipped_of_scan(snapshot: Snapshot, apks: Sequence[ApkInfo], depth: Depth) -> tuple[Skipped, ...]:
    """Give everything of a phone that its depth promises and that was not read, each once, sorted.

    An APK that is listed, was not analysed and that nobody accounts for is added here: it may not go missing.
    """
    told = [*snapshot.skipped, *(item for info in apks for item in info.skipped)]
    if depth != "quick":
        told += _unaccounted(snapshot, apks, told)
    return sorted_skipped(told)


def sorted_skipped(items: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Give each once, sorted."""
    return tuple(sorted(set(items), key=lambda item: (item.subject, item.step, item.code, item.reason)))


def _unaccounted(snapshot: Snapshot, apks: Sequence[ApkInfo], told: Sequence[Skipped]) -> Iterable[Skipped]:
    read = {info.path for info in apks} | {file.path for info in apks for file in info.files}
    named = {item.subject for item in told}
    for package in snapshot.packages:
        for file in package.files:
            if file.role in _CODE_ROLES and file.path not in read and not named & {file.path, package.name}:
                reason = "This APK is listed and was not analysed."
                yield Skipped(subject=file.path, step="transfer", code="not-analysed", reason=reason)


def not_read_reasons(skipped: Sequence[Skipped]) -> tuple[Reason, ...]:
    """Say what was not read, one reason a kind, the most frequent first."""
    kinds: dict[tuple[str, str], list[Skipped]] = {}
    for item in skipped:
        kinds.setdefault((item.step, item.code), []).append(item)
    groups = sorted(kinds.values(), key=lambda group: (-len(group), group[0].step, group[0].code))
    reasons = [Reason(finding=None, text=_not_read(group)) for group in groups[:_MOST_REASONS]]
    left = sum(len(group) for group in groups[_MOST_REASONS:])
    if left:
        reasons.append(Reason(finding=None, text=f"{NOT_READ}, for other reasons: {left} more."))
    return tuple(reasons)


def _not_read(group: Sequence[Skipped]) -> str:
    first = group[0]
    more = f" and {len(group) - 1} more" if len(group) > 1 else ""
    return f"{NOT_READ}: {first.subject}{more}. {first.reason}"
