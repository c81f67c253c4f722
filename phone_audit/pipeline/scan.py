"""One phone, attached or saved → the published result."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.files.hash_cache import HashCache, PhoneIdentity
from phone_audit.acquire.packages.package_dump import untested
from phone_audit.acquire.store.interrupted import InterruptedFiles
from phone_audit.acquire.traffic.read_traffic import check_traffic
from phone_audit.apk.range_planner import next_ranges
from phone_audit.apk.records import join_left
from phone_audit.apk.zip.code_location import lacks_code
from phone_audit.detect.allowed import with_allowed
from phone_audit.detect.apps.join import joined_apps
from phone_audit.detect.detect import detect_phone
from phone_audit.detect.incidents.unsearched_paths import doubtful_paths
from phone_audit.detect.known_good import known_good, known_image
from phone_audit.detect.traffic.traffic_findings import with_traffic
from phone_audit.detect.traffic.traffic_join import WireHost, join_traffic
from phone_audit.errors import DeviceLostError, UsageError
from phone_audit.files.user_folders import cache_folder
from phone_audit.judge.judge import PhoneJudgement, judge_phone
from phone_audit.judge.questions.answers import phone_answers, with_answers
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.device import COMPILED_ROLES, DEPTHS, AcquisitionInfo, Depth, Snapshot
from phone_audit.model.finding import Skipped
from phone_audit.model.results import Coverage, Scan, ScanRun
from phone_audit.model.traffic import TrafficLog
from phone_audit.model.watch import Observation
from phone_audit.pipeline.accept import accepted_detection
from phone_audit.pipeline.apk_analysis import ApkAnalysis
from phone_audit.pipeline.apk_records import AnalysedApk, published_apk, worker_pool
from phone_audit.pipeline.diff import with_baseline
from phone_audit.pipeline.known_files import record_cache
from phone_audit.pipeline.options import TOOL, Progress, ScanOptions, no_progress, rfc3339
from phone_audit.pipeline.phone_names import device_of, pseudonym, without_target
from phone_audit.pipeline.saved_watch import mark_observed, saved_observations, with_observed
from phone_audit.pipeline.source import Source, open_source
from phone_audit.pipeline.traffic import (
    apps_of,
    captured_places,
    published_traffic,
    read_logs,
    seen_endpoints,
    seen_hosts,
)

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
    check_traffic(options.traffic)
    if depth not in DEPTHS:
        raise UsageError(f"There is no depth {depth!r}.", f"Depths: {', '.join(DEPTHS)}.")
    known = whole(knowledge or load_knowledge())
    progress = _stopping(on_progress, options.stopped)
    with (
        open_source(target, depth, str(users), options, progress) as source,
        worker_pool(options.budget, known) as pool,
    ):
        cache = record_cache(known) if options.cache else None
        deep, claims = source.depth == "deep", source.transport.live is not None
        with ApkAnalysis(pool, cache, whole=deep, scratch=source.scratch, claims=claims) as analysis:
            plan = _plan(source, source.reading.identify(), analysis, options)
            acquired = source.collect(known, plan)
            acquisition = source.finish(acquired)
            analysed = analysis.finish(acquired.apks, on_progress, options.stopped)
        observations = saved_observations(source.folder) if source.replayed else ()
        if cache is not None:
            cache.prune()
    notes = acquired.snapshot.skipped + analysed.skipped
    if not options.with_identifiers:
        notes = _unnamed(notes, source.transport.serial)
    logs = read_logs(options.traffic, (*acquired.snapshot.identifiers, *options.own_numbers), on_progress)
    notes += tuple(note for log in logs for note in log.skipped)
    snapshot = acquired.snapshot.model_copy(update={"skipped": notes})
    snapshot = source.reading.with_packages(snapshot, [apk.info for apk in analysed.apks])
    observed = with_observed(analysed.apks, observations)
    apks = tuple(replace(apk, info=with_allowed(apk.info, known, snapshot)) for apk in observed)
    wire = join_traffic(logs, apps_of(snapshot.packages, [apk.info for apk in apks]))
    apks = mark_observed(apks, seen_hosts(wire))
    infos = [apk.info for apk in apks]
    detected = detect_phone(snapshot, infos, known, acquired.paths, acquired.digests, seen_endpoints(wire))
    detected = with_traffic(detected, wire, known)
    snapshot = snapshot.model_copy(update={"skipped": notes + doubtful_paths(snapshot, detected, known)})
    if options.accept is not None:
        detected = accepted_detection(
            detected, Acceptances.on(started.date(), options.accept), snapshot.packages, infos
        )
    judged = judge_phone(snapshot, infos, detected, acquisition.depth)
    finished = options.clock()
    run = ScanRun(
        started=rfc3339(started),
        finished=rfc3339(finished),
        seconds=(finished - started).total_seconds(),
        bytes_transferred=acquired.bytes_transferred,
        apks_from_cache=analysed.from_cache,
        replayed=source.replayed,
    )
    scan = _document(snapshot, apks, judged, acquisition, known, options, run, source.label, observations, logs, wire)
    if options.baseline is None:
        return scan
    return with_baseline(scan, options.baseline, known.powers, clock=options.clock)


def _unnamed(notes: tuple[Skipped, ...], serial: str) -> tuple[Skipped, ...]:
    """Leave the phone's name, mostly its serial number, out of the sentence on why it was lost."""
    return tuple(
        note.model_copy(update={"reason": without_target(note.reason, serial)})
        if note.code == "device-lost" and serial
        else note
        for note in notes
    )


def _plan(source: Source, phone: PhoneIdentity, analysis: ApkAnalysis, options: ScanOptions) -> Plan:
    """Say which bytes are wanted; the pipeline is the only one that knows both who asks and who reads."""
    name = pseudonym(phone.text) if options.cache else None
    analysis.know_phone(name if source.transport.live else None, trusted=phone.knew_us and not options.rehash)
    wanted = next_ranges if source.depth == "standard" else None
    return Plan(
        next_wanted=wanted,
        receiver=analysis,
        hash_cache=HashCache(cache_folder() / "hashes" / f"{name}.json" if name else None, phone.build),
        rehash=options.rehash,
        earlier=None if options.rehash else InterruptedFiles(source.earlier, wanted),
        lacks_code=lacks_code,
    )


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
    judged: PhoneJudgement,
    acquisition: AcquisitionInfo,
    known: Knowledge,
    options: ScanOptions,
    run: ScanRun,
    label: str | None,
    observations: tuple[Observation, ...],
    logs: tuple[TrafficLog, ...],
    wire: tuple[WireHost, ...],
) -> Scan:
    listed = {file.path for package in snapshot.packages for file in package.files if file.role not in COMPILED_ROLES}
    sizes = [file.size for package in snapshot.packages for file in package.files]
    records = tuple(published_apk(apk, judgement, known) for apk, judgement in zip(apks, judged.apks, strict=True))
    infos = [apk.info for apk in apks]
    apps = joined_apps(snapshot, infos, observations, judged.findings, known, captured_places(wire))
    traffic = published_traffic(logs, known, options.own_numbers)
    return Scan(
        schema_="phone-audit/scan/1",
        label=label,
        device=device_of(snapshot.properties, snapshot.serial, with_identifiers=options.with_identifiers),
        build=snapshot.build,
        users=snapshot.users,
        state=snapshot.state,
        packages=snapshot.packages,
        apks=records,
        apps=apps,
        observations=observations,
        traffic=traffic,
        known_good=known_good(snapshot, infos, known),
        known_image=known_image(snapshot, known),
        modules=snapshot.modules,
        findings=judged.findings,
        incidents=judged.incidents,
        verdict=with_answers(judged.verdict, phone_answers(snapshot, judged, apps, acquisition.depth, traffic)),
        coverage=Coverage(
            packages_listed=len(snapshot.packages),
            apks_listed=len(listed),
            apks_analysed=len({file.path for record in records if record.package for file in record.files} & listed),
            bytes_on_device=sum(size for size in sizes if size is not None) if any(sizes) else None,
            complete=judged.complete,
            skipped=judged.skipped,
            untested=()
            if acquisition.source == "image"
            else untested(snapshot.build.sdk, snapshot.build.android_version),
            not_understood=snapshot.not_understood,
            never_asked=snapshot.never_asked,
            left_on_phone=join_left(apk.info for apk in apks),
            signatures_unchecked=sum(bool(record.signature and record.signature.unchecked) for record in records),
        ),
        acquisition=acquisition,
        knowledge=known.info,
        tool=TOOL,
        run=run,
    )
