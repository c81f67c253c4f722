"""Results that somebody made, and build identifiers that somebody names."""

import json
import re
from contextlib import suppress
from typing import Final

from phone_audit.errors import KnowledgeError, ResultError, UsageError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.base import Frozen
from phone_audit.pipeline.firmware import check_firmware, identifiers_in
from phone_audit.pipeline.report import judged_outcomes
from phone_audit.report.canvas import Style
from phone_audit.report.formats import FORMATS, formats_of, kind_of, render
from phone_audit.report.safe import json_safe, shortened, visible
from tests.documents import load_result
from tests.fuzz.target import Target, knowledge, promise, written

_STYLE: Final = Style()
_ESCAPE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]")
"""What no terminal may get: control characters, marks of direction, characters without width."""
_MOST_IDS: Final = 64


def report(data: bytes) -> None:
    """Show a result that somebody made, in every format."""
    path = written(data, "result.json")
    with suppress(ResultError):
        _show(load_result(path))


def _show(document: Frozen) -> None:
    judged_outcomes(document)
    for name in formats_of([kind_of(document)]):
        if FORMATS[name].needs:
            continue
        text = render(name, document, _STYLE)
        text.encode("utf-8", "backslashreplace")
        promise(_ESCAPE.search(text.replace("\r\n", "\n")) is None, f"an escape reaches the terminal with -f {name}")
        if name in ("json", "stix"):
            json.loads(text)


def firmware(data: bytes) -> None:
    """Check build identifiers, files of properties, and the text of the Settings screen."""
    text = data.decode("utf-8", "surrogateescape")
    visible(text), shortened(text, 80), json_safe(json.dumps(text))
    known: Knowledge = knowledge()
    with suppress(KnowledgeError, UsageError):
        _show(check_firmware(identifiers_in(text, known)[:_MOST_IDS], knowledge=known))


TARGETS: Final = {
    "report": Target(
        report,
        ("phone_audit.pipeline.report", "phone_audit.report", "phone_audit.model"),
        (
            b'"schema":"phone-audit/scan/1"', b'"schema":"phone-audit/apks/1"', b'"schema":"phone-audit/apk/1"',
            b'"schema":"phone-audit/firmware/1"', b'"schema":"phone-audit/fleet/1"', b'"schema":"phone-audit/watch/1"',
            b'"schema":"phone-audit/devices/1"', b'"host":"', b'"findings":[', b'"reasons":[', b'"evidence":[', b"null",
            b"\\u001b[2J", b"\\u202e", b"\\ud800", b"9" * 40, b"[[[[", b'{"":', b"1e999", b"\xc2\x9b", b"-0",
        ),
    ),
    "firmware": Target(
        firmware,
        (
            "phone_audit.pipeline.firmware",
            "phone_audit.detect.builds",
            "phone_audit.detect.incidents.incident_matcher",
            "phone_audit.report.safe",
        ),
        (
            b"google/oriole/oriole:15/AP4A.250105.002/12701944:user/release-keys", b"[ro.build.fingerprint]: [",
            b"ro.build.display.id=", b"Build number: ", b"Android version\n", b"ro.product.brand=", b"MIUI ", b"V816.",
        ),
    ),
}  # fmt: skip
