"""The list of sources: what may stand there, and what is said of what may not."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.updates.sources import checked_url, read_sources
from tests.knowledge.updates.signing import public_key

PIN = "a" * 64


def entry(**changes: Any) -> dict[str, Any]:
    return {"id": "lab", "url": "https://lab.example/list", "format": "values", "sha256": PIN, **changes}


def write(folder: Path, *entries: object) -> Path:
    (folder / "sources.json").write_text(json.dumps({"sources": entries}), "utf-8")
    return folder


def test_sources_are_given_by_id(tmp_path: Path) -> None:
    signed = {"public_key": public_key(), "signature_url": "https://lab.example/list.minisig"}
    two = entry(id="a.b-2", sha256=None, minisign=signed, **{"class": "spyware"}, largest_mb=1)
    listed = read_sources(write(tmp_path, entry(), two))
    assert [source.id for source in listed.sources] == ["a.b-2", "lab"]
    assert listed.sources[0].class_ == "spyware"
    assert listed.problems == ()
    assert listed.names == {"lab", "a.b-2"}
    assert listed.names_all


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://lab.example/list"}, "sources.json: lab: url: it has to begin with https://"),
        ({"url": "https://u:p@lab.example/"}, "lab: url: it may hold no user"),
        ({"url": "https:///list"}, "lab: url: it names no host"),
        ({"url": "https://lab.example:0/"}, "lab: url: it names no host"),
        ({"url": "https://lab.example:99999/"}, "lab: url: Port out of range"),
        ({"url": "https://lab.example/a b"}, "lab: url: it holds a character that no URL has"),
        ({"url": "https://lab.example/\r\nHost: x"}, "lab: url: it holds a character"),
        ({"url": "https://bücher.example/"}, "lab: url: it holds a character"),
        ({"url": None}, "lab: url: Input should be a valid string"),
        ({"format": "auto"}, "lab: format: there is no such format; formats: knowledge, stix"),
        ({"sha256": "A" * 64}, "lab: sha256: String should match"),
        ({"sha256": None}, "lab: whole entry: either sha256 or minisign has to be there"),
        ({"id": "../x"}, "../x: id: String should match"),
        ({"id": "a..b"}, "a..b: id: String should match"),
        ({"largest_mb": 1000}, "lab: largest_mb: Input should be less than or equal to 256"),
        ({"class": "evil"}, "lab: class: Input should be"),
        ({"sha": PIN}, "lab: sha: there is no such field"),
        (
            {"minisign": {"public_key": "RW", "signature_url": "https://x.example"}},
            "lab: minisign.public_key: it is no",
        ),
        (
            {"minisign": {"public_key": public_key(), "signature_url": "http://x.example"}},
            "lab: minisign.signature_url: it has to begin with https://",
        ),
        (
            {"minisign": {"public_key": public_key(), "signature_url": "https://x.example"}},
            "lab: whole entry: either sha256 or minisign has to be there, and not both",
        ),
    ],
)
def test_a_bad_entry_is_told_and_costs_no_other(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    listed = read_sources(write(tmp_path, entry(**changes), entry(id="good")))
    assert [source.id for source in listed.sources] == ["good"]
    assert said in str(listed.problems[0])


def test_an_id_that_stands_twice_and_an_entry_without_one(tmp_path: Path) -> None:
    listed = read_sources(write(tmp_path, entry(), entry(), "text", {"url": 1}, entry(id="good")))
    assert [source.id for source in listed.sources] == ["good"]
    assert [problem.entry for problem in listed.problems][:2] == ["lab", "sources[2]"]
    assert "stands 2 times" in listed.problems[0].text
    assert not listed.names_all


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no JSON"),
        ("[" * 1000, "nested more than 64"),
        ("[]", "it has to be"),
        ('{"sources": 1}', "it has to be"),
    ],
)
def test_what_is_no_list_at_all_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "sources.json").write_text(text, "utf-8")
    with pytest.raises(KnowledgeError, match=said):
        read_sources(tmp_path)


def test_where_there_is_no_list_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"There is no .*sources\.json") as told:
        read_sources(tmp_path)
    assert "docs/lists.md" in told.value.hint


def test_a_good_url_is_given_back() -> None:
    assert checked_url("https://[::1]:8443/a%20b?c=d") == "https://[::1]:8443/a%20b?c=d"
