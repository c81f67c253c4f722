"""Text for people, and near misses: what a program asks, what a command fetches."""

import pytest

from phone_audit.apk.text.prose import is_name_in_markup, is_prose, is_sentence, is_shown
from phone_audit.knowledge.load import load_knowledge

URL = "http://www.vendor.dev/help"
RULES = {rule.id: rule for rule in load_knowledge().rules}


@pytest.mark.parametrize(
    "before",
    [
        "For details see ",
        "or not (see ",
        "Set up the key at http://a.vendor.dev/ or ",
        "first part.\nRead more about it:\n",
        'Use the "build tools": ',
        "Documentation: ",
        "Photogrammetric Engineering, November 1998. ",
        "National Geospatial Intelligence Agency (NGA). ",
        "Directorate of Surveys and Mapping; ",
        "recent by: Stephen Frost <frost@vendor.dev>.  ",
        "\u8bf7\u53c2\u8003 ",
        "\u6743\u9650\u51fa\u9519\uff0c\u8bf7\u68c0\u67e5\u914d\u7f6e\uff0c",
    ],
)
def test_a_sentence_leads_up_to_it(before: str) -> None:
    assert is_prose(before)


@pytest.mark.parametrize(
    "before",
    [
        "", "GET ", "url = ", "server: ", "server address: ", "see=", "\u670d\u52a1\u5668=", "<a href=\"",
        "http://a.vendor.dev/ http://b.vendor.dev/ ", "curl -fsSL -o a ", "busybox wget -q ", "am start -d ",
        "git clone ", "login frost@vendor.dev ", "fetch it with wget from ", "else return \"", "download(",
    ],
)  # fmt: skip
def test_anything_else_does_not(before: str) -> None:
    assert not is_prose(before)


def test_a_sentence_needs_words_and_no_markup() -> None:
    assert is_sentence(f"The key is missing, see {URL} for how to get one.", URL)
    assert is_sentence(f"{URL} could not be reached because of an error", URL)
    assert not is_sentence(f"See {URL}", URL)
    assert not is_sentence(f"<p>The key is missing, <b>see {URL} for how to get one.", URL)
    assert not is_sentence(f"one two three four five {{}} six {URL}", URL)
    assert not is_sentence(f"{URL} GET POST PUT HEAD DELETE TRACE", URL)


@pytest.mark.parametrize(
    "text",
    [
        f'Use of it is subject to our Privacy Policy - "{URL}". We may share it with others; see there.',
        f'More information <a href="{URL}">here</a> or at {URL}.',
        f"\uacf5\uc2dd \ud50c\ub798\uadf8\uc2ed \uc2a4\ud1a0\uc5b4 \uc8fc\uc18c: {URL}",
        f"\u0e17\u0e35\u0e48\u0e2d\u0e22\u0e39\u0e48\u0e23\u0e49\u0e32\u0e19\u0e2a\u0e32\u0e02\u0e32: {URL}\n",
        f"\u6709\u95dc\u8a73\u60c5\u8acb\u6d3d\u4ee5\u4e0b\u7db2\u5740\uff1a{URL}",
        f"Your first account and/or the second one of %1$s: {URL}",
    ],
)
def test_a_resource_that_tells_people_something_in_any_language(text: str) -> None:
    assert is_shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://c2.vendor.dev/up?imei=%1$s&mac=%2$s one two three four",
        "Tell your friends of us http://vendor.dev/?id={0} today",
        URL, f"server address: {URL}", f"url={URL}", f"POST TO HOST AT {URL}", f"host=a port=1 path=/x user=me {URL}",
        f'{{"first": "one", "second": "two", "third": "three", "u": "{URL}"}}',
        f"when it has started then busybox wget {URL} and run it", f"go on and open {URL} for the next step",
        f"<a href='{URL}'>x</a>", f"\u670d\u52a1\u5668\u5730\u5740\uff1a{URL}",
    ],
)  # fmt: skip
def test_a_resource_that_a_program_reads(text: str) -> None:
    assert not is_shown(text)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("piece", "shown"),
    [("a", False), (f"{URL} ", False), (" -", False), ("open -", True), ("<a", False), ("one two ", True)],
)
def test_time_is_linear_in_the_length(piece: str, shown: bool) -> None:
    text = f"open {piece * (300_000 // len(piece))}! {URL}"
    assert is_shown(text) == shown
    assert not is_sentence(text, URL)


def _url_in(text: str) -> str:
    return text[text.rindex("http") :].rstrip("\"'/>")


@pytest.mark.parametrize("text", RULES["markup-name"].matches)
def test_names_in_markup(text: str) -> None:
    assert is_name_in_markup(text, _url_in(text))


@pytest.mark.parametrize("text", RULES["markup-name"].ignores)
def test_no_names_in_markup(text: str) -> None:
    assert not is_name_in_markup(text, _url_in(text))
