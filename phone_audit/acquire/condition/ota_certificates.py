"""`otacerts.zip` → the certificates by which an update of the whole system is accepted."""

import io
from collections.abc import Iterator

from phone_audit.acquire.parse.authorities import certificates
from phone_audit.files.bounded_zip import ZipBounds, ZipError, ZipReader
from phone_audit.files.bounds import BoundsError

MOST_ENTRIES = 32
MOST_READ = 10_000
"""Entries that an archive may name at all."""
MOST_BYTES = 64 * 1024
"""Of one entry. A certificate has about 2 KB."""


def ota_certificates(content: bytes) -> Iterator[tuple[str, str | None]] | None:
    """Return SHA-256 and name of each certificate in the archive, in order; None where it is no such archive.

    Args:
        content: the file as it lies on the phone; hostile input. Entries beyond the limits are left out.
    """
    try:
        with ZipReader(io.BytesIO(content), ZipBounds(MOST_READ)) as archive:
            entries = [entry for entry in archive.entries[:MOST_ENTRIES] if entry.file_size <= MOST_BYTES]
            texts = [next(archive.pieces(entry, MOST_BYTES), b"") for entry in entries]
    except (ZipError, BoundsError, OSError):
        return None
    return (found for text in texts for found in certificates(text))
