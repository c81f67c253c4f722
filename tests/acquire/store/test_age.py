"""Files encrypted with age: made whole or not at all, and every way in which one cannot be opened has its sentence."""

import contextlib
import errno
import io
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from phone_audit.acquire.store import age
from phone_audit.acquire.store.age import (
    KEY_WITHOUT_AGE,
    MAGIC,
    decrypt,
    encrypt,
    is_age,
    read_identity,
    read_recipients,
)
from phone_audit.errors import SnapshotError, UsageError

CONTENT = bytes(range(256)) * 1000


def key_file(folder: Path, name: str = "key.txt") -> tuple[Path, str]:
    identity = pyrage.x25519.Identity.generate()
    path = folder / name
    path.write_text(f"# created: now\n# public key: {identity.to_public()}\n{identity}\n")
    return path, str(identity.to_public())


def ssh_key(folder: Path, passphrase: bytes = b"") -> tuple[Path, str]:
    key = ed25519.Ed25519PrivateKey.generate()
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    path = folder / "id_ed25519"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, how))
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return path, public.decode() + " somebody@somewhere"


def make(path: Path, recipient: str, content: bytes = CONTENT) -> Path:
    encrypt(path, read_recipients([recipient]), lambda stream: put(stream, content))
    return path


def put(stream: BinaryIO, content: bytes) -> None:
    stream.write(content)


def test_what_was_encrypted_comes_back(tmp_path: Path) -> None:
    key, recipient = key_file(tmp_path)
    made = make(tmp_path / "a.age", recipient)
    assert CONTENT[:64] not in made.read_bytes()
    assert made.stat().st_mode & 0o777 == 0o600
    plain = decrypt(made, read_identity(key), tmp_path / "plain")
    assert plain.read_bytes() == CONTENT
    assert plain.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.age", "key.txt", "plain"]


def test_ssh_keys_serve_as_well(tmp_path: Path) -> None:
    key, recipient = ssh_key(tmp_path)
    assert decrypt(make(tmp_path / "a.age", recipient), read_identity(key), tmp_path / "b").read_bytes() == CONTENT


def test_a_file_of_recipients(tmp_path: Path) -> None:
    one, first = key_file(tmp_path, "one.txt")
    other, second = key_file(tmp_path, "other.txt")
    (tmp_path / "lab.txt").write_text(f"# the lab\n\n{first}\n{second}\n")
    made = make(tmp_path / "a.age", str(tmp_path / "lab.txt"))
    for number, key in enumerate((one, other)):
        assert decrypt(made, read_identity(key), tmp_path / str(number)).read_bytes() == CONTENT


@pytest.mark.skipif(shutil.which("age") is None, reason="the stock age is not installed")
def test_stock_age_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    key, recipient = key_file(tmp_path)
    made = make(tmp_path / "ours.age", recipient)
    told = subprocess.run(["age", "-d", "-i", key, made], capture_output=True, check=True)
    assert told.stdout == CONTENT
    subprocess.run(["age", "-r", recipient, "-o", tmp_path / "its.age"], input=CONTENT, check=True)
    assert decrypt(tmp_path / "its.age", read_identity(key), tmp_path / "plain").read_bytes() == CONTENT
    subprocess.run(["age", "-a", "-r", recipient, "-o", tmp_path / "text.age"], input=CONTENT, check=True)
    with pytest.raises(SnapshotError, match="an age file written as text"):
        decrypt(tmp_path / "text.age", read_identity(key), tmp_path / "plain2")


@pytest.mark.parametrize("named", ["", "bob", "age1xyz", "ssh-ed25519 AAAA", "/dev/null", "/"])
def test_what_is_no_recipient_is_refused(named: str) -> None:
    with pytest.raises(UsageError, match="age recipient") as caught:
        read_recipients([named])
    assert "age-keygen" in caught.value.hint
    assert KEY_WITHOUT_AGE in caught.value.hint.splitlines()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_the_key_of_the_hint_encrypts_and_decrypts(tmp_path: Path) -> None:
    subprocess.run(shlex.split(KEY_WITHOUT_AGE), cwd=tmp_path, capture_output=True, check=True)
    made = make(tmp_path / "a.age", str(tmp_path / "case-key.pub"))
    assert decrypt(made, read_identity(tmp_path / "case-key"), tmp_path / "plain").read_bytes() == CONTENT


@pytest.mark.promise("saved-for-owner")
def test_a_secret_key_is_never_repeated() -> None:
    secret = str(pyrage.x25519.Identity.generate())
    with pytest.raises(UsageError, match="A secret key was named as the recipient") as caught:
        read_recipients([secret])
    assert secret not in caught.value.message + caught.value.hint


def test_a_file_of_recipients_with_a_wrong_line_does_not_show_it(tmp_path: Path) -> None:
    secret = str(pyrage.x25519.Identity.generate())
    (tmp_path / "mixed.txt").write_text(f"{key_file(tmp_path)[1]}\n{secret}\n")
    with pytest.raises(UsageError, match=r"A line of .*mixed\.txt is not an age recipient") as caught:
        read_recipients([str(tmp_path / "mixed.txt")])
    assert secret not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"AGE-SECRET-KEY-1XYZ\n", b"\xff\xfe", b"-----BEGIN RSA\nx"])
def test_what_is_no_secret_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UsageError, match="holds no secret key"):
        read_identity(tmp_path / "key")


def test_keys_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_identity(tmp_path / "none")
    (tmp_path / "large").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(UsageError, match="larger than any file of keys"):
        read_identity(tmp_path / "large")


def damaged(made: bytes) -> dict[str, tuple[bytes, str]]:
    passphrase = MAGIC + b"-> scrypt c2FsdA 18\nYm9keQ\n--- bWFj\n" + bytes(99)
    return {
        "cut in the header": (made[:40], "only the beginning of one"),
        "cut in the content": (made[: len(made) // 2], "damaged or cut off"),
        "the last byte is missing": (made[:-1], "damaged or cut off"),
        "one bit flipped": (made[:-40] + bytes([made[-40] ^ 1]) + made[-39:], "damaged or cut off"),
        "the header changed": (made.replace(b"X25519", b"X25518", 1), "damaged or cut off|not encrypted to"),
        "empty": (b"", "not a file encrypted with age"),
        "another kind": (b"PK\x03\x04" + bytes(500), "not a file encrypted with age"),
        "a header without end": (MAGIC + b"-> x y\n\n" * 100_000, "not a file encrypted with age"),
        "too many recipients": (MAGIC + b"-> x y\n\n" * 2000 + b"--- z\n", "not a file encrypted with age"),
        "a passphrase": (passphrase, "encrypted with a passphrase"),
    }


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", sorted(damaged(b"x" * 99)))
def test_what_cannot_be_opened_has_its_sentence_and_leaves_nothing(tmp_path: Path, case: str) -> None:
    key, recipient = key_file(tmp_path)
    content, sentence = damaged(make(tmp_path / "whole.age", recipient).read_bytes())[case]
    (tmp_path / "a.age").write_bytes(content)
    with pytest.raises(SnapshotError, match=sentence):
        decrypt(tmp_path / "a.age", read_identity(key), tmp_path / "plain")
    assert not (tmp_path / "plain").exists()


def test_the_wrong_key(tmp_path: Path) -> None:
    made = make(tmp_path / "a.age", key_file(tmp_path)[1])
    other, _ = key_file(tmp_path, "other.txt")
    with pytest.raises(SnapshotError, match=r"a\.age was not encrypted to the key in .*other\.txt") as caught:
        decrypt(made, read_identity(other), tmp_path / "plain")
    assert caught.value.hint
    assert not (tmp_path / "plain").exists()


@pytest.mark.promise("nothing-left-behind")
def test_a_writer_that_fails_leaves_no_file(tmp_path: Path) -> None:
    _, recipient = key_file(tmp_path)

    def fail(stream: BinaryIO) -> None:
        stream.write(CONTENT)
        raise SnapshotError("The folder is damaged.")

    with pytest.raises(SnapshotError, match="The folder is damaged"):
        encrypt(tmp_path / "a.age", read_recipients([recipient]), fail)
    assert [file.name for file in tmp_path.iterdir()] == ["key.txt"]


def test_nothing_is_replaced_and_an_unwritable_place_has_its_sentence(tmp_path: Path) -> None:
    _, recipient = key_file(tmp_path)
    (tmp_path / "a.age").write_text("mine")
    with pytest.raises(SnapshotError, match="is there already"):
        make(tmp_path / "a.age", recipient)
    assert (tmp_path / "a.age").read_text() == "mine"
    with pytest.raises(SnapshotError, match="cannot be written: No such file"):
        make(tmp_path / "none" / "a.age", recipient)


def test_a_full_disk_ends_both_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, recipient = key_file(tmp_path)

    class Full(io.RawIOBase):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(age, "creating", lambda _path: contextlib.nullcontext(Full()))
    with pytest.raises(SnapshotError, match=r"The disk that holds .* is full"):
        encrypt(tmp_path / "a.age", read_recipients([recipient]), lambda stream: put(stream, CONTENT * 20))


def test_an_age_file_is_known_by_its_name_or_its_beginning(tmp_path: Path) -> None:
    made = make(tmp_path / "odd name", key_file(tmp_path)[1])
    assert is_age(made)
    assert is_age(tmp_path / "not there.zip.AGE")
    assert not is_age(tmp_path / "key.txt")
    assert not is_age(tmp_path)
