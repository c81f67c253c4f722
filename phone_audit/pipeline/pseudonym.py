"""A name for a phone that tells it apart from others and says nothing to anybody else."""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from phone_audit.files.atomic_write import create_file


def pseudonym(serial: str | None) -> str | None:
    """Return a keyed hash of the serial number, 16 hexadecimal digits. The key stays on this computer.

    Null where there is no serial, or where this computer lets us keep no key.
    """
    key = _key() if serial else None
    if serial is None or key is None:
        return None
    return hmac.new(key, serial.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _key() -> bytes | None:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    path = Path(base) / "phone-audit" / "pseudonym.key"
    try:
        return _read_or_make(path)
    except OSError:
        return None


def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            create_file(path, secrets.token_bytes(32))
    return path.read_bytes()
