"""What an expression in a script hands on, by the names that the script itself gives it.

Its keys are those of objects, of queries and of JSON in texts. Bodies of functions in it are passed over: they run
later. Nothing is run, and what is no script does no harm. Source: ECMA-262, "Lexical Grammar"; regular expressions are
not read as such.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

_LONGEST: Final = 4_096
"""Characters of one expression that are read."""
_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?\*/|\s+"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)|(?P<mark>=>|.)",
    re.DOTALL,
)
_CLOSES: Final = {"(": ")", "[": "]", "{": "}"}
_CONSTANTS: Final = frozenset({"true", "false", "null", "undefined"})
_OPERATORS: Final = frozenset({"new", "typeof", "await", "in", "instanceof", "void", "delete", "of"})
_BEFORE_WHOLE: Final = frozenset("(,:[+=?")
_BEHIND_WHOLE: Final = frozenset("),]}+;")
_QUERY: Final = re.compile(r"(?:\A|[?&\s])([A-Za-z][\w.-]*)=[\"']?\Z")
"""How a text ends behind which the value of a query's key is put."""
_JSON: Final = re.compile(r"\\?[\"']([A-Za-z][\w.-]*)\\?[\"']\s*:\s*\\?[\"']?\Z")
"""The same of JSON that is put together."""
_IN_TEMPLATE: Final = re.compile(
    r"(?:\A|[?&\s])([A-Za-z][\w.-]*)=[\"']?\$\{|[\"']([A-Za-z][\w.-]*)[\"']\s*:\s*[\"']?\$\{"
)


class Values(NamedTuple):
    """What an expression hands on.

    Attributes:
        keys: the keys whose values are no constants.
        names: the variables that are handed on as they are.
        texts: what stands in its texts.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[str, ...]


class _Token(NamedTuple):
    """One token: whether it is a text, a name, a number or a mark; what it says; and the brackets around it."""

    kind: str
    text: str
    within: str


_NOTHING: Final = _Token("mark", "", "")


def handed_to(script: str, begin: int) -> Values:
    """Read the arguments of a call that begin at a character.

    Example:
        >>> handed_to('f("/in", {password: p, kind: 1, mail}, d, function () { return {pin: p} })', 2)
        Values(keys=('password', 'mail'), names=('p', 'mail', 'd'), texts=('/in',))
        >>> handed_to("g(`/in?pwd=${p}&x=1`, 'mail=' + m)", 2).keys
        ('pwd', 'mail')
    """
    return _values(list(_tokens(script, begin, "")))


def set_at(script: str, begin: int) -> Values:
    """Read what a variable is set to, from a character on.

    Example:
        >>> set_at("'http://a.dev/?x=1&pwd=' + p, q = {pin: p}", 0).keys
        ('pwd',)
    """
    return _values(list(_tokens(script, begin, ",;")))


def _values(tokens: Sequence[_Token]) -> Values:
    keys: dict[str, None] = {}
    names: dict[str, None] = {}
    padded = [_NOTHING, *tokens, _NOTHING, _NOTHING]
    for before, token, behind, value in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        if token.kind == "text":
            keys.update(dict.fromkeys(_in_text(token.text, behind, value)))
        if token.within == "{" and before.text in ("{", ",") and _has_value(token, behind, value):
            keys[token.text.strip("\"'")] = None
        if token.kind == "name" and _is_whole(before, token, behind):
            names[token.text] = None
    return Values(tuple(keys), tuple(names), tuple(one.text[1:-1] for one in tokens if one.kind == "text"))


def _in_text(text: str, behind: _Token, value: _Token) -> Iterator[str]:
    """Yield the keys in a text that a value is put behind."""
    if text.startswith("`"):
        yield from (one or other for one, other in _IN_TEMPLATE.findall(text[1:-1]))
    elif behind.text == "+" and value.kind != "text":
        found = _QUERY.search(text[1:-1]) or _JSON.search(text[1:-1])
        yield from found.groups() if found else ()


def _has_value(key: _Token, behind: _Token, value: _Token) -> bool:
    """Tell whether what stands first in an item of an object is a key, and its value no constant."""
    if behind.text in (",", "}"):
        return key.kind == "name"
    if behind.text != ":" or key.kind not in ("name", "text"):
        return False
    if value.kind == "name":
        return value.text not in _CONSTANTS
    return value.kind == "mark" and value.text not in "!-"


def _is_whole(before: _Token, token: _Token, behind: _Token) -> bool:
    """Tell whether a variable is handed on as it is."""
    is_begun = before.text in _BEFORE_WHOLE if before.text else True
    is_ended = behind.text in _BEHIND_WHOLE if behind.text else True
    return is_begun and is_ended and token.text not in _CONSTANTS | _OPERATORS


def _tokens(script: str, begin: int, ends: Collection[str]) -> Iterator[_Token]:
    """Yield the tokens of an expression without bodies of functions, up to where it ends."""
    open_: list[str] = []
    body = 0
    before = _NOTHING
    for found in _TOKEN.finditer(script, begin, begin + _LONGEST):
        if found.lastgroup is None:
            continue
        token = _Token(found.lastgroup, found[0], open_[-1] if open_ else "")
        if token.kind == "mark" and token.text in _CLOSES:
            if not body and token.text == "{" and before.text in (")", "=>"):
                body = len(open_) + 1
            open_.append(token.text)
        elif token.kind == "mark" and token.text in _CLOSES.values():
            if not open_ or token.text != _CLOSES[open_.pop()]:
                return
            if len(open_) == body - 1:
                body, before = 0, token
                continue
        elif not open_ and ends and (token.text in ends or _begins_another(before, token)):
            return
        if not body:
            yield token
        before = token


def _begins_another(before: _Token, token: _Token) -> bool:
    """Tell whether a new statement begins, as behind a line that ends in no semicolon: two operands stand together."""
    is_operand = before.kind in ("name", "text", "number") or before.text in (")", "]", "}")
    is_next = token.kind in ("name", "text", "number") and token.text not in _OPERATORS
    return is_operand and is_next and before.text not in _OPERATORS
