"""What the text report says of what standard depth left on the phone."""

from phone_audit.model.apk import LeftOnPhone
from phone_audit.report.canvas import Style
from phone_audit.report.text_scan import render_scan
from tests.documents import scan

LEFT = LeftOnPhone(files=1234, bytes=56_700_000, bytes_read=10**9)


def shown(unchecked: int, left: LeftOnPhone | None = LEFT) -> str:
    document = scan()
    changed = {"left_on_phone": left, "signatures_unchecked": unchecked}
    coverage = document.coverage.model_copy(update=changed)
    return " ".join(render_scan(document.model_copy(update={"coverage": coverage}), Style()).split())


def test_it_is_counted_and_the_signatures_with_it() -> None:
    said = (
        "left on the phone: 1234 images, fonts, sounds and videos, 56.7 MB; so of 12 packages the signature was "
        "checked, its digest of the whole file was not (--depth deep reads all)"
    )
    assert said in shown(12)
    assert "56.7 MB (--depth deep reads all)" in shown(0)


def test_nothing_is_said_where_all_was_read() -> None:
    assert "left on the phone" not in shown(0, None)
