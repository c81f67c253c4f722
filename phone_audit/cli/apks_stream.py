"""JSON lines, written record by record while the analysis goes on."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from phone_audit.cli.outputs import Output, cannot_write, write_out
from phone_audit.errors import OutputError
from phone_audit.files.atomic_write import DISK_HINT, open_stream
from phone_audit.model.base import Frozen
from phone_audit.report.json_v1 import render_json_line


class JsonLines:
    """Writes each record to every output as it is ready.

    Args:
        outputs: files, or standard output where the path is null.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs
        self._files: list[BinaryIO] = []
        self._digests = [hashlib.blake2b() for output in outputs if output.path is not None]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            for output in self._outputs:
                if output.path is not None:
                    self._files.append(self._open.enter_context(open_stream(output.path)))
        except OSError as error:
            self._open.close()
            raise cannot_write(output.path or Path("-"), error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        if error is None:
            self._seal()

    def _seal(self) -> None:
        files = [output for output in self._outputs if output.path is not None]
        for output, digest in zip(files, self._digests, strict=True):
            if output.sealer is not None and output.path is not None:
                try:
                    output.sealer.seal(output.path, digest.digest())
                except OSError as error:
                    raise cannot_write(output.path, error) from error

    def write(self, record: Frozen) -> None:
        """Write one record."""
        if not self._outputs:
            return
        line = render_json_line(record)
        try:
            data = line.encode("utf-8", "backslashreplace")
            for file, digest in zip(self._files, self._digests, strict=True):
                file.write(data)
                file.flush()
                digest.update(data)
        except OSError as error:
            raise OutputError(f"A record cannot be written: {error.strerror}.", DISK_HINT) from error
        if len(self._files) < len(self._outputs):
            write_out(line)
