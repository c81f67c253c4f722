"""A phone that is attached → what its packages were seen connected to, judged."""

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.owners import read_owners
from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.store.layout import is_saved
from phone_audit.acquire.text import known, shown
from phone_audit.acquire.transport import LiveTransport
from phone_audit.detect.watch.watch_findings import detect_watch
from phone_audit.errors import PhoneAuditError, UsageError
from phone_audit.judge.judge import judge_watch
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.finding import Skipped
from phone_audit.model.text import parse_getprop
from phone_audit.model.watch import Watch, WatchRun
from phone_audit.pipeline.connection_log import cannot_see
from phone_audit.pipeline.known_files import record_cache
from phone_audit.pipeline.options import TOOL, no_progress, rfc3339
from phone_audit.pipeline.phone_names import device_of
from phone_audit.pipeline.saved_watch import prepare_folder
from phone_audit.pipeline.watch_session import WatchOptions, WatchSession
from phone_audit.pipeline.watched_code import WatchedCode

_DEFAULTS = WatchOptions()


def watch_device(
    target: str | None = None, *, knowledge: Knowledge | None = None, options: WatchOptions = _DEFAULTS
) -> Watch:
    """Watch which package of a phone talks to whom.

    Args:
        target: nothing (the one phone attached), a serial, `usb`, or `HOST:PORT`.
        knowledge: what is known; the bundled facts where none is given.
        options: everything else.

    Raises:
        AcquireError: the phone could not be watched at all. Lost half-way, what was seen is judged.
        UsageError: the target is no phone, or `save` holds something else.
        KnowledgeError: a knowledge file is broken.
    """
    if target is not None and ("/" in target or is_saved(Path(target))):
        raise UsageError(
            f"{target} is not a phone, and only a phone can be watched.", "Name a serial, usb or HOST:PORT."
        )
    facts = whole(knowledge or load_knowledge())
    transport = open_transport(target, via=options.via, on_wait=options.on_wait)
    try:
        return watch_transport(transport, facts, options)
    finally:
        transport.close()


def watch_transport(transport: LiveTransport, knowledge: Knowledge, options: WatchOptions) -> Watch:
    """Watch a phone that is connected; see `watch_device`."""
    started = options.clock()
    enduring = ReconnectingTransport(transport)
    reader = Reader(enduring, no_progress)
    answer = parse_getprop(reader.ask(GETPROP) or "")
    if options.save is not None:
        prepare_folder(options.save, answer)
    serial = known(answer.get("ro.serialno")) or known(answer.get("ro.boot.serialno")) or transport.serial
    properties = {shown(name): shown(value) for name, value in answer.items()}
    owners = read_owners(reader)
    with tempfile.TemporaryDirectory(prefix="phone-audit-") as scratch:
        cache = record_cache(knowledge) if options.cache else None
        device = device_of(properties, serial, with_identifiers=options.with_identifiers)
        code = WatchedCode(enduring, owners, knowledge, options.budget, Path(scratch), cache, device.pseudonym)
        session = WatchSession(transport, device, owners, code, knowledge, options)
        session.run()
    return _document(session, properties, [*reader.skipped, *session.skipped()], rfc3339(started))


def _document(
    session: WatchSession, properties: Mapping[str, str], skipped: Sequence[Skipped], started_at: str
) -> Watch:
    options, knowledge = session.options, session.knowledge
    observations = session.observations()
    samples = session.log.samples()
    packages = session.packages(observations)
    detected = detect_watch(observations, packages, properties, knowledge)
    judged = judge_watch(observations, detected, samples, skipped)
    return Watch(
        schema_="phone-audit/watch/1",
        label=options.label,
        device=session.device,
        samples=samples,
        observations=observations,
        traffic=session.traffic(),
        findings=judged.findings,
        incidents=judged.incidents,
        verdict=judged.verdict,
        skipped=judged.skipped,
        cannot_see=cannot_see(samples, session.log, session.poll_log),
        knowledge=knowledge.info,
        tool=TOOL,
        run=WatchRun(started=started_at, finished=rfc3339(options.clock()), seconds=round(session.elapsed, 3)),
    )


def watch_devices(
    targets: Sequence[str], knowledge: Knowledge, options: WatchOptions
) -> tuple[Watch | PhoneAuditError, ...]:
    """Watch phones; what goes wrong with one disturbs no other.

    Args:
        targets: serials and HOST:PORT.
        knowledge: what is known.
        options: for each of them. `save` gets a folder for each phone: `phone-1`, `phone-2`, …

    Returns:
        The result of each, or why there is none, in the order of the targets.
    """
    facts = whole(knowledge)

    def one(number: int, target: str) -> Watch | PhoneAuditError:
        save = options.save / name_of(number) if options.save else None
        try:
            return watch_device(target, knowledge=facts, options=replace(options, save=save))
        except PhoneAuditError as error:
            return error

    with ThreadPoolExecutor(len(targets), thread_name_prefix="watch") as pool:
        return tuple(pool.map(one, range(1, len(targets) + 1), targets))


def name_of(number: int) -> str:
    """Name the files of a phone without its serial number.

    Example:
        >>> name_of(1)
        'phone-1'
    """
    return f"phone-{number}"
