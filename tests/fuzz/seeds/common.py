"""What the files beside this one share: where the fixtures lie, and recipes in front of an input."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.fuzz.expansion import Recipe

ROOT: Final = Path(__file__).resolve().parents[3]
FIXTURES: Final = ROOT / "fixtures"
MANIFESTS: Final = FIXTURES / "manifests"
LONGEST: Final = 12_000
"""Bytes of one input."""
Inputs = Iterator[tuple[str, bytes]]
"""Name of a file, and what it holds."""


def grown(data: bytes, *recipe: int) -> bytes:
    """Put a recipe in front: operation, place, length, another number, count."""
    return Recipe(*recipe).encoded() + data
