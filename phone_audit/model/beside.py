"""A file that lies beside an APK on the phone and holds its code."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BesideRole = Literal["vdex", "odex"]
ARCHITECTURES = ("arm64", "x86_64", "riscv64", "arm", "x86")
"""The one whose files are read comes first. All hold the same DEX files, compiled for another processor."""
BESIDE_ROLES: tuple[BesideRole, ...] = ("vdex", "odex")


@dataclass(frozen=True, slots=True)
class BesideFile:
    """A VDEX or OAT file, which Android writes when it compiles a package.

    Attributes:
        path: where it lies on the phone, such as `/system/app/Dialer/oat/arm64/Dialer.vdex`.
        local: where its bytes lie here; None where the record is known that they lead to.
        size: bytes.
        sha256: its hash, in lower-case hexadecimal; None where nothing has hashed it.
        role: what it is by its name.
    """

    path: str
    local: Path | None
    size: int
    sha256: str | None
    role: BesideRole


def joint_hash(sha256: str | None, beside: Sequence[BesideFile]) -> str | None:
    """Return what names an APK together with the files that hold its code: its own hash where there are none.

    None where one of the hashes is not known.
    """
    hashes = [sha256, *(file.sha256 for file in beside)]
    if not beside or None in hashes:
        return None if beside else sha256
    return hashlib.sha256(" ".join(str(one) for one in hashes).encode()).hexdigest()
