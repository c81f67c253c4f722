"""Acquisitions as other tools write them, made from the recorded answers of a phone of the kit."""

import base64
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

DEVICES = Path(__file__).resolve().parents[3] / "fixtures" / "devices"
DASHES = "-" * 79


@dataclass(frozen=True)
class Recorded:
    """A recorded phone: what it said to each command, its APKs by path, and what phone-audit read of it."""

    answers: dict[str, bytes]
    apks: dict[str, bytes]
    expected: dict[str, Any]

    @property
    def packages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.expected["packages"]
        return found

    def dumps(self) -> str:
        """A whole `dumpsys`."""
        parts = []
        for command, answer in self.answers.items():
            if command.startswith("dumpsys "):
                name = command.removeprefix("dumpsys ")
                text = answer.decode("utf-8", "surrogateescape")
                ending = f"--------- 0.01s was the duration of dumpsys {name}, ending at: 2026-01-01 00:00:00\n"
                parts.append(f"{DASHES}\nDUMP OF SERVICE {name}:\n{text}{ending}")
        return "".join(parts)


def recorded(name: str = "nokia7plus-small") -> Recorded:
    folder = DEVICES / name
    answers: dict[str, bytes] = {}
    apks: dict[str, bytes] = {}
    for artifact in json.loads((folder / "manifest.json").read_text())["artifacts"]:
        data = (folder / artifact["file"]).read_bytes()
        if not artifact["command"].startswith("pull:"):
            answers.setdefault(artifact["command"], data)
        elif artifact["exit"] == 0:
            apks[unquote(artifact["command"].removeprefix("pull:"))] = data
    expected = json.loads((DEVICES / f"{name}.expected.json").read_text())["snapshot"]
    return Recorded(answers, apks, expected)


def androidqf(phone: Recorded, folder: Path) -> Path:
    (folder / "apks").mkdir(parents=True)
    write(folder / "acquisition.json", json.dumps({"uuid": "x", "androidqf_version": "1.8.1"}))
    write(folder / "getprop.txt", phone.answers["getprop"])
    write(folder / "selinux.txt", "Enforcing")
    write(folder / "settings_global.txt", phone.answers["settings list global"])
    write(folder / "dumpsys.txt", phone.dumps())
    packages = []
    for package in phone.packages:
        files = []
        for number, file in enumerate(package["files"]):
            entry = {"path": file["path"], "local_name": "", "error": "", "sha256": file["sha256"] or "not there"}
            if file["path"] in phone.apks:
                name = f"{package['name']}_{number}.apk"
                write(folder / "apks" / name, phone.apks[file["path"]])
                entry["local_name"] = f"somewhere/apks/{name}"
                entry["md5"] = hashlib.md5(phone.apks[file["path"]]).hexdigest()
            files.append(entry)
        user = package["users"][0] if package["users"] else {}
        listed = {
            "name": package["name"],
            "files": files,
            "installer": user.get("installer") or "null",
            "uid": package["app_id"],
            "disabled": user.get("enabled") is False,
            "system": package["system"],
            "third_party": package["system"] is False,
        }
        packages.append(listed)
    write(folder / "packages.json", json.dumps(packages))
    return folder


def bugreport(phone: Recorded, path: Path) -> Path:
    properties = phone.answers["getprop"].decode()
    text = (
        "========================================================\n== dumpstate: 2026-01-01 00:00:00\n"
        "========================================================\n\n"
        f"------ SYSTEM PROPERTIES (getprop) ------\n{properties}"
        "------ 0.2s was the duration of 'SYSTEM PROPERTIES' ------\n" + phone.dumps()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main_entry.txt", "bugreport-NB1-2026.txt")
        archive.writestr("version.txt", "2.0")
        archive.writestr("bugreport-NB1-2026.txt", text.encode("utf-8", "surrogateescape"))
    return path


def hubble(phone: Recorded, folder: Path) -> Path:
    folder.mkdir()
    packages = []
    for package in phone.packages:
        base = next((file for file in package["files"] if file["role"] == "base"), None)
        packages.append(
            {
                "name": package["name"],
                "hash": base["sha256"] if base else None,
                "installLocation": base["path"] if base else None,
                "fileSizeInBytes": base["size"] if base else 0,
                "versionCode": package["version_code"],
                "versionName": package["version_name"],
                "certIds": ["AB" * 32],
                "isEnabled": True,
                "isPreinstalled": package["system"],
                "permissionsGranted": ["android.permission.INTERNET"],
                "label": "ignored",
            }
        )
    properties = base64.b64encode(phone.answers["getprop"]).decode()
    _hubble_file(folder / "packages.txt", "packages", packages)
    _hubble_file(folder / "build.txt", "buildInfo", [{"fingerprint": "a/b/c:9/X/1:user/release-keys", "apiLevel": 28}])
    _hubble_file(
        folder / "hardware.txt", "hwInfo", [{"brand": "Nokia", "oem": "HMD Global", "modelName": "Nokia 7 plus"}]
    )
    _hubble_file(folder / "device_properties.txt", "b64EncodedDeviceProps", [{"encodedDevProps": properties}])
    return folder


def mvt(phone: Recorded, folder: Path) -> Path:
    (folder / "apks").mkdir(parents=True)
    write(folder / "info.json", json.dumps({"mvt_version": "2.6.1"}))
    pairs = [
        line[1:-1].split("]: [", 1)
        for line in phone.answers["getprop"].decode("utf-8", "replace").splitlines()
        if "]: [" in line
    ]
    properties = [{"name": name, "value": value} for name, value in pairs if value]
    write(folder / "getprop.json", json.dumps(properties))
    write(folder / "settings.json", json.dumps({"global": {"adb_enabled": "1", "http_proxy": "10.0.0.1:8080"}}))
    write(folder / "selinux_status.json", json.dumps({"status": "enforcing"}))
    packages = [
        {
            "package_name": package["name"],
            "file_name": package["files"][0]["path"] if package["files"] else "",
            "installer": None,
            "disabled": False,
            "system": package["system"],
            "third_party": package["system"] is False,
            "files": [{"path": file["path"], "sha256": file["sha256"] or ""} for file in package["files"]],
            "uid": str(package["app_id"]),
            "version_name": package["version_name"],
            "version_code": f"{package['version_code']} minSdk=26 targetSdk=28",
            "permissions": [{"name": "android.permission.INTERNET", "granted": True, "type": "install"}],
            "requested_permissions": [],
        }
        for package in phone.packages
    ]
    write(folder / "packages.json", json.dumps(packages))
    return folder


def plain(phone: Recorded, folder: Path) -> Path:
    folder.mkdir()
    write(folder / "props.txt", phone.answers["getprop"])
    write(folder / "my package dump.txt", phone.answers["dumpsys package"])
    lists = [command for command in phone.answers if command.startswith("pm list packages")]
    write(folder / "list.txt", phone.answers[lists[0]])
    write(folder / "list-system.txt", phone.answers[lists[1]])
    write(folder / "list-third-party.txt", phone.answers[lists[2]])
    write(folder / "settings_global.txt", phone.answers["settings list global"])
    write(folder / "notes.txt", "taken on Monday")
    return folder


def zipped(folder: Path, path: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, inside + file.relative_to(folder).as_posix())
    return path


def write(path: Path, data: bytes | str) -> None:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))


def _hubble_file(path: Path, field: str, elements: list[dict[str, Any]]) -> None:
    write(path, json.dumps({"version": "2.0.0", f"total{field}": len(elements), field: elements}))
