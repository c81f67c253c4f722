"""Which APKs have their code elsewhere. Needs only the directory of the archive, so that parts of a file will do."""

import mmap
from pathlib import Path

from phone_audit.apk.zip.contents import FIRST_DEX
from phone_audit.apk.zip.directory import Sliceable, small_records
from phone_audit.apk.zip.held_parts import Held
from phone_audit.errors import ApkError
from phone_audit.model.parts import Parts


def lacks_code(path: Path, parts: Parts | None) -> bool:
    """Tell whether an APK holds no DEX file that Android would load; a damaged one is not said to lack anything.

    Android begins with `classes.dex`, so that other names, and one that is empty, count for nothing. A directory that
    is larger than that of any honest package is not looked through here: what lies beside such a file is read too.

    Args:
        path: where it lies.
        parts: what of it is here; None: all of it.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view: Sliceable = data if parts is None else Held(data, parts)
            return not any(entry.name == FIRST_DEX and entry.size for entry in small_records(view))
    except ApkError as error:
        return error.code == "too-many-entries"
    except (OSError, ValueError):
        return False
