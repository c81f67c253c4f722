"""Words to fields: parameters, substitutions, splitting, and names matched by patterns.

Source: POSIX.1-2017, Shell Command Language, section 2.6.
"""

import ast
import fnmatch
import operator
from collections.abc import Callable, Iterator
from typing import Protocol

from phone_audit.simulated.tree import Tree
from phone_audit.simulated.userland.lexer import ShellSyntaxError
from phone_audit.simulated.userland.syntax import Parameter, Part, Script, Substitution, Text, Word

Piece = tuple[str, bool]
"""Text, and whether it was quoted."""

_BLANK = " \t\n"
_ARGUMENT = 128  # characters that one of many arguments counts for
_LONGEST_CUT = 4096  # every length is tried against the pattern
_LIMIT = 1 << 63
_CALCULATE: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    ast.Mod: lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class State(Protocol):
    """What expansion needs of the shell."""

    tree: Tree
    folder: str
    arguments: tuple[str, ...]

    def value(self, name: str) -> str | None:
        """Return a parameter's value, None where it is not set."""

    def charge(self, characters: int) -> None:
        """Count text that expansion made."""

    def capture(self, body: Script) -> str:
        """Return what a program prints, without the line ends at its end."""


def fields(words: tuple[Word, ...], state: State) -> list[str]:
    """Expand words to the arguments of a command."""
    return [name for word in words for field in _split(word, state) for name in _names(field, state)]


def text(word: Word, state: State) -> str:
    """Expand a word that is neither split nor matched: an assignment, a redirection, a here-document."""
    return "".join(_piece(part, state)[0] for part in word)


def pattern(word: Word, state: State) -> str:
    """Expand a word that is a pattern; its quoted parts match only themselves."""
    return _as_pattern([_piece(part, state) for part in word])


def matches(value: str, pattern_text: str) -> bool:
    """Tell whether a value as a whole fits a shell pattern."""
    return fnmatch.fnmatchcase(value, pattern_text)


def _as_pattern(pieces: list[Piece]) -> str:
    return "".join(_literal(piece) if quoted else piece for piece, quoted in pieces)


def _literal(plain: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in plain)


def _piece(part: Part, state: State) -> Piece:
    """Expand one part to text that is not split yet."""
    if isinstance(part, Text):
        made = part.text
    elif isinstance(part, Parameter):
        made = _parameter(part, state)
    elif isinstance(part, Substitution):
        made = state.capture(part.body)
    else:
        made = str(arithmetic(text(part.expression, state), state))
    state.charge(len(made))
    return made, part.quoted


def _parameter(part: Parameter, state: State) -> str:
    value = " ".join(state.arguments) if part.name in "@*" else state.value(part.name)
    if part.length:
        return str(len(value or ""))
    if part.operator in (":-", "-", ":+", "+"):
        is_set = value is not None and (value != "" or not part.operator.startswith(":"))
        if part.operator.endswith("-"):
            return value if is_set and value is not None else text(part.word, state)
        return text(part.word, state) if is_set else ""
    if part.operator:
        return _cut(value or "", part.operator, pattern(part.word, state))
    return value or ""


def _cut(value: str, sign: str, pattern_text: str) -> str:
    """Cut what a pattern matches from the front (`#`) or the end (`%`): the shortest, or doubled the longest."""
    if len(value) > _LONGEST_CUT:
        raise ShellSyntaxError("bad substitution")
    lengths = range(len(value) + 1) if len(sign) == 1 else range(len(value), -1, -1)
    for length in lengths:
        if sign[0] == "#" and matches(value[:length], pattern_text):
            return value[length:]
        if sign[0] == "%" and matches(value[len(value) - length :], pattern_text):
            return value[: len(value) - length]
    return value


def _split(word: Word, state: State) -> Iterator[list[Piece]]:
    """Cut a word into fields at the separators in what was expanded without quotes."""
    separators = state.value("IFS")
    field: list[Piece] | None = None
    for part in word:
        if isinstance(part, Parameter) and part.name == "@" and part.quoted and not part.operator:
            for number, argument in enumerate(state.arguments):
                if number and field is not None:
                    yield field
                    field = None
                state.charge(len(argument) + _ARGUMENT)
                field = [*(field or []), (argument, True)]
            continue
        piece, quoted = _piece(part, state)
        if quoted or isinstance(part, Text):
            field = [*(field or []), (piece, quoted)]
            continue
        for number, cut in enumerate(cut_fields(piece, _BLANK if separators is None else separators)):
            if number and field is not None:
                yield field
                field = None
            if cut is not None:
                field = [*(field or []), (cut, False)]
    if field is not None:
        yield field


def cut_fields(value: str, separators: str) -> list[str | None]:
    r"""Cut at separators. None stands at an end where blanks cut the value off from its neighbours.

    Example:
        >>> cut_fields(" a  b", " \t\n")
        [None, 'a', 'b']
    """
    if not separators:
        return [value] if value else []
    blanks = "".join(char for char in separators if char in _BLANK)
    cuts: list[str | None] = [None] if value[:1] in tuple(blanks) else []
    rest = value.lstrip(blanks) if blanks else value
    while rest:
        end = next((at for at, char in enumerate(rest) if char in separators), len(rest))
        cuts.append(rest[:end])
        tail = rest[end:].lstrip(blanks) if blanks else rest[end:]
        if tail[:1] and tail[0] in separators and tail[0] not in blanks:
            tail = tail[1:].lstrip(blanks) if blanks else tail[1:]
        if end < len(rest) and not tail:
            cuts.append(None)
        rest = tail
    return cuts


def _names(field: list[Piece], state: State) -> list[str]:
    """Replace a pattern by the sorted paths that fit it; what fits nothing stays as it is."""
    plain = "".join(piece for piece, _ in field)
    if not any(char in piece for piece, quoted in field if not quoted for char in "*?["):
        return [plain]
    found = [""]
    steps = _as_pattern(field).split("/")
    for number, step in enumerate(steps):
        found = [path for base in found for path in _step(base, step, number, state)]
    return sorted(path for path in found if _exists(path, state)) or [plain]


def _step(base: str, step: str, number: int, state: State) -> list[str]:
    joined = f"{base}/" if number else base
    if not any(char in step for char in "*?["):
        return [joined + step]
    where = f"{state.folder}/{joined}" if not joined.startswith("/") else joined
    try:
        names = state.tree.names(where)
    except OSError:
        return []
    return [joined + name for name in names if matches(name, step) and (step.startswith(".") or name[0] != ".")]


def _exists(path: str, state: State) -> bool:
    try:
        state.tree.find(path if path.startswith("/") else f"{state.folder}/{path}", follow=False)
    except OSError:
        return False
    return True


def arithmetic(expression: str, state: State) -> int:
    """Calculate `$((...))`: whole numbers, parameters, + - * / %, comparisons, brackets.

    Raises:
        ShellSyntaxError: it is something else, or divides by zero.
    """
    try:
        tree = ast.parse(expression.strip().replace("/", "//") or "0", mode="eval")
        return _calculate(tree.body, state)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError) as error:
        raise ShellSyntaxError(f"{expression}: bad number") from error


def _calculate(node: ast.expr, state: State) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value % _LIMIT
    if isinstance(node, ast.Name):
        return int(state.value(node.id) or "0")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_calculate(node.operand, state)
    if isinstance(node, ast.BinOp) and type(node.op) in _CALCULATE:
        number = _CALCULATE[type(node.op)](_calculate(node.left, state), _calculate(node.right, state))
        return (number + _LIMIT) % (2 * _LIMIT) - _LIMIT
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _CALCULATE:
        return int(_CALCULATE[type(node.ops[0])](_calculate(node.left, state), _calculate(node.comparators[0], state)))
    raise ValueError
