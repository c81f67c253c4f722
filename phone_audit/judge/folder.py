"""The verdict on a folder of APKs, from records that come one by one and are not kept."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from phone_audit.judge.gate import gating_outcome
from phone_audit.judge.headlines import folder_headlines
from phone_audit.judge.outcomes import CONFIDENCES, strongest, supports
from phone_audit.judge.questions.answers import folder_answers, with_answers
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, alike, strongest_first, verdict
from phone_audit.model.apk import Apk
from phone_audit.model.finding import OUTCOMES, Incident, Outcome, Skipped, Verdict
from phone_audit.model.wording import counted, listed

_MOST_MESSAGES = 3
_NOT_KEPT = MappingProxyType({"evidence": (), "remedy": ()})
"""What of a finding no verdict speaks of."""
_NOTHING_TO_JUDGE = Verdict(outcome="inconclusive", headline="No APK was found, so nothing was judged", reasons=())


class FolderJudge:
    """Takes in the records of a folder. It keeps of them what the verdict needs: names, counts and one finding a kind.

    `gating_outcome` is the strongest outcome of an APK without what somebody accepted.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
        self.unread = UnreadTally()
        self.gating_outcome: Outcome = OUTCOMES[0]
        self._alike: dict[object, RatedFinding] = {}
        self._others: dict[object, set[tuple[str, str]]] = {}
        self._messages: dict[str, dict[tuple[int, str], set[str]]] = {}
        self._incidents: dict[str, Incident] = {}

    def add(self, apk: Apk) -> None:
        self.counts[apk.outcome] = self.counts.get(apk.outcome, 0) + 1
        self.unread.add(apk.skipped)
        gating = gating_outcome(apk.outcome, apk.findings, complete=not apk.skipped)
        self.gating_outcome = strongest((self.gating_outcome, gating))
        incidents = {incident.id: incident for incident in apk.incidents}
        self._incidents |= incidents
        for finding in apk.findings:
            self._add(RatedFinding(finding.model_copy(update=_NOT_KEPT), supports(finding, incidents), finding.message))
            if finding.incident:
                rank = -CONFIDENCES.index(finding.confidence)
                said = self._messages.setdefault(finding.incident, {})
                said.setdefault((rank, finding.message), set()).add(apk.path)

    def _add(self, item: RatedFinding) -> None:
        kind = alike(item.finding, item.outcome)
        known = self._alike.get(kind)
        count = 1 + (known.count if known else 0)
        self._others.setdefault(kind, set()).update(item.subjects)
        first = item if known is None else min(known, item, key=strongest_first)
        self._alike[kind] = replace(first, count=count)

    def verdict(self, skipped: Iterable[Skipped]) -> Verdict:
        """Return the verdict on all records so far; `skipped` is what was not read besides what these say."""
        total = sum(self.counts.values())
        if not total:
            return _NOTHING_TO_JUDGE
        self.unread.add(skipped)
        texts = {incident: _in_files(said) for incident, said in self._messages.items()}
        supported = [
            replace(item, text=texts.get(item.finding.incident or "", item.text), others=frozenset(self._others[kind]))
            for kind, item in self._alike.items()
        ]
        said = verdict(supported, Scope(folder_headlines(self.counts, total), self.unread, code_left_out=False))
        return with_answers(said, folder_answers(supported, self._incidents.values(), whole=not self.unread))


def _in_files(said: dict[tuple[int, str], set[str]]) -> str:
    """Say what meets an incident in which files: each message once, the surest first, with the files it speaks of."""
    messages = [(text, said[rank, text]) for rank, text in sorted(said)]
    parts = [f"{listed(sorted(paths), 3)}: {text}" for text, paths in messages[:_MOST_MESSAGES]]
    left = {path for _, paths in messages[_MOST_MESSAGES:] for path in paths}
    return " ".join([*parts, f"And {counted(len(left), 'more file')}."] if left else parts)
