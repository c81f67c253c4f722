"""STIX 2.1 patterns (OASIS STIX 2.1, section 9) taken apart into their comparisons.

Damaged patterns raise PatternError. What a comparison proves alone is the caller's to judge: `joint` tells whether the
pattern asks for something else besides.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from phone_audit.files.short_repr import short_repr

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<time>t'[^']*') | (?P<string>'(?:[^'\\]|\\.)*') | (?P<punct>[][(),])
    | (?P<op>==|=|!=|<>|<=|>=|<|>)
    | (?P<path>[A-Za-z][\w-]*:[A-Za-z_](?:[\w.-]|'[^']*'|\[(?:\d+|\*|'[^']*')\])*)
    | (?P<word>[A-Za-z]+) | (?P<number>-?\d+(?:\.\d+)?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS: Final = ("FOLLOWEDBY", "OR", "AND")
"""Loosest first. Observations and comparisons use the same words; in both, AND binds closer than OR."""
_WORDS: Final = ("IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET")
_DEEPEST: Final = 40


class PatternError(ValueError):
    """A pattern cannot be read; the message is a sentence without a full stop."""


@dataclass(frozen=True)
class Comparison:
    """One comparison: an object path, an operator in capitals, its values.

    `joint`: the pattern asks for something else too. `negated`: it asks that this is not so.
    """

    path: str
    operator: str
    values: tuple[str, ...]
    joint: bool = False
    negated: bool = False


def comparisons(pattern: str) -> list[Comparison]:
    r"""Return the comparisons of a pattern in order. Raises a PatternError where it is no STIX pattern.

    Example:
        >>> [part.values for part in comparisons(r"[url:value = 'http://a/?q=\'x\''] OR [app:id IN ('a.b', 'c.d')]")]
        [("http://a/?q='x'",), ('a.b', 'c.d')]
    """
    reader = _Reader(_tokens(pattern))
    found = reader.level(0, 0)
    if reader.rest():
        raise PatternError(f"nothing may follow after {reader.place()}")
    return found


def _tokens(pattern: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    text = pattern.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise PatternError(f"{short_repr(text[place : place + 20])} is no part of a STIX pattern")
        place = found.end()
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
    return tokens


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def rest(self) -> bool:
        return self._at < len(self._tokens)

    def place(self) -> str:
        return short_repr(self._tokens[self._at - 1][1]) if self._at else "the beginning"

    def level(self, number: int, depth: int) -> list[Comparison]:
        """Read operands joined by one operator, the tighter operators first."""
        if depth > _DEEPEST:
            raise PatternError("the pattern is nested too deeply")
        if number == len(_LEVELS):
            return self._operand(depth + 1)
        parts = [self.level(number + 1, depth)]
        while self._is(_LEVELS[number]):
            self._at += 1
            parts.append(self.level(number + 1, depth))
        joint = len(parts) > 1 and _LEVELS[number] != "OR"
        return [replace(item, joint=item.joint or joint) for part in parts for item in part]

    def _operand(self, depth: int) -> list[Comparison]:
        for opening, closing in (("[", "]"), ("(", ")")):
            if self._is(opening):
                self._at += 1
                found = self.level(0, depth)
                self._want(closing)
                self._qualifiers()
                return found
        return [self._comparison()]

    def _comparison(self) -> Comparison:
        negated = self._word("NOT")
        exists = self._word("EXISTS")
        path = self._take("path", "an object path such as file:name")
        if exists:
            return Comparison(path, "EXISTS", (), negated=negated)
        negated = self._word("NOT") or negated
        kind, operator = self._next("an operator")
        operator = operator.upper()
        if kind != "op" and operator not in _WORDS:
            raise PatternError(f"{short_repr(operator)} is no operator")
        values = self._set() if operator == "IN" else (self._value(),)
        return Comparison(path, "=" if operator == "==" else operator, values, negated=negated)

    def _set(self) -> tuple[str, ...]:
        self._want("(")
        values = [self._value()]
        while self._is(","):
            self._at += 1
            values.append(self._value())
        self._want(")")
        return tuple(values)

    def _value(self) -> str:
        kind, text = self._next("a value")
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind in ("number", "word", "time"):
            return text
        raise PatternError(f"{short_repr(text)} is no value")

    def _qualifiers(self) -> None:
        """Pass over WITHIN 5 SECONDS, REPEATS 2 TIMES, START t'…' STOP t'…'."""
        while self._word("WITHIN") or self._word("REPEATS") or self._word("START") or self._word("STOP"):
            self._value()
            _ = self._word("SECONDS") or self._word("TIMES")

    def _is(self, text: str) -> bool:
        return self.rest() and self._tokens[self._at][0] in ("punct", "word") and self._upper() == text

    def _upper(self) -> str:
        return self._tokens[self._at][1].upper()

    def _word(self, text: str) -> bool:
        found = self._is(text)
        self._at += found
        return found

    def _want(self, text: str) -> None:
        if not self._word(text):
            raise PatternError(f"{short_repr(text)} is missing after {self.place()}")

    def _take(self, kind: str, what: str) -> str:
        got, text = self._next(what)
        if got != kind:
            raise PatternError(f"{short_repr(text)} stands where {what} belongs")
        return text

    def _next(self, what: str) -> tuple[str, str]:
        if not self.rest():
            raise PatternError(f"the pattern ends where {what} belongs")
        self._at += 1
        return self._tokens[self._at - 1]
