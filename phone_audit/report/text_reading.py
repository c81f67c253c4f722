"""The part of a phone's report that says what the code of its packages can read."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from phone_audit.model.apk import Apk
from phone_audit.model.finding import OUTCOMES
from phone_audit.report.canvas import Canvas
from phone_audit.report.code_words import in_words, reads, sends
from phone_audit.report.safe import shortened
from phone_audit.report.text_code import blind_spots, is_flow, reading_line

_MOST_PACKAGES: Final = 12
_NOTE: Final = (
    "What code is made to do, not what it was seen doing. Most of it needs a permission, which the settings of the "
    "phone show and can take away."
)


def draw_reading(canvas: Canvas, apks: Sequence[Apk]) -> None:
    """Draw the packages that can read something, the worst first, then those that read most; and what was not seen."""
    reading = [apk for apk in apks if any(reads(one.id) or is_flow(one) for one in apk.behaviours or ())]
    spots = Counter(spot for apk in apks for spot in blind_spots(apk))
    if not reading and not spots:
        return
    canvas.heading("What packages can read")
    if reading:
        canvas.paragraph(_NOTE, 2)
    ranked = sorted(reading, key=lambda apk: (-OUTCOMES.index(apk.outcome), -len(_ids(apk)), apk.package or apk.path))
    for apk in ranked[:_MOST_PACKAGES]:
        canvas.item(shortened(apk.package or apk.path, 100), "*", 2, "bold")
        for line in _lines(apk):
            canvas.item(line, "-", 4)
    more = len(ranked) - _MOST_PACKAGES
    if more > 0:
        canvas.item(f"and {more} more, all in the JSON result (-f json)", "*")
    if spots:
        canvas.item("not seen: " + ", ".join(_in_packages(spot, count) for spot, count in spots.most_common()))


def _in_packages(spot: str, count: int) -> str:
    return f"{spot} in {count} package{'' if count == 1 else 's'}"


def _ids(apk: Apk) -> list[str]:
    return [one.id for one in apk.behaviours or () if reads(one.id)]


def _lines(apk: Apk) -> list[str]:
    seen = apk.behaviours or ()
    lines = []
    if _ids(apk):
        lines.append(reading_line([one for one in seen if reads(one.id)]))
    flows = sorted({f"{one.title}{' (unencrypted)' if one.cleartext else ''}" for one in seen if is_flow(one)})
    if flows:
        lines.append("seen in its code: " + ", ".join(flows))
    ways = in_words(one.id for one in seen if sends(one.id))
    unencrypted = [endpoint.host for endpoint in apk.endpoints or () if endpoint.cleartext and not endpoint.ruled_out]
    if ways:
        hosts = f"; unencrypted addresses: {len(unencrypted)}" if unencrypted else ""
        lines.append(f"ways out: {', '.join(ways)}{hosts}")
    return lines
