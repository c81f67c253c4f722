"""Tokens to syntax tree: the part of the POSIX shell's grammar that programs talking to a phone use.

Left out: commands in the background, aliases, descriptors above 2.
"""

import re
from collections.abc import Callable
from typing import Literal, cast

from phone_audit.simulated.userland.lexer import Lexer, ShellSyntaxError, Token
from phone_audit.simulated.userland.syntax import (
    Case,
    Chain,
    Command,
    For,
    Function,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Text,
    Word,
)

_ENDINGS = ("then", "elif", "else", "fi", "do", "done", "esac", "}")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse(text: str) -> Script:
    """Parse a program.

    Raises:
        ShellSyntaxError: it is none, or one that this small shell does not understand.
    """
    parser = _Parser(text, 0, 0)
    script = parser.script()
    if parser.token.kind != "end":
        raise parser.unexpected()
    return script


class _Parser:
    """Looks one token ahead. `depth` is how deeply the program is nested."""

    def __init__(self, text: str, at: int, depth: int) -> None:
        self.open: list[str] = []  # the words and brackets that still wait for their end
        self.lexer = Lexer(text, at, depth, self._inner)
        self.token = self.lexer.next()

    def _inner(self, text: str, at: int) -> tuple[Script, int]:
        """Parse what stands in `$(`; the position returned is the one after its `)`."""
        inner = _Parser(text, at, self.lexer.depth)
        script = inner.script()
        if not inner.at_operator(")"):
            raise ShellSyntaxError("syntax error: unmatched '('") if inner.token.kind == "end" else inner.unexpected()
        return script, inner.lexer.at

    # ----------------------------------------------------------------- tokens
    def advance(self) -> Token:
        """Return the present token and go to the next one."""
        token = self.token
        self.token = self.lexer.next()
        return token

    def at_operator(self, *texts: str) -> bool:
        """Tell whether the present token is one of these operators."""
        return self.token.kind == "operator" and self.token.text in texts

    def unexpected(self) -> ShellSyntaxError:
        """Return the error that the present token cannot stand here."""
        if self.token.kind == "end":
            return ShellSyntaxError(
                f"syntax error: unmatched '{self.open[-1]}'" if self.open else "syntax error: unexpected EOF"
            )
        shown = "newline" if self.token.kind == "newline" else self.token.text or "word"
        return ShellSyntaxError(f"syntax error: unexpected '{shown}'")

    def _expect(self, text: str) -> None:
        if self.token.kind not in ("word", "operator") or self.token.text != text:
            raise self.unexpected()
        self.advance()

    def _take(self, text: str) -> bool:
        if self.token.kind in ("word", "operator") and self.token.text == text:
            self.advance()
            return True
        return False

    def _newlines(self) -> None:
        while self.token.kind == "newline":
            self.advance()

    # ------------------------------------------------------------------ lists
    def script(self) -> Script:
        """Parse statements up to a word or sign that cannot begin one."""
        chains = []
        self._newlines()
        while not self._at_end():
            chains.append(self._chain())
            if self.at_operator("&"):
                raise ShellSyntaxError("syntax error: this phone runs nothing in the background")
            if self.token.kind != "newline" and not self.at_operator(";"):
                break
            self.advance()
            self._newlines()
        return tuple(chains)

    def _at_end(self) -> bool:
        if self.token.kind == "word":
            return self.token.text in _ENDINGS
        return self.token.kind == "end" or self.at_operator(")", ";;")

    def _body(self) -> Script:
        """Parse statements, at least one."""
        script = self.script()
        if not script:
            raise self.unexpected()
        return script

    def _chain(self) -> Chain:
        first, rest = self._pipeline(), []
        while self.at_operator("&&", "||"):
            operator = cast(Literal["&&", "||"], self.advance().text)
            self._newlines()
            rest.append((operator, self._pipeline()))
        return Chain(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = self._take("!")
        commands = [self._command()]
        while self.at_operator("|"):
            self.advance()
            self._newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # --------------------------------------------------------------- commands
    def _command(self) -> Command:
        self.lexer.enter()
        word = self.token.text if self.token.kind in ("word", "operator") else ""
        kinds: dict[str, Callable[[], Command]] = {
            "(": self._subshell, "{": self._group, "if": self._if, "while": self._loop, "until": self._loop,
            "for": self._for, "case": self._case,
        }  # fmt: skip
        if word in kinds:
            self.open.append(word)
        command = kinds.get(word, self._simple)()
        if word in kinds:
            self.open.pop()
        self.lexer.depth -= 1
        return command

    def _subshell(self) -> Group:
        self._expect("(")
        body = self._body()
        self._expect(")")
        return Group(body, True, self._redirects())

    def _group(self) -> Group:
        self._expect("{")
        body = self._body()
        self._expect("}")
        return Group(body, False, self._redirects())

    def _if(self) -> If:
        arms: list[tuple[Script, Script]] = []
        otherwise: Script = ()
        self._expect("if")
        while True:
            condition = self._body()
            self._expect("then")
            arms.append((condition, self._body()))
            if self._take("elif"):
                continue
            if self._take("else"):
                otherwise = self._body()
            self._expect("fi")
            return If(tuple(arms), otherwise, self._redirects())

    def _loop(self) -> Loop:
        until = self.advance().text == "until"
        condition = self._body()
        return Loop(condition, until, self._do(), self._redirects())

    def _do(self) -> Script:
        self._newlines()
        self._expect("do")
        body = self._body()
        self._expect("done")
        return body

    def _for(self) -> For:
        self.advance()
        name = self._name()
        self._newlines()
        words: tuple[Word, ...] | None = None
        if self._take("in"):
            listed = []
            while self.token.kind == "word":
                listed.append(self.advance().word)
            words = tuple(listed)
        if not self._take(";") and self.token.kind != "newline" and words is not None:
            raise self.unexpected()
        return For(name, words, self._do(), self._redirects())

    def _name(self) -> str:
        if self.token.kind != "word" or not _NAME.fullmatch(self.token.text):
            raise self.unexpected()
        return self.advance().text

    def _case(self) -> Case:
        self.advance()
        if self.token.kind != "word":
            raise self.unexpected()
        word, arms = self.advance().word, []
        self._newlines()
        self._expect("in")
        self._newlines()
        while not self._take("esac"):
            self._take("(")
            patterns = [self.advance().word]
            while self._take("|"):
                patterns.append(self.advance().word)
            self._expect(")")
            arms.append((tuple(patterns), self.script()))
            if not self._take(";;") and self.token.text != "esac":
                raise self.unexpected()
            self._newlines()
        return Case(word, tuple(arms), self._redirects())

    def _simple(self) -> Command:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            if self.token.kind == "redirect":
                redirects.append(self._redirect())
            elif self.token.kind == "word":
                token = self.advance()
                pair = _assignment(token.word) if not words else None
                if pair:
                    assignments.append(pair)
                else:
                    words.append(token.word)
                if len(words) == 1 and not assignments and token.text and self.at_operator("("):
                    return self._function(token.text)
            else:
                break
        if not (assignments or words or redirects):
            raise self.unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _function(self, name: str) -> Function:
        self._expect("(")
        self._expect(")")
        self._newlines()
        return Function(name, self._command())

    def _redirects(self) -> tuple[Redirect, ...]:
        redirects = []
        while self.token.kind == "redirect":
            redirects.append(self._redirect())
        return tuple(redirects)

    def _redirect(self) -> Redirect:
        sign = self.token
        if sign.descriptor > 2:
            raise ShellSyntaxError("syntax error: this phone knows the descriptors 0, 1 and 2")
        self.token = self.lexer.next()
        if self.token.kind != "word":
            raise self.unexpected()
        word = self.token.word
        if sign.text.startswith("<<"):
            word = self.lexer.heredoc(word, strip_tabs=sign.text == "<<-")
        self.advance()
        operator = "<<" if sign.text.startswith("<<") else sign.text
        return Redirect(sign.descriptor, cast(Literal["<", ">", ">>", ">&", "<<"], operator), word)


def _assignment(word: Word) -> tuple[str, Word] | None:
    """Cut `name=value`; the name must stand unquoted."""
    first = word[0] if word else None
    if not isinstance(first, Text) or first.quoted:
        return None
    found = _ASSIGNMENT.match(first.text)
    if found is None:
        return None
    rest = first.text[found.end() :]
    return found[1], ((Text(rest, quoted=False),) if rest else ()) + word[1:]
