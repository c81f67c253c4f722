"""The check of feed files: file, line, field, and what to write instead."""

from pathlib import Path

import pytest

from phone_audit.knowledge.check.folder import check_feeds, check_folder
from phone_audit.knowledge.feeds.indicator import Indicator
from phone_audit.knowledge.files import Problem
from tests.knowledge.feeds.feeds import item, keep
from tests.knowledge.feeds.test_importing import reporter

LAB = "indicators/lab.jsonl"


@pytest.mark.parametrize(
    ("indicator", "problem"),
    [
        (
            item("hash", "A" * 64),
            f"{LAB}: line 2: values[0]: '{'A' * 64}' is looked up as hash '{'a' * 64}'; write that",
        ),
        (
            item("hash", "a" * 63),
            f"{LAB}: line 2: values[0]: '{'a' * 63}' is no hash; its length or letters are those of none; "
            "correct it or leave it out",
        ),
        (
            item("host", "com.br"),
            f"{LAB}: line 2: values[0]: 'com.br' is a public suffix, under which anybody has a name; "
            "write the host below it; correct it or leave it out",
        ),
        (item("host", "8.8.8.8"), f"{LAB}: line 2: values[0]: '8.8.8.8' is looked up as address '8.8.8.8'; write that"),
        (item("package", "com.a", " "), f"{LAB}: line 2: name: missing; say what the values belong to"),
    ],
)
def test_a_value_that_no_look_up_finds(tmp_path: Path, indicator: Indicator, problem: str) -> None:
    keep(tmp_path, indicator)
    assert [str(one) for one in check_folder(tmp_path).problems] == [problem]


def test_head_and_rows_have_to_agree(tmp_path: Path) -> None:
    path = keep(tmp_path, item("host", "a.example"), counts={"host": 2})
    path = path.rename(path.with_name("other.jsonl"))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind":"host","name":"SpyOne","class":"stalkerware","values":["a.example"]}\nnonsense\n')
    found = [str(one) for one in check_folder(tmp_path).problems]
    assert found == [
        "indicators/other.jsonl: lab: feed: the file is called other.jsonl; both have to be the same",
        "indicators/other.jsonl: lab: host: a.example stands 2 times; keep one of them",
        "indicators/other.jsonl: line 4: whole line: it is no JSON: expected ident at line 1 column 2",
    ]
    path.write_text("[]\n", "utf-8")
    assert check_folder(tmp_path).problems[0].entry == "line 1"


def test_what_is_bundled_states_its_licence(tmp_path: Path) -> None:
    keep(tmp_path, item("host", "a.example"), licence="not stated", url="", date="2026")
    problems: list[Problem] = []
    check_feeds(tmp_path, reporter(problems), bundled=True)
    assert [one.field for one in problems] == ["sources.licence", "sources.url", "sources.date", "licence"]
