"""What the report of a phone says of modules, lines that are not known, media left on the phone, known packages."""

from phone_audit.model.apk import LeftOnPhone
from phone_audit.model.device import Module, NotUnderstood
from phone_audit.model.results import KnownGood, KnownImage, Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from tests.documents import scan


def shown(document: Scan) -> str:
    return " ".join(render("text", document, Style(details=True)).split())


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


LEFT = LeftOnPhone(files=1234, bytes=56_700_000, bytes_read=10**9)


def shown_left(unchecked: int, left: LeftOnPhone | None = LEFT) -> str:
    document = scan()
    changed = {"left_on_phone": left, "signatures_unchecked": unchecked}
    coverage = document.coverage.model_copy(update=changed)
    return " ".join(render("text", document.model_copy(update={"coverage": coverage}), Style(details=True)).split())


def test_it_is_counted_and_the_signatures_with_it() -> None:
    said = (
        "left on the phone: 1234 images, fonts, sounds and videos, 56.7 MB; so of 12 packages the signature was "
        "checked, its digest of the whole file was not (--depth deep reads all)"
    )
    assert said in shown_left(12)
    assert "56.7 MB (--depth deep reads all)" in shown_left(0)


def test_nothing_is_said_where_all_was_read() -> None:
    assert "left on the phone" not in shown_left(0, None)


def known(package: str, by: str) -> KnownGood:
    return KnownGood.model_validate({"package": package, "baseline": "b", "by": by, "sha256": "ab" * 32})


def test_each_package_counts_once_and_only_where_there_is_one() -> None:
    items = (known("com.a", "signer"), known("com.a", "file"), known("com.b", "file"), known("com.c", "platform"))
    shown = render("text", scan().model_copy(update={"known_good": items}), Style(details=True))
    said = "packages known by name and signer: 2 of their maker, 1 of AOSP with the signer of the system"
    assert said in " ".join(shown.split())
    assert "packages known by name" not in render("text", scan(), Style(details=True))


def test_the_image_is_named_with_its_log() -> None:
    image = KnownImage(baseline="pixels", publisher="Google", evidence=())
    shown = " ".join(render("text", scan().model_copy(update={"known_image": image}), Style(details=True)).split())
    assert "system image: one that Google published: fingerprint and vbmeta digest," in shown
    assert "stand in pixels" in shown
    assert "system image" not in render("text", scan(), Style(details=True))
