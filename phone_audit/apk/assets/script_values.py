"""The tokens of an expression in a script, and what they hand on under names that the script gives itself.

Bodies and parameters of functions are passed over: they run later. Nothing is run, and what is no script does no harm.
Source: ECMA-262, "Lexical Grammar"; regular expressions are not read as such.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

LONGEST: Final = 4_096
"""Characters of one expression that are read."""
_DEEPEST: Final = 32
"""Brackets inside one another."""
_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?\*/|\s+"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)|(?P<mark>=>|.)",
    re.DOTALL,
)
_CLOSES: Final = {"(": ")", "[": "]", "{": "}"}
_OPERATORS: Final = frozenset({"new", "typeof", "await", "in", "instanceof", "void", "delete", "of"})
_CONSTANTS: Final = frozenset({"true", "false", "null", "undefined", "void", "function"})
_BEFORE_WHOLE: Final = frozenset("(,:=?")
_BEHIND_WHOLE: Final = frozenset("),}")
_QUERY: Final = re.compile(r"(?:\A|[?&\s])([A-Za-z][\w.-]*)=[\"']?\Z")
"""How a text ends behind which the value of a query's key is put."""
_JSON: Final = re.compile(r"\\?[\"']([A-Za-z][\w.-]*)\\?[\"']\s*:\s*\\?[\"']?\Z")
"""The same of JSON that is put together."""
_IN_TEMPLATE: Final = re.compile(
    r"(?:\A|[?&\s])([A-Za-z][\w.-]*)=[\"']?\$\{|[\"']([A-Za-z][\w.-]*)[\"']\s*:\s*[\"']?\$\{"
)


class Token(NamedTuple):
    """One token: whether it is a text, a name, a number or a mark; what it says; and all brackets around it."""

    kind: str
    text: str
    within: str

    @property
    def said(self) -> str:
        """What stands in a text; nothing where it is none."""
        return self.text[1:-1] if self.kind == "text" else ""


Tokens = Sequence[Token]
_NOTHING: Final = Token("mark", "", "")


def arguments_at(script: str, begin: int) -> list[list[Token]]:
    """Return the arguments of a call that begin at a character.

    Example:
        >>> [[token.text for token in one] for one in arguments_at('"/in", {pin: p}, function (r) { f(r) })', 0)]
        [['"/in"'], ['{', 'pin', ':', 'p', '}'], ['function']]
    """
    found: list[list[Token]] = [[]]
    for token in _tokens(script, begin, ""):
        if token.text == "," and not token.within:
            found.append([])
        else:
            found[-1].append(token)
    return found


def expression_at(script: str, begin: int) -> list[Token]:
    """Return what a variable is set to, from a character on, up to where the statement ends.

    Example:
        >>> [token.text for token in expression_at("'a=' + p, q = {pin: p}", 0)]
        ["'a='", '+', 'p']
    """
    return _tokens(script, begin, ",;")


def value_of(tokens: Tokens, key: str) -> Tokens:
    """Return what stands under a key of an object.

    Example:
        >>> [one.text for one in value_of(arguments_at("{data: {url: x}, url: a + b})", 0)[0], "url")]
        ['a', '+', 'b']
    """
    names = [token.text.strip("\"'") if token.within == "{" else "" for token in tokens]
    begin = next(
        (at + 2 for at, name in enumerate(names[:-1]) if name == key and tokens[at + 1].text == ":"), len(tokens)
    )
    end = next((at for at in range(begin, len(tokens)) if tokens[at].within == "{" and tokens[at].text in ",}"), begin)
    return tokens[begin:end]


def keys_in(tokens: Tokens) -> Mapping[str, str]:
    """Return the keys whose values are no constants, of objects, queries and JSON, with the variable that is the value.

    That is empty where it is more than a variable.

    Example:
        >>> keys_in([token for one in arguments_at('"/in?pwd=" + p, {mail, a: 1, pin: x.y}', 0) for token in one])
        {'pwd': '', 'mail': 'mail', 'pin': ''}
    """
    found: dict[str, str] = {}
    padded = [_NOTHING, *tokens, _NOTHING, _NOTHING, _NOTHING]
    for before, token, behind, value, after in zip(
        padded, padded[1:], padded[2:], padded[3:], padded[4:], strict=False
    ):
        if token.kind == "text":
            found.update(dict.fromkeys(_in_text(token, behind, value), ""))
        if not token.within.endswith("{") or before.text not in ("{", ","):
            continue
        if behind.text in (",", "}") and token.kind == "name":
            found[token.text] = token.text
        elif behind.text == ":" and token.kind in ("name", "text") and _is_value(value, after):
            found[token.text.strip("\"'")] = value.text if after.text in (",", "}") else ""
    return found


def names_in(tokens: Tokens) -> list[str]:
    """Return the variables that are handed on as they are.

    Example:
        >>> [names_in(one) for one in arguments_at("url, a.b, f(c), {body: d}, x + y", 0)]
        [['url'], [], ['c'], ['d'], []]
    """
    padded = [Token("mark", ",", ""), *tokens, Token("mark", ",", "")]
    return [
        token.text
        for before, token, behind in zip(padded, padded[1:], padded[2:], strict=False)
        if token.kind == "name"
        and before.text in _BEFORE_WHOLE
        and behind.text in _BEHIND_WHOLE
        and token.text not in _CONSTANTS
    ]


def _in_text(token: Token, behind: Token, value: Token) -> Iterator[str]:
    """Yield the keys in a text that a value is put behind."""
    if token.text.startswith("`"):
        yield from (one or other for one, other in _IN_TEMPLATE.findall(token.said))
    elif behind.text == "+" and value.kind != "text":
        found = _QUERY.search(token.said) or _JSON.search(token.said)
        yield from found.groups() if found else ()


def _is_value(value: Token, after: Token) -> bool:
    """Tell whether what stands behind a key is no constant."""
    if value.kind == "text":
        return after.text == "+" or (value.text.startswith("`") and "${" in value.text)
    if value.kind == "name":
        return value.text not in _CONSTANTS or after.text in ("!", "=")
    return value.kind == "mark" and value.text not in "!-["


def _tokens(script: str, begin: int, ends: Collection[str]) -> list[Token]:
    """Return the tokens of an expression, up to where it ends."""
    found_tokens: list[Token] = []
    open_: list[str] = []
    body = 0
    before = _NOTHING
    for found in _TOKEN.finditer(script, begin, begin + LONGEST):
        if found.lastgroup is None:
            continue
        token = Token(found.lastgroup, found[0], "".join(open_))
        if token.kind == "mark" and token.text in _CLOSES:
            if not body and token.text == "{" and before.text in (")", "=>"):
                body = len(open_) + 1
            open_.append(token.text)
            if len(open_) > _DEEPEST:
                break
        elif token.kind == "mark" and token.text in _CLOSES.values():
            if not open_ or token.text != _CLOSES[open_.pop()]:
                break
            if len(open_) == body - 1:
                body, before = 0, token
                continue
        elif not open_ and ends and (token.text in ends or _begins_another(before, token)):
            break
        if token.text == "=>" and not body:
            _drop_parameters(found_tokens)
        elif not body:
            found_tokens.append(token)
        before = token
    return _without_parameters(found_tokens)


def _drop_parameters(tokens: list[Token]) -> None:
    """Take what an arrow function is handed off the end."""
    open_ = 0
    while tokens:
        token = tokens.pop()
        open_ += (token.text == ")") - (token.text == "(")
        if not open_:
            return


def _without_parameters(tokens: list[Token]) -> list[Token]:
    """Leave out what other functions are handed: brackets right behind `function`, or behind it and a name."""
    found: list[Token] = []
    open_ = 0
    for token in tokens:
        if open_ or (token.text == "(" and any(one.text == "function" for one in found[-2:])):
            open_ += (token.text == "(") - (token.text == ")")
        else:
            found.append(token)
    return found


def _begins_another(before: Token, token: Token) -> bool:
    """Tell whether a new statement begins, as behind a line that ends in no semicolon: two operands stand together."""
    is_operand = before.kind in ("name", "text", "number") or before.text in (")", "]", "}")
    is_next = token.kind in ("name", "text", "number") and token.text not in _OPERATORS
    return is_operand and is_next and before.text not in _OPERATORS
