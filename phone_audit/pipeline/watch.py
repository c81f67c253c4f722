"""A phone that is attached → what its packages were seen connected to, judged."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.enduring import EnduringTransport
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.owners import read_owners
from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.store.layout import is_saved
from phone_audit.acquire.text import known, shown
from phone_audit.acquire.transport import LiveTransport
from phone_audit.errors import UsageError
from phone_audit.judge.watching import judge_watch
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.device import Device
from phone_audit.model.finding import Skipped
from phone_audit.model.text import parse_getprop
from phone_audit.model.watch import Watch, WatchRun
from phone_audit.pipeline.limits import cannot_see
from phone_audit.pipeline.options import no_progress
from phone_audit.pipeline.provenance import TOOL, rfc3339
from phone_audit.pipeline.pseudonym import pseudonym
from phone_audit.pipeline.record_cache import RecordCache, cache_folder
from phone_audit.pipeline.saved_watch import prepare_folder
from phone_audit.pipeline.watched_code import WatchedCode
from phone_audit.pipeline.watching import Live, Watching, WatchOptions

__all__ = ["Live", "WatchOptions", "watch_device", "watch_transport"]

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
        raise UsageError(f"{target} is no phone, and only a phone can be watched.", "Name a serial, usb or HOST:PORT.")
    facts = whole(knowledge or load_knowledge())
    transport = open_transport(target, via=options.via, on_wait=options.on_wait)
    try:
        return watch_transport(transport, facts, options)
    finally:
        transport.close()


def watch_transport(transport: LiveTransport, knowledge: Knowledge, options: WatchOptions) -> Watch:
    """Watch a phone that is connected; see `watch_device`."""
    started = options.clock()
    enduring = EnduringTransport(transport)
    reader = Reader(enduring, no_progress)
    properties = parse_getprop(reader.ask(GETPROP) or "")
    if options.save is not None:
        prepare_folder(options.save, properties)
    owners = read_owners(reader)
    with tempfile.TemporaryDirectory(prefix="phone-audit-") as scratch:
        cache = RecordCache(cache_folder() / "records", knowledge.info.digest) if options.cache else None
        device = _device(properties, transport.serial, options.with_identifiers)
        code = WatchedCode(enduring, owners, knowledge, options.budget, Path(scratch), cache, device.pseudonym)
        watching = Watching(transport, device, owners, code, knowledge, options)
        watching.run()
    return _document(watching, properties, [*reader.skipped, *watching.skipped()], rfc3339(started))


def _document(watching: Watching, properties: Mapping[str, str], skipped: Sequence[Skipped], started_at: str) -> Watch:
    options, knowledge = watching.options, watching.knowledge
    observations = watching.observations()
    samples = watching.seen.samples()
    packages = watching.packages(observations)
    judged = judge_watch(observations, packages, _published(properties), samples, skipped, knowledge)
    return Watch(
        schema_="phone-audit/watch/1",
        label=options.label,
        device=watching.device,
        samples=samples,
        observations=observations,
        traffic=watching.traffic(),
        findings=judged.findings,
        incidents=judged.incidents,
        verdict=judged.verdict,
        skipped=judged.skipped,
        cannot_see=cannot_see(samples, watching.seen, watching.beside),
        knowledge=knowledge.info,
        tool=TOOL,
        run=WatchRun(started=started_at, finished=rfc3339(options.clock()), seconds=round(watching.elapsed, 3)),
    )


def _published(properties: Mapping[str, str]) -> dict[str, str]:
    return {shown(name): shown(value) for name, value in properties.items()}


def _device(properties: Mapping[str, str], target: str, with_identifiers: bool) -> Device:
    """Name the phone. `target` stands for a serial number that the phone does not tell."""
    serial = known(properties.get("ro.serialno")) or known(properties.get("ro.boot.serialno")) or target
    said = _published(properties)
    return Device(
        serial=serial if with_identifiers else None,
        pseudonym=pseudonym(serial),
        manufacturer=said.get("ro.product.manufacturer"),
        brand=said.get("ro.product.brand"),
        model=said.get("ro.product.model"),
        product=said.get("ro.product.name"),
        device=said.get("ro.product.device"),
    )
