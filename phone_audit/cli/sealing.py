"""`--seal`: the key that a person named, and the files that are sealed with it."""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from phone_audit.cli.outputs import Output
from phone_audit.cli.telling import tell
from phone_audit.errors import UsageError
from phone_audit.files.atomic_write import is_special

if TYPE_CHECKING:
    from phone_audit.pipeline.seal import Sealer


def with_seal(outputs: Sequence[Output], named: str | None) -> tuple[Output, ...]:
    """Return the outputs with what seals those that are files; asks for the password of a key that has one.

    Raises:
        UsageError: there is no file to seal, or the key cannot be used.
    """
    if named is None:
        return tuple(outputs)
    files = [output.path for output in outputs if output.path is not None]
    special = next((path for path in files if is_special(path) and not path.is_dir()), None)
    if special is not None:
        raise UsageError(f"{special} cannot be sealed: it is no ordinary file.", "Name a file with -o.")
    if not files:
        raise UsageError("--seal goes with -o: only files are sealed.", "Name a file with -o.")
    sealer = sealer_of(named)
    return tuple(output if output.path is None else replace(output, sealer=sealer) for output in outputs)


def sealer_of(named: str) -> "Sealer":
    """Return what seals with a key; what that takes is loaded only here.

    Raises:
        UsageError: the key cannot be used.
    """
    from phone_audit.pipeline.seal import Sealer
    from phone_audit.pipeline.seal_key import OWN, own_public_key, seal_key

    is_new = named == OWN and not own_public_key().exists()
    key = seal_key(named, _ask_password)
    if is_new:
        tell(f"A key for your seals was made. Who checks them needs its public half: {key.public_line}")
    return Sealer(key)


def _ask_password(path: Path) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"{path} is protected by a password, and there is no terminal to ask for it.",
            "Use a key without one: minisign -G -W, or --seal own.",
        )
    return getpass.getpass(f"Password of {path}: ")
