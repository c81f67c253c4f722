"""Calls of scripts that connect, and where they take the address.

Sources: the standards Fetch, XMLHttpRequest, WebSockets and Beacon; the references of jQuery, axios, Angular,
AngularJS, Firebase Authentication and Supabase.
"""

import re
from typing import Final

_FETCH: Final = r"(?<![\w$.])(?:window\.|self\.)?fetch\s?\("
_LIBRARY: Final = (
    r"(?<![\w$])(?:\$|\$\$|jQuery|axios|\$?http|Http|_http|https?Client|HttpClient)"
    r"\.(?:get|post|put|patch|getJSON|getScript|load)\s?\("
)
_OPENS: Final = (
    r"\bnavigator\.sendBeacon\(|\bnew (?:WebSocket|EventSource)\(|\.open\(\s*[\"'](?:GET|POST|PUT|HEAD|DELETE)[\"']\s*,"
)
_ASKED: Final = re.compile(rf"(?:{_FETCH}|{_LIBRARY}|{_OPENS})\s*[\"'`]\Z")
CALL: Final = re.compile(
    rf"{_FETCH}|{_LIBRARY}"
    r"|(?P<options>(?<![\w$])(?:axios|\$http|ajax)\s?\(|\.ajax\s?\(|(?<![\w$])(?:\$?http|axios)\.request\s?\()"
    r"|(?<![\w$])(?!(?:router|app|server|express|fastify|r|rest|bus|mock)\.)[\w$]{0,40}\.post\s?\("
    r"(?=\s*[\"'`][^\"'`]{0,200}/|[\w$.\s]{1,60}\+\s*[\"'`][^\"'`]{0,200}/|\s*`\$\{)"
    r"|(?P<body>(?<![\w$])(?!(?:ipcRenderer|worker|process)\.)[\w$]{1,40}"
    r"\.send\s?\((?=\s*(?:[\"'`][^\"'`]{0,200}=[\"'`]?\s*[+$]|JSON\.stringify|[\w$]{1,40}\s*\))))"
    r"|(?P<account>\.(?:signInWithEmailAndPassword|createUserWithEmailAndPassword|signInWithPassword)\)?\s?\()"
)
"""Calls whose arguments may name what is sent: most take the address first, some in their `options`, a `body` and what
signs in to an `account` take none."""


def is_asked(before: str) -> bool:
    """Tell whether a script hands a URL to a call that connects to it, by what stands before it in its line.

    Example:
        >>> is_asked('r.open("POST", "'), is_asked("$.get('"), is_asked('window.open("'), is_asked('cache.get("')
        (True, True, False, False)
    """
    return _ASKED.search(before) is not None
