"""The folders of this user that the XDG Base Directory Specification names; they need not be there."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for what can be had again, which `XDG_CACHE_HOME` may move."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phone-audit"


def data_folder() -> Path:
    """Return the folder for what cannot: keys and knowledge; `XDG_DATA_HOME` may move it."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "phone-audit"
