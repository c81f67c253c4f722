"""Names say what things are: the words that docs/glossary.md retired stay out of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
KINDS: Final = ("files", "classes", "functions")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def retired() -> Iterator[tuple[str, str]]:
    """Yield each kind of name and a word that it may not hold, as the table of the glossary says."""
    table = (ROOT / "docs" / "glossary.md").read_text("utf-8").partition("| words | files |")[2]
    for row in table.splitlines()[2:]:
        words, *marks = [cell.strip() for cell in row.strip("|").split("|")]
        for kind, mark in zip(KINDS, marks, strict=False):
            if mark:
                yield from ((kind, word) for word in words.split(", "))


def names_in(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the names of a kind in the package, and where they stand."""
    for path in sorted((ROOT / "phone_audit").rglob("*.py")):
        place = path.relative_to(ROOT)
        if kind == "files":
            yield from ((part, str(place)) for part in (*place.parts[1:-1], path.stem))
            continue
        wanted = ast.ClassDef if kind == "classes" else (ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, wanted):
                yield node.name, f"{place}:{node.lineno}"


def words_of(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def test_words_of_a_name() -> None:
    assert words_of("_ToldOnce") == {"told", "once"}
    assert words_of("read_DEX_prints2") == {"read", "dex", "prints"}
    assert ("classes", "told") in set(retired())
    assert ("functions", "told") not in set(retired())


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_uses_a_retired_word(kind: str) -> None:
    words = {word for named, word in retired() if named == kind}
    assert words
    faults = [f"{place}: {name}" for name, place in names_in(kind) if words & words_of(name)]
    assert faults == []
