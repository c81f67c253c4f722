"""Lists of phones: those that are attached, and the summary of several scans with what differs among them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from phone_audit.errors import TO_TYPE
from phone_audit.model.results import Devices, Difference, Fleet, FleetGroup, FleetModel, FleetScan
from phone_audit.model.wording import counted, listed
from phone_audit.report.answer import WATCHED_HEADLINE
from phone_audit.report.canvas import Canvas
from phone_audit.report.draw_answer import HELP_FIRST
from phone_audit.report.draw_parts import DEBUGGING_ON
from phone_audit.report.safe import clipped, shortened

MOST_SHOWN = 12
"""Differences of one phone that are shown; the JSON summary has all."""

_LONGEST = 60
_LONGEST_REASON = 120
_GRAVE = ("known-bad", "suspicious")


def draw_fleet(canvas: Canvas, fleet: Fleet) -> None:
    """Draw the summary that the person in charge of the phones reads."""
    canvas.paragraph(fleet_headline(fleet.scans), style="bold")
    canvas.gap()
    for scan in fleet.scans:
        _draw_phone(canvas, scan)
    for sentence in asset_sentences(fleet):
        canvas.gap()
        canvas.paragraph(sentence)
    for group in fleet.groups:
        if len(group.members) > 1:
            canvas.heading(f"Phones with the build {_short(group.fingerprint)}")
            _draw_differences(canvas, group)
    for model in fleet.models:
        canvas.heading(f"Phones of the model {_short(model.model)}, whose builds differ")
        _draw_differences(canvas, model)
    if may_be_watched(fleet.scans):
        canvas.gap()
        canvas.paragraph(HELP_FIRST, style="bold")


def may_be_watched(scans: Sequence[FleetScan]) -> bool:
    """Tell whether somebody may be watching one of the phones, so that help comes before any removing."""
    return any(scan.watched == "yes" or scan.outcome in _GRAVE for scan in scans)


def asset_sentences(fleet: Fleet) -> Iterator[str]:
    """Yield what does not fit between the phones and the list of assets, where there was one."""
    if fleet.assets is None:
        return
    phones: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for scan in fleet.scans:
        if scan.asset is not None:
            phones[scan.asset, scan.asset_notes].append(scan.name)
    file = _short(fleet.assets.file)
    if unnamed := [scan.name for scan in fleet.scans if scan.asset is None]:
        yield f"Phones that are not in {file}: {_some(unnamed)}."
    if fleet.assets.missing:
        yield f"In {file}, and not among these phones: {_some(fleet.assets.missing)}."
    for (asset, _), names in phones.items():
        if len(names) > 1:
            many = counted(len(names), "phone")
            yield f"{many} state the serial number of the asset {_short(asset)}: {_some(names)}."


def _some(names: Sequence[str]) -> str:
    return listed([_short(name) for name in names[:MOST_SHOWN]] + [""] * (len(names) - MOST_SHOWN), MOST_SHOWN)


def fleet_headline(scans: Sequence[FleetScan]) -> str:
    """Say how many phones there were, how many were read, and of how many not all was read."""
    seen = len(scans)
    read = [scan for scan in scans if scan.outcome is not None]
    if not seen:
        return "No phone was read."
    if not read:
        return f"{counted(seen, 'phone')}, none could be read."
    partly = sum(not scan.complete for scan in read)
    if partly:
        return f"{counted(seen, 'phone')}, {len(read)} read, {partly} of them only in part."
    return f"{counted(seen, 'phone')}, {'all' if len(read) == seen else len(read)} read."


def _draw_phone(canvas: Canvas, scan: FleetScan) -> None:
    named = ", ".join(filter(None, (scan.asset, *scan.asset_notes)))
    asset = f", asset {_short(named)}" if named else ""
    label = f', label "{_short(scan.label)}"' if scan.label else ""
    serial = f", serial {_short(scan.serial)}" if scan.serial else ""
    known = f"{label}{serial}{asset}"
    if scan.outcome is None:
        canvas.item(f"{scan.name}{known}: {scan.error or 'It was not read.'}", "*", 0)
        if scan.hint:
            canvas.paragraph(scan.hint, 2)
        return
    model = f" ({_short(scan.model)})" if scan.model else ""
    left = "" if scan.complete else "; not all was read"
    where = f"; {scan.file}" if scan.file else ""
    style = "bold" if scan.outcome in _GRAVE else ""
    canvas.item(f"{scan.name}{model}{known}: {scan.outcome}{left}{where}", "*", 0, style)
    if style and scan.reason:
        canvas.paragraph(clipped(scan.reason, _LONGEST_REASON), 2)
    if scan.watched == "yes":
        canvas.paragraph(f"{WATCHED_HEADLINE}.", 2)


def _draw_differences(canvas: Canvas, group: FleetGroup | FleetModel) -> None:
    if not group.differs:
        canvas.paragraph(f"{len(group.members)} phones, the same in everything that was compared.", 2)
        return
    lines: dict[str, list[str]] = defaultdict(list)
    apart: list[Difference] = []
    for difference in group.differs:
        if difference.majority is None:
            apart.append(difference)
            continue
        for odd in difference.odd:
            lines[odd.member].append(
                f"{_short(difference.what)}: {_short(odd.value)}; most have: {_short(difference.majority)}"
            )
    for member in group.members:
        if member in lines:
            canvas.paragraph(f"{member} differs from most in {len(lines[member])}:", 2)
            _draw_some(canvas, lines[member])
    alike = [member for member in group.members if member not in lines]
    if alike and lines:
        canvas.paragraph(f"Like most: {', '.join(alike)}.", 2)
    if apart:
        canvas.paragraph(f"Different with no majority in {len(apart)}:", 2)
        _draw_some(canvas, [_spread(difference) for difference in apart])


def _draw_some(canvas: Canvas, lines: Sequence[str]) -> None:
    for line in lines[:MOST_SHOWN]:
        canvas.item(line, "-", 4)
    if len(lines) > MOST_SHOWN:
        canvas.paragraph(f"and {len(lines) - MOST_SHOWN} more, in the JSON summary", 6)


def _spread(difference: Difference) -> str:
    by_value: dict[str, list[str]] = defaultdict(list)
    for odd in difference.odd:
        by_value[odd.value].append(odd.member)
    values = "; ".join(f"{_short(value)} ({', '.join(members)})" for value, members in sorted(by_value.items()))
    return f"{_short(difference.what)}: {values}"


def _short(text: str | None) -> str:
    return shortened(text or "", _LONGEST)


def draw_devices(canvas: Canvas, result: Devices) -> None:
    """Draw each phone with its state and what to do about a state that blocks."""
    for device in result.devices:
        name = f"{device.serial} ({device.model})" if device.model else device.serial
        canvas.item(f"{name}: {device.state}", "*", 0, "bold")
        canvas.paragraph(device.message, 2)
        for line in device.hint.splitlines():
            if line.startswith(TO_TYPE):
                canvas.line(line, 0)
            else:
                canvas.paragraph(line, 2)
    if not result.devices:
        canvas.paragraph("No phone was found.", style="bold")
        canvas.paragraph("Plug the phone in with a cable that carries data, unlock it, and accept this computer's key.")
        canvas.paragraph(DEBUGGING_ON)
