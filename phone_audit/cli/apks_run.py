"""A run of `phone-audit apks`, from its checked command line to the exit code."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.cli import exits
from phone_audit.cli.cluster import all_of, dask_executor, partitioned_tables
from phone_audit.cli.json_lines import JsonLines
from phone_audit.cli.knowledge import knowledge_in_use
from phone_audit.cli.messages import tell, tell_wrapped
from phone_audit.cli.outputs import Output, streamed, tell_result, write_outputs
from phone_audit.cli.progress import FILE_STEPS, progress
from phone_audit.cli.stopping import Stop, stopped_by
from phone_audit.errors import UsageError
from phone_audit.files.atomic_write import is_special
from phone_audit.files.bounded_lines import read_lines
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.acceptance import AcceptedEntry
from phone_audit.model.apk import Apk
from phone_audit.pipeline.apk_records import SpooledApks
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.folder_files import ALL, FileChoice
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.resumed_output import ResumedOutput, resumed_output
from phone_audit.pipeline.run_summary import RunSummary
from phone_audit.pipeline.shard import Shard
from phone_audit.report.canvas import Style

_SUMMED_UP = 20
"""Records from which on a run has a summary; of fewer, the report says all."""


@dataclass(frozen=True)
class ApksArguments:
    """The command line of `apks`, checked."""

    paths: tuple[str, ...]
    outputs: tuple[Output, ...]
    tables: tuple[str, ...]
    accept: tuple[AcceptedEntry, ...]
    budget: Budget
    knowledge: tuple[Path, ...]
    label: str | None
    details: bool
    discreet: bool
    quiet: bool
    verbose: bool
    cache: bool
    resume: bool
    shard: Shard | None
    cluster: str | None
    fail_on: exits.FailOn


def run_apks(arguments: ApksArguments) -> int:
    """Audit the files, write the results, and return the exit code.

    Raises:
        PhoneAuditError: the command line cannot be carried out, or a result cannot be written.
    """
    gc.freeze()  # what was loaded stays, and need not be looked at again for each thousand records
    streams, whole = streamed(arguments.outputs)
    summary = RunSummary()
    with SpooledApks() as kept, partitioned_tables(arguments.tables) as tables:
        with (
            stopped_by(Stop()) as stopped,
            knowledge_in_use(arguments.knowledge) as known,
            progress(arguments.quiet, arguments.verbose, FILE_STEPS) as on_progress,
        ):
            earlier = _earlier(arguments, streams, known)
            choice = FileChoice(arguments.shard or ALL, earlier.done if earlier else frozenset())

            def on_share(share: float) -> None:
                on_progress.details(share, f"{summary.unread} not read" if summary.unread else "")

            with (
                JsonLines(streams, go_on=earlier is not None) as lines,
                dask_executor()(arguments.cluster, arguments.budget, on_progress, stopped, on_share, choice)
                if arguments.cluster
                else nullcontext() as executor,
            ):
                audited = audit_apks(
                    arguments.paths,
                    executor=executor,
                    kept=kept if whole else None,
                    knowledge=known,
                    label=arguments.label,
                    budget=arguments.budget,
                    on_progress=on_progress,
                    on_share=on_share,
                    on_apk=all_of(lines.write, summary.add, *(table.add for table in tables)),
                    cache=arguments.cache,
                    choice=choice,
                    before=_handed_out(earlier, all_of(summary.add_known, *(table.add for table in tables))),
                    accept=arguments.accept,
                    stopped=stopped,
                )
        for table in tables:
            table.finish(audited.result)
        write_outputs(audited.result, whole, Style(details=arguments.details, discreet=arguments.discreet))
        if audited.records and not arguments.quiet:
            tell_result(audited.result, whole)
            if audited.records >= _SUMMED_UP:
                tell_wrapped(*summary.lines(float(audited.result.run.seconds)))
    if stopped.asked:
        return exits.INTERRUPTED
    if not audited.records:
        tell(f"No APK was found in {', '.join(arguments.paths) or 'an empty list'}.")
        return exits.NOTHING_TO_SCAN
    return exits.exit_code(audited.gating, audited.complete, arguments.fail_on)


def _earlier(arguments: ApksArguments, streams: Sequence[Output], known: Knowledge) -> ResumedOutput | None:
    """Return what an earlier run has written, where this one goes on with it.

    Raises:
        UsageError: there is not one file of JSON lines to go on with.
    """
    if not arguments.resume:
        return None
    if len(streams) != 1 or streams[0].path is None or is_special(streams[0].path):
        raise UsageError("--resume goes on with one file of JSON lines.", "Add -f jsonl -o FILE.")
    if arguments.accept:
        raise UsageError("--resume does not go with --accept, which may have changed.", "Use --accept with report.")
    found = resumed_output(streams[0].path, known)
    if found.outdated and not arguments.quiet:
        tell(
            f"{found.outdated} records are made anew: their file has changed, or they are of other facts or another "
            "version."
        )
    return found


def _handed_out(earlier: ResumedOutput | None, taker: Callable[[Apk], None]) -> Iterator[Apk]:
    for record in earlier.read() if earlier else ():
        taker(record)
        yield record


_LONGEST_PATH: Final = 2**16
_HINT: Final = "Name a file that lists one path a line."


def listed_paths(named: str) -> list[str]:
    """Return the paths that a file lists, or standard input where it is called `-`; empty lines count for nothing.

    Whether they are there is not asked: what is not has a record that says so. Raises a UsageError where the file
    cannot be read, or a line of it is no path.
    """
    if named == "-":
        if sys.stdin is None:
            raise UsageError("--files-from - has no standard input to read.")
        return list(_paths(sys.stdin.buffer))
    try:
        with open_regular(Path(named)) as file:
            return list(_paths(file))
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}.", _HINT) from error


def _paths(file: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(read_lines(file, _LONGEST_PATH), 1):
        if line is None:
            raise UsageError(f"Line {number} of --files-from is longer than any path.", _HINT)
        if b"\0" in line:
            raise UsageError(f"Line {number} of --files-from holds a zero, which no path does.", _HINT)
        path = os.fsdecode(line.rstrip(b"\r\n"))
        if path:
            yield path
