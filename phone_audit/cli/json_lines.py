"""JSON lines: each record goes to its outputs as it is ready, and is there even where the run is killed after it."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from phone_audit.cli.outputs import Output, cannot_write, write_out
from phone_audit.errors import OutputError
from phone_audit.files.atomic_write import DISK_HINT, open_stream
from phone_audit.model.base import Frozen
from phone_audit.report.formats import encoded
from phone_audit.report.json_v1 import render_json_line


class JsonLines:
    """Writes each record to every output, a file or standard output, as it is ready; `go_on` adds to what is there."""

    def __init__(self, outputs: Sequence[Output], *, go_on: bool = False) -> None:
        self._outputs = outputs
        self._go_on = go_on
        self._files: list[BinaryIO] = []
        self._digests = [hashlib.blake2b() for output in outputs if output.path is not None]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            for output in self._outputs:
                if output.path is not None:
                    self._files.append(self._open.enter_context(open_stream(output.path, go_on=self._go_on)))
                    if self._go_on:
                        self._hash_again(output.path, self._digests[len(self._files) - 1])
        except OSError as error:
            self._open.close()
            raise cannot_write(output.path or Path("-"), error) from error
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._open.close()
        if error is None:
            self._seal()

    @staticmethod
    def _hash_again(path: Path, digest: "hashlib.blake2b") -> None:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)

    def _seal(self) -> None:
        files = [output for output in self._outputs if output.path is not None]
        for output, digest in zip(files, self._digests, strict=True):
            if output.sealer is not None and output.path is not None:
                try:
                    output.sealer.seal(output.path, digest.digest())
                except OSError as error:
                    raise cannot_write(output.path, error) from error

    def write(self, record: Frozen) -> None:
        if not self._outputs:
            return
        line = render_json_line(record)
        try:
            data = encoded(line)
            for file, digest in zip(self._files, self._digests, strict=True):
                file.write(data)
                file.flush()
                digest.update(data)
        except OSError as error:
            raise OutputError(f"A record cannot be written: {error.strerror}.", DISK_HINT) from error
        if len(self._files) < len(self._outputs):
            write_out(line)
