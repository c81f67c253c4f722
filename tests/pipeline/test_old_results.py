"""Results of an earlier version can be read: fields that were added since have defaults."""

import json

import pytest

from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import RESULT
from phone_audit.model.base import Frozen, read_document
from phone_audit.model.results import Firmware, FirmwareRun, Scan
from phone_audit.report.json_v1 import render_json
from tests.documents import KNOWLEDGE, TOOL, scan

FIRMWARE = Firmware(
    schema_="phone-audit/firmware/1",
    builds=(),
    incidents=(),
    knowledge=KNOWLEDGE,
    tool=TOOL,
    run=FirmwareRun(started="2026-01-01T00:00:00Z", seconds=1),
)


@pytest.mark.parametrize(
    ("document", "added"),
    [
        (scan(), ["coverage.untested", "run.replayed", "apps", "verdict.questions", "acquisition.device_time"]),
        (FIRMWARE, ["label"]),
    ],
    ids=["scan", "firmware"],
)
def test_fields_that_the_contract_does_not_name_may_be_missing(document: Scan | Firmware, added: list[str]) -> None:
    old = json.loads(render_json(document))
    for path in added:
        *parents, name = path.split(".")
        holder = old
        for parent in parents:
            holder = holder[parent]
        del holder[name]
    kind: type[Frozen] = type(document)
    assert read_document(kind, checked(json.dumps(old).encode(), RESULT)) == document


def test_kind_and_advice_of_a_reason_are_taken_from_its_text() -> None:
    old = json.loads(render_json(scan()))
    texts = ("Not read: a thing. It is gone.", "It is bad. What to do: Update.", "It is odd.")
    old["verdict"]["reasons"] = [{"finding": None, "text": text} for text in texts]
    reasons = read_document(Scan, checked(json.dumps(old).encode(), RESULT)).verdict.reasons
    assert [reason.kind for reason in reasons] == ["unread", None, None]
    assert [reason.claim for reason in reasons] == ["Not read: a thing. It is gone.", "It is bad.", "It is odd."]
    assert [step.text for step in reasons[1].advice] == ["Update."]
