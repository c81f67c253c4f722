"""The syntax tree of the shell's language. `parser` makes it, `words` and `shell` walk it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Text:
    """Text as it stands; quoted text is neither split nor a pattern."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Parameter:
    """`$name`, or `${name OP word}`; `length` for `${#name}`."""

    name: str
    quoted: bool
    operator: str = ""
    word: "Word" = ()
    length: bool = False


@dataclass(frozen=True)
class Substitution:
    """`$(...)` or backticks."""

    body: "Script"
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    """`$((...))`."""

    expression: "Word"
    quoted: bool


Part: TypeAlias = Text | Parameter | Substitution | Arithmetic
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True)
class Redirect:
    """A redirection of descriptor 0, 1 or 2. For `<<` the word is the text itself."""

    descriptor: int
    operator: Literal["<", ">", ">>", ">&", "<<"]
    word: Word


@dataclass(frozen=True)
class Simple:
    """Assignments, words and redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Group:
    """`{ ...; }`, or `( ... )` in a shell of its own."""

    body: "Script"
    subshell: bool
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class If:
    """`if`, with one arm for each `elif`."""

    arms: tuple[tuple["Script", "Script"], ...]
    otherwise: "Script"
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Loop:
    """`while`, or `until`."""

    condition: "Script"
    until: bool
    body: "Script"
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class For:
    """`for name in words`; without `in`, over the arguments."""

    name: str
    words: tuple[Word, ...] | None
    body: "Script"
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Case:
    """`case word in pattern|pattern) body;; esac`."""

    word: Word
    arms: tuple[tuple[tuple[Word, ...], "Script"], ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Function:
    """`name() body`."""

    name: str
    body: "Command"


Command: TypeAlias = Simple | Group | If | Loop | For | Case | Function


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by `|`; `negated` by a leading `!`."""

    commands: tuple[Command, ...]
    negated: bool


@dataclass(frozen=True)
class Chain:
    """A pipeline, then others, each after `&&` or `||`."""

    first: Pipeline
    rest: tuple[tuple[Literal["&&", "||"], Pipeline], ...]


Script: TypeAlias = tuple[Chain, ...]
