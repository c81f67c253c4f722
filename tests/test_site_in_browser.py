"""The built site in Chromium: it asks nobody else, complains of nothing, fits a phone, and keeps nobody out."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = sorted(path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md"))
OF_NEED: Final = ("index", "first-scan", "many-phones", "exposed", "evidence", "before-you-buy", "report")
"""Pages that are looked at in each width and scheme: the others take long and are made of the same parts."""
_CHROMIUM: Final = os.environ.get("PHONE_AUDIT_CHROMIUM") or shutil.which("chromium") or ""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(place))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not _CHROMIUM:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


class Tab:
    """A tab, what it asked for, and what is wrong with the pages that it showed."""

    def __init__(self, browser: Any, width: int, scheme: str = "light", *, policy: bool = True) -> None:
        size = {"width": width, "height": 844}
        self.page = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=not policy).new_page()
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.faults.append(f"{self.page.url}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))

    def show(self, url: str) -> None:
        self.page.goto(url)
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{url}: wider than the screen")


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_asks_anybody_else_or_is_wider_than_the_screen(browser: Any, address: str, width: int) -> None:
    tab = Tab(browser, width)
    for page in PAGES:
        tab.show(f"{address}{page.as_posix()}")
    tab.page.wait_for_load_state("networkidle")
    assert tab.faults == []
    assert [url for url in tab.asked if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_serious_is_in_the_way(browser: Any, address: str, width: int, scheme: str) -> None:
    axe = files(pytest.importorskip("axe_playwright_python")).joinpath("axe.min.js").read_text("utf-8")
    tab = Tab(browser, width, scheme, policy=False)
    for page in OF_NEED:
        tab.show(f"{address}{page}.html")
        tab.page.wait_for_load_state("networkidle")
        tab.page.evaluate(axe)
        found = tab.page.evaluate("axe.run(document)")["violations"]
        bad = [one for one in found if one["impact"] in ("serious", "critical")]
        tab.faults += [f"{page}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in bad]
    assert tab.faults == []


def test_search_under_the_policy_of_the_pages(browser: Any, address: str) -> None:
    tab = Tab(browser, 1440)
    tab.show(f"{address}index.html")
    tab.page.wait_for_load_state("networkidle")
    # the page looks when a key comes up: text that is put there at once is seen by chance
    tab.page.locator("input.md-search__input").press_sequentially("stalkerware")
    tab.page.wait_for_selector(".md-search-result__item")
    assert tab.faults == []
