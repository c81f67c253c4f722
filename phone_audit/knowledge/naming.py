"""Is this text a host, an address, a class prefix? What a knowledge file may name, and what is too wide to name."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from phone_audit.files.short_repr import short_repr
from phone_audit.model.stated import parsed_address

DIGESTS: Final = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Hashes by how many hexadecimal digits they have."""
EMPTY_DIGESTS: Final = frozenset(hashlib.new(name).hexdigest() for name in DIGESTS.values())
"""Those of a file without content."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PREFIX = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+\.?")
_SUFFIXES = Path(__file__).parent / "suffixes.txt"


def host_fault(host: str, *, as_owner: bool = False) -> str | None:
    """Say what keeps a text from being a host that a fact may name, or None.

    Where the fact only says whose host it is (`as_owner`), the hosts that companies give to customers are allowed.
    """
    labels = host.split(".")
    if re.fullmatch(r"[\d.]+", host):
        return address_fault(host)
    if host != host.lower():
        return f"{short_repr(host)} is not in lower case"
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return f"{short_repr(host)} is no host name; write host.example, without scheme, port or path"
    if host in public_suffixes()["registry"] or (not as_owner and host in public_suffixes()["hosting"]):
        return f"{short_repr(host)} is a public suffix, under which anybody has a name; write the host below it"
    return None


def address_fault(text: str) -> str | None:
    """Say what keeps a text from being a public IP address, or None."""
    address = parsed_address(text)
    if address is None:
        return f"{short_repr(text)} is no IP address"
    return None if address.is_global else f"{text} is no public address; nobody on the internet has it"


def prefix_fault(prefix: str) -> str | None:
    """Say what keeps a text from being a prefix of class names, or None. One label alone covers too much."""
    if _PREFIX.fullmatch(prefix):
        return None
    return (
        f"{short_repr(prefix)} is no prefix of class names; write it from the start and with two "
        f"labels or more: com.vendor.sdk"
    )


def digest_fault(text: str, algorithm: str) -> str | None:
    """Say what keeps a text from being a hash in lower-case hexadecimal of the algorithm's length, or None."""
    length = next(length for length, name in DIGESTS.items() if name == algorithm)
    if re.fullmatch(rf"[0-9a-f]{{{length}}}", text):
        return None
    return f"{short_repr(text)} is no {algorithm}; write {length} digits of lower-case hexadecimal"


@cache
def public_suffixes() -> dict[str, frozenset[str]]:
    """Return the public suffixes by section: `registry` and `hosting`."""
    sections: dict[str, set[str]] = {}
    section = ""
    for line in _SUFFIXES.read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            section = text.strip("[]")
        elif text:
            sections.setdefault(section, set()).update(text.split())
    return {name: frozenset(words) for name, words in sections.items()}
