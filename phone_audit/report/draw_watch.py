"""The report of a watch: verdict, what was seen connected, and what such a watch cannot see."""

from collections.abc import Sequence

from phone_audit.model.watch import Observation, Watch
from phone_audit.model.wording import amount, counted
from phone_audit.report import draw_parts
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.draw_accepted import AcceptedFindings
from phone_audit.report.safe import shortened

SEEN_TITLE = "Seen connected"
_MOST_OWNERS = 40
_MOST_PLACES = 12
_CLEARTEXT = {True: "unencrypted by its port", False: "encrypted by its port", None: "encryption not known"}


def draw_watch(canvas: Canvas, watch: Watch) -> None:
    canvas.outcome(watch.verdict.outcome, watch.verdict.headline)
    canvas.gap()
    label = f"Label: {watch.label}. " if watch.label else ""
    canvas.paragraph(
        f"{label}{', '.join(draw_parts.phone_words(watch.device))}, watched for {watch.run.seconds:.0f} seconds."
    )
    named, others = draw_parts.cited(watch.findings, watch.verdict)
    draw_parts.draw_reasons(canvas, watch.verdict)
    AcceptedFindings(watch.findings).draw(canvas)
    draw_parts.draw_remedies(canvas, named)
    draw_observations(canvas, watch.observations)
    draw_parts.draw_evidence(canvas, named)
    draw_parts.FindingKinds(others).draw(canvas)
    canvas.heading("What this cannot see")
    for line in watch.cannot_see:
        canvas.item(line)
    draw_parts.draw_skipped(canvas, draw_parts.SkippedGroups(watch.skipped))
    draw_parts.draw_about(canvas, watch.knowledge, watch.tool, watch.run.started, _how_watched(watch))


def draw_observations(canvas: Canvas, observations: Sequence[Observation]) -> None:
    """Draw who was connected to whom: a part a package or uid, a line a place, and what is shown of it."""
    canvas.heading(SEEN_TITLE)
    if not observations:
        canvas.item("No connections were seen.")
        return
    groups: dict[tuple[str, int], list[Observation]] = {}
    for one in observations:
        groups.setdefault((one.who, one.user), []).append(one)
    ranked = sorted(groups.items(), key=lambda group: (-sum(one.times_seen for one in group[1]), group[0]))
    for (who, user), ones in ranked[:_MOST_OWNERS]:
        profile = f" (user {user})" if user else ""
        canvas.item(f"{shortened(who, 100)}{profile}", "*", 2, "bold")
        for one in sorted(ones, key=lambda one: (-one.times_seen, one.place))[:_MOST_PLACES]:
            canvas.item(one.said(), "-", 4)
            canvas.paragraph(", ".join(facts_of(one)), 6)
        draw_more(canvas, len(ones) - _MOST_PLACES, indent=4)
    draw_more(canvas, len(ranked) - _MOST_OWNERS, "*")


def facts_of(one: Observation) -> list[str]:
    """Say how often, when, and in what circumstances, in a few words each."""
    facts = [
        f"{counted(one.connections, 'connection')} ({one.protocol})",
        f"{one.first_seen[11:19]} to {one.last_seen[11:19]} UTC",
    ]
    if one.received is not None and one.sent is not None:
        facts.append(f"received {amount(one.received)}, sent {amount(one.sent)}")
    facts.append(_CLEARTEXT[one.cleartext])
    if one.foreground is not None:
        facts.append("in the foreground" if one.foreground else "in the background")
    if one.screen_off:
        facts.append("while the screen was off")
    if one.owner:
        facts.append(one.owner)
    return facts


def _how_watched(watch: Watch) -> list[str]:
    samples = watch.samples
    lines = [f"{samples.taken} looks at the sockets, {samples.failed} of them unanswered"]
    if samples.core_share is not None:
        lines.append(f"looking took {100 * samples.core_share:.1f} % of one core of the phone")
    return lines
