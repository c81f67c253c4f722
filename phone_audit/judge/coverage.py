"""What was promised and not read."""

from collections.abc import Iterable, Sequence

from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import NOT_READ, Reason, Skipped

_MOST_REASONS = 6
_CODE_ROLES = ("base", "split", "hidden-system")


def skipped_of_scan(snapshot: Snapshot, apks: Sequence[ApkInfo], depth: Depth) -> tuple[Skipped, ...]:
    """Return everything of a phone that its depth promises and that was not read, each once, sorted.

    An APK that is listed, was not analysed and that nobody accounts for is added here: it may not go missing.
    """
    told = [*snapshot.skipped, *(item for info in apks for item in info.skipped)]
    if depth != "quick":
        told += _unaccounted(snapshot, apks, told)
    return sorted_skipped(told)


def sorted_skipped(items: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Return each once, sorted."""
    return tuple(sorted(set(items), key=_order))


def _unaccounted(snapshot: Snapshot, apks: Sequence[ApkInfo], told: Sequence[Skipped]) -> Iterable[Skipped]:
    read = {info.path for info in apks} | {file.path for info in apks for file in info.files}
    named = {item.subject for item in told}
    for package in snapshot.packages:
        for file in package.files:
            if file.role in _CODE_ROLES and file.path not in read and not named & {file.path, package.name}:
                reason = "This APK is listed and was not analysed."
                yield Skipped(subject=file.path, step="transfer", code="not-analysed", reason=reason)


class Unread:
    """What was not read, counted by kind as it comes, so that any number of things takes little room."""

    def __init__(self, items: Iterable[Skipped] = ()) -> None:
        self._seen: set[int] = set()
        self._kinds: dict[tuple[str, str], tuple[int, Skipped]] = {}
        self.add(items)

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, items: Iterable[Skipped]) -> None:
        """Count further things, each once."""
        for item in items:
            identity = hash(_order(item))
            if identity not in self._seen:
                self._seen.add(identity)
                count, first = self._kinds.get((item.step, item.code), (0, item))
                self._kinds[item.step, item.code] = count + 1, min(first, item, key=_order)

    def kinds(self) -> list[tuple[int, Skipped]]:
        """Return how many there are of each kind, with the first of them; the most frequent kind first."""
        return sorted(self._kinds.values(), key=lambda kind: (-kind[0], kind[1].step, kind[1].code))


def _order(item: Skipped) -> tuple[str, str, str, str]:
    return (item.subject, item.step, item.code, item.reason)


def not_read_reasons(unread: Unread) -> tuple[Reason, ...]:
    """Say what was not read, one reason a kind, the most frequent first."""
    kinds = unread.kinds()
    reasons = [Reason(finding=None, text=_not_read(count, first)) for count, first in kinds[:_MOST_REASONS]]
    left = sum(count for count, _ in kinds[_MOST_REASONS:])
    if left:
        reasons.append(Reason(finding=None, text=f"{NOT_READ}, for other reasons: {left} more."))
    return tuple(reasons)


def _not_read(count: int, first: Skipped) -> str:
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{NOT_READ}: {first.subject}{more}. {first.reason}"
