"""An acquisition that another tool made, as a source of a scan."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.files.hash_memory import NOBODY, PhoneIdentity
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.importers.collect import collect_held, depth_of
from phone_audit.acquire.importers.container import FileContainer
from phone_audit.acquire.importers.imported import ImportedAcquisition
from phone_audit.acquire.importers.missing import cannot_hold
from phone_audit.acquire.importers.open import open_imported
from phone_audit.errors import SnapshotError, UsageError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import AcquisitionInfo, Depth
from phone_audit.pipeline.options import Progress, ScanOptions
from phone_audit.pipeline.sealed import as_named


@dataclass(frozen=True)
class ForeignSource:
    """The acquisition, ready to be read; see `source.Source`. `named` is what the person named."""

    imported: ImportedAcquisition
    container: FileContainer
    reading: "ImportedReading"
    named: Path
    label: str | None
    scratch: Path
    folder: Path
    replayed: bool = False
    earlier: tuple[Path, ...] = ()

    @property
    def depth(self) -> Depth:
        """What the acquisition promises."""
        return depth_of(self.imported)

    def collect(self, knowledge: Knowledge, plan: Plan) -> Acquired:
        """Read it, and hand its APKs on."""
        del knowledge  # it cannot be asked for paths
        collected = collect_held(self.imported, self.container, self.scratch, self.reading.on_progress)
        for apk in collected.apks:
            plan.receiver.take(apk)
        return Acquired(
            collected.snapshot, collected.apks, collected.bytes_read, collected.paths, collected.digests, None
        )

    def finish(self, acquired: Acquired) -> AcquisitionInfo:
        """Say how it was read. Of a single file the hash is given, so that a reader can tell which one it was."""
        del acquired
        return AcquisitionInfo(
            source=self.imported.source,
            depth=self.depth,
            via="file",
            manifest_sha256=_digest(self.named) if self.named.is_file() else None,
            phone_clock_offset=None,
            cannot_hold=cannot_hold(self.imported),
        )


@dataclass(frozen=True)
class ImportedReading:
    """See `PhoneReading`."""

    on_progress: Progress

    def identify(self) -> PhoneIdentity:
        """Return nobody: it cannot be told from others."""
        return NOBODY


@contextmanager
def foreign_source(
    path: Path, named: Path, depth: Depth, users: str, options: ScanOptions, scratch: Path, on_progress: Progress
) -> Iterator[ForeignSource]:
    """Open an acquisition of another tool.

    Args:
        path: the folder, archive or text, decrypted.
        named: what the person named.
        depth: as asked for; it has to be the default.
        users: as asked for; it has to be the default.
        options: everything else.
        scratch: a folder for what is taken out of it.
        on_progress: told what is being done.

    Raises:
        UsageError: something is asked for that only a phone can give.
        SnapshotError: no known tool made it, or it is damaged.
    """
    hint = "Leave the option out, or scan the phone itself."
    if options.save is not None or options.via != "auto" or users != "all" or depth != "standard":
        raise UsageError(f"{named} is an acquisition: it holds what it holds, and there is no phone to ask.", hint)
    inside = scratch.parent / "inside"
    inside.mkdir(exist_ok=True)
    with as_named(path, named), open_imported(path, inside) as (imported, container):
        yield ForeignSource(imported, container, ImportedReading(on_progress), named, options.label, scratch, path)


def _digest(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error
