"""Which APKs have their code elsewhere. Needs only the directory of the archive, so that parts of a file will do."""

import mmap
import re
from pathlib import Path
from typing import Final

from phone_audit.analyse.parts import Held
from phone_audit.analyse.zip_index import Sliceable, names
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts

_DEX: Final = re.compile(r"classes[^/]*\.dex", re.IGNORECASE)


def lacks_code(path: Path, parts: Parts | None) -> bool:
    """Tell whether an APK holds no DEX file that Android would load; a damaged one is not said to lack anything.

    Args:
        path: where it lies.
        parts: what of it is here; None: all of it.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view: Sliceable = data if parts is None else Held(data, parts)
            return not any(_DEX.fullmatch(name) for name in names(view))
    except (ApkError, OSError, ValueError):
        return False
