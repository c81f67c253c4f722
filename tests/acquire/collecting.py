"""A phone read in one go."""

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from phone_audit.acquire.asking import OnProgress
from phone_audit.acquire.collect import Acquired, PhoneReading
from phone_audit.acquire.files.deliveries import FileReceiver, Plan
from phone_audit.acquire.files.hash_cache import HashCache, PhoneIdentity
from phone_audit.acquire.files.oat_files import StrippedApks
from phone_audit.acquire.transport import NextWanted, PulledApk, Transport
from phone_audit.model.device import Depth


class Receiver:
    """Keeps the files that it gets, and knows those of some hashes."""

    def __init__(self, told: list[PulledApk] | None = None, is_known: Callable[[str], bool] = lambda _: False) -> None:
        self.told = [] if told is None else told
        self._is_known = is_known

    def is_known(self, sha256: str) -> bool:
        return self._is_known(sha256)

    def is_stripped(self, sha256: str) -> bool:
        return False

    def take(self, apk: PulledApk) -> None:
        self.told.append(apk)

    def wait_for_room(self) -> None:
        pass


def plan_of(
    next_wanted: NextWanted | None = None,
    receiver: FileReceiver | None = None,
    hash_cache: HashCache | None = None,
    stripped: StrippedApks | None = None,
) -> Plan:
    """A plan, for whole files and nobody where nothing else is said."""
    receiver, hash_cache, stripped = receiver or Receiver(), hash_cache or HashCache(), stripped or StrippedApks()
    return Plan(next_wanted, receiver, lambda path, parts: False, hash_cache, stripped=stripped)


def collect(
    transport: Transport,
    *,
    depth: Depth,
    users: str,
    into: Path,
    on_progress: OnProgress,
    paths: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
    plan: Callable[[PhoneIdentity], Plan] | Plan | None = None,
    hashed: Collection[str] = (),
) -> Acquired:
    """Read a phone; a plan may depend on which one it is."""
    reading = PhoneReading(transport, on_progress, clock)
    phone = reading.identify()
    if not isinstance(plan, Plan):
        plan = plan(phone) if plan else plan_of()
    return reading.collect(depth=depth, users=users, into=into, paths=paths, plan=plan, hashed=hashed)
