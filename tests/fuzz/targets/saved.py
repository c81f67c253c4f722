"""Saved acquisitions, of phone-audit and of other tools, and files that age encrypted."""

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from phone_audit.acquire.importers.open import open_imported
from phone_audit.acquire.store.age import decrypt, is_age, read_identity
from phone_audit.acquire.store.archive import unpack_ours
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.store.saved_files import read_hashes, unpack
from phone_audit.errors import AcquireError, SnapshotError
from tests.acquire.importers.written import acquired
from tests.fuzz.expansion import parts_of
from tests.fuzz.target import Target, empty_folder, promise, scratch, written

FILES: Final = (
    "acquisition.json", "getprop.txt", "packages.json", "dumpsys.txt", "settings_global.txt", "selinux.txt",
    "files.json", "info.json", "getprop.json", "settings.json", "selinux_status.json", "packages.txt", "build.txt",
    "hardware.txt", "device_properties.txt", "package dump.txt", "users.txt", "list.txt", "list-system.txt",
    "bugreport-a.txt", "main_entry.txt", "apks/a.apk",
)  # fmt: skip
"""Names of the files of other tools' acquisitions; what the first byte of a part stands for."""
KEY: Final = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
"""Of thirty-two letters B; nothing but inputs of the fuzzer was ever encrypted to it."""
COMMANDS: Final = ("getprop", "pm list users", "dumpsys package", "id", "pull:/a")


def saved_manifest(data: bytes) -> None:
    """Replay a saved acquisition: the manifest comes first, answers follow."""
    folder = empty_folder("saved")
    for name in ("answers", "apks"):
        (folder / name).mkdir()
    for kind, content in parts_of(data):
        (folder / ("manifest.json" if not kind else f"answers/{kind:04d}-a.txt")).write_bytes(content)
    with suppress(SnapshotError):
        replay = ReplayTransport(folder)
        for command in COMMANDS:
            with suppress(AcquireError, SnapshotError):
                replay.shell(command)
            with suppress(AcquireError, SnapshotError):
                replay.pull(command, folder / "pulled")
        with suppress(AcquireError, SnapshotError):
            replay.saved_hashes()
        with suppress(AcquireError, SnapshotError):
            replay.saved_parts("/a", folder / "parts")
        replay.holds("pull:/a"), replay.recorded("")


def with_hash(manifest: dict[str, Any], answer: bytes) -> bytes:
    """Return a manifest whose artifacts all have the hash of an answer."""
    digest = hashlib.sha256(answer).hexdigest()
    for artifact in manifest["artifacts"]:
        artifact["sha256"] = digest
    return json.dumps(manifest).encode()


def saved_parts(data: bytes) -> None:
    """Read parts of files, hashes, and archives, as a saved acquisition holds them."""
    path = written(data, "a.parts")
    into = scratch() / "whole"
    with suppress(SnapshotError), path.open("rb") as packed:
        size, parts, _ = unpack(packed, path, into)
        promise(parts.size <= min(size, len(data)), "more is imported than came")
    into.unlink(missing_ok=True)
    with suppress(SnapshotError):
        read_hashes(data)
    with suppress(SnapshotError):
        unpack_ours(path, empty_folder("unpacked") / "a")


def foreign(data: bytes) -> None:
    """Read acquisitions of other tools, as a folder, down to the snapshot."""
    folder = empty_folder("foreign")
    for kind, content in parts_of(data):
        file = folder / FILES[kind % len(FILES)]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    with suppress(SnapshotError), open_imported(folder, empty_folder("foreign-scratch")) as (imported, container):
        collected = acquired(imported, container, empty_folder("foreign-apks"))
        collected.snapshot.model_dump_json()
        promise(all(note.code and note.reason for note in collected.snapshot.skipped), "left out without a reason")


def bugreport(data: bytes) -> None:
    """Read one file: the main text of a bug report, or a ZIP archive that another tool made."""
    path = written(data, "bugreport.zip")
    with suppress(SnapshotError), open_imported(path, empty_folder("bugreport-scratch")) as (imported, container):
        collected = acquired(imported, container, empty_folder("bugreport-apks"))
        collected.snapshot.model_dump_json()


@cache
def _identity() -> Path:
    path = scratch() / "key.txt"
    path.write_text(KEY)
    return path


def age_file(data: bytes) -> None:
    """Open a file that age may have encrypted."""
    path = written(data, "a.age")
    is_age(path)
    into = scratch() / "decrypted"
    into.unlink(missing_ok=True)
    with suppress(SnapshotError):
        decrypt(path, read_identity(_identity()), into)


TARGETS: Final = {
    "saved_manifest": Target(
        saved_manifest,
        ("phone_audit.acquire.store.replay", "phone_audit.acquire.store.layout"),
        (
            b'"schema":"phone-audit/acquisition/1"', b'"artifacts":[', b'"command":', b'"file":"answers/0001-a.txt"',
            b'"sha256":', b'"exit":0', b'"truncated":false', b"\xf5NEXT", b"null", b"[[[[", b"1e999", b"\\ud800",
        ),
        whole=False,
    ),
    "saved_parts": Target(
        saved_parts,
        (
            "phone_audit.acquire.store.saved_files",
            "phone_audit.acquire.store.archive",
            "phone_audit.acquire.store.container",
        ),
        (b'{"size":', b'"sha256":null', b'"ranges":[[0,1]]}\n', b'"hashes":{', b"PK\x01\x02", b"PK\x05\x06"),
    ),
    "foreign": Target(
        foreign,
        ("phone_audit.acquire.importers",),
        (
            b"\xf5NEXT", b"[ro.build.fingerprint]: [", b"DUMP OF SERVICE package:\n", b"Packages:\n", b"package:",
            b"  Package [com.example.a] (1a2b):\n", b'"name":', b'"files":[', b'"path":', b'"sha256":', b'"installer":',
            b"== dumpstate: ", b"UserInfo{0:", b"------ SYSTEM PROPERTIES (getprop) ------\n", b"\xff\xfe", b"\r\n",
        ),
        whole=False,
    ),
    "bugreport": Target(
        bugreport,
        (
            "phone_audit.acquire.importers.bugreport",
            "phone_audit.acquire.importers.dump_sections",
            "phone_audit.acquire.importers.answers",
        ),
        (
            b"========================================================\n== dumpstate: ", b"DUMP OF SERVICE package:\n",
            b"-------------------------------------------------------------------------------\n", b"PK\x05\x06",
            b"------ SYSTEM PROPERTIES (getprop) ------\n", b"------ DUMPSYS (dumpsys) ------\n", b"PK\x01\x02",
            b"--------- 0.01s was the duration of dumpsys package, ending at: 2026-01-01 00:00:00\n",
        ),
    ),
    "age_file": Target(
        age_file,
        ("phone_audit.acquire.store.age",),
        (b"age-encryption.org/v1\n", b"-> X25519 ", b"\n--- ", b"-> scrypt ", b"-> ssh-ed25519 "),
    ),
}  # fmt: skip
