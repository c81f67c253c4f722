"""What a watch did not read, and what it never shows: sentences for the result."""

from collections.abc import Iterator

from phone_audit.acquire.live.poller import PollLog
from phone_audit.errors import DeviceLostError
from phone_audit.model.finding import Skipped
from phone_audit.model.watch import Samples
from phone_audit.pipeline.seen import Seen


def not_read(seen: Seen, beside: PollLog, lost: DeviceLostError | None) -> Iterator[Skipped]:
    """Yield what was promised and not read.

    Args:
        seen: the looks.
        beside: what was asked beside them.
        lost: why the phone went away, where it did.
    """
    for name, said in sorted(seen.refused.items()):
        reason = f"The phone does not hand out its list of sockets ({said}); what stands in it was not seen."
        yield Skipped(subject=f"/proc/net/{name}", step="read", code="refused", reason=reason)
    samples = seen.samples()
    if not samples.taken:
        reason = "The phone answered no look at its sockets."
        yield Skipped(subject="/proc/net", step="read", code="no-sample", reason=reason)
    elif seen.failed:
        reason = f"{seen.failed} of {seen.failed + samples.taken} looks at the sockets were not answered."
        yield Skipped(subject="/proc/net", step="read", code="samples-failed", reason=reason)
    if seen.too_many:
        reason = "There were more places than are kept apart; further ones were left out."
        yield Skipped(subject="/proc/net", step="read", code="too-many", reason=reason)
    if beside.last is None:
        reason = "The phone does not tell how many bytes each uid moved."
        yield Skipped(subject="dumpsys netstats", step="command", code="no-traffic", reason=reason)
    if lost is not None:
        yield Skipped(subject="phone", step="transfer", code="device-lost", reason=lost.message)


def cannot_see(samples: Samples, seen: Seen, beside: PollLog) -> tuple[str, ...]:
    """Say what this watch does not show, in sentences.

    Args:
        samples: how well was looked.
        seen: the looks.
        beside: what was asked beside them.
    """
    said = [
        f"{samples.taken} looks at the sockets were taken, one every {samples.interval_ms} ms on average; the longest "
        f"time without one was {samples.longest_gap_ms} ms. A connection that lives shorter than that can be missed.",
    ]
    if samples.missed_connections:
        said.append(
            f"{samples.missed_connections} connections had ended before a look saw whose they were; a closed socket "
            "belongs to nobody, so they are in no line of this result."
        )
    if seen.unconnected:
        uids = ", ".join(str(uid) for uid in sorted(seen.unconnected)[:10])
        said.append(
            f"UDP sockets that name no remote end show nothing of whom they talk to; uids that had one: {uids}."
        )
    said.append(
        "Names are never resolved: a socket shows an address, and what its package's code holds is named beside it, "
        "without a claim that they are the same. Behind a proxy the address is that of the proxy."
    )
    said.append("The phone looks names up for all packages in one process; whose question it was is not seen there.")
    said.append("Bytes are counted for each uid, not for each connection.")
    if not any(moment.screen_on is not None for _, moment in beside.moments):
        said.append("The phone does not tell whether its screen was on.")
    if not any(moment.in_front is not None for _, moment in beside.moments):
        said.append("The phone does not tell which package had the screen.")
    if seen.unknown_lines:
        said.append(f"{seen.unknown_lines} lines of the socket tables were not understood.")
    return tuple(said)
