"""Gives commands to the simulated phone without a wire."""

from io import BytesIO

from phone_audit.simulated.call import Phone, Streams
from phone_audit.simulated.profile import load_profile
from phone_audit.simulated.tree import Tree
from tests.simulated.lab_phone import answer_typed

PROFILE = load_profile("nokia7plus")
TREE = Tree(PROFILE)


def run(text: str, stdin: bytes = b"") -> tuple[bytes, bytes, int]:
    """Answer a command; return output, errors and status."""
    out, err = BytesIO(), BytesIO()
    status = answer_typed(text, Phone(PROFILE, TREE, lambda: 1548000000.25), Streams(BytesIO(stdin), out, err))
    return out.getvalue(), err.getvalue(), status


def said(text: str, stdin: bytes = b"") -> str:
    """Return a command that must not complain, and return what the phone says."""
    out, err, _ = run(text, stdin)
    assert err == b"", err
    return out.decode("utf-8", "surrogateescape")
