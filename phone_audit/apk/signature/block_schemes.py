"""Signature schemes v2, v3 and v3.1: each signer by itself, then what they sign and the history of their keys.

Rules follow AOSP apksig `V2SchemeVerifier.java`, `V3SchemeVerifier.java`, `V3SigningCertificateLineage.java` and
`SourceStampCertificateLineage.java`.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from phone_audit.apk.signature.algorithms import ALGORITHMS, VERITY_SHA256, Outcome, check_signature, to_check
from phone_audit.apk.signature.certificates import public_key_of
from phone_audit.apk.signature.content_digests import ContentDigests
from phone_audit.apk.signature.faults import MAX_SIGNERS, SdkRange, fault
from phone_audit.apk.signature.signing_block import BlockSigner, LineageNode, read_signers
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

_STRIPPING, _ROTATION_SDK = 0xBEEFF00D, 0x559F8B02
_V31_SINCE, _V3_SINCE = 33, 28
MAX_NODES = 1000


def parse_signers(scheme: str, value: Buffer) -> tuple[BlockSigner, ...]:
    """Read the signers of a scheme; a `FaultError` where there are none, or they are damaged."""
    try:
        signers = read_signers(value, with_sdk_range=scheme != "v2")
    except ApkError as error:
        raise fault(f"{scheme}-damaged", error.message) from error
    if not signers:
        raise fault(f"{scheme}-no-signers", "There is no signer.")
    return signers


def verify_v2(
    value: Buffer, content: ContentDigests, sdk: SdkRange, schemes: frozenset[int]
) -> tuple[BlockSigner, ...]:
    """Check a v2 signature as it stands in the signing block, and return its signers.

    `sdk` are the versions of Android on which it is to verify, `schemes` the newer ones (3) that were found and
    verified. Raises a FaultError, whose words begin with `v2-`, where it does not verify.
    """
    signers = parse_signers("v2", value)
    if len(signers) > MAX_SIGNERS:
        raise fault("v2-too-many-signers", f"{len(signers)} signers; Android takes at most {MAX_SIGNERS}.")
    kinds: set[int] = set()
    for signer in signers:
        kinds |= _check_signer("v2", signer, sdk)
        for key, attribute in signer.attributes:
            stripped = key == _STRIPPING and int.from_bytes(attribute[:4], "little") == 3 and 3 not in schemes
            if stripped and sdk.last >= _V3_SINCE:
                raise fault("v2-scheme-stripped", "It says that there is a signature of scheme v3, but there is none.")
    _check_content("v2", signers, kinds, content)
    return signers


def verify_v3(
    scheme: str, value: Buffer, content: ContentDigests, sdk: SdkRange, rotation_sdk: int | None
) -> tuple[tuple[BlockSigner, ...], tuple[LineageNode, ...]]:
    """Check a signature of v3 or v3.1, and return its signers and the longest history of keys.

    As `verify_v2`; `rotation_sdk` is for v3 the version from which on v3.1 counts, None where there is no v3.1. The
    words of a FaultError begin with the scheme.
    """
    signers = parse_signers(scheme, value)
    kinds: set[int] = set()
    for signer in signers:
        own = SdkRange(*signer.sdk) if signer.sdk else sdk
        if own.first > own.last or signer.signed_sdk != signer.sdk:
            raise fault(f"{scheme}-sdk-range", "The versions of Android that a signer is for contradict each other.")
        kinds |= _check_signer(scheme, signer, own)
        if signer.lineage is not None:
            check_lineage(scheme, signer.lineage, signer.certificates[0])
        if sdk.last >= _V31_SINCE:
            _check_rotation(scheme, signer, rotation_sdk)
    _check_content(scheme, signers, kinds, content)
    lineages = _check_ranges(scheme, signers, sdk, rotation_sdk)
    return signers, longest(scheme, lineages)


def _check_signer(scheme: str, signer: BlockSigner, sdk: SdkRange) -> set[int]:
    """Check one signer; gives the digests of the content that have to be compared."""
    if not signer.signatures:
        raise fault(f"{scheme}-no-signatures", "A signer has no signature.")
    picked = to_check(signer.signatures, sdk)
    if not picked:
        raise fault(f"{scheme}-unsupported-algorithm", "Not every version it is for understands one of its signatures.")
    for algorithm, signature in picked:
        outcome = check_signature(signer.public_key, algorithm.method, signature, signer.signed_data)
        if outcome is Outcome.BAD_KEY:
            raise fault(f"{scheme}-bad-key", "The key of a signer cannot be used.")
        if outcome is Outcome.WRONG:
            raise fault(
                f"{scheme}-signature-mismatch", "The signature was made over something else, or by another key."
            )
    if not signer.certificates:
        raise fault(f"{scheme}-no-certificate", "A signer has no certificate.")
    try:
        keys = [public_key_of(certificate) for certificate in signer.certificates]
    except ApkError as error:
        raise fault(f"{scheme}-damaged-certificate", error.message) from error
    if keys[0] != signer.public_key:
        raise fault(f"{scheme}-key-mismatch", "The key that signed is not the one in the certificate.")
    if [number for number, _ in signer.signatures] != [number for number, _ in signer.digests]:
        raise fault(f"{scheme}-algorithm-mismatch", "Signatures and digests are not of the same algorithms.")
    return {algorithm.digest for algorithm, _ in picked}


def _check_content(scheme: str, signers: Sequence[BlockSigner], kinds: set[int], content: ContentDigests) -> None:
    if VERITY_SHA256 in kinds and not content.on_pages:
        raise fault(f"{scheme}-not-on-pages", "The signing block does not lie on whole pages, as its digest needs.")
    for signer in signers:
        for number, expected in signer.digests:
            algorithm = ALGORITHMS.get(number)
            if algorithm and algorithm.digest in kinds and content.differs(algorithm.digest, expected):
                raise fault(f"{scheme}-content-digest", "The file was changed after it was signed.")


def _check_rotation(scheme: str, signer: BlockSigner, rotation_sdk: int | None) -> None:
    """A v3 signer says from which version on v3.1 has another key, so that v3.1 cannot be taken away."""
    for key, value in signer.attributes:
        if key != _ROTATION_SDK:
            continue
        named = int.from_bytes(value[:4], "little")
        if rotation_sdk is None:
            raise fault(
                f"{scheme}-scheme-stripped", "It says that there is a signature of scheme v3.1, but there is none."
            )
        if named != rotation_sdk:
            raise fault(f"{scheme}-rotation-mismatch", f"It says {named} for the version that v3.1 begins with.")


def _check_ranges(
    scheme: str, signers: Sequence[BlockSigner], sdk: SdkRange, rotation_sdk: int | None
) -> list[tuple[LineageNode, ...]]:
    """Signers follow each other without gap or overlap, and reach over all versions that are asked for.

    What lies before the first one of v3.1 is left to v3.
    """
    ordered = list({signer.sdk: signer for signer in signers}.values())
    ordered.sort(key=lambda signer: signer.sdk or (0, 0))
    ranges = [SdkRange(*signer.sdk) for signer in ordered if signer.sdk]
    for before, after in pairwise(ranges):
        if after.first != before.last + 1:
            raise fault(
                f"{scheme}-sdk-range", "The versions of Android that the signers are for leave gaps or overlap."
            )
    needed = sdk.last if rotation_sdk is None else rotation_sdk - 1
    if (scheme == "v3" and ranges[0].first > sdk.first) or ranges[-1].last < needed:
        raise fault(f"{scheme}-sdk-range", "There is no signer for some of the versions of Android that it is for.")
    lineages = [signer.lineage for signer in ordered if signer.lineage is not None]
    if [len(lineage) for lineage in lineages] != sorted(len(lineage) for lineage in lineages):
        raise fault(f"{scheme}-lineages-differ", "A later signer has a shorter history of keys.")
    return lineages


def signed_digests(signers: Iterable[BlockSigner]) -> dict[int, bytes]:
    """Return the digests of the content that signers sign, by their id; those of unknown algorithms are left out."""
    pairs = (pair for signer in signers for pair in signer.digests)
    return {ALGORITHMS[number].digest: value for number, value in pairs if number in ALGORITHMS}


def check_lineage(scheme: str, lineage: Sequence[LineageNode], certificate: bytes) -> None:
    """Check a history of keys, from the oldest on; it has to end with the certificate of the signer, in DER.

    Raises a FaultError where a signature is wrong, a key stands there twice, or it ends with another certificate.
    """
    if len(lineage) > MAX_NODES:
        raise fault(f"{scheme}-lineage-signature", f"The history of keys has more than {MAX_NODES} keys.")
    for before, after in pairwise(lineage):
        if not _signed_by(before, after):
            raise fault(f"{scheme}-lineage-signature", "In the history of keys one did not sign the next.")
    if len({node.certificate for node in lineage}) < len(lineage):
        raise fault(f"{scheme}-lineage-signature", "In the history of keys one stands twice.")
    if not lineage or lineage[-1].certificate != certificate:
        raise fault(f"{scheme}-lineage-mismatch", "The history of keys does not end with the key of the signer.")


def _signed_by(before: LineageNode, after: LineageNode) -> bool:
    algorithm = ALGORITHMS.get(before.algorithm)
    if algorithm is None or after.signed_algorithm != before.algorithm:
        return False
    try:
        key = public_key_of(before.certificate)
    except ApkError:
        return False
    return check_signature(key, algorithm.method, after.signature, after.signed_data) is Outcome.GOOD


def longest(scheme: str, lineages: Sequence[tuple[LineageNode, ...]]) -> tuple[LineageNode, ...]:
    """Return the longest history; a `FaultError` where another one is not its beginning, flags included."""
    found = max(lineages, key=len, default=())
    if any(found[: len(lineage)] != lineage for lineage in lineages):
        raise fault(f"{scheme}-lineages-differ", "The histories of keys of the signers contradict each other.")
    return found
