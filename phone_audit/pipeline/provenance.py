"""What a document says of its own making: tool and times."""

from collections.abc import Callable
from datetime import UTC, datetime

from phone_audit import __version__
from phone_audit.model.finding import Tool

Clock = Callable[[], datetime]
TOOL = Tool(name="phone-audit", version=__version__)


def utc_now() -> datetime:
    """Return the time of this computer, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second.

    Example:
        >>> rfc3339(datetime(2019, 3, 21, 8, 30, tzinfo=UTC))
        '2019-03-21T08:30:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
