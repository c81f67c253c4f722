"""Records as a folder of Parquet files, on this computer or in storage, which is written while records come."""

import tempfile
from contextlib import AbstractContextManager
from typing import Final

from phone_audit.errors import OutputError, UsageError
from phone_audit.model.apk import Apk, Apks
from phone_audit.pipeline.apk_records import SpooledApks
from phone_audit.pipeline.cluster.storage import StorageError, holds_tables, write_file
from phone_audit.report.parquet import render_rows

MOST_ROWS: Final = 4_096
"""Records of one file: some 20 MB of it where packages are ordinary."""


class Partitions(AbstractContextManager["Partitions"]):
    """The files `part-00000.parquet`, `part-00001.parquet` … of a folder, by its path or URL; a context manager.

    Each is there as a whole or not at all. The last one also states what the result says beside its rows. Raises a
    UsageError where it cannot be used, or holds tables already.
    """

    def __init__(self, place: str) -> None:
        self._place = place.rstrip("/")
        self._count = 0
        self._records = SpooledApks()
        try:
            if holds_tables(self._place):
                raise UsageError(
                    f"{place} holds tables already.", "Name a new folder, so that no record is there twice."
                )
        except StorageError as error:
            raise UsageError(f"{place} cannot be written. {error}", "Name a folder that you may write to.") from error

    def __exit__(self, *_: object) -> None:
        self._records.close()

    def add(self, record: Apk) -> None:
        """Take a record. Raises OutputError where it cannot be written."""
        if len(self._records) == MOST_ROWS:
            self._write(None)
        self._records.add(record)

    def finish(self, result: Apks) -> None:
        """Write the last file. Raises OutputError where it cannot be written."""
        self._write(result)

    def _write(self, result: Apks | None) -> None:
        name = f"{self._place}/part-{self._count:05}.parquet"
        rest = None if result is None else result.model_copy(update={"apks": ()})
        try:
            with tempfile.TemporaryFile(prefix="phone-audit-") as file:
                for piece in render_rows(self._records, Apk, rest):
                    file.write(piece)
                write_file(name, file)
        except (StorageError, OSError) as error:
            raise OutputError(f"{name} cannot be written. {error}") from error
        self._count += 1
        self._records.close()
        self._records = SpooledApks()
