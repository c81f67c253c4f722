"""Property files of ordinary phones: nothing is said of them above `info` but what is true.

A line of `fixtures/dumps/ordinary.jsonl` holds, of the property files of one public dump, what rules and incidents
ask for: joined as `getprop` would show them, with where they are from, and under `true` what is rightly said and why.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from phone_audit.detect.detectors import device_findings
from phone_audit.detect.firmware_rules import check_properties
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.finding import Finding
from phone_audit.pipeline.firmware import check_firmware
from tests.judge.cases import judge_scan, snapshot

DUMPS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures/dumps/ordinary.jsonl").read_text("utf-8").splitlines()
]
KEPT = re.compile(
    r"ro\.((system|system_ext|product|vendor|odm)\.)?build\.(fingerprint|type|tags|id|display\.id|date\.utc|security_patch"
    r"|version\.(release|sdk|incremental|security_patch))"
    r"|ro\.product\.((system|system_ext|product|vendor|odm)\.)?(brand|name|device|model|manufacturer)"
    r"|ro\.product\.first_api_level|ro\.(secure|adb\.secure|debuggable)"
    r"|ro\.(custom\.build\.version|fota\.oem|fota\.version|gn\.adups\.fota\.support)"
)


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return load_knowledge()


def named(dump: dict[str, Any]) -> str:
    return f"{dump['repo']}:{min(dump['files'])}"


def above_info(findings: tuple[Finding, ...]) -> set[str]:
    return {item.id for item in findings if item.severity != "info"}


@pytest.mark.parametrize("dump", DUMPS, ids=named)
def test_nothing_is_said_of_an_ordinary_phone_but_what_is_true(dump: dict[str, Any], known: Knowledge) -> None:
    phone = snapshot(dump["properties"])
    judged = judge_scan(phone, [], device_findings(phone, known), "standard", known)
    assert above_info(judged.findings) == set(dump["true"])
    text = "\n".join(f"{name}={text}" for name, text in dump["properties"].items())
    (build,) = check_firmware([text], knowledge=known).builds
    assert above_info(build.findings) == set(dump["true"])


@pytest.mark.parametrize("dump", DUMPS, ids=named)
def test_properties_alone_say_what_the_phone_says(dump: dict[str, Any], known: Knowledge) -> None:
    phone = snapshot(dump["properties"])
    assert tuple(check_properties(dump["properties"], known)) == device_findings(phone, known)


def test_each_says_where_it_is_from_and_holds_no_more_than_is_asked_for() -> None:
    for dump in DUMPS:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", dump["repo"])
        assert dump["files"]
        for path, commit in dump["files"].items():
            assert path.endswith("build.prop")
            assert re.fullmatch(r"[0-9a-f]{40}", commit)
        assert [name for name in dump["properties"] if not KEPT.fullmatch(name)] == []
        assert all(len(reason) > 20 for reason in dump["true"].values())


def test_fifty_fingerprints_of_many_makers_and_versions() -> None:
    prints = {
        text.split("/")[0].lower(): text
        for dump in DUMPS
        for name, text in dump["properties"].items()
        if name.endswith("build.fingerprint")
    }
    with_one = [dump for dump in DUMPS if any(name.endswith("build.fingerprint") for name in dump["properties"])]
    releases = {
        text.split(".")[0]
        for dump in DUMPS
        for name, text in dump["properties"].items()
        if name.endswith("version.release")
    }
    assert len(with_one) >= 50
    assert len(prints) >= 25
    assert releases >= {"5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "16"}
