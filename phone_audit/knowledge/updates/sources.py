"""`sources.json`: what a user wants to have fetched, from where, and by what it is known to be genuine."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from phone_audit.errors import KnowledgeError
from phone_audit.files.bounded_json import CheckedJson, JsonError, read_checked
from phone_audit.files.bounds import OWN_LIST, BoundsError
from phone_audit.files.open_regular import open_regular
from phone_audit.knowledge.feeds.formats import FORMATS
from phone_audit.knowledge.feeds.indicator import ThreatClass
from phone_audit.knowledge.files import Problem
from phone_audit.knowledge.updates.generations import SOURCE_ID
from phone_audit.knowledge.updates.minisign import read_public_key
from phone_audit.model.base import Frozen, parse_unicode

NAME: Final = "sources.json"
"""The file in the user's knowledge folder."""
BUNDLE: Final = "knowledge"
"""The format of a ZIP that holds a knowledge folder."""


def checked_url(url: str) -> str:
    """Return a URL back that may be fetched.

    Raises:
        ValueError: it is none, is not https, or holds what does not belong there.
    """
    if re.search(r"[^\x21-\x7e]|\\", url):
        raise ValueError("it holds a character that no URL has; write it with % and digits, the host in its xn-- form")
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise ValueError("it has to begin with https://")
    if not parts.hostname or parts.port == 0:
        raise ValueError("it names no host")
    if parts.username is not None or parts.fragment:
        raise ValueError("it may hold no user, no password and no #")
    return url


def _checked_key(text: str) -> str:
    read_public_key(text)
    return text


def _checked_format(text: str) -> str:
    if text != BUNDLE and text not in FORMATS:
        raise ValueError(f"there is no such format; formats: {BUNDLE}, {', '.join(FORMATS)}")
    return text


Url = Annotated[str, AfterValidator(checked_url)]


class MinisignProof(Frozen):
    """The key that signs a source, where the signature of its content lies, and the name under which it is signed.

    One key may sign several sources: the name, which is signed too, tells them apart. Where none is given it is the
    last part of the source's URL.
    """

    public_key: Annotated[str, AfterValidator(_checked_key)]
    signature_url: Url
    name: Annotated[str, Field(pattern=r"^[^\t\r\n]{1,200}$")] | None = None


class UpdateSource(Frozen):
    """One source. It is genuine by its hash or by its signature; one of the two has to be there.

    `largest_mb` is the most that is fetched. `title`, `publisher`, `licence` and `class` are said of a feed.
    """

    id: Annotated[str, Field(pattern=SOURCE_ID, max_length=60)]
    url: Url
    format: Annotated[str, AfterValidator(_checked_format)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    minisign: MinisignProof | None = None
    title: str = ""
    publisher: str = ""
    licence: str = ""
    class_: ThreatClass | None = None
    largest_mb: Annotated[int, Field(ge=1, le=256)] = 64

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.sha256 is None) == (self.minisign is None):
            raise ValueError("either sha256 or minisign has to be there, and not both")
        if self.minisign is not None and not self.signed_name:
            raise ValueError("the URL ends with no name, so minisign has to have the name under which it is signed")
        return self

    @property
    def signed_name(self) -> str:
        """The name that its signature has to state; empty where there is none."""
        if self.minisign is not None and self.minisign.name is not None:
            return self.minisign.name
        return unquote(urlsplit(self.url).path.rpartition("/")[2])


@dataclass(frozen=True)
class SourceList:
    """What the file lists: sources, and the entries that cannot be used with what is wrong.

    `names_all` tells whether every entry has an id: only then can it be told that a source is no longer listed.
    """

    sources: tuple[UpdateSource, ...]
    problems: tuple[Problem, ...]
    names: frozenset[str]
    names_all: bool


def read_sources(own: Path) -> SourceList:
    """Read the sources of a knowledge folder. One bad entry costs that entry.

    Raises:
        KnowledgeError: there is no such file, or it is none at all.
    """
    path = own / NAME
    try:
        with open_regular(path) as file:
            text = read_checked(file, OWN_LIST)
    except FileNotFoundError:
        raise KnowledgeError(
            f"There is no {path}.", "List there what you want to have fetched; docs/lists.md has an example."
        ) from None
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror}.", "Check your rights.") from error
    except BoundsError as error:
        raise KnowledgeError(f"{path} was not read: {error}.", "List fewer sources.") from error
    return _read(path, text)


def _read(path: Path, text: CheckedJson) -> SourceList:
    try:
        document = parse_unicode(text)
    except JsonError as error:
        raise KnowledgeError(f"{path}: {error}.", "Correct it; docs/lists.md has an example.") from error
    if not isinstance(document, dict) or document.keys() != {"sources"} or not isinstance(document["sources"], list):
        raise KnowledgeError(f'{path}: it has to be {{"sources": [...]}}.', "docs/lists.md has an example.")
    found: dict[str, UpdateSource] = {}
    problems: list[Problem] = []
    names = [entry.get("id") if isinstance(entry, dict) else None for entry in document["sources"]]
    times = Counter(name for name in names if isinstance(name, str))
    for place, (name, entry) in enumerate(zip(names, document["sources"], strict=True)):
        shown = name[:60] if isinstance(name, str) else f"sources[{place}]"
        if isinstance(name, str) and times[name] > 1:
            problems.append(Problem(NAME, shown, "id", f"stands {times[name]} times; keep one of them"))
            continue
        try:
            source = UpdateSource.model_validate(entry)
            found[source.id] = source
        except ValidationError as error:
            problems += _problems(shown, error)
    problems += _signed_alike(found)
    told = frozenset(name for name in names if isinstance(name, str))
    return SourceList(
        tuple(found[name] for name in sorted(found)),
        tuple(dict.fromkeys(problems)),
        told,
        all(isinstance(name, str) for name in names),
    )


def _signed_alike(found: dict[str, UpdateSource]) -> list[Problem]:
    """Take out the sources whose contents could be exchanged: one key signs them under one name."""
    same: dict[tuple[bytes, str], list[str]] = {}
    for source in found.values():
        if source.minisign is not None:
            key = read_public_key(source.minisign.public_key).raw
            same.setdefault((key, source.signed_name), []).append(source.id)
    problems = []
    for ids in same.values():
        for name in ids if len(ids) > 1 else ():
            others = ", ".join(other for other in ids if other != name)
            text = f"the same key signs {others} under the same name, so one could be served for the other"
            problems.append(Problem(NAME, name, "minisign.name", text))
            del found[name]
    return problems


def _problems(shown: str, error: ValidationError) -> list[Problem]:
    words = {"missing": "missing; add this field", "extra_forbidden": "there is no such field; correct its name"}
    problems = []
    for line in error.errors():
        field = ".".join(map(str, line["loc"])) or "whole entry"
        problems.append(Problem(NAME, shown, field, words.get(line["type"], line["msg"].removeprefix("Value error, "))))
    return problems
