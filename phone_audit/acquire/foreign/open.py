"""Tells which tool made an acquisition, and reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phone_audit.acquire.foreign import androidqf, bugreport, hubble, mvt, plain
from phone_audit.acquire.foreign.held import Held
from phone_audit.acquire.foreign.holding import Holding, is_archive, open_holding
from phone_audit.errors import SnapshotError

HINT = (
    "Known are: the folder that `scan --save` made, an acquisition of androidqf (folder, ZIP), a bug report, the "
    "output of Hubble, that of MVT up to 2.6, and a folder with the texts of getprop, dumpsys and pm."
)


@contextmanager
def open_foreign(path: Path, scratch: Path) -> Iterator[tuple[Held, Holding]]:
    """Open and read a folder, a ZIP archive, or the main text of a bug report.

    Args:
        path: what the person named, decrypted.
        scratch: an empty folder for what is taken out of archives.

    Raises:
        SnapshotError: no known tool made it, or it is damaged.
    """
    if path.is_file() and not is_archive(path):
        with path.open("rb") as file:
            if not bugreport.is_main_text(file.read(4096)):
                raise SnapshotError(f"{path} is no acquisition that is known.", HINT)
            text = _whole(path)
        yield bugreport.held_report(*bugreport.text_answers(text, path)), _Nothing(path)
        return
    holding = open_holding(path)
    try:
        yield _read(holding, scratch), holding
    finally:
        holding.close()


def _read(holding: Holding, scratch: Path) -> Held:
    names = holding.names()
    if (prefix := androidqf.recognised(names)) is not None:
        return androidqf.read_androidqf(holding, prefix, scratch)
    if bugreport.recognised(names):
        return bugreport.read_bugreport(holding)
    if (prefix := hubble.recognised(names)) is not None:
        return hubble.read_hubble(holding, prefix)
    if mvt.recognised(holding, names):
        return mvt.read_mvt(holding)
    if plain.recognised(holding, names):
        return plain.read_plain(holding)
    raise SnapshotError(f"{holding.path} is no acquisition that is known.", HINT)


def _whole(path: Path) -> bytes:
    if path.stat().st_size > bugreport.TEXT_LIMIT:
        raise SnapshotError(f"{path} is larger than any bug report.")
    return path.read_bytes()


class _Nothing:
    """The holding of a single text: it has no further files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> tuple[str, ...]:
        return ()

    def read(self, name: str, limit: int = 0) -> bytes:
        raise SnapshotError(f"{self.path} holds no {name}.")

    def begins(self, name: str, count: int) -> bytes:
        return self.read(name)

    def take_out(self, name: str, into: Path) -> Path:
        raise SnapshotError(f"{self.path} holds no {name}.")

    def close(self) -> None:
        pass
