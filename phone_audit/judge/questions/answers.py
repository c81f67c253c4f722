"""The answers of a verdict: for a phone, for a build, and for a folder of APKs those that make sense."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from phone_audit.judge.judge import BuildJudgement, PhoneJudgement
from phone_audit.judge.questions.basis import Basis, answer
from phone_audit.judge.questions.known_bad import known_bad
from phone_audit.judge.questions.sends import NOTHING_SEEN, sends
from phone_audit.judge.questions.watched import watched
from phone_audit.judge.verdict import RatedFinding, strongest_first
from phone_audit.model.apps import App
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import Incident, Question, Verdict
from phone_audit.model.traffic import RecordedTraffic
from phone_audit.model.wording import counted

_ANSWERED: Final = ("accessibility_services", "default_input_method")
"""Items of the state that are there where the phone told who may see what: of a service, and of the settings."""
_DOUBTS: Final = frozenset({"grave", "altered", "unclear"})
"""Signs of findings by which what the phone says of itself can be false."""


def with_answers(verdict: Verdict, questions: Sequence[Question]) -> Verdict:
    return verdict.model_copy(update={"questions": tuple(questions)})


def phone_answers(
    snapshot: Snapshot,
    judged: PhoneJudgement,
    apps: Sequence[App],
    depth: Depth,
    traffic: Sequence[RecordedTraffic] = (),
) -> tuple[Question, ...]:
    """Return the answers for a phone; `traffic` is what somebody else recorded."""
    told = {item.key for item in snapshot.state}
    rights = all(key in told for key in _ANSWERED) and all(user.readable for user in snapshot.users)
    code = judged.complete and depth != "quick"
    copies = [user for one in snapshot.packages for user in one.users]
    whole = code and rights and all(user.granted is not None and user.appops is not None for user in copies)
    identified = bool(snapshot.build.fingerprint or snapshot.build.display_id)
    basis = Basis.of(
        judged.findings, judged.incidents, apps, now=snapshot.device_time, whole=code and identified, traffic=traffic
    )
    doubts = any(finding.sign in _DOUBTS and outcome != "nothing-found" for finding, outcome in basis.findings)
    return (known_bad(basis), watched(replace(basis, whole=whole, trusted=not doubts)), sends(basis))


def with_seen_traffic(
    questions: Sequence[Question], apps: Sequence[App], traffic: Sequence[RecordedTraffic]
) -> tuple[Question, ...]:
    """Return the answers of a result that was made before, with what traffic that was recorded since then shows.

    An answer is replaced only by one that rests on what was seen.
    """
    said = sends(Basis.of((), (), apps, whole=False, traffic=traffic))
    return tuple(said if one.id == said.id and said.answer == "yes" else one for one in questions)


def build_answers(judged: BuildJudgement, incidents: Iterable[Incident]) -> tuple[Question, ...]:
    """Return the answer for a build identifier: whether it is known to be bad, by what is published of builds."""
    verdict = judged.verdict
    if verdict.outcome == "nothing-found":
        text = "No published case names this build; that says nothing about what its apps do."
        return (answer("known-bad", "no", text),)
    basis = Basis.of(judged.findings, incidents, whole=False)
    said = known_bad(basis)
    if said.answer == "yes" or said.findings:
        return (said,)
    return (answer("known-bad", "not-seen", f"{verdict.headline}."),)


def folder_answers(
    rated: Sequence[RatedFinding], incidents: Iterable[Incident], *, whole: bool
) -> tuple[Question, ...]:
    """Return the answers for APKs with nothing known of a phone: nobody is watched with a file."""
    basis = Basis.of((item.finding for item in rated), incidents, whole=whole)
    return (known_bad(basis), _sent_by_code(rated))


def _sent_by_code(rated: Sequence[RatedFinding]) -> Question:
    """Answer where data goes by what the code of many APKs holds, the most harmful kind."""
    sending = [item for item in rated if item.outcome != "nothing-found" and item.finding.sign == "sends"]
    if not sending:
        return answer("sends", "not-seen", NOTHING_SEEN)
    first = min(sending, key=strongest_first)
    alike = [item for item in sending if item.finding.id == first.finding.id]
    count = len({subject for item in alike for subject in item.subjects})
    what = first.finding.headline or first.finding.title
    text = f"Not seen on the way; {counted(count, 'app')} {'holds' if count == 1 else 'hold'} {what}."
    return answer("sends", "not-seen", text, (item.finding for item in alike))
