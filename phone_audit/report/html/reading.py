"""What was read of a phone and what was not, and where, when and with what: for whoever has to vouch for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from phone_audit.model.finding import KnowledgeInfo, Tool
from phone_audit.model.results import Scan
from phone_audit.model.wording import amount, counted
from phone_audit.report.canvas import Style
from phone_audit.report.draw_parts import READ_FROM, SkippedGroups
from phone_audit.report.knowledge_age import age_of, places_not_asked, update_advice
from phone_audit.report.safe import shortened

_LONGEST: Final = 200
_MOST_REASONS: Final = 60
_MOST_LINES: Final = 20
_SOURCES: Final = {"live": "the phone itself", "replay": "a saved acquisition", **READ_FROM}


@dataclass(frozen=True)
class Reading:
    """What was read. `notes` are sentences on what such a reading does not hold.

    `skipped` are reasons, each with how many things were not read for it, and the names of some.
    """

    complete: bool
    facts: tuple[tuple[str, str], ...]
    skipped: list[tuple[str, int, list[str]]]
    left: int
    notes: tuple[str, ...]


def reading_of(scan: Scan) -> Reading:
    groups = SkippedGroups(scan.coverage.skipped).in_order()
    return Reading(
        complete=scan.coverage.complete,
        facts=tuple(_facts(scan)),
        skipped=groups[:_MOST_REASONS],
        left=max(0, len(groups) - _MOST_REASONS),
        notes=tuple(shortened(note, _LONGEST) for note in _notes(scan))[:_MOST_LINES],
    )


def _facts(scan: Scan) -> Iterator[tuple[str, str]]:
    coverage = scan.coverage
    yield "Packages listed", str(coverage.packages_listed)
    yield "APKs whose code was read", f"{coverage.apks_analysed} of {coverage.apks_listed}"
    if coverage.bytes_on_device is not None:
        yield "Size of these on the phone", amount(coverage.bytes_on_device)
    users = [f"{user.id}{'' if user.readable else ' (not readable)'}" for user in scan.users]
    yield "Users and profiles", ", ".join(users[:_MOST_LINES]) or "unknown"
    if scan.modules:
        updated = sum(module.updated is True for module in scan.modules)
        yield "Modules of the system", f"{len(scan.modules)}, {updated} of them updated since"
    if scan.known_good:
        known = len({item.package for item in scan.known_good})
        yield "Packages known by name and signer", f"{known}; that takes nothing off any finding"
    left = coverage.left_on_phone
    if left is not None:
        yield "Left on the phone", f"{counted(left.files, 'image, font, sound or video', _MEDIA)}, {amount(left.bytes)}"


_MEDIA: Final = "images, fonts, sounds and videos"


def _notes(scan: Scan) -> Iterator[str]:
    yield from scan.acquisition.cannot_hold
    yield from scan.coverage.untested
    if later := places_not_asked(scan.coverage):
        yield later
    for unknown in scan.coverage.not_understood:
        forms = ", ".join(shortened(form, 40) for form in unknown.forms)
        yield f"{counted(unknown.lines, 'line')} of {unknown.command} that this version does not know ({forms})."


def custody_of(scan: Scan, style: Style) -> tuple[tuple[str, str], ...]:
    """Return what ties a page to one reading of one phone."""
    return tuple((name, shortened(value, _LONGEST)) for name, value in _custody(scan, style) if value)


def _custody(scan: Scan, style: Style) -> Iterator[tuple[str, str]]:
    device, acquisition, run = scan.device, scan.acquisition, scan.run
    yield "Label", scan.label or ""
    yield "Drawn from", style.stated_in
    yield "Seal", style.seal
    yield "Phone", " ".join(part for part in (device.manufacturer, device.model) if part)
    yield "Serial number", device.serial or ""
    yield "Pseudonym of the phone", device.pseudonym or ""
    yield "Build fingerprint", scan.build.fingerprint or ""
    again = "; read again from a saved acquisition" if run.replayed else ""
    yield "Read from", f"{_SOURCES.get(acquisition.source, acquisition.source)} ({acquisition.via}){again}"
    yield "Depth", acquisition.depth
    yield "Began (this computer's clock)", run.started
    yield "Ended (this computer's clock)", run.finished
    yield "Began (the phone's own clock)", acquisition.device_time or ""
    if acquisition.phone_clock_offset is not None:
        yield "The phone's clock differs by", f"{acquisition.phone_clock_offset:.1f} seconds"
    yield "SHA-256 of the acquisition's manifest", acquisition.manifest_sha256 or ""
    yield from judged_with(scan.knowledge, scan.tool, run.started)


def judged_with(knowledge: KnowledgeInfo, tool: Tool, started: str) -> Iterator[tuple[str, str]]:
    yield "Knowledge", f"{knowledge.version}, newest entry {knowledge.newest_entry}"
    yield "Age of the knowledge", age_of(knowledge, started)
    yield "Advice", update_advice(knowledge, started)
    yield "SHA-256 of the knowledge", knowledge.digest
    yield "Program", f"{tool.name} {tool.version}"
