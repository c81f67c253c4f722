"""A saved phone, judged again with knowledge that is newer than the saving."""

from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.load import Knowledge
from phone_audit.model.results import Scan
from phone_audit.pipeline.options import Budget, ScanOptions
from phone_audit.pipeline.scan import scan_device
from tests.acquire.importers.made import DEVICES
from tests.judge.cases import fact, incident, knowledge_of

SAVED = str(DEVICES / "nokia7plus-small")
NEWER = "/system/bin/acme"
PATH = fact(NEWER, standalone=True)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def judged(known: Knowledge) -> Scan:
    return scan_device(SAVED, knowledge=known, options=ScanOptions(budget=Budget(jobs=1)))


def with_paths(**fits: Any) -> Scan:
    return judged(knowledge_of(incident(paths=[PATH], **fits)))


def test_an_update_of_the_facts_alone_changes_no_outcome_and_what_was_not_asked_is_named() -> None:
    before, after = judged(knowledge_of(incident())), with_paths()
    assert after.verdict == before.verdict
    assert (after.coverage.complete, after.coverage.skipped) == (True, ())
    assert (before.coverage.never_asked, after.coverage.never_asked) == ((), (NEWER,))


def test_an_incident_of_this_very_model_leaves_a_doubt() -> None:
    model = fact("Nokia 7 plus", field="ro.product.model", match="exact")
    after = with_paths(models=[model])
    assert after.coverage.never_asked == (NEWER,)
    assert [(item.code, item.step) for item in after.coverage.skipped] == [("not-looked-for", "command")]
    assert "incomplete: 1 thing could not be read" in after.verdict.headline
    other = with_paths(models=[model | {"value": "Nokia 8"}])
    assert other.coverage.skipped == ()
