"""Signers that prove nothing: public test keys and leaked keys."""

import pytest

from phone_audit.detect.detectors.signing import LEAKED_KEY, PUBLIC_TEST_KEY, leaked_key, public_test_key
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import NATIVE_ACTIVITY, Component, Signer
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import SOURCE, knowledge
from tests.judge.cases import apk_info, signer

SUBJECT = Subject(kind="package", name="com.a")
TEST, LEAKED, VENDOR, OTHER = (signer(digits * 32) for digits in ("01", "02", "03", "04"))


def test_a_public_test_key() -> None:
    assert list(public_test_key(apk_info("com.a", signers=(TEST, LEAKED)), knowledge())) == [
        Finding(
            id="public-test-key",
            key=finding_key("public-test-key", SUBJECT, "test"),
            category="leaked-key",
            sign="unclear",
            title="Signed with a public test key",
            message="com.a is signed with AOSP test key 'platform', a key that anyone can get, "
            "so anyone can make an update for it.",
            severity="medium",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(Evidence(kind="certificate", where="v2", value="01" * 32),),
            sources=(SOURCE,),
            remedy=PUBLIC_TEST_KEY.remedy,
        )
    ]


@pytest.mark.parametrize("other", [VENDOR, OTHER])
def test_an_update_needs_every_signer_of_a_scheme(other: Signer) -> None:
    (found,) = public_test_key(apk_info("com.a", signers=(TEST, other)), knowledge())
    assert found.severity == "info"
    assert found.message == (
        "com.a is signed with AOSP test key 'platform', a key that anyone can get, "
        "and with another one, which an update needs as well."
    )
    later = other.model_copy(update={"schemes": ("v3",)})
    (found,) = public_test_key(apk_info("com.a", signers=(TEST, later)), knowledge())
    assert found.severity == "medium", "old versions of Android ask for the first key alone"


def test_a_leaked_key() -> None:
    assert list(leaked_key(apk_info("com.a", signers=(TEST, LEAKED, VENDOR, OTHER)), knowledge())) == [
        Finding(
            id="leaked-key",
            key=finding_key("leaked-key", SUBJECT, "leaked"),
            category="leaked-key",
            sign="grave",
            title="Signed with a leaked key",
            message="com.a is signed with the platform key of Acme, which has leaked: "
            "the signature does not show its maker.",
            severity="high",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(Evidence(kind="certificate", where="v2", value="02" * 32),),
            sources=(SOURCE,),
            remedy=LEAKED_KEY.remedy,
        )
    ]


def test_the_bundled_test_keys_are_known() -> None:
    """The first certificate is the one of AOSP's `testkey`."""
    apk = apk_info("com.a", signers=(signer("a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc"),))
    (found,) = public_test_key(apk, load_knowledge())
    assert found.sources[0].publisher == "Android Open Source Project"
    shim = apk.model_copy(update={"package": "com.android.cts.ctsshim", "has_code": False})
    assert list(public_test_key(shim, load_knowledge())) == []
    native = Component(kind="activity", name=NATIVE_ACTIVITY, exported=True, permission=None, actions=())
    for code in ({"has_code": True}, {"components": (native,)}):
        assert len(list(public_test_key(shim.model_copy(update=code), load_knowledge()))) == 1


def test_none_and_not_read() -> None:
    for check in (public_test_key, leaked_key):
        assert list(check(apk_info("com.a", signers=(VENDOR, OTHER)), knowledge())) == []
        assert list(check(apk_info("com.a"), knowledge())) == []
        assert list(check(apk_info("com.a", signers=None), knowledge())) == []
