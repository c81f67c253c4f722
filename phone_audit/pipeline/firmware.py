"""Build identifiers → the published result. Needs no phone."""

from collections.abc import Sequence

from phone_audit.judge.firmware import check_builds
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.results import Firmware, FirmwareRun
from phone_audit.pipeline.provenance import TOOL, Clock, rfc3339, utc_now


def check_firmware(
    ids: Sequence[str], *, knowledge: Knowledge | None = None, label: str | None = None, clock: Clock = utc_now
) -> Firmware:
    """Check build identifiers against the published incidents.

    Args:
        ids: fingerprints, display ids, build IDs, or the text of a property file.
        knowledge: what is known; the bundled facts where none is given.
        label: the case or asset name kept in the result.
        clock: gives the present time.

    Raises:
        KnowledgeError: a knowledge file is broken.
    """
    started = clock()
    if isinstance(ids, str):
        ids = [ids]
    known = knowledge or load_knowledge()
    builds, incidents = check_builds(ids, known)
    return Firmware(
        schema_="phone-audit/firmware/1",
        label=label,
        builds=builds,
        incidents=incidents,
        knowledge=known.info,
        tool=TOOL,
        run=FirmwareRun(started=rfc3339(started), seconds=(clock() - started).total_seconds()),
    )
