"""`phone-audit scan` with one phone: progress, its result, and the exit code."""

from collections.abc import Sequence
from dataclasses import replace

from phone_audit.cli import exits
from phone_audit.cli.loading import load_told
from phone_audit.cli.outputs import Output, write_outputs
from phone_audit.cli.progress import progress
from phone_audit.cli.scan_asked import Asked
from phone_audit.cli.stopping import stoppable
from phone_audit.cli.telling import tell
from phone_audit.knowledge.own import in_use
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device


def scan_one(asked: Asked, places: Sequence[Output], options: ScanOptions) -> int:
    """Read the phone, write its result, and give the exit code.

    Raises:
        PhoneAuditError: it could not be read, or the result not written.
    """
    with (
        in_use(asked.knowledge) as folders,
        stoppable() as stopped,
        progress(asked.quiet, asked.verbose) as on_progress,
    ):
        result = scan_device(
            asked.targets[0] if asked.targets else None,
            depth=asked.depth,
            users=asked.users,
            knowledge=load_told(folders),
            on_progress=on_progress,
            options=replace(options, stopped=stopped),
        )
    write_outputs(result, places)
    lost = next((item for item in result.coverage.skipped if item.code == "device-lost"), None)
    if lost is not None and not stopped.asked:
        tell(f"{lost.reason} What was read until then was judged. Plug the phone in and scan again for the rest.")
    if stopped.asked:
        return exits.INTERRUPTED
    return exits.exit_code(result.verdict.outcome, result.coverage.complete, asked.fail_on)
