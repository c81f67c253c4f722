"""Code that could not be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.detectors.package_code import PACKED_CODE, packed_code
from phone_audit.knowledge.files import DataFile
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Obfuscation
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")
EVIDENCE = (Evidence(kind="path", where="lib/x86/libwrap.so", value="sign of Wrapper"),)


def fact(name: str, hides: str) -> dict[str, Any]:
    names = ("files", "weak_files", "classes", "sources", "matches", "ignores")
    return {"id": name.lower(), "name": name, "owner": None, "hides": hides, **{key: [] for key in names}}


ENTRIES = [fact("Wrapper", "code"), fact("Shield", "parts")]
KNOWLEDGE = Knowledge(
    (DataFile("packers", 0, Path("p.json"), json.dumps({"sources": [], "entries": ENTRIES}).encode()),)
)


def found(**changes: Any) -> list[Finding]:
    fields: dict[str, Any] = {
        "packers": (), "name_share": None, "encrypted": False, "dynamic_code": None, "evidence": EVIDENCE,
    }  # fmt: skip
    hidden = Obfuscation(**(fields | changes))
    return list(packed_code(apk_info("com.a", obfuscation=hidden), KNOWLEDGE))


def test_a_packer() -> None:
    assert found(packers=("wrapper",)) == [
        Finding(
            id="packed-code",
            key=finding_key("packed-code", SUBJECT, ""),
            category="hidden-code",
            sign="altered",
            title="Code is packed",
            message="com.a is packed with Wrapper: its own code was not read, so anything not found may "
            "still be there.",
            severity="low",
            confidence="high",
            subject=SUBJECT,
            evidence=EVIDENCE,
            remedy=PACKED_CODE.remedy,
            headline=PACKED_CODE.held,
            held=True,
        )
    ]


@pytest.mark.parametrize(
    ("changes", "title", "confidence", "said"),
    [
        ({"packers": ("shield",)}, "Code is protected", "medium", "is protected with Shield: parts"),
        ({"packers": ("shield", "wrapper")}, "Code is packed", "high", "is packed with Shield and Wrapper: its own"),
        ({"packers": ("unheard-of",)}, "Code is packed", "high", "is packed with unheard-of"),
        ({"packers": ("shield",), "encrypted": True}, "Code is protected", "medium", "is protected with Shield"),
        ({"encrypted": True, "dynamic_code": True}, "Files look encrypted", "medium", "loads code from files"),
        ({"encrypted": True}, "Files look encrypted", "low", "holds files that look encrypted"),
    ],
)
def test_how_much_is_hidden(changes: dict[str, Any], title: str, confidence: str, said: str) -> None:
    (finding,) = found(**changes)
    assert (finding.title, finding.confidence) == (title, confidence)
    assert finding.message.startswith(f"com.a {said}")


def test_nothing_hidden_or_not_looked_at() -> None:
    assert found() == found(encrypted=None) == found(dynamic_code=True) == found(name_share=1.0) == []
    assert list(packed_code(apk_info("com.a"), KNOWLEDGE)) == []
