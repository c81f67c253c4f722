"""SARIF: valid by a model that is made from the schema of OASIS, and hostile names come back as they were."""

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log

from phone_audit.model.base import Frozen
from phone_audit.model.finding import Acceptance, Finding, Remedy, Skipped, Subject
from phone_audit.report.canvas import Style
from phone_audit.report.formats import render
from phone_audit.report.sarif import FINGERPRINT
from tests.documents import SKIPPED, apk, apks, finding, scan

HOSTILE = 'a"\u202eb [x](https://evil.example) {0} \\ é\U0001f600 @someone <img src=x> | `\n\x1b[31m'
ACCEPTED = Acceptance(by="R. Roe", at="2026-01-01", reason="Our own app.", until="2027-01-01")


def run_of(document: Frozen, style: Style | None = None) -> dict[str, Any]:
    """Return the run of a log, after it was held against the schema."""
    log = json.loads(render("sarif", document, style or Style()))
    Log.model_validate(log)
    (run,) = log["runs"]
    return dict(run)


def found(**changes: Any) -> Finding:
    return finding().model_copy(update=changes)


def phone(*findings: Finding) -> Frozen:
    return scan("known-bad").model_copy(update={"findings": findings})


def test_a_result_has_rule_place_key_and_sources() -> None:
    run = run_of(scan("known-bad"))
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("known-bad-batch", 0, "error")
    assert result["message"]["text"] == "com.a matches a published incident."
    assert result["partialFingerprints"] == {FINGERPRINT: "k1"}
    assert result["suppressions"] == []
    assert result["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "a.apk", "uriBaseId": "PHONE"}},
            "logicalLocations": [{"fullyQualifiedName": "com.a", "kind": "package"}],
        }
    ]
    properties = result["properties"]
    assert (properties["confidence"], properties["incident"]) == ("confirmed", "inc-1")
    assert properties["sources"][0]["url"] == "https://lab.example/study"
    assert properties["evidence"] == [{"kind": "dex-string", "where": "classes.dex", "value": "http://a.example"}]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "known-bad-batch"
    assert rule["shortDescription"]["text"] == "A published incident"
    assert rule["help"]["text"] == "Disable the package."


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("critical", "error"),
        ("high", "error"),
        ("medium", "warning"),
        ("low", "note"),
        ("info", "note"),
        ("new", "warning"),
    ],
)
def test_levels(severity: str, level: str) -> None:
    (result,) = run_of(phone(found(severity=severity)))["results"]
    assert (result["level"], result["properties"]["severity"]) == (level, severity)


def test_rules_are_in_the_order_of_the_results_and_each_once() -> None:
    other = found(id="other", remedy=(), title="Another")
    twice = found(title="Another incident", remedy=(Remedy(text="Ask its maker."),))
    run = run_of(phone(other, found(), twice))
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 1]
    assert [rule["id"] for rule in rules] == ["other", "known-bad-batch"]
    assert "help" not in rules[0]
    assert rules[1]["shortDescription"]["text"] == "known bad batch", "its findings have titles of their own"
    assert rules[1]["help"]["text"] == "Disable the package. Ask its maker."


def test_what_somebody_accepted_is_suppressed_and_what_expired_is_not() -> None:
    run = run_of(phone(found(accepted_by=ACCEPTED), found(acceptance_expired=ACCEPTED)))
    accepted, expired = run["results"]
    assert accepted["suppressions"] == [
        {
            "kind": "external", "justification": "Our own app.",
            "properties": {"by": "R. Roe", "at": "2026-01-01", "until": "2027-01-01"},
        }
    ]  # fmt: skip
    assert expired["suppressions"] == []
    assert expired["properties"]["acceptanceExpired"]["by"] == "R. Roe"


def test_what_was_not_read_is_a_notification() -> None:
    (invocation,) = run_of(scan(skipped=(SKIPPED,)))["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["descriptor"] == {"id": "truncated"}
    assert notification["message"]["text"] == "The file ends too early."
    place = notification["locations"][0]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "system/app/B.apk", "uriBaseId": "PHONE"}
    assert place["logicalLocations"] == [{"fullyQualifiedName": "/system/app/B.apk"}]
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")


def test_a_folder_names_the_file_of_each_result() -> None:
    folder = apks(apk("one/b.apk", "known-bad"), apk("c.apk", skipped=(SKIPPED,)), apk("/abs/d e.apk", "known-bad"))
    run = run_of(folder.model_copy(update={"skipped": (SKIPPED,)}))
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    assert uris == [{"uri": "one/b.apk"}, {"uri": "file:///abs/d%20e.apk"}]
    of_file, of_folder = run["invocations"][0]["toolExecutionNotifications"]
    assert of_file["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "c.apk"}
    assert "physicalLocation" not in of_folder["locations"][0]


def test_hostile_names_come_back() -> None:
    evil = found(id=HOSTILE, message=HOSTILE, title=HOSTILE, key=HOSTILE, subject=Subject(kind="package", name=HOSTILE))
    record = apk(HOSTILE).model_copy(update={"findings": (evil,), "skipped": (Skipped(
        subject=HOSTILE, step="dex", code=HOSTILE, reason=HOSTILE),)})  # fmt: skip
    text = render("sarif", apks(record), Style(stated_in=HOSTILE))
    assert "\u202e" not in text
    assert "\x1b" not in text
    run = run_of(apks(record), Style(stated_in=HOSTILE))
    (result,) = run["results"]
    assert result["ruleId"] == result["partialFingerprints"][FINGERPRINT] == HOSTILE
    assert result["properties"]["title"] == run["properties"]["statedIn"] == HOSTILE
    place = result["locations"][0]
    assert place["logicalLocations"][0]["fullyQualifiedName"] == HOSTILE
    assert unquote(place["physicalLocation"]["artifactLocation"]["uri"]) == HOSTILE
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    for message in (result["message"]["text"], notification["message"]["text"]):
        assert "\\[x\\](https" in message, "no link"
        assert "{{0}}" in message, "no placeholder"
        assert re.sub(r"\\([\\\[\]])|([{}])\2", r"\1\2", message) == HOSTILE


def test_half_a_surrogate_pair_in_a_path_comes_back() -> None:
    (result,) = run_of(apks(apk("a\ud800.apk", "known-bad")))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%ED%A0%80.apk"
    assert unquote(uri, errors="surrogatepass") == "a\ud800.apk"


def test_evidence_is_counted() -> None:
    many = found(evidence=finding().evidence * 12)
    (result,) = run_of(phone(many))["results"]
    assert (len(result["properties"]["evidence"]), result["properties"]["evidenceCount"]) == (10, 12)


@pytest.mark.parametrize("document", [scan(), apks(), apk(), scan("known-bad", (SKIPPED,))])
def test_the_same_document_gives_the_same_bytes(document: Frozen) -> None:
    run_of(document)
    assert render("sarif", document, Style()) == render("sarif", document, Style())
