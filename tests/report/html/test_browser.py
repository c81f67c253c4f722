"""Pages in a real browser: nothing is asked for, nothing is complained of, everybody can use them, scripts or none."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from phone_audit.model.base import Frozen
from phone_audit.model.finding import Question, Reason
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import SKIPPED, finding, scan
from tests.report.html.phones import CONTACTS, MICROPHONE, READING, app, came, place, state, used
from tests.report.html.test_folder_page import folder
from tests.report.html.test_page import HOSTILE, PAGES
from tests.report.test_draw_phones import fleet, row

pytestmark = pytest.mark.browser

_CHROMIUM: Final = os.environ.get("PHONE_AUDIT_CHROMIUM") or shutil.which("chromium") or ""
_QUIET: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PAPER: Final = 1032
"""Height of what is printed on a sheet of A4 in pixels, 12 mm of margin above and below."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not _CHROMIUM:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield started
        started.close()


class Shown:
    """A document in the browser: the tab, what it complained of, and what it asked for."""

    def __init__(self, browser: Any, document: Frozen, folder: Path, **context: Any) -> None:
        path = folder / "page.html"
        path.write_text(render("html", document, Style()), "utf-8")
        self._context = browser.new_context(**context)
        self.tab = self._context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(path.as_uri())
        self.address = path.as_uri()

    def barriers(self) -> list[str]:
        """Return what keeps people out, as axe-core sees it; it is put in past the policy of the page."""
        axe = files(pytest.importorskip("axe_playwright_python")).joinpath("axe.min.js").read_text("utf-8")
        self._context.new_cdp_session(self.tab).send("Runtime.evaluate", {"expression": axe})
        found = self.tab.evaluate("axe.run(document)")["violations"]
        return [f"{one['impact']}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def visible(self, selector: str) -> int:
        return sum(one.is_visible() for one in self.tab.locator(selector).all())


def whole_phone() -> Scan:
    """Return a phone of which every part of a page has something to say."""
    recent = used(MICROPHONE, "2026-01-10T11:50:00Z", background=True)
    places = (place("a.example", "capture", owner="Ads Inc", data=("imei",), times=3), place("b.example", "fetched"))
    apps = (
        app("com.hand", "hand", label="Torch", came_from=came("hand", "2025-01-01T00:00:00Z"),
            powers=(recent, CONTACTS), destinations=places, findings=("k2",), sent=5),
        app("com.store", powers=(MICROPHONE,)),
        app("com.system", "firmware", powers=(MICROPHONE,)),
    )  # fmt: skip
    document = scan("known-bad", skipped=(SKIPPED,))
    low = finding("com.b", key="k2").model_copy(update={"severity": "low"})
    asked = (Question(id="watched", answer="yes", text="Torch used the microphone."),)
    return document.model_copy(
        update={
            "apps": apps,
            "state": (state("ro.build.tags", "test-keys", "release-keys"), state("http_proxy", "")),
            "findings": (*document.findings, low),
            "verdict": document.verdict.model_copy(update={"questions": asked}),
            "acquisition": document.acquisition.model_copy(update={"device_time": READING}),
        }
    )


DOCUMENTS: Final[dict[str, Callable[[], Frozen]]] = {
    "phone": whole_phone,
    "hostile": lambda: PAGES["scan"](HOSTILE[0]),
    "folder": folder,
    "fleet": lambda: fleet(scans=(row(1), row(2, outcome=None, error="No phone.", hint="Look."))),
    "diff": lambda: PAGES["diff"]("name"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_nothing_is_complained_of_asked_for_or_in_the_way(
    browser: Any, tmp_path: Path, kind: str, width: int, scheme: str
) -> None:
    shown = Shown(browser, DOCUMENTS[kind](), tmp_path, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert shown.complaints == []
    assert [one for one in shown.requests if not one.startswith("data:")] == [shown.address]
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.barriers() == []


def test_what_is_in_the_way_would_be_seen(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    shown.tab.evaluate("document.querySelector('input').parentElement.replaceWith(document.querySelector('input'))")
    assert [one for one in shown.barriers() if one.startswith("critical: label")]


def test_the_policy_stops_what_does_not_belong_to_the_page(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    shown.tab.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://evil.example/x\" onerror=\"acted = 1\">')"
    )
    shown.tab.wait_for_timeout(100)
    assert [one for one in shown.complaints if "Content Security Policy" in one]
    assert not shown.tab.evaluate("'acted' in window")


def test_findings_are_searched_and_narrowed_by_keyboard(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    shown.tab.locator("#findings input[type=search]").focus()
    shown.tab.keyboard.type("COM.B")
    assert (shown.visible("#findings .row"), shown.tab.inner_text("#findings .count")) == (1, "1 of 2 shown.")
    for _ in "COM.B":
        shown.tab.keyboard.press("Backspace")
    shown.tab.keyboard.press("Tab")
    shown.tab.keyboard.press("Space")  # the first box: high
    assert shown.tab.inner_text("#findings .count") == "1 of 2 shown."
    shown.tab.keyboard.press("Tab")
    shown.tab.keyboard.press("Space")  # boxes of one name widen each other
    assert shown.tab.inner_text("#findings .count") == "All 2 shown."


def test_a_summary_opens_by_keyboard_and_by_its_address(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    assert shown.visible(".evidence") == 0
    shown.tab.locator("#f-k1 summary").focus()
    shown.tab.keyboard.press("Enter")
    assert shown.visible("#f-k1 .evidence") == 1
    shown.tab.goto(f"{shown.address}#f-k2")
    assert shown.visible("#f-k2 .evidence") == 1


def test_apps_are_narrowed_also_those_that_are_folded(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    assert shown.visible("#apps .row") == 2
    shown.tab.get_by_label("microphone (3)").check()
    assert shown.visible("#apps .row") == 3
    shown.tab.get_by_label("used in the last 7 days (1)").check()
    assert shown.visible("#apps .row") == 1


def test_every_control_is_reached_by_the_keyboard(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    all_of_them = "a[href], input, summary, [tabindex='0']"
    wanted = shown.visible(all_of_them)
    shown.tab.evaluate(f'document.querySelectorAll("{all_of_them}").forEach((one, at) => one.dataset.at = at)')
    reached = set()
    for _ in range(wanted + 5):
        shown.tab.keyboard.press("Tab")
        reached.add(shown.tab.evaluate("document.activeElement.dataset.at"))
    assert len(reached - {None}) == wanted


def test_without_scripts_all_is_there_and_what_needs_them_is_not(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path, java_script_enabled=False)
    assert shown.visible(".filter") == 0
    assert shown.visible("#apps .row") == 2
    shown.tab.locator("#f-k1 summary").click()
    assert shown.visible("#f-k1 .evidence") == 1


def test_the_first_printed_page_is_the_answer_and_nothing_else(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path, viewport={"width": 688, "height": _PAPER})
    shown.tab.emulate_media(media="print")
    assert shown.tab.evaluate("getComputedStyle(document.querySelector('#answer')).breakAfter") == "page"
    assert shown.tab.locator("#answer").bounding_box()["height"] < _PAPER
    assert shown.visible(".top") == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_in_print_all_that_is_folded_is_open(browser: Any, tmp_path: Path, *, scripts: bool) -> None:
    reasons = tuple(Reason(finding=None, text=f"Reason {number}.") for number in range(9))
    document = whole_phone()
    judged = document.verdict.model_copy(update={"reasons": reasons})
    shown = Shown(
        browser, document.model_copy(update={"verdict": judged}), tmp_path,
        viewport={"width": 688, "height": _PAPER}, java_script_enabled=scripts,
    )  # fmt: skip
    folds = "details > :not(summary)"
    assert shown.visible(folds) == 0
    shown.tab.emulate_media(media="print")
    assert shown.visible(folds) == shown.tab.locator(folds).count() > 0
    assert shown.visible("text=Reason 8.") == 1
    further = shown.tab.locator(".further")
    debugging = shown.tab.locator("#answer > .soft").last
    assert further.bounding_box()["y"] > debugging.bounding_box()["y"], "page one is whole without it"
    assert shown.tab.locator("h2").first.evaluate("one => getComputedStyle(one).breakAfter") == "avoid"


def test_what_an_address_leads_to_is_open_without_scripts(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path, java_script_enabled=False)
    shown.tab.locator("a[href='#f-k1']").first.click()
    assert shown.visible("#f-k1 .evidence") == 1
    assert shown.visible("#f-k2 .evidence") == 0


def test_what_an_address_leads_to_can_be_closed_again(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, whole_phone(), tmp_path)
    evidence = shown.tab.locator("#f-k1 .evidence")
    shown.tab.locator("a[href='#f-k1']").first.click()
    evidence.wait_for(state="visible")  # the page opens it once its address has changed
    assert shown.visible("#f-k1 .evidence") == 1
    shown.tab.locator("#f-k1 summary").click()
    evidence.wait_for(state="hidden")
    assert shown.visible("#f-k1 .evidence") == 0


@pytest.mark.parametrize("kind", ["phone", "folder", "fleet"])
def test_on_a_narrow_screen_no_table_of_words_is_cut(browser: Any, tmp_path: Path, kind: str) -> None:
    shown = Shown(browser, DOCUMENTS[kind](), tmp_path, viewport={"width": 390, "height": 844})
    tables = shown.tab.locator(".wide:has(.cards)")
    assert tables.count()
    assert all(one.evaluate("it => it.scrollWidth <= it.clientWidth") for one in tables.all())
