"""Records of APKs whose code lies beside them: kept by the hashes of all files together."""

from pathlib import Path

from phone_audit.apk.records import empty_record
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.device import CompiledFile, joint_hash
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.record_cache import RecordCache

APK, VDEX, OTHER = "a1" * 32, "b2" * 32, "c3" * 32


def beside(sha256: str | None) -> CompiledFile:
    return CompiledFile("/system/app/x/oat/arm64/x.vdex", None, 5, sha256, "vdex")


def info(*skipped: Skipped) -> ApkInfo:
    files = [ApkFile(path="x", sha256=APK, size=1, role="base"), ApkFile(path="y", sha256=VDEX, size=5, role="vdex")]
    return empty_record("x", skipped, sha256=APK, size=1, files=tuple(files))


def test_one_hash_for_all_files() -> None:
    assert joint_hash(APK, ()) == APK
    joint = joint_hash(APK, [beside(VDEX)])
    assert joint not in (None, APK, VDEX, joint_hash(APK, [beside(OTHER)]), joint_hash(OTHER, [beside(VDEX)]))
    assert joint_hash(None, ()) is None
    assert joint_hash(None, [beside(VDEX)]) is None
    assert joint_hash(APK, [beside(VDEX), beside(None)]) is None


def test_a_record_is_found_by_that_hash_alone(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path, "knowledge")
    joint, other = (joint_hash(APK, [beside(sha256)]) for sha256 in (VDEX, OTHER))
    assert joint is not None
    assert other is not None
    cache.put(joint, "whole", info(), 1.0)
    found = cache.get(joint, "whole")
    assert found is not None
    assert found.info == info()
    assert (cache.get(APK, "whole"), cache.get(other, "whole")) == (None, None)
    for wrong in (APK, other):
        cache.put(wrong, "whole", info(), 1.0)  # as if somebody had moved it there
        assert cache.get(wrong, "whole") is None


def test_that_an_apk_is_stripped_is_remembered(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "knowledge")
    cache.note_stripped(APK)
    cache.put(APK, "whole", empty_record("x", (), sha256=APK), 1.0)
    cache.note_stripped(APK)
    assert (cache.is_stripped(APK), cache.is_stripped(VDEX)) == (True, False)


def test_a_record_without_the_code_that_it_should_have_is_not_kept(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path, "knowledge")
    lacking = Skipped(subject="x", step="dex", code="no-code", reason="It may lie beside it.")
    cache.put(APK, "whole", empty_record("x", [lacking], sha256=APK), 1.0)
    assert cache.get(APK, "whole") is None
