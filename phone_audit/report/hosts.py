"""The hosts of trackers and of malware as a hosts file, to block them."""

from collections.abc import Iterable, Iterator

from phone_audit.model.base import Frozen
from phone_audit.model.stated import is_host
from phone_audit.report.canvas import Style
from phone_audit.report.indicators import SharedIndicator, indicators_in, made_at
from phone_audit.report.safe import visible


def render_hosts(document: Frozen, style: Style) -> Iterator[str]:
    """Yield the hosts of a result to which data goes, or of malware."""
    yield to_hosts(indicators_in(document), made_at(document), style.stated_in)


def to_hosts(rows: Iterable[SharedIndicator], made: str, stated_in: str = "") -> str:
    """Return a hosts file that sends each host nowhere, with what it is listed for.

    A hosts file can hold no address.
    """
    by_host: dict[str, list[SharedIndicator]] = {}
    others = 0
    for row in rows:
        if row.kind == "host" and not row.weak and is_host(row.value):
            by_host.setdefault(row.value, []).append(row)
        else:
            others += row.kind in ("host", "address", "network", "url")
    lines = [
        "# Block list made by phone-audit; a host covers itself only, not what lies below it.",
        f"# {len(by_host)} hosts, {made[:10]}; not in it: {others} addresses, URLs, and hosts that others use too.",
    ]
    if stated_in:
        lines.append(f"# As stated in {_comment(stated_in)}; no phone and no APK was looked at again.")
    for host in sorted(by_host):
        names = sorted({_comment(f"{row.name} ({row.publisher})") for row in by_host[host]})
        lines.append(f"0.0.0.0 {host} # {', '.join(names)}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return visible(text).replace("#", " ")
