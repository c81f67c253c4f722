"""What a caller can say about how phones and APKs are read, and what a document says of its own making."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from phone_audit.acquire.store.disk_space import DiskSpace
from phone_audit.acquire.transport import OnWait
from phone_audit.model.acceptance import AcceptedEntry
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.finding import Tool
from phone_audit.version import __version__

if TYPE_CHECKING:
    from phone_audit.judge.comparison.facts import ResultFacts

Clock = Callable[[], datetime]
TOOL = Tool(name="phone-audit", version=__version__)
Via = Literal["auto", "direct", "server"]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: not known)."""
TURN = "waiting for its turn"
"""What a phone is doing that its person has accepted, while others are read."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second.

    Example:
        >>> rfc3339(datetime(2019, 3, 21, 8, 30, tzinfo=UTC))
        '2019-03-21T08:30:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def no_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def no_share(share: float) -> None:
    """Tell nobody."""


def never() -> bool:
    return False


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Budget:
    """What the analysis of one APK may cost, and how many are analysed at once."""

    seconds: float = 60.0
    memory_mb: int = 1024
    jobs: int = field(default_factory=cores)


@dataclass(frozen=True)
class ScanOptions:
    """How a phone is read.

    Attributes:
        save: the folder that keeps the raw answers; none is kept where null.
        label: the case or asset name kept in the result.
        with_identifiers: whether the serial number stands in the result.
        on_wait: told when the person must look at the phone.
        patience: seconds to wait for the person; as `open_transport` has it when null.
        cache: whether files that were analysed before are neither copied nor analysed again.
        rehash: whether nothing that is remembered of the phone is used: every file is hashed again, also one that is
            unchanged, and parts are read again.
        encrypt_to: recipients of age; where there are any, `save` becomes one encrypted file.
        identity: file with the secret key of age that opens a saved acquisition.
        room: what phones that are saved at the same time still need.
        accept: findings that somebody answers for.
        baseline: the result of a phone that is known to be good, with which this one is compared.
        stopped: asked again and again; once true, what was found so far is the result.
        traffic: captures and logs that somebody else recorded.
        own_numbers: numbers of the phone that a person stated; traffic is searched for them.
    """

    via: Via = "auto"
    save: Path | None = None
    label: str | None = None
    with_identifiers: bool = False
    budget: Budget = field(default_factory=Budget)
    on_wait: OnWait | None = None
    patience: float | None = None
    cache: bool = True
    rehash: bool = False
    encrypt_to: tuple[str, ...] = ()
    identity: Path | None = None
    room: DiskSpace = field(default_factory=DiskSpace)
    accept: tuple[AcceptedEntry, ...] | None = None
    baseline: "ResultFacts | None" = None
    stopped: Callable[[], bool] = never
    clock: Clock = utc_now
    traffic: tuple[Path, ...] = ()
    own_numbers: tuple[PhoneIdentifier, ...] = ()
