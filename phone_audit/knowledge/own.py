"""The user's own knowledge folder, where imported feeds lie."""

import os
from collections.abc import Sequence
from pathlib import Path

from phone_audit.knowledge.feeds.store import FOLDER
from phone_audit.knowledge.files import KINDS


def own_folder() -> Path:
    """Give the user's knowledge folder; it may not be there."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "phone-audit" / "knowledge"


def with_own(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Give the folders to load besides the bundled facts: the user's own where it holds something, then those named."""
    own = own_folder()
    holds = any((own / kind).is_dir() for kind in (*KINDS, FOLDER))
    return (own, *extra) if holds and own not in extra else tuple(extra)
