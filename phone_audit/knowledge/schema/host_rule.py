"""The schema of a rule over the names of hosts."""

import re

from phone_audit.model.apk import EndpointCategory
from phone_audit.model.base import Frozen


class HostRule(Frozen):
    """What hosts of some makers are for, by a word in their names.

    It holds for hosts below a domain that a host fact gives to one of `owners`. The labels in front of that domain are
    taken apart at hyphens, and digits at the end of a part fall away: `metrics1-drcn.dt` says metrics, drcn and dt.
    One of `words` has to be such a part, whole, or one of `labels` a label as it stands: `sec` is no label of
    `sec-cdn.static`.
    """

    id: str
    owners: tuple[str, ...]
    category: EndpointCategory
    words: tuple[str, ...]
    reason: str
    source: str
    matches: tuple[str, ...]
    ignores: tuple[str, ...]
    labels: tuple[str, ...] = ()

    def covers(self, labels: str) -> bool:
        """Tell whether the labels of a host, or those in front of a domain, hold one of the words or labels."""
        return not (words_in(labels).isdisjoint(self.words) and set(labels.split(".")).isdisjoint(self.labels))


def words_in(labels: str) -> frozenset[str]:
    """Return the words in labels of a host.

    Example:
        >>> sorted(words_in("metrics1-drcn.dt"))
        ['drcn', 'dt', 'metrics']
    """
    return frozenset(part.rstrip("0123456789") for part in re.split(r"[.-]", labels))
