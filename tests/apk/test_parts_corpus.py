"""Every real package that holds media, read in parts and as a whole: the same findings, incidents and outcome."""

from pathlib import Path

import pytest

from phone_audit.apk import range_planner as wanted
from phone_audit.knowledge.load import load_knowledge, whole
from tests.apk.parts_against_whole import RULES, UNEXPLAINED, Compared, compare, take_parts_of_everything

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]


def compared(corpus: Path, tmp_path: Path) -> list[Compared]:
    knowledge = whole(load_knowledge())
    files = sorted(path for path in corpus.rglob("*") if path.is_file())
    return [compare(path, knowledge, tmp_path / "parts.apk") for path in files]


def test_standard_depth(corpus: Path, tmp_path: Path) -> None:
    found = compared(corpus, tmp_path)
    assert [one for one in found if one.findings] == []
    assert sum(one.in_parts for one in found) >= 2
    assert sum(one.bytes_read for one in found) < 0.99 * sum(one.size for one in found)
    assert not [line for one in found for line in one.records if UNEXPLAINED in line or "(counts)" in line]


def test_as_few_bytes_as_can_be(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RULES:
        monkeypatch.setattr(wanted, name, getattr(wanted, name))
    take_parts_of_everything()
    found = compared(corpus, tmp_path)
    assert [one for one in found if one.findings] == []
    assert sum(one.in_parts for one in found) >= 30
    assert sum(one.bytes_read for one in found) < 0.97 * sum(one.size for one in found)
    assert not [line for one in found for line in one.records if UNEXPLAINED in line or "(counts)" in line]
