"""Knowledge files on disk: read once as bytes, hashed, parsed into models, with errors that name the place."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.feeds.store import FOLDER
from phone_audit.knowledge.problems import Problem
from phone_audit.model.base import Frozen
from phone_audit.model.text_bytes import as_utf8

Kind = Literal[
    "incidents",
    "trackers",
    "hosts",
    "keys",
    "rules",
    "behaviours",
    "libraries",
    "packers",
    "firmware",
    "schemes",
    "support",
    "labels",
    "baselines",
    "authorities",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The sub-folders of a knowledge folder."""

Model = TypeVar("Model", bound=Frozen)


@dataclass(frozen=True)
class DataFile:
    """One file. `folder` is 0 for the facts of the package, then the user's folders in the order given."""

    kind: Kind
    folder: int
    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """What the digest calls it; holds no path of this computer."""
        return f"{self.kind}/{self.path.name}"

    @property
    def shown(self) -> str:
        """What messages call it: a file of the user by its path, so that it can be found."""
        return str(self.path) if self.folder else self.name


def read_folder(folder: Path, number: int) -> list[DataFile]:
    """Read every `*.json` below the sub-folders of a knowledge folder, in the order of their names.

    Raises:
        KnowledgeError: no such folder, a file that cannot be read, or none of the sub-folders is there.
    """
    if not folder.is_dir():
        raise KnowledgeError(f"There is no knowledge folder {folder}.", "Name an existing folder with --knowledge.")
    kinds: list[Kind] = [kind for kind in KINDS if (folder / kind).is_dir()]
    if not kinds and not (folder / FOLDER).is_dir():
        raise KnowledgeError(
            f"{folder} holds no knowledge.",
            f"Put files into a sub-folder: {', '.join((*KINDS, FOLDER))}. See docs/knowledge.md.",
        )
    files = []
    for kind in kinds:
        for path in sorted((folder / kind).glob("*.json")):
            try:
                files.append(DataFile(kind, number, path, as_utf8(path.read_bytes())))
            except OSError as error:
                raise KnowledgeError(f"{path} cannot be read: {error.strerror}.") from error
    return files


def digest_of(files: Iterable[DataFile], feeds: Sequence[str] = ()) -> str:
    """Give the SHA-256 over kind, name, length and bytes of the files, folder by folder, and the hashes of feeds."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.folder}/{file.name}\0{len(file.data)}\0".encode("utf-8", "surrogateescape"))
        total.update(file.data)
    for digest in feeds:
        total.update(f"feed {digest}\0".encode())
    return total.hexdigest()


def parse(model: type[Model], file: DataFile) -> Model:
    """Parse a file.

    Raises:
        KnowledgeError: it breaks the schema; names file, entry and field.
    """
    try:
        return model.model_validate_json(file.data)
    except ValidationError as error:
        problem = schema_problems(file, error)[0]
        raise KnowledgeError(str(problem), "See docs/knowledge.md for what each field takes.") from error


def schema_problems(file: DataFile, error: ValidationError) -> list[Problem]:
    """Give one problem for each thing that breaks the schema, in the words of whoever edits that file."""
    return [Problem(file.shown, *_place(file, line["loc"]), _reason(line)) for line in error.errors()]


def _place(file: DataFile, location: Sequence[int | str]) -> tuple[str, str]:
    """Turn a place in the JSON into the id of the entry and the field inside it."""
    steps = list(location)
    entry = "file"
    try:
        document = json.loads(file.data)
        if len(steps) > 1 and steps[0] == "entries" and isinstance(steps[1], int):
            entry, document, steps = f"entry {steps[1]}", document["entries"][steps[1]], steps[2:]
        entry = document.get("id") or document.get("host") or entry
    except (ValueError, LookupError, AttributeError, RecursionError):
        pass  # not even JSON, or another shape: the file is all that can be named
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    return str(entry), field or "whole entry"


def _reason(line: ErrorDetails) -> str:
    if line["type"] == "extra_forbidden":
        return "there is no such field; remove it or correct its name"
    if line["type"] == "missing":
        return "missing; add this field"
    return f"{line['msg'].removeprefix('Value error, ')}, found {line['input']!r:.80}"
