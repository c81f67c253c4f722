"""Is it known to be bad?"""

from typing import Any

import pytest

from phone_audit.judge.questions.known_bad import known_bad
from phone_audit.model.finding import Evidence, Question, Source, Subject
from tests.judge.cases import finding
from tests.judge.questions.phone_questions import app, basis, published


def test_a_confirmed_case_names_the_app_the_case_and_the_year() -> None:
    found = published()
    assert known_bad(basis(found, apps=(app(),))) == Question(
        id="known-bad",
        answer="yes",
        text="“App” (com.app) belongs to a case published in 2019: “A case”.",
        findings=(found.key,),
        package="com.app",
    )


def test_a_build_is_called_what_it_is() -> None:
    said = known_bad(basis(published(subject=Subject(kind="build", name="X/1"), headline="the update client")))
    assert (said.text, said.package) == (
        "This build belongs to a case published in 2019: “the update client”.",
        None,
    )


def test_a_certificate_is_called_by_who_carries_it() -> None:
    carriers = tuple(Evidence(kind="package", where="/system", value=name) for name in ("com.app", "com.b", "com.app"))
    key = Subject(kind="certificate", name="cd" * 32)
    found = published().model_copy(update={"subject": key, "evidence": carriers})
    assert known_bad(basis(found, apps=(app(),))).text.startswith("“App” (com.app), as one of 2 packages, belongs to a")
    bare = found.model_copy(update={"evidence": ()})
    assert known_bad(basis(bare)).text.startswith("cdcdcdcd")


def test_a_listed_app_names_who_lists_it() -> None:
    source = Source(title="t", publisher="Echap", date="2026", url="")
    found = finding("indicator.hash", "com.app", confidence="confirmed", title="Spy (stalkerware)", sources=(source,))
    assert known_bad(basis(found)).text == "com.app is listed as Spy (stalkerware) by Echap."


@pytest.mark.parametrize(
    ("detector", "confidence", "text"),
    [
        ("possible-incident", "medium", "“App” (com.app) has a sign of “A case”, which alone does not show it."),
        ("candidate-build", "low", "It may be affected; this alone cannot tell."),
    ],
)
def test_a_sign_alone_is_neither_yes_nor_no(detector: str, confidence: Any, text: str) -> None:
    found = finding(
        detector,
        incident="case",
        confidence=confidence,
        name="com.app",
        message="It may be affected; this alone cannot tell.",
    )
    said = known_bad(basis(found, apps=(app(),)))
    assert (said.answer, said.text) == ("not-seen", text)


def test_no_needs_all_to_be_read() -> None:
    assert known_bad(basis()).answer == "no"
    assert known_bad(basis(whole=False)).answer == "not-seen"
    assert known_bad(basis(finding("tracker-present", confidence="high"))).answer == "no"
