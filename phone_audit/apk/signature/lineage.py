"""The history of keys: each one signs the next, so that an update may come with a new key.

Rules follow AOSP apksig `V3SigningCertificateLineage.java` and `SourceStampCertificateLineage.java`.
"""

from collections.abc import Sequence
from itertools import pairwise

from phone_audit.apk.signature.algorithms import ALGORITHMS
from phone_audit.apk.signature.certificates import public_key_of
from phone_audit.apk.signature.faults import fault
from phone_audit.apk.signature.public_keys import Outcome, check_signature
from phone_audit.apk.signature.signing_block import LineageNode
from phone_audit.errors import ApkError

MAX_NODES = 1000


def check_lineage(scheme: str, lineage: Sequence[LineageNode], certificate: bytes) -> None:
    """Check a history of keys.

    Args:
        scheme: begins the word of what is wrong.
        lineage: from the oldest key on.
        certificate: that of the signer, DER; the history has to end with it.

    Raises:
        FaultError: a signature is wrong, a key stands there twice, or it ends with another certificate.
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
    """Return the longest history; empty where there is none.

    Raises:
        FaultError: another one is not its beginning, flags included.
    """
    found = max(lineages, key=len, default=())
    if any(found[: len(lineage)] != lineage for lineage in lineages):
        raise fault(f"{scheme}-lineages-differ", "The histories of keys of the signers contradict each other.")
    return found
