"""What is wrong with an entry, said so that a person can repair it."""

from collections.abc import Callable
from dataclasses import dataclass


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
