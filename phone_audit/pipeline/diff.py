"""Two saved results → what changed between them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from phone_audit.errors import UsageError
from phone_audit.judge.comparison.compare import comparable, compare
from phone_audit.judge.comparison.facts import ResultFacts, facts_of
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.app import PowerFact
from phone_audit.model.diff import Diff, DiffRun
from phone_audit.model.results import Scan
from phone_audit.pipeline.options import TOOL, Clock, rfc3339, utc_now
from phone_audit.pipeline.report import check_seal_of, parse_result, read_result


def diff_results(old: Path, new: Path, *, clock: Clock = utc_now) -> Diff:
    """Compare two saved results, one of which may be `-`, standard input. Only one is held as a whole at a time.

    Raises:
        ResultError: one cannot be read.
        UsageError: they cannot be compared with each other.
    """
    started = clock()
    if str(old) == str(new) == "-":
        raise UsageError("Two results cannot come from standard input.", "Name a file for one of them.")
    before, after = read_facts(old), read_facts(new)
    if not comparable(before, after):
        raise UsageError("A phone cannot be compared with APKs.", "Name two results of scan, or two of apks.")
    return _document(before, after, load_knowledge().powers, started, clock)


def read_facts(path: Path) -> ResultFacts:
    """Read what of a saved result is compared.

    Raises:
        ResultError: it cannot be read, or its seal does not hold.
        UsageError: it is a result without packages.
    """
    text = read_result(path)
    check_seal_of(path, text)
    digest = hashlib.sha256(text).hexdigest()
    name = "standard input" if str(path) == "-" else str(path)
    facts = facts_of(parse_result(path, text), file=name, digest=digest)
    if facts is None:
        raise UsageError(
            f"{path} holds no packages that could be compared.", "Results of scan and of apks can be compared."
        )
    return facts


def read_baseline(path: Path) -> ResultFacts:
    """Read the result of a phone that is known to be good.

    Raises:
        ResultError: it cannot be read.
        UsageError: it is no result of one phone.
    """
    facts = read_facts(path)
    if not facts.is_phone:
        raise UsageError(
            f"{path} is not the result of a phone.", "A baseline is made with: phone-audit scan -o FILE.json"
        )
    return facts


def with_baseline(scan: Scan, baseline: ResultFacts, powers: Sequence[PowerFact], *, clock: Clock = utc_now) -> Scan:
    """Return a scan that was just made with how it differs from a phone that is known to be good."""
    started = clock()
    facts = facts_of(scan)
    if facts is None:
        raise TypeError("a scan has packages")
    return scan.model_copy(update={"baseline": _document(baseline, facts, powers, started, clock)})


def _document(old: ResultFacts, new: ResultFacts, powers: Sequence[PowerFact], started: datetime, clock: Clock) -> Diff:
    compared = compare(old, new, powers)
    return Diff(
        schema_="phone-audit/diff/1",
        old=old.side,
        new=new.side,
        kind=compared.kind,
        changes=compared.changes,
        not_compared=compared.not_compared,
        remarks=compared.remarks,
        tool=TOOL,
        run=DiffRun(started=rfc3339(started), seconds=(clock() - started).total_seconds()),
    )
