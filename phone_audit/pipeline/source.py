"""Where a scan reads from: a phone that is attached, or a saved acquisition."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phone_audit.acquire.collect import Acquired, collect
from phone_audit.acquire.connect import open_transport
from phone_audit.acquire.record import RecordingTransport
from phone_audit.acquire.replay import ReplayTransport
from phone_audit.acquire.saved import manifest_sha256
from phone_audit.acquire.transport import Transport
from phone_audit.errors import SnapshotError, UsageError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import AcquisitionInfo, Depth
from phone_audit.pipeline.options import Progress, ScanOptions


@dataclass(frozen=True)
class Source:
    """A phone or a saved acquisition, ready to be asked. `folder` holds its raw answers."""

    transport: Transport
    folder: Path
    depth: Depth
    users: str
    label: str | None
    replayed: bool

    def collect(self, knowledge: Knowledge, on_progress: Progress) -> Acquired:
        named = {fact.value for entry in knowledge.incidents for fact in entry.paths if fact.kind is None}
        paths = sorted(named.union(knowledge.indicators.paths))
        return collect(
            self.transport, depth=self.depth, users=self.users, into=self.folder, on_progress=on_progress, paths=paths
        )

    def finish(self, acquired: Acquired) -> AcquisitionInfo:
        """Write the manifest where this is a live phone, and say how the phone was read."""
        if isinstance(self.transport, RecordingTransport):
            self.transport.finish()
        return AcquisitionInfo(
            source="live",  # a replay judges the live phone's answers; `run` tells that it was one
            depth=self.depth,
            via=self.transport.via,
            manifest_sha256=manifest_sha256(self.folder),
            phone_clock_offset=acquired.phone_clock_offset,
            cannot_hold=(),
        )


@contextmanager
def open_source(target: str | None, depth: Depth, users: str, options: ScanOptions) -> Iterator[Source]:
    """Open the phone or the saved acquisition that `target` names; see `scan_device`."""
    saved = _saved(target)
    if saved is not None:
        yield _replayed(saved, depth, users, options)
        return
    with tempfile.TemporaryDirectory(prefix="phone-audit-") as scratch:
        folder = options.save or Path(scratch) / "acquisition"
        inner = open_transport(target, via=options.via, on_wait=options.on_wait)
        recording = RecordingTransport(
            inner, folder, depth=depth, users=users, label=options.label, clock=options.clock
        )
        try:
            yield Source(recording, folder, depth, users, options.label, replayed=False)
        finally:
            recording.close()


def _saved(target: str | None) -> Path | None:
    """Give the saved acquisition that the target names; None where it names a phone.

    Raises:
        SnapshotError: it is a path, and none to a folder.
    """
    if target is None:
        return None
    path = Path(target)
    if path.is_dir():
        return path
    if "/" in target or path.exists():
        what = "is no folder" if path.exists() else "does not exist"
        raise SnapshotError(f"{target} {what}, so it is no saved acquisition.", "Name the folder that --save made.")
    return None


def _replayed(folder: Path, depth: Depth, users: str, options: ScanOptions) -> Source:
    """Open a saved acquisition, which holds what was asked for when it was made, and nothing else.

    Raises:
        UsageError: something else is asked for now.
    """
    replay = ReplayTransport(folder)
    hint = "Leave the option out, or scan the phone again."
    if options.save is not None:
        raise UsageError(f"{folder} is saved already; --save has no place here.", "Copy the folder instead.")
    if options.via != "auto":
        raise UsageError(f"{folder} is a saved acquisition; there is no way in to choose.", hint)
    if users not in ("all", replay.users):
        raise UsageError(f"{folder} was made for the users {replay.users!r}, not for {users!r}.", hint)
    if depth not in ("standard", replay.depth):
        raise UsageError(f"{folder} was made with the depth {replay.depth!r}, not {depth!r}.", hint)
    return Source(replay, folder, replay.depth, replay.users, options.label or replay.label, replayed=True)
