"""Text to tokens, and words to their parts: quotes, parameters, substitutions, here-documents.

Source: POSIX.1-2017, Shell Command Language, sections 2.2 to 2.7.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from phone_audit.simulated.userland.escapes import unescape
from phone_audit.simulated.userland.syntax import Arithmetic, Parameter, Part, Script, Substitution, Text, Word

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[?#@*$!0-9-]")
_REDIRECT = re.compile(r"([0-9]?)(<<-?|<|>>|>&|>)")
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()]")
_EXPANSION = re.compile(r"%%|##|:-|:\+|[%#+-]")
_ESCAPED = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_DEEPEST = 20
_META = " \t\n;&|<>()"


class ShellSyntaxError(Exception):
    """The text is no program, or one that this small shell does not understand; the message is what the shell says."""


@dataclass(frozen=True)
class Token:
    """A word, an operator, a redirection sign, a line end, or the end of the text.

    `text` is the operator, or the word itself where nothing in it is quoted or expanded.
    """

    kind: Literal["word", "operator", "redirect", "newline", "end"]
    text: str = ""
    word: Word = ()
    descriptor: int = 0


class Lexer:
    """Cuts a program into tokens.

    Args:
        text: the program.
        at: where to start in it.
        depth: how deeply what stands there is nested.
        parse_inner: parses the program in a `$(` that begins at a position, nested one deeper than `depth`; returns
            it and the position after its `)`.
    """

    def __init__(self, text: str, at: int, depth: int, parse_inner: Callable[[str, int], tuple[Script, int]]) -> None:
        self.text = text
        self.at = at
        self.depth = depth
        self._parse_inner = parse_inner
        self._heredoc: tuple[int, int] | None = None  # the line end after which bodies stand, and where they end

    def next(self) -> Token:
        """Return the next token.

        Raises:
            ShellSyntaxError: a quote or a bracket has no end.
        """
        self._skip_blanks()
        if self.at >= len(self.text):
            return Token("end")
        if self.text[self.at] == "\n":
            at = self.at
            self.at += 1
            if self._heredoc is not None and self._heredoc[0] == at:
                self.at, self._heredoc = self._heredoc[1], None
            return Token("newline", "\n")
        if found := _REDIRECT.match(self.text, self.at):
            self.at = found.end()
            usual = "0" if found[2].startswith("<") else "1"
            return Token("redirect", found[2], descriptor=int(found[1] or usual))
        if found := _OPERATOR.match(self.text, self.at):
            self.at = found.end()
            return Token("operator", found[0])
        return self._word_token()

    def heredoc(self, delimiter: Word, *, strip_tabs: bool) -> Word:
        """Return the text that belongs to a `<<` on the present line; `next` then jumps over it."""
        end_line = "".join(part.text for part in delimiter if isinstance(part, Text))
        if self._heredoc is None:
            newline = self.text.find("\n", self.at)
            self._heredoc = (newline if newline >= 0 else len(self.text),) * 2
            start = self._heredoc[0] + 1
        else:
            start = self._heredoc[1]
        lines = []
        while start < len(self.text):
            line, _, _ = self.text[start:].partition("\n")
            start += len(line) + 1
            line = line.lstrip("\t") if strip_tabs else line
            if line == end_line:
                break
            lines.append(line + "\n")
        self._heredoc = (self._heredoc[0], min(start, len(self.text)))
        body = "".join(lines)
        if any(isinstance(part, Text) and part.quoted for part in delimiter):
            return (Text(body, quoted=True),)
        return Lexer(body, 0, self.depth, self._parse_inner).quoted_until("")

    def quoted_until(self, end: str) -> Word:
        """Read text as it stands between double quotes, up to `end` or, where that is empty, to the end of it all."""
        parts: list[Part] = []
        plain = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == end:
                break
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", "\\", "\n", end or "$"):
                plain += "" if self.text[self.at + 1] == "\n" else self.text[self.at + 1]
                self.at += 2
            elif char in "$`":
                parts += [Text(plain, quoted=True)] if plain else []
                plain = ""
                parts.append(self._expansion(quoted=True))
            else:
                plain += char
                self.at += 1
        else:
            if end:
                raise ShellSyntaxError("no closing quote")
        self.at += len(end)
        if plain or not parts:
            parts.append(Text(plain, quoted=True))
        return tuple(parts)

    def _skip_blanks(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in " \t":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] == "#":
                line_end = self.text.find("\n", self.at)
                self.at = line_end if line_end >= 0 else len(self.text)
            else:
                return

    def _word_token(self) -> Token:
        word = self._word(_META)
        only = word[0] if len(word) == 1 else None
        return Token("word", only.text if isinstance(only, Text) and not only.quoted else "", word)

    def _word(self, stops: str) -> Word:
        """Read a word up to one of the characters that end it."""
        parts: list[Part] = []
        plain = ""
        while self.at < len(self.text) and self.text[self.at] not in stops:
            char = self.text[self.at]
            if char not in "'\"\\$`":
                plain += char
                self.at += 1
                continue
            if plain:
                parts.append(Text(plain, quoted=False))
                plain = ""
            parts += self._quoted_or_expanded(char)
        if plain:
            parts.append(Text(plain, quoted=False))
        return tuple(parts)

    def _quoted_or_expanded(self, char: str) -> Word:
        if found := _ESCAPED.match(self.text, self.at):
            self.at = found.end()
            return (Text(unescape(found[1]), quoted=True),)
        if char in "$`":
            return (self._expansion(quoted=False),)
        self.at += 1
        if char == '"':
            return self.quoted_until('"')
        if char == "\\":
            escaped = self.text[self.at : self.at + 1]
            self.at += 1
            return () if escaped == "\n" else (Text(escaped or "\\", quoted=True),)
        end = self.text.find("'", self.at)
        if end < 0:
            raise ShellSyntaxError("no closing quote")
        text = self.text[self.at : end]
        self.at = end + 1
        return (Text(text, quoted=True),)

    def enter(self) -> None:
        """Count that what follows is nested one deeper.

        Raises:
            ShellSyntaxError: too deeply.
        """
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ShellSyntaxError("syntax error: nested too deeply")

    def _expansion(self, *, quoted: bool) -> Part:
        self.enter()
        part = self._expanded(quoted=quoted)
        self.depth -= 1
        return part

    def _expanded(self, *, quoted: bool) -> Part:
        if self.text[self.at] == "`":
            return self._backticks(quoted=quoted)
        if self.text.startswith("$((", self.at):
            return self._arithmetic(quoted=quoted)
        if self.text.startswith("$(", self.at):
            body, self.at = self._parse_inner(self.text, self.at + 2)
            return Substitution(body, quoted)
        if self.text.startswith("${", self.at):
            self.at += 2
            return self._braces(quoted=quoted)
        found = _NAME.match(self.text, self.at + 1)
        if found is None:
            self.at += 1
            return Text("$", quoted=True)
        self.at = found.end()
        return Parameter(found[0], quoted)

    def _backticks(self, *, quoted: bool) -> Substitution:
        found = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL).match(self.text, self.at)
        if found is None:
            raise ShellSyntaxError("no closing quote")
        self.at = found.end()
        body, _ = self._parse_inner(re.sub(r"\\([$`\\])", r"\1", found[1]) + ")", 0)
        return Substitution(body, quoted)

    def _arithmetic(self, *, quoted: bool) -> Arithmetic:
        start, depth, at = self.at + 3, 2, self.at + 3
        while depth and at < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            at += 1
        if depth or self.text[at - 2 : at] != "))":
            raise ShellSyntaxError("syntax error: missing '))'")
        expression = Lexer(self.text[start : at - 2], 0, self.depth, self._parse_inner).quoted_until("")
        self.at = at
        return Arithmetic(expression, quoted)

    def _braces(self, *, quoted: bool) -> Parameter:
        length = self.text.startswith("#", self.at) and not self.text.startswith("#}", self.at)
        self.at += length
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise ShellSyntaxError("bad substitution")
        self.at = name.end()
        operator = _EXPANSION.match(self.text, self.at)
        word: Word = ()
        if operator is not None and not length:
            self.at = operator.end()
            word = self._word("}")
        if not self.text.startswith("}", self.at):
            raise ShellSyntaxError("bad substitution")
        self.at += 1
        return Parameter(name[0], quoted, operator[0] if operator and not length else "", word, length)
