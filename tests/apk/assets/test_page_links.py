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
    return PageLinks(file).has(UrlMatch(host, begin, line))


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
        "<style>a{background:url(x)}</style>",
        "<style>a{background:u\\72l(x)}</style>",
        "<style>a{background:-webkit-image-set('x' 1x)}</style>",
        "<style>a{color:rgb(1,2,3);width:expression(go())}</style>",
        "<style>@import 'x';</style>",
        "<style>a{}",
        "<style onload=go()>a{}</style>",
        "<style>a{}</style><style>b{behavior:url(x)}</style>",
        "<style>a{}</style><p style='background:url(x)'>",
        '<meta http-equiv="content-type" content="text/html"><meta http-equiv="refresh" content="0">',
        '<meta http-equiv="content-type" http-equiv="refresh" content="0">',
        '<meta http-equiv="x-content-type" content="0">',
        "<svg></svg>",
    ],
)
def test_a_page_that_may_do_more(more: str) -> None:
    assert not is_link(_LINK + more)


@pytest.mark.parametrize(
    "more",
    [
        "<style>a:link { color: #1976d2; text-decoration: none; }</style>",
        '<STYLE type="text/css" media=screen>a{color:rgba(1, 2, 3, .5)}</STYLE>',
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
        "<meta http-equiv=X-UA-Compatible content='IE=edge'/>",
    ],
)
def test_a_page_with_plain_styles_only_shows_itself(more: str) -> None:
    assert is_link(_LINK + more)


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
