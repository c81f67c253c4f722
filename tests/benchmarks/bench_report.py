"""Time and size of what is drawn of a large phone: 400 packages, 10,000 findings; and of its filter in a browser.

Run by hand: `python tests/benchmarks/bench_report.py RESULT.json`, with the result of a scan; its packages, apps and
findings are repeated under other names until there are so many. Goals: text in 1 s, a page in 2 s and at most 5 MB,
and 0.1 s from a key to a list that is narrowed and laid out. The browser part needs Chromium and the extra `browser`.
"""

import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from phone_audit.model.base import Frozen  # noqa: E402
from phone_audit.model.results import Scan  # noqa: E402
from phone_audit.pipeline.report import parse_result, read_result  # noqa: E402
from phone_audit.report.canvas import Style  # noqa: E402
from phone_audit.report.formats import render  # noqa: E402

PACKAGES, FINDINGS, RUNS = 400, 10_000, 5
TYPED = ("a", "an", "and", "and com", "tracker", "zzz", "")
FILTER = """text => {
  const search = document.querySelector('#findings input[type=search]');
  const began = performance.now();
  search.value = text;
  search.dispatchEvent(new Event('input', {bubbles: true}));
  document.body.offsetHeight;
  return performance.now() - began;
}"""
Part = TypeVar("Part", bound=Frozen)


def repeated(parts: tuple[Part, ...], count: int, field: str) -> tuple[Part, ...]:
    """Return so many, those behind the first ones under another name."""
    chosen = enumerate(islice(cycle(parts), count))
    return tuple(
        one if at < len(parts) else one.model_copy(update={field: f"{getattr(one, field)}{at:x}"}) for at, one in chosen
    )


def large(scan: Scan) -> Scan:
    """Return a phone of that size with what this one has."""
    return scan.model_copy(
        update={
            "packages": repeated(scan.packages, PACKAGES, "name"),
            "apps": repeated(scan.apps, PACKAGES, "package"),
            "findings": repeated(scan.findings, FINDINGS, "key"),
        }
    )


def fastest(draw: Callable[[], str]) -> tuple[float, str]:
    """Return the seconds of the fastest of some runs, and what was drawn."""
    best, drawn = float("inf"), ""
    for _ in range(RUNS):
        began = time.perf_counter()
        drawn = draw()
        best = min(best, time.perf_counter() - began)
    return best, drawn


def answers(page: Path) -> dict[str, list[float]]:
    """Return the milliseconds that the filter takes for each of some texts, sorted."""
    playwright: Any = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as running:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.as_uri())
        taken = [{text: tab.evaluate(FILTER, text) for text in TYPED} for _ in range(RUNS)]
        browser.close()
    return {text: sorted(one[text] for one in taken) for text in TYPED}


def main() -> None:
    """Print the figures."""
    path = Path(sys.argv[1])
    scan = parse_result(path, read_result(path))
    if not isinstance(scan, Scan) or not scan.findings:
        raise SystemExit(f"{path} is no result of a scan that found something.")
    phone = large(scan)
    print(f"{len(phone.packages)} packages, {len(phone.findings)} findings")
    for name, format_, style in (
        ("text, one screen", "text", Style()),
        ("text, --details", "text", Style(details=True)),
        ("markdown", "markdown", Style()),
        ("html", "html", Style()),
    ):
        seconds, drawn = fastest(partial(render, format_, phone, style))
        print(f"{name:18} {seconds:5.2f} s {len(drawn.encode()) / 1e6:6.2f} MB")
    if shutil.which("chromium") is None:
        raise SystemExit("There is no Chromium, so the filter was not tried.")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(drawn, "utf-8")
        for text, taken in answers(page).items():
            print(f"filter {text!r:11} {taken[len(taken) // 2]:5.0f} ms, at most {taken[-1]:.0f} ms")


if __name__ == "__main__":
    main()
