"""What ordinary phones hold too is refused where it would be enough alone."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from phone_audit.knowledge.load import BUNDLED
from tests.knowledge.folders import incident, write_incident

SOURCED = {"confidence": "sourced", "source": 1}
AOSP_TEST_KEY = "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc"
CERTIFICATE = {**SOURCED, "value": AOSP_TEST_KEY, "algo": "sha256", "role": "platform", "standalone": True}
ANY = {"any_phone": "a made-up number, of no phone"}
BUILD = {**SOURCED, "field": "ro.build.display.id", "status": "affected", "value": "all", "match": "regex", **ANY}
ENDPOINT = {**SOURCED, "kind": "domain", "weight": "strong"}
MODEL = {"field": "ro.product.model", "match": "exact", "value": "UL40"}


def found(folder: Path, **changes: Any) -> list[tuple[str, str]]:
    problems = check_folder(write_incident(folder, incident(**changes))).problems
    return [(problem.field, problem.text) for problem in problems]


def build(**changes: Any) -> list[dict[str, Any]]:
    return [{**BUILD, **changes}]


@pytest.mark.parametrize("value", ["/system/build.prop", "/system", "/data/local/tmp/", "/", "/vendor/build.prop"])
def test_a_path_of_android_is_not_enough_alone(tmp_path: Path, value: str) -> None:
    ((place, text),) = found(tmp_path, paths=[{**SOURCED, "value": value, "standalone": True}])
    assert place == "paths[0].standalone"
    assert "is on ordinary phones too" in text


def test_a_public_key_is_not_enough_alone_outside_of_a_leaked_key(tmp_path: Path) -> None:
    ((place, text),) = found(tmp_path, certificates=[CERTIFICATE])
    assert place == "certificates[0].standalone"
    assert "others sign with this certificate too" in text
    assert found(tmp_path, certificates=[CERTIFICATE], category="leaked-key", raises="suspicious") == []


@pytest.mark.parametrize("algo", ["md5", "sha1", "sha256"])
def test_the_hash_of_nothing_is_refused(tmp_path: Path, algo: str) -> None:
    hashed = {**SOURCED, "value": hashlib.new(algo).hexdigest(), "algo": algo, "file": "bad.apk"}
    ((place, text),) = found(tmp_path, hashes=[hashed])
    assert place == "hashes[0].value"
    assert "empty file" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"field": "ro.build.tags", "value": "release-keys", "match": "exact"},
        {"field": "ro.build.version.release", "value": "10", "match": "exact"},
        {"field": "ro.build.version.release", "value": "6", "match": "prefix"},
        {"field": "ro.build.id", "value": "QP1A.190711.020", "match": "exact"},
        {"field": "ro.build.fingerprint", "value": ":user/release-keys", "match": "suffix"},
        {"field": "ro.build.date.utc", "match": "range", "scheme": "unix-seconds", "below": "1700000000"},
        {"pattern": ".*"},
        {"pattern": "[A-Z]"},
        {"pattern": ".", "only_if": [{"field": "ro.product.brand", "match": "present"}]},
        {"pattern": ".", "unless": [MODEL]},
    ],
)
def test_a_build_that_several_makers_have_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    ((place, text),) = found(tmp_path, builds=build(**changes))
    assert place == "builds[0].value"
    assert "names ordinary builds too" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"pattern": ".*", "only_if": [MODEL]},
        {"pattern": r"^ACME_ONE_1\.4\.1$"},
        {"value": "QP1A.190711.020.A207MUBU2BUC9", "match": "exact"},
        {"pattern": ".*", "status": "fixed"},
    ],
)
def test_a_narrow_build_is_taken(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert found(tmp_path, builds=build(**changes)) == []


def test_a_condition_of_the_whole_incident_narrows_too(tmp_path: Path) -> None:
    assert found(tmp_path, builds=build(pattern=".*"), only_if=[MODEL]) == []


def test_a_host_with_a_known_owner_is_no_strong_sign(tmp_path: Path) -> None:
    ((place, text),) = found(tmp_path, endpoints=[{**ENDPOINT, "value": "www.googleapis.com"}])
    assert place == "endpoints[0].weight"
    assert "www.googleapis.com belongs to Google" in text
    assert found(tmp_path, endpoints=[{**ENDPOINT, "value": "www.googleapis.com", "weight": "second"}]) == []


@pytest.mark.parametrize("name", ["ro.build.type", "ro.build.version.sdk", "ro.build.tags"])
def test_a_property_of_every_phone_is_not_enough_alone(tmp_path: Path, name: str) -> None:
    named = {**SOURCED, "value": name, "expected": None, "standalone": True}
    assert found(tmp_path, properties=[named]) == [
        ("properties[0].standalone", f"{name} is never enough alone; write false")
    ]


def test_the_facts_of_the_package_pass() -> None:
    assert check_folder(BUNDLED).problems == []
