"""Where an address may be in a package, and what becomes of it there."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from phone_audit.apk.dex.class_tree import Defined, Member
from phone_audit.model.apk import AddressUse
from phone_audit.model.finding import Evidence


class RegisterNode(NamedTuple):
    """A register that holds it, from one instruction of a method on.

    `entry` is the register in which the method was handed it; -1 where it came in another way. With `for_others` it is
    held by an Intent that was made for other apps alone; `came_for_others` tells that of what the method was handed.
    """

    part: int
    row: int
    at: int
    register: int
    entry: int = -1
    for_others: bool = False
    came_for_others: bool = False

    def begin(self) -> "RegisterNode":
        """Return where the method was handed it."""
        return RegisterNode(self.part, self.row, 0, self.entry, self.entry, self.came_for_others, self.came_for_others)


class FieldNode(NamedTuple):
    """A field that holds it, of whatever object.

    It `begins` with it where that is the first value of a static field: compilers write such constants into the code
    that uses them, and leave the field. With `took_in` an object that the field held before took it in.
    """

    field: Member
    begins: bool = False
    took_in: bool = False


class ResultNode(NamedTuple):
    """A method that gives it back, to whoever calls it."""

    method: Defined


READ_OUT: Final = "read-out"
"""Marks a message that other code reads out: no rule takes it out, unless it is a sentence for people."""


class Spot(NamedTuple):
    """A string of a DEX file: the file, and the offset of its string_data_item in bytes."""

    where: str
    offset: int


class TextUse(NamedTuple):
    """What becomes of a text, and what decided that.

    `rule` is the rule of the knowledge that takes it out, or `READ_OUT`, where nothing else happens to it. `runs`:
    something was seen to start the code that decided. `is_open`: it is not settled whether anything else becomes of it.
    `is_cut`: more places wait to be looked at than a short look takes.
    """

    use: AddressUse
    evidence: Evidence | None
    rule: str | None = None
    runs: bool = True
    is_open: bool = False
    is_cut: bool = False


Node = RegisterNode | FieldNode | ResultNode


class Ending(NamedTuple):
    """What becomes of it at one instruction: the use, and what was called there or why it could not be told.

    `unit` is the code unit of the instruction; the place is unknown where `part` is -1. `rule` takes a text out with
    which nothing else happens. `runs`: something was seen to start the method that it is in, as far as that was asked.
    """

    use: AddressUse
    what: str
    part: int = -1
    row: int = -1
    unit: int = -1
    rule: str | None = None
    runs: bool = True


class Argument(NamedTuple):
    """A call that hands it to a method of the package: where it is there, and where it is again if it comes back."""

    entry: RegisterNode
    back: RegisterNode | None


@dataclass
class Reach:
    """What one node leads to at once."""

    endings: list[Ending] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    handed: list[Argument] = field(default_factory=list)
    comes_back: bool = False
