"""Small lists that a person wrote and names on the command line."""

from pathlib import Path

from phone_audit.errors import PhoneAuditError
from phone_audit.files.open_regular import open_regular


def read_list(path: Path, most: int, refused: type[PhoneAuditError], hint: str) -> bytes:
    """Read a list of at most so many bytes; an error of the kind `refused` says why it cannot be."""
    try:
        with open_regular(path) as file:
            data = file.read(most + 1)
    except OSError as error:
        raise refused(f"{path} cannot be read: {error.strerror or error}.", hint) from error
    if len(data) > most:
        raise refused(f"{path} is larger than {most:,} bytes, which no such list is.", hint)
    return data
