"""What a file is known by in the cache of records."""

import hashlib
from pathlib import Path

from phone_audit.acquire.files.plan import PulledApk
from phone_audit.model.parts import Parts

_PIECE = 2**20


def identity_of(apk: PulledApk) -> str | None:
    """Give the SHA-256 of a file, or of its size and what was read of it, where nothing on the phone could hash it.

    The directory of the archive is part of what is read, and in it are size and check sum of every entry. None where
    there is neither.
    """
    if apk.sha256 is not None or apk.local is None or apk.parts is None:
        return apk.sha256
    try:
        return _of_parts(apk.local, apk.size, apk.parts)
    except OSError:
        return None


def _of_parts(local: Path, size: int, parts: Parts) -> str:
    digest = hashlib.sha256(f"{size} {parts.ranges}\n".encode())
    with local.open("rb") as file:
        for start, end in parts.ranges:
            file.seek(start)
            while start < end and (piece := file.read(min(end - start, _PIECE))):
                digest.update(piece)
                start += len(piece)
    return digest.hexdigest()
