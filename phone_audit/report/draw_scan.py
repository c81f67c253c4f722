"""The report of one phone: verdict first, reasons in plain words, evidence, what was not looked at."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from phone_audit.model.apk import Apk, LeftOnPhone
from phone_audit.model.device import User
from phone_audit.model.finding import OUTCOMES
from phone_audit.model.results import Scan
from phone_audit.model.traffic import RecordedTraffic, TrafficHost
from phone_audit.model.wording import amount, counted, listed
from phone_audit.report import draw_parts
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.draw_accepted import AcceptedFindings
from phone_audit.report.draw_code import blind_spots, by_start, in_words, is_flow, reading_line, reads, sends
from phone_audit.report.draw_diff import draw_baseline
from phone_audit.report.draw_watch import draw_observations
from phone_audit.report.knowledge_age import places_not_asked
from phone_audit.report.safe import shortened

_HOW_READ = {"live": "read live", **{source: f"read from {words}" for source, words in draw_parts.READ_FROM.items()}}


def draw_scan(canvas: Canvas, scan: Scan) -> None:
    """Draw all that is known of a phone; the verdict again at the end, where a terminal stands afterwards."""
    canvas.outcome(scan.verdict.outcome, scan.verdict.headline)
    canvas.gap()
    canvas.paragraph(_which_phone(scan))
    named, others = draw_parts.cited(scan.findings, scan.verdict)
    draw_parts.draw_reasons(canvas, scan.verdict)
    AcceptedFindings(scan.findings).draw(canvas)
    draw_parts.draw_remedies(
        canvas, [*named, *(finding for finding in others if finding.severity not in ("info", "low"))]
    )
    if scan.baseline is not None:
        draw_baseline(canvas, scan.baseline)
    draw_parts.draw_evidence(canvas, named, files=ApkFiles.on_phone(scan))
    draw_parts.FindingKinds(others).draw(canvas)
    draw_reading(canvas, scan.apks)
    if scan.observations:
        draw_observations(canvas, scan.observations)
    if scan.traffic:
        draw_traffic(canvas, scan.traffic)
    draw_parts.draw_skipped(canvas, draw_parts.SkippedGroups(scan.coverage.skipped))
    draw_parts.draw_about(canvas, scan.knowledge, scan.tool, scan.run.started, _how_read(scan))
    if scan.acquisition.source != "image":
        canvas.heading(draw_parts.DEBUGGING_OFF_TITLE)
        canvas.paragraph(draw_parts.DEBUGGING_OFF, 2)
    canvas.gap()
    canvas.outcome(scan.verdict.outcome, scan.verdict.headline)


def _which_phone(scan: Scan) -> str:
    build = scan.build
    parts = [
        *draw_parts.phone_words(scan.device),
        f"Android {_short(build.android_version) or 'unknown'}",
        f"build {_short(build.display_id or build.id) or 'unknown'}",
        f"security patch {_short(build.security_patch) or 'unknown'}",
    ]
    label = f"Label: {scan.label}. " if scan.label else ""
    return label + ", ".join(parts) + "."


def _how_read(scan: Scan) -> list[str]:
    coverage, acquisition = scan.coverage, scan.acquisition
    how = "read again from a saved acquisition" if scan.run.replayed else _HOW_READ.get(acquisition.source, "read")
    read = (
        f"{coverage.packages_listed} packages listed, "
        f"{coverage.apks_analysed} of {coverage.apks_listed} APKs analysed; "
        f"depth {acquisition.depth}, {how} ({acquisition.via})"
    )
    asked = {its.id for package in scan.packages for its in package.users}
    users = ", ".join(f"{user.id}{_user_note(user, not scan.packages or user.id in asked)}" for user in scan.users)
    lines = [read, f"users and profiles: {users or 'unknown'}"]
    if scan.known_good:
        lines.append(_known_good(scan))
    if scan.known_image:
        image = scan.known_image
        lines.append(
            f"system image: one that {image.publisher} published: fingerprint and vbmeta digest, as the phone says "
            f"them, stand in {image.baseline}"
        )
    if scan.modules:
        updated = sum(module.updated is True for module in scan.modules)
        lines.append(f"APEX modules of the system: {len(scan.modules)}, {updated} of them updated since")
    if coverage.left_on_phone:
        lines.append(_left(coverage.left_on_phone, coverage.signatures_unchecked))
    lines.extend((*acquisition.cannot_hold, *coverage.untested, *filter(None, [places_not_asked(coverage)])))
    for unknown in coverage.not_understood:
        forms = ", ".join(shortened(form, 40) for form in unknown.forms)
        lines.append(f"lines that this version does not know: {unknown.lines} of {unknown.command} ({forms})")
    return lines


def _left(left: LeftOnPhone, unchecked: int) -> str:
    """Say what standard depth does not look at."""
    signatures = f"; so of {unchecked} packages the signature was checked, its digest of the whole file was not"
    return (
        f"left on the phone: {left.files} images, fonts, sounds and videos, {amount(left.bytes)}"
        f"{signatures if unchecked else ''} (--depth deep reads all)"
    )


def _known_good(scan: Scan) -> str:
    """Say how many packages are known, by name and by signer or file; it takes nothing off any finding."""
    makers = {item.package for item in scan.known_good if item.by != "platform"}
    aosp = {item.package for item in scan.known_good if item.by == "platform"}
    return (
        f"packages known by name and signer: {len(makers)} of their maker, "
        f"{len(aosp)} of AOSP with the signer of the system"
    )


def _user_note(user: User, asked: bool) -> str:
    if not user.readable:
        return " (not readable)"
    return "" if asked else " (not asked for)"


def _short(text: str | None) -> str:
    return shortened(text or "", 60)


_MOST_READING: Final = 12
_READING_NOTE: Final = (
    "What the code is written to do and is allowed to do, not what it was seen doing. Most of it needs a permission, "
    "which you can see and take away in the phone's settings."
)


def draw_reading(canvas: Canvas, apks: Sequence[Apk]) -> None:
    """Draw the packages that can read something, the worst first, then those that read most; and what was not seen."""
    reading = [apk for apk in apks if _ids(apk) or any(is_flow(one) and one.told for one in apk.behaviours or ())]
    spots = Counter(spot for apk in apks for spot in blind_spots(apk))
    if not reading and not spots:
        return
    canvas.heading("What packages can read")
    if reading:
        canvas.paragraph(_READING_NOTE, 2)
    ranked = sorted(reading, key=lambda apk: (-OUTCOMES.index(apk.outcome), -len(_ids(apk)), apk.package or apk.path))
    for apk in ranked[:_MOST_READING]:
        canvas.item(shortened(apk.package or apk.path, 100), "*", 2, "bold")
        for line in _reading_lines(apk):
            canvas.item(line, "-", 4)
    draw_more(canvas, len(ranked) - _MOST_READING, "*")
    if spots:
        canvas.item(
            "not seen: " + ", ".join(f"{spot} in {counted(count, 'package')}" for spot, count in spots.most_common())
        )


def _ids(apk: Apk) -> list[str]:
    return [one.id for one in apk.behaviours or () if reads(one.id) and one.told]


def _reading_lines(apk: Apk) -> list[str]:
    seen = [one for one in apk.behaviours or () if one.told]
    lines = []
    if _ids(apk):
        lines.append(reading_line([one for one in seen if reads(one.id)]))
    flows = by_start(one for one in seen if is_flow(one))
    lines.extend(f"{said}: {', '.join(dict.fromkeys(titles))}" for said, titles in flows)
    ways = in_words(one.id for one in seen if sends(one.id))
    unencrypted = [endpoint.host for endpoint in apk.endpoints or () if endpoint.counts_in_cleartext]
    if ways:
        hosts = f"; unencrypted addresses: {len(unencrypted)}" if unencrypted else ""
        lines.append(f"ways out: {', '.join(ways)}{hosts}")
    return lines


_MOST: Final = 12
_NETWORK: Final = "some app on this network"
_PHONE: Final = "some app on this phone"


def draw_traffic(canvas: Canvas, traffic: Sequence[RecordedTraffic]) -> None:
    canvas.heading("Recorded traffic")
    for one in traffic:
        period = f", {one.first} to {one.last}" if one.first and one.last else ""
        canvas.item(f"{shortened(one.file, 100)} ({one.format}{period})", "*", 2, "bold")
        hosts = sorted(one.hosts, key=_order)
        for host in hosts[:_MOST]:
            canvas.item(_line(host), "-", 4)
        draw_more(canvas, len(hosts) - _MOST, "-")
        if one.own_numbers:
            canvas.item(f"searched also for what was stated of this phone: {listed(one.own_numbers)}", "-", 4)
        for sentence in one.not_seen:
            canvas.item(f"not seen: {sentence}", "-", 4)


def _order(host: TrafficHost) -> tuple[bool, bool, int, str]:
    return (not host.identifiers, host.cleartext is not True, -host.times, host.host or host.address or "")


def _line(host: TrafficHost) -> str:
    who = host.package or (_PHONE if host.of_this_phone else _NETWORK)
    did = "looked up" if host.protocol == "dns" else "was connected to"
    name = host.host or host.address or "an unknown place"
    place = name if host.port is None else f"{f'[{name}]' if ':' in name else name}:{host.port}"
    owner = f" ({host.owner})" if host.owner else ""
    how = ", without encryption" if host.cleartext else ""
    where = "in its name" if host.protocol == "dns" else "in the clear"
    sent = f", with {listed(host.identifiers)} {where}" if host.identifiers else ""
    return f"{shortened(who, 80)} {did} {place}{owner}, {counted(host.times, 'time')}{how}{sent}"
