"""What a source says of its content before that is fetched: which content it is, and how new."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from phone_audit.errors import KnowledgeError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.feeds.store import sha256_of
from phone_audit.knowledge.updates.download import FetchSettings, fetch
from phone_audit.knowledge.updates.generations import Order
from phone_audit.knowledge.updates.minisign import LARGEST, Signature, read_public_key, read_signature, verify
from phone_audit.knowledge.updates.sources import MinisignProof, UpdateSource

_LATEST: Final = 253402300799  # the last second of the year 9999


@dataclass(frozen=True)
class Claim:
    """What is promised.

    Attributes:
        identity: the same for the same content, and for no other.
        order: how new it is, where it is signed.
        day: on which it was signed (2026-01-31), where that is stated.
        check: raises a KnowledgeError for a file that is not what is promised.
        signer: stands for the key and the name under which it signs; None where nothing is signed.
    """

    identity: str
    order: Order | None
    day: str | None
    check: Callable[[Path], None]
    signer: str | None = None


def claim_of(source: UpdateSource, draft: Path, settings: FetchSettings) -> Claim:
    """Return what a source promises. A signature is fetched for that, a pinned hash needs no connection.

    Raises:
        KnowledgeError: the signature cannot be fetched, or is none of this key, or tells no order.
        OSError: it cannot be written.
    """
    if source.minisign is None:
        return Claim(f"sha256:{source.sha256}", None, None, lambda path: _check_hash(path, source.sha256 or ""))
    return _signed(source.minisign, source.signed_name, draft / "signature.fetched", settings)


def _signed(said: MinisignProof, name: str, file: Path, settings: FetchSettings) -> Claim:
    fetch(said.signature_url, file, LARGEST, settings)
    key = read_public_key(said.public_key)
    with open_regular(file) as fetched:
        signature = read_signature(fetched.read(LARGEST), key)
    _check_name(signature.source(), name)
    order = _order(signature)
    stamp = order.timestamp
    return Claim(
        # Ed25519 has one signature for one content, so what was seen already need not be fetched to be known
        identity=f"minisign:{sha256(signature.signature).hexdigest()}",
        order=order,
        day=None if stamp is None else datetime.fromtimestamp(min(stamp, _LATEST), UTC).strftime("%Y-%m-%d"),
        check=lambda path: verify(signature, key, path),
        signer=sha256(key.raw + name.encode()).hexdigest(),
    )


def _check_name(found: str | None, wanted: str) -> None:
    """Refuse what the same key signed for another source: a list that is served in the place of another one."""
    if found is None:
        raise KnowledgeError(
            f"The trusted comment of the signature names no source; it has to hold source:{wanted} or file:{wanted}.",
            "minisign writes the name of the file by itself where no other comment is given.",
        )
    if found != wanted:
        raise KnowledgeError(
            f"The signature is for {found}, and this source is {wanted}: somebody may serve one list for another.",
            "If its publisher signs it under that name, write it into sources.json as the name of minisign.",
        )


def _check_hash(path: Path, wanted: str) -> None:
    found = sha256_of(path)
    if found != wanted:
        raise KnowledgeError(
            f"The content is not the pinned one: its SHA-256 is {found}.",
            "If its publisher names that hash, write it into sources.json.",
        )


def _order(signature: Signature) -> Order:
    order = Order(version=signature.number("version"), timestamp=signature.number("timestamp"))
    if order == Order():
        raise KnowledgeError(
            "The trusted comment of the signature has neither timestamp: nor version:, so old cannot be told from new.",
            "minisign writes the timestamp by itself where no other comment is given.",
        )
    return order


def refuse_older(claim: Claim, newest: Order | None, *same: str | None) -> None:
    """Refuse what is older than something that was taken before, or calls itself the same and is not.

    `newest` is the newest order that was ever taken; only content of the identities `same` may have that order too.
    """
    if claim.order is None or newest is None:
        return
    step = _step(claim.order, newest)
    if step is None:
        raise KnowledgeError(
            "What the server has cannot be compared with what was taken: one has a version, the other a timestamp.",
            "Ask its publisher to sign it under another name; a new name begins afresh.",
        )
    told = f"{_told(claim.order)}; taken was {_told(newest)}"
    if step < 0:
        raise KnowledgeError(f"What the server has is older: {told}.", "Somebody may hold back what is newer.")
    if step == 0 and claim.identity not in same:
        raise KnowledgeError(f"The server has other content of the same age: {told}.", "Ask its publisher.")


def newer_of(order: Order | None, newest: Order | None) -> Order | None:
    """Return the newer of two orders; what cannot be compared changes nothing."""
    if order is None or newest is None:
        return newest or order
    return order if (_step(order, newest) or 0) > 0 else newest


def _step(order: Order, before: Order) -> int | None:
    """Tell whether an order is newer (above 0) or older (below 0); None where that cannot be told."""
    if order.version is not None and before.version is not None:
        return order.version - before.version
    if order.timestamp is not None and before.timestamp is not None:
        return order.timestamp - before.timestamp
    return None


def _told(order: Order) -> str:
    return f"version {order.version}" if order.version is not None else f"timestamp {order.timestamp}"
