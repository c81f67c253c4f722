"""Build identifiers → the published result. Needs no phone."""

import re
from collections.abc import Sequence
from datetime import date

from phone_audit.detect.builds.build_text import property_names, read_settings, split_properties, split_settings
from phone_audit.detect.builds.detect_build import BuildDetection, detect_build
from phone_audit.detect.builds.support import patch_age
from phone_audit.judge.judge import judge_build
from phone_audit.judge.questions.answers import build_answers, with_answers
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.finding import Incident
from phone_audit.model.results import CheckedBuild, Firmware, FirmwareRun
from phone_audit.pipeline.options import TOOL, Clock, rfc3339, utc_now


def check_firmware(
    ids: Sequence[str],
    *,
    knowledge: Knowledge | None = None,
    label: str | None = None,
    as_of: date | None = None,
    clock: Clock = utc_now,
) -> Firmware:
    """Check build identifiers against the published incidents, and property files also against the firmware rules.

    Args:
        ids: fingerprints, display ids, build IDs, or the text of a property file or of the Settings screen.
        knowledge: what is known; the bundled facts where none is given.
        label: the case or asset name kept in the result.
        as_of: the day on which the ages of patch levels are counted; the day of the run where none is given.
        clock: gives the present time.

    Raises:
        KnowledgeError: a knowledge file is broken.
    """
    started = clock()
    if isinstance(ids, str):
        ids = [ids]
    known = knowledge or load_knowledge()
    builds, incidents = check_builds(ids, known)
    day = as_of or started.date()
    return Firmware(
        schema_="phone-audit/firmware/1",
        label=label,
        builds=builds,
        incidents=incidents,
        knowledge=known.info,
        tool=TOOL,
        run=FirmwareRun(
            started=rfc3339(started),
            seconds=(clock() - started).total_seconds(),
            as_of=day.isoformat(),
            patch_age_days=tuple(
                patch_age(build.parsed.security_patch if build.parsed else None, day) for build in builds
            ),
        ),
    )


def check_builds(inputs: Sequence[str], knowledge: Knowledge) -> tuple[tuple[CheckedBuild, ...], tuple[Incident, ...]]:
    """Return one record for each identifier in its order, and the incidents that they cite, by id."""
    records: dict[str, CheckedBuild] = {}  # a list of a fleet's phones holds the same build many times
    cited: dict[str, Incident] = {}
    for text in inputs:
        if text not in records:
            build = detect_build(text, knowledge)
            records[text] = _checked(build)
            cited |= build.detected.incidents
    return tuple(records[text] for text in inputs), tuple(cited[name] for name in sorted(cited))


def _checked(build: BuildDetection) -> CheckedBuild:
    judged = judge_build(build.detected, understood=build.parsed is not None)
    return CheckedBuild(
        input=build.name,
        parsed=build.parsed,
        matches=build.matches,
        findings=judged.findings,
        verdict=with_answers(judged.verdict, build_answers(judged, build.detected.incidents.values())),
        support=build.support,
        fixes=build.fixes,
    )


def identifiers_in(text: str, knowledge: Knowledge) -> list[str]:
    """Tell one phone from a list: properties or lines of the Settings screen are one identifier, else each line is one.

    Args:
        text: what was piped in, or a file; hostile input. Where properties or labels stand again with other values,
            another phone begins. Of a line of a list the first cell counts; one that begins with `#` is a comment.
        knowledge: the words of the Settings screen.
    """
    stripped = (line.strip() for line in text.splitlines())
    lines = [line for line in stripped if line and not line.startswith("#")]
    names = property_names(lines)
    if len(set(names)) >= _FEWEST and len(names) * 2 >= len(lines):
        return split_properties(text)
    if len(read_settings(text, knowledge)) >= _FEWEST:
        return split_settings(text, knowledge)
    if len(lines) == _FEWEST and len(read_settings(text, knowledge)) > len(read_settings(lines[0], knowledge)):
        return [text] if not read_settings(lines[1], knowledge) else lines
    return [cell for line in lines if (cell := _cell(line))]


def _cell(line: str) -> str:
    """Return the first cell of a line of a table; the line itself where it is none."""
    if line[0] in "\"'":
        return line[1:].partition(line[0])[0].strip()
    return line if property_names([line]) else _NEXT_CELL.split(line, maxsplit=1)[0].strip()


_NEXT_CELL = re.compile(r"[,;](?! )")
_FEWEST = 2
"""Different properties; a list may name the same one on every line."""
