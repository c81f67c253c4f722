"""This computer's ADB key: where it lies, how it is made, and that it is never lost."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from phone_audit.acquire.adb.keys import android_public_key, existing_keys, load_keys
from phone_audit.errors import AcquireError
from tests.kit import AdbServer


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def write_key(path: Path, bits: int = 2048) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pem)
    return pem


@pytest.mark.promise("key-made-when-needed")
def test_a_key_is_made_once_for_the_user_alone(environ: dict[str, str], tmp_path: Path) -> None:
    (key,) = load_keys(environ)
    path = tmp_path / ".android" / "adbkey"
    assert key.path == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_name("adbkey.pub").read_bytes() == key.public + b"\n"
    assert sorted(file.name for file in path.parent.iterdir()) == ["adbkey", "adbkey.pub"]
    before = path.read_bytes()
    assert load_keys(environ)[0].public == key.public
    assert path.read_bytes() == before


def test_the_public_key_has_the_structure_of_android(environ: dict[str, str]) -> None:
    (key,) = load_keys(environ)
    encoded, user_at_host = key.public.split(b" ", 1)
    raw = base64.b64decode(encoded, validate=True)
    n = key.private.public_key().public_numbers().n
    assert len(raw) == 524
    assert int.from_bytes(raw[0:4], "little") == 64
    assert int.from_bytes(raw[4:8], "little") * n % 2**32 == 2**32 - 1
    assert int.from_bytes(raw[8:264], "little") == n
    assert int.from_bytes(raw[264:520], "little") == 2**4096 % n
    assert int.from_bytes(raw[520:524], "little") == 65537
    assert b"@" in user_at_host


@pytest.mark.stock_adb
def test_the_public_key_is_the_one_that_adb_derives(environ: dict[str, str], adb_server: AdbServer) -> None:
    (key,) = load_keys(environ)
    derived = adb_server.adb("pubkey", str(key.path)).stdout
    assert derived.split()[0] == key.public.split()[0]


@pytest.mark.stock_adb
def test_a_key_made_by_adb_is_used_as_it_is(environ: dict[str, str], adb_server: AdbServer, tmp_path: Path) -> None:
    path = tmp_path / ".android" / "adbkey"
    path.parent.mkdir()
    adb_server.adb("keygen", str(path))
    before = path.read_bytes(), path.with_name("adbkey.pub").read_bytes()
    (key,) = load_keys(environ)
    assert key.public == before[1].strip()
    assert (path.read_bytes(), path.with_name("adbkey.pub").read_bytes()) == before


def test_a_signature_is_that_of_the_protocol(environ: dict[str, str]) -> None:
    (key,) = load_keys(environ)
    token = bytes(range(20))
    key.private.public_key().verify(key.sign(token), token, padding.PKCS1v15(), utils.Prehashed(hashes.SHA1()))
    with pytest.raises(ValueError, match="length"):
        key.sign(b"not 20 bytes")


@pytest.mark.parametrize(
    ("name", "inside"),
    [("ANDROID_USER_HOME", "adbkey"), ("ANDROID_SDK_HOME", ".android/adbkey"), ("HOME", ".android/adbkey")],
)
def test_each_variable_names_a_place(tmp_path: Path, name: str, inside: str) -> None:
    (key,) = load_keys({"HOME": str(tmp_path / "home"), name: str(tmp_path / "named")})
    assert key.path == tmp_path / "named" / inside


def test_an_existing_key_of_the_home_folder_comes_before_a_new_one_elsewhere(tmp_path: Path) -> None:
    write_key(tmp_path / ".android" / "adbkey")
    (key,) = load_keys({"HOME": str(tmp_path), "ANDROID_USER_HOME": str(tmp_path / "empty")})
    assert key.path == tmp_path / ".android" / "adbkey"
    assert not (tmp_path / "empty").exists()


def test_every_key_of_this_computer_is_offered_the_users_own_first(tmp_path: Path) -> None:
    write_key(tmp_path / "user" / "adbkey")
    write_key(tmp_path / ".android" / "adbkey")
    write_key(tmp_path / "lab.key")
    write_key(tmp_path / "vendor" / "b.adb_key")
    pem = write_key(tmp_path / "vendor" / "a.adb_key")
    (tmp_path / "vendor" / "same.adb_key").write_bytes(pem)
    write_key(tmp_path / "vendor" / "other.pem")
    (tmp_path / "vendor" / "broken.adb_key").write_text("no key")
    keys = load_keys(
        {
            "HOME": str(tmp_path),
            "ANDROID_USER_HOME": str(tmp_path / "user"),
            "ADB_VENDOR_KEYS": f"{tmp_path / 'lab.key'}:{tmp_path / 'vendor'}:{tmp_path / 'nowhere'}:",
        }
    )
    assert [str(key.path.relative_to(tmp_path)) for key in keys] == [
        "user/adbkey",
        ".android/adbkey",
        "lab.key",
        "vendor/a.adb_key",
        "vendor/b.adb_key",
    ]


def test_several_programs_at_once_end_with_one_key(environ: dict[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        loaded = [keys[0].public.split()[0] for keys in pool.map(lambda _: load_keys(environ), range(4))]
    assert len(set(loaded)) == 1


def test_a_pub_file_of_another_key_is_not_believed(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / ".android" / "adbkey"
    write_key(path)
    right = load_keys(environ)[0].public
    path.with_name("adbkey.pub").write_bytes(base64.b64encode(bytes(524)) + b" mallory@elsewhere")
    assert load_keys(environ)[0].public == right
    assert path.with_name("adbkey.pub").read_bytes() != right


def test_a_key_that_cannot_be_stored_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(AcquireError, match=r"key cannot be stored in .*/file/\.android: Not a directory") as caught:
        load_keys({"HOME": str(tmp_path / "file")})
    assert "ANDROID_USER_HOME" in caught.value.hint


def test_no_home_is_a_sentence() -> None:
    with pytest.raises(AcquireError, match="This computer's ADB key has nowhere to be kept") as caught:
        load_keys({})
    assert "HOME" in caught.value.hint


@pytest.mark.promise("key-made-when-needed")
@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", b"\xff" * 99]
)
def test_a_damaged_key_is_never_overwritten(environ: dict[str, str], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ".android" / "adbkey"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(AcquireError, match="adbkey cannot be read") as caught:
        load_keys(environ)
    assert "Move the file away" in caught.value.hint
    assert path.read_bytes() == content


def test_other_kinds_of_key_are_refused(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / ".android" / "adbkey"
    write_key(path, bits=1024)
    with pytest.raises(AcquireError, match="2048 bits, this one 1024"):
        load_keys(environ)
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(AcquireError, match="no RSA key"):
        load_keys(environ)


@pytest.mark.promise("key-made-when-needed")
def test_a_look_makes_no_key(environ: dict[str, str], tmp_path: Path) -> None:
    assert existing_keys(environ) == ()
    assert list(tmp_path.iterdir()) == []
    write_key(tmp_path / ".android" / "adbkey")
    assert [key.path.name for key in existing_keys(environ)] == ["adbkey"]


def test_the_encoding_refuses_another_size() -> None:
    with pytest.raises(ValueError, match="2048"):
        android_public_key(rsa.RSAPublicNumbers(65537, 2**1023 + 1))
