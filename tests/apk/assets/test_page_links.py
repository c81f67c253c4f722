"""Which URLs of a page are only links; as soon as anything in the page may fetch or read them, none is."""

import pytest

from phone_audit.apk.assets.file_types import AssetFile
from phone_audit.apk.assets.page_links import PageLinks
from phone_audit.apk.assets.urls import UrlMatch
from phone_audit.apk.text.host_text import find_urls

_LINK = '<html><body><p>About <a class="x" href="http://vendor.dev/x">us</a></p></body></html>'


def is_link(page: str, name: str = "about.html") -> bool:
    data = page.encode()
    begin = data.index(b"http://vendor.dev/x")
    line = page[:begin].rpartition("\n")[2]
    (host,) = [one for one in find_urls(page) if one.host == "vendor.dev"]
    file = AssetFile.of(f"assets/{name}", name, memoryview(data))
    return PageLinks(file).has(UrlMatch(host, begin, len(data), line))


@pytest.mark.parametrize(
    "page", [_LINK, _LINK.replace('"http', "'http"), _LINK.replace('"', ""), "<p>See http://vendor.dev/x for more.</p>"]
)
def test_links_and_texts(page: str) -> None:
    assert is_link(page)


@pytest.mark.parametrize(
    "more",
    [
        "<script>fetch(document.links[0].href)</script>",
        "<SCRIPT src=a.js></SCRIPT>",
        '<img src="x" onerror="go()">',
        "<iframe src=b.html></iframe>",
        '<a href="javascript:go()">x</a>',
        '<meta http-equiv="refresh" content="0">',
        "<base href='/x'>",
        "<form></form>",
        "<link rel=prefetch>",
        "<style>a{}</style>",
        "<svg></svg>",
    ],
)
def test_a_page_that_may_do_more(more: str) -> None:
    assert not is_link(_LINK + more)


@pytest.mark.parametrize(
    "page",
    [
        '<img src="http://vendor.dev/x">',
        '<a ping="http://vendor.dev/x" href="#">x</a>',
        '<a href="#" title="http://vendor.dev/x">x</a>',
    ],
)
def test_what_is_no_link(page: str) -> None:
    assert not is_link(page)


def test_other_files() -> None:
    assert not is_link(_LINK, "about.json")
    assert not is_link(_LINK, "about")
