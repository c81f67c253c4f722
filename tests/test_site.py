"""The site builds without a warning, names every page, and a page of it asks nobody else for anything."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
LOADED: Final = {
    ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"), ("form", "action"),
}  # fmt: skip
NOT_LOADED: Final = {"canonical", "prev", "next"}


class Parts(HTMLParser):
    """What a page loads, and its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if held.get("rel") not in NOT_LOADED:
            self.loads += [value or "" for name, value in attrs if (tag, name) in LOADED]
        if tag == "img":
            self.pictures.append(held)
        if held.get("http-equiv") == "Content-Security-Policy":
            self.policy = held.get("content") or ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parts]:
    place = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", place],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    sheets = "".join(path.read_text("utf-8") for path in place.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", sheets) == []
    return {
        path.relative_to(place).as_posix(): Parts(path.read_text("utf-8")) for path in sorted(place.rglob("*.html"))
    }


def test_every_page_is_there(site: dict[str, Parts]) -> None:
    pages = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    assert set(site) - {"404.html"} == pages


def test_a_page_asks_nobody_else_for_anything(site: dict[str, Parts]) -> None:
    for name, page in site.items():
        assert [one for one in page.loads if re.match(r"(?:[a-z]+:)?//", one)] == [], name
        assert page.policy.startswith("default-src 'self'"), name
        assert not re.search(r"https?:|\*", page.policy)


def test_every_picture_is_told_in_words(site: dict[str, Parts]) -> None:
    pictures = [one for page in site.values() for one in page.pictures]
    assert {Path(one["src"] or "").name for one in pictures} == {path.name for path in (DOCS / "pictures").iterdir()}
    assert [one for one in pictures if len(one.get("alt") or "") < 20] == []


def test_every_schema_is_named() -> None:
    page = (DOCS / "schema.md").read_text("utf-8")
    linked = re.findall(r"\(schema/([^)]+)\)", page)
    assert sorted(linked) == sorted(path.name for path in (DOCS / "schema").iterdir())
