"""Class names and hosts as trackers lists write them: alternatives of a regular expression that means plain names."""

import re
from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected
from phone_audit.knowledge.feeds.values import row, shown

_LEFT_OPEN = re.compile(r"^(\.\*|\^)?(\\?\.)?")
_RIGHT_OPEN = re.compile(r"(\.\*|\$)$")
_EXPRESSION = re.compile(r"[\\*+?()\[\]{}^$]")


def alternatives(kind: Kind, signature: str, about: About) -> Iterator[Indicator | Rejected]:
    r"""Yield the plain values of `a.b|c\.d`; what says more than a name is left out.

    Args:
        kind: `host` or `code`.
        signature: the expression, its dots escaped or not.
        about: what they belong to.
    """
    for part in filter(None, (part.strip() for part in signature.split("|"))):
        text = _RIGHT_OPEN.sub("", _LEFT_OPEN.sub("", part) if kind == "host" else part.removeprefix("^"))
        plain = text.replace("\\.", ".").replace("\\-", "-").replace("\\/", "/")
        if _EXPRESSION.search(plain.replace("$", "") if kind == "code" else plain):
            yield Rejected(shown(part), "it is a regular expression that means more than a name")
        else:
            yield row(kind, plain, about)
