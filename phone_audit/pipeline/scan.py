"""One phone, attached or saved → the published result."""

from collections.abc import Callable, Sequence

from phone_audit.acquire.tested_versions import untested
from phone_audit.analyse.detectors import detect_apk, detect_device
from phone_audit.errors import DeviceLostError, UsageError
from phone_audit.judge.judge import JudgedScan, judge_scan
from phone_audit.judge.known_good import known_good, known_image
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.device import DEPTHS, AcquisitionInfo, Depth, Device, Snapshot
from phone_audit.model.results import Coverage, Scan, ScanRun
from phone_audit.pipeline.analysed import AnalysedApk, published_apk
from phone_audit.pipeline.options import Progress, ScanOptions, no_progress
from phone_audit.pipeline.provenance import TOOL, rfc3339
from phone_audit.pipeline.pseudonym import pseudonym
from phone_audit.pipeline.pulled import analyse_pulled
from phone_audit.pipeline.source import open_source

_DEFAULTS = ScanOptions()


def scan_device(
    target: str | None = None,
    *,
    depth: Depth = "standard",
    users: str = "all",
    knowledge: Knowledge | None = None,
    on_progress: Progress = no_progress,
    options: ScanOptions = _DEFAULTS,
) -> Scan:
    """Read a phone, or a saved acquisition, and judge it.

    Args:
        target: nothing (the one phone attached), a serial, `usb`, `HOST:PORT`, or a saved acquisition.
        depth: `quick` reads no APK bytes. A saved acquisition keeps the depth it was made with.
        users: `all`, `current`, or the number of one user.
        knowledge: what is known; the bundled facts where none is given.
        on_progress: told what is being done.
        options: everything else.

    Raises:
        AcquireError: the phone could not be read at all. Lost half-way, what was read is judged.
        SnapshotError: the saved acquisition is damaged.
        KnowledgeError: a knowledge file is broken.
    """
    started = options.clock()
    if depth not in DEPTHS:
        raise UsageError(f"There is no depth {depth!r}.", f"Depths: {', '.join(DEPTHS)}.")
    known = whole(knowledge or load_knowledge())
    with open_source(target, depth, str(users), options) as source:
        acquired = source.collect(known, _stopping(on_progress, options.stopped))
        acquisition = source.finish(acquired)
        analysed = analyse_pulled(acquired.apks, known, options.budget, on_progress, options.stopped)
    snapshot = acquired.snapshot.model_copy(update={"skipped": acquired.snapshot.skipped + analysed.skipped})
    infos = [apk.info for apk in analysed.apks]
    found = [*detect_device(snapshot, known), *(finding for info in infos for finding in detect_apk(info, known))]
    judged = judge_scan(snapshot, infos, found, acquisition.depth, known, acquired.paths, acquired.digests)
    finished = options.clock()
    run = ScanRun(
        started=rfc3339(started),
        finished=rfc3339(finished),
        seconds=(finished - started).total_seconds(),
        bytes_transferred=acquired.bytes_transferred,
        apks_from_cache=0,
        replayed=source.replayed,
    )
    return _document(snapshot, analysed.apks, judged, acquisition, known, options, run, source.label)


def _stopping(on_progress: Progress, stopped: Callable[[], bool]) -> Progress:
    """Progress that ends the reading of the phone once a stop is asked for, as a pulled cable would."""

    def report(what: str, done: int, total: int) -> None:
        if stopped():
            raise DeviceLostError("The scan was interrupted.")
        on_progress(what, done, total)

    return report


def _document(
    snapshot: Snapshot,
    apks: Sequence[AnalysedApk],
    judged: JudgedScan,
    acquisition: AcquisitionInfo,
    known: Knowledge,
    options: ScanOptions,
    run: ScanRun,
    label: str | None,
) -> Scan:
    listed = {file.path for package in snapshot.packages for file in package.files}
    sizes = [file.size for package in snapshot.packages for file in package.files]
    records = tuple(published_apk(apk, judgement, known) for apk, judgement in zip(apks, judged.apks, strict=True))
    return Scan(
        schema_="phone-audit/scan/1",
        label=label,
        device=_device(snapshot, options.with_identifiers),
        build=snapshot.build,
        users=snapshot.users,
        state=snapshot.state,
        packages=snapshot.packages,
        apks=records,
        observations=(),
        known_good=known_good(snapshot, [apk.info for apk in apks], known),
        known_image=known_image(snapshot, known),
        findings=judged.findings,
        incidents=judged.incidents,
        verdict=judged.verdict,
        coverage=Coverage(
            packages_listed=len(snapshot.packages),
            apks_listed=len(listed),
            apks_analysed=len({file.path for record in records if record.package for file in record.files} & listed),
            bytes_on_device=sum(size for size in sizes if size is not None) if any(sizes) else None,
            complete=judged.complete,
            skipped=judged.skipped,
            untested=untested(snapshot.build.sdk, snapshot.build.android_version),
        ),
        acquisition=acquisition,
        knowledge=known.info,
        tool=TOOL,
        run=run,
    )


def _device(snapshot: Snapshot, with_identifiers: bool) -> Device:
    properties = snapshot.properties
    return Device(
        serial=snapshot.serial if with_identifiers else None,
        pseudonym=pseudonym(snapshot.serial),
        manufacturer=properties.get("ro.product.manufacturer"),
        brand=properties.get("ro.product.brand"),
        model=properties.get("ro.product.model"),
        product=properties.get("ro.product.name"),
        device=properties.get("ro.product.device"),
    )
