"""The user's own knowledge folder, where imported feeds lie, and what `db update` fetched."""

from collections.abc import Sequence
from pathlib import Path

from phone_audit.files.user_folders import data_folder
from phone_audit.knowledge.files import FEED_FOLDER
from phone_audit.knowledge.kinds import FOLDERS
from phone_audit.knowledge.updates.generations import read_pointer, version_folder


def own_folder() -> Path:
    """Return the user's knowledge folder; it may not be there."""
    return data_folder() / "knowledge"


def with_own(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the folders to load besides the bundled facts, so that the later ones stand above the earlier.

    What was fetched from each source, in one version that never changes; the user's own folder where it holds
    something; those named. Raises a KnowledgeError where what says which versions stand is damaged.
    """
    own = own_folder()
    holds = any((own / kind).is_dir() for kind in (*FOLDERS, FEED_FOLDER))
    sources = sorted(read_pointer(own).sources.items())
    fetched = (version_folder(own, name, kept.current) for name, kept in sources)
    return (*fetched, *([own] if holds and own not in extra else []), *extra)
