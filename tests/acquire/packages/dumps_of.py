"""The real dumps beside this file; `dumps/SOURCES.md` says where each was found."""

from pathlib import Path

from phone_audit.acquire.text import decode

FOLDER = Path(__file__).parent / "dumps"


def dump(name: str) -> str:
    """One real answer, decoded as the reader decodes it."""
    return decode((FOLDER / name).read_bytes())
