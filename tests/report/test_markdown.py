"""Markdown: hostile names are shown as text, nothing but a source is a link, and the order is that of the text."""

import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from phone_audit.model.base import Frozen
from phone_audit.model.finding import Acceptance, Finding, Reason, Skipped, Source, Subject
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from phone_audit.report.markdown import MarkdownCanvas, escaped
from tests.documents import SKIPPED, SOURCE, apk, apks, finding, scan

HOSTILE = (
    "<img src=x onerror=alert(1)>", "[x](https://evil.example)", "![x](//evil.example/x.png)", "https://evil.example",
    "www.evil.example", "me@evil.example", "@someone", "a|b", "a@b|c`d|", "\\|x@y\\", "`code`", "``@a`", "`", "@`",
    "# x", "- x", "1. x", "1) x", "> x", "=== x", "--- x", "*** x", "~~~ x", "``` x", "*b* _i_ ~~s~~", "&lt;b&gt;",
    "[ref]: https://evil.example", "[^1]", "#12", "owner/repo#3", "GH-4", "deadbeefcafe", ":fire:", "$x$", "\\", "+",
    "<https://evil.example>", "javascript:alert(1)", "ftp://evil.example", "mailto:a@b.example", "<!-- x", "| --- |",
)  # fmt: skip
ACTS = re.compile(r"(?i)@|https?:|ftp:|www\.|#\d|GH-\d|:\w+:|\$|\b[0-9a-f]{7,40}\b")
"""What a forge turns into something in text that is no code."""


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """Return what a reader sees, code and text."""
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline", "text_special"))


def links(text: str) -> set[str]:
    return {str(token.attrs["href"]) for token in tokens(text) if token.type == "link_open"}


def kinds(text: str) -> set[str]:
    return {token.type for token in tokens(text)}


def assert_quiet(text: str) -> None:
    """Nothing hostile is more than text: no HTML, no image, no emphasis, and nothing that a forge acts on."""
    assert not kinds(text) & {"html_inline", "html_block", "image", "em_open", "s_open", "fence", "code_block", "hr"}
    for token in tokens(text):
        if token.type == "text":
            assert not ACTS.search(token.content), token.content


def found(name: str) -> Finding:
    return finding().model_copy(
        update={
            "title": name, "message": name, "key": name, "severity": name, "confidence": name,
            "subject": Subject(kind="package", name=name),
            "evidence": (finding().evidence[0].model_copy(update={"value": name, "where": name}),),
            "sources": (SOURCE, Source(title=name, publisher=name, date=name, url=name)),
            "accepted_by": Acceptance(by=name, at=name, reason=name),
        }
    )  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_escaped_is_shown_as_it_is(name: str) -> None:
    for text in (name, f"of {name} and {name}", f'"{name}" ({name})'):
        assert shown(escaped(text)) == text
        assert kinds(escaped(text)) <= {
            "paragraph_open",
            "inline",
            "text",
            "text_special",
            "code_inline",
            "paragraph_close",
        }
        assert_quiet(escaped(text))
        row = f"| a | b |\n| --- | --- |\n| {escaped(text)} | {escaped(text)} |\n"
        assert shown(row) == f"ab{text}{text}", "a cell stays a cell"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("details", [False, True])
def test_hostile_names_in_a_whole_report(name: str, *, details: bool) -> None:
    record = apk(name).model_copy(
        update={
            "package": name, "app_name": name, "findings": (found(name),),
            "skipped": (Skipped(subject=name, step="dex", code=name, reason=name),),
        }
    )  # fmt: skip
    phone = scan("known-bad", record.skipped, name).model_copy(update={"findings": (found(name),), "apks": (record,)})
    reason = Reason(finding=name, text=name)
    phone = phone.model_copy(
        update={"verdict": phone.verdict.model_copy(update={"headline": name, "reasons": (reason,)})}
    )
    for document in (phone, apks(record), record):
        text = render("markdown", document, Style(stated_in=name, details=details))
        assert_quiet(text)
        assert links(text) <= {SOURCE.url, name if name.startswith("http") else SOURCE.url}
        assert name in shown(text)


def test_a_report_begins_like_the_text_and_ends_with_the_findings() -> None:
    text = render("markdown", scan("known-bad", (SKIPPED,)), Style())
    lines = [line for line in text.splitlines() if line]
    assert lines[:2] == ["# phone-audit", "**KNOWN-BAD**: The headline of known-bad"]
    assert "1. A reason." in lines
    assert "   - Disable the package." in lines
    order = [
        text.index(part)
        for part in ("KNOWN-BAD", "Nokia", "1. A reason", "Not read", "## Findings", "## Not looked at")
    ]
    assert order == sorted(order)
    (row,) = (line for line in lines if "`k1`" in line)
    assert row.startswith(
        '| high, confirmed | A published incident: "A" (com.a) matches a published incident. | `k1` |'
    )
    assert row.endswith(" | [A lab, 2019-03-21](<https://lab.example/study>) |")
    assert lines[-1] == "- /system/app/B.apk: The file ends too early."


def test_the_most_severe_finding_is_first_and_a_folder_names_files() -> None:
    low = finding(key="low").model_copy(update={"severity": "low"})
    record = apk("one/b.apk").model_copy(update={"findings": (low, finding(key="high"))})
    rows = [line for line in render("markdown", apks(record), Style()).splitlines() if "| one/b.apk" in line]
    assert [row.split(" | ")[3] for row in rows] == ["`high`", "`low`"]


def test_evidence_is_counted() -> None:
    many = finding().model_copy(update={"evidence": finding().evidence * 7})
    text = render("markdown", scan("known-bad").model_copy(update={"findings": (many,)}), Style())
    assert "; and 2 more |" in text


def test_a_link_with_hidden_letters_is_none() -> None:
    odd = finding().model_copy(update={"sources": (SOURCE.model_copy(update={"url": "https://a.example/\u202ex"}),)})
    assert not links(render("markdown", scan("known-bad").model_copy(update={"findings": (odd,)}), Style()))


def test_lists_stand_in_lists_and_never_become_code() -> None:
    canvas = MarkdownCanvas(Style())
    canvas.line("adb shell x", 7)
    canvas.item("one", "1.", 1)
    canvas.item("two", "->", 4)
    canvas.line("a | b", 7)
    canvas.gap()
    canvas.item("three", "fix:", 9)
    assert canvas.taken() == ("\n- `adb shell x`\n1. one\n   - two\n      - `a `&#124;` b`\n\n- fix: three\n")


def test_an_outcome_that_is_none_of_ours() -> None:
    canvas = MarkdownCanvas(Style())
    canvas.outcome("**fine**", "x")
    assert canvas.taken() == "\nUNKNOWN OUTCOME (\\*\\*fine\\*\\*): x\n"


@pytest.mark.parametrize("document", [scan(), apks(), apk(), scan("known-bad", (SKIPPED,))])
def test_the_same_document_gives_the_same_bytes(document: Frozen) -> None:
    assert render("markdown", document, Style()) == render("markdown", document, Style())
