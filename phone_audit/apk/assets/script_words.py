"""What a key says under which a script sends something of a person."""

import re
from collections.abc import Collection
from typing import Final

from phone_audit.apk.xml.hints import kind_of_hint

_LONGEST_KEY: Final = 60
_PARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.-]+")
_IN_BRACKETS: Final = re.compile(r"\A[\w\[\]]*\[(\w+)\]\Z")
"""How forms name members of an object, such as `user[password]`."""
_WHOSE: Final = "|".join((
    "registration", "register", "reg", "encrypted", "encoded", "customer", "employee", "original", "account",
    "confirm", "current", "teacher", "student", "sign ?in", "client", "driver", "hashed", "member", "repeat", "retype",
    "second", "verify", "admin", "email", "input", "login", "plain", "staff", "auth", "text", "user", "hash", "usr",
    "str", "txt", "log", "new", "old", "web", "app", "md5", "my", "in", "re", "et", "tb", "[jfus] ",
))  # fmt: skip
"""What may stand before the word for a password; longer ones first, since none is given back."""
_PASSWORD: Final = re.compile(
    rf"(?!remember)(?:(?:{_WHOSE}) ?)*+"
    r"(?:pass ?(?:word|wd|wort|w|code|phrase)|pwd|pswd|psw|senha|contrasena|clave|kennwort|wachtwoord|haslo"
    r"|mot ?de ?passe|mdp|kata ?sandi)s?"
    r"(?: ?(?:confirmation|confirm|repeat|again|new|old|hash|md5|usuario|user|atual|nova|input|value|text|\d))*+\Z"
)
"""The words of a key under which a password is sent; others only speak of one, such as `passwordChanged`."""
_SHORT: Final = re.compile(rf"(?:(?:{_WHOSE}) ?)*+(?:pass|pw)\Z")
"""The same as long as it is sent with whoever signs in."""
_NOT_IT: Final = re.compile(
    r"\b(?:token|reset|hint|type|length|error|verified|changed|exists|valid|is|has|count|list|id)\b"
)
"""Words of keys that only speak of what is typed in."""
_LOG_IN: Final = re.compile(
    r"(?:^|[/_-])(?:log-?in|sign-?in|sign-?up|register|registration)(?:\.(?:php|do|json|aspx?|jsp))?/?\Z", re.IGNORECASE
)
"""How a path ends where people sign in or up: what is posted there whole has a password in it."""
_OF_OTHERS: Final = re.compile(
    r"push|device|fcm|notif|token|webinar|event|newsletter|oauth|google|facebook|apple|social|otp|biometric|guest",
    re.IGNORECASE,
)
"""What else is registered, or signs people in without a password, by the path."""
_BESIDE_PASSWORD: Final = frozenset({"email", "typed-phone", "user-name", "typed-name"})
_WHO: Final = re.compile(r"\b(?:user|usr|username|uname|login|e?mail|phone|mobile|account|nick|usuario)\b")
"""Words of keys for whoever signs in."""
PLACE: Final = "location"
"""What the place of the phone is called."""
_LATITUDE: Final = re.compile(r"(?:.*\b)?lat(?:itude)?\Z")
_LONGITUDE: Final = re.compile(r"(?:.*\b)?(?:lon|lng|long|longitude)\Z")


def kinds_of(keys: Collection[str], *, is_account: bool = False, posts_whole: bool = False) -> list[str]:
    """Return the kinds of data that a call sends under some keys.

    Other things that are typed in count only beside a password; `pass` is one beside whoever signs in.

    Args:
        keys: the names that it gives to what it sends.
        is_account: whether it signs a person in; without keys it takes an e-mail address and a password.
        posts_whole: whether it posts a variable of which nothing is seen to where people sign in.
    """
    words = [_PARTS.sub(" ", _IN_BRACKETS.sub(r"\1", key[:_LONGEST_KEY])).lower().strip() for key in keys]
    kinds = dict.fromkeys(kind for one in words if (kind := _kind(one)))
    if is_account:
        kinds |= dict.fromkeys(("password",) if words else ("password", "email"))
    elif posts_whole or (any(map(_SHORT.match, words)) and any(map(_WHO.search, words))):
        kinds["password"] = None
    sent = [kind for kind in kinds if "password" in kinds and (kind == "password" or kind in _BESIDE_PASSWORD)]
    if any(map(_LATITUDE.match, words)) and any(map(_LONGITUDE.match, words)):
        sent.append(PLACE)
    return sent


def is_log_in(path: str) -> bool:
    """Tell whether people sign in or up at a path.

    Example:
        >>> is_log_in("/auth/login"), is_log_in("https://a.dev/register.php"), is_log_in("/push/register")
        (True, True, False)
    """
    return _LOG_IN.search(path) is not None and _OF_OTHERS.search(path) is None


def _kind(words: str) -> str | None:
    if _PASSWORD.match(words):
        return "password"
    kind = None if _NOT_IT.search(words) else kind_of_hint(words)
    return None if kind == "password" else kind
