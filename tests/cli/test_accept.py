"""`--accept`: what somebody answers for is shown and does not decide the exit code; what ended counts again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from phone_audit.model.base import Frozen
from phone_audit.report.json_v1 import render_json
from tests.documents import apk, apks, finding, scan
from tests.program import program
from tests.test_end_to_end import BUILT

KEY = "0123456789abcdef"


def listed(folder: Path, *keys: str, until: str = "9000-01-01", **more: str) -> Path:
    path = folder / "accept.yaml"
    said = {"by": "Jo\x1b[2J", "at": "2026-01-31", "reason": "It is our own.", "severity": "critical", "until": until}
    entries = [{"finding": key, **said, **more} for key in keys]
    path.write_text(json.dumps({"accept": entries}))
    return path


def saved(folder: Path, document: Frozen) -> Path:
    path = folder / "r.json"
    path.write_text(render_json(document), "utf-8")
    return path


def bad(**changed: Any) -> Frozen:
    values = {"supports": "known-bad", **changed}
    made = scan("known-bad")
    findings = (finding(key=KEY).model_copy(update=values),)
    reason = made.verdict.reasons[0].model_copy(update={"finding": KEY})
    verdict = made.verdict.model_copy(update={"reasons": (reason,)})
    return made.model_copy(update={"findings": findings, "verdict": verdict})


def test_an_accepted_finding_is_shown_and_does_not_decide_the_exit_code(tmp_path: Path) -> None:
    file = saved(tmp_path, bad())
    assert program("report", file, "--fail-on", "suspicious").returncode == 12
    done = program("report", file, "--details", "--fail-on", "suspicious", "--accept", listed(tmp_path, KEY))
    assert done.returncode == 0
    assert " KNOWN-BAD  The headline of known-bad" in done.stdout
    assert "1. (accepted) A reason." in done.stdout
    said = " ".join(done.stdout.split())
    assert "A published incident (com.a): accepted by Jo\\x1b[2J on 2026-01-31 until 9000-01-01. It is our own." in said


def test_every_format_says_so(tmp_path: Path) -> None:
    file, accept = saved(tmp_path, bad()), listed(tmp_path, KEY)
    document = json.loads(program("report", file, "--accept", accept, "-f", "json").stdout)
    assert document["verdict"]["outcome"] == "known-bad"
    assert document["verdict"]["reasons"][0]["accepted"] is True
    assert document["findings"][0]["accepted_by"] == {
        "by": "Jo\x1b[2J", "at": "2026-01-31", "reason": "It is our own.", "until": "9000-01-01",
    }  # fmt: skip
    head, line, *_ = program("report", file, "--accept", accept, "-f", "csv").stdout.splitlines()
    assert head.endswith('"stated_in","accepted_by","app","label","file","sha256"')
    assert ',"Jo\\x1b[2J","A","",' in line
    log = json.loads(program("report", file, "--accept", accept, "-f", "sarif").stdout)
    assert log["runs"][0]["results"][0]["suppressions"][0]["justification"] == "It is our own."
    markdown = program("report", file, "--accept", accept, "-f", "markdown").stdout
    assert "| (accepted by Jo\\\\x1b\\[2J: It is our own.) A published incident: " in markdown


def test_a_saved_result_keeps_what_was_accepted(tmp_path: Path) -> None:
    first = program("report", saved(tmp_path, bad()), "--accept", listed(tmp_path, KEY), "-f", "json").stdout
    assert program("report", "-", "--fail-on", "suspicious", given=first).returncode == 0
    again = program("report", "-", "--fail-on", "suspicious", "--accept", listed(tmp_path), given=first)
    assert again.returncode == 12, "the list that is named now is the one that counts"


def test_an_acceptance_that_ended_counts_again_and_is_said_to_have_ended(tmp_path: Path) -> None:
    accept = listed(tmp_path, KEY, until="2026-02-01")
    done = program("report", saved(tmp_path, bad()), "--details", "--fail-on", "suspicious", "--accept", accept)
    assert done.returncode == 12
    assert "counts again: accepted by Jo\\x1b[2J on 2026-01-31, which ended on 2026-02-01." in " ".join(
        done.stdout.split()
    )


def test_what_was_not_read_cannot_be_accepted(tmp_path: Path) -> None:
    document = bad()
    assert isinstance(document, type(scan()))
    coverage = document.coverage.model_copy(update={"complete": False})
    file = saved(tmp_path, document.model_copy(update={"coverage": coverage}))
    assert program("report", file, "--fail-on", "suspicious", "--accept", listed(tmp_path, KEY)).returncode == 10


def test_an_earlier_result_that_does_not_say_what_a_finding_supports(tmp_path: Path) -> None:
    document = bad(supports=None)
    assert isinstance(document, type(scan()))
    file = saved(tmp_path, document)
    assert program("report", file, "--fail-on", "suspicious", "--accept", listed(tmp_path, KEY)).returncode == 0
    two = document.model_copy(update={"findings": (*document.findings, finding(key="k2"))})
    file = saved(tmp_path, two)
    assert program("report", file, "--fail-on", "suspicious", "--accept", listed(tmp_path, KEY)).returncode == 12


def test_a_folder_of_records(tmp_path: Path) -> None:
    record = apk(outcome="known-bad").model_copy(
        update={"findings": (finding(key=KEY).model_copy(update={"supports": "known-bad"}),)}
    )
    file = saved(tmp_path, apks(record, apk("b.apk"), outcome="known-bad"))
    assert program("report", file, "--fail-on", "suspicious").returncode == 12
    done = program("report", file, "--details", "--fail-on", "suspicious", "--accept", listed(tmp_path, KEY))
    assert done.returncode == 0
    assert "accepted by Jo" in done.stdout


@pytest.mark.parametrize("command", ["report", "apks", "scan"])
def test_a_list_that_is_wrong_ends_before_anything_is_read(tmp_path: Path, command: str) -> None:
    accept = listed(tmp_path, "k1")
    done = program(command, saved(tmp_path, scan()), "--accept", accept)
    assert (done.returncode, done.stdout) == (1, "")
    assert "has a wrong finding" in done.stderr


def test_an_entry_for_nothing_is_told(tmp_path: Path) -> None:
    done = program("report", saved(tmp_path, scan()), "--accept", listed(tmp_path, KEY))
    assert done.returncode == 0
    assert f"accepts what was not found: {KEY}." in done.stderr


def test_apks(tmp_path: Path) -> None:
    files: list[str | Path] = [BUILT / "com.qualcomm.qti.autoregistration.apk", "--no-cache"]
    first = program("apks", *files, "-f", "json")
    document = json.loads(first.stdout)
    keys = [one["key"] for one in document["apks"][0]["findings"] if one["supports"] in ("suspicious", "known-bad")]
    assert keys
    assert first.returncode in (11, 12)
    done = program("apks", *files, "-f", "json", "--accept", listed(tmp_path, *keys))
    assert done.returncode == 0
    again = json.loads(done.stdout)
    assert again["verdict"]["outcome"] == document["verdict"]["outcome"]
    assert again["apks"][0]["outcome"] == document["apks"][0]["outcome"]
    assert True in [reason["accepted"] for reason in again["verdict"]["reasons"]]
    text = program("apks", *files, "--details", "--accept", listed(tmp_path, *keys)).stdout
    assert "(accepted)" in text


def test_what_changed_since_it_was_accepted_counts_again_and_its_digest_is_told(tmp_path: Path) -> None:
    file = saved(tmp_path, bad())
    asked = ("report", file, "--details", "--fail-on", "suspicious", "--accept")
    changed = program(*asked, listed(tmp_path, KEY, seen="0" * 16))
    assert changed.returncode == 12
    assert "counts again: it has changed since it was accepted by Jo\\x1b[2J on 2026-01-31." in " ".join(
        changed.stdout.split()
    )
    (digest,) = re.findall(r"seen: ([0-9a-f]{16})", changed.stderr)
    done = program(*asked, listed(tmp_path, KEY, seen=digest))
    assert (done.returncode, "seen:" in done.stderr) == (0, False)
    milder = program(*asked, listed(tmp_path, KEY, severity="medium"))
    assert milder.returncode == 12
    assert f"seen: {digest}" in milder.stderr


def test_the_digest_of_a_result_is_that_of_reading_the_apk(tmp_path: Path) -> None:
    files: list[str | Path] = [BUILT / "com.qualcomm.qti.autoregistration.apk", "--no-cache"]
    first = program("apks", *files, "-f", "json").stdout
    findings = [one for one in json.loads(first)["apks"][0]["findings"] if one["supports"] != "nothing-found"]
    told = program("report", "-", "--accept", listed(tmp_path, *(one["key"] for one in findings)), given=first).stderr
    digests = dict(re.findall(r"([0-9a-f]{16}) .*seen: ([0-9a-f]{16})", told))
    assert digests.keys() == {one["key"] for one in findings}
    path = tmp_path / "seen.yaml"
    entries = [
        {"finding": key, "by": "Jo", "at": "2026-01-31", "reason": "R.", "severity": "critical", "seen": digest}
        for key, digest in digests.items()
    ]
    path.write_text(json.dumps({"accept": entries}))
    assert program("apks", *files, "-f", "json", "--accept", path).returncode == 0
