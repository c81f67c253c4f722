"""Where the results of several phones go: `-o` names a folder, with a file for each phone and the summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from phone_audit.cli.outputs import terminal_style, write_file, write_out
from phone_audit.errors import OutputError, UsageError
from phone_audit.files.atomic_write import DISK_FAILS
from phone_audit.model.results import Fleet, Scan
from phone_audit.report.canvas import Style
from phone_audit.report.formats import FORMATS, render

if TYPE_CHECKING:
    from phone_audit.pipeline.seal import Sealer

SUMMARY = "fleet"
_SUFFIX = {"text": ".txt", "json": ".json", "csv": ".csv", "stix": ".stix2", "hosts": ".hosts"}


@dataclass(frozen=True)
class Folder:
    """A folder, and the format of the files that go there; standard output where `path` is null."""

    format: str
    path: Path | None


class FleetOutputs:
    """Writes each phone's result as it is ready, and the summary at the end.

    What goes to standard output is kept until the end, in the order of the phones: progress is drawn until then.

    Args:
        formats, paths: as `-f` and `-o` name them, paired in order. A folder without a format gets JSON.
        sealer: seals each file, unless None.

    Raises:
        UsageError: an unknown format, a path that cannot be a folder, or a format for standard output that cannot hold
            several phones.
    """

    def __init__(self, formats: Sequence[str], paths: Sequence[Path], sealer: "Sealer | None" = None) -> None:
        self._folders = tuple(
            Folder(format_ or "json", None if path is None or str(path) == "-" else path)
            for format_, path in zip_longest(formats, paths)
        ) or (Folder("text", None),)
        self._sealer = sealer
        self._shown: dict[str, str] = {}
        for folder in self._folders:
            _check(folder)
        if sum(folder.path is None for folder in self._folders) > 1:
            raise UsageError("Two results would go to standard output.", "Give each -f its own -o FOLDER.")
        if sealer is not None and all(folder.path is None for folder in self._folders):
            raise UsageError("--seal goes with -o: only files are sealed.", "Name a folder with -o.")

    def write(self, name: str, scan: Scan) -> str | None:
        """Write the result of one phone; gives the name of its file, that of the JSON where there is one.

        Raises:
            UsageError: a file cannot be written.
        """
        written: list[str] = []
        for folder in self._folders:
            if folder.path is None:
                self._shown[name] = render(folder.format, scan, terminal_style())
            else:
                written.append(name + _SUFFIX[folder.format])
                write_file(folder.path / written[-1], FORMATS[folder.format](scan, Style()), self._sealer)
        return next((file for file in written if file.endswith(".json")), written[0] if written else None)

    def write_summary(self, fleet: Fleet) -> None:
        """Write `fleet.json` into each folder, the summary as text where text was asked for, and all that is shown.

        Raises:
            UsageError: a file cannot be written.
        """
        for folder in self._folders:
            if folder.path is None:
                style = terminal_style()
                for name in sorted(self._shown):
                    write_out(f"{name}\n{'=' * len(name)}\n\n{self._shown[name]}\n")
                write_out(render("text", fleet, style))
                continue
            write_file(folder.path / f"{SUMMARY}.json", FORMATS["json"](fleet, Style()), self._sealer)
            if folder.format == "text":
                write_file(folder.path / f"{SUMMARY}.txt", FORMATS["text"](fleet, Style()), self._sealer)


def _check(folder: Folder) -> None:
    if folder.format not in _SUFFIX:
        raise UsageError(f"There is no format {folder.format!r} here.", f"Formats: {', '.join(_SUFFIX)}.")
    if folder.path is None:
        if folder.format != "text":
            raise UsageError(
                f"Several phones cannot go to standard output as {folder.format}.",
                "Name a folder with -o; each phone gets a file there, beside fleet.json.",
            )
        return
    if folder.path.exists() and not folder.path.is_dir():
        raise UsageError(f"{folder.path} is no folder.", "With several phones -o names a folder.")
    try:
        folder.path.mkdir(exist_ok=True)
    except OSError as error:
        kind = OutputError if error.errno in DISK_FAILS else UsageError
        raise kind(
            f"The folder {folder.path} cannot be made: {error.strerror or error}.", "Make the folder above it first."
        ) from error
