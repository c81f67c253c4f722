"""What the text report says of the system's modules, and of lines that the reader does not know."""

from phone_audit.model.device import Module, NotUnderstood
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.text_scan import render_scan
from tests.documents import scan


def shown(document: Scan) -> str:
    return " ".join(render_scan(document, Style()).split())


def module(name: str, updated: bool | None) -> Module:
    return Module(name=name, version_code=1, path=None, updated=updated, factory_version_code=None, factory_path=None)


def test_updated_modules_are_counted() -> None:
    modules = (module("com.android.a", True), module("com.android.b", False), module("com.android.c", None))
    said = "APEX modules of the system: 3, 1 of them updated since"
    assert said in shown(scan().model_copy(update={"modules": modules}))
    assert "APEX" not in shown(scan())


def test_lines_that_are_not_understood_are_counted_and_their_text_is_harmless() -> None:
    unknown = NotUnderstood(command="dumpsys package", lines=7, forms=("newKey=", "\x1b[31m\u202e"))
    document = scan()
    coverage = document.coverage.model_copy(update={"not_understood": (unknown,)})
    text = shown(document.model_copy(update={"coverage": coverage}))
    assert r"lines that this version does not know: 7 of dumpsys package (newKey=, \x1b[31m\u202e)" in text
    assert "does not know" not in shown(document)
