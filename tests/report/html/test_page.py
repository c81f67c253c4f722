"""A page stands alone: nothing is loaded, nothing but its own script runs, and no name of a phone acts in it."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable

import pytest

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from phone_audit.report.safe import visible
from tests.documents import apk, apks, finding, scan
from tests.report.html.page_text import Page, page_of
from tests.report.test_draw_diff import change, diff
from tests.report.test_draw_phones import fleet, group, row
from tests.watches import watch

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></textarea>--><h1>all is well",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31mred\x07 \u202egpj.exe\u200b",
    "&lt;b&gt; &amp; &#60;",
    "javascript:alert(1)",
)
PAGES: dict[str, Callable[[str], Frozen]] = {
    "scan": lambda name: scan("known-bad", model=name).model_copy(
        update={
            "label": name,
            "findings": (finding(name).model_copy(update={"title": name}),),
            "apks": (apk(name),),
        }
    ),
    "apks": lambda name: apks(apk(name, "known-bad"), outcome="known-bad").model_copy(update={"label": name}),
    "apk": apk,
    "fleet": lambda name: fleet(group(), scans=(row(2).model_copy(update={"model": name, "file": name}),)),
    "watch": lambda name: watch().model_copy(update={"label": name}),
    "diff": lambda name: diff(change(text=name)),
}


@pytest.mark.promise("html-harmless")
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", PAGES)
def test_a_hostile_name_is_text_and_comes_back_as_it_was(kind: str, name: str) -> None:
    page = page_of(PAGES[kind](name))
    plain = page_of(PAGES[kind]("name"))
    assert " ".join(visible(name).split()) in page.text
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert not [tag for tag, attributes in page.elements if any(word.startswith("on") for word in attributes)]
    assert not [char for char in page.source if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]


@pytest.mark.promise("html-alone")
@pytest.mark.parametrize("kind", PAGES)
def test_nothing_runs_and_nothing_is_loaded_but_what_the_page_brings(kind: str) -> None:
    page = page_of(PAGES[kind]("name"))
    policy = next(one["content"] for one in page.named("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (source,) = page.own[tag]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert re.search(r"https?:|@import|url\(", source) is None
    assert "unsafe" not in policy
    assert not [tag for tag, attributes in page.elements if {"style", "src", "srcset", "action"} & attributes.keys()]
    assert [one["href"] for one in page.named("link")] == ["data:,"]
    assert not page.open


def test_only_sources_are_linked_and_only_on_the_web() -> None:
    found = finding()
    odd = found.sources[0].model_copy(update={"url": "javascript:alert(1)", "title": "Odd"})
    document = scan("known-bad").model_copy(
        update={"findings": (found.model_copy(update={"sources": (*found.sources, odd)}),)}
    )
    links = [one for one in page_of(document).named("a") if not one["href"].startswith("#")]
    assert [(one["href"], one["rel"]) for one in links] == [("https://lab.example/study", "noreferrer noopener")]


@pytest.mark.parametrize("kind", PAGES)
def test_the_same_document_gives_the_same_bytes(kind: str) -> None:
    document = PAGES[kind]("name")
    assert render("html", document, Style()) == render("html", document, Style())


@pytest.mark.parametrize("kind", PAGES)
def test_links_inside_a_page_lead_somewhere_and_no_id_comes_twice(kind: str) -> None:
    page = page_of(PAGES[kind]("name"))
    inside = {one["href"][1:] for one in page.named("a") if one["href"].startswith("#")}
    assert inside <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert len(page.named("h1")) == 1


@pytest.mark.parametrize("kind", PAGES)
def test_discreet_says_nothing_in_the_title_or_at_the_top(kind: str) -> None:
    page = page_of(PAGES[kind]("name"), Style(discreet=True))
    assert "<title>Notes</title>" in page.source
    assert page.named("html")[0]["class"] == "discreet"
    assert page.text.startswith("Notes Notes ")  # the title, then the head of the page
    assert "<title>Notes" not in page_of(PAGES[kind]("name")).source


def test_what_a_saved_result_states_is_said_to_be_stated() -> None:
    page = page_of(scan(), Style(stated_in="<r>.json", seal="It is not sealed."))
    assert (
        "All of this is as stated in <r>.json; no phone and no APK was looked at again. It is not sealed." in page.text
    )


def test_the_word_that_nobody_should_read_stands_on_no_page() -> None:
    for make in PAGES.values():
        assert "clean" not in page_of(make("name")).text.lower()


def test_a_page_is_taken_apart() -> None:
    page = Page('<p id="a">One <b>two</b></p><script>x("<b>")</script>')
    assert (page.text, page.ids, page.own["script"]) == ("One two", ["a"], ['x("<b>")'])
