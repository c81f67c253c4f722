"""Text around a URL: sentences for people to read, and names in markup that are spelled like addresses."""

import re
from typing import Final

_EARLIER_URL: Final = re.compile(r"(?<![a-z])[a-z]+://\S*", re.IGNORECASE)
"""It begins where a word does, so that a long one is read once."""
_A_URL: Final = "address"
"""What stands for one among the words of a sentence."""
_JOINED: Final = re.compile(r"[\"'`]\s*\+\s*[\"'`]|\\[nrt]")
"""Where a script puts the pieces of a text together, and its ends of lines."""
_EMPHASIS: Final = re.compile(r"(?:</?(?:span|b|i|u|em|strong|font|small)\b[^<>]*>\s*)+\Z", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")
_NEAR: Final = 200
"""Characters before a URL that are looked at."""
_PLAIN_WORD: Final = re.compile(r"[(\"'`*&]{0,2}[A-Za-z][A-Za-z/'-]*[A-Za-z][)\"'`*_]{0,2}[,.;]?")
_NUMBER: Final = re.compile(r"\(?[A-Za-z]?[0-9][0-9.,%-]*\)?[,.;]?")
_MAIL: Final = re.compile(r"<?\b[\w.+-]{1,64}@[\w.-]{1,253}>?[.,;]?")
_POINTER: Final = re.compile(
    r"(?:^|[^A-Za-z_])(?:see(?: also)?|visit|refer to|read|details|docs|documentation|guide|wiki|information|more info"
    r"|website|home ?page|learn more|report (?:it )?(?:to|at)"
    r"|consultez|consulte|siehe|voir|v\u00e9ase|besuchen sie|visitez|visite)(?:[,.:]? ?[(<\[]? ?|:[(<\[]?)\Z",
    re.IGNORECASE,
)
"""A word that sends a reader to a page. Where it is the name of a setting, `=` or a quote stands behind it."""
_COLON: Final = r"[\uff1a:\uff0c,\u3001\uff08(]? ?\Z"
_CREDIT: Final = re.compile(
    r"(?:\u00a9|\(c\)|copyright|licen[sc]ed (?:under|from)"
    r"|(?:created|generated|powered|written|developed|made) (?:by|with)|based on)[^\"'`{}=<>]*\Z",
    re.IGNORECASE,
)
"""Words that say whose work something is."""
_HAN_SENTENCE: Final = re.compile(rf"[\u4e00-\u9fff]{{2}}[\s\S]*[\u4e00-\u9fff]{{2}}{_COLON}")
_HAN_POINTER: Final = re.compile(rf"(?:参考|参见|查看|参阅|详见|访问|官网|請參考|參見|詳見){_COLON}")
_CALL: Final = re.compile(r"[\w$]\([\"'`]\Z")
"""Begins what a script hands to a function."""
_FETCHES: Final = re.compile(r"(?<![A-Za-z])(?:wget|curl|ftpget|tftp|aria2c|axel|lynx)(?![A-Za-z])", re.IGNORECASE)
_OPENS: Final = re.compile(
    r"(?:^|[^A-Za-z])(?:fetch|git|clone|pip|install|apt|npm|adb|am|view|start|open|loadurl)(?: -[\w=-]+)* ?\Z",
    re.IGNORECASE,
)
"""Words of a command that fetches or opens what stands behind it."""
_FOLLOWED: Final = re.compile(r"\)?[,.:]? (?:[a-z]+ ){3}")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_ARGUMENT: Final = re.compile(r"\{[0-9]\}|%(?:[0-9]\$)?[sd]")
"""What a message is filled in with."""
_FILLED: Final = re.compile(r"[?&][\w.-]{1,64}=(?:%(?:[0-9]\$)?[sd]|\{[0-9]\})")
"""A parameter of an address that is filled in: whoever is shown the address would be shown what stands in it."""
_MARKUP: Final = re.compile(r"</?[a-zA-Z!][^<>]*>|[{}]|&&|=\"|='")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_NO_WORD: Final = re.compile(r"[=/{}<>;@|\\$]")
"""What no word of a sentence holds."""
_SYNTAX: Final = re.compile(r"[{}]|[\"']\s*:|&&")
_WORDS_SHOWN: Final = 4
_SIGNS: Final = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of languages that put no space between words: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese."""
_WORDS: Final = 5
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_HAN_SIGNS: Final = 8
_MARKUP_NAME: Final = re.compile(
    r"(?:xmlns(?::[\w.-]+)?\s*=\s*\\?[\"']?|<!DOCTYPE[^>]*[\"']"
    r"|[sS]chemaLocation\s*=\s*\\?[\"'][^\"'<>]*|targetNamespace\s*=\s*\\?[\"']"
    r"|\brdf:(?:about|resource|datatype)\s*=\s*\\?[\"']|[\"'][$@](?:schema|id|context|vocab)\\?[\"']\s*:\s*\[?\s*\\?[\"']"
    r"|@namespace\s(?:\w+\s)?\s*url\(\s*[\"']?)\Z",
    re.IGNORECASE,
)


def is_prose(before: str) -> bool:
    """Tell whether the text before a URL, in the same string, is a sentence for people that leads up to it.

    That is two words and more, or one that sends a reader to a page. URLs that stand before count as a word beside
    others, mail addresses as nothing. A command that fetches what it names is none, nor is a list of URLs, nor what
    code hands to a call, whatever a message says that stands before.

    Example:
        >>> is_prose("For details see "), is_prose("GET "), is_prose("url = "), is_prose("busybox wget ")
        (True, False, False, False)
        >>> is_prose("Too old, see: https://vendor.dev/new`);const b=make(`")
        False
    """
    near = _EARLIER_URL.sub(_A_URL, _EMPHASIS.sub("", _MAIL.sub("", before[-_NEAR:])))
    text = _SPACES.sub(" ", _JOINED.sub(" ", near))
    if _FETCHES.search(text) or _OPENS.search(text) or _CALL.search(near):
        return False
    return _has_words(text) or any(sign.search(text) for sign in (_POINTER, _CREDIT, _HAN_SENTENCE, _HAN_POINTER))


def _has_words(text: str) -> bool:
    """Tell whether a text ends in two words and more, or in three and a colon, since settings are named with two."""
    sentence = text.replace(">", " ").rstrip(" (<[")
    if sentence == text:
        return False
    wanted = 3 if sentence.endswith(":") else 2
    found = []
    for word in reversed(sentence.removesuffix(":").split(" ")):
        if _PLAIN_WORD.fullmatch(word):
            found.append(word)
        elif not _NUMBER.fullmatch(word):
            break
    return len(found) >= wanted and any(word != _A_URL for word in found)


def is_sentence(text: str, url: str) -> bool:
    """Tell whether a whole text is a sentence or more for people, in the midst of which a URL stands.

    It is stricter than `is_prose`: at least `_WORDS` words around the URL, or `_HAN_SIGNS` Chinese signs, and no markup
    or code.

    Example:
        >>> url = "https://vendor.dev/help"
        >>> is_sentence(f"The key is missing, see {url} for how to get one.", url), is_sentence(f"See {url}", url)
        (True, False)
    """
    before, _, after = text.partition(url)
    around = _ARGUMENT.sub("it", _EARLIER_URL.sub(" ", f"{before} {after}"))
    if _MARKUP.search(around):
        return False
    enough = len(_WORD.findall(around)) >= _WORDS or len(_HAN.findall(around)) >= _HAN_SIGNS
    return enough and (is_prose(before) or (not before.strip() and _FOLLOWED.match(after) is not None))


def is_shown(text: str) -> bool:
    r"""Tell whether a whole text of a resource says something to people, in any language, around the addresses in it.

    That is `_WORDS_SHOWN` words and more beside markup and addresses, or `_HAN_SIGNS` signs of a language without
    spaces, with little in between that a program reads. A command that fetches what it names is none, nor is an address
    with a parameter that is filled in.

    Example:
        >>> is_shown("Subject to our policy - http://vendor.dev/p."), is_shown("a=1 b=2 http://vendor.dev/ c=3 d=4")
        (True, False)
    """
    plain = _ARGUMENT.sub("it", _EARLIER_URL.sub(" ", _TAG.sub(" ", text)))
    if (
        _SYNTAX.search(plain)
        or _FETCHES.search(plain)
        or _FILLED.search(text)
        or any(_OPENS.search(text[max(0, url.start() - _NEAR) : url.start()]) for url in _EARLIER_URL.finditer(text))
    ):
        return False
    pieces = [one for one in plain.split() if not one.isupper() and sum(map(str.isalpha, one)) > 1]
    words = [one for one in pieces if not _NO_WORD.search(one.rstrip(".;,)"))]
    if len(pieces) - len(words) > len(words) // _WORDS_SHOWN:
        return False
    return len(words) >= _WORDS_SHOWN or len(_SIGNS.findall(plain)) >= _HAN_SIGNS


def has_sentence_around(text: str) -> bool:
    r"""Tell whether a text says more than the addresses in it: at least `_WORDS` words, or `_HAN_SIGNS` signs.

    Example:
        >>> has_sentence_around("* No key is set, see here:  *\\n* https://vendor.dev/help *")
        True
        >>> has_sentence_around("No key: https://vendor.dev/where-to-get-one-of-these-keys")
        False
    """
    around = _EARLIER_URL.sub(" ", text)
    return len(_WORD.findall(around)) >= _WORDS or len(_HAN.findall(around)) >= _HAN_SIGNS


def is_name_in_markup(text: str, url: str) -> bool:
    """Tell whether a URL in a text names a vocabulary: a namespace, a document type, a schema, a resource of RDF.

    It is no rule for texts in code, which may cut the URL out.

    Example:
        >>> is_name_in_markup('<a xmlns:b="http://vendor.dev/ns">', "http://vendor.dev/ns")
        True
        >>> is_name_in_markup('<a href="http://vendor.dev/ns">', "http://vendor.dev/ns")
        False
    """
    return _MARKUP_NAME.search(text.partition(url)[0]) is not None
