"""What the calls of one script send of a person, by the names under which they send it.

Values are not followed; what counts is the text of a call that connects. A key such as `password`, of an object, a
query or a form, whose value is no constant, is sent; where an argument is a variable, what it was last set to before
the call, in the same function, counts as well. Other things that are typed in count only beside a password, where
people sign in or up. A place counts where both its coordinates are sent by a script that asks the phone for them.
"""

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.script_calls import CALL
from phone_audit.apk.assets.script_values import Token, Tokens, arguments_at, keys_in, names_in, value_of
from phone_audit.apk.assets.script_variables import BEFORE, Budget, Variables
from phone_audit.apk.assets.script_words import PLACE, is_log_in, kinds_of
from phone_audit.apk.assets.url_context import is_comment, is_in_block

_MOST_CALLS: Final = 400
"""Calls of one script that are read."""
_MOST_ASKED: Final = 20
"""Calls that may ask the phone where it is."""
_MOST_NAMES: Final = 12
"""Variables of one call that are looked up for what is sent."""
_MOST_KEYS: Final = 64
"""Keys of one call that are looked at."""
_CHOICES: Final = frozenset({"?", "&", "|", "replace"})
"""What makes of an address one of several."""
_SHOWN: Final = 100
"""Characters of a call that are shown."""
_LINE: Final = 400
"""Characters of a line before a call, in which a comment may begin."""
_LONGEST_FORM: Final = 8_000
_MOST_FORMS: Final = 200
"""Forms of one page that are looked at."""
_WORTH: Final = re.compile(
    r"[Pp]ass|PASS|[Pp]wd|PWD|psw|[Ss]enha|[Cc]ontrase|[Kk]ennwort|wachtwoord|haslo|/log-?in\b|/register\b|signIn"
)
"""What stands near a call that sends a password."""
_ASKS_PLACE: Final = re.compile(r"[gG]eolocation\s*\.\s*(?:getCurrentPosition|watchPosition)\b")
_COORDINATES: Final = frozenset({"coords"})
URL: Final = re.compile(r"https?://[^\s\"'`<>\\$]{1,2000}", re.IGNORECASE)
_ANY_NAME: Final = frozenset(
    {"url", "uri", "href", "link", "path", "base", "src", "homepage", "site", "page", "address", "host", "target"}
)
"""Variables that every function has one of, each with another address."""
_BASE: Final = re.compile(r"\A\$\{(?:\w+\.)*([\w$]+)\}")
"""A variable that begins a text which is put together."""
_LINE_END: Final = re.compile(r"[\r\n]")
_COMMENT_END: Final = re.compile(r"\*/|-->")
_FORM: Final = re.compile(r"<form\b", re.IGNORECASE)
_ACTION: Final = re.compile(r"[^<>]{0,2000}?\saction\s{0,9}=\s{0,9}[\"']?(https?://[^\s\"'<>]{1,2000}+)", re.IGNORECASE)
_FORM_END: Final = re.compile(r"</form", re.IGNORECASE)
_HIDDEN_INPUT: Final = re.compile(r"<input\b[^<>]{0,500}?\stype\s{0,9}=\s{0,9}[\"']?password\b", re.IGNORECASE)


class ScriptRequest(NamedTuple):
    """One call, or form, that sends something of a person.

    Attributes:
        at: the character at which it begins.
        data: what is sent, such as `password`.
        url: where to, as far as its own texts say.
        name: a variable that may hold that.
        shown: how it begins.
    """

    at: int
    data: str
    url: str | None
    name: str | None
    shown: str


class Script:
    """Reads one script or page, whose characters stand for bytes, as in Latin-1; `name` is that of its file."""

    def __init__(self, text: str, data: memoryview, name: str, budget: Budget) -> None:
        self._text = text
        self._data = data
        self._name = name
        self._budget = budget

    def requests(self) -> Iterator[ScriptRequest]:
        """Yield what it sends."""
        windows = [(0, len(self._text))] if self._asks_place else _windows(self._text)
        calls = (call for begin, end in windows for call in CALL.finditer(self._text, begin, end))
        for number, call in enumerate(calls):
            if number == _MOST_CALLS or not self._budget.takes():
                self._budget.is_cut = True
                break
            if not self.is_commented(call.start()):
                yield from self._of_call(call)
        yield from self._forms()

    def is_commented(self, at: int) -> bool:
        """Tell whether a place stands in a comment."""
        line = self._text[max(0, at - _LINE) : at]
        before = _LINE_END.split(line)[-1]
        is_whole = len(before) < len(line) or at <= _LINE
        if is_comment(before, self._name, is_whole=is_whole):
            return True
        return is_in_block(self._data, at, self._name) and _COMMENT_END.search(self._text, at) is not None

    @cached_property
    def _asks_place(self) -> bool:
        asked = islice(_ASKS_PLACE.finditer(self._text), _MOST_ASKED)
        return any(not self.is_commented(found.start()) for found in asked)

    def _forms(self) -> Iterator[ScriptRequest]:
        for number, form in enumerate(_FORM.finditer(self._text)):
            if number == _MOST_FORMS:
                self._budget.is_cut = True
                return
            action = _ACTION.match(self._text, form.end())
            end = action and _FORM_END.search(self._text, action.end(), action.end() + _LONGEST_FORM)
            is_hidden = action and end and _HIDDEN_INPUT.search(self._text, action.end(), end.start())
            if action and is_hidden and not self.is_commented(form.start()):
                yield ScriptRequest(form.start(), "password", action[1], None, self._shown(form.start()))

    def _of_call(self, call: re.Match[str]) -> Iterator[ScriptRequest]:
        arguments = arguments_at(self._text, call.end())
        variables = Variables(self._text[max(0, call.start() - BEFORE) : call.start()], self._budget)
        url, name = _where(variables, _address(call, arguments))
        kinds = kinds_of(
            _sent(variables, arguments),
            is_account=call.lastgroup == "account",
            posts_whole="post" in call[0] and _posts_whole(variables, arguments),
        )
        if PLACE in kinds and not (self._asks_place and _names_coordinates(variables, arguments)):
            kinds.remove(PLACE)
        for kind in () if variables.is_cut else kinds:
            yield ScriptRequest(call.start(), kind, url, name, self._shown(call.start()))

    def _shown(self, begin: int) -> str:
        text = self._text[begin : begin + _SHOWN].encode("latin-1").decode("utf-8", "ignore")
        return " ".join(text.split())


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a script that stand near what may speak of a password, none of them beside another."""
    begin = end = 0
    for found in _WORTH.finditer(text):
        if found.start() - BEFORE > end:
            if end:
                yield begin, end
            begin = found.start() - BEFORE
        begin = max(begin, 0)
        end = found.start() + BEFORE
    if end:
        yield begin, end


def _address(call: re.Match[str], arguments: list[list[Token]]) -> Tokens:
    """Return the expression that says where a call connects to."""
    first = arguments[0]
    if call.lastgroup in ("body", "account") or not first:
        return ()
    is_options = call.lastgroup == "options" and first[0].text == "{"
    return value_of(first, "url") if is_options else first


def _where(variables: Variables, address: Tokens, *, is_set: bool = False) -> tuple[str | None, str | None]:
    """Return the URL that an expression begins with, or the variable that does; neither where that is a choice.

    With `is_set` it is what another variable was set to, and no further one is looked up.
    """
    if not address or any(token.text in _CHOICES for token in address):
        return None, None
    first = address[0]
    if first.kind == "text":
        url, base = URL.match(first.said), _BASE.match(first.said)
        return (url[0] if url else None), (base[1] if base else None)
    chain = _chain(address)
    is_alone = len(chain) == 1
    was_set = variables.last_set(chain[0]) if is_alone and not is_set else ()
    if was_set:
        return (None, None) if variables.is_chosen(chain[0]) else _where(variables, was_set, is_set=True)
    is_unknown = not chain or chain[-1] in _ANY_NAME or (is_alone and variables.is_handed(chain[0]))
    return None, None if is_unknown else chain[-1]


def _sent(variables: Variables, arguments: Collection[Tokens]) -> list[str]:
    """Return the keys that a call sends, but for those whose values are variables set to a constant."""
    keys: dict[str, str] = {}
    names = [name for argument in arguments for name in names_in(argument)][:_MOST_NAMES]
    for argument in arguments:
        keys |= keys_in(argument)
    for name in names:
        for was_set in variables.set_to(name):
            keys |= keys_in(was_set)
            names_within = [one for one in names_in(was_set) if one != name][:_MOST_NAMES]
            keys |= {key: value for one in names_within for key, value in keys_in(variables.last_set(one)).items()}
        keys |= dict.fromkeys(variables.put_into(name), "")
    found = islice(keys.items(), _MOST_KEYS)
    return [key for key, name in found if not name or not variables.is_constant(name)]


def _names_coordinates(variables: Variables, arguments: Collection[Tokens]) -> bool:
    """Tell whether what a call sends is named as the coordinates that the phone gives."""
    names = [token.text for argument in arguments for token in argument if token.kind == "name"]
    expressions = (*arguments, *(variables.last_set(name) for name in names[:_MOST_NAMES]))
    return any(token.text in _COORDINATES for one in expressions for token in one)


def _posts_whole(variables: Variables, arguments: list[list[Token]]) -> bool:
    """Tell whether a variable of which nothing more is seen is posted where people sign in."""
    if len(arguments) < 2 or not arguments[0]:
        return False
    path, body = arguments[0][-1].said, arguments[1]
    is_variable = len(body) == 1 and body[0].kind == "name" and "oken" not in body[0].text
    return is_variable and is_log_in(path) and not variables.last_set(body[0].text)


def _chain(address: Tokens) -> list[str]:
    """Return the names of the variable, or of the member of one, that an expression begins with."""
    end = next((at for at, token in enumerate(address) if token.text == "+"), len(address))
    names, marks = address[:end:2], address[1:end:2]
    is_chain = all(one.kind == "name" for one in names) and all(one.text == "." for one in marks)
    return [one.text for one in names] if is_chain else []
