"""What a file is known by in the cache of records."""

import hashlib
from pathlib import Path

from phone_audit.acquire.files.plan import PulledApk
from phone_audit.model.parts import Parts

_PIECE = 2**20


def identity_of(apk: PulledApk) -> str | None:
    """Return the SHA-256 of a whole file, or one of its size, of what was read of it and of what it claims.

    The hash of a file of which only parts are here is a claim that nobody can check: it never stands for the bytes.
    None where there is neither.
    """
    if apk.local is None or apk.parts is None:
        return apk.sha256
    try:
        return _of_parts(apk.local, apk.sha256, apk.size, apk.parts)
    except OSError:
        return None


def _of_parts(local: Path, claimed: str | None, size: int, parts: Parts) -> str:
    digest = hashlib.sha256(f"{claimed} {size} {parts.ranges}\n".encode())
    with local.open("rb") as file:
        for start, end in parts.ranges:
            file.seek(start)
            while start < end and (piece := file.read(min(end - start, _PIECE))):
                digest.update(piece)
                start += len(piece)
    return digest.hexdigest()
