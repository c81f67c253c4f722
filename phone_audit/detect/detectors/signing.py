"""Signatures that show nothing: keys that everybody or a thief has, and contents that were changed."""

from collections.abc import Collection, Iterator

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import KeyFact
from phone_audit.model.apk import ApkInfo, Signature, Signer
from phone_audit.model.device import SYSTEM_FOLDERS
from phone_audit.model.finding import Evidence, Finding, Severity

PUBLIC_TEST_KEY = Detector(
    "public-test-key",
    "leaked-key",
    "unclear",
    "Get it only from its maker's own site or store, and compare the file's hash if one is published.",
)
LEAKED_KEY = Detector(
    "leaked-key",
    "leaked-key",
    "grave",
    "Remove it unless it came with the phone, and install the phone's newest firmware.",
)
SIGNATURE_BROKEN = Detector(
    "signature-broken",
    "signature",
    "altered",
    "Take the file from its maker again and compare its hash. If it came with the phone, ask its maker.",
)
_PUBLIC = ("aosp-test-key", "aosp-build-testdata")
_STRIPPED = "-scheme-stripped"
"""What Android does not ask of an APK of its firmware: whoever builds one may take the code out of a signed APK, which
takes its newer signatures off. Source: AOSP, PackageParser.java of Android 7 (PARSE_IS_SYSTEM_DIR)."""
_CHANGED = (
    "-content-digest", "-entry-digest", "-section-digest", "-unsigned-entry", "-signature-mismatch", "-key-mismatch",
    _STRIPPED, "-lineage-signature", "-lineage-mismatch", "-duplicate-entry", "-bytes-in-front",
    "signers-differ",
)  # fmt: skip
"""Words that tell of other contents or another key than was signed; the rest may be age, damage or missing parts."""
_NO_VERDICT = ("stamp-", "v4-")
_FOR_ALL = (_STRIPPED, "-duplicate-entry")
"""What the newest signature that there is does not put right."""
_NEWER = frozenset({"v2", "v3", "v3.1"})
_MOST_SHOWN = 5
_ALONE = "is signed with {key}, a key that anyone can get, so anyone can make an update for it."
_WITH_OTHERS = "is signed with {key}, a key that anyone can get, and with another one, which an update needs as well."


def public_test_key(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each signer that is a published test key, but for what every phone has with one.

    An update needs all signers of one scheme. Source: AOSP, SigningDetails.signaturesMatchExactly.
    """
    if info.may_run is False and info.package in knowledge.spared_packages:
        return
    title = "Signed with a public test key"
    known = list(known_signers(info, knowledge))
    anyone_s = {signer.sha256 for signer, key in known if key.kind in (*_PUBLIC, "leaked")}
    secret = [one for one in info.signers or () if one.sha256 not in anyone_s]
    for signer, key in known:
        if key.kind not in _PUBLIC:
            continue
        if any({*one.schemes} & {*signer.schemes} for one in secret):
            yield _signed(PUBLIC_TEST_KEY, info, signer, key, knowledge, title, _WITH_OTHERS, "info")
        else:
            yield _signed(PUBLIC_TEST_KEY, info, signer, key, knowledge, title, _ALONE, "medium")


def leaked_key(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each signer that is known to have leaked."""
    said = "is signed with {key}, which has leaked: the signature does not show its maker."
    for signer, key in known_signers(info, knowledge):
        if key.kind == "leaked":
            yield _signed(LEAKED_KEY, info, signer, key, knowledge, "Signed with a leaked key", said, "high")


def known_signers(info: ApkInfo, knowledge: Knowledge) -> Iterator[tuple[Signer, KeyFact]]:
    for signer in info.signers or ():
        key = knowledge.key_of(signer.sha256)
        if key is not None:
            yield signer, key


def _signed(
    detector: Detector,
    info: ApkInfo,
    signer: Signer,
    key: KeyFact,
    knowledge: Knowledge,
    title: str,
    said: str,
    severity: Severity,
) -> Finding:
    subject = apk_subject(info)
    return detector.finding(
        subject,
        title,
        f"{subject.name} {said.format(key=key.name)}",
        severity=severity,
        confidence="confirmed",
        evidence=(Evidence(kind="certificate", where=", ".join(signer.schemes), value=signer.sha256),),
        main=key.id,
        sources=source_of(knowledge, key.source),
    )


def signature_broken(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where signatures are there, and Android would refuse them."""
    signature = info.signature
    if signature is None or signature.verified is not False or not signature.schemes:
        return
    name = apk_subject(info).name
    faults = [error for error in signature.errors if not error.startswith(_NO_VERDICT)]
    counting = [one for one in _CHANGED if one != _STRIPPED or not info.path.startswith(SYSTEM_FOLDERS)]
    changed = [error for error in faults if error.partition(":")[0].endswith(tuple(counting))]
    schemes = ", ".join(signature.schemes)
    message = f"The signature of {name} is incomplete, or some versions of Android that it is made for would refuse it."
    if _is_whole_since_android_7(signature, faults):
        changed = []
        message = f"Android 6 and older would refuse {name}; its signature for all others is whole and shows its maker."
    if changed:
        message = f"{name} does not match its signature, so the signature does not show who made its contents."
    yield SIGNATURE_BROKEN.finding(
        apk_subject(info),
        "Signature does not verify",
        message,
        severity="medium" if changed else "info",
        confidence="medium" if changed else "low",
        evidence=[
            Evidence(kind="certificate", where=schemes, value=error) for error in (changed or faults)[:_MOST_SHOWN]
        ],
        advised=bool(changed),
    )


def _is_whole_since_android_7(signature: Signature, faults: Collection[str]) -> bool:
    """Tell whether only the oldest scheme is at fault. Source: APK signature scheme v2, "Verification"."""
    words = [fault.partition(":")[0] for fault in faults]
    is_old = all(word.startswith("v1-") and not word.endswith(_FOR_ALL) for word in words)
    return bool({*signature.schemes} & _NEWER) and is_old


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (PUBLIC_TEST_KEY, public_test_key),
    (LEAKED_KEY, leaked_key),
    (SIGNATURE_BROKEN, signature_broken),
)
