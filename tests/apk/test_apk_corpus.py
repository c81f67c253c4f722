"""Every file of the corpus of real APKs, against what aapt and apksig say of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.model.apk import ApkInfo

pytestmark = pytest.mark.corpus

PERMISSIONS_MISSING_IN_REFERENCE = {
    "e2466d8b631dda2f3fc735f6853a6938a173796afa30479b9f86ed96e6da099f",
    "b2f9ca1bff0b3ddcb1be79b5a90b2b10f268c452d596c0f9b20e1b377be8e5a0",
}
"""The two composites: the reference lists no permissions, `aapt dump permissions` run on them does."""
OURS = {"crashed", "time-budget", "memory-budget"}

Records = dict[str, ApkInfo]
Reference = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def reference(corpus_reference: Path) -> Reference:
    return {
        sha256: facts | {"sha256": sha256}
        for sha256, facts in json.loads((corpus_reference / "reference.json").read_text("utf-8")).items()
    }


@pytest.fixture(scope="module")
def records(corpus_records: Records) -> Records:
    """One record for each file, by hash."""
    return {info.sha256: info for info in corpus_records.values() if info.sha256}


def test_no_file_is_lost(records: Records, reference: Reference) -> None:
    assert set(records) == set(reference)


def test_no_worker_fails(records: Records) -> None:
    assert [(i.path, s.code) for i in records.values() for s in i.skipped if s.code in OURS] == []


def test_what_is_unknown_is_explained(records: Records) -> None:
    unexplained = [i.path for i in records.values() if (i.package is None or i.endpoints is None) and not i.skipped]
    assert unexplained == []


def test_package_and_version_as_aapt_reads_them(records: Records, reference: Reference) -> None:
    expected = {
        sha256: (facts["package"], int(facts["versionCode"]) if facts["versionCode"] else None, facts["versionName"])
        for sha256, facts in reference.items()
        if facts["package"]
    }
    read = {
        sha256: (records[sha256].package, records[sha256].version_code, records[sha256].version_name)
        for sha256 in expected
    }
    assert read == expected
    assert len(expected) == 357


def test_permissions_as_aapt_lists_them(records: Records, reference: Reference) -> None:
    expected = {
        sha256: tuple(facts["permissions_aapt"])
        for sha256, facts in reference.items()
        if facts["package"] and sha256 not in PERMISSIONS_MISSING_IN_REFERENCE
    }
    assert {sha256: records[sha256].permissions for sha256 in expected} == expected


def test_permissions_of_the_composites(records: Records, reference: Reference) -> None:
    for sha256 in PERMISSIONS_MISSING_IN_REFERENCE:
        assert reference[sha256]["permissions_aapt"] == []
        assert "android.permission.INTERNET" in (records[sha256].permissions or ())


def test_versions_of_android_as_aapt_reads_them(records: Records, reference: Reference) -> None:
    for sha256, facts in reference.items():
        if facts["package"] and (facts["minSdk"] or "").isdigit():
            assert records[sha256].min_sdk == int(facts["minSdk"])
        if facts["package"] and (facts["targetSdk"] or "").isdigit():
            assert records[sha256].target_sdk == int(facts["targetSdk"])


def test_signers_and_schemes_as_apksig_verifies_them(records: Records, reference: Reference) -> None:
    verified = {
        sha256: facts["signature"]
        for sha256, facts in reference.items()
        if facts.get("signature", {}).get("apksig_verified") is True
    }
    expected = {sha256: sorted(facts["signer_sha256"]) for sha256, facts in verified.items()}
    assert {sha256: [s.sha256 for s in records[sha256].signers or ()] for sha256 in expected} == expected
    for sha256, facts in verified.items():
        signature = records[sha256].signature
        assert signature is not None
        assert set(facts["schemes"].split("+")) <= set(signature.schemes)
    assert len(expected) == 245


def test_files_that_are_dangerous_to_read(records: Records, corpus_reference: Path) -> None:
    truth = json.loads((corpus_reference / "truth.json").read_text("utf-8"))
    hostile = {sha256 for sha256, facts in truth.items() if isinstance(facts, dict) and "hostile" in facts}
    assert len(hostile) == 8
    assert [records[sha256].path for sha256 in hostile if records[sha256].package is None] == []
