"""Knowledge files on disk: read once as bytes, hashed, parsed into models, with errors that name the place."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from phone_audit.errors import KnowledgeError
from phone_audit.files.bounded_json import JsonError, checked
from phone_audit.files.bounded_lines import read_bounded
from phone_audit.files.bounds import KNOWLEDGE, KNOWLEDGE_FOLDER, MB, BoundsError
from phone_audit.files.open_regular import open_inside, open_regular
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.kinds import FOLDERS, Kind
from phone_audit.knowledge.schema.facts import FactFile
from phone_audit.model.base import Frozen, parse_unicode, read_own
from phone_audit.model.text import as_utf8


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of one entry. `text` says what is wrong and what to write instead."""

    file: str
    entry: str
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.field}: {self.text}"


Report = Callable[[str, str], None]
"""Takes the field and the text of a problem of the entry in hand."""


BUNDLED: Final = Path(__file__).parent / "data"
"""The folder of the facts that come with the package."""


def open_knowledge(path: Path) -> BufferedReader:
    """Open `FOLDER/kind/name`; no link below FOLDER is followed, except where the package itself is installed as links.

    Raises:
        OSError: it cannot be opened, is no regular file, or leads out of the folder.
    """
    folder = path.parents[1]
    return open_regular(path) if folder == BUNDLED else open_inside(folder, f"{path.parent.name}/{path.name}")


FEED_FOLDER: Final = "indicators"
"""The sub-folder of a knowledge folder that holds feeds."""

Model = TypeVar("Model", bound=Frozen)


@dataclass(frozen=True)
class DataFile:
    """One file.

    `kind` is the name of its sub-folder; `folder` is 0 for the facts of the package, then the user's folders in order.
    """

    kind: str
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
        KnowledgeError: no such folder, a file that cannot be read, none of the sub-folders is there, or all files
            together are larger than any knowledge.
    """
    if not folder.is_dir():
        raise KnowledgeError(f"There is no knowledge folder {folder}.", "Name an existing folder with --knowledge.")
    kinds = [kind for kind in FOLDERS if (folder / kind).is_dir()]
    if not kinds and not (folder / FEED_FOLDER).is_dir():
        raise KnowledgeError(
            f"{folder} holds no knowledge.",
            f"Put files into a sub-folder: {', '.join((*FOLDERS, FEED_FOLDER))}. See docs/knowledge.md.",
        )
    files = []
    left = KNOWLEDGE_FOLDER
    for kind in kinds:
        for path in sorted((folder / kind).glob("*.json")):
            files.append(DataFile(kind, number, path, read_data(path)))
            left -= len(files[-1].data)
            if left < 0:
                raise KnowledgeError(
                    f"{folder} was not read: its files are larger than {KNOWLEDGE_FOLDER // MB:,} MB together.",
                    "Put lists of indicators into feeds: phone-audit db import.",
                )
    return files


def read_data(path: Path) -> bytes:
    """Return the bytes of one knowledge file, as UTF-8.

    Raises:
        KnowledgeError: it cannot be read, or is larger than any.
    """
    try:
        with open_knowledge(path) as file:
            return as_utf8(read_bounded(file, KNOWLEDGE.size))
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror}.") from error
    except BoundsError as error:
        raise KnowledgeError(f"{path} was not read: {error}, which no knowledge file is.") from error


def digest_of(files: Iterable[DataFile], feeds: Sequence[str] = ()) -> str:
    """Return the SHA-256 over kind, name, length and bytes of the files, folder by folder, and the hashes of feeds."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.folder}/{file.name}\0{len(file.data)}\0".encode("utf-8", "surrogateescape"))
        total.update(file.data)
    for digest in feeds:
        total.update(f"feed {digest}\0".encode())
    return total.hexdigest()


def parse(kind: Kind[Any], file: DataFile) -> FactFile:
    """Return the entries of a file, and the sources at its head; a file of one entry has none there.

    Raises:
        KnowledgeError: it breaks the schema; names file, entry and field.
    """
    try:
        return read_file(kind, file)
    except SchemaError as error:
        raise KnowledgeError(str(error.problems[0]), "See docs/knowledge.md for what each field takes.") from error


class SchemaError(ValueError):
    """A file breaks its schema; `problems` names the first fault of each entry, at least one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


def _read_whole(model: type[Model], file: DataFile) -> Model:
    """Parse a file. Raises SchemaError where it breaks the schema."""
    if file.path.parent.parent == BUNDLED:  # nobody else wrote it; a fault in it is told like any other below
        with contextlib.suppress(ValidationError):
            return read_own(model, file.data)
    try:
        values = parse_unicode(checked(file.data, KNOWLEDGE))
    except (BoundsError, JsonError) as error:
        raise SchemaError([Problem(file.shown, "file", "whole entry", str(error))]) from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SchemaError(list(islice(_problems(model, file, values, error), _MOST_PROBLEMS))) from error


def read_file(kind: Kind[Any], file: DataFile) -> FactFile:
    """Return what `parse` does. Raises SchemaError where it breaks the schema."""
    if kind.in_lists:
        return _read_whole(kind.list_file, file)
    return FactFile.model_construct(sources=(), entries=(_read_whole(kind.entry, file),))


_MOST_PROBLEMS = 1000


def _problems(model: type[Model], file: DataFile, values: Any, error: ValidationError) -> Iterator[Problem]:
    """Yield the faults in the words of whoever edits that file: a list stops at its first one, entries do not."""
    in_entries = False
    for line in error.errors():
        if line["loc"][:1] == ("entries",) and len(line["loc"]) > 1:
            in_entries = True
        else:
            yield _problem(file, values, line["loc"], line)
    if in_entries:
        kind = TypeAdapter(get_args(model.model_fields["entries"].annotation)[0])
        for number, entry in enumerate(values["entries"]):
            try:
                kind.validate_python(entry)
            except ValidationError as inner:
                for line in inner.errors():
                    yield _problem(file, values, ("entries", number, *line["loc"]), line)


def _problem(file: DataFile, values: Any, location: Sequence[int | str], line: ErrorDetails) -> Problem:
    return Problem(file.shown, *_place(values, location), _reason(line))


def _place(document: Any, location: Sequence[int | str]) -> tuple[str, str]:
    """Turn a place in the JSON into the id of the entry and the field inside it."""
    steps = list(location)
    entry = "file"
    try:
        if len(steps) > 1 and steps[0] == "entries" and isinstance(steps[1], int):
            entry, document, steps = f"entry {steps[1]}", document["entries"][steps[1]], steps[2:]
        entry = str(document.get("id") or document.get("host") or entry)[:80]
    except (LookupError, AttributeError):
        pass  # another shape: the file is all that can be named
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:60]}" for step in steps).lstrip(".")
    return entry, field or "whole entry"


def _reason(line: ErrorDetails) -> str:
    if line["type"] == "extra_forbidden":
        return "there is no such field; remove it or correct its name"
    if line["type"] == "missing":
        return "missing; add this field"
    return f"{line['msg'].removeprefix('Value error, ')}, found {short_repr(line['input'])}"
