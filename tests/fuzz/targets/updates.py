"""What `db update` fetches, the files that say what was fetched, and seals of results."""

from contextlib import suppress
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from phone_audit.errors import KnowledgeError, ResultError
from phone_audit.knowledge.updates.generations import read_pointer
from phone_audit.knowledge.updates.minisign import PublicKey, read_public_key, read_signature, verify
from phone_audit.knowledge.updates.sources import read_sources
from phone_audit.knowledge.updates.update import unpack
from phone_audit.pipeline.seal import KnownKey, check_seal
from tests.fuzz.target import Target, empty_folder, written

_NUMBER: Final = b"\1" * 8


@cache
def key() -> PublicKey:
    """Make the key that is trusted; the same each time."""
    return PublicKey(_NUMBER, Ed25519PrivateKey.from_private_bytes(b"\2" * 32).public_key())


def updates(data: bytes) -> None:
    """Read a signature, a key, a bundle, the list of sources, and the file that names the versions."""
    with suppress(KnowledgeError):
        signature = read_signature(data, key())
        signature.number("timestamp")
        verify(signature, key(), written(data, "content"))
    with suppress(ValueError):
        read_public_key(data.decode("ascii", "replace"))
    with suppress(KnowledgeError):
        unpack(written(data, "bundle.zip"), empty_folder("bundle"))
    result = written(b"{}", "result.json")
    written(data, "result.json.minisig")
    for wanted in (False, True):
        with suppress(ResultError):
            check_seal(result, b"{}", (KnownKey(key(), "a key"),), wanted=wanted)
    own = empty_folder("own")
    (own / "sources.json").write_bytes(data)
    (own / "updates").mkdir()
    (own / "updates" / "current.json").write_bytes(data)
    with suppress(KnowledgeError):
        read_sources(own)
    with suppress(KnowledgeError):
        read_pointer(own)


TARGETS: Final = {
    "updates": Target(
        updates,
        (
            "phone_audit.knowledge.updates.minisign",
            "phone_audit.knowledge.updates.update",
            "phone_audit.knowledge.updates.sources",
            "phone_audit.knowledge.updates.generations",
            "phone_audit.pipeline.seal",
        ),
        (
            b"untrusted comment: ", b"trusted comment: timestamp:", b"RWQ", b'{"sources":[', b'"minisign":', b'"url":',
            b"incidents/a.json", b"indicators/a.jsonl", b"PK\x01\x02", b"PK\x05\x06", b'"sha256":',
        ),
    )
}  # fmt: skip
