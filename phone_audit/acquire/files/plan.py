"""What whoever asks for a phone says of its files: which bytes are wanted, which are known, and who gets them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from phone_audit.acquire.files.hash_cache import HashCache
from phone_audit.acquire.files.oat_files import StrippedApks
from phone_audit.acquire.phone_file import NextWanted, PulledApk
from phone_audit.model.parts import Parts


class FileReceiver(Protocol):
    """Gets the files of a phone, from the threads that read them, one at a time."""

    def is_known(self, sha256: str) -> bool:
        """Tell whether the file with this SHA-256 was analysed before, so that its bytes are not needed."""
        ...

    def is_stripped(self, sha256: str) -> bool:
        """Tell whether the file with this SHA-256 was found to have its code elsewhere.

        Then only its hash together with those of that code tells whether it is known; see `joint_hash`.
        """
        ...

    def take(self, apk: PulledApk) -> None:
        """Take a file that is complete."""
        ...


class EarlierFiles(Protocol):
    """Files of an earlier reading that was interrupted; see `store.interrupted`."""

    def find(self, sha256: str, into: Path) -> PulledApk | None:
        """Return the file with this SHA-256 as a new one in a folder; None where it is not there."""
        ...


@dataclass(frozen=True)
class Plan:
    """How the files of a phone are read.

    Attributes:
        next_wanted: which parts are wanted; None where whole files are.
        receiver: gets the files.
        lacks_code: whether a file, of which so much is here, has its code elsewhere, so that what lies beside it on the
            phone is wanted.
        hash_cache: hashes of this phone's files, as far as they are remembered.
        rehash: whether nothing that is remembered of the phone is used.
        earlier: files of an earlier reading that was interrupted; None where there was none.
        stripped: holds files back until the code that they lack is there.
    """

    next_wanted: NextWanted | None
    receiver: FileReceiver
    lacks_code: Callable[[Path, Parts | None], bool]
    hash_cache: HashCache = field(default_factory=HashCache)
    rehash: bool = False
    earlier: EarlierFiles | None = None
    stripped: StrippedApks = field(default_factory=StrippedApks)
