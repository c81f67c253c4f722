"""Signatures: those of minisign 0.12 itself, and everything that can be changed in one."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.updates.minisign import Signature, read_public_key, read_signature, verify
from tests.knowledge.updates.signing import OTHER, public_key, sign

SIGNED = Path(__file__).parent / "signed"
REAL_KEY = (SIGNED / "key.pub").read_text("ascii").splitlines()[1]
DATA = b"c2.spyone.example\n"


@pytest.mark.parametrize(
    ("name", "over_hash", "numbers"),
    [("list.txt.minisig", True, (None, 1795627739)), ("legacy.minisig", False, (7, None))],
)
def test_what_minisign_made_is_verified(name: str, over_hash: bool, numbers: tuple[int | None, int | None]) -> None:
    key = read_public_key(REAL_KEY)
    signature = read_signature((SIGNED / name).read_bytes(), key)
    verify(signature, key, SIGNED / "list.txt")
    assert signature.over_hash is over_hash
    assert (signature.number("version"), signature.number("timestamp")) == numbers


@pytest.mark.promise("update-genuine")
@pytest.mark.parametrize("legacy", [False, True])
def test_changed_content_is_refused(tmp_path: Path, legacy: bool) -> None:
    key = read_public_key(public_key())
    signature = read_signature(sign(DATA, legacy=legacy), key)
    content = tmp_path / "content"
    content.write_bytes(DATA)
    verify(signature, key, content)
    content.write_bytes(DATA + b"\n")
    with pytest.raises(KnowledgeError, match="not what was signed"):
        verify(signature, key, content)


@pytest.mark.promise("update-genuine")
def test_a_changed_trusted_comment_is_refused() -> None:
    changed = sign(DATA).replace(b"1767225600", b"1767225601")
    with pytest.raises(KnowledgeError, match="trusted comment of the signature was changed"):
        read_signature(changed, read_public_key(public_key()))


def test_the_comment_of_another_signature_does_not_fit() -> None:
    old, new = sign(DATA, "timestamp:1").split(b"\n"), sign(b"other", "timestamp:2").split(b"\n")
    with pytest.raises(KnowledgeError, match="trusted comment of the signature was changed"):
        read_signature(b"\n".join([*old[:2], *new[2:]]), read_public_key(public_key()))


@pytest.mark.promise("update-genuine")
@pytest.mark.parametrize(
    ("key", "said"),
    [(public_key(number=b"another!"), "made with another key"), (public_key(OTHER), "was changed")],
)
def test_another_key_is_refused(key: str, said: str) -> None:
    with pytest.raises(KnowledgeError, match=said):
        read_signature(sign(DATA), read_public_key(key))


@pytest.mark.parametrize("text", ["", "RW", "no base64 at all", base64.b64encode(b"ED" + bytes(40)).decode(), "é" * 56])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no public key of minisign"):
        read_public_key(text)


@given(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3))
def test_a_damaged_signature_is_refused_or_changes_nothing(place: int, put: bytes, taken: int) -> None:
    """Only the untrusted comment, ends of lines and what follows the fourth line may differ."""
    whole = sign(DATA)
    damaged = whole[:place] + put + whole[place + taken :]
    key = read_public_key(public_key())
    try:
        found = read_signature(damaged, key)
    except KnowledgeError:
        return
    assert found == read_signature(whole, key)


def test_lines_may_end_as_windows_ends_them() -> None:
    key = read_public_key(public_key())
    assert read_signature(sign(DATA).replace(b"\n", b"\r\n"), key) == read_signature(sign(DATA), key)


@pytest.mark.parametrize(
    ("comment", "number"),
    [
        ("timestamp:12\tfile:x", 12), ("file:x timestamp:12", 12), ("timestamp:12x", None), ("mytimestamp:12", None),
        ("timestamp:-1", None), ("timestamp:1٢", None), ("timestamp:" + "9" * 16, None), ("", None),
    ],
)  # fmt: skip
def test_numbers_of_a_comment(comment: str, number: int | None) -> None:
    assert Signature(True, b"", comment).number("timestamp") == number
