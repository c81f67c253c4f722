"""A firmware in the place of a phone: it answers no question, and gives its files."""

from pathlib import Path

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, hashes_of, pieces_of
from phone_audit.acquire.image.firmware import Firmware, within
from phone_audit.acquire.questions.file_facts import PathStatus, digest_command
from phone_audit.acquire.store.container import sha256_of
from phone_audit.acquire.store.layout import PULL
from phone_audit.acquire.store.saved_files import FileHashes, hashes_saved
from phone_audit.acquire.transport import SHELL_LIMIT, SHELL_TIMEOUT, Answer, Transport
from phone_audit.errors import CommandError, NotHeldError

DIGESTS = ("sha256", "sha1", "md5")
LARGEST_APK = 2 * 2**30
LEAST_COPIED, MOST_TIMES, OF_FOLDER = 4 * 2**30, 16, 64 * 2**30
"""Bytes that all files together may have: so many, and so many times the size of the image; or those of a folder."""


class ImageTransport(Transport):
    """See `Transport`."""

    def __init__(self, firmware: Firmware, path: Path) -> None:
        self.serial = ""
        self.via = "file"
        self._firmware = firmware
        self._path = path
        self._digests: dict[str, str] = {}
        self._left = LEAST_COPIED + MOST_TIMES * path.stat().st_size if path.is_file() else OF_FOLDER

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """Return the hashes of a file that is to be told apart; every other question is refused."""
        path = self._digests.get(command)
        if path is None:
            raise NotHeldError("A firmware image has no answer to this question.")
        try:
            lines = hashes_of(self._spent(self._firmware.open(path)), *DIGESTS)
        except ImageError as error:
            raise CommandError(f"The file was not hashed: {error}.") from error
        return Answer("".join(f"{line}\n" for line in lines).encode(), 0, truncated=False)

    def recorded(self, prefix: str) -> tuple[str, ...]:
        """Return no command: what lies at paths is put into `Reader.looked` before it is asked for."""
        return ()

    def holds(self, command: str) -> bool:
        """Tell whether it has an answer, or files: those that were looked at are there."""
        return command in self._digests or command.startswith(PULL)

    def saved_hashes(self) -> bytes:
        """Return no hash: nothing but this computer has seen the files."""
        return hashes_saved(FileHashes())

    def look(self, path: str) -> PathStatus:
        """Tell what lies at a path, and be ready to hash it where that is a file."""
        if self._firmware.is_folder(path):
            return PathStatus("folder", None)
        if self._firmware.resolved(path) is None:
            return PathStatus("missing", None)
        self._digests[digest_command(path).text] = path
        return PathStatus("file", None)

    def pull(self, path: str, into: Path) -> Path:
        """Return the file itself where it lies on this computer by itself, else a copy in `into`."""
        try:
            source = within(self._firmware.open_apk(path), LARGEST_APK)
            whole = getattr(source, "path", None)
            if isinstance(whole, Path):
                return whole
            spent = self._spent(source)
            with into.open("xb") as file:
                file.writelines(pieces_of(spent))
        except ImageError as error:
            into.unlink(missing_ok=True)
            raise CommandError(f"The file was not read: {error}.") from error
        return into

    def _spent(self, source: ByteSource) -> ByteSource:
        """Take the bytes of a file from those that all files may have together.

        Raises an ImageError where there are not so many left.
        """
        self._left -= source.size
        if self._left < 0:
            raise ImageError("the files of the image have more bytes than any image has")
        return source

    def finish(self) -> str | None:
        return sha256_of(self._path)
