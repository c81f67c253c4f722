"""`phone-audit scan` with several phones: a progress line and a result each, and the summary."""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from phone_audit.acquire.adb.connect import PATIENCE_VARIABLE
from phone_audit.cli import exits
from phone_audit.cli.knowledge import knowledge_in_use
from phone_audit.cli.messages import on_terminal, tell
from phone_audit.cli.options import ScanArguments
from phone_audit.cli.outputs import Output, check_formats, outcome_line, terminal_style, write_file, write_out
from phone_audit.cli.progress import SCAN_STEPS, PhoneProgress, PhonesProgress, progress_of_phones
from phone_audit.cli.stopping import GentleStop, Stop, stopped_by
from phone_audit.errors import OutputError, PhoneAuditError, UsageError
from phone_audit.files.atomic_write import DISK_FAILS
from phone_audit.model.finding import OUTCOMES
from phone_audit.model.results import Fleet, Scan
from phone_audit.model.wording import counted
from phone_audit.pipeline.arrivals import Arrival, Arrivals, ConnectedPhones, NamedTargets, everyone
from phone_audit.pipeline.asset_list import AssetList
from phone_audit.pipeline.fleet import FleetOptions, scan_fleet
from phone_audit.pipeline.options import Progress, ScanOptions
from phone_audit.pipeline.report import judged_outcomes
from phone_audit.report.canvas import Style
from phone_audit.report.draw_phones import asset_sentences
from phone_audit.report.formats import FORMATS, SUFFIXES, render

if TYPE_CHECKING:
    from phone_audit.pipeline.seal import Sealer

SUMMARY = "fleet"
_ANSWER = Style()
AT_ONCE = 4
"""Phones read at the same time, where this computer has no more cores than that."""
PATIENCE = 300.0
"""Seconds to wait for each phone's person, who sits at a terminal and has many phones to look at."""


class FleetOutputs:
    """Writes each phone's result as it is ready, and the summary at the end.

    What goes to standard output is kept until the end, in the order of the phones: progress is drawn until then.
    Formats and paths are paired in order: a folder without a format gets JSON, and a format without a folder goes into
    the last one; text goes to standard output. Raises a UsageError for an unknown format, a path that cannot be a
    folder, or a format for standard output that cannot hold several phones.
    """

    def __init__(
        self, formats: Sequence[str], paths: Sequence[Path], sealer: "Sealer | None" = None, drawn: Style = _ANSWER
    ) -> None:
        self._folders = _paired(formats, paths) or (Output("text", None),)
        self._sealer = sealer
        self._style = drawn
        self._shown: dict[str, str] = {}
        check_formats(self._folders, ["scan"])
        for folder in self._folders:
            _check_folder(folder)
        if sum(folder.path is None for folder in self._folders) > 1:
            raise UsageError("Two results would go to standard output.", "Give each -f its own -o FOLDER.")
        if sealer is not None and all(folder.path is None for folder in self._folders):
            raise UsageError("--seal goes with -o: only files are sealed.", "Name a folder with -o.")

    def write(self, name: str, scan: Scan) -> str | None:
        """Write the result of one phone; gives the name of its file, that of the JSON where there is one."""
        written: list[str] = []
        for folder in self._folders:
            if folder.path is None:
                self._shown[name] = render(folder.format, scan, replace(terminal_style(), details=self._style.details))
            else:
                written.append(name + FORMATS[folder.format].suffixes[0])
                write_file(folder.path / written[-1], FORMATS[folder.format].render(scan, self._style), self._sealer)
        return next((file for file in written if file.endswith(".json")), written[0] if written else None)

    @property
    def summaries(self) -> tuple[str, ...]:
        """The files that hold the summary, where nothing of it goes to standard output."""
        folders = [(folder.path, FORMATS[folder.format]) for folder in self._folders if folder.path is not None]
        if len(folders) < len(self._folders):
            return ()
        drawn = [str(path / f"{SUMMARY}{drawing.suffixes[0]}") for path, drawing in folders if "fleet" in drawing.kinds]
        return tuple(dict.fromkeys(drawn)) or (str(folders[0][0] / f"{SUMMARY}.json"),)

    def write_summary(self, fleet: Fleet) -> None:
        """Write `fleet.json` into each folder, the summary in the formats that were asked for, and what is shown."""
        for folder in self._folders:
            if folder.path is None:
                style = terminal_style()
                for name in sorted(self._shown):
                    write_out(f"{name}\n{'=' * len(name)}\n\n{self._shown[name]}\n")
                write_out(render("text", fleet, style))
                continue
            whole = _leading_to(fleet, self._first_suffix(folder.path))
            write_file(folder.path / f"{SUMMARY}.json", FORMATS["json"].render(whole, Style()), self._sealer)
            if folder.format != "json" and "fleet" in FORMATS[folder.format].kinds:
                suffix = FORMATS[folder.format].suffixes[0]
                own = folder.format == "html" or Output("json", folder.path) not in self._folders
                summary = _leading_to(fleet, suffix if own else ".json")
                pieces = FORMATS[folder.format].render(summary, self._style)
                write_file(folder.path / f"{SUMMARY}{suffix}", pieces, self._sealer)

    def _first_suffix(self, path: Path) -> str:
        """Return how the results end to which `fleet.json` of a folder leads: JSON, wherever there is some."""
        if any(folder.format == "json" and folder.path for folder in self._folders):
            return ".json"
        first = next(folder.format for folder in self._folders if folder.path == path)
        return FORMATS[first].suffixes[0]


def _paired(formats: Sequence[str], paths: Sequence[Path]) -> tuple[Output, ...]:
    """Pair formats and folders in order; a format that is left over goes into the last folder, unless it is text."""
    last = next((path for path in reversed(paths) if str(path) != "-"), None)
    rest = (None if format_ == "text" else last for format_ in formats[len(paths) :])
    return tuple(
        Output(format_ or "json", None if path is None or str(path) == "-" else path)
        for format_, path in zip_longest(formats, [*paths, *rest])
    )


def _leading_to(fleet: Fleet, suffix: str) -> Fleet:
    """Return the summary with the files of one folder: the page of each phone lies beside that of all."""
    scans = (scan.model_copy(update={"file": f"{scan.name}{suffix}"}) if scan.file else scan for scan in fleet.scans)
    return fleet.model_copy(update={"scans": tuple(scans)})


def _check_folder(folder: Output) -> None:
    if folder.path is None:
        if folder.format != "text":
            raise UsageError(
                f"Several phones cannot go to standard output as {folder.format}.",
                "Name a folder with -o; each phone gets a file there, beside fleet.json.",
            )
        return
    named = SUFFIXES.get(folder.path.suffix.lower())
    if named and not folder.path.exists():
        raise UsageError(
            f"{folder.path} is named like a file, and with several phones -o names a folder.",
            f"Write -f {named} -o {shlex.quote(str(folder.path.with_suffix('')))}; the summary is then "
            f"{folder.path.with_suffix('') / SUMMARY}{FORMATS[named].suffixes[0]}.",
        )
    if folder.path.exists() and not folder.path.is_dir():
        raise UsageError(f"{folder.path} is no folder.", "With several phones -o names a folder.")
    try:
        folder.path.mkdir(exist_ok=True)
    except OSError as error:
        kind = OutputError if error.errno in DISK_FAILS else UsageError
        raise kind(
            f"The folder {folder.path} cannot be made: {error.strerror or error}.", "Make the folder above it first."
        ) from error


def scan_several(
    arguments: ScanArguments, outputs: FleetOutputs, options: ScanOptions, assets: AssetList | None = None
) -> int:
    """Read the phones, write their results and the summary, and give the exit code.

    Raises a NoDeviceError for `--all` without `--wait` where there is no phone, a UsageError where a result cannot be
    written.
    """
    stop = GentleStop() if arguments.wait else Stop()
    stop.kept = "Interrupted; the results that were written before are whole, and there is no summary."
    if on_terminal() and not arguments.quiet and PATIENCE_VARIABLE not in os.environ:
        options = replace(options, patience=PATIENCE)
    with (
        stopped_by(stop),
        knowledge_in_use(arguments.knowledge) as known,
        progress_of_phones(arguments.quiet, arguments.verbose) as phones,
    ):
        listener = _Listener(outputs, phones, arguments, stop)
        fleet = scan_fleet(
            _arrivals(arguments, options),
            listener,
            depth=arguments.depth,
            users=arguments.users,
            knowledge=known,
            options=FleetOptions(
                scan=replace(options, stopped=stop),
                at_once=max(AT_ONCE, options.budget.jobs),
                assets=assets,
                no_more=stop.no_more if isinstance(stop, GentleStop) else stop,
            ),
        )
    outputs.write_summary(fleet)
    if not arguments.quiet:
        tell(*asset_sentences(fleet))
    if outputs.summaries and not arguments.quiet:
        tell(f"{outcomes_line(fleet)}. Full report: {', '.join(outputs.summaries)}")
    if stop.asked:
        return exits.INTERRUPTED
    return exit_code(fleet, listener.codes)


def outcomes_line(fleet: Fleet) -> str:
    """Say how many phones there were, and what came out, the worst first."""
    counts = Counter(scan.outcome or "not read" for scan in fleet.scans)
    parts = [f"{counts[outcome]} {outcome.upper()}" for outcome in reversed(OUTCOMES) if counts[outcome]]
    unread = [f"{counts['not read']} not read"] if counts["not read"] else []
    return f"{counted(len(fleet.scans), 'phone')}: {', '.join([*parts, *unread]) or 'none'}"


def exit_code(fleet: Fleet, codes: dict[int, int]) -> int:
    """Return the strongest code of several phones; one that could not be read was promised and not read."""
    unread = [scan for scan in fleet.scans if scan.outcome is None]
    if not fleet.scans:
        return exits.NOTHING_TO_SCAN
    if len(unread) == len(fleet.scans):
        return exits.COULD_NOT_RUN
    return exits.strongest([*codes.values(), *([exits.NOT_ALL_READ] if unread else [])])


def _arrivals(arguments: ScanArguments, options: ScanOptions) -> Arrivals:
    if arguments.wait:
        if not arguments.quiet:
            tell("Waiting for phones; each is read as it is plugged in. Ctrl-C ends the waiting.")
        return ConnectedPhones(arguments.targets, via=options.via, on_trouble=tell)
    if not arguments.all:
        return NamedTargets(arguments.targets)
    serials, beside = everyone(options.via, needed=not arguments.targets)
    if beside:
        tell(beside)
    return NamedTargets((*arguments.targets, *serials))


class _Listener:
    def __init__(self, outputs: FleetOutputs, phones: PhonesProgress, arguments: ScanArguments, stop: Stop) -> None:
        self.codes: dict[int, int] = {}
        self._outputs = outputs
        self._phones = phones
        self._arguments = arguments
        self._stop = stop
        self._shown: dict[str, PhoneProgress] = {}
        self._steps = SCAN_STEPS[:1] if arguments.depth == "quick" else SCAN_STEPS

    def coming(self, count: int) -> None:
        self._phones.coming(count)

    def waits(self, arrival: Arrival, sentence: str, seconds: float) -> None:
        self._shown[arrival.target].waits(sentence, seconds)

    def began(self, arrival: Arrival) -> Progress:
        if arrival.again and not self._arguments.quiet:
            tell(f"{arrival.target} is back; it is read once more.")
        self._shown[arrival.target] = self._phones.phone(arrival.target, self._steps)
        return self._shown[arrival.target]

    def read(self, arrival: Arrival, name: str, scan: Scan) -> str | None:
        file = self._outputs.write(name, scan)
        left = "" if scan.coverage.complete else ", not all was read"
        self._phones.ended(arrival.target, f"{outcome_line(scan)}{left}{f'; {file}' if file else ''}")
        lost = next((item for item in scan.coverage.skipped if item.code == "device-lost"), None)
        if lost is not None and not self._arguments.quiet and not self._stop.asked:
            tell(lost.reason)
        codes = (exits.exit_code(*judged, self._arguments.fail_on) for judged in judged_outcomes(scan))
        self.codes[arrival.number] = exits.strongest(codes)
        return file

    def failed(self, arrival: Arrival, name: str, error: PhoneAuditError) -> None:
        del name
        self._phones.ended(arrival.target, "not read")
        if self._stop.asked:
            return  # which is why
        tell(error.message, *(f"  {line}" for line in error.hint.splitlines()))
