"""Signatures that do not go with what the package holds."""

import pytest

from phone_audit.detect.detectors.signing import SIGNATURE_BROKEN, signature_broken
from phone_audit.model.apk import Signature
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")
CHANGED = "v2-content-digest: The file was changed after it was signed."
OLD = "v1-no-manifest: META-INF/MANIFEST.MF is missing."
STAMP = "stamp-missing: It is not there."


def check(signature: Signature | None) -> list[Finding]:
    return list(signature_broken(apk_info("com.a", signature=signature), knowledge()))


def broken(*errors: str, schemes: tuple[str, ...] = ("v1", "v2")) -> Signature:
    return Signature(verified=False, schemes=schemes, errors=errors)


def test_changed_after_signing() -> None:
    assert check(broken(OLD, STAMP, CHANGED)) == [
        Finding(
            id="signature-broken",
            key=finding_key("signature-broken", SUBJECT, ""),
            category="signature",
            sign="altered",
            title="Signature does not verify",
            message="com.a does not match its signature, so the signature does not show who made its contents.",
            severity="medium",
            confidence="medium",
            subject=SUBJECT,
            evidence=(Evidence(kind="certificate", where="v1, v2", value=CHANGED),),
            sources=(),
            remedy=SIGNATURE_BROKEN.remedy,
        )
    ]


@pytest.mark.parametrize(
    ("path", "severity"),
    [("/system/app/A/A.apk", "info"), ("/data/app/com.a/base.apk", "medium"), ("system/app/A.apk", "medium")],
)
def test_firmware_may_take_newer_signatures_off(path: str, severity: str) -> None:
    stripped = broken("v1-scheme-stripped: text", schemes=("v1",))
    (found,) = signature_broken(apk_info("com.a", path, signature=stripped), knowledge())
    assert found.severity == severity
    changed = broken("v1-scheme-stripped: text", "v1-entry-digest: text", schemes=("v1",))
    (found,) = signature_broken(apk_info("com.a", path, signature=changed), knowledge())
    assert found.severity == "medium"


def test_only_an_old_version_refuses_it() -> None:
    (found,) = check(broken(OLD, STAMP, schemes=("v1",)))
    assert (found.severity, found.confidence, found.remedy) == ("info", "low", ())
    assert found.message == (
        "The signature of com.a is incomplete, or some versions of Android that it is made for would refuse it."
    )
    assert [evidence.value for evidence in found.evidence] == [OLD]


@pytest.mark.parametrize(
    "word",
    ["v1-entry-digest", "v1-section-digest", "v1-main-section-digest", "v1-unsigned-entry", "v1-scheme-stripped",
     "v3.1-signature-mismatch", "v3-key-mismatch", "v3-lineage-signature", "v1-duplicate-entry",
     "archive-bytes-in-front", "signers-differ"],
)  # fmt: skip
def test_words_that_tell_of_a_change(word: str) -> None:
    assert check(broken(f"{word}: text", schemes=("v1",)))[0].confidence == "medium"


@pytest.mark.parametrize("newer", ["v2", "v3", "v3.1"])
def test_a_newer_signature_that_is_whole_shows_the_maker(newer: str) -> None:
    """Android 7 and later look at nothing else."""
    (found,) = check(broken("v1-entry-digest: text", OLD, STAMP, schemes=("v1", newer)))
    assert (found.severity, found.confidence, found.remedy) == ("info", "low", ())
    assert found.message == (
        "Android 6 and older would refuse com.a; its signature for all others is whole and shows its maker."
    )
    for word in (f"{newer}-content-digest", "v1-duplicate-entry", "v1-scheme-stripped", "signers-differ"):
        (found,) = check(broken("v1-entry-digest: text", f"{word}: text", schemes=("v1", newer)))
        assert found.severity == "medium"


def test_a_long_list_is_cut() -> None:
    (found,) = check(broken(*(f"v1-entry-digest: {number}" for number in range(9)), schemes=("v1",)))
    assert [evidence.value for evidence in found.evidence] == [f"v1-entry-digest: {number}" for number in range(5)]


def test_verified_unsigned_and_not_read() -> None:
    assert check(None) == []
    assert check(Signature(verified=True, schemes=("v2",), errors=(STAMP,))) == []
    assert check(Signature(verified=None, schemes=("v2",), errors=(CHANGED,))) == []
    assert check(broken(OLD, schemes=())) == []
