"""The part of a report that shows recorded traffic: what was sent in the clear first, then the places by how often."""

from collections.abc import Sequence
from typing import Final

from phone_audit.model.traffic import RecordedTraffic, TrafficHost
from phone_audit.model.wording import counted, listed
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.safe import shortened

_MOST: Final = 12
_NETWORK: Final = "some app on this network"
_PHONE: Final = "some app on this phone"


def draw_traffic(canvas: Canvas, traffic: Sequence[RecordedTraffic]) -> None:
    """Draw what each file shows."""
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
