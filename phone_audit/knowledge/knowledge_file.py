"""How a file of a knowledge folder is opened."""

from io import BufferedReader
from pathlib import Path
from typing import Final

from phone_audit.files.open_regular import open_inside, open_regular

BUNDLED: Final = Path(__file__).parent / "data"
"""The folder of the facts that come with the package."""


def open_knowledge(path: Path) -> BufferedReader:
    """Open `FOLDER/kind/name`; no link below FOLDER is followed, except where the package itself is installed as links.

    Raises:
        OSError: it cannot be opened, is no regular file, or leads out of the folder.
    """
    folder = path.parents[1]
    return open_regular(path) if folder == BUNDLED else open_inside(folder, f"{path.parent.name}/{path.name}")
