"""`phone-audit scan` with several phones: a progress line and a result each, and the summary."""

from dataclasses import replace

from phone_audit.cli import exits
from phone_audit.cli.fleet_outputs import FleetOutputs
from phone_audit.cli.loading import load_told
from phone_audit.cli.progress import PhonesProgress, progress_of_phones
from phone_audit.cli.scan_asked import Asked
from phone_audit.cli.stopping import GentleStop, Stop, stopped_by
from phone_audit.cli.telling import tell
from phone_audit.errors import PhoneAuditError
from phone_audit.knowledge.own import in_use
from phone_audit.model.results import Fleet, Scan
from phone_audit.pipeline.arrivals import Arrival, Arrivals, Named, Watched, everyone
from phone_audit.pipeline.fleet import FleetOptions, scan_fleet
from phone_audit.pipeline.options import Progress, ScanOptions

AT_ONCE = 4
"""Phones read at the same time, where this computer has no more cores than that."""


def scan_several(asked: Asked, outputs: FleetOutputs, options: ScanOptions) -> int:
    """Read the phones, write their results and the summary, and give the exit code.

    Raises:
        NoDeviceError: `--all` without `--wait`, and there is no phone.
        UsageError: a result cannot be written.
    """
    stop = GentleStop() if asked.wait else Stop()
    with (
        in_use(asked.knowledge) as folders,
        stopped_by(stop),
        progress_of_phones(asked.quiet, asked.verbose) as phones,
    ):
        known = load_told(folders)
        listener = _Listener(outputs, phones, asked)
        fleet = scan_fleet(
            _arrivals(asked, options),
            listener,
            depth=asked.depth,
            users=asked.users,
            knowledge=known,
            options=FleetOptions(
                scan=replace(options, stopped=stop),
                at_once=max(AT_ONCE, options.budget.jobs),
                no_more=stop.no_more if isinstance(stop, GentleStop) else stop,
            ),
        )
    outputs.write_summary(fleet)
    if stop.asked:
        return exits.INTERRUPTED
    return exit_code(fleet, listener.codes)


def exit_code(fleet: Fleet, codes: dict[int, int]) -> int:
    """Return the strongest code of several phones; one that could not be read was promised and not read."""
    unread = [scan for scan in fleet.scans if scan.outcome is None]
    if not fleet.scans:
        return exits.NOTHING_TO_SCAN
    if len(unread) == len(fleet.scans):
        return exits.COULD_NOT_RUN
    return exits.strongest([*codes.values(), *([exits.NOT_ALL_READ] if unread else [])])


def _arrivals(asked: Asked, options: ScanOptions) -> Arrivals:
    if asked.wait:
        if not asked.quiet:
            tell("Waiting for phones; each is read as it is plugged in. Ctrl-C ends the waiting.")
        return Watched(asked.targets, via=options.via, on_trouble=tell)
    if not asked.all:
        return Named(asked.targets)
    serials, beside = everyone(options.via, needed=not asked.targets)
    if beside:
        tell(beside)
    return Named((*asked.targets, *serials))


class _Listener:
    """Draws progress, writes results, and remembers the exit code of each."""

    def __init__(self, outputs: FleetOutputs, phones: PhonesProgress, asked: Asked) -> None:
        self.codes: dict[int, int] = {}
        self._outputs = outputs
        self._phones = phones
        self._asked = asked

    def began(self, arrival: Arrival) -> Progress:
        if arrival.again and not self._asked.quiet:
            tell(f"{arrival.target} is back; it is read once more.")
        return self._phones.phone(arrival.target)

    def read(self, arrival: Arrival, name: str, scan: Scan) -> str | None:
        file = self._outputs.write(name, scan)
        left = "" if scan.coverage.complete else ", not all was read"
        self._phones.ended(arrival.target, f"{scan.verdict.outcome}{left}{f'; {file}' if file else ''}")
        lost = next((item for item in scan.coverage.skipped if item.code == "device-lost"), None)
        if lost is not None and not self._asked.quiet:
            tell(lost.reason)
        code = exits.exit_code(scan.verdict.outcome, scan.coverage.complete, self._asked.fail_on)
        self.codes[arrival.number] = code
        return file

    def failed(self, arrival: Arrival, name: str, error: PhoneAuditError) -> None:
        del name
        self._phones.ended(arrival.target, "not read")
        tell(error.message, *(f"  {line}" for line in error.hint.splitlines()))
