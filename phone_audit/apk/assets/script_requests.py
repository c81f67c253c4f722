"""What the calls of one script send of a person, by the names under which they send it.

Values are not followed; what counts is the text of a call that connects. A key such as `password`, of an object, a
query or a form, whose value is no constant, is sent; where an argument is a variable, what it was last set to before
the call counts as well. Other things that are typed in count only beside a password, where people sign in or up. A
place counts where both its coordinates are sent by a script that asks the phone for them.
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final, NamedTuple

from phone_audit.apk.assets.script_values import Values, handed_to, set_at
from phone_audit.apk.xml.hints import kind_of_hint

_MOST_CALLS: Final = 400
"""Calls of one script that are read."""
_MOST_ASKED: Final = 20
"""Calls that may ask the phone where it is."""
_BEFORE: Final = 4_000
"""Characters before a call in which a variable may have been set."""
_MOST_NAMES: Final = 12
"""Variables of one call that are looked up."""
_SHOWN: Final = 100
"""Characters of a call that are shown."""
_LONGEST_FORM: Final = 8_000
_MOST_FORMS: Final = 100
_CONNECTS: Final = re.compile(
    r"(?<![\w$])(?:fetch|axios|ajax)\("
    r"|(?<![\w$])\$?http(?:Client)?(?:\.(?:get|post|put|patch|request))?\("
    r"|(?<![\w$])(?:\$|\$\$|jQuery|axios|Http|_http)\.(?:ajax|get|post|put|patch|getJSON|load|request)\("
    r"|\.(?:post|put|patch)\((?=\s*[\"'`][^\"'`]{0,200}/|[\w$.\s]{1,60}\+\s*[\"'`][^\"'`]{0,200}/|\s*`\$\{)"
    r"|\.ajax\(|\.send\((?=\s*(?:[\"'`]|JSON\.stringify))"
    r"|\.(?:signInWithEmailAndPassword|createUserWithEmailAndPassword|signInWithPassword)\("
)
"""Calls of scripts that connect, where their arguments name what is sent.

Sources: the standards Fetch and XMLHttpRequest; the references of jQuery, axios, Angular, AngularJS, Firebase
Authentication and Supabase.
"""
_SIGNS_IN: Final = re.compile(r"\.(?:signIn|createUser)With")
"""Those that are handed an e-mail address and a password, whatever these are called."""
_WORTH: Final = re.compile(
    r"[Pp]ass|PASS|[Pp]wd|PWD|[Ss]enha|[Cc]ontrase|[Kk]ennwort|/log-?in\b|/register\b|SignIn|signIn"
)
"""What stands near a call that sends a password."""
_COMMENT: Final = re.compile(r"(?<![:\"'\w])//")
_PARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.-]+")
_SHORT: Final = re.compile(r"(?:.*\b)?(?:pass|pw|psw|passwd)\Z")
_NOT_IT: Final = re.compile(
    r"\b(?:token|reset|hint|type|length|error|visible|visibility|show|forgot|forget|required|policy|strength|expir\w+)\b"
)
"""Words of keys that only speak of a password."""
_LOG_IN: Final = re.compile(r"(?:^|[/_-])(?:log-?in|sign-?in|sign-?up|register|registration)(?![a-z])", re.IGNORECASE)
"""Where people sign in or up, by the path: what is posted there whole has a password in it."""
_POSTS_WHOLE: Final = re.compile(r"[^,(){}]{0,200},\s*[\w$.]{1,60}\s*[,)]")
"""How the arguments of a call begin that are an address and a variable."""
_BESIDE_PASSWORD: Final = frozenset({"email", "typed-phone", "user-name", "typed-name"})
PLACE: Final = "location"
"""What the place of the phone is called."""
_LATITUDE: Final = re.compile(r"(?:.*\b)?lat(?:itude)?\Z")
_LONGITUDE: Final = re.compile(r"(?:.*\b)?(?:lon|lng|long|longitude)\Z")
_ASKS_PLACE: Final = re.compile(r"geolocation\s*\.\s*(?:getCurrentPosition|watchPosition)\b")
URL: Final = re.compile(r"https?://[^\s\"'`<>\\$]+")
_BASE: Final = re.compile(r"\A\$\{(?:\w+\.)*([\w$]+)\}")
"""A variable that begins a text which is put together."""
_FORM: Final = re.compile(r"<form\b[^<>]*\saction\s*=\s*[\"']?(https?://[^\s\"'<>]+)[^<>]*>", re.IGNORECASE)
_HIDDEN_INPUT: Final = re.compile(r"<input\b[^<>]*\stype\s*=\s*[\"']?password\b", re.IGNORECASE)


class ScriptRequest(NamedTuple):
    """One call, or form, that sends something of a person.

    Attributes:
        at: the character at which it begins.
        data: what is sent, such as `password`.
        url: where to, as far as its own texts say.
        names: variables that may hold that, the likeliest first.
        shown: how it begins.
    """

    at: int
    data: str
    url: str | None
    names: tuple[str, ...]
    shown: str


def script_requests(script: str) -> Iterator[ScriptRequest]:
    """Yield what a script or a page sends; its characters stand for bytes, as in Latin-1."""
    asked = islice(_ASKS_PLACE.finditer(script), _MOST_ASKED)
    asks_place = any(not _is_commented(script, found.start()) for found in asked)
    windows = [(0, len(script))] if asks_place else _windows(script)
    calls = (call for begin, end in windows for call in _CONNECTS.finditer(script, begin, end))
    for call in islice(calls, _MOST_CALLS):
        if not _is_commented(script, call.start()):
            yield from (one for one in _of_call(script, call) if asks_place or one.data != PLACE)
    for form in islice(_FORM.finditer(script), _MOST_FORMS):
        end = script.find("</form", form.end(), form.end() + _LONGEST_FORM)
        if end > 0 and _HIDDEN_INPUT.search(script, form.end(), end):
            yield ScriptRequest(form.start(), "password", form[1], (), _shown(script, form.start()))


def _windows(script: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a script that stand near what may speak of a password."""
    begin = end = 0
    for found in _WORTH.finditer(script):
        if found.start() > end:
            if end:
                yield begin, end
            begin = max(end, found.start() - _BEFORE)
        end = found.start() + _BEFORE
    if end:
        yield begin, end


def _is_commented(script: str, at: int) -> bool:
    """Tell whether a comment begins before a place in its line."""
    begin = max(script.rfind("\n", 0, at) + 1, at - _SHOWN)
    return _COMMENT.search(script, begin, at) is not None


def _of_call(script: str, call: re.Match[str]) -> Iterator[ScriptRequest]:
    values = _with_variables(script, call.start(), handed_to(script, call.end()))
    url = next((found[0] for text in values.texts if (found := URL.match(text))), None)
    bases = [found[1] for text in values.texts if (found := _BASE.match(text))]
    posts_whole = call[0].endswith("post(") and _POSTS_WHOLE.match(script, call.end()) is not None
    for kind in _kinds(values, call[0], posts_whole=posts_whole):
        yield ScriptRequest(call.start(), kind, url, (*bases, *values.names), _shown(script, call.start()))


def _with_variables(script: str, call: int, values: Values) -> Values:
    """Add what the variables of a call were last set to before it, and what was put into them since."""
    keys, names, texts = list(values.keys), list(values.names), list(values.texts)
    before = script[max(0, call - _BEFORE) : call]
    for name in values.names[:_MOST_NAMES]:
        places = [found.end() for found in re.finditer(rf"(?<![\w$.]){re.escape(name)}\s*=(?![=>])\s*", before)]
        if places:
            more = set_at(before, places[-1])
            keys += more.keys
            names += more.names
            texts += more.texts
            into = re.compile(rf"(?<![\w$.]){re.escape(name)}\.append\(\s*[\"']([\w.-]+)[\"']\s*,\s*(?![\"'\d])")
            keys += into.findall(before, places[-1])
    return Values(tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(names)), tuple(texts))


def _kinds(values: Values, call: str, *, posts_whole: bool) -> Collection[str]:
    """Return the kinds of data that a call sends; `posts_whole` where it is handed a variable as it is."""
    words = [_PARTS.sub(" ", key).lower() for key in values.keys]
    kinds = dict.fromkeys(kind for one in words if (kind := _kind(one)))
    if _SIGNS_IN.match(call):
        kinds |= dict.fromkeys(("password", "email"))
    elif posts_whole and not kinds and any(map(_LOG_IN.search, values.texts[:2])):
        kinds["password"] = None
    sent = [kind for kind in kinds if "password" in kinds and (kind == "password" or kind in _BESIDE_PASSWORD)]
    if any(map(_LATITUDE.match, words)) and any(map(_LONGITUDE.match, words)):
        sent.append(PLACE)
    return sent


def _kind(words: str) -> str | None:
    if _NOT_IT.search(words):
        return None
    return "password" if _SHORT.match(words) else kind_of_hint(words)


def _shown(script: str, begin: int) -> str:
    text = script[begin : begin + _SHOWN].encode("latin-1").decode("utf-8", "ignore")
    return " ".join(text.split())
