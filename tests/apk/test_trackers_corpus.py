"""Trackers over every file of the corpus: all of the reference's true ones, and each difference with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.model.apk import ApkInfo, Tracker

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

Reference = dict[str, dict[str, Any]]

_WITH_CODE = ("present", "initialised")
NOT_THERE = {
    (
        "4bbff9895e-monkeyq.jar",
        "Pangle",
    ): "The list's signature is the vendor's whole package; it is Fastbot, a test tool.",
}
"""What the reference takes for a tracker and is none."""

BESIDE = {
    ("007e011c0f-jcore-android-3.3.2.jar", "JiGuang core, ads and analytics"),
    ("09cddcaed9-app-debug-unaligned.apk", "Tencent MID"),
    ("09cddcaed9-app-debug-unaligned.apk", "Tencent Push (XG, TPNS)"),
    ("35e0cc1730-jpush-android-4.8.1.jar", "JiGuang core, ads and analytics"),
    ("b2f9ca1bff-dev2.apk", "Alibaba UTDID"),
    ("b2f9ca1bff-dev2.apk", "Alipay device risk"),
    ("b2f9ca1bff-dev2.apk", "JiGuang core, ads and analytics"),
    ("bc5344a116-alipaySdk-20160223.jar", "Alibaba UTDID"),
    ("bc5344a116-alipaySdk-20160223.jar", "Alipay device risk"),
    ("d6ae59fe79-jverification-android-not_support_dynamic-release-3.4.8.jar", "JiGuang core, ads and analytics"),
    ("e2466d8b63-dev1.apk", "JiGuang core, ads and analytics"),
    ("e4180578ef-app-baidu-release.apk", "Alibaba UTDID"),
}
"""SDKs that the reference's list does not name: each is that SDK, or an app into which it was built."""

_TEST_RUNNER = "The test runner of AndroidX reports its runs to Google Analytics by the host, without that library."
_METRICS = "The client of RabbitMQ can hand figures to the library Metrics, which is not in the package."
_SIGN_IN = "Jiguang's sign-in, whose code the list does not name, asks the host of its maker."
WEAKER = {
    ("0d2dc1ccb6-maxpresent.jar", "Metrics"): ("referenced", _METRICS),
    ("27fbecf7ae-app-debug-androidTest.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("2d84fb7675-issue2701.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("5fe8686a03-Yosemite.apk", "Metrics"): ("referenced", _METRICS),
    ("70a5152a9a-appium-uiautomator2-v5.12.4-light.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("8b2543e42c-Sudoku.apk", "Amobee"): (
        "host-only",
        "A resource configures its advertising, whose code is not in it.",
    ),
    ("8ff760a2a8-appium-uiautomator2-server-v10.6.6.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("ad170669c7-instapaper.apk", "Google AdMob"): (
        "host-only",
        "The reader of the advertising id reports to its host.",
    ),
    ("b2f9ca1bff-dev2.apk", "Umeng Analytics"): ("referenced", "Only the bridge of React Native to it is there."),
    ("b2f9ca1bff-dev2.apk", "Umeng common"): ("referenced", "Only the bridge of React Native to it is there."),
    ("c2463c02ad-appium-uiautomator2-server-v4.27.0.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("d6ae59fe79-jverification-android-not_support_dynamic-release-3.4.8.jar", "JiGuang Aurora Mobile JPush"): (
        "host-only",
        _SIGN_IN,
    ),
    ("f888b95773-Yosemite.apk", "Google Analytics"): ("host-only", _TEST_RUNNER),
    ("f888b95773-Yosemite.apk", "Metrics"): ("referenced", _METRICS),
}
"""What the reference, which knows classes that are defined and nothing else, does not say; with tier and reason."""


@pytest.fixture(scope="module")
def reference(corpus_reference: Path) -> Reference:
    entries = json.loads((corpus_reference / "reference.json").read_text("utf-8"))
    return {entry["file"]: entry for entry in entries.values()}


def _trackers(records: dict[str, ApkInfo]) -> dict[tuple[str, str], Tracker]:
    return {(file, tracker.name): tracker for file, info in records.items() for tracker in info.trackers or ()}


def test_those_with_code_are_those_of_the_reference(corpus_records: dict[str, ApkInfo], reference: Reference) -> None:
    assert set(corpus_records) == set(reference)
    listed = {(file, name) for file, entry in reference.items() for name in entry["trackers_exodus_db"] or ()}
    found = {key for key, tracker in _trackers(corpus_records).items() if tracker.tier in _WITH_CODE}
    assert len(listed) == 39
    assert (found - listed, listed - found) == (BESIDE, set(NOT_THERE))


def test_those_without_code_are_explained(corpus_records: dict[str, ApkInfo]) -> None:
    weaker = {key: tracker.tier for key, tracker in _trackers(corpus_records).items() if tracker.tier not in _WITH_CODE}
    assert weaker == {key: tier for key, (tier, _) in WEAKER.items()}


def test_what_is_known_to_be_built_in_is_found(corpus_records: dict[str, ApkInfo], corpus_reference: Path) -> None:
    truth = json.loads((corpus_reference / "truth.json").read_text("utf-8"))
    wanted = {(entry["file"], name) for entry in truth.values() for name in entry.get("trackers") or ()}
    found = _trackers(corpus_records)
    assert len(wanted) == 17
    assert {key for key in wanted if key not in found or found[key].tier not in _WITH_CODE} == set()


def test_evidence_is_in_order_and_stands_once(corpus_records: dict[str, ApkInfo]) -> None:
    for tracker in _trackers(corpus_records).values():
        assert tracker.evidence
        assert len(set(tracker.evidence)) == len(tracker.evidence)
        switches = [one.shown for one in tracker.opt_out]
        shown = [one for one in tracker.evidence if one.value not in switches]
        kinds = [one.kind for one in shown if one.kind in ("manifest", "call", "class")]
        assert kinds == sorted(kinds, key=("manifest", "call", "class").index)
