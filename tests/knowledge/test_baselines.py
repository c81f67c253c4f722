"""Baselines: their structure, and the script that makes the bundled file."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.knowledge.baselines import make
from phone_audit.knowledge.check.facts import check_baseline
from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.facts import BaselineFact

SIGNER = "ab" * 32
GOOD: dict[str, Any] = {
    "id": "x", "name": "X", "kind": "signer", "packages": ["com.a"], "signers": [SIGNER], "source": "s",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"name": " "}, [("name", "missing")]),
        ({"signers": []}, [("signers", "missing; of kind signer it is the proof")]),
        ({"packages": []}, [("packages", "missing; of kind signer it is the proof")]),
        ({"api_levels": [30]}, [("api_levels", "says nothing in an entry of kind signer; leave it out")]),
        ({"packages": ["com.a", "com.a", "a b"]}, [
            ("packages", "com.a stands 2 times; keep one of them"),
            ("packages", "com.a stands 2 times; keep one of them"),
            ("packages", "'a b' is no name of a package"),
        ]),
        ({"kind": "platform", "signers": [], "api_levels": [30]}, []),
        ({"kind": "file", "packages": [], "signers": [], "files": {SIGNER: "com.a", "cd" * 32: "com.a"}}, []),
        ({"kind": "file", "packages": [], "signers": []}, [("files", "missing; of kind file it is the proof")]),
    ],
)  # fmt: skip
def test_the_check(changes: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    found: list[tuple[str, str]] = []
    check_baseline(BaselineFact.model_validate(GOOD | changes), lambda place, text: found.append((place, text)))
    assert found == problems


@pytest.mark.parametrize("signer", ["AB" * 32, "ab" * 31, "ab" * 32 + "\n", ""])
def test_a_hash_is_whole(signer: str) -> None:
    with pytest.raises(ValueError, match="signers"):
        BaselineFact.model_validate(GOOD | {"signers": [signer]})


def test_the_script(tmp_path: Path) -> None:
    (tmp_path / "O-AOSP.json").write_text(
        json.dumps({"packagesAll": ["x"], "platformAppsAll": ["com.b", "com.a", "com.uraniborg.hubble"]}), "utf-8"
    )
    signers = {"com.google.b": "bb" * 32, "com.google.a": "aa" * 32, "com.google.c": "aa" * 32}
    (tmp_path / "gms-signers.json").write_text(json.dumps(signers), "utf-8")
    document, said = make(tmp_path)
    assert said == []
    assert [(fact.kind, fact.packages, fact.api_levels or fact.signers) for fact in document.entries] == [
        ("platform", ("com.a", "com.b"), (26, 27)),
        ("signer", ("com.google.a", "com.google.c"), ("aa" * 32,)),
        ("signer", ("com.google.b",), ("bb" * 32,)),
    ]


def test_the_bundled_entries_are_parsed_when_asked_for() -> None:
    known = load_knowledge()
    assert known.info.counts["baselines"] == len(known.baselines) > 0
    assert "uraniborg" in {source.id for source in known.sources}
