"""Names in markup that are spelled like addresses: they say which vocabulary is used and nothing connects to them."""

import re
from typing import Final

_NAME: Final = re.compile(
    r"(?:xmlns(?::[\w.-]+)?\s*=\s*\\?[\"']?|<!DOCTYPE[^>]*[\"']"
    r"|[sS]chemaLocation\s*=\s*\\?[\"'][^\"'<>]*|targetNamespace\s*=\s*\\?[\"']"
    r"|\brdf:(?:about|resource|datatype)\s*=\s*\\?[\"']|[\"'][$@](?:schema|id|context|vocab)\\?[\"']\s*:\s*\[?\s*\\?[\"']"
    r"|@namespace\s(?:\w+\s)?\s*url\(\s*[\"']?)\Z",
    re.IGNORECASE,
)


def is_name_in_markup(text: str, url: str) -> bool:
    """Tell whether a URL in a text names a vocabulary: a namespace, a document type, a schema, a resource of RDF.

    It is no rule for texts in code, which may cut the URL out.

    Example:
        >>> is_name_in_markup('<a xmlns:b="http://vendor.dev/ns">', "http://vendor.dev/ns")
        True
        >>> is_name_in_markup('<a href="http://vendor.dev/ns">', "http://vendor.dev/ns")
        False
    """
    return _NAME.search(text.partition(url)[0]) is not None
