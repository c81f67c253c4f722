"""Version and counts of the knowledge, kept in the cache by its digest: to count, every file has to be parsed."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from phone_audit.files.bounded_json import read_checked
from phone_audit.files.bounds import OWN_LIST
from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge.feeds.database import open_cache_file, write_cache_file
from phone_audit.model.base import read_strictly
from phone_audit.model.finding import KnowledgeInfo
from phone_audit.version import __version__

_LENGTH: Final = 32


def cached_info(digest: str, kinds: Iterable[str], count: Callable[[], KnowledgeInfo]) -> KnowledgeInfo:
    """Return what is kept of the knowledge with this digest; else count it, and keep that.

    Args:
        digest: of the knowledge in use.
        kinds: of entries that this version of the program counts.
        count: parses every file, and raises where one is broken: of such knowledge nothing is kept.
    """
    key = sha256(" ".join((__version__, digest, *kinds)).encode()).hexdigest()[:_LENGTH]
    path = cache_folder() / "knowledge" / f"{key}.json"
    kept = _read(path)
    if kept is not None and kept.digest == digest:
        return kept
    info = count()
    with suppress(OSError):
        for old in path.parent.glob("*.json"):
            old.unlink(missing_ok=True)
    write_cache_file(path, info.model_dump_json().encode())
    return info


def _read(path: Path) -> KnowledgeInfo | None:
    try:
        with open_cache_file(path) as file:
            return read_strictly(KnowledgeInfo, read_checked(file, OWN_LIST))
    except (OSError, ValueError, ValidationError):
        return None
