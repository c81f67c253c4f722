"""What the text report says of packages that are known."""

from phone_audit.model.results import KnownGood, KnownImage
from phone_audit.report.canvas import Style
from phone_audit.report.text_scan import render_scan
from tests.documents import scan


def known(package: str, by: str) -> KnownGood:
    return KnownGood.model_validate({"package": package, "baseline": "b", "by": by, "sha256": "ab" * 32})


def test_each_package_counts_once_and_only_where_there_is_one() -> None:
    items = (known("com.a", "signer"), known("com.a", "file"), known("com.b", "file"), known("com.c", "platform"))
    shown = render_scan(scan().model_copy(update={"known_good": items}), Style())
    said = "packages known by name and signer: 2 of their maker, 1 of AOSP with the signer of the system"
    assert said in " ".join(shown.split())
    assert "packages known by name" not in render_scan(scan(), Style())


def test_the_image_is_named_with_its_log() -> None:
    image = KnownImage(baseline="pixels", publisher="Google", evidence=())
    shown = " ".join(render_scan(scan().model_copy(update={"known_image": image}), Style()).split())
    assert "system image: one that Google published: fingerprint and vbmeta digest," in shown
    assert "stand in pixels" in shown
    assert "system image" not in render_scan(scan(), Style())
