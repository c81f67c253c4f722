"""The signing tests of AOSP and every other file of the corpus, against what they expect and what apksig says."""

import functools
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from phone_audit.apk.signature.faults import NEWEST_SDK, SdkRange
from phone_audit.apk.signature.verify import TargetPlatform, Verification, target_platform, verify
from phone_audit.apk.steps import Steps
from phone_audit.apk.xml.package_facts import read_package_facts
from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.errors import ApkError

pytestmark = pytest.mark.corpus

WORDS = {
    "JAR_SIG_MISSING_APK_SIG_REFERENCED": "v1-scheme-stripped",
    "JAR_SIG_MAX_SIGNATURES_EXCEEDED": "v1-too-many-signers",
    "JAR_SIG_MANIFEST_SECTION_DIGEST_DID_NOT_VERIFY": "v1-section-digest",
    "JAR_SIG_NO_MANIFEST": "v1-no-manifest",
    "JAR_SIG_UNNNAMED_MANIFEST_SECTION": "v1-unnamed-section",
    "V2_SIG_SIG_ALG_MISMATCH_BETWEEN_SIGNATURES_AND_DIGESTS_RECORDS": "v2-algorithm-mismatch",
    "V2_SIG_NO_SIGNATURES": "v2-no-signatures",
    "V2_SIG_DID_NOT_VERIFY": "v2-signature-mismatch",
    "V2_SIG_MAX_SIGNATURES_EXCEEDED": "v2-too-many-signers",
    "V2_SIG_MISSING_APK_SIG_REFERENCED": "v2-scheme-stripped",
    "V2_SIG_PUBLIC_KEY_MISMATCH_BETWEEN_CERTIFICATE_AND_SIGNATURES_RECORD": "v2-key-mismatch",
    "V3_SIG_DID_NOT_VERIFY": "v3-signature-mismatch",
    "V3_SIG_NO_CERTIFICATES": "v3-no-certificate",
    "V3_SIG_APK_DIGEST_DID_NOT_VERIFY": "v3-content-digest",
    "V3_SIG_SIG_ALG_MISMATCH_BETWEEN_SIGNATURES_AND_DIGESTS_RECORDS": "v3-algorithm-mismatch",
    "MIN_SIG_SCHEME_FOR_TARGET_SDK_NOT_MET": "v1-not-enough",
}
"""What the tests call a failure, and what we call it."""
VERSIONS = {"M": 23, "N": 24, "O": 26, "P": 28}
STAMPS = {
    "stamp-apk-hash-mismatch.apk": ["stamp-signature-mismatch"],
    "stamp-apk-hash-mismatch-v2.apk": ["stamp-signature-mismatch"],
    "stamp-int-timestamp-value.apk": ["stamp-time"],
    "stamp-invalid-timestamp-value-zero.apk": ["stamp-time"],
    "stamp-lineage-valid.apk": [],
    "stamp-malformed-signature.apk": ["stamp-damaged"],
    "stamp-timestamp-in-last-8-of-16-byte-buffer.apk": ["stamp-time"],
    "stamp-unknown-sig.apk": [],
    "stamp-valid-timestamp-value-modified.apk": ["stamp-signature-mismatch"],
    "v1v2v3-rotated-v3-key-valid-stamp.apk": [],
    "v3-only-with-stamp.apk": [],
}
"""Every stamp of the corpus, as SourceStampVerifierTest.java expects it; where it expects nothing, as it was made."""
REFERENCE_FAILS = {
    "incorrect-manifest-size.apk": False,
    "ServiceBinder.apk": False,
    "v2-only-with-rsa-pss-sha512-3072.apk": False,
    "v2-only-with-rsa-pss-sha256-2048.apk": False,
    "v2-only-with-rsa-pss-sha512-16384.apk": False,
    "CertChain.apk": False,
    "minimal_zero_sized_end_ns.apk": True,
    "v1v2v3-with-rsa-2048-lineage-3-signers-invalid-zip.apk": False,
    "SecretCodes.apk": False,
    "v2-only-with-rsa-pss-sha256-4096.apk": False,
    "v2-only-with-rsa-pss-sha512-8192.apk": False,
    "v2-only-with-rsa-pss-sha256-16384.apk": False,
    "minimal_def_mod.apk": True,
    "multidex.apk": False,
    "v1-only-empty.apk": False,
}
"""Files on which apksig ended with an exception instead of a verdict, and our verdict.

The reference was made without a provider of RSA-PSS: those files verify for the version that the tests name, and not
for the version of their manifest, which needs v1. The two `minimal` ones have an odd manifest and an intact v1
signature. The rest has no manifest that Android could read, and either no signature or one that is about more entries
than are there.
"""

Files = dict[str, Path]
Facts = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def reference(corpus_reference: Path) -> Facts:
    facts: Facts = json.loads((corpus_reference / "reference.json").read_text("utf-8"))
    return {sha256: fact for sha256, fact in facts.items() if "signature" in fact}


@pytest.fixture(scope="module")
def tests_of_apksig(corpus_reference: Path) -> Facts:
    facts: Facts = json.loads((corpus_reference / "truth.json").read_text("utf-8"))
    return {sha256: fact for sha256, fact in facts.items() if "signature_tests" in fact}


@pytest.fixture(scope="module")
def files(corpus: Path) -> Files:
    return {path.name[:10]: path for path in corpus.iterdir() if path.is_file()}


@functools.cache
def check(path: Path, sdk: SdkRange | None = None) -> Verification:
    with map_file(path) as data:
        archive = Archive(data)
        asked = target_platform(read_package_facts(archive, path.name, Steps(frozenset(), lambda _: None)).manifest)
        return verify(Archive(data), path, TargetPlatform(sdk, asked.target, asked.sandbox) if sdk else asked)


def range_of(condition: list[str], sdk: SdkRange) -> SdkRange:
    """The range that a test sets; where the truth names no version, it is 17 and older, or 18 and newer."""
    named = next((VERSIONS[word[-1]] for word in condition if word.startswith("AndroidSdkVersion.")), None)
    if "verifyForMaxSdkVersion" in condition:
        return SdkRange(sdk.first, named or 17)
    return SdkRange(named or 18) if condition else sdk


def words(verification: Verification) -> list[str]:
    return [fault.word for fault in verification.faults]


def test_all_signing_tests_of_apksig(tests_of_apksig: Facts, reference: Facts, files: Files) -> None:
    different = []
    count = 0
    for sha256, fact in tests_of_apksig.items():
        manifest = SdkRange(int(reference[sha256]["minSdk"]))
        for case in fact["signature_tests"]:
            found = check(files[sha256[:10]], range_of(case.get("condition", []), manifest))
            expected = [WORDS[issue] for issue in case.get("issue", [])]
            if found.verified != (case["expect"] == "verified") or not set(expected) <= set(words(found)):
                different.append((fact["file"], case, words(found)))
            count += 1
    assert different == []
    assert count == 126


def test_a_failure_without_a_named_reason(files: Files) -> None:
    """The one test whose issue the truth leaves out: the digest of v2."""
    assert words(check(files["7a0ce2f84c"])) == ["v2-content-digest"]


def test_the_verdict_is_that_of_apksig_for_every_file(reference: Facts, files: Files) -> None:
    told = {fact["file"][11:]: fact["signature"]["apksig_verified"] for fact in reference.values()}
    found = {fact["file"][11:]: check(files[sha256[:10]]).verified for sha256, fact in reference.items()}
    assert {name: told[name] for name in REFERENCE_FAILS} == dict.fromkeys(REFERENCE_FAILS, "ERROR")
    assert found == told | REFERENCE_FAILS


def test_signers_are_those_of_apksig(reference: Facts, files: Files) -> None:
    """The last signer of v3.1 or v3, all of v2, or all of v1."""
    different = []
    for sha256, fact in reference.items():
        if fact["signature"]["apksig_verified"] is not True:
            continue
        certificates = check(files[sha256[:10]]).certificates
        newest = next(scheme for scheme in ("v3.1", "v3", "v2", "v1") if scheme in certificates)
        counted = certificates[newest][-1:] if newest.startswith("v3") else certificates[newest]
        signers = sorted(hashlib.sha256(certificate).hexdigest() for certificate in counted)
        if signers != sorted(fact["signature"]["signer_sha256"]):
            different.append(fact["file"])
    assert different == []


def test_source_stamps(reference: Facts, files: Files) -> None:
    stamped = {
        fact["file"][11:]: files[sha256[:10]] for sha256, fact in reference.items() if fact["file"][11:] in STAMPS
    }
    found = {name: check(path) for name, path in stamped.items()}
    assert {name: words(one) for name, one in found.items()} == STAMPS
    assert all(one.verified for one in found.values())


def test_of_the_files_without_a_verdict_of_apksig_one_is_signed(
    corpus_reference: Path, reference: Facts, files: Files
) -> None:
    """JARs, AARs and a bundle: the bundle is signed, as archives of Java are."""
    everything = json.loads((corpus_reference / "reference.json").read_text("utf-8"))
    others = {fact["file"]: files[sha256[:10]] for sha256, fact in everything.items() if sha256 not in reference}
    assert len(others) == 16
    assert {name for name, path in others.items() if check(path).verified} == {"d15804bbc3-app-release.aab"}


def test_one_changed_byte_is_seen(files: Files, reference: Facts, tmp_path: Path) -> None:
    """In each file that verifies and is not too large one byte of the first entry's content is changed."""
    unseen = []
    count = 0
    for sha256, fact in reference.items():
        path = files[sha256[:10]]
        if fact["signature"]["apksig_verified"] is not True or path.stat().st_size > 2**20:
            continue
        changed = tmp_path / "changed.apk"
        shutil.copy(path, changed)
        with map_file(path) as data:
            first = min(
                (e for e in Archive(data).entries if e.compressed and not e.name.startswith("META-INF/")),
                key=lambda e: e.header_offset,
            )
            start = first.header_offset + 30 + int.from_bytes(data[first.header_offset + 26 :][:2], "little")
            start += int.from_bytes(data[first.header_offset + 28 :][:2], "little")
        with changed.open("r+b") as file:
            file.seek(start + first.compressed // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 0x40]))
        try:
            if check.__wrapped__(changed).verified:
                unseen.append(fact["file"])
        except ApkError:
            pass
        count += 1
    assert unseen == []
    assert count > 200


def test_every_version_is_covered_by_the_default() -> None:
    assert target_platform(None).sdk == SdkRange(NEWEST_SDK, NEWEST_SDK)
