"""URLs in bytes: what lies behind the beginning of one is not searched for others again."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phone_audit.apk.assets.string_tables import text_extent
from phone_audit.apk.assets.urls import first_url, urls_in
from phone_audit.apk.text import host_text
from phone_audit.apk.text.host_text import find_first_url, find_urls

MARK = b"https://"


class Counted:
    """A pattern that counts how often it is searched."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self.searches = 0

    def search(self, text: str, begin: int, end: int) -> re.Match[str] | None:
        self.searches += 1
        return self.pattern.search(text, begin, end)


@pytest.mark.promise("work-grows-with-size")
def test_each_mark_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of nothing but beginnings of URLs: every one was looked at again from each of 75 before it."""
    counted = Counted(host_text._SCHEME)
    monkeypatch.setattr(host_text, "_SCHEME", counted)
    data = memoryview(MARK * 200)
    assert list(urls_in(data, text_extent, range(5, len(data), len(MARK)))) == []
    assert counted.searches == 200


@given(
    st.lists(st.sampled_from(["http", "ws", "file", "x", "://", "a.example", "/", ":80", "\\/", " ", "%s.b.example"]))
)
@example(["http", "://", "http"])  # where only the second is a URL, the text begins with the same letters
def test_the_first_url_is_the_first_of_all(pieces: list[str]) -> None:
    text = "Http://" + "".join(pieces)
    found = next(find_urls(text), None)
    begins = found is not None and found.url.startswith("Http")
    assert first_url(text) == (found._replace(excerpt=text) if found is not None and begins else None)
    assert not begins or find_first_url(text) == found
