"""Holds two results against each other: the same phone, two phones, or two versions of apps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.code_changes import compare_code
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.finding_changes import compare_findings
from phone_audit.judge.comparison.package_changes import compare_packages
from phone_audit.judge.comparison.phone_changes import compare_phone
from phone_audit.judge.comparison.power_words import PowerWords
from phone_audit.judge.comparison.relation import Relation
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.device import Device
from phone_audit.model.diff import Change, DiffKind, NotCompared


@dataclass(frozen=True)
class Comparison:
    """What changed, most harmful first, and what could not be compared."""

    kind: DiffKind
    changes: tuple[Change, ...]
    not_compared: tuple[NotCompared, ...]
    remarks: tuple[str, ...]


def comparable(old: ResultFacts, new: ResultFacts) -> bool:
    """Tell whether both are of phones, or both of APKs."""
    return old.is_phone == new.is_phone


def compare(old: ResultFacts, new: ResultFacts, facts: Sequence[PowerFact]) -> Comparison:
    """Compare two results; what one of them did not read is never told as gone.

    Takes as many steps as the two hold things. `facts` are what Android lets some apps do.
    """
    words = PowerWords.of(facts)
    relation = _relation(old, new)
    found = ChangeList(relation)
    compare_packages(old, new, words, found)
    compare_code(old, new, found)
    if relation.kind != "app":
        compare_phone(old, new, words, found)
    compare_findings(old, new, found)
    return Comparison(relation.kind, found.changes(), found.not_compared(), tuple(_remarks(old, new)))


def _relation(old: ResultFacts, new: ResultFacts) -> Relation:
    if not old.is_phone:
        return Relation("app", same_firmware=False)
    prints = [side.build.fingerprint if side.build else None for side in (old.side, new.side)]
    same_firmware = prints[0] is not None and prints[0] == prints[1]
    if _same_phone(old.side.device, new.side.device):
        return Relation("same-phone", same_firmware)
    return Relation("same-build" if same_firmware else "other-build", same_firmware)


def _same_phone(old: Device | None, new: Device | None) -> bool:
    if old is None or new is None:
        return False
    names = ((old.pseudonym, new.pseudonym), (old.serial, new.serial))
    return any(one is not None and one == other for one, other in names)


def _remarks(old: ResultFacts, new: ResultFacts) -> Iterator[str]:
    if old.knowledge != new.knowledge:
        yield (
            "The two results were judged by different facts: a finding that is new may only be known now. "
            "Scan the saved acquisition of the older one again to be sure."
        )
    if old.tool != new.tool:
        yield f"They were made by different versions of phone-audit ({old.tool} and {new.tool})."
    if old.depth != new.depth:
        yield f"They were read to different depths ({old.depth} and {new.depth})."
