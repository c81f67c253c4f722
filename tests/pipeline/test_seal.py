"""Seals: made and checked as stock minisign does, and refused where the file or the seal was changed."""

import base64
import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phone_audit.errors import ResultError, UsageError
from phone_audit.pipeline.report import NOT_SEALED, seal_of
from phone_audit.pipeline.seal import Sealer, check_seal, read_known_keys
from phone_audit.pipeline.seal_key import OWN, SealKey, key_id, own_public_key, read_seal_key, seal_key
from tests.knowledge.updates.signing import OTHER, public_key, sign

CONTENT = b'{"schema": "phone-audit/scan/1"}\n'
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def no_password(path: Path) -> str:
    raise AssertionError(f"asked for the password of {path}")


def sealed(folder: Path, key: SealKey, content: bytes = CONTENT) -> Path:
    path = folder / "r.json"
    path.write_bytes(content)
    Sealer(key, lambda: NOON).seal(path, hashlib.blake2b(content).digest())
    return path


def test_your_own_key_is_made_once_and_its_seal_holds(tmp_path: Path) -> None:
    key = seal_key(OWN, no_password)
    assert seal_key(OWN, no_password).public_line == key.public_line
    made = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data" / "phone-audit").iterdir()}
    assert made == {"seal.key": 0o600, "seal.pub": 0o644}
    path = sealed(tmp_path, key)
    assert check_seal(path, CONTENT, read_known_keys(()), wanted=False) == (
        "Its seal holds: it is what was sealed as r.json on 2026-01-31 at 12:00 UTC with your own key "
        f"({key_id(key.number)})."
    )


def test_a_named_key(tmp_path: Path) -> None:
    path = sealed(tmp_path, seal_key(OWN, no_password))
    named = read_known_keys((str(own_public_key()),))
    assert "with the key that you named" in check_seal(path, CONTENT, named, wanted=True)
    line = own_public_key().read_text("ascii").splitlines()[1]
    assert "with the key that you named" in check_seal(path, CONTENT, read_known_keys((line,)), wanted=True)


def test_no_seal(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    assert check_seal(path, CONTENT, (), wanted=False) == NOT_SEALED
    assert check_seal(Path("-"), CONTENT, (), wanted=False) == NOT_SEALED
    with pytest.raises(ResultError, match="is not sealed"):
        check_seal(path, CONTENT, read_known_keys((public_key(),)), wanted=True)


@pytest.mark.promise("seal-holds")
def test_your_own_key_does_not_stand_for_one_that_you_named(tmp_path: Path) -> None:
    path = sealed(tmp_path, seal_key(OWN, no_password))
    with pytest.raises(ResultError, match="which is not known here"):
        check_seal(path, CONTENT, read_known_keys((public_key(),)), wanted=True)


@pytest.mark.promise("seal-holds")
def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    seal_of(path).write_bytes(sign(CONTENT))
    said = check_seal(path, CONTENT, (), wanted=False)
    assert said.startswith(
        "A seal lies beside it that names the key 2E73657479622038, which is not known here: it was not checked"
    )


@pytest.mark.promise("seal-holds")
@pytest.mark.parametrize("content", [CONTENT + b" ", CONTENT[:-1], b"", CONTENT.replace(b"scan", b"apks")])
@pytest.mark.parametrize("legacy", [True, False])
def test_a_changed_file(tmp_path: Path, content: bytes, legacy: bool) -> None:
    path = tmp_path / "r.json"
    seal_of(path).write_bytes(sign(CONTENT, legacy=legacy))
    known = read_known_keys((public_key(),))
    assert check_seal(path, CONTENT, known, wanted=True).startswith("Its seal holds")
    with pytest.raises(
        ResultError, match=r"does not hold\. The file was changed or written anew after it was sealed"
    ) as raised:
        check_seal(path, content, known, wanted=False)
    assert "Nothing of it is shown" in raised.value.hint


def test_a_changed_comment_and_a_key_of_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    known = read_known_keys((public_key(),))
    for seal in (sign(CONTENT).replace(b"timestamp:17", b"timestamp:18"), sign(CONTENT, key=OTHER)):
        seal_of(path).write_bytes(seal)
        with pytest.raises(ResultError, match="does not hold"):
            check_seal(path, CONTENT, known, wanted=False)


@pytest.mark.parametrize("seal", [b"", b"x", b"\n" * 9, b"\xff" * 100, b"a" * 10**6, b"a\nRUQ=\nb\nc\n"])
def test_a_file_that_is_no_seal(tmp_path: Path, seal: bytes) -> None:
    path = tmp_path / "r.json"
    seal_of(path).write_bytes(seal)
    with pytest.raises(ResultError, match="is no seal"):
        check_seal(path, CONTENT, (), wanted=False)


@pytest.mark.parametrize("comment", ["", "timestamp:999999999999999", "file:\x1b[2Jx\ttimestamp:x", "é"])
def test_an_odd_comment_of_a_known_key(tmp_path: Path, comment: str) -> None:
    path = tmp_path / "r.json"
    seal_of(path).write_bytes(sign(CONTENT, comment))
    assert check_seal(path, CONTENT, read_known_keys((public_key(),)), wanted=True).startswith("Its seal holds")


@pytest.mark.parametrize("text", ["", "nonsense", "RWQ=", "untrusted comment: x\n", "\xff"])
def test_no_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.key"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_known_keys((str(path),))
    with pytest.raises(UsageError, match="no secret key of minisign"):
        read_seal_key(path, no_password)
    with pytest.raises(UsageError, match="cannot be read"):
        read_seal_key(tmp_path / "none", no_password)


def protected(path: Path, password: str, work: int = 32768, memory: int = 2**24) -> SealKey:
    """Protect this user's key as minisign does, only with less work."""
    key = seal_key(OWN, no_password)
    data = bytearray(base64.b64decode((own_public_key().with_name("seal.key")).read_text("ascii").splitlines()[1]))
    salt = bytes(range(32))
    data[2:4] = b"Sc"
    data[6:54] = salt + work.to_bytes(8, "little") + memory.to_bytes(8, "little")
    data[126:158] = hashlib.blake2b(b"Ed" + data[54:126], digest_size=32).digest()
    stream = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=104)
    data[54:] = bytes(one ^ other for one, other in zip(data[54:], stream, strict=True))
    path.write_text("untrusted comment: minisign encrypted secret key\n" + base64.b64encode(data).decode() + "\n")
    return key


def test_a_protected_key(tmp_path: Path) -> None:
    path = tmp_path / "some.key"
    key = protected(path, "secret")
    assert read_seal_key(path, lambda _: "secret").public_line == key.public_line
    with pytest.raises(UsageError, match="The password does not open"):
        read_seal_key(path, lambda _: "other")


def test_a_key_that_would_take_all_memory(tmp_path: Path) -> None:
    protected(tmp_path / "some.key", "secret", memory=2**40)
    with pytest.raises(UsageError, match="no secret key"):
        read_seal_key(tmp_path / "some.key", no_password_needed)


def no_password_needed(path: Path) -> str:
    return "x"


@pytest.mark.promise("seal-holds")
@pytest.mark.skipif(shutil.which("minisign") is None, reason="the stock minisign is not installed")
def test_stock_minisign_both_ways(tmp_path: Path) -> None:
    def minisign(*words: str | Path) -> None:
        subprocess.run(["minisign", *map(str, words)], check=True, capture_output=True, timeout=60)

    own = seal_key(OWN, no_password)
    path = sealed(tmp_path, own)
    minisign("-V", "-m", path, "-p", own_public_key())
    minisign("-S", "-m", path, "-s", own_public_key().with_name("seal.key"))
    assert check_seal(path, CONTENT, read_known_keys(()), wanted=False).startswith("Its seal holds: it is what was")

    minisign("-G", "-W", "-s", tmp_path / "stock.key", "-p", tmp_path / "stock.pub")
    path = sealed(tmp_path, read_seal_key(tmp_path / "stock.key", no_password))
    minisign("-V", "-m", path, "-p", tmp_path / "stock.pub")
