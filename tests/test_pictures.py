"""The pictures of the documents can be drawn anew from today's pages."""

import shutil
from pathlib import Path

import pytest

from fixtures.pictures import PICTURES, draw
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import scan
from tests.report.html.phones import MICROPHONE, app

pytestmark = pytest.mark.browser


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on this machine")
def test_each_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api")
    pytest.importorskip("PIL")
    result = tmp_path / "case.json"
    case = scan("known-bad").model_copy(update={"apps": (app("com.a", powers=(MICROPHONE,)),)})
    result.write_text(render("json", case, Style()), "utf-8")
    place = tmp_path / "pictures"
    place.mkdir()
    draw(result, place)
    assert sorted(path.name for path in place.iterdir()) == sorted(path.name for path in PICTURES.iterdir())
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in place.iterdir())
