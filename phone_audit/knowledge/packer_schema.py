"""The schema of packers and protectors: what hides code from whoever reads a package, and how it is recognised."""

from typing import Literal

from phone_audit.knowledge.fact_schema import FactSource
from phone_audit.model.base import Frozen

Hides = Literal["code", "parts"]
"""`code`: what stands in the DEX files only unpacks the real code. `parts`: strings, single classes or methods."""


class PackerFact(Frozen):
    """A packer or protector.

    `files` are names of entries, each of them enough alone: without a slash the last part of a path (`libjiagu.so`),
    with one the path from the root of the package (`assets/ijiami.dat`), with one at its end a folder; `*` stands for
    any letters but a slash. Of `weak_files`, which other software has too, two are needed. `classes` are prefixes of
    class names in Java form, as those of trackers; the class has to be defined in the package.

    Each self-test is a path (with a slash), a class name, or several paths joined by ` + `.
    """

    id: str
    name: str
    owner: str | None
    hides: Hides
    files: tuple[str, ...]
    weak_files: tuple[str, ...]
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    matches: tuple[str, ...]
    ignores: tuple[str, ...]


class PackerFile(Frozen):
    """A file of the folder `packers/`."""

    sources: tuple[FactSource, ...]
    entries: tuple[PackerFact, ...]
