"""Small files of the phone: framing, certificate stores, otacerts, hosts, keys, build.prop, mounts, hashes."""

import base64
import hashlib
import io
import zipfile
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.adb_keys import fingerprints, parse_dumped_keys
from phone_audit.acquire.questions.certificates import certificates, ota_certificates, subject_name
from phone_audit.acquire.questions.framework import framework_items, parse_framework
from phone_audit.acquire.questions.mounts import mount_items, parse_mounts
from phone_audit.acquire.questions.small_files import (
    ADB_KEYS,
    CA_FOLDER,
    CONSCRYPT_FOLDER,
    HOSTS,
    OTA_CERTIFICATES,
    SmallFiles,
    added_folder,
    file_items,
    parse_hosts,
    parse_small_files,
)
from phone_audit.acquire.questions.transparency import parse_apex_info, parse_image_info
from phone_audit.model.device import StateItem

OPEN = {CA_FOLDER: "open"}


def certificate(**names: str) -> x509.Certificate:
    oids = {"cn": NameOID.COMMON_NAME, "o": NameOID.ORGANIZATION_NAME, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME}
    name = x509.Name([x509.NameAttribute(oids[key], value) for key, value in names.items()])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateBuilder(name, name, key.public_key(), 7)
    made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
    return made.sign(key, SHA256())


def framed(files: dict[str, bytes], folders: dict[str, str] | None = None, there: tuple[str, ...] = ()) -> bytes:
    """What the phone prints."""
    said = b"\0folders\0" + b"".join(f"{kind}\0{path}\0".encode() for path, kind in (folders or {}).items())
    said += b"\0there\0" + b"".join(f"{path}\0".encode() for path in there)
    said += b"\0files\0" + b"".join(b"%d\n" % len(content) for content in files.values()) + b"\0"
    return said + b"".join(f"{path}\0".encode() for path in files) + b"\0bytes\0" + b"".join(files.values())


def state(files: dict[str, bytes], folders: dict[str, str] | None = None, **properties: str) -> dict[str, StateItem]:
    answer = parse_small_files(framed(files, OPEN | (folders or {})))
    said = {name.replace("_", "."): value for name, value in properties.items()}
    return {item.key: item for item in file_items(answer, (0,), said)}


def test_bytes_are_framed_whatever_they_are() -> None:
    files = {"/a b": b"\0bytes\0\0files\0", "/c\n": b"", "/d": bytes(range(256))}
    found = parse_small_files(framed(files, {"/x": "open", "/y": "shut", "/z": "odd"}, ("/su",)))
    assert found == SmallFiles({"/x": "open", "/y": "shut"}, ("/su",), files, whole=True)


@pytest.mark.parametrize(
    ("answer", "files"),
    [
        (framed({"/a": b"one", "/b": b"two"})[:-1], {"/a": b"one"}),
        (framed({"/a": b"one"}) + b"x", {"/a": b"one"}),
        (framed({"/a": b"one"}).replace(b"3\n", b"3\n3\n"), {}),
        (framed({"/a": b"one"}).replace(b"3\n", b"x\n"), {}),
        (b"sh: not found\n", {}),
        (b"", {}),
    ],
)
def test_a_cut_or_contradicting_answer_is_not_whole(answer: bytes, files: dict[str, bytes]) -> None:
    found = parse_small_files(answer)
    assert found.files == files
    assert not found.whole


def test_an_answer_that_is_none_says_nothing() -> None:
    assert list(file_items(parse_small_files(b"sh: not found\n"), (0,), {})) == []


def test_the_store_of_the_system_and_that_of_a_user() -> None:
    root, own = certificate(cn="Root A", o="House"), certificate(o="House B")
    pem = root.public_bytes(Encoding.PEM) + b"Certificate:\n    Data:\n        Subject: CN=Somebody else\n"
    files = {
        f"{CA_FOLDER}/0a775a30.0": pem,
        f"{added_folder(0)}/1.0": own.public_bytes(Encoding.DER),
    }
    found = state(files, {added_folder(0): "open", CONSCRYPT_FOLDER: "none"})
    assert found["ca_certificates"].value == "1"
    digest = root.fingerprint(SHA256()).hex()
    assert found["ca_certificates"].evidence[0].value == f"{digest} Root A"
    assert found["ca_certificates"].evidence[0].where == f"{CA_FOLDER}/0a775a30.0"
    assert found["ca_certificates_added"].value == "1"
    assert found["ca_certificates_added"].evidence[0].value == f"{own.fingerprint(SHA256()).hex()} House B"
    assert "ca_certificates_conscrypt" not in found


@pytest.mark.parametrize(("access", "value"), [("open", "0"), ("shut", None), ("none", None)])
def test_where_the_shell_may_not_look_nothing_is_counted(access: str, value: str | None) -> None:
    assert state({}, {added_folder(0): access})["ca_certificates_added"].value == value


def test_certificates_that_are_none() -> None:
    der = certificate(cn="X").public_bytes(Encoding.DER)
    assert list(certificates(b"-----BEGIN CERTIFICATE-----\n" + b"!" * 80 + b"\n-----END CERTIFICATE-----\n")) == []
    assert list(certificates(der[:-1])) == []
    assert list(certificates(der + b"tail")) == [(hashlib.sha256(der).hexdigest(), "X")]
    assert subject_name(b"\x30\x03\x30\x84\xff") is None
    text = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(b"A" * 60) + b"-----END CERTIFICATE-----\n"
    assert list(certificates(text)) == [(hashlib.sha256(b"A" * 60).hexdigest(), None)]


@given(st.binary(max_size=60), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_damaged_certificates_never_raise(head: bytes, at: int, put: bytes) -> None:
    subject_name(head)
    damaged = DER[:at] + put + DER[at + len(put) :]
    subject_name(damaged)
    list(certificates(damaged))


DER = certificate(cn="Damaged", o="O", ou="U").public_bytes(Encoding.DER)


def archive(**entries: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return made.getvalue()


def test_the_certificates_of_system_updates() -> None:
    key = certificate(cn="Maker OTA")
    content = archive(
        releasekey=key.public_bytes(Encoding.PEM), huge=key.public_bytes(Encoding.PEM) + b"\n" * 70_000, other=b"text"
    )
    found = state({OTA_CERTIFICATES: content})["ota_certificates"]
    assert found.value == "1"
    assert [piece.value for piece in found.evidence] == [f"{key.fingerprint(SHA256()).hex()} Maker OTA"]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x05\x06", archive(a=b"x" * 99)[:-30], b"PK\x03\x04" + b"\xff" * 60],
    ids=["empty", "end-alone", "cut", "no-header"],
)
def test_an_archive_that_is_none(content: bytes) -> None:
    assert ota_certificates(content) is None
    assert "ota_certificates" not in state({OTA_CERTIFICATES: content})


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_entry_that_is_packed_otherwise_ends_nothing(method: int) -> None:
    """A broken LZMA entry raised an error that nobody took for damage, and ended the scan."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        made.writestr("a", b"certificate" * 100)
    content = bytearray(packed.getvalue())
    content[36:40] = b"\xff" * 4
    assert ota_certificates(bytes(content)) is None


def test_a_damaged_entry_of_an_archive() -> None:
    content = bytearray(archive(a=b"certificate" * 100))
    content[40:50] = b"\xff" * 10
    assert ota_certificates(bytes(content)) is None


def test_hosts() -> None:
    text = "127.0.0.1 localhost\n::1 ip6-localhost\n203.0.113.9\tBank.example  www.bank.example # x\n"
    text += "0.0.0.0 ads.example\nnonsense x\n"
    assert parse_hosts(text) == (
        ("203.0.113.9", "bank.example"), ("203.0.113.9", "www.bank.example"), ("0.0.0.0", "ads.example"),
    )  # fmt: skip
    blocked = "".join(f"0.0.0.0 a{number}.example\n" for number in range(50)) + "203.0.113.9 bank.example\n"
    found = state({HOSTS: blocked.encode()})["hosts_entries"]
    assert (found.value, found.expected, len(found.evidence)) == ("51", "0", 20)
    assert found.evidence[0].value == "203.0.113.9 bank.example"
    assert state({HOSTS: b"127.0.0.1 localhost\n"})["hosts_entries"].value == "0"


KEY = "QAAAAAcgbytJst31DsaSP7hn8QcBXKR9NPVPK9MZssFVSNIP"
PRINT = "F0:0B:27:08:E3:68:7B:FA:4C:79:A2:B4:BF:0E:CF:70"


def test_keys_of_computers() -> None:
    assert fingerprints(f"{KEY} me@laptop\n{KEY}\nQAAAA!\nssh-rsa AAAA x\n") == (PRINT,)
    found = state({ADB_KEYS: f"{KEY} me@laptop\n".encode(), "/adb_keys": f"{KEY} factory\n".encode()})
    assert (found["adb_keys"].value, found["adb_keys_built_in"].value) == ("1", "1")
    assert [piece.value for piece in found["adb_keys"].evidence] == [PRINT]
    assert not any("laptop" in item.model_dump_json() for item in found.values())
    assert state({})["adb_keys_built_in"].value == "0"


def test_keys_in_the_dump_of_the_service() -> None:
    """The form that `dumpsys adb` has in mvt-project/mvt, tests/artifacts/android_data/dumpsys_adb_xml.txt."""
    text = (
        "ADB MANAGER STATE (dumpsys adb):\n{\n  debugging_manager={\n    connected_to_adb=true\n"
        f"    user_keys={KEY} user@laptop\n\n    keystore=<?xml version='1.0'?>\n"
        f'    <adbKey key="{KEY} user@laptop" />\n  }}\n}}\n'
    )
    assert parse_dumped_keys(text) == {"user": (PRINT,)}
    assert parse_dumped_keys(f"system_keys={KEY} f\nuser_keys=\n") == {"system": (PRINT,), "user": ()}
    assert parse_dumped_keys("Can't find service: adb\n") == {}


def test_build_prop_that_says_something_else() -> None:
    content = b"# comment\nro.build.tags=test-keys\nro.debuggable=0\nro.secure=1\nro.build.type=user\n"
    found = state({"/system/build.prop": content}, ro_build_tags="release-keys", ro_debuggable="0", ro_secure="1")
    assert found["build_prop:/system/build.prop"].value == hashlib.sha256(content).hexdigest()
    assert found["build_prop_differs"].value == "ro.build.tags"
    assert [(piece.where, piece.value) for piece in found["build_prop_differs"].evidence] == [
        ("/system/build.prop", "ro.build.tags=test-keys"), ("getprop", "ro.build.tags=release-keys"),
    ]  # fmt: skip
    assert "build_prop_differs" not in state({"/vendor/build.prop": content})


def test_build_prop_is_read_as_init_reads_it() -> None:
    content = b"  # ro.debuggable=1\n\tro.debuggable=0 \r\n ro.secure = 1\n ro.build.tags\t=  release-keys\r\n"
    found = state({"/system/build.prop": content}, ro_build_tags="release-keys", ro_debuggable="0", ro_secure="1")
    assert found["build_prop_differs"].value == ""


def test_programs_that_give_root() -> None:
    answer = parse_small_files(framed({}, OPEN, ("/system/xbin/su", "/sbin/magisk")))
    found = next(file_items(answer, (0,), {}))
    assert (found.key, found.value, found.expected) == ("root_programs", "/system/xbin/su /sbin/magisk", "")


def test_hashes_of_the_framework() -> None:
    lines = f"{'ab' * 32}  /system/framework/b.jar\n{'cd' * 32}  /system/framework/a.jar\nsha256sum: x: denied\n"
    (found,) = framework_items(parse_framework(lines))
    assert [(piece.where, piece.value) for piece in found.evidence] == [
        ("/system/framework/a.jar", "cd" * 32), ("/system/framework/b.jar", "ab" * 32),
    ]  # fmt: skip
    reversed_lines = "".join(f"{line}\n" for line in reversed(lines.splitlines()))
    assert [item.value for item in framework_items(parse_framework(reversed_lines))] == [found.value]
    assert list(framework_items(parse_framework("sh: sha256sum: not found\n"))) == []


def mounted(*lines: str) -> dict[str, str | None]:
    return {item.key: item.value for item in mount_items(parse_mounts("\n".join(lines)))}


ORDINARY = (
    "/dev/block/dm-0 / ext4 ro,seclabel 0 0", "tmpfs /dev tmpfs rw 0 0", "/dev/block/dm-1 /vendor erofs ro 0 0",
    "/dev/block/x /data f2fs rw 0 0", "tmpfs /mnt tmpfs rw 0 0", "overlay /data/overlay overlay rw 0 0",
)  # fmt: skip


def test_mounts() -> None:
    assert mounted(*ORDINARY) == {"mounts_writable": "", "mounts_covering": ""}
    assert mounted(*ORDINARY, "/dev/block/dm-9 /system ext4 rw,x 0 0")["mounts_writable"] == "/system"
    assert mounted("/dev/root / ext4 rw 0 0")["mounts_writable"] == "/"
    assert mounted("/dev/a /system ext4 rw 0 0", "/dev/a /system ext4 ro 0 0")["mounts_writable"] == ""
    covered = mounted("tmpfs /system/etc/security/cacerts tmpfs rw 0 0", "magisk /sbin tmpfs rw 0 0",
                      "KSU /vendor/lib overlay ro 0 0", "tmpfs /systemx tmpfs rw 0 0")  # fmt: skip
    assert covered["mounts_covering"] == "/sbin /system/etc/security/cacerts /vendor/lib"
    assert mounted("cat: /proc/mounts: Permission denied") == {}
    assert parse_mounts("x /a\\040b ext4 ro 0 0")[0].point == "/a b"


def test_digests_that_the_phone_computes() -> None:
    assert parse_image_info(f"Image Info [Format: package_name]\n{'AB' * 32}\n") == "ab" * 32
    assert parse_image_info("cmd: Can't find service: transparency\n") is None
    modules = f"APEX Info [Format: …]:\ncom.b,3,CHUNKED_SHA512:{'CD' * 64}\ncom.a,1,error\ncom.a,2,X_1:{'ab' * 32}\n"
    assert parse_apex_info(modules) == (("com.a", 2, f"X_1:{'ab' * 32}"), ("com.b", 3, f"CHUNKED_SHA512:{'cd' * 64}"))
